//! `duplicates`: finds names that file managers and browsers give to copies.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::context::{ConditionContext, FilesSink, TemplateValues, join, lossless_text};
use crate::engine::glob::Globs;

/// A naming pattern of copies.
struct CopyPattern {
    /// Matches the name of a copy; the captures `base` and `ext` form the original's name.
    regex: Regex,
    /// Whether other files have such names, too, so that the original must exist in the same directory.
    ambiguous: bool,
}

/// File extensions are short and contain no spaces, so `v1.5 (2)` is not split at its dot.
const EXT: &str = r"(?<ext>(?:\.[A-Za-z0-9_-]{1,16}){0,3})";

static COPY_PATTERNS: LazyLock<Vec<CopyPattern>> = LazyLock::new(|| {
    let patterns = [
        // Windows, Google Drive: Copy of Item, Copy (2) of Item.
        (r"^Copy(?: \([0-9]{1,3}\))? of (?<base>.+?)EXT$", false),
        // Windows: Item - Copy, Item - Copy (2).
        (r"^(?<base>.+?) - Copy(?: \([0-9]{1,3}\))?EXT$", false),
        // GNOME, KDE: Item (copy), Item (another copy), Item (3rd copy).
        (r"^(?<base>.+?) \((?:another |[0-9]{1,3}(?:st|nd|rd|th) )?copy\)EXT$", false),
        // Item copy (2).
        (r"^(?<base>.+?) copy \([0-9]{1,3}\)EXT$", false),
        // macOS: Item copy, Item copy 2. Ambiguous: `hero copy.md` may be advertising text.
        (r"^(?<base>.+?) copy(?: [0-9]{1,3})?EXT$", true),
        // Browsers, Windows: Item (2), Item(1). Ambiguous: `Report (3).pdf`.
        (r"^(?<base>.+?) ?\([0-9]{1,3}\)EXT$", true),
        // macOS, iCloud: Item 2. Ambiguous: `Chapter 2.md`.
        (r"^(?<base>.+?) [0-9]{1,2}EXT$", true),
    ];
    patterns
        .into_iter()
        .filter_map(|(text, ambiguous)| {
            let text = format!("(?s-u){}", text.replace("EXT", EXT));
            Some(CopyPattern { regex: Regex::new(&text).ok()?, ambiguous })
        })
        .collect()
});

/// Finds copies among the paths that `globs` match.
pub(super) fn check(globs: &Globs, context: &ConditionContext<'_>, sink: &mut FilesSink<'_>) {
    for (index, entry) in context.entries.matching(globs, context.except) {
        (sink.mark_inspected)(index);
        let Some(original) = original_name(entry.path.name(), |name| {
            context.entries.find(&join(entry.path.parent(), name)).is_some()
        }) else {
            continue;
        };
        let path = entry.path.lossless().into_owned();
        let sentence = format!(
            "`{path}` is named like a copy of `{}`: remove it, or give it a descriptive name",
            lossless_text(&original)
        );
        context.found(sink, entry.path.clone(), path, sentence, &TemplateValues::default(), None);
    }
}

/// Returns the original's name if `name` is named like a copy. `beside` returns whether a name exists in the
/// same directory.
fn original_name(name: &[u8], beside: impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    // Every pattern contains a space or parenthesis, and few names do.
    memchr::memchr2(b' ', b'(', name)?;
    COPY_PATTERNS.iter().find_map(|pattern| {
        let found = pattern.regex.captures(name)?;
        let original = [&found["base"], &found["ext"]].concat();
        (!pattern.ambiguous || beside(&original)).then_some(original)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_copies() {
        assert_eq!(COPY_PATTERNS.len(), 7, "every expression is valid");
        let certain = [
            ("Copy of Item.md", "Item.md"),
            ("Copy (2) of Item", "Item"),
            ("Item - Copy.tar.gz", "Item.tar.gz"),
            ("Item - Copy (2).txt", "Item.txt"),
            ("Item (copy).txt", "Item.txt"),
            ("Item (another copy)", "Item"),
            ("Item (3rd copy).txt", "Item.txt"),
            ("Item copy (2).txt", "Item.txt"),
        ];
        let ambiguous = [
            ("Item copy.txt", "Item.txt"),
            ("Item copy 2", "Item"),
            ("Item (2).txt", "Item.txt"),
            ("Item(1).pdf", "Item.pdf"),
            ("Item 2.txt", "Item.txt"),
            ("v1.5 (2)", "v1.5"),
        ];
        for (name, expected) in certain {
            assert_eq!(original_name(name.as_bytes(), |_| false), Some(expected.into()), "{name}");
        }
        for (name, expected) in ambiguous {
            assert_eq!(original_name(name.as_bytes(), |_| false), None, "{name}");
            assert_eq!(
                original_name(name.as_bytes(), |beside| beside == expected.as_bytes()),
                Some(expected.into()),
                "{name}"
            );
        }
        for name in [
            "Item.txt",
            "copy.txt",
            "photocopy.md",
            "Report (2024).pdf",
            "item-2.txt",
            "Copy of",
            "(2)",
            " 2",
            "a (copy)b",
        ] {
            assert_eq!(original_name(name.as_bytes(), |_| true), None, "{name}");
        }
        assert_eq!(original_name(b"\xff\n (copy)", |_| false), Some(b"\xff\n".to_vec()));
    }
}
