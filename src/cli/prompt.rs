//! Interactive prompts at a terminal, one line at a time.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use super::terminal::Terminal;
use super::{Failure, interrupt};
use crate::report::escape::escape;
use crate::report::{Role, wrap};

/// Whether standard input and standard output are both a terminal.
pub(super) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Prompts until `understand` accepts the answer. An empty answer means `default`, if there is one.
///
/// # Errors
/// End of input (Ctrl-D).
pub(super) fn prompt<T>(
    terminal: &Terminal,
    question: &str,
    default: Option<&str>,
    understand: impl Fn(&str) -> Result<T, String>,
) -> Result<T, Failure> {
    interrupt::install_handler();
    let hint = default.map_or_else(String::new, |default| format!(" [{}]", escape(default)));
    loop {
        let head = terminal.paint().text(Role::Strong, question);
        terminal.print(&format!("{head}{hint}: "))?;
        // `print` has already reported a closed output.
        let _ = io::stdout().flush();
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        if matches!(read, Ok(0) | Err(_)) {
            return Err(Failure::new("the input ended before every question was answered")
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
