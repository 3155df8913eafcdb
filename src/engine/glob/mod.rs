//! Globs over repository paths: one syntax for guidelines, `stanchion.toml` and waivers.
//!
//! `*` and `?` match within one component. `**` (alone between slashes) matches any number of components.
//! `{a,b}` is a choice. `[a-z]` and `[!a-z]` match one ASCII character. `\` makes the next character literal.
//! A glob is matched against the bytes of the whole relative path, so `?` matches one byte of a non-ASCII
//! character. Patterns that globset would accept but interpret in a surprising way are errors here, with an
//! explanation.
//!
//! This module must not depend on the file system or on checks.

mod capture;
mod parse;
mod shape;

pub use capture::CapturingGlob;

use globset::{Candidate, GlobBuilder, GlobSet, GlobSetBuilder};
use parse::ParsedGlob;
use shape::{GlobShape, MAX_ALTERNATIVES};

/// Maximum number of globs in one list.
const MAX_PATTERNS: usize = 1_024;

/// A compiled list of globs. A path matches if one of them matches.
#[derive(Clone, Debug)]
pub struct Globs {
    /// A short list of globs with a simple shape, tried in turn.
    shapes: Vec<GlobShape>,
    /// Globs without a simple shape, or all globs of a long list, matched together.
    set: Option<Box<GlobSet>>,
}

impl Globs {
    /// Compiles `patterns`; an empty list matches nothing.
    ///
    /// # Errors
    /// Returns the index of the invalid glob and a sentence without a final full stop: why it is invalid and
    /// what to write instead.
    pub fn new(patterns: &[String]) -> Result<Self, (usize, String)> {
        if patterns.len() > MAX_PATTERNS {
            return Err((
                MAX_PATTERNS,
                format!("{} globs in one list; the maximum is {MAX_PATTERNS}", patterns.len()),
            ));
        }
        let mut parsed = Vec::with_capacity(patterns.len());
        for (index, pattern) in patterns.iter().enumerate() {
            parsed.push(parse::parse(pattern).map_err(|message| (index, message))?);
        }
        let mut shapes = Vec::with_capacity(patterns.len());
        let mut others: Vec<usize> = Vec::new();
        for (index, parsed) in parsed.iter().enumerate() {
            match GlobShape::all_of(&parsed.0) {
                Some(some) => shapes.extend(some),
                None => others.push(index),
            }
        }
        if shapes.len() > MAX_ALTERNATIVES {
            shapes.clear();
            others = (0..patterns.len()).collect();
        }
        let set =
            if others.is_empty() { None } else { Some(Box::new(compile_set(patterns, &parsed, &others)?)) };
        Ok(Self { shapes, set })
    }

    /// Whether one of the globs matches the whole of `path`.
    #[must_use]
    pub fn is_match(&self, path: &[u8]) -> bool {
        self.shapes.iter().any(|shape| shape.is_match(path))
            || self.set.as_ref().is_some_and(|set| set.is_match_candidate(&Candidate::from_bytes(path)))
    }

    /// Whether all globs depend only on the extension (`**/*.py`, `**`), so that the result is the same for
    /// all paths with the same extension: the part of the last component after its last `.`.
    #[must_use]
    pub fn depends_only_on_extension(&self) -> bool {
        self.set.is_none() && self.shapes.iter().all(GlobShape::depends_only_on_extension)
    }

    /// Returns the only paths that can match, if all globs are plain paths.
    #[must_use]
    pub fn paths(&self) -> Option<Vec<&[u8]>> {
        if self.set.is_some() { None } else { self.shapes.iter().map(GlobShape::path).collect() }
    }

    /// Whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shapes.is_empty() && self.set.is_none()
    }
}

/// Compiles the globs of `patterns` with the indexes `which` into one automaton.
fn compile_set(
    patterns: &[String],
    parsed: &[ParsedGlob],
    which: &[usize],
) -> Result<GlobSet, (usize, String)> {
    let mut builder = GlobSetBuilder::new();
    for &index in which {
        let glob = GlobBuilder::new(&parsed[index].to_glob())
            .literal_separator(true)
            .backslash_escape(true)
            .empty_alternates(true)
            .build()
            .map_err(|error| (index, format!("`{}` is invalid: {}", patterns[index], error.kind())))?;
        builder.add(glob);
    }
    // Each glob is small, so only all of them together can exceed the limit.
    builder.build().map_err(|error| {
        (patterns.len().saturating_sub(1), format!("the list of globs is too complex: {}", error.kind()))
    })
}

/// Whether `pattern` is a plain path without special characters of globs.
#[must_use]
pub fn is_literal(pattern: &str) -> bool {
    pattern.bytes().all(|byte| !SPECIAL[usize::from(byte)])
}

