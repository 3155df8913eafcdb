//! `stanchion.toml` as written: what serde decodes, and what its JSON Schema is made of.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::format::schema::FormatVersion;
use crate::model::Unassessed;

/// A repository's `stanchion.toml`, as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "stanchion.toml", rename = "Config")]
pub(in crate::format) struct RawConfig {
    /// Version of this format; 1.
    #[expect(dead_code, reason = "read before decoding")]
    schema: FormatVersion,
    /// The team that answers for this repository, for example `@payments`.
    pub(super) owner: Option<String>,
    /// What is followed, in order: `starter` (the guidelines built in), directories of guideline files
    /// (`./guidelines`, relative to this file), and standards or guidelines by name with a range of versions
    /// (`acme/ops-baseline@2`), of which `stanchion update` keeps copies in `.stanchion`. Earlier wins where
    /// two disagree. Without it: `starter`.
    pub(super) follow: Option<Vec<String>>,
    /// Where `stanchion update` looks for versions, in order: folders (`./mirror`, `/mnt/mirror`) and registries
    /// (`https://standards.example`).
    #[serde(default)]
    #[expect(dead_code, reason = "read with their places")]
    registries: Vec<String>,
    /// What it means for a promise when something could not be assessed: `note` (it is shown) or `break` (the
    /// promise is not kept).
    #[serde(default)]
    pub(super) unassessed: Unassessed,
    /// Whether what the `stanchion.toml` above this one follows is followed, too.
    #[serde(default)]
    pub(super) inherit: bool,
    /// What this repository promises to keep. Only this can fail a run.
    #[serde(default)]
    #[expect(dead_code, reason = "read with their places")]
    promises: BTreeMap<String, RawPromise>,
    /// Settings of guidelines that declare some, by guideline.
    #[serde(default)]
    #[expect(dead_code, reason = "read with their places")]
    settings: BTreeMap<String, BTreeMap<String, Value>>,
}

/// A promise to keep a guideline.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Promise")]
pub(super) struct RawPromise {
    /// The day on which it was made, for example 2026-11-22.
    pub(super) since: String,
    /// Whether only what is new since then counts; what was there stands in `.stanchion/baseline.toml`.
    #[serde(default)]
    pub(super) from_here: bool,
}
