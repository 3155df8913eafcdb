//! What the terminal can show, read from the environment once, and the only way out to it.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};

use anstream::{AutoStream, ColorChoice};

use super::failure::system_words;
use super::{Failure, ci};
use crate::report::encode::log::{Guard, guarded};
use crate::report::{HumanStyle, Paint};

/// Columns when nothing tells.
const WIDTH: usize = 80;
/// Widest text; longer lines are hard to read.
const WIDEST: usize = 120;

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ColorWhen {
    /// For a terminal that shows them; NO_COLOR, CLICOLOR, CLICOLOR_FORCE and TERM are heeded
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What standard output and standard error can show.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about two streams")]
pub(super) struct Terminal {
    /// Whether standard output shows colours.
    pub(super) color: bool,
    /// Whether standard error shows colours.
    error_color: bool,
    /// Columns.
    pub(super) width: usize,
    /// Whether standard output goes elsewhere than to a terminal.
    piped: bool,
    /// Whether characters outside ASCII may be drawn.
    pub(super) unicode: bool,
    /// Whether somebody may be watching standard error.
    pub(super) watched: bool,
    /// Whether a build server reads along and takes orders from lines.
    guarded: bool,
}

impl Terminal {
    /// Looks at the streams and the environment.
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
            watched: io::stderr().is_terminal(),
            guarded: ci::takes_orders(&variable),
        }
    }

    /// Whether standard output goes elsewhere than to a terminal.
    pub(super) fn is_piped(&self) -> bool {
        self.piped
    }

    /// How text for standard output is drawn.
    pub(super) fn paint(&self) -> Paint {
        Paint { color: self.color, unicode: self.unicode }
    }

    /// How text for standard error is drawn.
    pub(super) fn error_paint(&self) -> Paint {
        Paint { color: self.error_color, unicode: self.unicode }
    }

    /// How a report for standard output looks.
    pub(super) fn style(&self) -> HumanStyle {
        HumanStyle {
            color: self.color,
            width: self.width,
            whole_lines: self.piped,
            unicode: self.unicode,
            ..HumanStyle::default()
        }
    }

    /// How problems on standard error look: all of them, since no command shows the others.
    pub(super) fn error_style(&self) -> HumanStyle {
        HumanStyle { color: self.error_color, cap: Some(usize::MAX), ..self.style() }
    }

    /// Writes text (escaped by whoever made it) to standard output. A reader that went away is no failure.
    pub(super) fn print(&self, text: &str) -> Result<(), Failure> {
        self.stream(|out| out.write_all(text.as_bytes()))
    }

    /// Writes a text that another program reads, as it is.
    pub(super) fn print_for_programs(&self, text: &str) -> Result<(), Failure> {
        self.stream_for_programs(|out| out.write_all(text.as_bytes()))
    }

    /// Whether a build server reads along, and would take an order from a line of `text`.
    pub(super) fn would_obey(&self, text: &str) -> bool {
        self.guarded && guarded(text) != text
    }

    /// Writes clap's help to standard output.
    pub(super) fn print_styled(&self, text: &clap::builder::StyledStr) -> Result<(), Failure> {
        let text = if self.color { text.ansi().to_string() } else { text.to_string() };
        self.print(&format!("{}\n", text.trim_end()))
    }

    /// Lets `write` write to standard output through a buffer. A reader that went away is no failure.
    pub(super) fn stream(
        &self,
        write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        if !self.guarded {
            return self.stream_for_programs(write);
        }
        self.stream_for_programs(|out| {
            let mut guard = Guard::new(out);
            write(&mut guard).and_then(|()| guard.flush())
        })
    }

    /// The same for what another program reads as a whole, which orders nothing by itself.
    #[expect(clippy::unused_self, reason = "having a Terminal is the right to print")]
    pub(super) fn stream_for_programs(
        &self,
        write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let mut out = io::BufWriter::with_capacity(64 * 1024, io::stdout().lock());
        let written = write(&mut out).and_then(|()| out.flush());
        // Whatever is left in the buffer must not be tried again when it is dropped.
        let _ = out.into_parts();
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::new(format!("cannot write to standard output: {}", system_words(&error))))
            }
            _ => Ok(()),
        }
    }

    /// Writes text to standard error, which may be closed.
    pub(super) fn complain(&self, text: &str) {
        let text = if self.guarded { guarded(text).into() } else { Cow::Borrowed(text) };
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

/// Whether the locale, first word that is set of LC_ALL, LC_CTYPE and LANG, leaves room for UTF-8.
fn unicode(locale: &[String]) -> bool {
    let Some(locale) = locale.iter().find(|value| !value.is_empty()) else { return true };
    let locale = locale.to_ascii_lowercase();
    match locale.split_once('.') {
        Some((_, encoding)) => encoding.starts_with("utf-8") || encoding.starts_with("utf8"),
        None => !matches!(locale.as_str(), "c" | "posix"),
    }
}

/// A variable of the environment; empty where it is not set, or no text.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment for what is shown")]
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
