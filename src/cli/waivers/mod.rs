//! `stanchion waivers`: what is stepped over here, and what has become of it.

mod change;
mod list;
mod why;

use std::path::{Path, PathBuf};

use super::assess::{self, How, Request};
use super::clock::Clock;
use super::party::Party;
use super::progress::Progress;
use super::terminal::Terminal;
use super::{Exit, Failure, guidelines, root, suggest};
use crate::model::{Date, Outcome, WaiverOutcome};

/// Look after waivers
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion waivers list                        every waiver, and what it does
  stanchion waivers lint                        what is wrong or worth a look
  stanchion waivers why http-timeouts           one of them, in full
  stanchion waivers renew http-timeouts         for another 180 days
  stanchion waivers withdraw http-timeouts      take it back

A waiver is never removed: one that is taken back stays, for the record.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Every waiver, and what it does today
    List {
        /// A path in the repository; without it, the repository you are in
        #[arg(value_name = "PATH")]
        path: Option<PathBuf>,
        /// Only those with this effect
        #[arg(long, value_name = "EFFECT", value_parser = list::effect)]
        effect: Option<crate::model::Effect>,
        /// How the list is written
        #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t = list::Format::Human)]
        format: list::Format,
        #[command(flatten)]
        clock: Clock,
    },
    /// What is wrong with waivers, and what is worth a look
    Lint {
        /// A path in the repository; without it, the repository you are in
        #[arg(value_name = "PATH")]
        path: Option<PathBuf>,
        #[command(flatten)]
        clock: Clock,
    },
    /// One waiver in full, and why it does what it does
    Why {
        /// Its id; of one in a comment, file:line
        #[arg(value_name = "WAIVER")]
        id: String,
        /// A path in the repository; without it, the repository you are in
        #[arg(value_name = "PATH")]
        path: Option<PathBuf>,
        #[command(flatten)]
        clock: Clock,
    },
    /// Move the end of a waiver
    Renew {
        /// Its id; of one in a comment, file:line
        #[arg(value_name = "WAIVER")]
        id: String,
        /// A path in the repository; without it, the repository you are in
        #[arg(value_name = "PATH")]
        path: Option<PathBuf>,
        /// Its new last day [default: 180 days from now]
        #[arg(long, value_name = "DATE", value_parser = super::waive::date)]
        until: Option<Date>,
        #[command(flatten)]
        clock: Clock,
    },
    /// Take a waiver back: it stays in its place, without effect
    Withdraw {
        /// Its id; of one in a comment, file:line
        #[arg(value_name = "WAIVER")]
        id: String,
        /// A path in the repository; without it, the repository you are in
        #[arg(value_name = "PATH")]
        path: Option<PathBuf>,
        #[command(flatten)]
        clock: Clock,
    },
}

/// Does what was asked.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    match &arguments.action {
        Action::List { path, effect, format, clock } => {
            let place = root::locate(&base, path.as_slice())?;
            let outcome = outcome(&place.root, clock.today(), terminal)?;
            list::list(&outcome, *effect, *format, terminal)
        }
        Action::Lint { path, clock } => {
            let place = root::locate(&base, path.as_slice())?;
            let outcome = outcome(&place.root, clock.today(), terminal)?;
            list::lint(&outcome, terminal)
        }
        Action::Why { id, path, clock } => {
            let place = root::locate(&base, path.as_slice())?;
            let outcome = outcome(&place.root, clock.today(), terminal)?;
            why::why(find(&outcome, id)?, &outcome, terminal)
        }
        Action::Renew { id, path, until, clock } => {
            let place = root::locate(&base, path.as_slice())?;
            let today = clock.today();
            let outcome = outcome(&place.root, today, terminal)?;
            change::renew((&base, &place.root), find(&outcome, id)?, *until, today, terminal)
        }
        Action::Withdraw { id, path, clock } => {
            let place = root::locate(&base, path.as_slice())?;
            let today = clock.today();
            let outcome = outcome(&place.root, today, terminal)?;
            change::withdraw((&base, &place.root), find(&outcome, id)?, today, terminal)
        }
    }
}

/// Assesses everything that is followed, with the comments of every file.
fn outcome(root: &Path, today: Date, terminal: &Terminal) -> Result<Outcome, Failure> {
    let followed = guidelines::load_party(Party::read(root)?)?;
    let progress = Progress::new(terminal);
    let how = How { every_comment: true, ..How::default() };
    let assessed =
        assess::assess(&followed, Request { root, scopes: vec![], change: None, today, how }, &progress)?;
    progress.finish();
    if let Some(Ok(lane)) = assessed.lane {
        lane.keep();
    }
    Ok(assessed.outcome)
}

/// The waiver with this id.
fn find<'o>(outcome: &'o Outcome, id: &str) -> Result<&'o WaiverOutcome, Failure> {
    if let Some(found) = outcome.waivers.iter().find(|it| it.waiver.id == id) {
        return Ok(found);
    }
    let near = suggest::near(id, outcome.waivers.iter().map(|it| it.waiver.id.as_str()));
    let help = match near.as_slice() {
        [] => "`stanchion waivers list` shows them, and `stanchion waivers lint` those without effect"
            .to_owned(),
        near => format!("did you mean {}?", near.join(" or ")),
    };
    Err(Failure::new(format!("there is no waiver `{id}` that can be used")).with_help(help))
}
