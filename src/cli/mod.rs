//! The command line: one file for each subcommand.
//!
//! The only room that prints or reads arguments, environment, directory and time. What is found out and
//! how it is worded belongs elsewhere (`engine`, `report`); here it is only asked for and passed on.

mod ask;
mod assess;
mod baseline;
mod cache;
mod change;
mod check;
mod ci;
mod clock;
mod comments;
mod completions;
mod explain;
mod failure;
mod files;
mod fix;
mod guidelines;
mod hook;
mod init;
mod interrupt;
mod links;
mod list;
mod man;
mod markdown;
mod new;
mod party;
mod progress;
mod promise;
mod proof;
mod publish;
mod reports;
mod root;
mod says;
mod schema;
mod shell;
mod suggest;
mod terminal;
mod test;
mod tool_results;
mod turn;
mod update;
mod waive;
mod waivers;
mod why;
mod worker;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum as _};

use crate::report::Role;
use crate::report::escape::{escape, escape_lines};
use failure::Failure;
use terminal::{ColorWhen, Terminal};

/// How a run ended. The one place where it becomes a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It ran: advice or not.
    Ran,
    /// A promise that this repository made is not kept.
    PromiseNotKept,
    /// Stanchion could not do what was asked.
    CouldNot,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ran => 0,
            Exit::PromiseNotKept => 1,
            Exit::CouldNot => 2,
        })
    }
}

/// Assesses repositories against versioned guidelines, as advice.
///
/// Findings never fail a run: they say what, where, why and what to do. Without any configuration, the
/// starter guidelines that are built in are used.
#[derive(Parser)]
#[command(name = "stanchion", version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    /// When to use colours: auto (for a terminal that shows them), always or never
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t = ColorWhen::Auto,
        global = true,
        display_order = 900, // Behind what a command is about.
        hide_possible_values = true,
        hide_default_value = true
    )]
    color: ColorWhen,
    #[command(subcommand)]
    command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  stanchion check                              assess the repository you are in
  stanchion explain resilience/http-timeouts   why, how to keep it, when not to
  stanchion new acme/short-names               write a guideline of your own

Exit status: 0 it ran (advice or not), 1 a promise of this repository is not
kept, 2 stanchion could not do what was asked.";

#[derive(Subcommand)]
enum Command {
    Check(check::Arguments),
    Explain(explain::Arguments),
    List(list::Arguments),
    Why(why::Arguments),
    Test(test::Arguments),
    New(new::Arguments),
    Init(init::Arguments),
    Fix(fix::Arguments),
    Update(update::Arguments),
    Publish(publish::Arguments),
    Promise(promise::Arguments),
    Waive(waive::Arguments),
    Waivers(waivers::Arguments),
    Baseline(baseline::Arguments),
    Hook(hook::Arguments),
    Cache(cache::Arguments),
    Schema(schema::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or(String::new(), |at| format!(" at {}:{}", at.file(), at.line()));
        // The file that was looked at is named in the report; the payload may hold its bytes.
        let _ = writeln!(std::io::stderr(), "stanchion: a defect in stanchion{place}; please report it");
    }));
    if worker::is_asked_for() {
        return worker::run().into();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(error).into(),
    };
    let terminal = Terminal::detect(cli.color);
    let result = match cli.command {
        None => terminal.print_styled(&Cli::command().render_help()).map(|()| Exit::Ran),
        Some(Command::Check(arguments)) => check::run(&arguments, &terminal),
        Some(Command::Explain(arguments)) => explain::run(&arguments, &terminal),
        Some(Command::List(arguments)) => list::run(&arguments, &terminal),
        Some(Command::Why(arguments)) => why::run(&arguments, &terminal),
        Some(Command::Test(arguments)) => test::run(&arguments, &terminal),
        Some(Command::New(arguments)) => new::run(&arguments, &terminal),
        Some(Command::Init(arguments)) => init::run(&arguments, &terminal),
        Some(Command::Fix(arguments)) => fix::run(&arguments, &terminal),
        Some(Command::Update(arguments)) => update::run(&arguments, &terminal),
        Some(Command::Publish(arguments)) => publish::run(&arguments, &terminal),
        Some(Command::Promise(arguments)) => promise::run(&arguments, &terminal),
        Some(Command::Waive(arguments)) => waive::run(&arguments, &terminal),
        Some(Command::Waivers(arguments)) => waivers::run(&arguments, &terminal),
        Some(Command::Baseline(arguments)) => baseline::run(&arguments, &terminal),
        Some(Command::Hook(arguments)) => hook::run(&arguments, &terminal),
        Some(Command::Cache(arguments)) => cache::run(&arguments, &terminal),
        Some(Command::Schema(arguments)) => schema::run(&arguments, &terminal),
        Some(Command::Completions(arguments)) => completions::run(&arguments, &terminal),
        Some(Command::Man(arguments)) => man::run(&arguments, &terminal),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            terminal.complain(&failure.render(&terminal));
            Exit::CouldNot.into()
        }
    }
}

