//! Texts of one line, and how long what is shown in lists may be: the same for guidelines and standards.

/// Longest title, in characters.
pub(super) const TITLE: usize = 120;
/// Longest summary, in characters.
pub(super) const SUMMARY: usize = 300;
/// Longest owner, version, topic and short name, in characters.
pub(super) const NAME: usize = 64;
/// Most topics of a guideline.
pub(super) const TOPICS: usize = 20;
/// Most guidelines of a standard.
pub(super) const MEMBERS: usize = 500;

/// What is wrong with a text of one line.
#[derive(Debug)]
pub(super) struct Slip {
    /// A sentence.
    pub(super) message: String,
    /// A few words beside the place.
    pub(super) label: &'static str,
    /// There is no value to point at.
    pub(super) is_empty: bool,
    /// It is too long.
    pub(super) is_long: bool,
}

/// What is wrong with the text of `key`, which is one line of at most `limit` characters that says something.
pub(super) fn slip(key: &str, value: &str, limit: usize) -> Option<Slip> {
    let slip = |message: String, label| Slip { message, label, is_empty: false, is_long: false };
    let count = value.chars().count();
    let value = value.trim_end();
    if value.trim().is_empty() {
        return Some(Slip { is_empty: true, ..slip(format!("`{key}` is empty"), "says nothing") });
    }
    if count > limit {
        let message = format!("`{key}` has {count} characters; at most {limit} fit where it is shown");
        return Some(Slip { is_long: true, ..slip(message, "too long") });
    }
    if value.contains('\n') {
        return Some(slip(format!("`{key}` is one line"), "has several"));
    }
    // A tab is a blank; nothing shows the others, and databases refuse some.
    let control = value.chars().find(|c| c.is_control() && *c != '\t')?;
    let message = format!("`{key}` holds a control character (U+{:04X})", u32::from(control));
    Some(slip(message, "cannot be shown"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_something_and_is_one() {
        for good in ["a", " a\tb ", &"é".repeat(5), "a\n"] {
            assert!(slip("title", good, 5).is_none(), "{good:?}");
        }
        for (bad, words) in [
            ("", "is empty"),
            (" \n", "is empty"),
            ("123456", "has 6 characters; at most 5"),
            ("a\nb", "is one line"),
            ("a\0b", "(U+0000)"),
            ("a\u{85}b", "(U+0085)"),
        ] {
            let slip = slip("title", bad, 5).expect(words);
            assert!(slip.message.contains(words), "{bad:?}: {}", slip.message);
        }
    }
}
