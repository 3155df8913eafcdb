//! Stanchion assesses repositories against versioned guidelines, as advice.
//!
//! Modules and the modules that each may depend on. `docs/ARCHITECTURE.md` explains them and
//! `tests/architecture.rs` checks them:
//!
//! * `text`: nothing
//! * `data`, `model`: `text`
//! * `format`, `engine`: `model`, `data`, `text`
//! * `git`: `engine`, `model`, `text`
//! * `report`: `model`, `text`
//! * `news`, `verify`: `engine`, `format`, `model`, `text`
//! * `client`: `format`, `model`
//! * `registry` (feature `registry`): `verify`, `engine`, `format`, `model`, `report`, `text`
//! * `cli`: all modules except `registry`

pub mod cli;
pub mod client;
pub mod data;
pub mod engine;
pub mod format;
pub mod git;
pub mod model;
pub mod news;
#[cfg(feature = "registry")]
pub mod registry;
pub mod report;
pub mod text;
pub mod verify;
