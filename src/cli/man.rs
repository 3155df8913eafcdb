//! `stanchion man`: manual pages.

use std::io;
use std::path::PathBuf;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::terminal::Terminal;
use super::{Exit, Failure, files, root};
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
    let command = described();
    let Some(dir) = &arguments.dir else {
        terminal.stream_for_programs(|out| page("stanchion", &command, out))?;
        return Ok(Exit::Ran);
    };
    let folder = root::current_directory()?.join(dir);
    let write = || {
        std::fs::create_dir_all(&folder)?;
        for (name, command) in pages(&command) {
            files::write_whole(&folder.join(format!("{name}.1")), |out| page(&name, command, out))?;
        }
        Ok(())
    };
    write().map_err(|error| Failure::io("write manual pages into", dir, &error))?;
    terminal.print(&format!("Wrote manual pages into {}\n", escape(&dir.to_string_lossy())))?;
    Ok(Exit::Ran)
}

/// The command with everything that its pages show; `help` has none.
fn described() -> Command {
    let mut command = super::command().disable_help_subcommand(true);
    command.build();
    command
}

/// Every page: `stanchion`, and `stanchion-check` and so on.
fn pages(command: &Command) -> Vec<(String, &Command)> {
    let mut all = vec![("stanchion".to_owned(), command)];
    all.extend(command.get_subcommands().map(|it| (format!("stanchion-{}", it.get_name()), it)));
    all
}

/// One page. The text after the help is examples and exit statuses, whose lines stay as they are.
fn page(name: &str, command: &Command, out: &mut dyn io::Write) -> io::Result<()> {
    let version = concat!("stanchion ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone())
        .title(name.to_uppercase())
        .section("1")
        .source(version)
        .manual("Stanchion manual");
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if command.has_subcommands() {
        man.render_subcommands_section(out)?;
    }
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let mut roff = Roff::new();
    if !after.is_empty() {
        roff.control("SH", ["EXAMPLES"]);
        roff.control("nf", []);
        for line in after.lines().skip_while(|line| *line == "Examples:") {
            match line.strip_prefix("  ") {
                Some(example) => roff.text([bold(example)]),
                None => roff.text([roman(line)]),
            };
        }
        roff.control("fi", []);
    }
    roff.to_writer(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_its_examples_line_by_line() {
        let command = described();
        for (name, command) in pages(&command) {
            let mut text = Vec::new();
            page(&name, command, &mut text).expect("written to memory");
            let text = String::from_utf8(text).expect("UTF-8");
            let examples = text.split_once(".SH EXAMPLES\n.nf\n").expect(&name).1;
            let first = name.replace('-', " ");
            assert!(examples.starts_with(&format!("\\fB{first}")), "{name}: {examples}");
            assert!(text.starts_with(".ie"), "{text}");
        }
    }
}
