//! A waiver in `.stanchion/waivers.toml` as written: what serde decodes, and what the JSON Schema is made of.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::format::schema::FormatVersion;
use crate::model::WaiverKind;

/// The file of waivers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = ".stanchion/waivers.toml", rename = "Waivers")]
pub(super) struct RawWaivers {
    /// Version of this format; 1.
    #[expect(dead_code, reason = "read before decoding")]
    schema: FormatVersion,
    /// The waivers.
    #[serde(default)]
    #[expect(dead_code, reason = "each is read for itself")]
    waiver: Vec<RawWaiver<'static>>,
}

/// A justified step over a guideline. It takes effect as soon as it is written.
// Texts may be those of the file: of ten thousand waivers each is copied once, when it is known to be good.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Waiver")]
pub(super) struct RawWaiver<'t> {
    /// Unique in the repository: letters, digits, `-`, `_` and `.`.
    pub(super) id: Cow<'t, str>,
    /// The guideline that is stepped over: one, by its id.
    pub(super) guideline: Cow<'t, str>,
    /// The versions of it that were looked at, for example `^2`; a version outside needs a fresh look. Without it,
    /// any.
    pub(super) versions: Option<Cow<'t, str>>,
    /// Ids of the checks that are stepped over; without it, all.
    pub(super) checks: Option<Vec<Cow<'t, str>>>,
    /// Globs of the paths; without it (and without `fingerprints`), the whole repository.
    pub(super) paths: Option<Vec<Cow<'t, str>>>,
    /// Single findings by fingerprint, as `stanchion check --format json` shows it.
    pub(super) fingerprints: Option<Vec<Cow<'t, str>>>,
    /// Why, in a word.
    #[serde(default)]
    pub(super) kind: WaiverKind,
    /// Why, in words that help whoever reads it in a year.
    pub(super) reason: Cow<'t, str>,
    /// What is done instead.
    pub(super) instead: Option<Cow<'t, str>>,
    /// Who answers for it; without it, the owner of the repository.
    pub(super) owner: Option<Cow<'t, str>>,
    /// The day on which it was written.
    pub(super) declared: Option<Cow<'t, str>>,
    /// Its last day (inclusive, UTC).
    pub(super) until: Option<Cow<'t, str>>,
    /// `true`: it stands, and is looked at again on `review-on`.
    pub(super) standing: Option<bool>,
    /// The day on which a standing waiver is looked at again.
    pub(super) review_on: Option<Cow<'t, str>>,
    /// The day on which it was taken back.
    pub(super) withdrawn: Option<Cow<'t, str>>,
    /// The days on which its end was moved.
    pub(super) renewed: Option<Vec<Cow<'t, str>>>,
}
