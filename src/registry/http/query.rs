//! Parameters of a list, for pages and API.

use super::super::decisions::{MAX_VALUE_CHARS, cursor, label_value};
use crate::model::{Date, Stage};
use crate::registry::store::{Filter, ListCursor, search_words};
use crate::report::encode::uri;

/// Longest search text, in characters.
const MAX_SEARCH_CHARS: usize = 100;
/// Largest number of values of one parameter.
const MAX_VALUES: usize = 20;
/// Message for a value with NUL, which PostgreSQL cannot store.
pub(super) const NUL: &str = "must not contain the NUL character";
/// Default and largest number of rows per page.
const ROWS: (i64, i64) = (50, 200);
const DAY_MS: i64 = 86_400_000;

/// Error at a parameter or form field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldError {
    /// Name of the parameter or field.
    pub(super) field: &'static str,
    /// Message for the user.
    pub(super) message: String,
}

/// Query for a list.
#[derive(Clone, Debug)]
pub(super) struct ListQuery {
    /// Search text as entered.
    pub(super) q: String,
    pub(super) filter: Filter,
    /// `name` or `changed`.
    pub(super) sort: String,
    /// Value of `changed_since` as entered: a number of days, or a date.
    pub(super) changed: String,
    pub(super) from: ListCursor,
    /// Whether this is the first page.
    pub(super) is_first: bool,
    pub(super) limit: i64,
    /// Errors of parameters that were ignored.
    pub(super) field_errors: Vec<FieldError>,
}

/// Parameters of an address, in order.
pub(super) type Pairs = Vec<(String, String)>;

impl ListQuery {
    /// Reads the parameters. Unknown ones are ignored. `now_ms` is the current time.
    pub(super) fn read(pairs: &Pairs, now_ms: i64) -> Self {
        let mut field_errors = Vec::new();
        let mut one = |name: &'static str, most: usize| -> String {
            let value = pairs.iter().find(|(key, _)| key == name).map_or("", |it| it.1.trim());
            if value.contains('\0') {
                field_errors.push(FieldError { field: name, message: NUL.to_owned() });
                return String::new();
            }
            if value.chars().count() > most {
                field_errors.push(FieldError { field: name, message: format!("at most {most} characters") });
                return value.chars().take(most).collect();
            }
            value.to_owned()
        };
        let q = one("q", MAX_SEARCH_CHARS);
        let (sort, changed, cursor, limit) = (
            one("sort", MAX_VALUE_CHARS),
            one("changed_since", MAX_VALUE_CHARS),
            one("cursor", 300),
            one("limit", MAX_VALUE_CHARS),
        );
        let (owner, namespace, fix) =
            (one("owner", MAX_VALUE_CHARS), one("namespace", MAX_VALUE_CHARS), one("fix", MAX_VALUE_CHARS));
        let mut several = |name: &'static str| -> Vec<String> {
            let values = pairs.iter().filter(|(key, value)| key == name && !value.trim().is_empty());
            let all: Vec<String> = values.map(|(_, value)| value.trim().to_lowercase()).collect();
            if all.len() > MAX_VALUES
                || all
                    .iter()
                    .any(|it| it.chars().count() > MAX_VALUE_CHARS || it.contains([',', '%', '_', '\0']))
            {
                field_errors.push(FieldError {
                    field: name,
                    message: format!(
                        "at most {MAX_VALUES} values of {MAX_VALUE_CHARS} characters, without commas"
                    ),
                });
                return vec![];
            }
            all
        };
        let (stages, topics, languages) = (several("stage"), several("topic"), several("language"));
        // Normalized as in the labels.
        let topics: Vec<String> =
            topics.iter().map(|topic| label_value(topic)).filter(|it| !it.is_empty()).collect();
        let mut field_error = |field, message: String| field_errors.push(FieldError { field, message });
        let words = Stage::ALL.map(Stage::as_str);
        if let Some(other) = stages.iter().find(|stage| !words.contains(&stage.as_str())) {
            field_error("stage", format!("unknown stage `{other}`; use one of {}", words.join(", ")));
        }
        let has_fix = match fix.as_str() {
            "" | "no" | "any" => false,
            "yes" | "1" | "on" | "true" => true,
            _ => {
                field_error("fix", "must be `yes` or absent".to_owned());
                false
            }
        };
        let changed_since_ms = parse_since(&changed, now_ms).unwrap_or_else(|| {
            field_error(
                "changed_since",
                "must be a number of days (at most 36500) or a date such as 2026-05-22".to_owned(),
            );
            0
        });
        let found = search_words(&q);
        let first = match sort.as_str() {
            _ if !q.is_empty() => ListCursor::Relevance(found, 0),
            "changed" => ListCursor::Change(i64::MAX, i64::MAX),
            "" | "name" => ListCursor::Name(String::new(), String::new()),
            _ => {
                field_error("sort", "must be `name` or `changed`".to_owned());
                ListCursor::Name(String::new(), String::new())
            }
        };
        let from = if cursor.is_empty() { Some(first.clone()) } else { cursor::parse(&cursor, &first) };
        let from = from.unwrap_or_else(|| {
            field_error("cursor", "not a cursor of this list; start again without it".to_owned());
            first.clone()
        });
        let limit = if limit.is_empty() { Some(ROWS.0) } else { limit.parse().ok() };
        let limit = limit.filter(|limit| (1..=ROWS.1).contains(limit)).unwrap_or_else(|| {
            field_error("limit", format!("must be a number from 1 to {}", ROWS.1));
            ROWS.0
        });
        let filter = Filter { stages, topics, languages, has_fix, owner, namespace, changed_since_ms };
        Self { is_first: from == first, q, filter, sort, changed, from, limit, field_errors }
    }

    /// Like [`ListQuery::address`], with the number of rows per page.
    pub(super) fn address_of_page(&self, cursor: Option<&str>) -> String {
        let address = self.address(cursor);
        if self.limit == ROWS.0 {
            return address;
        }
        format!("{address}{}limit={}", if address.is_empty() { '?' } else { '&' }, self.limit)
    }

    /// Query string of the same list with another cursor; without one, of the first page. Begins with `?` or
    /// is empty.
    pub(super) fn address(&self, cursor: Option<&str>) -> String {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        let filter = &self.filter;
        for (name, value) in [
            ("q", self.q.as_str()),
            ("owner", filter.owner.as_str()),
            ("namespace", filter.namespace.as_str()),
            ("fix", if filter.has_fix { "yes" } else { "" }),
            ("changed_since", self.changed.as_str()),
            ("sort", self.sort.as_str()),
            ("cursor", cursor.unwrap_or_default()),
        ] {
            if !value.is_empty() {
                pairs.push((name, value));
            }
        }
        for (name, values) in
            [("stage", &filter.stages), ("topic", &filter.topics), ("language", &filter.languages)]
        {
            pairs.extend(values.iter().map(|value| (name, value.as_str())));
        }
        if pairs.is_empty() {
            return String::new();
        }
        let all: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{name}={}", uri::path(value.as_bytes()))).collect();
        format!("?{}", all.join("&"))
    }
}

