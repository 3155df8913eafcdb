//! `stanchion completions`: prints completions for a shell.

use super::terminal::Terminal;
use super::{Exit, Failure};

/// Print completions for a shell
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion completions bash \\
      > ~/.local/share/bash-completion/completions/stanchion
  stanchion completions fish > ~/.config/fish/completions/stanchion.fish")]
pub(super) struct Arguments {
    /// Shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: clap_complete::Shell,
}

/// Prints the completions.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    // Written to memory first: clap_complete panics if standard output is closed.
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::clap_command(), "stanchion", &mut text);
    terminal.stream_for_programs(|out| out.write_all(&text))?;
    Ok(Exit::Ran)
}
