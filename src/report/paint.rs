//! Colours and line drawing for terminals. Words always carry the meaning as well.

use anstyle::{AnsiColor, Style};

/// Meaning of a piece of text; [`Paint::text`] maps it to a style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A heading or an id.
    Strong,
    /// A promise that is not kept; the only text in red.
    Promise,
    /// A guideline that is not kept.
    Warning,
    /// A note.
    Note,
    /// A guideline or promise that is kept.
    Kept,
    /// A command or code.
    Code,
    /// Less important.
    Faint,
}

/// Drawing options: colour, and line drawing characters.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    /// Whether colours are used.
    pub color: bool,
    /// Whether characters outside ASCII may be drawn.
    pub unicode: bool,
}

impl Paint {
    /// Styles `text` as `role`; returns it unchanged if colours are off.
    #[must_use]
    pub fn text(self, role: Role, text: &str) -> String {
        if !self.color {
            return text.to_owned();
        }
        let style = match role {
            Role::Strong => Style::new().bold(),
            Role::Promise => AnsiColor::Red.on_default().bold(),
            Role::Warning => AnsiColor::Yellow.on_default().bold(),
            Role::Note => AnsiColor::Blue.on_default().bold(),
            Role::Kept => AnsiColor::Green.on_default().bold(),
            Role::Code => AnsiColor::Cyan.on_default(),
            Role::Faint => Style::new().dimmed(),
        };
        format!("{style}{text}{style:#}")
    }

    /// Styles a command (already escaped) that a reader may copy; [`super::wrap`] keeps it on one line.
    #[must_use]
    pub fn command(self, command: &str) -> String {
        self.text(Role::Code, &command.replace(' ', super::NON_BREAKING_SPACE.encode_utf8(&mut [0; 4])))
    }

    /// Separator between the parts of a heading.
    #[must_use]
    pub fn dot(self) -> &'static str {
        if self.unicode { " · " } else { " | " }
    }

    /// Horizontal stroke.
    #[must_use]
    pub fn stroke(self) -> &'static str {
        if self.unicode { "─" } else { "-" }
    }

    /// Arrow before a suggested command.
    #[must_use]
    pub fn arrow(self) -> &'static str {
        if self.unicode { "→" } else { "->" }
    }

    /// Ellipsis for truncated text.
    #[must_use]
    pub fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }
}
