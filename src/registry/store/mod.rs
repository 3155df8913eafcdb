//! What the registry remembers, in SQLite or PostgreSQL. It stores and finds; it decides nothing.
//!
//! The SQL is one text for both (`sql`); only opening, locking, searching and the migrations differ. Times are milliseconds since
//! 1970, in UTC.

/// Runs an expression with the pool of either database.
macro_rules! on {
    ($store:expr, $pool:ident => $expression:expr) => {
        match $store {
            Store::Sqlite($pool) => $expression,
            Store::Postgres($pool) => $expression,
        }
    };
}

mod begin;
mod list;
mod migrate;
mod names;
mod open;
mod operator;
mod people;
mod rows;
mod sql;
mod teams;
#[cfg(test)]
mod tests;

pub(super) use rows::{Filter, From, Kind, Name, Namespace, NewVersion, PublishedVersion, Words};

use begin::BeginWrite as _;
use names::WriteNames as _;
pub(super) use names::words_of;
pub(super) use open::Wanted;
pub(super) use operator::{Known, Taken};
pub(super) use people::{NewPerson, Person, TokenRow};
use sqlx::{PgPool, SqlitePool};
pub(super) use teams::Colleague;

/// An open database.
#[derive(Clone, Debug)]
pub(super) enum Store {
    /// Embedded: one process.
    Sqlite(SqlitePool),
    /// A server: any number of instances.
    Postgres(PgPool),
}

/// What became of a version that was to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Published {
    /// It is there now.
    New,
    /// The very same was there already.
    Same,
    /// Another text has this version: for ever.
    Taken {
        /// Its digest.
        sha256: String,
    },
    /// The name is that of something else: for ever.
    OtherKind(Kind),
}

/// A name and its versions, the oldest first.
pub(super) type NameWithVersions = (Name, Vec<PublishedVersion>);

/// What became of a change of something that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Changed<T> {
    /// It is so now.
    Done(T),
    /// It is not as whoever asked had seen it, and was left alone.
    Otherwise(T),
    /// There is none.
    Missing,
}

