//! Workflow commands of GitHub's runner: `::notice file=a.rs,line=3::text`, one a line, on standard output.
//!
//! Escaping as in `command.ts` of actions/toolkit, which the runner undoes (`ActionCommand.cs`).

use super::log::guarded;
use crate::report::escape::escape;

/// The text behind the second `::`. Line ends stay line ends: the runner shows them.
#[must_use]
pub fn message(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(|line| guarded(&escape(line))).collect();
    lines.join("\n").replace('%', "%25").replace('\n', "%0A")
}

/// The value of a property such as `title`.
#[must_use]
pub fn property(text: &str) -> String {
    guarded(&escape(text)).replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}
