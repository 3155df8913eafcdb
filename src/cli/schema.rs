//! `stanchion schema`: prints the JSON Schema of guideline files, configuration and reports.

use super::terminal::Terminal;
use super::{Exit, Failure};
use crate::format;
use crate::report::report_schema;

/// Print a JSON Schema for editors and programs
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion schema guideline   the front matter of a guideline file
  stanchion schema config      stanchion.toml
  stanchion schema report      the output of `stanchion check --format json`")]
pub(super) struct Arguments {
    /// Format to describe
    #[arg(value_name = "WHAT", value_enum)]
    what: SchemaName,
}

/// Formats that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum SchemaName {
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
        SchemaName::Guideline => format::guideline_schema(),
        SchemaName::Config => format::config_schema(),
        SchemaName::Report => report_schema(),
    };
    terminal.print_for_programs(&format!("{schema:#}\n"))?;
    Ok(Exit::Ran)
}
