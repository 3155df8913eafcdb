//! Regular expressions in front matter: checked here, so that the slip is shown inside the pattern.

use regex_syntax::ast::{self, Ast};
use regex_syntax::hir::{Hir, HirKind};

use crate::text::Span;

/// Largest compiled program, in bytes.
const PROGRAM_BYTES: usize = 1 << 20;
/// Deepest nesting of groups and classes.
const NEST_LIMIT: u32 = 64;
/// Patterns of at most so many parts stay far below [`PROGRAM_BYTES`] and are not compiled here:
/// the engine compiles them once anyway. (`\w`, the largest common class, has about 770 parts and
/// compiles to about 70 kB.)
const SMALL: u64 = 3000;

/// What is wrong with a regular expression.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Slip {
    /// Where, in bytes of the pattern; `None`: the pattern as a whole.
    pub(super) span: Option<Span>,
    /// What is wrong.
    pub(super) message: String,
    /// What to do.
    pub(super) help: Option<String>,
}

/// What is known of a sound pattern.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// Whether no match has a character.
    pub(super) only_empty: bool,
    /// Whether every text has a match.
    pub(super) everywhere: bool,
    /// Captures, without that of the whole match.
    captures: usize,
    /// Those of them with a name.
    names: Vec<String>,
}

impl Facts {
    fn new(hir: &Hir) -> Self {
        let properties = hir.properties();
        let mut names = Vec::new();
        named(hir, &mut names);
        names.sort();
        Self {
            only_empty: properties.maximum_len() == Some(0),
            everywhere: properties.minimum_len() == Some(0) && properties.look_set().is_empty(),
            captures: properties.explicit_captures_len(),
            names,
        }
    }

    /// Whether there is a capture with this name or number.
    pub(super) fn has(&self, name: &str) -> bool {
        let number = || name.parse::<usize>().is_ok_and(|number| number <= self.captures);
        self.names.iter().any(|known| known == name) || number()
    }

    /// The captures as they are written in messages; of many the first few.
    pub(super) fn words(&self) -> Vec<String> {
        let numbers = (0..=self.captures.min(9)).map(|number| format!("${number}"));
        numbers.chain(self.names.iter().take(20).map(|name| format!("${name}"))).collect()
    }
}

fn named(hir: &Hir, names: &mut Vec<String>) {
    match hir.kind() {
        HirKind::Capture(capture) => {
            names.extend(capture.name.as_ref().map(ToString::to_string));
            named(&capture.sub, names);
        }
        HirKind::Repetition(repetition) => named(&repetition.sub, names),
        HirKind::Concat(all) | HirKind::Alternation(all) => all.iter().for_each(|one| named(one, names)),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {}
    }
}

/// Checks a pattern as a `text` check compiles it: `^` and `$` match at lines.
pub(super) fn check(pattern: &str, ignore_case: bool) -> Result<Facts, Slip> {
    let parsed = ast::parse::ParserBuilder::new().nest_limit(NEST_LIMIT).build().parse(pattern);
    let parsed: Ast = parsed.map_err(|error| Slip {
        span: Some(span(error.span())),
        message: error.kind().to_string(),
        help: advice(error.kind()),
    })?;
    let hir = regex_syntax::hir::translate::TranslatorBuilder::new()
        .multi_line(true)
        .case_insensitive(ignore_case)
        .build()
        .translate(pattern, &parsed)
        .map_err(|error| Slip {
            span: Some(span(error.span())),
            message: error.kind().to_string(),
            help: None,
        })?;
    if parts(&hir) <= SMALL {
        return Ok(Facts::new(&hir));
    }
    regex::RegexBuilder::new(pattern)
        .multi_line(true)
        .case_insensitive(ignore_case)
        .size_limit(PROGRAM_BYTES)
        .nest_limit(NEST_LIMIT)
        .build()
        .map(|_| Facts::new(&hir))
        .map_err(|_| Slip {
            span: None,
            message: "the pattern is too large when compiled (over 1 MiB)".to_owned(),
            help: Some(
                "repeat less (`{1000}`), or use a smaller class than `\\w` or `\\pL`, such as `[a-z]`"
                    .to_owned(),
            ),
        })
}

fn span(span: &ast::Span) -> Span {
    Span::new(span.start.offset, span.end.offset)
}

