//! Colours and line drawing for people's eyes. Meaning is always carried by words as well.

use anstyle::{AnsiColor, Style};

/// What a piece of text is, so that one table decides how it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A heading or an id.
    Strong,
    /// A promise that is not kept: the one thing in red.
    Promise,
    /// Something not kept.
    Warning,
    /// Good to know.
    Note,
    /// Kept.
    Kept,
    /// A command or code.
    Code,
    /// Less important.
    Faint,
}

/// How text is drawn: with or without colour, with or without line drawing characters.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    /// Whether colours are used.
    pub color: bool,
    /// Whether characters outside ASCII may be drawn.
    pub unicode: bool,
}

impl Paint {
    /// `text` as `role`; unchanged without colour.
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

    /// A command (escaped already) that a reader may copy: [`super::wrap`] keeps it on one line.
    #[must_use]
    pub fn command(self, command: &str) -> String {
        self.text(Role::Code, &command.replace(' ', super::HOLD.encode_utf8(&mut [0; 4])))
    }

    /// What stands between the parts of a heading.
    #[must_use]
    pub fn dot(self) -> &'static str {
        if self.unicode { " · " } else { " | " }
    }

    /// The horizontal stroke.
    #[must_use]
    pub fn stroke(self) -> &'static str {
        if self.unicode { "─" } else { "-" }
    }

    /// The arrow from one thing to the next.
    #[must_use]
    pub fn arrow(self) -> &'static str {
        if self.unicode { "→" } else { "->" }
    }

    /// The sign that something was cut away.
    #[must_use]
    pub fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }
}
