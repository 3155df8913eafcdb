//! Web registry: publishes guidelines permanently and serves them. It requires the feature `registry`, so
//! that the default linter contains none of it.
//!
//! `http` calls `decisions` and `store`. `decisions` knows neither HTTP nor SQL. `store` makes no decisions.
//! Checks are compiled only in workers, through `example_tests`.

mod backup;
mod decisions;
mod example_tests;
mod export;
mod http;
mod index;
mod program;
mod provider;
mod settings;
mod site;
mod store;

pub use program::main;
