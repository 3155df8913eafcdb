//! `stanchion new`: creates a guideline file from a template.

use std::path::PathBuf;

use super::shell::quote;
use super::terminal::Terminal;
use super::{Exit, Failure, files, root};
use crate::format;
use crate::model::GuidelineId;
use crate::report::Role;
use crate::report::escape::escape;

/// Create a guideline file from a template
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion new acme/short-names
  stanchion new acme/pinned-images --kind data
  stanchion new acme/short-names --dir drafts")]
pub(super) struct Arguments {
    /// Guideline id: namespace/slug
    #[arg(value_name = "ID")]
    id: String,
    /// Kind of the first check
    #[arg(long, value_name = "KIND", value_enum, default_value_t = CheckKindArgument::Text)]
    kind: CheckKindArgument,
    /// Folder of guidelines, in which the file is created
    #[arg(long, value_name = "DIR", default_value = "guidelines")]
    dir: PathBuf,
}

/// Kinds of checks, as command-line values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum CheckKindArgument {
    /// Paths: presence, names, sizes, pairs
    Files,
    /// Regular expressions over text
    Text,
    /// Values in JSON, YAML, TOML, .env, INI
    Data,
    /// Syntax patterns
    Code,
    /// Findings of another linter
    Tool,
}

impl CheckKindArgument {
    fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Text => "text",
            Self::Data => "data",
            Self::Code => "code",
            Self::Tool => "tool",
        }
    }
}

/// Writes the file.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let id = GuidelineId::new(&arguments.id).map_err(|problem| {
        Failure::new(format!("`{}` is not a valid guideline id: {problem}", arguments.id))
            .with_help("for example acme/short-names: a team, then the practice in a few words")
    })?;
    if let Some(why) = id.reserved_name_reason() {
        return Err(Failure::new(format!("`{id}` cannot be used for a new guideline: {why}"))
            .with_help("choose another id: a team, then the practice in a few words"));
    }
    let shown = arguments.dir.join(id.namespace()).join(format!("{}.md", id.slug()));
    if id.slug() == "readme" {
        return Err(Failure::new(format!(
            "{} would never be read: README files are skipped",
            shown.display()
        ))
        .with_help(format!("choose another name, for example {}/read-me", id.namespace())));
    }
    let base = root::current_directory()?;
    files::create(&base.join(&shown), &format::render_scaffold(&id, arguments.kind.as_str())).map_err(
        |error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Failure::new(format!("{} already exists", shown.display()))
                .with_help("nothing was changed; choose another id or folder"),
            _ => Failure::io("write", &shown, &error),
        },
    )?;
    let path = escape(&shown.to_string_lossy()).into_owned();
    let command = |text: String| terminal.paint().text(Role::Code, &text);
    terminal.print(&format!(
        "Wrote {path}\n\nNext: fill in its sections and checks, then run\n  {}\n  {}\n",
        command(format!("stanchion test {}", escape(&quote(&shown)))),
        command(format!("stanchion check --guidelines {}", escape(&quote(&arguments.dir)))),
    ))?;
    Ok(Exit::Ran)
}
