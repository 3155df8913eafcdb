//! Where a list goes on, as a word in an address. Readers give back what they were given and need not understand it.

use crate::registry::store::{From, Name};

/// Furthest that a search goes on: whoever has not found it by then wants other words.
pub(in crate::registry) const FURTHEST: i64 = 1_000;

/// The beginning of a list in the order of `from`.
pub(in crate::registry) fn write(from: &From) -> String {
    match from {
        From::Name(namespace, slug) => format!("n.{namespace}.{slug}"),
        From::Change(ms, id) => format!("c.{ms}.{id}"),
        From::Fit(_, skip) => format!("f.{skip}"),
    }
}

/// What [`write`] wrote about a list of the same order as `first`; `None` where it is anything else.
pub(in crate::registry) fn read(text: &str, first: &From) -> Option<From> {
    // Which no database keeps.
    if text.contains('\0') {
        return None;
    }
    let mut parts = text.split('.');
    let (kind, one, two) = (parts.next()?, parts.next()?, parts.next());
    let from = match (kind, first, two) {
        ("n", From::Name(..), Some(slug)) => From::Name(one.to_owned(), slug.to_owned()),
        ("c", From::Change(..), Some(id)) => From::Change(one.parse().ok()?, id.parse().ok()?),
        ("f", From::Fit(words, _), None) => {
            let skip = one.parse().ok().filter(|skip| (0..=FURTHEST).contains(skip))?;
            From::Fit(words.clone(), skip)
        }
        _ => return None,
    };
    parts.next().is_none().then_some(from)
}

/// Where the list goes on behind these rows; `None` where it does not.
pub(in crate::registry) fn behind(rows: &[Name], from: &From) -> Option<From> {
    let last = rows.last()?;
    match from {
        From::Name(..) => Some(From::Name(last.namespace.clone(), last.slug.clone())),
        From::Change(..) => Some(From::Change(last.changed_ms, last.id)),
        From::Fit(words, skip) => {
            let next = skip + i64::try_from(rows.len()).unwrap_or(i64::MAX);
            (next < FURTHEST).then(|| From::Fit(words.clone(), next))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let fit = |skip| From::Fit(vec!["a".to_owned()], skip);
        for from in [From::Name("acme".into(), "a-b".into()), From::Change(5, 7), fit(50)] {
            assert_eq!(read(&write(&from), &from), Some(from));
        }
        for text in ["", "n", "n.a", "n.a.b.c", "n.\0.b", "c.1.2", "f.1", "x.a.b", "n"] {
            assert_eq!(read(text, &From::Name(String::new(), String::new())), None, "{text}");
        }
        for text in ["f.-1", "f.1001", "f.x", "f.1.2", "f.99999999999999999999"] {
            assert_eq!(read(text, &fit(0)), None, "{text}");
        }
    }
}
