//! Names: what lists, filters and searches show. Kept in the transaction that changes a version.

use sqlx::{Postgres, Sqlite, Transaction};

use super::list::{List, Value};
use super::{
    Filter, From, Kind, Name, Namespace, NewVersion, Published, PublishedVersion, Store, Words, sql,
};

/// Names that are asked for in one statement.
const AT_ONCE: usize = 100;
/// Most words of a search.
const WORDS: usize = 12;

/// A transaction that changes what names show.
pub(super) trait WriteNames {
    /// Adds a version: the name is made where there is none. Anything but [`Published::New`] must be rolled back.
    async fn add(&mut self, new: &NewVersion) -> Result<Published, sqlx::Error>;
    /// The number and kind of a name, which nobody else changes until the transaction ends.
    async fn lock(&mut self, namespace: &str, slug: &str) -> Result<Option<(i64, Kind)>, sqlx::Error>;
    /// A name, as it is in this transaction.
    async fn name(&mut self, namespace: &str, slug: &str) -> Result<Name, sqlx::Error>;
    /// A version, as it is in this transaction.
    async fn version(
        &mut self,
        of: (Kind, &str, &str, &str),
    ) -> Result<Option<PublishedVersion>, sqlx::Error>;
    /// Lets a name show its newest version.
    async fn refresh(&mut self, id: i64, name: (Kind, &str, &str), now_ms: i64) -> Result<(), sqlx::Error>;
    /// Changes what a name is found by; `shown` is its name, title and summary.
    async fn index(&mut self, id: i64, shown: (&str, &str, &str), words: &Words) -> Result<(), sqlx::Error>;
}

macro_rules! write_names {
    ($db:ty, $lock:expr, $forget_words:expr, $set_words:expr) => {
        impl WriteNames for Transaction<'static, $db> {
            async fn add(&mut self, new: &NewVersion) -> Result<Published, sqlx::Error> {
                sqlx::query(sql::ADD_BLOB).bind(&new.sha256).bind(&new.text).execute(&mut **self).await?;
                sqlx::query(sql::CLAIM_NAME)
                    .bind(new.kind.word())
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
                let found = self.lock(&new.namespace, &new.slug).await?;
                let (id, kind) = found.ok_or(sqlx::Error::RowNotFound)?;
                if kind != new.kind {
                    return Ok(Published::OtherKind(kind));
                }
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
                    .bind(&new.note)
                    .execute(&mut **self)
                    .await?
                    .rows_affected();
                if added != 1 {
                    let (there,): (String,) = sqlx::query_as(sql::DIGEST_OF_VERSION)
                        .bind(new.kind.word())
                        .bind(&new.namespace)
                        .bind(&new.slug)
                        .bind(&new.version)
                        .fetch_one(&mut **self)
                        .await?;
                    let same = there == new.sha256;
                    return Ok(if same { Published::Same } else { Published::Taken { sha256: there } });
                }
                self.refresh(id, (new.kind, &new.namespace, &new.slug), new.published_ms).await?;
                let (shown,): (String,) = sqlx::query_as(sql::SHOWN).bind(id).fetch_one(&mut **self).await?;
                if shown == new.sha256 {
                    let name = format!("{} {}", new.namespace, new.slug);
                    self.index(id, (&name, &new.title, &new.summary), &new.words).await?;
                }
                Ok(Published::New)
            }

            async fn lock(
                &mut self,
                namespace: &str,
                slug: &str,
            ) -> Result<Option<(i64, Kind)>, sqlx::Error> {
                let found: Option<(i64, String)> =
                    sqlx::query_as($lock).bind(namespace).bind(slug).fetch_optional(&mut **self).await?;
                let Some((id, kind)) = found else { return Ok(None) };
                Ok(Some((id, Kind::try_from(kind).map_err(sqlx::Error::Protocol)?)))
            }

            async fn name(&mut self, namespace: &str, slug: &str) -> Result<Name, sqlx::Error> {
                sqlx::query_as(sql::ONE_NAME).bind(namespace).bind(slug).fetch_one(&mut **self).await
            }

            async fn version(
                &mut self,
                (kind, namespace, slug, version): (Kind, &str, &str, &str),
            ) -> Result<Option<PublishedVersion>, sqlx::Error> {
                sqlx::query_as(sql::ONE_VERSION)
                    .bind(kind.word())
                    .bind(namespace)
                    .bind(slug)
                    .bind(version)
                    .fetch_optional(&mut **self)
                    .await
            }

            async fn refresh(
                &mut self,
                id: i64,
                (kind, namespace, slug): (Kind, &str, &str),
                now_ms: i64,
            ) -> Result<(), sqlx::Error> {
                sqlx::query(sql::REFRESH_NAME)
                    .bind(id)
                    .bind(kind.word())
                    .bind(namespace)
                    .bind(slug)
                    .bind(now_ms)
                    .execute(&mut **self)
                    .await
                    .map(|_| ())
            }

            async fn index(
                &mut self,
                id: i64,
                (name, title, summary): (&str, &str, &str),
                words: &Words,
            ) -> Result<(), sqlx::Error> {
                sqlx::query(sql::FORGET_LABELS).bind(id).execute(&mut **self).await?;
                for label in &words.labels {
                    sqlx::query(sql::ADD_LABEL).bind(id).bind(label).execute(&mut **self).await?;
                }
                if let Some(forget) = $forget_words {
                    sqlx::query(forget).bind(id).execute(&mut **self).await?;
                }
                sqlx::query($set_words)
                    .bind(id)
                    .bind(plain(name))
                    .bind(plain(title))
                    .bind(plain(summary))
                    .bind(plain(&words.body))
                    .execute(&mut **self)
                    .await
                    .map(|_| ())
            }
        }
    };
}

