//! `stanchion test`: runs the examples of guideline files.

use std::path::PathBuf;

use super::terminal::Terminal;
use super::{Exit, Failure};

/// Run the good and bad examples in guideline files
///
/// Each example has a verdict: it holds, or which way the check errs (noisy, missing, wrong place, the
/// example does not parse).
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion test                          every guideline that this repository follows
  stanchion test guidelines               those in a folder
  stanchion test guidelines/acme/logs.md  those in a file")]
pub(super) struct Arguments {
    /// Folders or files with guidelines
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// Runs examples.
pub(super) fn run(arguments: &Arguments, _terminal: &Terminal) -> Result<Exit, Failure> {
    let _ = &arguments.paths;
    Err(Failure::new("examples cannot be run yet"))
}
