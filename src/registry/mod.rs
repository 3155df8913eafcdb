//! The web registry: publishes guidelines for ever, and serves them. Behind the feature `registry`, so that nothing
//! of it is in the lean linter.
//!
//! `http` asks `flow`, `flow` decides, `store` remembers. `flow` knows neither HTTP nor SQL, `store` decides nothing,
//! and nothing in here compiles a check: that is a worker's job, which `proving` asks.

mod backup;
mod export;
mod flow;
mod http;
mod index;
mod program;
mod provider;
mod proving;
mod settings;
mod site;
mod store;

pub use program::main;
