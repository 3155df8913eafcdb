//! The command line, with one module for each subcommand.
//!
//! Only this module prints, or reads arguments, environment variables, the current directory and the clock.
//! It calls `engine` for the results and `report` for their wording.

mod assess;
mod baseline;
mod cache;
mod change;
mod check;
mod ci;
mod clock;
mod comments;
mod completions;
mod edit_check;
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
mod policy_files;
mod progress;
mod project;
mod promise;
mod prompt;
mod publish;
mod reports;
mod root;
mod schema;
mod shell;
mod suggest;
mod terminal;
mod test;
mod tool_results;
mod update;
mod waive;
mod waivers;
mod why;
mod worker;
mod write_lock;

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

/// Result of a run. Its conversion to [`ExitCode`] is the only place that defines exit statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The command ran, with or without advice.
    Ran,
    /// A promise of this repository is not kept.
    PromiseNotKept,
    /// The command failed.
    Error,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Ran => 0,
            Exit::PromiseNotKept => 1,
            Exit::Error => 2,
        })
    }
}

/// Assess a repository against versioned guidelines, as advice
///
/// Findings never fail a run. Each one states what was found, where, why it matters and what to do. Without
/// configuration, the built-in starter guidelines apply.
#[derive(Parser)]
#[command(name = "stanchion", version, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    /// When to use colors: auto (if the terminal supports them), always or never
    #[arg(
        long,
        value_name = "WHEN",
        value_enum,
        default_value_t = ColorWhen::Auto,
        global = true,
        display_order = 900, // After the options of the command.
        hide_possible_values = true,
        hide_default_value = true
    )]
    color: ColorWhen,
    #[command(subcommand)]
    command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  stanchion check                              assess the current repository
  stanchion explain resilience/http-timeouts   show reasons, fixes, exceptions
  stanchion new acme/short-names               create a guideline

Exit status: 0 success (with or without findings), 1 a promise of this
repository is not kept, 2 error.";

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
        // The payload is not printed: it may contain bytes of the assessed file, which the report names.
        let _ = writeln!(std::io::stderr(), "stanchion: internal error{place}; please report it");
    }));
    if worker::is_worker_invocation() {
        return worker::run().into();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return report_usage_error(error).into(),
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
            terminal.print_error(&failure.render(&terminal));
            Exit::Error.into()
        }
    }
}

/// Prints help and version to standard output, and every other clap error to standard error.
fn report_usage_error(error: clap::Error) -> Exit {
    let terminal = Terminal::detect(color_argument(std::env::args_os().skip(1)));
    if error.use_stderr() {
        let message = format_usage_message(&with_safe_arguments(error).render().to_string());
        let head = terminal.error_paint().text(Role::Strong, "stanchion:");
        terminal.print_error(&format!("{head} {}", escape_lines(&message)));
        return Exit::Error;
    }
    match terminal.print_styled(&error.render()) {
        Ok(()) => Exit::Ran,
        Err(_) => Exit::Error,
    }
}

/// Finds the value of `--color` in arguments that clap could not parse.
fn color_argument(arguments: impl Iterator<Item = OsString>) -> ColorWhen {
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

/// Escapes the arguments that a clap error quotes: a line ending in one could forge a message.
fn with_safe_arguments(mut error: clap::Error) -> clap::Error {
    let safe = |text: &String| escape(text).into_owned();
    // Suggestions are styled text; escaping them only removes their colors.
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

/// Rewrites the prefixes of a clap message (`error:`, `tip:`) to those of our own messages.
fn format_usage_message(message: &str) -> String {
    message.strip_prefix("error: ").unwrap_or(message).replace("\n  tip: ", "\n  help: ")
}

/// The clap command, for completions and manual pages.
fn clap_command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_definition_is_valid() {
        clap_command().debug_assert();
    }

    #[test]
    fn every_subcommand_has_help_with_an_example() {
        let mut names = Vec::new();
        for mut subcommand in clap_command().get_subcommands().cloned().collect::<Vec<_>>() {
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
    fn color_is_found_in_invalid_arguments() {
        for (arguments, expected) in [
            ("check --cap x --color never", ColorWhen::Never),
            ("--color=always chekc", ColorWhen::Always),
            ("--color always --color never x", ColorWhen::Never),
            ("check -- --color always", ColorWhen::Auto),
            ("--color pink --help", ColorWhen::Auto),
            ("--colors", ColorWhen::Auto),
        ] {
            assert_eq!(color_argument(arguments.split(' ').map(OsString::from)), expected, "{arguments}");
        }
    }

    #[test]
    fn help_avoids_words_of_gates() {
        let mut root = clap_command();
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
