//! TOML.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::limits::{DocumentLimits, NodeBudget, syntax_error};
use super::{LoadError, Member, Node, NodeKind, number, table};
use crate::text::Span;

/// Maximum number of `[table]` lines in a file. The parser takes quadratic time when tables come after their
/// own sub-tables (`[a.b.c]` … `[a.b]`); this limit keeps that below a second. Lock files use `[[table]]`.
const MAX_TABLES: usize = 10_000;

pub(super) fn load(text: &str, limits: &DocumentLimits) -> Result<Node, LoadError> {
    let tables =
        text.lines().map(str::trim_start).filter(|line| line.starts_with('[') && !line.starts_with("[["));
    if tables.take(MAX_TABLES + 1).count() > MAX_TABLES {
        return Err(LoadError::TooManyNodes);
    }
    // The parser itself refuses nesting deeper than 80, and keys of more than 80 parts.
    let document = DeTable::parse(text).map_err(|error| {
        let span = error.span().map_or_else(|| Span::at(0), |range| table::clamp_span(range.into(), text));
        match error.message() {
            message if message.contains("recursion") => LoadError::TooDeep { span },
            message => syntax_error(message.trim().replace('\n', ", "), span),
        }
    })?;
    let mut converter = TomlConverter { text, budget: NodeBudget::new(limits) };
    let mut root = converter.convert_table(document.into_inner(), Span::at(0), 0)?;
    root.span = Span::new(0, text.len());
    Ok(root)
}

struct TomlConverter<'t> {
    text: &'t str,
    budget: NodeBudget,
}

impl TomlConverter<'_> {
    fn convert_table(&mut self, members: DeTable<'_>, span: Span, depth: usize) -> Result<Node, LoadError> {
        self.budget.spend_node()?;
        self.budget.check_depth(depth + 1, span)?;
        let mut out = Vec::with_capacity(members.len());
        for (key, value) in members {
            let key_span = table::clamp_span(key.span().into(), self.text);
            let value = self.convert_value(value, depth + 1)?;
            out.push(Member { key: key.into_inner().into_owned(), key_span, value });
        }
        Ok(Node { span, kind: NodeKind::Object(out) })
    }

    fn convert_value(&mut self, value: Spanned<DeValue<'_>>, depth: usize) -> Result<Node, LoadError> {
        let span = table::clamp_span(value.span().into(), self.text);
        let kind = match value.into_inner() {
            DeValue::Table(members) => return self.convert_table(members, span, depth),
            DeValue::Array(items) => {
                self.budget.check_depth(depth + 1, span)?;
                let items = items.into_iter().map(|item| self.convert_value(item, depth + 1));
                NodeKind::Array(items.collect::<Result<_, _>>()?)
            }
            DeValue::String(text) => NodeKind::String(text.into_owned()),
            DeValue::Boolean(value) => NodeKind::Bool(value),
            DeValue::Datetime(date) => NodeKind::String(date.to_string()),
            DeValue::Integer(digits) => {
                let number = match digits.radix() {
                    10 => number::parse_decimal(digits.as_str().trim_start_matches('+')),
                    radix => number::parse_integer(digits.as_str(), radix),
                };
                number.map_or_else(|| NodeKind::String(digits.to_string()), NodeKind::Number)
            }
            // `inf` and `nan` are not JSON numbers: they stay text.
            DeValue::Float(digits) => number::parse_decimal(digits.as_str().trim_start_matches('+'))
                .map_or_else(|| NodeKind::String(digits.to_string()), NodeKind::Number),
        };
        self.budget.spend_node()?;
        Ok(Node { span, kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Node, LoadError> {
        load(text, &DocumentLimits::DOCUMENT)
    }

    #[test]
    fn values_become_json() {
        let text = "a.b = 1\nd = 1979-05-27T07:32:00Z\nh = 0x1F\ni = +3\nf = 1.5\nn = nan\n[[p]]\nx = [true]\n[[p]]\n";
        let want = serde_json::json!({
            "a": {"b": 1}, "d": "1979-05-27T07:32:00Z", "h": 31, "i": 3, "f": 1.5, "n": "nan",
            "p": [{"x": [true]}, {}],
        });
        assert_eq!(read(text).expect("TOML").to_json(), want);
    }

    #[test]
    fn errors_have_positions() {
        for (text, at) in [("a = 1\na = 2\n", 6), ("a = \n", 4), ("\"é\" = 'x\n", 9), ("[a\nb=1", 2)] {
            match read(text) {
                Err(LoadError::Syntax { span, .. }) => {
                    assert!(span.start.abs_diff(at) <= 1, "{text:?} {span:?}");
                }
                other => panic!("{text:?} gave {other:?}"),
            }
        }
    }

    #[test]
    fn the_number_of_tables_is_bounded() {
        assert_eq!(read(&"[a]\n".repeat(10_001)), Err(LoadError::TooManyNodes));
    }

    #[test]
    fn nesting_is_bounded_in_every_notation() {
        let dotted = (0..79).map(|n| format!("k{n}")).collect::<Vec<_>>().join(".");
        let deep = [
            format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000)),
            format!("a = {}1{}", "{a=".repeat(90), "}".repeat(90)),
            format!("{} = 1", "a.".repeat(5_000) + "b"),
            format!("a = {}1{}", format!("{{{dotted}=").repeat(70), "}".repeat(70)),
        ];
        for text in deep {
            let got = read(&text);
            assert!(matches!(got, Err(LoadError::TooDeep { .. })), "{}", &text[..60]);
        }
    }
}
