//! `stanchion schema`: the JSON Schema of what people write and programs read.

use super::terminal::Terminal;
use super::{Exit, Failure};
use crate::format;
use crate::report::report_schema;

/// Print a JSON Schema
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion schema guideline   the front matter of a guideline file
  stanchion schema config      stanchion.toml
  stanchion schema report      what `stanchion check --format json` writes")]
pub(super) struct Arguments {
    /// Of what
    #[arg(value_name = "WHAT", value_enum)]
    what: What,
}

/// What has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// The front matter of a guideline file
    Guideline,
    /// stanchion.toml
    Config,
    /// The JSON report
    Report,
}

/// Prints the schema.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let schema = match arguments.what {
        What::Guideline => format::guideline_schema(),
        What::Config => format::config_schema(),
        What::Report => report_schema(),
    };
    terminal.print_for_programs(&format!("{schema:#}\n"))?;
    Ok(Exit::Ran)
}
