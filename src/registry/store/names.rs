//! Names with the data for lists, filters and searches. Updated in the transaction that changes a version.

use sqlx::{Postgres, Sqlite, Transaction};

use super::list::{BoundValue, ListStatement};
use super::{
    Filter, ListCursor, Name, Namespace, NewVersion, PublishOutcome, PublishedKind, PublishedVersion,
    SearchTerms, Store, sql,
};

/// Largest number of names in one statement.
const NAMES_PER_STATEMENT: usize = 100;
/// Largest number of search words.
const MAX_SEARCH_WORDS: usize = 12;

/// Transaction that changes the data of names.
pub(super) trait WriteNames {
    /// Adds a version, and its name if it is new. Any other result than [`PublishOutcome::New`] must be
    /// rolled back.
    async fn add_version(&mut self, new: &NewVersion) -> Result<PublishOutcome, sqlx::Error>;
    /// Locks a name until the end of the transaction. Returns its id and kind.
    async fn lock_name(
        &mut self,
        namespace: &str,
        slug: &str,
    ) -> Result<Option<(i64, PublishedKind)>, sqlx::Error>;
    /// Name, as seen by this transaction.
    async fn name(&mut self, namespace: &str, slug: &str) -> Result<Name, sqlx::Error>;
    /// Version, as seen by this transaction.
    async fn version(
        &mut self,
        of: (PublishedKind, &str, &str, &str),
    ) -> Result<Option<PublishedVersion>, sqlx::Error>;
    /// Updates a name with the data of its newest version.
    async fn refresh_name(
        &mut self,
        id: i64,
        name: (PublishedKind, &str, &str),
        now_ms: i64,
    ) -> Result<(), sqlx::Error>;
    /// Replaces the search terms of a name. `shown` is its name, title and summary.
    async fn index_terms(
        &mut self,
        id: i64,
        shown: (&str, &str, &str),
        words: &SearchTerms,
    ) -> Result<(), sqlx::Error>;
}

