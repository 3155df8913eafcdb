//! Guidelines: offered good practices, as validated values.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::devices::is_device;
use super::{Check, Language};
use crate::text::Span;

/// Id of a guideline or standard: `namespace/slug`. Both parts consist of lower-case letters, digits and `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GuidelineId(Arc<str>);

impl GuidelineId {
    /// Validates an id.
    ///
    /// # Errors
    /// A sentence that describes the problem.
    pub fn new(text: &str) -> Result<Self, String> {
        let Some((namespace, slug)) = text.split_once('/') else {
            return Err("guideline ids have the form `namespace/slug`".to_owned());
        };
        for (what, part) in [("namespace", namespace), ("slug", slug)] {
            let fits = part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if part.is_empty() || !fits || part.starts_with('-') || part.ends_with('-') {
                return Err(format!("the {what} may contain only lower-case letters, digits and inner `-`"));
            }
            if part.len() > 64 {
                return Err(format!("the {what} is longer than 64 characters"));
            }
        }
        Ok(Self(Arc::from(text)))
    }

    /// Reason why no new guideline may have this valid id; `None` if it may. Copies are files with the name
    /// of the slug.
    #[must_use]
    pub fn reserved_name_reason(&self) -> Option<String> {
        [("namespace", self.namespace()), ("slug", self.slug())]
            .into_iter()
            .find(|(_, part)| is_device(part))
            .map(|(what, part)| {
                format!("the {what} `{part}` is a device name on Windows, where no file can have this name")
            })
    }

    /// The full id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Part before the `/`.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.0.split_once('/').map_or("", |parts| parts.0)
    }

    /// Part after the `/`.
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

/// Maturity of a guideline, as its publisher states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// An idea to discuss.
    Sketch,
    /// A few teams are trying it.
    Trial,
    /// Many teams keep it successfully.
    Practice,
    /// All teams can rely on it.
    Standard,
    /// No longer advised.
    Retired,
}

impl Stage {
    /// All stages, from `sketch` to `retired`.
    pub const ALL: [Self; 5] = [Self::Sketch, Self::Trial, Self::Practice, Self::Standard, Self::Retired];

    /// Value in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sketch => "sketch",
            Self::Trial => "trial",
            Self::Practice => "practice",
            Self::Standard => "standard",
            Self::Retired => "retired",
        }
    }
}

/// Prominence of findings in reports. It never affects an outcome or an exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// For information.
    Note,
    /// Worth attention now.
    #[default]
    Warning,
}

impl Level {
    /// Value in files and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
        }
    }
}

/// Natural consequence of not keeping a guideline: a fact, never a penalty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consequence {
    /// Short name, unique in the guideline.
    pub id: String,
    /// The fact, one sentence.
    pub text: String,
}

/// Something that a team offers in return for keeping a guideline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Short name, unique in the guideline.
    pub id: String,
    /// Team that offers it.
    pub by: String,
    /// The offer, one sentence.
    pub text: String,
}

/// Conditions under which a guideline applies. All present keys must hold.
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

/// Expected result of an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// The example keeps the guideline: no findings.
    Good,
    /// The example does not keep the guideline: at least one finding.
    Bad,
}

/// A file of an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleFile {
    /// Path in the example's repository.
    pub path: String,
    /// Content of the file.
    pub content: String,
    /// Byte offset of the content in [`Guideline::text`].
    pub at: usize,
}

/// An example in a guideline's text, which is also a test of its checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Expected result: good or bad.
    pub expects: Expectation,
    /// Ids of the checks that it covers; empty means all checks of the guideline.
    pub checks: Vec<String>,
    /// 1-based lines of the first file with expected findings; empty means any line.
    pub lines: Vec<u32>,
    /// Files of the example: one, or several in a `files` fence.
    pub files: Vec<ExampleFile>,
    /// Whether the example is a whole small repository (a `files` fence). Only then is `applies.exists`
    /// evaluated; otherwise it is assumed to hold.
    pub whole: bool,
    /// Span of the fence in [`Guideline::text`].
    pub span: Span,
    /// 1-based line number of the fence.
    pub line: u32,
}

/// A `##` section of a guideline's prose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Heading text.
    pub heading: String,
    /// Markdown text below the heading.
    pub markdown: String,
}

/// Type of the values of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SettingKind {
    /// A text.
    Text,
    /// An integer.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list of texts.
    List,
    /// One of several choices.
    Choice,
}

impl SettingKind {
    /// Description for people.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "a whole number",
            Self::Boolean => "true or false",
            Self::List => "a list of text values",
            Self::Choice => "one of its choices",
        }
    }
}

/// A setting: a parameter of a guideline that each repository can choose.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingSpec {
    /// Name, unique in the guideline.
    pub name: String,
    /// Type of its values.
    pub kind: SettingKind,
    /// Possible values of a choice.
    pub choices: Vec<String>,
    /// Value if the repository sets none.
    pub default: serde_json::Value,
    /// Effect of the setting, in one sentence.
    pub about: String,
}

/// Origin of a guideline's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Built into this program.
    Starter,
    /// A file, with its path as the user wrote it.
    File(String),
    /// The repository's copy of a guideline that was published elsewhere.
    Copy {
        /// Path of the copy, as the user knows it.
        file: String,
        /// Source according to the lock file: `starter`, a folder or a registry.
        source: String,
    },
}

impl Origin {
    /// Location for people: the path, or `starter`.
    #[must_use]
    pub fn location(&self) -> &str {
        match self {
            Self::Starter => "starter",
            Self::File(path) | Self::Copy { file: path, .. } => path,
        }
    }

    /// Source: for a copy the source in the lock file, otherwise the location.
    #[must_use]
    pub fn source(&self) -> &str {
        match self {
            Self::Copy { source, .. } => source,
            Self::Starter | Self::File(_) => self.location(),
        }
    }
}

/// A guideline: validated front matter, prose and examples of one file.
#[derive(Clone, Debug)]
pub struct Guideline {
    /// Namespace and slug.
    pub id: GuidelineId,
    /// Version of the guideline.
    pub version: Version,
    /// The practice, in one line.
    pub title: String,
    /// The reason for the practice, in one sentence.
    pub summary: String,
    /// Maturity, as the publisher states it.
    pub stage: Stage,
    /// Team that is responsible for the guideline.
    pub owner: String,
    /// Prominence of its findings.
    pub level: Level,
    /// Keywords for searching.
    pub topics: Vec<String>,
    /// Conditions under which it applies; the default applies everywhere.
    pub applies: Applies,
    /// Natural consequences of not keeping it.
    pub consequences: Vec<Consequence>,
    /// Offers in return for keeping it.
    pub offers: Vec<Offer>,
    /// Guidelines that require the opposite. If a repository follows both, its own order decides.
    pub conflicts_with: Vec<GuidelineId>,
    /// Settings, in order of name.
    pub settings: Vec<SettingSpec>,
    /// Value of each setting, in order of name: the repository's value, or the default.
    pub values: Vec<(String, serde_json::Value)>,
    /// Checks of the guideline.
    pub checks: Vec<Check>,
    /// Sections of its prose, in file order.
    pub sections: Vec<Section>,
    /// Examples, in file order.
    pub examples: Vec<Example>,
    /// Origin of its file.
    pub origin: Origin,
    /// SHA-256 of the file's bytes, in hexadecimal.
    pub sha256: String,
    /// Text of the file without a byte order mark; spans refer to it.
    pub text: Arc<str>,
}
