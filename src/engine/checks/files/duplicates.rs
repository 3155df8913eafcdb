//! `duplicates`: names that file managers and browsers give to copies.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::ask::{Ask, Sink, Values, join, lossless};
use crate::engine::glob::Globs;

/// A way to name copies.
struct Habit {
    /// `base` and `ext` are the original's name.
    regex: Regex,
    /// Other things are named like this too, so the original must stand beside it.
    ambiguous: bool,
}

/// Extensions are short and without spaces, so `v1 (2)` is not cut at its dot.
const EXT: &str = r"(?<ext>(?:\.[A-Za-z0-9_-]{1,16}){0,3})";

static HABITS: LazyLock<Vec<Habit>> = LazyLock::new(|| {
    let habits = [
        // Windows, Google Drive: Copy of Item, Copy (2) of Item.
        (r"^Copy(?: \([0-9]{1,3}\))? of (?<base>.+?)EXT$", false),
        // Windows: Item - Copy, Item - Copy (2).
        (r"^(?<base>.+?) - Copy(?: \([0-9]{1,3}\))?EXT$", false),
        // GNOME, KDE: Item (copy), Item (another copy), Item (3rd copy).
        (r"^(?<base>.+?) \((?:another |[0-9]{1,3}(?:st|nd|rd|th) )?copy\)EXT$", false),
        // Item copy (2).
        (r"^(?<base>.+?) copy \([0-9]{1,3}\)EXT$", false),
        // macOS: Item copy, Item copy 2. Also `hero copy.md`, which is a text.
        (r"^(?<base>.+?) copy(?: [0-9]{1,3})?EXT$", true),
        // Browsers, Windows: Item (2), Item(1). Also `Report (3).pdf`.
        (r"^(?<base>.+?) ?\([0-9]{1,3}\)EXT$", true),
        // macOS, iCloud: Item 2. Also `Chapter 2.md`.
        (r"^(?<base>.+?) [0-9]{1,2}EXT$", true),
    ];
    habits
        .into_iter()
        .filter_map(|(text, ambiguous)| {
            let text = format!("(?s-u){}", text.replace("EXT", EXT));
            Some(Habit { regex: Regex::new(&text).ok()?, ambiguous })
        })
        .collect()
});

/// Finds copies among the paths that `globs` match.
pub(super) fn ask(globs: &Globs, ask: &Ask<'_>, sink: &mut Sink<'_>) {
    for (index, entry) in ask.entries.matching(globs, ask.except) {
        (sink.looked)(index);
        let Some(original) =
            original(entry.path.name(), |name| ask.entries.find(&join(entry.path.parent(), name)).is_some())
        else {
            continue;
        };
        let path = entry.path.lossless().into_owned();
        let sentence = format!(
            "`{path}` is named like a copy of `{}`: remove it, or give it a name that says what it is",
            lossless(&original)
        );
        ask.found(sink, entry.path.clone(), path, sentence, &Values::default(), None);
    }
}

/// The name of the original that `name` is a copy of. `beside` says whether a name stands beside it.
fn original(name: &[u8], beside: impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    // Every habit leaves one of these, and few names have one.
    memchr::memchr2(b' ', b'(', name)?;
    HABITS.iter().find_map(|habit| {
        let found = habit.regex.captures(name)?;
        let original = [&found["base"], &found["ext"]].concat();
        (!habit.ambiguous || beside(&original)).then_some(original)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_copies() {
        assert_eq!(HABITS.len(), 7, "every expression is valid");
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
            assert_eq!(original(name.as_bytes(), |_| false), Some(expected.into()), "{name}");
        }
        for (name, expected) in ambiguous {
            assert_eq!(original(name.as_bytes(), |_| false), None, "{name}");
            assert_eq!(
                original(name.as_bytes(), |beside| beside == expected.as_bytes()),
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
            assert_eq!(original(name.as_bytes(), |_| true), None, "{name}");
        }
        assert_eq!(original(b"\xff\n (copy)", |_| false), Some(b"\xff\n".to_vec()));
    }
}