macro_rules! write_names {
    ($db:ty, $lock:expr, $delete_words:expr, $set_words:expr) => {
        impl WriteNames for Transaction<'static, $db> {
            async fn add_version(&mut self, new: &NewVersion) -> Result<PublishOutcome, sqlx::Error> {
                sqlx::query(sql::ADD_BLOB).bind(&new.sha256).bind(&new.text).execute(&mut **self).await?;
                sqlx::query(sql::CLAIM_NAME)
                    .bind(new.kind.as_str())
                    .bind(&new.namespace)
                    .bind(&new.slug)
                    .bind(&new.version)
                    .bind(&new.sha256)
                    .bind(&new.title)
                    .bind(&new.summary)
                    .bind(&new.stage)
                    .bind(&new.owner)
                    .bind(new.published_ms)
                    .execute(&mut **self)
                    .await?;
                let found = self.lock_name(&new.namespace, &new.slug).await?;
                let (id, kind) = found.ok_or(sqlx::Error::RowNotFound)?;
                if kind != new.kind {
                    return Ok(PublishOutcome::OtherKind(kind));
                }
                let added = sqlx::query(sql::ADD_VERSION)
                    .bind(new.kind.as_str())
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
                    .bind(&new.note)
                    .execute(&mut **self)
                    .await?
                    .rows_affected();
                if added != 1 {
                    let (there,): (String,) = sqlx::query_as(sql::DIGEST_OF_VERSION)
                        .bind(new.kind.as_str())
                        .bind(&new.namespace)
                        .bind(&new.slug)
                        .bind(&new.version)
                        .fetch_one(&mut **self)
                        .await?;
                    let same = there == new.sha256;
                    return Ok(if same {
                        PublishOutcome::Same
                    } else {
                        PublishOutcome::DifferentText { sha256: there }
                    });
                }
                self.refresh_name(id, (new.kind, &new.namespace, &new.slug), new.published_ms).await?;
                let (shown,): (String,) =
                    sqlx::query_as(sql::SHOWN_DIGEST).bind(id).fetch_one(&mut **self).await?;
                if shown == new.sha256 {
                    let name = format!("{} {}", new.namespace, new.slug);
                    self.index_terms(id, (&name, &new.title, &new.summary), &new.words).await?;
                }
                Ok(PublishOutcome::New)
            }

            async fn lock_name(
                &mut self,
                namespace: &str,
                slug: &str,
            ) -> Result<Option<(i64, PublishedKind)>, sqlx::Error> {
                let found: Option<(i64, String)> =
                    sqlx::query_as($lock).bind(namespace).bind(slug).fetch_optional(&mut **self).await?;
                let Some((id, kind)) = found else { return Ok(None) };
                Ok(Some((id, PublishedKind::try_from(kind).map_err(sqlx::Error::Protocol)?)))
            }

            async fn name(&mut self, namespace: &str, slug: &str) -> Result<Name, sqlx::Error> {
                sqlx::query_as(sql::ONE_NAME).bind(namespace).bind(slug).fetch_one(&mut **self).await
            }

            async fn version(
                &mut self,
                (kind, namespace, slug, version): (PublishedKind, &str, &str, &str),
            ) -> Result<Option<PublishedVersion>, sqlx::Error> {
                sqlx::query_as(sql::ONE_VERSION)
                    .bind(kind.as_str())
                    .bind(namespace)
                    .bind(slug)
                    .bind(version)
                    .fetch_optional(&mut **self)
                    .await
            }

            async fn refresh_name(
                &mut self,
                id: i64,
                (kind, namespace, slug): (PublishedKind, &str, &str),
                now_ms: i64,
            ) -> Result<(), sqlx::Error> {
                sqlx::query(sql::REFRESH_NAME)
                    .bind(id)
                    .bind(kind.as_str())
                    .bind(namespace)
                    .bind(slug)
                    .bind(now_ms)
                    .execute(&mut **self)
                    .await
                    .map(|_| ())
            }

            async fn index_terms(
                &mut self,
                id: i64,
                (name, title, summary): (&str, &str, &str),
                words: &SearchTerms,
            ) -> Result<(), sqlx::Error> {
                sqlx::query(sql::DELETE_LABELS).bind(id).execute(&mut **self).await?;
                for label in &words.labels {
                    sqlx::query(sql::ADD_LABEL).bind(id).bind(label).execute(&mut **self).await?;
                }
                if let Some(forget) = $delete_words {
                    sqlx::query(forget).bind(id).execute(&mut **self).await?;
                }
                sqlx::query($set_words)
                    .bind(id)
                    .bind(to_words(name))
                    .bind(to_words(title))
                    .bind(to_words(summary))
                    .bind(to_words(&words.body))
                    .execute(&mut **self)
                    .await
                    .map(|_| ())
            }
        }
    };
}

