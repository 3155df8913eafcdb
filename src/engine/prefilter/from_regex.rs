//! Derives from a regular expression what a text must contain so that it can match.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::Requirement;

/// Maximum number of alternatives in a run of literals before it is closed.
const MAX_ALTERNATIVES: usize = 32;
/// Maximum length of a literal, in bytes; longer ones are hardly more selective.
const MAX_LITERAL: usize = 64;

/// Returns the requirement of `hir`, a parsed expression that is searched for (not anchored).
#[must_use]
pub fn requirement_of_regex(hir: &Hir) -> Requirement {
    let mut run = LiteralRun::new();
    let mut parts = Vec::new();
    collect_requirements(hir, &mut run, &mut parts);
    parts.push(run.close());
    Requirement::all(parts)
}

/// Returns the requirement of an expression in the default syntax of the `regex` crate;
/// [`Requirement::Anything`] if it is invalid.
#[must_use]
pub fn requirement_of_pattern(pattern: &str) -> Requirement {
    regex_syntax::parse(pattern).map_or(Requirement::Anything, |hir| requirement_of_regex(&hir))
}

/// Adjacent literals: every match contains one of these texts at this place.
struct LiteralRun(Vec<Vec<u8>>);

impl LiteralRun {
    fn new() -> Self {
        Self(vec![Vec::new()])
    }

    /// Returns the requirement of the run, and starts a new one.
    fn close(&mut self) -> Requirement {
        let texts = std::mem::replace(&mut self.0, vec![Vec::new()]);
        Requirement::any(texts.into_iter().map(Requirement::literal))
    }

    /// Extends every text by each of `tails`, or closes the run if it would become too large.
    fn append(&mut self, tails: &[Vec<u8>], parts: &mut Vec<Requirement>) {
        let longest = |texts: &[Vec<u8>]| texts.iter().map(Vec::len).max().unwrap_or(0);
        if self.0.len() * tails.len() > MAX_ALTERNATIVES || longest(&self.0) + longest(tails) > MAX_LITERAL {
            let closed = self.close();
            parts.push(closed);
        }
        if tails.len() > MAX_ALTERNATIVES || longest(tails) > MAX_LITERAL {
            parts.push(Requirement::any(tails.iter().cloned().map(Requirement::literal)));
            return;
        }
        self.0 = self
            .0
            .iter()
            .flat_map(|head| tails.iter().map(move |tail| [&head[..], &tail[..]].concat()))
            .collect();
    }
}

fn collect_requirements(hir: &Hir, run: &mut LiteralRun, parts: &mut Vec<Requirement>) {
    if let Some(texts) = exact_texts(hir) {
        run.append(&texts, parts);
        return;
    }
    match hir.kind() {
        HirKind::Concat(items) => items.iter().for_each(|item| collect_requirements(item, run, parts)),
        HirKind::Capture(capture) => collect_requirements(&capture.sub, run, parts),
        HirKind::Repetition(repetition) if repetition.min > 0 => {
            let closed = run.close();
            parts.push(closed);
            parts.push(requirement_of_regex(&repetition.sub));
        }
        HirKind::Alternation(branches) => {
            let closed = run.close();
            parts.push(closed);
            parts.push(Requirement::any(branches.iter().map(requirement_of_regex)));
        }
        _ => {
            let closed = run.close();
            parts.push(closed);
        }
    }
}

/// Returns all texts that `hir` can match, if they are few. Look-arounds match the empty text.
fn exact_texts(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(vec![Vec::new()]),
        HirKind::Literal(literal) => Some(vec![literal.0.to_vec()]),
        HirKind::Capture(capture) => exact_texts(&capture.sub),
        HirKind::Class(class) => exact_class_texts(class),
        HirKind::Alternation(branches) => {
            let mut texts = Vec::new();
            for branch in branches {
                texts.extend(exact_texts(branch)?);
                if texts.len() > MAX_ALTERNATIVES {
                    return None;
                }
            }
            Some(texts)
        }
        HirKind::Concat(items) => {
            let mut texts = vec![Vec::new()];
            for item in items {
                let tails = exact_texts(item)?;
                if texts.len() * tails.len() > MAX_ALTERNATIVES {
                    return None;
                }
                texts = texts
                    .iter()
                    .flat_map(|head| tails.iter().map(move |tail| [&head[..], &tail[..]].concat()))
                    .collect();
            }
            Some(texts)
        }
        HirKind::Repetition(_) => None,
    }
}

fn exact_class_texts(class: &Class) -> Option<Vec<Vec<u8>>> {
    const FEW: usize = 6;
    match class {
        Class::Unicode(class) => {
            let count: usize = class.iter().map(regex_syntax::hir::ClassUnicodeRange::len).sum();
            if count == 0 || count > FEW {
                return None;
            }
            let chars = class.iter().flat_map(|range| range.start()..=range.end());
            Some(chars.map(|c| c.to_string().into_bytes()).collect())
        }
        Class::Bytes(class) => {
            let count: usize = class.iter().map(regex_syntax::hir::ClassBytesRange::len).sum();
            if count == 0 || count > FEW {
                return None;
            }
            Some(class.iter().flat_map(|range| range.start()..=range.end()).map(|byte| vec![byte]).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lit(text: &str) -> Requirement {
        Requirement::literal(text.as_bytes().to_vec())
    }

    #[test]
    fn literals_that_must_occur() {
        for (pattern, expected) in [
            ("TODO", lit("TODO")),
            (r"\bfoo\b", lit("foo")),
            ("^(Exception|BaseException)$", Requirement::any([lit("Exception"), lit("BaseException")])),
            ("a.*bcd", lit("bcd")),
            ("x?", Requirement::Anything),
            ("(ab|c.d)", Requirement::Anything),
            ("(abc|xyz.)+", Requirement::any([lit("abc"), lit("xyz")])),
            ("(abc|)", Requirement::Anything),
            ("foo[0-9]bar", Requirement::all([lit("foo"), lit("bar")])),
            (r"(?i)\bgo\b", Requirement::any(["GO", "Go", "gO", "go"].map(lit))),
            ("[", Requirement::Anything),
        ] {
            assert_eq!(requirement_of_pattern(pattern), expected, "{pattern}");
        }
    }

    fn any_pattern() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            "[abk]{1,3}",
            Just(".".to_owned()),
            Just("[ab]".to_owned()),
            Just(r"\b".to_owned()),
            Just("(?i:k)".to_owned()),
            Just("$".to_owned())
        ];
        leaf.prop_recursive(4, 16, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
                proptest::collection::vec(inner.clone(), 1..3)
                    .prop_map(|parts| format!("({})", parts.join("|"))),
                (inner.clone(), prop_oneof![Just("*"), Just("+"), Just("?"), Just("{2,3}")])
                    .prop_map(|(p, op)| format!("(?:{p}){op}")),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_matching_text_always_satisfies_the_requirement(pattern in any_pattern(), text in "[abkK\u{212a} \n]{0,12}") {
            let regex = regex::Regex::new(&pattern).expect("generated patterns compile");
            if regex.is_match(&text) {
                prop_assert!(requirement_of_pattern(&pattern).holds_in(text.as_bytes()));
            }
        }
    }
}
