//! Checks the regular expressions in front matter, so that an error is shown at its place in the pattern.

use regex_syntax::ast::{self, Ast};
use regex_syntax::hir::{Hir, HirKind};

use crate::text::Span;

/// Maximum size of a compiled pattern, in bytes.
const PROGRAM_BYTES: usize = 1 << 20;
/// Maximum nesting depth of groups and classes.
const NEST_LIMIT: u32 = 64;
/// Number of parts up to which a pattern is not compiled here, because its program stays far below
/// [`PROGRAM_BYTES`].
///
/// The engine compiles each pattern anyway. `\w`, the largest common class, has about 770 parts and
/// compiles to about 70 kB.
const UNCOMPILED_PARTS: u64 = 3000;

/// An error in a regular expression.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PatternProblem {
    /// Byte range in the pattern; `None` for the pattern as a whole.
    pub(super) span: Option<Span>,
    /// Message.
    pub(super) message: String,
    /// Help: a way to fix the pattern.
    pub(super) help: Option<String>,
}

/// Properties of a valid pattern.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PatternFacts {
    /// Whether every match is empty.
    pub(super) only_empty: bool,
    /// Whether every text contains a match.
    pub(super) everywhere: bool,
    /// Number of capture groups, without the whole match.
    captures: usize,
    /// Names of the named capture groups.
    names: Vec<String>,
}

impl PatternFacts {
    fn new(hir: &Hir) -> Self {
        let properties = hir.properties();
        let mut names = Vec::new();
        collect_names(hir, &mut names);
        names.sort();
        Self {
            only_empty: properties.maximum_len() == Some(0),
            everywhere: properties.minimum_len() == Some(0) && properties.look_set().is_empty(),
            captures: properties.explicit_captures_len(),
            names,
        }
    }

    /// Whether there is a capture group with this name or number.
    pub(super) fn has(&self, name: &str) -> bool {
        let number = || name.parse::<usize>().is_ok_and(|number| number <= self.captures);
        self.names.iter().any(|known| known == name) || number()
    }

    /// Returns the capture groups as written in messages (`$0`): at most 10 numbers and 20 names.
    pub(super) fn placeholders(&self) -> Vec<String> {
        let numbers = (0..=self.captures.min(9)).map(|number| format!("${number}"));
        numbers.chain(self.names.iter().take(20).map(|name| format!("${name}"))).collect()
    }
}

/// Collects the names of all capture groups.
fn collect_names(hir: &Hir, names: &mut Vec<String>) {
    match hir.kind() {
        HirKind::Capture(capture) => {
            names.extend(capture.name.as_ref().map(ToString::to_string));
            collect_names(&capture.sub, names);
        }
        HirKind::Repetition(repetition) => collect_names(&repetition.sub, names),
        HirKind::Concat(all) | HirKind::Alternation(all) => {
            all.iter().for_each(|one| collect_names(one, names));
        }
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {}
    }
}

/// Checks a pattern with the options of a `text` check: `^` and `$` match at lines.
///
/// # Errors
/// Returns the first problem of an invalid pattern.
pub(super) fn check_pattern(pattern: &str, ignore_case: bool) -> Result<PatternFacts, PatternProblem> {
    let parsed = ast::parse::ParserBuilder::new().nest_limit(NEST_LIMIT).build().parse(pattern);
    let parsed: Ast = parsed.map_err(|error| PatternProblem {
        span: Some(to_span(error.span())),
        message: error.kind().to_string(),
        help: syntax_help(error.kind()),
    })?;
    let hir = regex_syntax::hir::translate::TranslatorBuilder::new()
        .multi_line(true)
        .case_insensitive(ignore_case)
        .build()
        .translate(pattern, &parsed)
        .map_err(|error| PatternProblem {
            span: Some(to_span(error.span())),
            message: error.kind().to_string(),
            help: None,
        })?;
    if count_parts(&hir) <= UNCOMPILED_PARTS {
        return Ok(PatternFacts::new(&hir));
    }
    regex::RegexBuilder::new(pattern)
        .multi_line(true)
        .case_insensitive(ignore_case)
        .size_limit(PROGRAM_BYTES)
        .nest_limit(NEST_LIMIT)
        .build()
        .map(|_| PatternFacts::new(&hir))
        .map_err(|_| PatternProblem {
            span: None,
            message: "the pattern is too large when compiled (over 1 MiB)".to_owned(),
            help: Some(
                "repeat less (`{1000}`), or use a smaller class than `\\w` or `\\pL`, such as `[a-z]`"
                    .to_owned(),
            ),
        })
}

fn to_span(span: &ast::Span) -> Span {
    Span::new(span.start.offset, span.end.offset)
}