/// Help and version are what was asked; anything else that clap refuses is a usage message.
fn usage(error: clap::Error) -> Exit {
    let terminal = Terminal::detect(color_asked(std::env::args_os().skip(1)));
    if error.use_stderr() {
        let message = in_our_words(&with_safe_arguments(error).render().to_string());
        let head = terminal.error_paint().text(Role::Strong, "stanchion:");
        terminal.complain(&format!("{head} {}", escape_lines(&message)));
        return Exit::CouldNot;
    }
    match terminal.print_styled(&error.render()) {
        Ok(()) => Exit::Ran,
        Err(_) => Exit::CouldNot,
    }
}

/// What `--color` says among arguments that could not be understood as a whole.
fn color_asked(arguments: impl Iterator<Item = OsString>) -> ColorWhen {
    let mut when = ColorWhen::Auto;
    let mut arguments = arguments.map(|it| it.to_string_lossy().into_owned()).take_while(|it| it != "--");
    while let Some(argument) = arguments.next() {
        let value = match argument.strip_prefix("--color") {
            Some("") => arguments.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        when = value.and_then(|value| ColorWhen::from_str(&value, false).ok()).unwrap_or(when);
    }
    when
}

/// The same with each argument that it names as one safe line: a line end in one could forge a message.
fn with_safe_arguments(mut error: clap::Error) -> clap::Error {
    let safe = |text: &String| escape(text).into_owned();
    // Suggestions come styled; they are few words and lose only their colours.
    let plain = |text: &StyledStr| StyledStr::from(escape(&text.to_string()).into_owned());
    let changed: Vec<(ContextKind, ContextValue)> = error
        .context()
        .filter_map(|(kind, value)| {
            let value = match value {
                ContextValue::String(text) => ContextValue::String(safe(text)),
                ContextValue::Strings(texts) => ContextValue::Strings(texts.iter().map(safe).collect()),
                ContextValue::StyledStrs(texts) => {
                    ContextValue::StyledStrs(texts.iter().map(plain).collect())
                }
                _ => return None,
            };
            Some((kind, value))
        })
        .collect();
    for (kind, value) in changed {
        error.insert(kind, value);
    }
    error
}

/// clap's message, beginning (after our name) and helping like all others.
fn in_our_words(message: &str) -> String {
    message.strip_prefix("error: ").unwrap_or(message).replace("\n  tip: ", "\n  help: ")
}

/// The command as completions and man pages see it.
fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_finds_no_contradiction() {
        command().debug_assert();
    }

    #[test]
    fn every_subcommand_has_help_with_an_example() {
        let mut names = Vec::new();
        for mut subcommand in command().get_subcommands().cloned().collect::<Vec<_>>() {
            let name = subcommand.get_name().to_owned();
            let help = subcommand.render_long_help().to_string();
            assert!(help.contains("Example"), "{name}: no examples in\n{help}");
            assert!(help.contains(&format!("  stanchion {name}")), "{name}: no example line in\n{help}");
            let after = help.split_once("Examples:").map_or("", |(_, after)| after);
            let explained = |line: &&str| line.trim().contains("  ");
            let wide: Vec<_> =
                after.lines().filter(explained).filter(|line| line.chars().count() > 80).collect();
            assert!(wide.is_empty(), "{name}: wraps in a terminal of 80 columns: {wide:?}");
            assert!(subcommand.get_about().is_some_and(|about| !about.to_string().ends_with('.')), "{name}");
            for argument in subcommand.get_arguments() {
                assert!(argument.get_help().is_some(), "{name} {}: no help", argument.get_id());
            }
            names.push(name);
        }
        let expected = [
            "check",
            "explain",
            "list",
            "why",
            "test",
            "new",
            "init",
            "fix",
            "update",
            "publish",
            "promise",
            "waive",
            "waivers",
            "baseline",
            "hook",
            "cache",
            "schema",
            "completions",
            "man",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn colours_are_heeded_in_arguments_that_make_no_sense() {
        for (arguments, expected) in [
            ("check --cap x --color never", ColorWhen::Never),
            ("--color=always chekc", ColorWhen::Always),
            ("--color always --color never x", ColorWhen::Never),
            ("check -- --color always", ColorWhen::Auto),
            ("--color pink --help", ColorWhen::Auto),
            ("--colors", ColorWhen::Auto),
        ] {
            assert_eq!(color_asked(arguments.split(' ').map(OsString::from)), expected, "{arguments}");
        }
    }

    #[test]
    fn help_avoids_words_of_gates() {
        let mut root = command();
        let mut text = root.render_long_help().to_string();
        for subcommand in root.get_subcommands_mut() {
            text.push_str(&subcommand.render_long_help().to_string());
        }
        let text = text.to_lowercase();
        for word in
            ["violat", "complian", "mandatory", "enforce", "exempt", "approve", "deny", "reject", "offend"]
        {
            assert!(!text.contains(word), "{word}");
        }
    }
}
