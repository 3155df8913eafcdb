//! Storage of the registry, in SQLite or PostgreSQL. It makes no decisions.
//!
//! Both databases use the same SQL (`sql`). Only opening, locking, searching and the migrations differ. Times
//! are milliseconds since 1970 in UTC.

/// Evaluates an expression with the pool of either database.
macro_rules! with_pool {
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
mod rows;
mod sql;
mod teams;
#[cfg(test)]
mod tests;
mod user_admin;
mod users;

pub(super) use rows::{
    Filter, ListCursor, Name, Namespace, NewVersion, PublishedKind, PublishedVersion, SearchTerms,
};

use begin::BeginWrite as _;
use names::WriteNames as _;
pub(super) use names::search_words;
pub(super) use open::AccessMode;
use sqlx::{PgPool, SqlitePool};
pub(super) use teams::TeamMember;
pub(super) use user_admin::{JoinOutcome, UserRecord};
pub(super) use users::{AddUserOutcome, TokenRow, User};

/// Open database.
#[derive(Clone, Debug)]
pub(super) enum Store {
    /// Embedded database, for one process.
    Sqlite(SqlitePool),
    /// Database server, for any number of instances.
    Postgres(PgPool),
}

/// Result of publishing a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PublishOutcome {
    /// The version is published.
    New,
    /// The same text was already published.
    Same,
    /// The version is already published with a different text, permanently.
    DifferentText {
        /// Digest of that text.
        sha256: String,
    },
    /// The name permanently belongs to the other kind.
    OtherKind(PublishedKind),
}

/// A name and its versions, the oldest first.
pub(super) type NameWithVersions = (Name, Vec<PublishedVersion>);

/// Result of a conditional change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Changed<T> {
    /// The change was made.
    Done(T),
    /// The resource changed in the meantime and was left unchanged; contains its current state.
    Conflict(T),
    /// The resource does not exist.
    Missing,
}