/// Returns help for a syntax error.
fn syntax_help(kind: &ast::ErrorKind) -> Option<String> {
    let help = match kind {
        ast::ErrorKind::UnsupportedLookAround => {
            "patterns run in linear time and do not support look-around; match more text and use a capture, \
             or use a `code` check with `not`"
        }
        ast::ErrorKind::UnsupportedBackreference => {
            "patterns run in linear time and do not support back-references"
        }
        ast::ErrorKind::EscapeUnrecognized => {
            "to match the character itself, remove the `\\`; to match a backslash, write `\\\\`"
        }
        ast::ErrorKind::GroupUnclosed | ast::ErrorKind::GroupUnopened => {
            "to match a parenthesis, write `\\(` or `\\)`"
        }
        ast::ErrorKind::ClassUnclosed => "to match a bracket, write `\\[`",
        ast::ErrorKind::RepetitionMissing => "to match `*`, `+`, `?` or `{`, write a `\\` before it",
        _ => return None,
    };
    Some(help.to_owned())
}

/// Returns an upper bound for the number of matching steps, with repetitions expanded.
fn count_parts(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(regex_syntax::hir::Class::Bytes(class)) => class.ranges().len() as u64,
        HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => {
            // A range of many characters compiles to several ranges of bytes: `.` to ten of them.
            class.ranges().len() as u64 + if class.is_ascii() { 0 } else { 10 }
        }
        HirKind::Repetition(repetition) => {
            let times = u64::from(repetition.max.unwrap_or(repetition.min).max(1)).saturating_add(1);
            count_parts(&repetition.sub).saturating_mul(times)
        }
        HirKind::Capture(capture) => count_parts(&capture.sub),
        HirKind::Concat(all) | HirKind::Alternation(all) => {
            all.iter().fold(1, |sum, one| sum.saturating_add(count_parts(one)))
        }
    }
}

/// Returns the position in the file of the bytes `inner` of a pattern.
///
/// This works only if the scalar at `scalar` contains the pattern on one line and without escapes; otherwise
/// the result is the whole scalar.
pub(super) fn locate_in_scalar(text: &str, scalar: Span, pattern: &str, inner: Option<Span>) -> Span {
    let (Some(inner), Some(written)) = (inner, text.get(scalar.start..scalar.end)) else {
        return scalar;
    };
    let offset = if written == pattern {
        0
    } else if written
        .strip_prefix(['"', '\''])
        .is_some_and(|rest| rest.strip_suffix(['"', '\'']) == Some(pattern))
    {
        1
    } else {
        return scalar;
    };
    if inner.end > pattern.len() {
        return scalar;
    }
    let start = scalar.start + offset + inner.start;
    Span::new(start, (scalar.start + offset + inner.end).max(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_point_into_the_pattern() {
        for (pattern, at, expected) in [
            ("a(b", Some(1..2), "unclosed group"),
            ("x(?=y)", Some(1..4), "look-around"),
            (r"a\qb", Some(1..3), "unrecognized escape"),
            (r"\p{Nonsense}", Some(0..12), "Unicode property not found"),
            (r"\w{900}", None, "too large"),
        ] {
            let problem = check_pattern(pattern, false).expect_err(pattern);
            assert_eq!(problem.span, at.map(Span::from), "{pattern}: {problem:?}");
            assert!(problem.message.contains(expected), "{pattern}: {problem:?}");
        }
        assert!(check_pattern(&"(".repeat(10_000), false).is_err());
        assert!(
            check_pattern(&format!("{}a{}", "(".repeat(70), ")".repeat(70)), false).is_err(),
            "nested too deeply"
        );
        assert!(check_pattern(r"(?m)^\s*password\s*=\s*[^$\s]+", true).is_ok());
    }

    #[test]
    fn patterns_without_effect_are_recognized() {
        for (pattern, only_empty, everywhere) in [
            ("", true, true),
            ("^", true, false),
            ("(|^$)", true, false),
            ("a*", false, true),
            ("a", false, false),
            (r"\b", true, false),
            ("^a*", false, false),
        ] {
            let facts = check_pattern(pattern, false).expect(pattern);
            assert_eq!((facts.only_empty, facts.everywhere), (only_empty, everywhere), "{pattern}");
        }
    }

    #[test]
    fn small_patterns_always_compile() {
        // Patterns that `check_pattern` accepts uncompiled must be below the limit: the largest classes,
        // repeated.
        for pattern in
            [r"\w{2}", r"(?i)\pL\pN\w", r"[\w\s]{2}", r"(?i)[α-ω]{600}", r"\W{3}", r"[^a]{700}", r".{1400}"]
        {
            let small = check_pattern(pattern, true).is_ok();
            let built =
                regex::RegexBuilder::new(pattern).case_insensitive(true).size_limit(PROGRAM_BYTES).build();
            assert_eq!(small, built.is_ok(), "{pattern}");
        }
    }

    #[test]
    fn positions_are_exact_only_in_plain_scalars() {
        let text = "find: 'a(b'\nother: |\n  a(b\n";
        assert_eq!(locate_in_scalar(text, Span::new(6, 11), "a(b", Some(Span::new(1, 2))), Span::new(8, 9));
        assert_eq!(
            locate_in_scalar(text, Span::new(19, 26), "a(b\n", Some(Span::new(1, 2))),
            Span::new(19, 26)
        );
        assert_eq!(locate_in_scalar(text, Span::new(6, 11), "a(b", None), Span::new(6, 11));
    }
}
