//! SQL of a list. It contains only the active filters, so that the database can plan each combination.

use std::fmt::Write as _;

use sqlx::AssertSqlSafe;

use super::{Filter, ListCursor, PublishedKind, Store, sql};

/// Largest number of names that PostgreSQL ranks in one search.
const MAX_RANKED: usize = 3_000;

/// Bound value for `$1`, `$2`, … in a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BoundValue {
    Text(String),
    Number(i64),
}

/// Statement with its bound values.
pub(super) struct ListStatement {
    text: String,
    pub(super) values: Vec<BoundValue>,
}

impl ListStatement {
    /// Selects the names that match a filter, after a cursor, at most `limit`.
    pub(super) fn new(
        store: &Store,
        kind: PublishedKind,
        filter: &Filter,
        from: &ListCursor,
        limit: i64,
    ) -> Self {
        let head = match (store, from) {
            (Store::Sqlite(_), ListCursor::Relevance(..)) => sql::NAMES_BY_WORDS_SQLITE,
            (Store::Postgres(_), ListCursor::Relevance(..)) => sql::NAMES_BY_WORDS_POSTGRES,
            _ => sql::NAMES,
        };
        let mut list = Self { text: head.to_owned(), values: Vec::new() };
        list.add("it.kind = ");
        list.text(kind.as_str());
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
        if let ListCursor::Relevance(_, skip) = from {
            list.add(" OFFSET ");
            list.number(*skip);
        }
        list
    }

    /// Selects these names (namespace and slug). Their values must be bound in this order.
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

    /// Adds the cursor and the order. Uses keyset pagination: rows before the page are not scanned.
    fn order(&mut self, store: &Store, from: &ListCursor) {
        match from {
            ListCursor::Name(namespace, slug) => {
                self.add(" AND (it.namespace, it.slug) > (");
                self.text(namespace);
                self.add(", ");
                self.text(slug);
                self.add(") ORDER BY it.namespace, it.slug");
            }
            ListCursor::Change(ms, id) => {
                self.add(" AND (it.changed_ms, it.id) < (");
                self.number(*ms);
                self.add(", ");
                self.number(*id);
                self.add(") ORDER BY it.changed_ms DESC, it.id DESC");
            }
            // Relevance order has no keyset, so it uses an offset; searches have few pages.
            ListCursor::Relevance(words, _) => match store {
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
                    // Ranking many thousands of names is slow, and such a search has no useful order.
                    self.add(&format!(") LIMIT {MAX_RANKED}) AS it ORDER BY ts_rank"));
                    self.add("(it.words, to_tsquery('simple', ");
                    self.text(&all);
                    self.add(")) DESC, it.namespace, it.slug");
                }
            },
        }
    }

    /// Requires at least one of these labels.
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
        self.value(BoundValue::Text(value.to_owned()));
    }

    fn number(&mut self, value: i64) {
        self.value(BoundValue::Number(value));
    }

    fn value(&mut self, value: BoundValue) {
        self.values.push(value);
        // Writing to a `String` cannot fail.
        let _ = write!(self.text, "${}", self.values.len());
    }

    /// Text of the statement. All untrusted input is bound as a value and never part of the text.
    pub(super) fn sql(&self) -> AssertSqlSafe<String> {
        AssertSqlSafe(self.text.clone())
    }
}
