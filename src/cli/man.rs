//! `stanchion man`: prints or writes manual pages.

use std::io;
use std::path::PathBuf;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::terminal::Terminal;
use super::{Exit, Failure, files, root};
use crate::report::escape::escape;

/// Print the manual page, or write one per command
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion man | man -l -
  stanchion man --dir ~/.local/share/man/man1")]
pub(super) struct Arguments {
    /// Write one page per command to this folder instead
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints the main page, or writes all pages.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let command = command_for_pages();
    let Some(dir) = &arguments.dir else {
        terminal.stream_for_programs(|out| write_page("stanchion", &command, out))?;
        return Ok(Exit::Ran);
    };
    let folder = root::current_directory()?.join(dir);
    let write = || {
        std::fs::create_dir_all(&folder)?;
        for (name, command) in list_pages(&command) {
            files::write_whole(&folder.join(format!("{name}.1")), |out| write_page(&name, command, out))?;
        }
        Ok(())
    };
    write().map_err(|error| Failure::io("write manual pages to", dir, &error))?;
    terminal.print(&format!("Wrote manual pages to {}\n", escape(&dir.to_string_lossy())))?;
    Ok(Exit::Ran)
}

/// The clap command for the pages, without the `help` subcommand.
fn command_for_pages() -> Command {
    let mut command = super::clap_command().disable_help_subcommand(true);
    command.build();
    command
}

/// Every page by name: `stanchion`, `stanchion-check` and so on.
fn list_pages(command: &Command) -> Vec<(String, &Command)> {
    let mut all = vec![("stanchion".to_owned(), command)];
    all.extend(command.get_subcommands().map(|it| (format!("stanchion-{}", it.get_name()), it)));
    all
}

/// Writes one page. The lines of examples and exit statuses after the help keep their line breaks.
fn write_page(name: &str, command: &Command, out: &mut dyn io::Write) -> io::Result<()> {
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
        let command = command_for_pages();
        for (name, command) in list_pages(&command) {
            let mut text = Vec::new();
            write_page(&name, command, &mut text).expect("written to memory");
            let text = String::from_utf8(text).expect("UTF-8");
            let examples = text.split_once(".SH EXAMPLES\n.nf\n").expect(&name).1;
            let first = name.replace('-', " ");
            assert!(examples.starts_with(&format!("\\fB{first}")), "{name}: {examples}");
            assert!(text.starts_with(".ie"), "{text}");
        }
    }
}
