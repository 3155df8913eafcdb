//! Naming styles: tests whether a name matches a style, and converts it.

use crate::model::NameStyle;

/// Splits a name into three parts. A style applies to the middle one only. The first part are leading dots
/// and underscores; the last part are trailing underscores (`__init__.py`) and everything from the first `.`
/// on.
fn split_name(name: &str) -> (&str, &str, &str) {
    let body = name.trim_start_matches(['.', '_']);
    let lead = &name[..name.len() - body.len()];
    let stem = &body[..body.find('.').unwrap_or(body.len())];
    let stem = stem.trim_end_matches('_');
    (lead, stem, &body[stem.len()..])
}

/// Whether `name` is written in `style`. Letters without case count as both lower and upper case.
pub(super) fn matches_style(name: &str, style: NameStyle) -> bool {
    let (_, stem, _) = split_name(name);
    let Some(first) = stem.chars().next() else { return true };
    let separated = |separator: char, letter: fn(char) -> bool| {
        stem.split(separator).all(|word| !word.is_empty() && word.chars().all(letter))
    };
    let letters = || stem.chars().all(char::is_alphanumeric);
    match style {
        NameStyle::Kebab => separated('-', |c| c.is_alphanumeric() && !c.is_uppercase()),
        NameStyle::Snake => separated('_', |c| c.is_alphanumeric() && !c.is_uppercase()),
        NameStyle::ScreamingSnake => separated('_', |c| c.is_alphanumeric() && !c.is_lowercase()),
        NameStyle::Camel => letters() && !first.is_uppercase(),
        NameStyle::Pascal => letters() && !first.is_lowercase(),
        NameStyle::Lower => !stem.chars().any(char::is_uppercase),
    }
}

/// Converts `name` to `style`; `None` if that is not possible.
pub(super) fn suggest_name(name: &str, style: NameStyle) -> Option<String> {
    let (lead, stem, rest) = split_name(name);
    let words = split_words(stem);
    let written = match style {
        NameStyle::Kebab => words.join("-"),
        NameStyle::Snake => words.join("_"),
        NameStyle::ScreamingSnake => words.join("_").to_uppercase(),
        NameStyle::Pascal => words.iter().map(|word| capitalize(word)).collect(),
        NameStyle::Camel => {
            let (first, others) = words.split_first()?;
            std::iter::once(first.clone()).chain(others.iter().map(|word| capitalize(word))).collect()
        }
        NameStyle::Lower => stem.to_lowercase(),
    };
    let whole = format!("{lead}{written}{rest}");
    (!written.is_empty() && whole != name && matches_style(&whole, style)).then_some(whole)
}

/// Splits a name into words in lower case: at any character that is not a letter or digit, between a
/// lower-case letter or digit and an upper-case letter, and before the last of several upper-case letters
/// (`HTTPServer`).
fn split_words(stem: &str) -> Vec<String> {
    let chars: Vec<char> = stem.chars().collect();
    let mut words = vec![String::new()];
    for (at, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let before = at.checked_sub(1).map(|before| chars[before]);
        let after = chars.get(at + 1);
        let starts = c.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_numeric()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if starts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn capitalize(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use NameStyle::{Camel, Kebab, Lower, Pascal, ScreamingSnake, Snake};

    const ALL: [NameStyle; 6] = [Kebab, Snake, Camel, Pascal, ScreamingSnake, Lower];

    #[test]
    fn names_and_their_styles() {
        let cases: &[(&str, &[NameStyle])] = &[
            ("item.rs", &[Kebab, Snake, Camel, Lower]),
            ("two-words.test.ts", &[Kebab, Lower]),
            ("two_words.py", &[Snake, Lower]),
            ("twoWords.js", &[Camel]),
            ("TwoWords.java", &[Pascal]),
            ("TWO_WORDS.md", &[ScreamingSnake]),
            ("README.md", &[Pascal, ScreamingSnake]),
            ("v2", &[Kebab, Snake, Camel, Lower]),
            ("2nd-part", &[Kebab, Lower]),
            ("__init__.py", &[Kebab, Snake, Camel, Lower]),
            (".gitignore", &[Kebab, Snake, Camel, Lower]),
            ("_Hidden", &[Pascal]),
            ("a--b", &[Lower]),
            ("-a", &[Lower]),
            ("a b", &[Lower]),
            ("straße-é.md", &[Kebab, Lower]),
            ("Élan.md", &[Pascal]),
            ("日本", &ALL),
            ("...", &ALL),
        ];
        for (name, styles) in cases {
            for style in ALL {
                assert_eq!(matches_style(name, style), styles.contains(&style), "{name} {style:?}");
            }
        }
    }

    #[test]
    fn suggested_names() {
        let cases = [
            ("MyHTTPServer2.tsx", Kebab, "my-http-server2.tsx"),
            ("my file (new).md", Snake, "my_file_new.md"),
            ("two-words.test.js", Camel, "twoWords.test.js"),
            ("two_words.cs", Pascal, "TwoWords.cs"),
            ("camelCase.env", ScreamingSnake, "CAMEL_CASE.env"),
            ("_Some-Thing.MD", Lower, "_some-thing.MD"),
            ("__Init__.py", Snake, "__init__.py"),
        ];
        for (name, style, expected) in cases {
            assert_eq!(suggest_name(name, style).as_deref(), Some(expected), "{name}");
        }
        assert_eq!(suggest_name("((", Kebab), None);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn a_suggestion_fits_and_keeps_the_extension(name in r"[._]{0,2}\PC{0,12}(\.[a-z]{1,3})?") {
            for style in ALL {
                if let Some(suggested) = suggest_name(&name, style) {
                    proptest::prop_assert!(matches_style(&suggested, style), "{} -> {}", name, suggested);
                }
            }
        }
    }
}
