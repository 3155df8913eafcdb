//! A guideline: an offered good practice, as one validated value.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::devices::is_device;
use super::{Check, Language};
use crate::text::Span;

/// `namespace/slug`: lower-case letters, digits and `-`, a namespace and one slug.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GuidelineId(Arc<str>);

impl GuidelineId {
    /// Checks and takes an id.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        let Some((namespace, slug)) = text.split_once('/') else {
            return Err("a guideline's id is `namespace/slug`".to_owned());
        };
        for (what, part) in [("namespace", namespace), ("slug", slug)] {
            let fits = part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if part.is_empty() || !fits || part.starts_with('-') || part.ends_with('-') {
                return Err(format!("the {what} may hold lower-case letters, digits and inner `-` only"));
            }
            if part.len() > 64 {
                return Err(format!("the {what} is longer than 64 characters"));
            }
        }
        Ok(Self(Arc::from(text)))
    }

    /// Why nothing new should have this id although it is one; `None`: it may. A copy is a file of this name.
    #[must_use]
    pub fn why_not_new(&self) -> Option<String> {
        [("namespace", self.namespace()), ("slug", self.slug())]
            .into_iter()
            .find(|(_, part)| is_device(part))
            .map(|(what, part)| {
                format!("the {what} `{part}` is a device on Windows, where no file can have this name")
            })
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `/`.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.0.split_once('/').map_or("", |parts| parts.0)
    }

    /// The part after the `/`.
    #[must_use]
    pub fn slug(&self) -> &str {
        self.0.split_once('/').map_or("", |parts| parts.1)
    }
}

impl fmt::Display for GuidelineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a guideline has come, as its publisher claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// An idea to talk about.
    Sketch,
    /// A few teams try it.
    Trial,
    /// Many teams keep it and find it good.
    Practice,
    /// What everybody may rely on.
    Standard,
    /// No longer advised.
    Retired,
}

impl Stage {
    /// Every stage, from an idea to what is no longer advised.
    pub const ALL: [Self; 5] = [Self::Sketch, Self::Trial, Self::Practice, Self::Standard, Self::Retired];

    /// The word as written in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Sketch => "sketch",
            Self::Trial => "trial",
            Self::Practice => "practice",
            Self::Standard => "standard",
            Self::Retired => "retired",
        }
    }
}

/// How loudly findings are presented. Never decides an outcome or an exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Good to know.
    Note,
    /// Worth a look now.
    #[default]
    Warning,
}

impl Level {
    /// The word as written in files and reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
        }
    }
}

/// What happens naturally when a guideline is not kept: a fact, never a penalty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consequence {
    /// Short name, unique in the guideline.
    pub id: String,
    /// The fact, one sentence.
    pub text: String,
}

/// What somebody offers in return for keeping a guideline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Short name, unique in the guideline.
    pub id: String,
    /// Who offers it.
    pub by: String,
    /// The offer, one sentence.
    pub text: String,
}

/// Where a guideline applies. All keys that are present must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Applies {
    /// Files in one of these languages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<Language>,
    /// Files whose path matches one of these globs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// Repositories in which some path matches one of these globs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exists: Vec<String>,
    /// At least one of these holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any: Vec<Applies>,
    /// All of these hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all: Vec<Applies>,
    /// This does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not: Option<Box<Applies>>,
}

/// What an example of a guideline is expected to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// It keeps the guideline: no finding.
    Good,
    /// It does not: at least one finding.
    Bad,
}

/// One file of an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleFile {
    /// Its path in the tiny repository.
    pub path: String,
    /// Its content.
    pub content: String,
    /// Where the content starts in [`Guideline::text`] (byte).
    pub at: usize,
}

/// An example in a guideline's text: a test that people read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Good or bad.
    pub expects: Expectation,
    /// The checks it is about; empty means all of the guideline.
    pub checks: Vec<String>,
    /// 1-based lines of the first file on which findings are expected; empty means any place.
    pub lines: Vec<u32>,
    /// Its files; one, unless it is a `files` fence.
    pub files: Vec<ExampleFile>,
    /// Whether it is a whole tiny repository (a `files` fence): `applies.exists` is then asked in
    /// earnest instead of being taken as given.
    pub whole: bool,
    /// The fence in [`Guideline::text`].
    pub span: Span,
    /// 1-based line of the fence.
    pub line: u32,
}

/// A `##` section of a guideline's prose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Heading text.
    pub heading: String,
    /// Markdown below it, without the heading.
    pub markdown: String,
}

/// What the values of a setting are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SettingKind {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list of texts.
    List,
    /// One of several words.
    Choice,
}

impl SettingKind {
    /// What it is, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a whole number",
            Self::Boolean => "true or false",
            Self::List => "a list of texts",
            Self::Choice => "one of its choices",
        }
    }
}

/// Something that a guideline leaves to the repositories that follow it.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingSpec {
    /// Its name, unique in the guideline.
    pub name: String,
    /// What its values are.
    pub kind: SettingKind,
    /// The values of a choice.
    pub choices: Vec<String>,
    /// What holds where a repository says nothing.
    pub default: serde_json::Value,
    /// What it decides, in one sentence.
    pub about: String,
}

/// Where a guideline's file was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Built into this program.
    Starter,
    /// A file, with its path as the user knows it.
    File(String),
    /// The repository's own copy of what was published elsewhere.
    Copy {
        /// The file, as the user knows it.
        file: String,
        /// Where it came from, in the words of the lock: `starter`, a folder, a registry.
        source: String,
    },
}

impl Origin {
    /// Where, in words a user knows.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Starter => "starter",
            Self::File(path) | Self::Copy { file: path, .. } => path,
        }
    }

    /// Where it comes from: what the lock says of a copy, else its place.
    #[must_use]
    pub fn source(&self) -> &str {
        match self {
            Self::Copy { source, .. } => source,
            Self::Starter | Self::File(_) => self.words(),
        }
    }
}

/// A guideline: validated front matter, prose and examples of one file.
#[derive(Clone, Debug)]
pub struct Guideline {
    /// Namespace and slug.
    pub id: GuidelineId,
    /// Its version.
    pub version: Version,
    /// One line that says the practice.
    pub title: String,
    /// One sentence that says why.
    pub summary: String,
    /// The publisher's claim.
    pub stage: Stage,
    /// The team that answers for it.
    pub owner: String,
    /// Presentation of its findings.
    pub level: Level,
    /// Free words to find it by.
    pub topics: Vec<String>,
    /// Where it applies; the default applies everywhere.
    pub applies: Applies,
    /// What follows naturally from not keeping it.
    pub consequences: Vec<Consequence>,
    /// What is offered in return for keeping it.
    pub offers: Vec<Offer>,
    /// Guidelines that ask for the opposite: where two are followed, the repository's order decides.
    pub conflicts_with: Vec<GuidelineId>,
    /// What it leaves to the repositories, in order of name.
    pub settings: Vec<SettingSpec>,
    /// The value of each setting, in order of name: that of the repository, else the default.
    pub values: Vec<(String, serde_json::Value)>,
    /// What it asks.
    pub checks: Vec<Check>,
    /// Its prose by heading, in file order.
    pub sections: Vec<Section>,
    /// Its examples, in file order.
    pub examples: Vec<Example>,
    /// Where it was found.
    pub origin: Origin,
    /// SHA-256 of the file's bytes, hexadecimal.
    pub sha256: String,
    /// The file's whole text without a byte order mark; places count in it.
    pub text: Arc<str>,
}
