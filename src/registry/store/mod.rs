//! What the registry remembers, in SQLite or PostgreSQL. It stores and finds; it decides nothing.
//!
//! The SQL is one text for both (`sql`); only opening, locking and the migrations differ. Times are milliseconds since
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
mod migrate;
mod open;
mod rows;
mod sql;
#[cfg(test)]
mod tests;

pub(super) use rows::{Kind, NewVersion, PublishedVersion};

use begin::BeginWrite as _;
use sqlx::{PgPool, SqlitePool};

use super::flow::Held;

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
}

impl Store {
    /// Publishes a version: both the text and the version, or neither.
    ///
    /// # Errors
    /// When the database cannot do it; then nothing is published.
    pub(super) async fn publish(&self, new: &NewVersion) -> Result<Published, sqlx::Error> {
        on!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            sqlx::query(sql::ADD_BLOB).bind(&new.sha256).bind(&new.text).execute(&mut *transaction).await?;
            let added = sqlx::query(sql::ADD_VERSION)
                .bind(new.kind.word())
                .bind(&new.namespace)
                .bind(&new.slug)
                .bind(&new.version)
                .bind(&new.sort_key)
                .bind(&new.sha256)
                .bind(&new.title)
                .bind(&new.summary)
                .bind(&new.stage)
                .bind(&new.owner)
                .bind(new.published_ms)
                .bind(&new.published_by)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
            if added == 1 {
                transaction.commit().await?;
                return Ok(Published::New);
            }
            let there: (String,) = sqlx::query_as(sql::DIGEST_OF_VERSION)
                .bind(new.kind.word())
                .bind(&new.namespace)
                .bind(&new.slug)
                .bind(&new.version)
                .fetch_one(&mut *transaction)
                .await?;
            transaction.rollback().await?;
            Ok(if there.0 == new.sha256 { Published::Same } else { Published::Taken { sha256: there.0 } })
        })
    }

    /// The versions of a name, the oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn versions(
        &self,
        kind: Kind,
        namespace: &str,
        slug: &str,
    ) -> Result<Vec<PublishedVersion>, sqlx::Error> {
        on!(self, pool => sqlx::query_as(sql::VERSIONS)
            .bind(kind.word())
            .bind(namespace)
            .bind(slug)
            .fetch_all(pool)
            .await)
    }

    /// The newest version of each name behind `after` (namespace and slug), in order, at most `limit`.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn newest(
        &self,
        kind: Kind,
        after: (&str, &str),
        limit: i64,
    ) -> Result<Vec<PublishedVersion>, sqlx::Error> {
        on!(self, pool => sqlx::query_as(sql::NEWEST)
            .bind(kind.word())
            .bind(after.0)
            .bind(after.1)
            .bind(limit)
            .fetch_all(pool)
            .await)
    }

    /// As [`Store::newest`], of those whose name, title or summary holds `words`.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn search(
        &self,
        kind: Kind,
        words: &str,
        after: (&str, &str),
        limit: i64,
    ) -> Result<Vec<PublishedVersion>, sqlx::Error> {
        let mut pattern = String::from("%");
        for character in words.to_lowercase().chars() {
            if matches!(character, '%' | '_' | '!') {
                pattern.push('!');
            }
            pattern.push(character);
        }
        pattern.push('%');
        on!(self, pool => sqlx::query_as(sql::SEARCH)
            .bind(kind.word())
            .bind(after.0)
            .bind(after.1)
            .bind(limit)
            .bind(&pattern)
            .fetch_all(pool)
            .await)
    }

    /// What was published last, the last first.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn recent(&self, kind: Kind, limit: i64) -> Result<Vec<PublishedVersion>, sqlx::Error> {
        on!(self, pool => sqlx::query_as(sql::RECENT).bind(kind.word()).bind(limit).fetch_all(pool).await)
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

    /// Yanks a version with a message, or takes that back (`None`). Returns whether there is such a version.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn yank(
        &self,
        (kind, namespace, slug, version): (Kind, &str, &str, &str),
        message: Option<(&str, i64)>,
    ) -> Result<bool, sqlx::Error> {
        let changed = on!(self, pool => sqlx::query(sql::YANK)
            .bind(kind.word())
            .bind(namespace)
            .bind(slug)
            .bind(version)
            .bind(message.map(|it| it.1))
            .bind(message.map(|it| it.0))
            .execute(pool)
            .await?
            .rows_affected());
        Ok(changed == 1)
    }

    /// Keeps a key: its hash, whose it is, what it may do, and from when until when.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn add_token(
        &self,
        hash: &str,
        held: &Held,
        created_ms: i64,
    ) -> Result<(), sqlx::Error> {
        on!(self, pool => sqlx::query(sql::ADD_TOKEN)
            .bind(hash)
            .bind(&held.owner)
            .bind(&held.scope)
            .bind(created_ms)
            .bind(held.expires_ms)
            .execute(pool)
            .await
            .map(|_| ()))
    }

    /// The key with this hash.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn token(&self, hash: &str) -> Result<Option<Held>, sqlx::Error> {
        let found: Option<(String, String, i64, Option<i64>)> =
            on!(self, pool => sqlx::query_as(sql::TOKEN).bind(hash).fetch_optional(pool).await?);
        Ok(found.map(|(owner, scope, expires_ms, revoked_ms)| Held { owner, scope, expires_ms, revoked_ms }))
    }

    /// Says that a key was used.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn token_used(&self, hash: &str, now_ms: i64) -> Result<(), sqlx::Error> {
        on!(self, pool => sqlx::query(sql::TOKEN_USED).bind(hash).bind(now_ms).execute(pool).await.map(|_| ()))
    }

    /// Takes back every key of somebody. Returns how many there were.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn revoke(&self, owner: &str, now_ms: i64) -> Result<u64, sqlx::Error> {
        on!(self, pool => sqlx::query(sql::REVOKE)
            .bind(owner)
            .bind(now_ms)
            .execute(pool)
            .await
            .map(|done| done.rows_affected()))
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
