//! `stanchion new`: a guideline file to start from.

use std::path::PathBuf;

use super::shell::quote;
use super::terminal::Terminal;
use super::{Exit, Failure, files, root};
use crate::format;
use crate::model::GuidelineId;
use crate::report::Role;
use crate::report::escape::escape;

/// Write a new guideline file to start from
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion new acme/short-names
  stanchion new acme/pinned-images --kind data
  stanchion new acme/short-names --dir drafts")]
pub(super) struct Arguments {
    /// The new guideline's id, namespace/slug
    #[arg(value_name = "ID")]
    id: String,
    /// The kind of its first check
    #[arg(long, value_name = "KIND", value_enum, default_value_t = Kind::Text)]
    kind: Kind,
    /// The folder of guidelines that it goes into
    #[arg(long, value_name = "DIR", default_value = "guidelines")]
    dir: PathBuf,
}

/// Kinds of checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// Paths: presence, names, sizes, pairs
    Files,
    /// Regular expressions over text
    Text,
    /// Values in JSON, YAML, TOML, .env, INI
    Data,
    /// Syntax patterns
    Code,
    /// What another linter found
    Tool,
}

impl Kind {
    fn word(self) -> &'static str {
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
        Failure::new(format!("`{}` cannot be an id: {problem}", arguments.id))
            .with_help("for example acme/short-names: a team, then the practice in a few words")
    })?;
    if let Some(why) = id.why_not_new() {
        return Err(Failure::new(format!("`{id}` cannot be the id of a new guideline: {why}"))
            .with_help("choose another name: a team, then the practice in a few words"));
    }
    let shown = arguments.dir.join(id.namespace()).join(format!("{}.md", id.slug()));
    if id.slug() == "readme" {
        return Err(Failure::new(format!(
            "{} would never be read: a README is about its folder",
            shown.display()
        ))
        .with_help(format!("choose another name, for example {}/read-me", id.namespace())));
    }
    let base = root::current_directory()?;
    files::create(&base.join(&shown), &format::scaffold(&id, arguments.kind.word())).map_err(|error| {
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                Failure::new(format!("{} is there already", shown.display()))
                    .with_help("it was left as it is; choose another id or folder")
            }
            _ => Failure::io("write", &shown, &error),
        }
    })?;
    let path = escape(&shown.to_string_lossy()).into_owned();
    let command = |text: String| terminal.paint().text(Role::Code, &text);
    terminal.print(&format!(
        "Wrote {path}\n\nNext: say why and how in it, then\n  {}\n  {}\n",
        command(format!("stanchion test {}", escape(&quote(&shown)))),
        command(format!("stanchion check --guidelines {}", escape(&quote(&arguments.dir)))),
    ))?;
    Ok(Exit::Ran)
}
