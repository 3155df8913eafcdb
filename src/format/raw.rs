//! Guideline front matter as written: the types that serde decodes and that the JSON Schema is generated
//! from.
//!
//! These types only check structure and types. `validate` checks the meaning (ids, versions, one kind per
//! check).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::code_check::RawCode;
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
    #[expect(dead_code, reason = "read before decoding, see `schema::check_format_version`")]
    pub(super) schema: FormatVersion,
    /// `namespace/slug`. A namespace belongs to a team.
    pub(super) guideline: String,
    /// Semantic version in quotes or with three parts, for example `1.0.0`.
    pub(super) version: String,
    /// The practice in one line.
    pub(super) title: String,
    /// The reason for it in one sentence.
    pub(super) summary: String,
    /// Maturity of the guideline, as declared by its publisher.
    pub(super) stage: Stage,
    /// Team responsible for it.
    pub(super) owner: String,
    /// Prominence of findings in reports. Never affects an outcome.
    #[serde(default)]
    pub(super) level: Level,
    /// Search terms.
    #[serde(default)]
    pub(super) topics: Vec<String>,
    /// Conditions for the repositories and files to which it applies. Default: everywhere.
    #[serde(default)]
    pub(super) applies: Applies,
    /// Natural results of not keeping it: facts, never penalties.
    #[serde(default)]
    pub(super) consequences: Vec<Consequence>,
    /// Offers of teams or people in return for keeping it.
    #[serde(default)]
    pub(super) offers: Vec<Offer>,
    /// Guidelines that recommend the opposite. If a repository follows both, the order of its `follow` list
    /// decides.
    #[serde(default, rename = "conflicts-with")]
    pub(super) conflicts_with: Vec<String>,
    /// Values that each repository can choose, by name. `{{name}}` in `applies` and `checks` is replaced by
    /// the value, so an editor that uses this schema may report a wrong type there.
    #[serde(default)]
    #[expect(dead_code, reason = "read before decoding")]
    pub(super) settings: BTreeMap<String, RawSetting>,
    /// Checks of the guideline.
    pub(super) checks: Vec<RawCheck>,
}

/// One check: an id and exactly one of `files`, `text`, `data`, `code`, `tool`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Check")]
pub(super) struct RawCheck {
    /// Short name, unique in the guideline: lower-case letters, digits and inner `-`.
    pub(super) id: String,
    /// Message of a finding; may contain captures.
    pub(super) message: Option<String>,
    /// Fix for a finding of a `text` or `files` check.
    pub(super) fix: Option<FixSpec>,
    /// Check of paths.
    pub(super) files: Option<FilesCheck>,
    /// Check of text by regular expression.
    pub(super) text: Option<TextCheck>,
    /// Check of values in data files.
    pub(super) data: Option<DataCheck>,
    /// Check of syntax.
    pub(super) code: Option<RawCode>,
    /// Check of findings of another linter.
    pub(super) tool: Option<ToolCheck>,
}

/// Keys of the kinds of checks, in the order of the fields of [`RawCheck`].
pub(super) const KINDS: [&str; 5] = ["files", "text", "data", "code", "tool"];

impl RawCheck {
    /// Returns the kinds that are present.
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
