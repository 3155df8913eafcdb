//! `/guidelines` and `/standards`: lists with search, filters and sort order.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{Frame, database_error, filters, format_date, page};
use crate::model::Stage;
use crate::registry::decisions::cursor;
use crate::registry::http::AppState;
use crate::registry::http::query::{FieldError, ListQuery, Pairs};
use crate::registry::store::{Name, PublishedKind};

/// Number of topics and of languages offered as filters.
const LABELS: i64 = 30;

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    frame: Frame,
    kind: PublishedKind,
    query: ListQuery,
    /// Names, each with the date of its last change.
    rows: Vec<(Name, String)>,
    /// Address of the next page, and of this page as JSON.
    next: Option<String>,
    json: String,
    /// Filter values, and whether each is selected.
    stages: Vec<(&'static str, bool)>,
    topics: Vec<(String, bool)>,
    languages: Vec<(String, bool)>,
}

impl ListPage {
    /// Error of a field; empty if there is none.
    fn field_error(&self, field: &str) -> &str {
        self.query
            .field_errors
            .iter()
            .find(|field_error| field_error.field == field)
            .map_or("", |field_error| &field_error.message)
    }

    /// Invalid parameters: label, id of the field on the page (empty if there is none), and message.
    fn invalid_parameters(&self) -> Vec<(&'static str, &'static str, &str)> {
        let field = |field_error: &'_ FieldError| match field_error.field {
            "q" => ("Search", "q"),
            "stage" => ("Stage", "stage"),
            "topic" => ("Topic", "topic"),
            "language" => ("Language", "language"),
            "fix" => ("Has an automatic fix", "fix"),
            "owner" => ("Owner", "owner"),
            "namespace" => ("Namespace", "namespace"),
            "changed_since" => ("Changed", "changed_since"),
            "sort" => ("Order", "sort"),
            "cursor" => ("Cursor", ""),
            "limit" => ("Rows per page", ""),
            other => (other, ""),
        };
        let fields = if self.kind == PublishedKind::Guideline {
            None
        } else {
            Some(["stage", "topic", "language", "fix"])
        };
        let invalid = self.query.field_errors.iter().map(|field_error| {
            let (name, id) = field(field_error);
            // The page of standards does not have these fields.
            let id = if fields.is_some_and(|fields| fields.contains(&id)) { "" } else { id };
            (name, id, field_error.message.as_str())
        });
        invalid.collect()
    }

    /// Active filters as text.
    fn active_filters(&self) -> String {
        let filter = &self.query.filter;
        let mut all = Vec::new();
        for values in [&filter.stages, &filter.topics, &filter.languages] {
            if !values.is_empty() {
                all.push(values.join(" or "));
            }
        }
        if filter.has_fix {
            all.push("has an automatic fix".to_owned());
        }
        for (what, value) in
            [("owner:", &filter.owner), ("namespace:", &filter.namespace), ("changed:", &self.query.changed)]
        {
            if !value.is_empty() {
                all.push(format!("{what} {value}"));
            }
        }
        all.join(", ")
    }

    /// Whether any filter is set, apart from the search text.
    fn is_filtered(&self) -> bool {
        self.query.filter != crate::registry::store::Filter::default() || !self.query.field_errors.is_empty()
    }
}

/// Page of guidelines.
pub(in crate::registry::http) async fn guidelines(
    State(state): State<AppState>,
    Query(pairs): Query<Pairs>,
) -> Response {
    list(&state, PublishedKind::Guideline, &pairs).await
}

/// Page of standards.
pub(in crate::registry::http) async fn standards(
    State(state): State<AppState>,
    Query(pairs): Query<Pairs>,
) -> Response {
    list(&state, PublishedKind::Standard, &pairs).await
}

async fn list(state: &AppState, kind: PublishedKind, pairs: &Pairs) -> Response {
    match read(state, kind, ListQuery::read(pairs, (state.now_ms)())).await {
        Ok(list) if list.query.field_errors.is_empty() => page(StatusCode::OK, &list),
        Ok(list) => page(StatusCode::UNPROCESSABLE_ENTITY, &list),
        Err(error) => database_error(&error),
    }
}

async fn read(state: &AppState, kind: PublishedKind, query: ListQuery) -> Result<ListPage, sqlx::Error> {
    let store = &state.store;
    let mut rows = store.list_names(kind, &query.filter, &query.from, query.limit + 1).await?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let behind = cursor::next_cursor(&rows, &query.from).filter(|_| more);
    let base = format!("/{}", kind.plural());
    let next = behind.map(|from| format!("{base}{}", query.address_of_page(Some(&cursor::format(&from)))));
    let ticked = |all: Vec<(String, i64)>, own: &[String]| -> Vec<(String, bool)> {
        let mut all: Vec<String> = all.into_iter().map(|it| it.0).collect();
        // Selected values are always listed, even if they are rare.
        all.extend(own.iter().filter(|own| !all.contains(own)).cloned().collect::<Vec<_>>());
        all.sort();
        all.into_iter().map(|it| (it.clone(), own.contains(&it))).collect()
    };
    let (topics, languages) = if kind == PublishedKind::Guideline {
        (store.label_counts("topic", LABELS).await?, store.label_counts("language", LABELS).await?)
    } else {
        (vec![], vec![])
    };
    let mut frame = Frame::new(kind.plural());
    frame.feed = (
        format!("/feed{base}.atom{}", query.address(None)),
        "This list, most recently changed first".to_owned(),
    );
    Ok(ListPage {
        frame,
        kind,
        rows: rows.into_iter().map(|it| (it.clone(), format_date(it.changed_ms))).collect(),
        next,
        json: format!("/api/v1{base}{}", query.address_of_page(None)),
        stages: Stage::ALL
            .into_iter()
            .map(|stage| (stage.as_str(), query.filter.stages.iter().any(|it| it == stage.as_str())))
            .collect(),
        topics: ticked(topics, &query.filter.topics),
        languages: ticked(languages, &query.filter.languages),
        query,
    })
}
