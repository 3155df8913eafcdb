//! XML 1.0, and HTML, whose text and quoted attribute values need the same.

use crate::report::escape::{escape, escape_lines};

/// `text` for an element or a quoted attribute, on one line. Characters that XML cannot hold are spelled out.
#[must_use]
pub fn text(text: &str) -> String {
    entities(&escape(text))
}

/// The same with line ends kept, for an element that shows them.
#[must_use]
pub fn lines(text: &str) -> String {
    unordered_lines(&entities(&escape_lines(text)))
}

/// XML or HTML in which no line begins with `::`, an order to a build server, should it be printed to a log.
#[must_use]
pub fn unordered_lines(markup: &str) -> String {
    let line = |line: &str| {
        let rest = line.trim_start();
        match rest.strip_prefix("::") {
            Some(after) => format!("{}&#58;:{after}", &line[..line.len() - rest.len()]),
            None => line.to_owned(),
        }
    };
    markup.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Text from which control characters were taken, with the characters that mean something in XML and HTML spelled out.
#[must_use]
pub fn entities(safe: &str) -> String {
    let mut out = String::with_capacity(safe.len() + 16);
    let mut before = ' ';
    for character in safe.chars() {
        match character {
            // No order to a build server, should this be printed to a log (see `super::log`).
            '#' if before == '#' => out.push_str("&#35;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // No characters (https://www.w3.org/TR/xml/#charsets).
            '\u{fffe}' => out.push_str("\\u{fffe}"),
            '\u{ffff}' => out.push_str("\\u{ffff}"),
            other => out.push(other),
        }
        before = character;
    }
    out
}
