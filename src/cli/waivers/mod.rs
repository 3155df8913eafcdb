//! `stanchion waivers`: lists, explains, renews and withdraws waivers.

mod change;
mod list;
mod why;

use std::path::{Path, PathBuf};

use super::assess::{self, AssessOptions, AssessRequest};
use super::clock::TodayArgument;
use super::progress::ProgressDisplay;
use super::project::Project;
use super::terminal::Terminal;
use super::{Exit, Failure, guidelines, root, suggest};
use crate::model::{Date, Outcome, WaiverOutcome};

/// List, explain, renew or withdraw waivers
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion waivers list                        list every waiver
  stanchion waivers lint                        show problems and warnings
  stanchion waivers why http-timeouts           explain one waiver
  stanchion waivers renew http-timeouts         extend it by 180 days
  stanchion waivers withdraw http-timeouts      withdraw it

A waiver is never removed: a withdrawn waiver stays as a record.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: WaiversCommand,
}

#[derive(clap::Subcommand, Debug)]
enum WaiversCommand {
    /// List every waiver with its effect today
    List {
        /// Any path inside the repository [default: the current folder]
        #[arg(value_name = "PATH")]
        path: Option<PathBuf>,
        /// List only waivers with this effect: lapsed, lapsing, outdated, unused, superseded, active or
        /// withdrawn
        #[arg(long, value_name = "EFFECT", value_parser = list::parse_effect)]
        effect: Option<crate::model::WaiverEffect>,
        /// Output format
        #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t = list::WaiverListFormat::Human)]
        format: list::WaiverListFormat,
        #[command(flatten)]
        clock: TodayArgument,
    },
    /// Show invalid waivers, and waivers that need attention
    Lint {
        /// Any path inside the repository [default: the current folder]
        #[arg(value_name = "PATH")]
        path: Option<PathBuf>,
        #[command(flatten)]
        clock: TodayArgument,
    },
    /// Show one waiver in full, and the reason for its effect
    Why {
        /// Waiver id; for a waiver in a comment, file:line
        #[arg(value_name = "WAIVER")]
        id: String,
        /// Any path inside the repository [default: the current folder]
        #[arg(value_name = "PATH")]
        path: Option<PathBuf>,
        #[command(flatten)]
        clock: TodayArgument,
    },
    /// Extend a waiver
    Renew {
        /// Waiver id; for a waiver in a comment, file:line
        #[arg(value_name = "WAIVER")]
        id: String,
        /// Any path inside the repository [default: the current folder]
        #[arg(value_name = "PATH")]
        path: Option<PathBuf>,
        /// New last day of the waiver [default: 180 days from now]
        #[arg(long, value_name = "DATE", value_parser = super::waive::parse_date)]
        until: Option<Date>,
        #[command(flatten)]
        clock: TodayArgument,
    },
    /// Withdraw a waiver: the entry stays as a record, without effect
    Withdraw {
        /// Waiver id; for a waiver in a comment, file:line
        #[arg(value_name = "WAIVER")]
        id: String,
        /// Any path inside the repository [default: the current folder]
        #[arg(value_name = "PATH")]
        path: Option<PathBuf>,
        #[command(flatten)]
        clock: TodayArgument,
    },
}

/// Runs the subcommand.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    match &arguments.command {
        WaiversCommand::List { path, effect, format, clock } => {
            let selection = root::locate(&base, path.as_slice())?;
            let outcome = assess_waivers(&selection.root, clock.today(), terminal)?;
            list::print_list(&outcome, *effect, *format, terminal)
        }
        WaiversCommand::Lint { path, clock } => {
            let selection = root::locate(&base, path.as_slice())?;
            let outcome = assess_waivers(&selection.root, clock.today(), terminal)?;
            list::print_lint(&outcome, terminal)
        }
        WaiversCommand::Why { id, path, clock } => {
            let selection = root::locate(&base, path.as_slice())?;
            let outcome = assess_waivers(&selection.root, clock.today(), terminal)?;
            why::print_waiver(find_waiver(&outcome, id)?, &outcome, terminal)
        }
        WaiversCommand::Renew { id, path, until, clock } => {
            let selection = root::locate(&base, path.as_slice())?;
            let today = clock.today();
            let outcome = assess_waivers(&selection.root, today, terminal)?;
            change::renew((&base, &selection.root), find_waiver(&outcome, id)?, *until, today, terminal)
        }
        WaiversCommand::Withdraw { id, path, clock } => {
            let selection = root::locate(&base, path.as_slice())?;
            let today = clock.today();
            let outcome = assess_waivers(&selection.root, today, terminal)?;
            change::withdraw((&base, &selection.root), find_waiver(&outcome, id)?, today, terminal)
        }
    }
}

/// Assesses the project, and reads the comments of every file.
fn assess_waivers(root: &Path, today: Date, terminal: &Terminal) -> Result<Outcome, Failure> {
    let followed = guidelines::load_project(Project::read(root)?)?;
    let progress = ProgressDisplay::new(terminal);
    let options = AssessOptions { every_comment: true, ..AssessOptions::default() };
    let assessed = assess::assess(
        &followed,
        AssessRequest { root, scopes: vec![], change: None, today, options },
        &progress,
    )?;
    progress.finish();
    if let Some(Ok(cache)) = assessed.cache {
        cache.write();
    }
    Ok(assessed.outcome)
}

/// The waiver with this id.
fn find_waiver<'o>(outcome: &'o Outcome, id: &str) -> Result<&'o WaiverOutcome, Failure> {
    if let Some(found) = outcome.waivers.iter().find(|it| it.waiver.id == id) {
        return Ok(found);
    }
    let near = suggest::similar_names(id, outcome.waivers.iter().map(|it| it.waiver.id.as_str()));
    let help = match near.as_slice() {
        [] => {
            "`stanchion waivers list` shows valid waivers, `stanchion waivers lint` invalid ones".to_owned()
        }
        near => format!("did you mean {}?", near.join(" or ")),
    };
    Err(Failure::new(format!("no valid waiver `{id}` exists")).with_help(help))
}
