//! A waiver in `.stanchion/waivers.toml` as written: the types that serde decodes and that the JSON Schema is
//! generated from.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::format::schema::FormatVersion;
use crate::model::WaiverKind;

/// The file `.stanchion/waivers.toml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = ".stanchion/waivers.toml", rename = "Waivers")]
pub(super) struct RawWaivers {
    /// Version of this format; 1.
    #[expect(dead_code, reason = "read before decoding")]
    schema: FormatVersion,
    /// The waivers.
    #[serde(default)]
    #[expect(dead_code, reason = "each waiver is decoded separately")]
    waiver: Vec<RawWaiver<'static>>,
}

/// A justified step over a guideline. It takes effect as soon as it is written.
// Texts can borrow from the file: with ten thousand waivers, each text is copied only once, after validation.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Waiver")]
pub(super) struct RawWaiver<'t> {
    /// Id, unique in the repository: letters, digits, `-`, `_` and `.`.
    pub(super) id: Cow<'t, str>,
    /// Id of the guideline to step over; exactly one.
    pub(super) guideline: Cow<'t, str>,
    /// Versions of the guideline that were considered, for example `^2`. For any other version, the waiver
    /// needs a new review. Default: any version.
    pub(super) versions: Option<Cow<'t, str>>,
    /// Ids of the checks to step over. Default: all checks.
    pub(super) checks: Option<Vec<Cow<'t, str>>>,
    /// Globs of paths. Without `paths` and `fingerprints`, the waiver covers the whole repository.
    pub(super) paths: Option<Vec<Cow<'t, str>>>,
    /// Fingerprints of single findings, as shown by `stanchion check --format json`.
    pub(super) fingerprints: Option<Vec<Cow<'t, str>>>,
    /// Kind of reason.
    #[serde(default)]
    pub(super) kind: WaiverKind,
    /// Reason, written for readers a year from now.
    pub(super) reason: Cow<'t, str>,
    /// Measure taken instead.
    pub(super) instead: Option<Cow<'t, str>>,
    /// Team or person responsible for the waiver. Default: the owner of the repository.
    pub(super) owner: Option<Cow<'t, str>>,
    /// Date on which the waiver was written.
    pub(super) declared: Option<Cow<'t, str>>,
    /// Last day of the waiver (inclusive, UTC).
    pub(super) until: Option<Cow<'t, str>>,
    /// `true` for a waiver without an end, which is reviewed on `review-on`.
    pub(super) standing: Option<bool>,
    /// Date of the next review of a standing waiver.
    pub(super) review_on: Option<Cow<'t, str>>,
    /// Date on which the waiver was withdrawn.
    pub(super) withdrawn: Option<Cow<'t, str>>,
    /// Dates on which the end of the waiver was moved.
    pub(super) renewed: Option<Vec<Cow<'t, str>>>,
}