/// Special bytes in globs.
const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let (mut at, all) = (0, *b"*?[]{}\\");
    while at < all.len() {
        special[all[at] as usize] = true;
        at += 1;
    }
    special
};

/// Whether `pattern` is certainly a valid glob: plain characters, stars in valid positions, and no empty
/// component, `.` or `..`.
///
/// This is a fast test for callers with thousands of globs. If it returns false, the glob has to be compiled
/// to know.
#[must_use]
pub fn is_certainly_valid(pattern: &str) -> bool {
    let fits = |part: &[u8]| {
        let mut before = b'/';
        let two_stars = |&byte: &u8| std::mem::replace(&mut before, byte) == b'*' && byte == b'*';
        match part {
            b"" | b"." | b".." => false,
            b"**" => true,
            part => part.iter().all(|&byte| PLAIN[usize::from(byte)]) && !part.iter().any(two_stars),
        }
    };
    pattern.len() <= 512 && pattern.as_bytes().split(|&byte| byte == b'/').all(fits)
}

/// Literal bytes in a glob, and the star.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        plain[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'*' | b'+' | b'@' | b' ');
        byte += 1;
    }
    plain
};

/// Returns the folder that contains all paths that `pattern` matches: its components up to the last `/`
/// before the first special character, including that `/`. Empty if there is no such `/`.
#[must_use]
pub fn literal_folder(pattern: &str) -> &str {
    let special = pattern.find(['*', '?', '[', ']', '{', '}', '\\']).unwrap_or(pattern.len());
    pattern[..special].rfind('/').map_or("", |at| &pattern[..=at])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(pattern: &str) -> Globs {
        Globs::new(&[pattern.to_owned()]).expect("valid glob")
    }

    #[test]
    fn globs_match_paths() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("*.md", &["README.md", ".md"], &["docs/a.md", "README.mdx"]),
            ("**/*.md", &["a.md", "a/b/c.md"], &["a.markdown"]),
            ("**", &["a", "a/b", ".x/y"], &[]),
            ("**/**", &["a", "a/b"], &[]),
            ("docs/**", &["docs/a", "docs/a/b"], &["docs", "adocs/a"]),
            ("a/**/b", &["a/b", "a/x/b", "a/x/y/b"], &["ab", "a/xb"]),
            ("a/**/**/b", &["a/b", "a/x/b"], &["ab"]),
            ("**/x/**", &["x/a", "b/x/a/c"], &["x", "bx/a"]),
            ("src/?.rs", &["src/a.rs"], &["src/ab.rs", "src//rs"]),
            ("{a,b/c}.txt", &["a.txt", "b/c.txt"], &["c.txt"]),
            ("x{,s}", &["x", "xs"], &["xx"]),
            ("{**/a,b}", &["a", "x/y/a", "b"], &["x/b"]),
            ("{a/**,b}", &["a/x/y", "b"], &["a"]),
            ("a[0-9].c", &["a1.c"], &["ab.c"]),
            ("a[!0-9]c", &["abc"], &["a1c", "a/c"]),
            ("a[!]-]c", &["abc"], &["a]c", "a-c", "a/c"]),
            ("a[!+--]c", &["abc", "a.c"], &["a,c", "a-c", "a/c"]),
            (r"a\*b", &["a*b"], &["axb"]),
            (r"\!a", &["!a"], &["a"]),
            ("é/*", &["é/x"], &["e/x"]),
        ];
        for (pattern, yes, no) in cases {
            let set = globs(pattern);
            let capturing = CapturingGlob::new(pattern).expect("valid glob");
            for path in *yes {
                assert!(set.is_match(path.as_bytes()), "{pattern} should match {path}");
                assert!(capturing.captures(path.as_bytes()).is_some(), "capturing {pattern} on {path}");
            }
            for path in *no {
                assert!(!set.is_match(path.as_bytes()), "{pattern} should not match {path}");
                assert!(capturing.captures(path.as_bytes()).is_none(), "capturing {pattern} on {path}");
            }
        }
        assert!(globs("a/*").is_match(b"a/\xff\n\x1b"));
    }

    #[test]
    fn invalid_globs_are_explained() {
        let long = "a".repeat(1_025);
        let deep = "{".repeat(100_000);
        let deep_short = "{".repeat(17);
        let cases = [
            ("", "empty"),
            ("./src", "write `src`"),
            ("/src", "write `src`"),
            ("a/../b", "`..`"),
            ("..", "`..`"),
            ("a/./b", "`.`"),
            ("a//b", "empty component"),
            ("docs/", "write `docs/**`"),
            ("a\0b", "NUL"),
            ("!a", "`except`"),
            ("**.md", "must be alone"),
            ("a**/b", "must be alone"),
            ("{a,**}", "must be alone"),
            ("x{**/a,b}", "must be alone"),
            ("[z-a]", "reversed range"),
            ("[.-9]", "`/`"),
            ("[é]", "ASCII"),
            ("[a", "never closed"),
            ("{a", "never closed"),
            ("a}", "never opened"),
            (r"a\", "last character"),
            (r"src\main.rs", "`/`"),
            (&long, "1,024 bytes"),
            (&deep, "1,024 bytes"),
            (&deep_short, "16 levels"),
        ];
        for (pattern, words) in cases {
            let Err((which, message)) = Globs::new(&["ok".to_owned(), pattern.to_owned()]) else {
                panic!("{pattern:?} was accepted");
            };
            assert_eq!(which, 1);
            assert!(message.contains(words), "{pattern:.40?}: {message}");
            assert!(CapturingGlob::new(pattern).is_err());
        }
    }

    #[test]
    fn only_some_depend_on_the_extension_alone() {
        for (pattern, expected) in [
            ("**", true),
            ("**/*.py", true),
            ("**/*.{ts,tsx}", true),
            ("*.py", false),
            ("**/*.test.py", false),
            ("**/*py", false),
            ("**/a.py", false),
            ("src/**", false),
        ] {
            assert_eq!(globs(pattern).depends_only_on_extension(), expected, "{pattern}");
        }
    }

    #[test]
    fn long_lists_and_many_choices_match_alike() {
        let many: Vec<String> = (0..200).map(|n| format!("d{n}/**/*.x")).collect();
        let choices = "{a,b,c}{a,b,c}{a,b,c}{a,b,c}".to_owned();
        let long = Globs::new(&many).expect("valid globs");
        assert!(long.is_match(b"d199/a/b.x") && long.is_match(b"d0/b.x") && !long.is_match(b"d200/b.x"));
        let both = Globs::new(&[choices, "**/*.md".to_owned()]).expect("valid globs");
        assert!(both.is_match(b"abca") && both.is_match(b"x/y.md") && !both.is_match(b"abc"));
    }

    #[test]
    fn backtracking_stays_cheap() {
        let stars = format!("**/{}b", "*a".repeat(200));
        let path = format!("{0}/{0}/{0}", "a".repeat(1_000));
        assert!(!globs(&stars).is_match(path.as_bytes()));
        assert!(globs(&stars).is_match(format!("{path}b").as_bytes()));
    }

    #[test]
    fn folders_of_globs() {
        for (pattern, folder) in
            [("a/b/*.py", "a/b/"), ("a/b*/c", "a/"), ("**/a", ""), ("a.py", ""), ("a/b.py", "a/")]
        {
            assert_eq!(literal_folder(pattern), folder, "{pattern}");
        }
    }

    #[test]
    fn an_empty_list_matches_nothing() {
        let none = Globs::new(&[]).expect("no glob");
        assert!(none.is_empty() && !none.is_match(b"a") && !none.is_match(b""));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_compiles_or_is_refused(pattern in r"[ab/.*?\[\]{},!\\^-]{0,24}|\PC{0,40}") {
            let set = Globs::new(std::slice::from_ref(&pattern));
            proptest::prop_assert!(set.is_ok() || !is_certainly_valid(&pattern), "{}", &pattern);
            proptest::prop_assert_eq!(set.is_ok(), CapturingGlob::new(&pattern).is_ok());
        }

        /// The shapes, globset and the capturing expression match the same paths.
        #[test]
        fn all_implementations_agree(
            pattern in r"(\*\*/)?([ab*?]|\{a,b\*\}|\{,a/\}|\{\*\*/a,b/\*\*\}|\[ab\]|\[!a\]|/|/\*\*/){1,8}(/\*\*)?",
            paths in proptest::collection::vec("[ab.]{1,4}(/[ab.]{1,3}){0,4}", 24),
        ) {
            let patterns = std::slice::from_ref(&pattern);
            if let (Ok(globs), Ok(capturing)) = (Globs::new(patterns), CapturingGlob::new(&pattern)) {
                let parsed = [parse::parse(&pattern).expect("parsed before")];
                let set = compile_set(patterns, &parsed, &[0]).expect("a glob");
                for path in paths {
                    let path = path.as_bytes();
                    let expected = capturing.captures(path).is_some();
                    proptest::prop_assert_eq!(globs.is_match(path), expected, "{} on {:?}", &pattern, path);
                    proptest::prop_assert_eq!(set.is_match_candidate(&Candidate::from_bytes(path)), expected);
                }
            }
        }
    }
}
