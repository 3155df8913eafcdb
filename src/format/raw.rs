//! Guideline front matter as written: what serde decodes, and what the JSON Schema is made of.
//!
//! Only the shape is decided here. Meaning (ids, versions, one kind per check) is in `semantics`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::code::RawCode;
use super::schema::FormatVersion;
use super::settings::RawSetting;
use crate::model::{
    Applies, Consequence, DataCheck, FilesCheck, FixSpec, Level, Offer, Stage, TextCheck, ToolCheck,
};

/// The front matter of a guideline file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Stanchion guideline", rename = "Guideline")]
pub(super) struct RawGuideline {
    /// Version of this format; 1.
    #[expect(dead_code, reason = "read before decoding, see `schema::version`")]
    pub(super) schema: FormatVersion,
    /// `namespace/slug`. A namespace belongs to a team.
    pub(super) guideline: String,
    /// Semantic version in quotes or with three parts, for example `1.0.0`.
    pub(super) version: String,
    /// One line that says the practice.
    pub(super) title: String,
    /// One sentence that says why.
    pub(super) summary: String,
    /// How far the guideline has come, as its publisher claims.
    pub(super) stage: Stage,
    /// The team that answers for it.
    pub(super) owner: String,
    /// How loudly findings are presented. Never decides an outcome.
    #[serde(default)]
    pub(super) level: Level,
    /// Free words to find it by.
    #[serde(default)]
    pub(super) topics: Vec<String>,
    /// Where it applies; without it, everywhere.
    #[serde(default)]
    pub(super) applies: Applies,
    /// What follows naturally from not keeping it: facts, never penalties.
    #[serde(default)]
    pub(super) consequences: Vec<Consequence>,
    /// What somebody offers in return for keeping it.
    #[serde(default)]
    pub(super) offers: Vec<Offer>,
    /// Guidelines that ask for the opposite of this one. Where a repository follows both, its own order decides.
    #[serde(default, rename = "conflicts-with")]
    pub(super) conflicts_with: Vec<String>,
    /// What is left to the repositories, by name. `{{name}}` in `applies` and `checks` stands for the value (so an
    /// editor that knows this schema may ask for another type there).
    #[serde(default)]
    #[expect(dead_code, reason = "read before decoding")]
    pub(super) settings: BTreeMap<String, RawSetting>,
    /// What it asks.
    pub(super) checks: Vec<RawCheck>,
}

/// One check: an id and exactly one of `files`, `text`, `data`, `code`, `tool`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Check")]
pub(super) struct RawCheck {
    /// Short name, unique in the guideline: lower-case letters, digits and inner `-`.
    pub(super) id: String,
    /// What a finding says; may use captures.
    pub(super) message: Option<String>,
    /// How to mend a finding of a `text` or `files` check.
    pub(super) fix: Option<FixSpec>,
    /// A check of paths.
    pub(super) files: Option<FilesCheck>,
    /// A check of text by regular expression.
    pub(super) text: Option<TextCheck>,
    /// A check of values in data files.
    pub(super) data: Option<DataCheck>,
    /// A check of syntax.
    pub(super) code: Option<RawCode>,
    /// A check of what another linter found.
    pub(super) tool: Option<ToolCheck>,
}

/// The words for the kinds of checks, in the order of the design.
pub(super) const KINDS: [&str; 5] = ["files", "text", "data", "code", "tool"];

impl RawCheck {
    /// The kinds that are present.
    pub(super) fn kinds(&self) -> Vec<&'static str> {
        let present = [
            self.files.is_some(),
            self.text.is_some(),
            self.data.is_some(),
            self.code.is_some(),
            self.tool.is_some(),
        ];
        KINDS.into_iter().zip(present).filter_map(|(word, is)| is.then_some(word)).collect()
    }
}
