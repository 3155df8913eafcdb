//! Workflow commands of GitHub's runner: `::notice file=a.rs,line=3::text`, one per line, on standard output.
//!
//! Escapes like `command.ts` of actions/toolkit; the runner unescapes in `ActionCommand.cs`.

use super::log::neutralize_commands;
use crate::report::escape::escape;

/// Escapes the text after the second `::`. Line ends are kept, because the runner shows them.
#[must_use]
pub fn message(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(|line| neutralize_commands(&escape(line))).collect();
    lines.join("\n").replace('%', "%25").replace('\n', "%0A")
}

/// Escapes the value of a property such as `title`.
#[must_use]
pub fn property(text: &str) -> String {
    neutralize_commands(&escape(text)).replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}
