//! Cursor of a list as text in an address. Clients return it unchanged and need not understand it.

use crate::registry::store::{ListCursor, Name};

/// Largest offset of a search. To find more, users change the search words.
pub(in crate::registry) const MAX_SKIP: i64 = 1_000;

/// Formats a cursor.
pub(in crate::registry) fn format(from: &ListCursor) -> String {
    match from {
        ListCursor::Name(namespace, slug) => format!("n.{namespace}.{slug}"),
        ListCursor::Change(ms, id) => format!("c.{ms}.{id}"),
        ListCursor::Relevance(_, skip) => format!("f.{skip}"),
    }
}

/// Parses a cursor from [`format`]; `None` if it is invalid or has a different order than `first`.
pub(in crate::registry) fn parse(text: &str, first: &ListCursor) -> Option<ListCursor> {
    // PostgreSQL cannot store NUL in text.
    if text.contains('\0') {
        return None;
    }
    let mut parts = text.split('.');
    let (kind, one, two) = (parts.next()?, parts.next()?, parts.next());
    let from = match (kind, first, two) {
        ("n", ListCursor::Name(..), Some(slug)) => ListCursor::Name(one.to_owned(), slug.to_owned()),
        ("c", ListCursor::Change(..), Some(id)) => ListCursor::Change(one.parse().ok()?, id.parse().ok()?),
        ("f", ListCursor::Relevance(words, _), None) => {
            let skip = one.parse().ok().filter(|skip| (0..=MAX_SKIP).contains(skip))?;
            ListCursor::Relevance(words.clone(), skip)
        }
        _ => return None,
    };
    parts.next().is_none().then_some(from)
}

/// Cursor after these rows; `None` at the end of the list.
pub(in crate::registry) fn next_cursor(rows: &[Name], from: &ListCursor) -> Option<ListCursor> {
    let last = rows.last()?;
    match from {
        ListCursor::Name(..) => Some(ListCursor::Name(last.namespace.clone(), last.slug.clone())),
        ListCursor::Change(..) => Some(ListCursor::Change(last.changed_ms, last.id)),
        ListCursor::Relevance(words, skip) => {
            let next = skip + i64::try_from(rows.len()).unwrap_or(i64::MAX);
            (next < MAX_SKIP).then(|| ListCursor::Relevance(words.clone(), next))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_round_trip_and_invalid_ones_are_refused() {
        let fit = |skip| ListCursor::Relevance(vec!["a".to_owned()], skip);
        for from in [ListCursor::Name("acme".into(), "a-b".into()), ListCursor::Change(5, 7), fit(50)] {
            assert_eq!(parse(&format(&from), &from), Some(from));
        }
        for text in ["", "n", "n.a", "n.a.b.c", "n.\0.b", "c.1.2", "f.1", "x.a.b", "n"] {
            assert_eq!(parse(text, &ListCursor::Name(String::new(), String::new())), None, "{text}");
        }
        for text in ["f.-1", "f.1001", "f.x", "f.1.2", "f.99999999999999999999"] {
            assert_eq!(parse(text, &fit(0)), None, "{text}");
        }
    }
}
