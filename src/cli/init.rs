//! `stanchion init`: a stanchion.toml to begin with.

use super::party::CONFIG;
use super::terminal::Terminal;
use super::{Exit, Failure, files, root};
use crate::format;
use crate::report::Role;
use crate::report::escape::escape;

/// Write a stanchion.toml to begin with
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion init

It says which guidelines this repository follows. An existing file is left as
it is.")]
pub(super) struct Arguments {}

/// Writes the file.
pub(super) fn run(_arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let place = root::locate(&base, &[])?;
    let path = place.root.join(CONFIG);
    let own = place.root.join("guidelines");
    // What lies outside the repository, behind a link, cannot be followed.
    let inside = own.canonicalize().is_ok_and(|own| own.starts_with(&place.root));
    let has_own = inside && files::markdown_below(&own).is_ok_and(|found| !found.is_empty());
    let text = contents(has_own);
    files::create(&path, &text).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::new(format!("{} is there already", path.display()))
            .with_help("it was left as it is; `stanchion list` shows what it follows"),
        _ => Failure::io("write", &path, &error),
    })?;
    let here = base.canonicalize().is_ok_and(|base| base == place.root);
    let shown = if here { CONFIG.into() } else { path.to_string_lossy() };
    let command = |text: &str| terminal.paint().text(Role::Code, text);
    let indented: String =
        text.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect();
    terminal.print(&format!(
        "Wrote {}:\n\n{indented}\nNext:\n  {}   what it asks of this repository\n  {}  what could be better\n",
        escape(&shown),
        command("stanchion list"),
        command("stanchion check"),
    ))?;
    Ok(Exit::Ran)
}

/// The file to begin with; a folder of guidelines that is there already comes first.
fn contents(has_own: bool) -> String {
    let text = format::init_config(None);
    if has_own {
        text.replace("follow = [\"starter\"]", "follow = [\"./guidelines\", \"starter\"]")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        for has_own in [true, false] {
            let config = format::parse_config(CONFIG, &contents(has_own)).expect("it can be read");
            assert_eq!(config.follow.len(), 1 + usize::from(has_own));
        }
    }
}
