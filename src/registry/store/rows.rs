//! What goes into the store, and what comes out.

use sqlx::FromRow;

/// What is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registry) enum Kind {
    /// A guideline: Markdown.
    Guideline,
    /// A standard: TOML.
    Standard,
}

impl Kind {
    /// The word in the database.
    pub(in crate::registry) fn word(self) -> &'static str {
        match self {
            Self::Guideline => "guideline",
            Self::Standard => "standard",
        }
    }

    /// How the name of a text ends.
    pub(in crate::registry) fn ending(self) -> &'static str {
        match self {
            Self::Guideline => "md",
            Self::Standard => "toml",
        }
    }

    /// The part of addresses that says it.
    pub(in crate::registry) fn plural(self) -> &'static str {
        match self {
            Self::Guideline => "guidelines",
            Self::Standard => "standards",
        }
    }
}

impl TryFrom<String> for Kind {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        match word.as_str() {
            "guideline" => Ok(Self::Guideline),
            "standard" => Ok(Self::Standard),
            _ => Err(format!("no kind: {word}")),
        }
    }
}

/// What a text is found by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::registry) struct Words {
    /// What it can be filtered by: `topic:security`.
    pub labels: Vec<String>,
    /// Its words beside name, title and summary.
    pub body: String,
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
    pub note: Option<String>,
    pub words: Words,
}

/// A version that is published, without its text. Each field is the column of the same name.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub(in crate::registry) struct PublishedVersion {
    #[sqlx(try_from = "String")]
    pub kind: Kind,
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

/// A name, and what its newest version says. Each field is the column of the same name.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub(in crate::registry) struct Name {
    pub id: i64,
    #[sqlx(try_from = "String")]
    pub kind: Kind,
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

/// A namespace and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct Namespace {
    pub name: String,
    pub guidelines: i64,
    pub standards: i64,
    pub changed_ms: i64,
}

/// What a list is asked for. Across fields all must hold, within a field one of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::registry) struct Filter {
    pub stages: Vec<String>,
    pub topics: Vec<String>,
    pub languages: Vec<String>,
    /// Only those that mend what they find.
    pub has_fix: bool,
    pub owner: String,
    pub namespace: String,
    pub changed_since_ms: i64,
}

/// Where a list goes on, and in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) enum From {
    /// By name, behind this one.
    Name(String, String),
    /// By the time of the last change, before this time and number.
    Change(i64, i64),
    /// By how well it fits these words, so many further on.
    Fit(Vec<String>, i64),
}
