//! What a text must hold so that a regular expression can match it.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::Requirement;

/// Most alternatives that a run of literals may grow to before it is closed.
const MAX_ALTERNATIVES: usize = 32;
/// Longest literal that is kept; a longer one is as selective when cut.
const MAX_LITERAL: usize = 64;

/// The requirement of `hir`, the parsed form of an expression that is searched for (not anchored).
#[must_use]
pub fn requirement_of_regex(hir: &Hir) -> Requirement {
    let mut run = Run::new();
    let mut parts = Vec::new();
    walk(hir, &mut run, &mut parts);
    parts.push(run.close());
    Requirement::all(parts)
}

/// The requirement of an expression as text, in the syntax that the `regex` crate takes by default.
/// An expression that does not parse requires nothing.
#[must_use]
pub fn requirement_of_pattern(pattern: &str) -> Requirement {
    regex_syntax::parse(pattern).map_or(Requirement::Anything, |hir| requirement_of_regex(&hir))
}

/// Adjacent literals: every match holds one of these texts here.
struct Run(Vec<Vec<u8>>);

impl Run {
    fn new() -> Self {
        Self(vec![Vec::new()])
    }

    /// Whatever of the run is worth requiring; the run starts anew.
    fn close(&mut self) -> Requirement {
        let texts = std::mem::replace(&mut self.0, vec![Vec::new()]);
        Requirement::any(texts.into_iter().map(Requirement::literal))
    }

    /// Lengthens every text by each of `tails`, or closes the run when it would grow too far.
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

fn walk(hir: &Hir, run: &mut Run, parts: &mut Vec<Requirement>) {
    if let Some(texts) = exact(hir) {
        run.append(&texts, parts);
        return;
    }
    match hir.kind() {
        HirKind::Concat(items) => items.iter().for_each(|item| walk(item, run, parts)),
        HirKind::Capture(capture) => walk(&capture.sub, run, parts),
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

/// All the texts that `hir` can match, if they are few. Look-arounds match the empty text.
fn exact(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(vec![Vec::new()]),
        HirKind::Literal(literal) => Some(vec![literal.0.to_vec()]),
        HirKind::Capture(capture) => exact(&capture.sub),
        HirKind::Class(class) => exact_class(class),
        HirKind::Alternation(branches) => {
            let mut texts = Vec::new();
            for branch in branches {
                texts.extend(exact(branch)?);
                if texts.len() > MAX_ALTERNATIVES {
                    return None;
                }
            }
            Some(texts)
        }
        HirKind::Concat(items) => {
            let mut texts = vec![Vec::new()];
            for item in items {
                let tails = exact(item)?;
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

fn exact_class(class: &Class) -> Option<Vec<Vec<u8>>> {
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
        fn a_text_that_matches_always_holds_what_is_required(pattern in any_pattern(), text in "[abkK\u{212a} \n]{0,12}") {
            let regex = regex::Regex::new(&pattern).expect("generated patterns compile");
            if regex.is_match(&text) {
                prop_assert!(requirement_of_pattern(&pattern).holds_in(text.as_bytes()));
            }
        }
    }
}
