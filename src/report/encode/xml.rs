//! XML 1.0 and HTML, whose text and quoted attribute values need the same escaping.

use crate::report::escape::{escape, escape_lines};

/// Escapes `text` for an element or a quoted attribute, on one line. Characters not allowed in XML are
/// spelled out.
#[must_use]
pub fn text(text: &str) -> String {
    entities(&escape(text))
}

/// Escapes `text` for an element that preserves line ends.
#[must_use]
pub fn lines(text: &str) -> String {
    neutralize_lines(&entities(&escape_lines(text)))
}

/// Escapes `::` at the beginning of lines, so that markup printed to a log contains no workflow command.
#[must_use]
pub fn neutralize_lines(markup: &str) -> String {
    let line = |line: &str| {
        let rest = line.trim_start();
        match rest.strip_prefix("::") {
            Some(after) => format!("{}&#58;:{after}", &line[..line.len() - rest.len()]),
            None => line.to_owned(),
        }
    };
    markup.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Escapes the special characters of XML and HTML. `safe` must not contain control characters.
#[must_use]
pub fn entities(safe: &str) -> String {
    let mut out = String::with_capacity(safe.len() + 16);
    let mut before = ' ';
    for character in safe.chars() {
        match character {
            // Prevents build-server commands if the output is printed to a log (see `super::log`).
            '#' if before == '#' => out.push_str("&#35;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Noncharacters, which XML does not allow (https://www.w3.org/TR/xml/#charsets).
            '\u{fffe}' => out.push_str("\\u{fffe}"),
            '\u{ffff}' => out.push_str("\\u{ffff}"),
            other => out.push(other),
        }
        before = character;
    }
    out
}
