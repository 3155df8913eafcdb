//! `stanchion man`: manual pages.

use std::path::PathBuf;

use super::terminal::Terminal;
use super::{Exit, Failure, root};
use crate::report::escape::escape;

/// Print the manual page, or write one for each command
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion man | man -l -
  stanchion man --dir ~/.local/share/man/man1")]
pub(super) struct Arguments {
    /// Write a page for each command into this folder instead
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints or writes the pages.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let Some(dir) = &arguments.dir else {
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(super::command()).render(&mut page);
        rendered.map_err(|error| Failure::new(format!("cannot make the manual page: {error}")))?;
        terminal.stream(|out| out.write_all(&page))?;
        return Ok(Exit::Ran);
    };
    let folder = root::current_directory()?.join(dir);
    std::fs::create_dir_all(&folder)
        .and_then(|()| clap_mangen::generate_to(super::command(), &folder))
        .map_err(|error| Failure::io("write manual pages into", dir, &error))?;
    terminal.print(&format!("Wrote manual pages into {}\n", escape(&dir.to_string_lossy())))?;
    Ok(Exit::Ran)
}