write_names!(Sqlite, sql::NAME, Some(sql::DELETE_WORDS_SQLITE), sql::ADD_WORDS_SQLITE);
write_names!(Postgres, sql::NAME_FOR_UPDATE, None::<&'static str>, sql::SET_WORDS_POSTGRES);

/// Lower-case words separated by spaces, which both databases tokenize in the same way.
fn to_words(text: &str) -> String {
    let word = |c: char| if c.is_alphanumeric() { c } else { ' ' };
    text.chars().map(word).flat_map(char::to_lowercase).collect()
}

/// Words of a search, normalized by [`to_words`].
pub(in crate::registry) fn search_words(text: &str) -> Vec<String> {
    to_words(text).split_whitespace().take(MAX_SEARCH_WORDS).map(str::to_owned).collect()
}

impl Store {
    /// Names that match a filter, after a cursor, at most `limit`.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn list_names(
        &self,
        kind: PublishedKind,
        filter: &Filter,
        from: &ListCursor,
        limit: i64,
    ) -> Result<Vec<Name>, sqlx::Error> {
        if matches!(from, ListCursor::Relevance(words, _) if words.is_empty()) {
            return Ok(vec![]);
        }
        let list = ListStatement::new(self, kind, filter, from, limit);
        with_pool!(self, pool => {
            let mut query = sqlx::query_as(list.sql());
            for value in list.values {
                query = match value {
                    BoundValue::Text(text) => query.bind(text),
                    BoundValue::Number(number) => query.bind(number),
                };
            }
            query.fetch_all(pool).await
        })
    }

    /// All names of a kind, in order.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn all_names(&self, kind: PublishedKind) -> Result<Vec<Name>, sqlx::Error> {
        let from = ListCursor::Name(String::new(), String::new());
        self.list_names(kind, &Filter::default(), &from, i64::MAX).await
    }

    /// One name.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn name(
        &self,
        namespace: &str,
        slug: &str,
    ) -> Result<Option<Name>, sqlx::Error> {
        with_pool!(self, pool => sqlx::query_as(sql::ONE_NAME).bind(namespace).bind(slug).fetch_optional(pool).await)
    }

    /// Those of the given names (namespace and slug) that exist, in any order.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn find_names(
        &self,
        names: &[(&str, &str)],
    ) -> Result<Vec<Name>, sqlx::Error> {
        let mut all = Vec::new();
        for some in names.chunks(NAMES_PER_STATEMENT) {
            let list = ListStatement::of(some);
            let found: Vec<Name> = with_pool!(self, pool => {
                let mut query = sqlx::query_as(list.sql());
                for (namespace, slug) in some {
                    query = query.bind(*namespace).bind(*slug);
                }
                query.fetch_all(pool).await?
            });
            all.extend(found);
        }
        Ok(all)
    }

    /// Names with a label, in order, at most `limit`.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn names_with_label(
        &self,
        label: &str,
        limit: i64,
    ) -> Result<Vec<Name>, sqlx::Error> {
        with_pool!(self, pool => sqlx::query_as(sql::NAMES_WITH_LABEL).bind(label).bind(limit).fetch_all(pool).await)
    }

    /// Values of a kind of label (for example `topic`) with the number of names, the most common first.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn label_counts(
        &self,
        kind: &str,
        limit: i64,
    ) -> Result<Vec<(String, i64)>, sqlx::Error> {
        let (first, behind) = (format!("{kind}:"), format!("{kind};"));
        let found: Vec<(String, i64)> = with_pool!(self, pool => sqlx::query_as(sql::LABELS)
            .bind(&first)
            .bind(&behind)
            .bind(limit)
            .fetch_all(pool)
            .await?);
        Ok(found.into_iter().map(|(label, count)| (label[first.len()..].to_owned(), count)).collect())
    }

    /// Namespaces after `after`, at most `limit`.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn namespaces(
        &self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Namespace>, sqlx::Error> {
        let found: Vec<(String, i64, i64, i64)> = with_pool!(self, pool => sqlx::query_as(sql::NAMESPACES)
            .bind(after)
            .bind(limit)
            .fetch_all(pool)
            .await?);
        let named =
            |(name, guidelines, standards, changed_ms)| Namespace { name, guidelines, standards, changed_ms };
        Ok(found.into_iter().map(named).collect())
    }

    /// Number of guidelines and number of standards.
    ///
    /// # Errors
    /// Returns the error of the database.
    pub(in crate::registry) async fn count_names(&self) -> Result<(i64, i64), sqlx::Error> {
        let found: Vec<(String, i64)> =
            with_pool!(self, pool => sqlx::query_as(sql::COUNTS).fetch_all(pool).await?);
        let of =
            |kind: PublishedKind| found.iter().find(|(word, _)| word == kind.as_str()).map_or(0, |it| it.1);
        Ok((of(PublishedKind::Guideline), of(PublishedKind::Standard)))
    }
}