impl Store {
    /// Publishes a version: stores its text, the version and the data of its name in one transaction.
    ///
    /// # Errors
    /// Returns the error of the database. Nothing is published in that case.
    pub(super) async fn publish(&self, new: &NewVersion) -> Result<PublishOutcome, sqlx::Error> {
        with_pool!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            let published = transaction.add_version(new).await?;
            if published == PublishOutcome::New {
                sqlx::query(sql::CHANGED).execute(&mut *transaction).await?;
                transaction.commit().await?;
            } else {
                transaction.rollback().await?;
            }
            Ok(published)
        })
    }

    /// Versions of a name, the oldest first.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(super) async fn versions(
        &self,
        namespace: &str,
        slug: &str,
    ) -> Result<Vec<PublishedVersion>, sqlx::Error> {
        with_pool!(self, pool => sqlx::query_as(sql::VERSIONS).bind(namespace).bind(slug).fetch_all(pool).await)
    }

    /// Recently published versions, the newest first. An empty namespace means all namespaces.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(super) async fn recent_versions(
        &self,
        namespace: &str,
        limit: i64,
    ) -> Result<Vec<PublishedVersion>, sqlx::Error> {
        with_pool!(self, pool => sqlx::query_as(sql::RECENT).bind(namespace).bind(limit).fetch_all(pool).await)
    }

    /// Text with a digest.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(super) async fn text(&self, sha256: &str) -> Result<Option<String>, sqlx::Error> {
        let found: Option<(String,)> =
            with_pool!(self, pool => sqlx::query_as(sql::TEXT).bind(sha256).fetch_optional(pool).await?);
        Ok(found.map(|row| row.0))
    }

    /// Yanks a version with a message, or removes the yank (`None`). The name then shows its newest version
    /// that is not yanked. `search_terms` extracts the search terms of its text. Returns whether the version
    /// exists.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(super) async fn yank(
        &self,
        name: (&str, &str, &str),
        message: Option<&str>,
        now_ms: i64,
        search_terms: impl Fn(PublishedKind, &str) -> SearchTerms + Send,
    ) -> Result<bool, sqlx::Error> {
        Ok(self.yank_if_unchanged(name, message, now_ms, search_terms, |_| true).await? != Changed::Missing)
    }

    /// Like [`Store::yank`], but only if `is_unchanged` accepts the current version. Returns the version.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(super) async fn yank_if_unchanged(
        &self,
        (namespace, slug, version): (&str, &str, &str),
        message: Option<&str>,
        now_ms: i64,
        search_terms: impl Fn(PublishedKind, &str) -> SearchTerms + Send,
        is_unchanged: impl Fn(&PublishedVersion) -> bool + Send,
    ) -> Result<Changed<PublishedVersion>, sqlx::Error> {
        with_pool!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            // A concurrent change of the same name waits here and then sees the result.
            let Some((id, kind)) = transaction.lock_name(namespace, slug).await? else { return Ok(Changed::Missing) };
            let Some(before) = transaction.version((kind, namespace, slug, version)).await? else {
                return Ok(Changed::Missing);
            };
            if !is_unchanged(&before) {
                return Ok(Changed::Conflict(before));
            }
            sqlx::query(sql::YANK)
                .bind(kind.as_str())
                .bind(namespace)
                .bind(slug)
                .bind(version)
                .bind(message.map(|_| now_ms))
                .bind(message)
                .execute(&mut *transaction)
                .await?;
            // Removing a yank is a change as well: the name may show another version.
            let is_news = message.is_some() || before.yanked_ms.is_some();
            let changed_ms = if is_news { now_ms } else { 0 };
            transaction.refresh_name(id, (kind, namespace, slug), changed_ms).await?;
            let (shown,): (String,) =
                sqlx::query_as(sql::SHOWN_DIGEST).bind(id).fetch_one(&mut *transaction).await?;
            let (text,): (String,) =
                sqlx::query_as(sql::TEXT).bind(&shown).fetch_one(&mut *transaction).await?;
            let it = transaction.name(namespace, slug).await?;
            let found = search_terms(kind, &text);
            let name = format!("{namespace} {slug}");
            transaction.index_terms(id, (&name, &it.title, &it.summary), &found).await?;
            sqlx::query(sql::CHANGED).execute(&mut *transaction).await?;
            transaction.commit().await?;
            let (yanked_ms, yank_message) = (message.map(|_| now_ms), message.map(str::to_owned));
            Ok(Changed::Done(PublishedVersion { yanked_ms, yank_message, ..before }))
        })
    }

    /// Retires a name with a message and an optional successor, or undoes the retirement (`None`). Returns
    /// whether the name exists.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(super) async fn retire(
        &self,
        name: (&str, &str),
        retired: Option<(&str, Option<&str>)>,
        now_ms: i64,
    ) -> Result<bool, sqlx::Error> {
        Ok(self.retire_if_unchanged(name, retired, now_ms, |_| true).await? != Changed::Missing)
    }

    /// Like [`Store::retire`], but only if `is_unchanged` accepts the current name and its versions. Returns
    /// both.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(super) async fn retire_if_unchanged(
        &self,
        (namespace, slug): (&str, &str),
        retired: Option<(&str, Option<&str>)>,
        now_ms: i64,
        is_unchanged: impl Fn(&NameWithVersions) -> bool + Send,
    ) -> Result<Changed<NameWithVersions>, sqlx::Error> {
        with_pool!(self, pool => {
            let mut transaction = pool.begin_write().await?;
            if transaction.lock_name(namespace, slug).await?.is_none() {
                return Ok(Changed::Missing);
            }
            let versions: Vec<PublishedVersion> = sqlx::query_as(sql::VERSIONS)
                .bind(namespace)
                .bind(slug)
                .fetch_all(&mut *transaction)
                .await?;
            let before = (transaction.name(namespace, slug).await?, versions);
            if !is_unchanged(&before) {
                return Ok(Changed::Conflict(before));
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

    /// Number that grows with each change of the published data.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(super) async fn change_number(&self) -> Result<i64, sqlx::Error> {
        let (number,): (i64,) = with_pool!(self, pool => sqlx::query_as(sql::CHANGE).fetch_one(pool).await?);
        Ok(number)
    }

    /// Checks that the database responds.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(super) async fn ping(&self) -> Result<(), sqlx::Error> {
        with_pool!(self, pool => sqlx::query(sql::PING).execute(pool).await.map(|_| ()))
    }

    /// Name of the database system.
    pub(super) fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }
}