write_names!(Sqlite, sql::NAME, Some(sql::FORGET_WORDS_SQLITE), sql::ADD_WORDS_SQLITE);
write_names!(Postgres, sql::NAME_FOR_UPDATE, None::<&'static str>, sql::SET_WORDS_POSTGRES);

/// A text as words with blanks between them: both databases take these apart alike.
fn plain(text: &str) -> String {
    let word = |c: char| if c.is_alphanumeric() { c } else { ' ' };
    text.chars().map(word).flat_map(char::to_lowercase).collect()
}

/// The words of a search, as [`plain`] has them.
pub(in crate::registry) fn words_of(text: &str) -> Vec<String> {
    plain(text).split_whitespace().take(WORDS).map(str::to_owned).collect()
}

impl Store {
    /// The names that a filter lets through, from a place on, at most `limit`.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn names(
        &self,
        kind: Kind,
        filter: &Filter,
        from: &From,
        limit: i64,
    ) -> Result<Vec<Name>, sqlx::Error> {
        if matches!(from, From::Fit(words, _) if words.is_empty()) {
            return Ok(vec![]);
        }
        let list = List::new(self, kind, filter, from, limit);
        on!(self, pool => {
            let mut query = sqlx::query_as(list.sql());
            for value in list.values {
                query = match value {
                    Value::Text(text) => query.bind(text),
                    Value::Number(number) => query.bind(number),
                };
            }
            query.fetch_all(pool).await
        })
    }

    /// Every name of a kind, in order.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn every_name(&self, kind: Kind) -> Result<Vec<Name>, sqlx::Error> {
        let from = From::Name(String::new(), String::new());
        self.names(kind, &Filter::default(), &from, i64::MAX).await
    }

    /// One name.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn name(
        &self,
        namespace: &str,
        slug: &str,
    ) -> Result<Option<Name>, sqlx::Error> {
        on!(self, pool => sqlx::query_as(sql::ONE_NAME).bind(namespace).bind(slug).fetch_optional(pool).await)
    }

    /// Those of these names (namespace and the rest) that there are, in any order.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn named(&self, names: &[(&str, &str)]) -> Result<Vec<Name>, sqlx::Error> {
        let mut all = Vec::new();
        for some in names.chunks(AT_ONCE) {
            let list = List::of(some);
            let found: Vec<Name> = on!(self, pool => {
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

    /// The names with a label, in order, at most `limit`.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn labelled(
        &self,
        label: &str,
        limit: i64,
    ) -> Result<Vec<Name>, sqlx::Error> {
        on!(self, pool => sqlx::query_as(sql::LABELLED).bind(label).bind(limit).fetch_all(pool).await)
    }

    /// The values of labels of a kind (`topic`) with the number of names that have each, the most common first.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn labels(
        &self,
        kind: &str,
        limit: i64,
    ) -> Result<Vec<(String, i64)>, sqlx::Error> {
        let (first, behind) = (format!("{kind}:"), format!("{kind};"));
        let found: Vec<(String, i64)> = on!(self, pool => sqlx::query_as(sql::LABELS)
            .bind(&first)
            .bind(&behind)
            .bind(limit)
            .fetch_all(pool)
            .await?);
        Ok(found.into_iter().map(|(label, count)| (label[first.len()..].to_owned(), count)).collect())
    }

    /// Namespaces behind `after`, at most `limit`.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn namespaces(
        &self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Namespace>, sqlx::Error> {
        let found: Vec<(String, i64, i64, i64)> = on!(self, pool => sqlx::query_as(sql::NAMESPACES)
            .bind(after)
            .bind(limit)
            .fetch_all(pool)
            .await?);
        let named =
            |(name, guidelines, standards, changed_ms)| Namespace { name, guidelines, standards, changed_ms };
        Ok(found.into_iter().map(named).collect())
    }

    /// How many guidelines and standards there are.
    ///
    /// # Errors
    /// What the database says.
    pub(in crate::registry) async fn counts(&self) -> Result<(i64, i64), sqlx::Error> {
        let found: Vec<(String, i64)> = on!(self, pool => sqlx::query_as(sql::COUNTS).fetch_all(pool).await?);
        let of = |kind: Kind| found.iter().find(|(word, _)| word == kind.word()).map_or(0, |it| it.1);
        Ok((of(Kind::Guideline), of(Kind::Standard)))
    }
}