fn advice(kind: &ast::ErrorKind) -> Option<String> {
    let words = match kind {
        ast::ErrorKind::UnsupportedLookAround => {
            "patterns run in linear time, so there is no look-around; match more and use a capture, \
             or use a `code` check with `not`"
        }
        ast::ErrorKind::UnsupportedBackreference => {
            "patterns run in linear time, so there are no back-references"
        }
        ast::ErrorKind::EscapeUnrecognized => {
            "to match the character itself, leave the `\\` away or write `\\\\`"
        }
        ast::ErrorKind::GroupUnclosed | ast::ErrorKind::GroupUnopened => {
            "a parenthesis that is meant as itself is written `\\(` or `\\)`"
        }
        ast::ErrorKind::ClassUnclosed => "a bracket that is meant as itself is written `\\[`",
        ast::ErrorKind::RepetitionMissing => {
            "a `*`, `+`, `?` or `{` that is meant as itself needs a `\\` before it"
        }
        _ => return None,
    };
    Some(words.to_owned())
}

/// An upper bound for how often something must be matched, repetitions written out.
fn parts(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(regex_syntax::hir::Class::Bytes(class)) => class.ranges().len() as u64,
        HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => {
            // One range of many characters becomes several ranges of bytes: `.` is ten of them.
            class.ranges().len() as u64 + if class.is_ascii() { 0 } else { 10 }
        }
        HirKind::Repetition(repetition) => {
            let times = u64::from(repetition.max.unwrap_or(repetition.min).max(1)).saturating_add(1);
            parts(&repetition.sub).saturating_mul(times)
        }
        HirKind::Capture(capture) => parts(&capture.sub),
        HirKind::Concat(all) | HirKind::Alternation(all) => {
            all.iter().fold(1, |sum, one| sum.saturating_add(parts(one)))
        }
    }
}

/// Where the bytes `inner` of a pattern stand in the file, when the scalar at `place` writes the
/// pattern without escapes on one line; otherwise the whole scalar.
pub(super) fn place(text: &str, place: Span, pattern: &str, inner: Option<Span>) -> Span {
    let (Some(inner), Some(written)) = (inner, text.get(place.start..place.end)) else {
        return place;
    };
    let offset = if written == pattern {
        0
    } else if written
        .strip_prefix(['"', '\''])
        .is_some_and(|rest| rest.strip_suffix(['"', '\'']) == Some(pattern))
    {
        1
    } else {
        return place;
    };
    if inner.end > pattern.len() {
        return place;
    }
    let start = place.start + offset + inner.start;
    Span::new(start, (place.start + offset + inner.end).max(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_point_into_the_pattern() {
        for (pattern, at, words) in [
            ("a(b", Some(1..2), "unclosed group"),
            ("x(?=y)", Some(1..4), "look-around"),
            (r"a\qb", Some(1..3), "unrecognized escape"),
            (r"\p{Nonsense}", Some(0..12), "Unicode property not found"),
            (r"\w{900}", None, "too large"),
        ] {
            let slip = check(pattern, false).expect_err(pattern);
            assert_eq!(slip.span, at.map(Span::from), "{pattern}: {slip:?}");
            assert!(slip.message.contains(words), "{pattern}: {slip:?}");
        }
        assert!(check(&"(".repeat(10_000), false).is_err());
        assert!(
            check(&format!("{}a{}", "(".repeat(70), ")".repeat(70)), false).is_err(),
            "nested too deeply"
        );
        assert!(check(r"(?m)^\s*password\s*=\s*[^$\s]+", true).is_ok());
    }

    #[test]
    fn patterns_that_ask_nothing_are_known() {
        for (pattern, only_empty, everywhere) in [
            ("", true, true),
            ("^", true, false),
            ("(|^$)", true, false),
            ("a*", false, true),
            ("a", false, false),
            (r"\b", true, false),
            ("^a*", false, false),
        ] {
            let facts = check(pattern, false).expect(pattern);
            assert_eq!((facts.only_empty, facts.everywhere), (only_empty, everywhere), "{pattern}");
        }
    }

    #[test]
    fn small_patterns_always_compile() {
        // What `check` lets through uncompiled must be below the limit: the largest classes, repeated.
        for pattern in
            [r"\w{2}", r"(?i)\pL\pN\w", r"[\w\s]{2}", r"(?i)[α-ω]{600}", r"\W{3}", r"[^a]{700}", r".{1400}"]
        {
            let small = check(pattern, true).is_ok();
            let built =
                regex::RegexBuilder::new(pattern).case_insensitive(true).size_limit(PROGRAM_BYTES).build();
            assert_eq!(small, built.is_ok(), "{pattern}");
        }
    }

    #[test]
    fn places_are_exact_only_where_the_scalar_is_written_plainly() {
        let text = "find: 'a(b'\nother: |\n  a(b\n";
        assert_eq!(place(text, Span::new(6, 11), "a(b", Some(Span::new(1, 2))), Span::new(8, 9));
        assert_eq!(place(text, Span::new(19, 26), "a(b\n", Some(Span::new(1, 2))), Span::new(19, 26));
        assert_eq!(place(text, Span::new(6, 11), "a(b", None), Span::new(6, 11));
    }
}
