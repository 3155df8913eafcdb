//! Limits for texts that are shown in lists, such as titles: the same for guidelines and standards.

/// Maximum length of a title, in characters.
pub(super) const TITLE: usize = 120;
/// Maximum length of a summary, in characters.
pub(super) const SUMMARY: usize = 300;
/// Maximum length of an owner, a version, a topic and a short name, in characters.
pub(super) const NAME: usize = 64;
/// Maximum number of topics of a guideline.
pub(super) const TOPICS: usize = 20;
/// Maximum number of guidelines of a standard.
pub(super) const MEMBERS: usize = 500;

/// A problem of a text that must be one line.
#[derive(Debug)]
pub(super) struct TextProblem {
    /// Complete message.
    pub(super) message: String,
    /// Short label shown beside the place.
    pub(super) label: &'static str,
    /// Whether the text is empty, so that there is no value to point at.
    pub(super) is_empty: bool,
    /// Whether the text is too long.
    pub(super) is_long: bool,
}

/// Checks that the text of `key` is one non-empty line of at most `limit` characters. Returns the problem, if
/// any.
pub(super) fn text_problem(key: &str, value: &str, limit: usize) -> Option<TextProblem> {
    let problem = |message: String, label| TextProblem { message, label, is_empty: false, is_long: false };
    let count = value.chars().count();
    let value = value.trim_end();
    if value.trim().is_empty() {
        return Some(TextProblem { is_empty: true, ..problem(format!("`{key}` is empty"), "empty") });
    }
    if count > limit {
        let message = format!("`{key}` has {count} characters; at most {limit} are allowed");
        return Some(TextProblem { is_long: true, ..problem(message, "too long") });
    }
    if value.contains('\n') {
        return Some(problem(format!("`{key}` must be one line"), "several lines"));
    }
    // A tab counts as a space. Other control characters cannot be displayed, and databases refuse some of
    // them.
    let control = value.chars().find(|c| c.is_control() && *c != '\t')?;
    let message = format!("`{key}` contains a control character (U+{:04X})", u32::from(control));
    Some(problem(message, "cannot be displayed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_line_with_content() {
        for good in ["a", " a\tb ", &"é".repeat(5), "a\n"] {
            assert!(text_problem("title", good, 5).is_none(), "{good:?}");
        }
        for (bad, expected) in [
            ("", "is empty"),
            (" \n", "is empty"),
            ("123456", "has 6 characters; at most 5"),
            ("a\nb", "must be one line"),
            ("a\0b", "(U+0000)"),
            ("a\u{85}b", "(U+0085)"),
        ] {
            let problem = text_problem("title", bad, 5).expect(expected);
            assert!(problem.message.contains(expected), "{bad:?}: {}", problem.message);
        }
    }
}