/// Converts a number of days before now, or a date, to milliseconds since 1970.
fn parse_since(text: &str, now_ms: i64) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    if let Ok(days) = text.parse::<i64>() {
        return (0..=36_500).contains(&days).then(|| now_ms - days * DAY_MS);
    }
    let day: Date = text.parse().ok()?;
    Some(i64::from(Date::of_unix_seconds(0).days_until(day)) * DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ListQuery {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        ListQuery::read(&pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(), 100 * DAY_MS)
    }

    #[test]
    fn parameters_are_read_and_written_again() {
        let query =
            read("stage=trial&stage=practice&topic=Logs&fix=yes&changed_since=10&sort=changed&owner=a b");
        assert!(query.field_errors.is_empty(), "{:?}", query.field_errors);
        assert_eq!(query.filter.stages, ["trial", "practice"]);
        assert_eq!(
            (query.filter.changed_since_ms, query.filter.topics),
            (90 * DAY_MS, vec!["logs".to_owned()])
        );
        let address = read("q=a%26&stage=trial").address(Some("f.50"));
        assert_eq!(address, "?q=a%2526&cursor=f.50&stage=trial");
        assert_eq!(read("").address(None), "");
        assert_eq!(read("limit=7").address_of_page(Some("n.a.b")), "?cursor=n.a.b&limit=7");
        assert_eq!(read("limit=7").address_of_page(None), "?limit=7");
        assert_eq!(read("limit=50").address_of_page(None), "");
        assert_eq!(read("topic=C/C++").filter.topics, ["c c++"]);
        assert_eq!(read("changed_since=1970-01-03").filter.changed_since_ms, 2 * DAY_MS);
    }

    #[test]
    fn invalid_parameters_are_reported_per_field() {
        for (text, field) in [
            ("stage=best", "stage"),
            ("fix=perhaps", "fix"),
            ("sort=size", "sort"),
            ("changed_since=soon", "changed_since"),
            ("changed_since=-1", "changed_since"),
            ("cursor=x", "cursor"),
            ("cursor=f.1", "cursor"),
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("topic=a,b", "topic"),
            ("topic=a\0b", "topic"),
            ("owner=\0", "owner"),
            ("q=a\0", "q"),
            ("cursor=n.\0.x", "cursor"),
        ] {
            let field_errors: Vec<&str> = read(text).field_errors.iter().map(|it| it.field).collect();
            assert_eq!(field_errors, [field], "{text}");
        }
        assert_eq!(read(&format!("q={}", "x".repeat(101))).field_errors[0].field, "q");
    }
}