impl Store {
    /// Publishes a version: its text, the version and what its name shows, or nothing.
    ///
    /// # Errors
    /// When the database cannot do it; then nothing is published.
    pub(super) async fn publish(&self, new: &NewVersion) -> Result<Published, sqlx::Error> {
        on!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            let published = transaction.add(new).await?;
            if published == Published::New {
                sqlx::query(sql::CHANGED).execute(&mut *transaction).await?;
                transaction.commit().await?;
            } else {
                transaction.rollback().await?;
            }
            Ok(published)
        })
    }

    /// The versions of a name, the oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn versions(
        &self,
        namespace: &str,
        slug: &str,
    ) -> Result<Vec<PublishedVersion>, sqlx::Error> {
        on!(self, pool => sqlx::query_as(sql::VERSIONS).bind(namespace).bind(slug).fetch_all(pool).await)
    }

    /// What was published last, the last first; in one namespace, or (nothing) in all.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn recent(
        &self,
        namespace: &str,
        limit: i64,
    ) -> Result<Vec<PublishedVersion>, sqlx::Error> {
        on!(self, pool => sqlx::query_as(sql::RECENT).bind(namespace).bind(limit).fetch_all(pool).await)
    }

    /// The text with a digest.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn text(&self, sha256: &str) -> Result<Option<String>, sqlx::Error> {
        let found: Option<(String,)> =
            on!(self, pool => sqlx::query_as(sql::TEXT).bind(sha256).fetch_optional(pool).await?);
        Ok(found.map(|row| row.0))
    }

    /// Yanks a version with a message, or takes that back (`None`); its name shows the newest that stands, of whose
    /// text `words` tells what it is found by. Returns whether there is such a version.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn yank(
        &self,
        name: (&str, &str, &str),
        message: Option<&str>,
        now_ms: i64,
        words: impl Fn(Kind, &str) -> Words + Send,
    ) -> Result<bool, sqlx::Error> {
        Ok(self.yank_as_seen(name, message, now_ms, words, |_| true).await? != Changed::Missing)
    }

    /// The same, of a version that is still what `as_seen` says. Returns the version.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn yank_as_seen(
        &self,
        (namespace, slug, version): (&str, &str, &str),
        message: Option<&str>,
        now_ms: i64,
        words: impl Fn(Kind, &str) -> Words + Send,
        as_seen: impl Fn(&PublishedVersion) -> bool + Send,
    ) -> Result<Changed<PublishedVersion>, sqlx::Error> {
        on!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            // Whoever changes the same name waits here, and sees afterwards what was done.
            let Some((id, kind)) = transaction.lock(namespace, slug).await? else { return Ok(Changed::Missing) };
            let Some(before) = transaction.version((kind, namespace, slug, version)).await? else {
                return Ok(Changed::Missing);
            };
            if !as_seen(&before) {
                return Ok(Changed::Otherwise(before));
            }
            sqlx::query(sql::YANK)
                .bind(kind.word())
                .bind(namespace)
                .bind(slug)
                .bind(version)
                .bind(message.map(|_| now_ms))
                .bind(message)
                .execute(&mut *transaction)
                .await?;
            // Also to take a yank back is a change: the name may show another version.
            let is_news = message.is_some() || before.yanked_ms.is_some();
            let changed_ms = if is_news { now_ms } else { 0 };
            transaction.refresh(id, (kind, namespace, slug), changed_ms).await?;
            let (shown,): (String,) =
                sqlx::query_as(sql::SHOWN).bind(id).fetch_one(&mut *transaction).await?;
            let (text,): (String,) =
                sqlx::query_as(sql::TEXT).bind(&shown).fetch_one(&mut *transaction).await?;
            let it = transaction.name(namespace, slug).await?;
            let found = words(kind, &text);
            let name = format!("{namespace} {slug}");
            transaction.index(id, (&name, &it.title, &it.summary), &found).await?;
            sqlx::query(sql::CHANGED).execute(&mut *transaction).await?;
            transaction.commit().await?;
            let (yanked_ms, yank_message) = (message.map(|_| now_ms), message.map(str::to_owned));
            Ok(Changed::Done(PublishedVersion { yanked_ms, yank_message, ..before }))
        })
    }

    /// Says that a name is no longer advised and what is instead, or takes that back (`None`). Returns whether there
    /// is such a name.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn retire(
        &self,
        name: (&str, &str),
        retired: Option<(&str, Option<&str>)>,
        now_ms: i64,
    ) -> Result<bool, sqlx::Error> {
        Ok(self.retire_as_seen(name, retired, now_ms, |_| true).await? != Changed::Missing)
    }

    /// The same, of a name that is still what `as_seen` says of it and its versions. Returns both.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn retire_as_seen(
        &self,
        (namespace, slug): (&str, &str),
        retired: Option<(&str, Option<&str>)>,
        now_ms: i64,
        as_seen: impl Fn(&NameWithVersions) -> bool + Send,
    ) -> Result<Changed<NameWithVersions>, sqlx::Error> {
        on!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            if transaction.lock(namespace, slug).await?.is_none() {
                return Ok(Changed::Missing);
            }
            let versions: Vec<PublishedVersion> = sqlx::query_as(sql::VERSIONS)
                .bind(namespace)
                .bind(slug)
                .fetch_all(&mut *transaction)
                .await?;
            let before = (transaction.name(namespace, slug).await?, versions);
            if !as_seen(&before) {
                return Ok(Changed::Otherwise(before));
            }
            sqlx::query(sql::RETIRE)
                .bind(namespace)
                .bind(slug)
                .bind(retired.map(|_| now_ms))
                .bind(retired.map(|it| it.0))
                .bind(retired.and_then(|it| it.1))
                .bind(now_ms)
                .execute(&mut *transaction)
                .await?;
            let after = (transaction.name(namespace, slug).await?, before.1);
            sqlx::query(sql::CHANGED).execute(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(Changed::Done(after))
        })
    }

    /// A number that grows with each change of what is published.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn change(&self) -> Result<i64, sqlx::Error> {
        let (number,): (i64,) = on!(self, pool => sqlx::query_as(sql::CHANGE).fetch_one(pool).await?);
        Ok(number)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub(super) async fn ping(&self) -> Result<(), sqlx::Error> {
        on!(self, pool => sqlx::query(sql::PING).execute(pool).await.map(|_| ()))
    }

    /// The database's name for people.
    pub(super) fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }
}
