//! One encoder for each output format. Untrusted text from a repository, guideline or waiver passes through
//! exactly one of them. In the output it can then only be text, never markup or a command.
//!
//! Each encoder first escapes control and invisible characters, see [`super::escape`], because many outputs
//! are eventually shown in a terminal or log.

pub mod command;
pub mod json;
pub mod log;
pub mod markdown;
pub mod uri;
pub mod xml;

/// Truncates `text` to `limit` characters; a truncated text ends with `…`.
pub(super) fn clip(text: &str, limit: usize) -> std::borrow::Cow<'_, str> {
    if text.len() <= limit || text.char_indices().nth(limit).is_none() {
        return text.into();
    }
    let end = text.char_indices().nth(limit.saturating_sub(1)).map_or(0, |(at, _)| at);
    format!("{}…", &text[..end]).into()
}

#[cfg(test)]
pub(super) mod runner;
#[cfg(test)]
pub(super) mod tests;
