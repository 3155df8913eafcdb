//! Stanchion assesses repositories against versioned guidelines, as advice.
//!
//! The rooms, and who may enter which, are described in `docs/ARCHITECTURE.md`
//! and held by `tests/architecture.rs`:
//! `text` → nothing · `data` → text · `model` → text · `format` → model, data, text ·
//! `engine` → model, data, text · `git` → engine, model, text · `report` → model, text · `verify` → engine, format, model, text ·
//! `client` → format, model · `registry` → verify, engine, format, model, report, text (behind its feature) · `cli` → all of them but the registry.

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
