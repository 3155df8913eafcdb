//! What a list is asked for, from the parameters of an address. Pages and API read them alike.

use super::super::flow::{VALUE, cursor, value};
use crate::model::{Date, Stage};
use crate::registry::store::{Filter, From, words_of};
use crate::report::encode::uri;

/// Longest text that is searched for, in characters.
const WORDS: usize = 100;
/// Most values of one parameter.
const VALUES: usize = 20;
/// What is told where a parameter holds one: no database keeps it.
pub(super) const NUL: &str = "without the character NUL";
/// Rows of a page, and the most that may be asked for.
const ROWS: (i64, i64) = (50, 200);
const DAY_MS: i64 = 86_400_000;

/// Something that is not as it should be, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slip {
    /// The parameter or field.
    pub(super) field: &'static str,
    /// A sentence.
    pub(super) message: String,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// What is searched for, as it was typed.
    pub(super) q: String,
    pub(super) filter: Filter,
    /// `name` or `changed`.
    pub(super) sort: String,
    /// As it was typed: days, or a day.
    pub(super) changed: String,
    pub(super) from: From,
    /// Whether it is the beginning of the list.
    pub(super) is_first: bool,
    pub(super) limit: i64,
    /// What could not be used, and was left out.
    pub(super) slips: Vec<Slip>,
}

/// Parameters of an address, in order.
pub(super) type Pairs = Vec<(String, String)>;

impl Asked {
    /// Reads the parameters. Unknown ones are left out; `now_ms` is the time.
    pub(super) fn read(pairs: &Pairs, now_ms: i64) -> Self {
        let mut slips = Vec::new();
        let mut one = |name: &'static str, most: usize| -> String {
            let value = pairs.iter().find(|(key, _)| key == name).map_or("", |it| it.1.trim());
            if value.contains('\0') {
                slips.push(Slip { field: name, message: NUL.to_owned() });
                return String::new();
            }
            if value.chars().count() > most {
                slips.push(Slip { field: name, message: format!("at most {most} characters") });
                return value.chars().take(most).collect();
            }
            value.to_owned()
        };
        let q = one("q", WORDS);
        let (sort, changed, cursor, limit) =
            (one("sort", VALUE), one("changed_since", VALUE), one("cursor", 300), one("limit", VALUE));
        let (owner, namespace, fix) = (one("owner", VALUE), one("namespace", VALUE), one("fix", VALUE));
        let mut several = |name: &'static str| -> Vec<String> {
            let values = pairs.iter().filter(|(key, value)| key == name && !value.trim().is_empty());
            let all: Vec<String> = values.map(|(_, value)| value.trim().to_lowercase()).collect();
            if all.len() > VALUES
                || all.iter().any(|it| it.chars().count() > VALUE || it.contains([',', '%', '_', '\0']))
            {
                slips.push(Slip {
                    field: name,
                    message: format!("at most {VALUES} words of {VALUE} characters, without commas"),
                });
                return vec![];
            }
            all
        };
        let (stages, topics, languages) = (several("stage"), several("topic"), several("language"));
        // As they stand in labels.
        let topics: Vec<String> =
            topics.iter().map(|topic| value(topic)).filter(|it| !it.is_empty()).collect();
        let mut slip = |field, message: String| slips.push(Slip { field, message });
        let words = Stage::ALL.map(Stage::word);
        if let Some(other) = stages.iter().find(|stage| !words.contains(&stage.as_str())) {
            slip("stage", format!("`{other}` is no stage: one of {}", words.join(", ")));
        }
        let has_fix = match fix.as_str() {
            "" | "no" | "any" => false,
            "yes" | "1" | "on" | "true" => true,
            _ => {
                slip("fix", "yes, or nothing".to_owned());
                false
            }
        };
        let changed_since_ms = since(&changed, now_ms).unwrap_or_else(|| {
            slip("changed_since", "a number of days (at most 36500), or a day as in 2026-05-22".to_owned());
            0
        });
        let found = words_of(&q);
        let first = match sort.as_str() {
            _ if !q.is_empty() => From::Fit(found, 0),
            "changed" => From::Change(i64::MAX, i64::MAX),
            "" | "name" => From::Name(String::new(), String::new()),
            _ => {
                slip("sort", "name, or changed".to_owned());
                From::Name(String::new(), String::new())
            }
        };
        let from = if cursor.is_empty() { Some(first.clone()) } else { cursor::read(&cursor, &first) };
        let from = from.unwrap_or_else(|| {
            slip("cursor", "not one of this list; begin without it".to_owned());
            first.clone()
        });
        let limit = if limit.is_empty() { Some(ROWS.0) } else { limit.parse().ok() };
        let limit = limit.filter(|limit| (1..=ROWS.1).contains(limit)).unwrap_or_else(|| {
            slip("limit", format!("a number from 1 to {}", ROWS.1));
            ROWS.0
        });
        let filter = Filter { stages, topics, languages, has_fix, owner, namespace, changed_since_ms };
        Self { is_first: from == first, q, filter, sort, changed, from, limit, slips }
    }

    /// The same as [`Asked::address`], with as many rows at a time as were asked for.
    pub(super) fn address_of_page(&self, cursor: Option<&str>) -> String {
        let address = self.address(cursor);
        if self.limit == ROWS.0 {
            return address;
        }
        format!("{address}{}limit={}", if address.is_empty() { '?' } else { '&' }, self.limit)
    }

    /// The address of the same list with another cursor; without one, the beginning. Begins with `?`, or is empty.
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

/// The time that is meant: so many days ago, or the beginning of a day.
fn since(text: &str, now_ms: i64) -> Option<i64> {
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

    fn read(text: &str) -> Asked {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        Asked::read(&pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(), 100 * DAY_MS)
    }

    #[test]
    fn parameters_are_read_and_written_again() {
        let asked =
            read("stage=trial&stage=practice&topic=Logs&fix=yes&changed_since=10&sort=changed&owner=a b");
        assert!(asked.slips.is_empty(), "{:?}", asked.slips);
        assert_eq!(asked.filter.stages, ["trial", "practice"]);
        assert_eq!(
            (asked.filter.changed_since_ms, asked.filter.topics),
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
    fn what_cannot_be_used_is_told_at_its_field() {
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
            let slips: Vec<&str> = read(text).slips.iter().map(|it| it.field).collect();
            assert_eq!(slips, [field], "{text}");
        }
        assert_eq!(read(&format!("q={}", "x".repeat(101))).slips[0].field, "q");
    }
}
