//! What goes into the store, and what comes out.

use sqlx::{ColumnIndex, Decode, FromRow, Row, Type};

/// What is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registry) enum Kind {
    /// A guideline.
    Guideline,
}

impl Kind {
    /// The word in the database.
    pub(in crate::registry) fn word(self) -> &'static str {
        match self {
            Self::Guideline => "guideline",
        }
    }
}

/// A version that is about to be published. Each field is the column of the same name.
#[derive(Clone, Debug)]
pub(in crate::registry) struct NewVersion {
    pub kind: Kind,
    pub namespace: String,
    pub slug: String,
    pub version: String,
    pub sort_key: String,
    pub sha256: String,
    pub text: String,
    pub title: String,
    pub summary: String,
    pub stage: String,
    pub owner: String,
    pub published_ms: i64,
    pub published_by: String,
}

/// A version that is published, without its text. Each field is the column of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct PublishedVersion {
    pub namespace: String,
    pub slug: String,
    pub version: String,
    pub sha256: String,
    pub title: String,
    pub summary: String,
    pub stage: String,
    pub owner: String,
    pub published_ms: i64,
    pub published_by: String,
    pub yanked_ms: Option<i64>,
    pub yank_message: Option<String>,
}

impl<'r, R> FromRow<'r, R> for PublishedVersion
where
    R: Row,
    &'static str: ColumnIndex<R>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    Option<String>: Decode<'r, R::Database> + Type<R::Database>,
    Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self {
            namespace: row.try_get("namespace")?,
            slug: row.try_get("slug")?,
            version: row.try_get("version")?,
            sha256: row.try_get("sha256")?,
            title: row.try_get("title")?,
            summary: row.try_get("summary")?,
            stage: row.try_get("stage")?,
            owner: row.try_get("owner")?,
            published_ms: row.try_get("published_ms")?,
            published_by: row.try_get("published_by")?,
            yanked_ms: row.try_get("yanked_ms")?,
            yank_message: row.try_get("yank_message")?,
        })
    }
}
