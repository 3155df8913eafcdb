//! One encoder for each place that a report goes to. What comes from a repository, a guideline or a waiver passes
//! through exactly one of them, and can then be nothing but text there.
//!
//! Each makes controls and invisible characters readable first, see [`super::escape`]: many of these places end
//! in a terminal or a log after all.

pub mod command;
pub mod json;
pub mod log;
pub mod markdown;
pub mod uri;
pub mod xml;

/// `text` without what lies behind `limit` characters; what was cut ends in `…`.
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
