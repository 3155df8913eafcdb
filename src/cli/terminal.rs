//! Capabilities of the terminal, and all output to it.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};

use anstream::{AutoStream, ColorChoice};

use super::failure::system_words;
use super::{Failure, ci};
use crate::report::encode::log::{LogGuard, neutralize_commands};
use crate::report::{HumanStyle, Paint};

/// Columns if the width is unknown.
const WIDTH: usize = 80;
/// Maximum width of text; longer lines are hard to read.
const WIDEST: usize = 120;

/// When to use colors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ColorWhen {
    /// If the terminal supports them, and according to NO_COLOR, CLICOLOR, CLICOLOR_FORCE and TERM
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Capabilities of standard output and standard error.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about two streams")]
pub(super) struct Terminal {
    /// Whether standard output uses colors.
    pub(super) color: bool,
    /// Whether standard error uses colors.
    error_color: bool,
    /// Width in columns.
    pub(super) width: usize,
    /// Whether standard output is not a terminal.
    piped: bool,
    /// Whether characters outside ASCII may be used.
    pub(super) unicode: bool,
    /// Whether standard error is a terminal.
    pub(super) is_stderr_interactive: bool,
    /// Whether a build server interprets commands in the log.
    neutralize_commands: bool,
}

impl Terminal {
    /// Detects the capabilities from the streams and the environment.
    pub(super) fn detect(when: ColorWhen) -> Self {
        let chosen = |auto: ColorChoice| match when {
            ColorWhen::Auto => auto != ColorChoice::Never,
            ColorWhen::Always => true,
            ColorWhen::Never => false,
        };
        Self {
            color: chosen(AutoStream::choice(&io::stdout())),
            error_color: chosen(AutoStream::choice(&io::stderr())),
            width: width(),
            piped: !io::stdout().is_terminal(),
            unicode: unicode(&[variable("LC_ALL"), variable("LC_CTYPE"), variable("LANG")]),
            is_stderr_interactive: io::stderr().is_terminal(),
            neutralize_commands: ci::interprets_log_commands(&variable),
        }
    }

    /// Whether standard output is not a terminal.
    pub(super) fn is_piped(&self) -> bool {
        self.piped
    }

    /// Paint for standard output.
    pub(super) fn paint(&self) -> Paint {
        Paint { color: self.color, unicode: self.unicode }
    }

    /// Paint for standard error.
    pub(super) fn error_paint(&self) -> Paint {
        Paint { color: self.error_color, unicode: self.unicode }
    }

    /// Style of a report on standard output.
    pub(super) fn style(&self) -> HumanStyle {
        HumanStyle {
            color: self.color,
            width: self.width,
            whole_lines: self.piped,
            unicode: self.unicode,
            ..HumanStyle::default()
        }
    }

    /// Style of problems on standard error. Shows all of them, because no other command would.
    pub(super) fn error_style(&self) -> HumanStyle {
        HumanStyle { color: self.error_color, cap: Some(usize::MAX), ..self.style() }
    }

    /// Writes text, which the caller has escaped, to standard output. A closed pipe is not an error.
    pub(super) fn print(&self, text: &str) -> Result<(), Failure> {
        self.stream(|out| out.write_all(text.as_bytes()))
    }

    /// Writes text for another program, unchanged.
    pub(super) fn print_for_programs(&self, text: &str) -> Result<(), Failure> {
        self.stream_for_programs(|out| out.write_all(text.as_bytes()))
    }

    /// Whether a build server would interpret a line of `text` as a log command.
    pub(super) fn contains_log_command(&self, text: &str) -> bool {
        self.neutralize_commands && neutralize_commands(text) != text
    }

    /// Writes clap's help to standard output.
    pub(super) fn print_styled(&self, text: &clap::builder::StyledStr) -> Result<(), Failure> {
        let text = if self.color { text.ansi().to_string() } else { text.to_string() };
        self.print(&format!("{}\n", text.trim_end()))
    }

    /// Passes a buffered standard output to `write`. A closed pipe is not an error.
    pub(super) fn stream(
        &self,
        write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        if !self.neutralize_commands {
            return self.stream_for_programs(write);
        }
        self.stream_for_programs(|out| {
            let mut guard = LogGuard::new(out);
            write(&mut guard).and_then(|()| guard.flush())
        })
    }

    /// Like [`Terminal::stream`], for output that another program parses: log commands are not escaped.
    #[expect(clippy::unused_self, reason = "only holders of a Terminal may print")]
    pub(super) fn stream_for_programs(
        &self,
        write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let mut out = io::BufWriter::with_capacity(64 * 1024, io::stdout().lock());
        let written = write(&mut out).and_then(|()| out.flush());
        // Dropping the writer would try to write the rest of the buffer again.
        let _ = out.into_parts();
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::new(format!("cannot write to standard output: {}", system_words(&error))))
            }
            _ => Ok(()),
        }
    }

    /// Writes text to standard error; write errors are ignored.
    pub(super) fn print_error(&self, text: &str) {
        let text =
            if self.neutralize_commands { neutralize_commands(text).into() } else { Cow::Borrowed(text) };
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

fn width() -> usize {
    let columns = terminal_size::terminal_size_of(io::stdout())
        .map(|(columns, _)| usize::from(columns.0))
        .filter(|&columns| columns > 0)
        .or_else(|| variable("COLUMNS").parse().ok().filter(|&columns| columns > 0));
    columns.unwrap_or(WIDTH).min(WIDEST)
}

/// Whether the locale, the first non-empty value of LC_ALL, LC_CTYPE and LANG, allows UTF-8.
fn unicode(locale: &[String]) -> bool {
    let Some(locale) = locale.iter().find(|value| !value.is_empty()) else { return true };
    let locale = locale.to_ascii_lowercase();
    match locale.split_once('.') {
        Some((_, encoding)) => encoding.starts_with("utf-8") || encoding.starts_with("utf8"),
        None => !matches!(locale.as_str(), "c" | "posix"),
    }
}

/// Value of an environment variable; empty if it is not set or not Unicode.
#[expect(clippy::disallowed_methods, reason = "the only place that reads the environment for output")]
pub(super) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_drawing_follows_the_locale() {
        for (locale, expected) in [
            (["", "", ""], true),
            (["", "", "en_GB.UTF-8"], true),
            (["", "", "de_DE.utf8@euro"], true),
            (["C", "", "en_GB.UTF-8"], false),
            (["C.UTF-8", "", ""], true),
            (["", "de_DE.ISO-8859-1", "en_GB.UTF-8"], false),
            (["POSIX", "", ""], false),
        ] {
            assert_eq!(unicode(&locale.map(str::to_owned)), expected, "{locale:?}");
        }
    }
}
