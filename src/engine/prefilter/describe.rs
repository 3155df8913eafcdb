//! A requirement in words, for authors who ask what a check costs.

use regex_syntax::hir::{Hir, HirKind};

use super::{Requirement, over_regex};

/// Most texts that are named of one list.
const MAX_NAMED: usize = 6;

impl Requirement {
    /// What a file must hold, in words; `None` when nothing is required, so that no file is spared.
    #[must_use]
    pub fn describe(&self) -> Option<String> {
        match self {
            Self::Anything => None,
            Self::Literal(literal) => Some(quoted(literal)),
            Self::Regex(expression) => {
                let words = describe_regex(&expression.find);
                Some(match expression.unless {
                    None => words,
                    Some(_) => format!("{words} (but not where its text rules a match out)"),
                })
            }
            Self::InCode(_, inner) => inner.describe(),
            Self::All(parts) => Some(list(parts, " and ")),
            Self::Any(parts) => Some(format!("({})", list(parts, " or "))),
        }
    }
}

fn list(parts: &[Requirement], between: &str) -> String {
    let mut words: Vec<String> = parts.iter().filter_map(Requirement::describe).collect();
    words.dedup();
    let more = words.len().saturating_sub(MAX_NAMED);
    words.truncate(MAX_NAMED);
    let more = if more > 0 { format!("{between}{more} more") } else { String::new() };
    format!("{}{more}", words.join(between))
}

fn describe_regex(text: &str) -> String {
    let mut literals = Vec::new();
    if let Some(hir) = over_regex::parse_bytes(text) {
        collect(&hir, &mut literals);
    }
    literals.truncate(MAX_NAMED);
    match literals.len() {
        0 => format!("text like /{}/", text.trim_start_matches("(?-u)")),
        1 => literals.concat(),
        _ => format!("{} in this order", literals.join(" ")),
    }
}

/// The literals that stand one after the other.
fn collect(hir: &Hir, out: &mut Vec<String>) {
    match hir.kind() {
        HirKind::Literal(literal) => out.push(quoted(&literal.0)),
        HirKind::Capture(capture) => collect(&capture.sub, out),
        HirKind::Concat(items) => items.iter().for_each(|item| collect(item, out)),
        HirKind::Alternation(branches) => {
            let mut words = Vec::new();
            branches.iter().take(MAX_NAMED).for_each(|branch| collect(branch, &mut words));
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
