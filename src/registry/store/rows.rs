//! Input and output types of the store.

use sqlx::FromRow;

/// Kind of a published text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registry) enum PublishedKind {
    /// Guideline (Markdown).
    Guideline,
    /// Standard (TOML).
    Standard,
}

impl PublishedKind {
    /// Name of the kind in the database.
    pub(in crate::registry) fn as_str(self) -> &'static str {
        match self {
            Self::Guideline => "guideline",
            Self::Standard => "standard",
        }
    }

    /// File extension of a text.
    pub(in crate::registry) fn file_extension(self) -> &'static str {
        match self {
            Self::Guideline => "md",
            Self::Standard => "toml",
        }
    }

    /// Name of the kind in addresses.
    pub(in crate::registry) fn plural(self) -> &'static str {
        match self {
            Self::Guideline => "guidelines",
            Self::Standard => "standards",
        }
    }
}

impl TryFrom<String> for PublishedKind {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        match word.as_str() {
            "guideline" => Ok(Self::Guideline),
            "standard" => Ok(Self::Standard),
            _ => Err(format!("unknown kind: {word}")),
        }
    }
}

/// Search terms of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::registry) struct SearchTerms {
    /// Labels for filters, for example `topic:security`.
    pub labels: Vec<String>,
    /// Words in addition to name, title and summary.
    pub body: String,
}

/// Version to publish. Each field is the column of the same name.
#[derive(Clone, Debug)]
pub(in crate::registry) struct NewVersion {
    pub kind: PublishedKind,
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
    pub note: Option<String>,
    pub words: SearchTerms,
}

/// Published version, without its text. Each field is the column of the same name.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub(in crate::registry) struct PublishedVersion {
    #[sqlx(try_from = "String")]
    pub kind: PublishedKind,
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
    pub note: Option<String>,
    pub yanked_ms: Option<i64>,
    pub yank_message: Option<String>,
}

/// Name with the data of its newest version. Each field is the column of the same name.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub(in crate::registry) struct Name {
    pub id: i64,
    #[sqlx(try_from = "String")]
    pub kind: PublishedKind,
    pub namespace: String,
    pub slug: String,
    pub version: String,
    pub sha256: String,
    pub title: String,
    pub summary: String,
    pub stage: String,
    pub owner: String,
    pub versions: i64,
    pub changed_ms: i64,
    pub yanked_ms: Option<i64>,
    pub retired_ms: Option<i64>,
    pub retire_message: Option<String>,
    pub successor: Option<String>,
}

/// Namespace with its number of texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct Namespace {
    pub name: String,
    pub guidelines: i64,
    pub standards: i64,
    pub changed_ms: i64,
}

/// Filter of a list. All fields must match; within a field, any value may match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::registry) struct Filter {
    pub stages: Vec<String>,
    pub topics: Vec<String>,
    pub languages: Vec<String>,
    /// Only guidelines with an automatic fix.
    pub has_fix: bool,
    pub owner: String,
    pub namespace: String,
    pub changed_since_ms: i64,
}

/// Position in a list, which also defines the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) enum ListCursor {
    /// Order by name; after this name.
    Name(String, String),
    /// Order by last change; before this time and id.
    Change(i64, i64),
    /// Order by relevance for these words, at this offset.
    Relevance(Vec<String>, i64),
}
