//! Asking somebody at a terminal, one line at a time.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use super::terminal::Terminal;
use super::{Failure, interrupt};
use crate::report::escape::escape;
use crate::report::{Role, wrap};

/// Whether somebody can be asked: both sides of the talk are a terminal.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Asks until the answer is understood. An empty answer is `default`, if there is one.
///
/// # Errors
/// When the talk ends (Ctrl-D).
pub(super) fn ask<T>(
    terminal: &Terminal,
    question: &str,
    default: Option<&str>,
    understand: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Failure> {
    interrupt::answer_at_once();
    let hint = default.map_or_else(String::new, |default| format!(" [{}]", escape(default)));
    loop {
        let head = terminal.paint().text(Role::Strong, question);
        terminal.print(&format!("{head}{hint}: "))?;
        // A closed output was told by `print`.
        let _ = io::stdout().flush();
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        if matches!(read, Ok(0) | Err(_)) {
            return Err(Failure::new("the talk ended before everything was answered")
                .with_help("nothing was written"));
        }
        let answer = line.trim();
        let answer = if answer.is_empty() { default.unwrap_or_default() } else { answer };
        match understand(answer) {
            Ok(value) => return Ok(value),
            Err(message) => terminal.print(&wrap(terminal.width, "  ", "  ", &escape(&message)))?,
        }
    }
}
