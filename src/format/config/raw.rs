//! `stanchion.toml` as written: the types that serde decodes and that its JSON Schema is generated from.

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
    /// Team responsible for this repository, for example `@payments`.
    pub(super) owner: Option<String>,
    /// Guidelines to follow, in order: `starter` (built-in guidelines), directories of guideline files
    /// (`./guidelines`, relative to this file), and standards or guidelines by name with a version
    /// requirement (`acme/ops-baseline@2`). `stanchion update` keeps copies of the latter in `.stanchion`. If
    /// two entries disagree, the earlier one wins. Default: `starter`.
    pub(super) follow: Option<Vec<String>>,
    /// Places where `stanchion update` searches for versions, in order: folders (`./mirror`, `/mnt/mirror`)
    /// and registries (`https://standards.example`).
    #[serde(default)]
    #[expect(dead_code, reason = "read with their positions")]
    registries: Vec<String>,
    /// Effect on a promise if something could not be assessed: `note` (it is shown) or `break` (the promise
    /// is not kept).
    #[serde(default)]
    pub(super) unassessed: Unassessed,
    /// Whether this project also follows the entries of the `stanchion.toml` above this one.
    #[serde(default)]
    pub(super) inherit: bool,
    /// Promises of this repository, by guideline. Only a promise can fail a run.
    #[serde(default)]
    #[expect(dead_code, reason = "read with their positions")]
    promises: BTreeMap<String, RawPromise>,
    /// Values for the settings of guidelines, by guideline.
    #[serde(default)]
    #[expect(dead_code, reason = "read with their positions")]
    settings: BTreeMap<String, BTreeMap<String, Value>>,
}

/// A promise to keep a guideline.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Promise")]
pub(super) struct RawPromise {
    /// Date of the promise, for example 2026-11-22.
    pub(super) since: String,
    /// Whether only findings that are new since then count. `.stanchion/baseline.toml` lists the earlier
    /// ones.
    #[serde(default)]
    pub(super) from_here: bool,
}
