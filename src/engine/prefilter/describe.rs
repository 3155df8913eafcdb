//! Describes a requirement in words, for authors who want to know the cost of a check.

use regex_syntax::hir::{Hir, HirKind};

use super::{Requirement, over_approximation};

/// Maximum number of listed alternatives.
const MAX_NAMED: usize = 6;

impl Requirement {
    /// Describes what a file must contain; `None` without a requirement, when no file can be skipped.
    #[must_use]
    pub fn describe(&self) -> Option<String> {
        match self {
            Self::Anything => None,
            Self::Literal(literal) => Some(quoted(literal)),
            Self::Regex(expression) => {
                let words = describe_regex(&expression.find);
                Some(match expression.unless {
                    None => words,
                    Some(_) => format!("{words} (unless the text there rules out a match)"),
                })
            }
            Self::InCode(_, inner) => inner.describe(),
            Self::All(parts) => Some(describe_list(parts, " and ")),
            Self::Any(parts) => Some(format!("({})", describe_list(parts, " or "))),
        }
    }
}

fn describe_list(parts: &[Requirement], between: &str) -> String {
    let mut words: Vec<String> = parts.iter().filter_map(Requirement::describe).collect();
    words.dedup();
    let more = words.len().saturating_sub(MAX_NAMED);
    words.truncate(MAX_NAMED);
    let more = if more > 0 { format!("{between}{more} more") } else { String::new() };
    format!("{}{more}", words.join(between))
}

fn describe_regex(text: &str) -> String {
    let mut literals = Vec::new();
    if let Some(hir) = over_approximation::parse_bytes(text) {
        collect_literals(&hir, &mut literals);
    }
    literals.truncate(MAX_NAMED);
    match literals.len() {
        0 => format!("text like /{}/", text.trim_start_matches("(?-u)")),
        1 => literals.concat(),
        _ => format!("{} in this order", literals.join(" ")),
    }
}

/// Collects the literals of an expression, in order.
fn collect_literals(hir: &Hir, out: &mut Vec<String>) {
    match hir.kind() {
        HirKind::Literal(literal) => out.push(quoted(&literal.0)),
        HirKind::Capture(capture) => collect_literals(&capture.sub, out),
        HirKind::Concat(items) => items.iter().for_each(|item| collect_literals(item, out)),
        HirKind::Alternation(branches) => {
            let mut words = Vec::new();
            branches.iter().take(MAX_NAMED).for_each(|branch| collect_literals(branch, &mut words));
            if !words.is_empty() {
                out.push(words.join("|"));
            }
        }
        _ => {}
    }
}

fn quoted(bytes: &[u8]) -> String {
    format!("`{}`", String::from_utf8_lossy(bytes).escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_read_as_words() {
        let call = Requirement::regex(r"(?-u)\brequests\b(?:[\x00-\x20])*\x2e");
        assert_eq!(call.describe().as_deref(), Some("`requests` `.` in this order"));
        let both = Requirement::any([Requirement::literal("TODO"), Requirement::literal("FIXME")]);
        assert_eq!(both.describe().as_deref(), Some("(`TODO` or `FIXME`)"));
        assert_eq!(Requirement::Anything.describe(), None);
    }
}
