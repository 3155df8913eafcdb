//! The statement of a list: only what is asked for stands in it, so that each is planned for what it asks.

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;

use super::{Filter, From, Kind, Store, sql};

/// Most names that PostgreSQL ranks in one search.
const RANKED: usize = 3_000;

/// A value that stands for `$1`, `$2`, … in a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(i64),
}

/// A statement with its values.
pub(super) struct List {
    text: String,
    pub(super) values: Vec<Value>,
}

impl List {
    /// The names that a filter lets through, from a place on, at most `limit`.
    pub(super) fn new(store: &Store, kind: Kind, filter: &Filter, from: &From, limit: i64) -> Self {
        let head = match (store, from) {
            (Store::Sqlite(_), From::Fit(..)) => sql::NAMES_BY_WORDS_SQLITE,
            (Store::Postgres(_), From::Fit(..)) => sql::NAMES_BY_WORDS_POSTGRES,
            _ => sql::NAMES,
        };
        let mut list = Self { text: head.to_owned(), values: Vec::new() };
        list.add("it.kind = ");
        list.text(kind.word());
        for (word, values) in
            [("stage", &filter.stages), ("topic", &filter.topics), ("language", &filter.languages)]
        {
            list.labels(word, values);
        }
        if filter.has_fix {
            list.labels("fix", &["yes".to_owned()]);
        }
        for (column, value) in [("owner", &filter.owner), ("namespace", &filter.namespace)] {
            if !value.is_empty() {
                list.add(&format!(" AND it.{column} = "));
                list.text(value);
            }
        }
        if filter.changed_since_ms != 0 {
            list.add(" AND it.changed_ms >= ");
            list.number(filter.changed_since_ms);
        }
        list.order(store, from);
        list.add(" LIMIT ");
        list.number(limit);
        if let From::Fit(_, skip) = from {
            list.add(" OFFSET ");
            list.number(*skip);
        }
        list
    }

    /// These names (namespace and the rest), of which the values must be bound in this order.
    pub(super) fn of(names: &[(&str, &str)]) -> Self {
        let mut list = Self { text: sql::NAMES.to_owned(), values: Vec::new() };
        for (nth, (namespace, slug)) in names.iter().enumerate() {
            list.add(if nth == 0 { "(it.namespace = " } else { " OR (it.namespace = " });
            list.text(namespace);
            list.add(" AND it.slug = ");
            list.text(slug);
            list.add(")");
        }
        list
    }

    /// Where the list goes on, and its order. By seek: what lies before a page is not counted through.
    fn order(&mut self, store: &Store, from: &From) {
        match from {
            From::Name(namespace, slug) => {
                self.add(" AND (it.namespace, it.slug) > (");
                self.text(namespace);
                self.add(", ");
                self.text(slug);
                self.add(") ORDER BY it.namespace, it.slug");
            }
            From::Change(ms, id) => {
                self.add(" AND (it.changed_ms, it.id) < (");
                self.number(*ms);
                self.add(", ");
                self.number(*id);
                self.add(") ORDER BY it.changed_ms DESC, it.id DESC");
            }
            // There is no seek in an order by fit: pages are few.
            From::Fit(words, _) => match store {
                Store::Sqlite(_) => {
                    self.add(" AND name_words MATCH ");
                    let each: Vec<String> = words.iter().map(|word| format!("\"{word}\"*")).collect();
                    self.text(&each.join(" "));
                    self.add(" ORDER BY bm25(name_words, 10.0, 8.0, 4.0, 1.0), it.namespace, it.slug");
                }
                Store::Postgres(_) => {
                    let each: Vec<String> = words.iter().map(|word| format!("{word}:*")).collect();
                    let all = each.join(" & ");
                    self.add(" AND it.words @@ to_tsquery('simple', ");
                    self.text(&all);
                    // To rank each of many thousands takes long, and of so many no order is right.
                    self.add(&format!(") LIMIT {RANKED}) AS it ORDER BY ts_rank"));
                    self.add("(it.words, to_tsquery('simple', ");
                    self.text(&all);
                    self.add(")) DESC, it.namespace, it.slug");
                }
            },
        }
    }

    /// One of these labels must be there.
    fn labels(&mut self, word: &str, values: &[String]) {
        if values.is_empty() {
            return;
        }
        self.add(" AND it.id IN (SELECT label.name_id FROM label WHERE label.label IN (");
        for (nth, value) in values.iter().enumerate() {
            if nth > 0 {
                self.add(", ");
            }
            self.text(&format!("{word}:{value}"));
        }
        self.add("))");
    }

    fn add(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn text(&mut self, value: &str) {
        self.value(Value::Text(value.to_owned()));
    }

    fn number(&mut self, value: i64) {
        self.value(Value::Number(value));
    }

    fn value(&mut self, value: Value) {
        self.values.push(value);
        // Writing to a String cannot fail.
        let _ = write!(self.text, "${}", self.values.len());
    }

    /// The statement. Nothing that came from outside stands in it: everything of that kind is a value.
    pub(super) fn sql(&self) -> AssertSqlSafe<String> {
        AssertSqlSafe(self.text.clone())
    }
}
