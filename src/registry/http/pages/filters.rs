//! How short texts are shown: what stands between backticks is code.

#![expect(
    clippy::unused_self,
    clippy::unnecessary_wraps,
    clippy::inline_always,
    reason = "what askama makes of a filter"
)]

use std::fmt::Display;

use askama::filters::Safe;

use crate::report::{escape::escape, xml_entities};

/// A title or summary as HTML, with code marked as such.
#[askama::filter_fn]
pub fn words<T: Display>(text: T, _: &dyn askama::Values) -> askama::Result<Safe<String>> {
    Ok(Safe(marked(&text.to_string())))
}

/// The same where no marks are possible, as in the title of a window.
#[askama::filter_fn]
pub fn bare<T: Display>(text: T, _: &dyn askama::Values) -> askama::Result<String> {
    Ok(pieces(&text.to_string()).into_iter().map(|(piece, _)| piece).collect())
}

fn marked(text: &str) -> String {
    let piece = |(piece, is_code): (&str, bool)| {
        let safe = xml_entities(&escape(piece));
        if is_code { format!("<code>{safe}</code>") } else { safe }
    };
    pieces(text).into_iter().map(piece).collect()
}

/// The parts of a text, and whether each stands between backticks. One backtick without another is a character.
fn pieces(text: &str) -> Vec<(&str, bool)> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some((before, code, after)) = rest
        .split_once('`')
        .and_then(|(before, behind)| behind.split_once('`').map(|(code, after)| (before, code, after)))
    {
        all.extend([(before, false), (code, true)]);
        rest = after;
    }
    all.push((rest, false));
    all.retain(|(piece, _)| !piece.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code() {
        assert_eq!(marked("No `a<b>` and `c`"), "No <code>a&lt;b&gt;</code> and <code>c</code>");
        assert_eq!(marked("One ` alone & <b>"), "One ` alone &amp; &lt;b&gt;");
        assert_eq!(marked("``"), "");
        assert_eq!(pieces("`a` b"), [("a", true), (" b", false)]);
    }
}
