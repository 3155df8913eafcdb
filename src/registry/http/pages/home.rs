//! `/`: recent changes and links to the rest.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Frame, database_error, filters, format_date, page};
use crate::registry::http::AppState;
use crate::registry::store::{Filter, ListCursor, Name, PublishedKind};

/// Number of recently changed guidelines.
const CHANGED: i64 = 8;
/// Number of topics and of languages.
const LABELS: i64 = 24;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
    guidelines: i64,
    standards: i64,
    /// Guidelines, each with the date of its last change.
    changed: Vec<(Name, String)>,
    topics: Vec<(String, i64)>,
    languages: Vec<(String, i64)>,
}

/// Home page.
pub(in crate::registry::http) async fn home(State(state): State<AppState>) -> Response {
    match read(&state).await {
        Ok(home) => page(StatusCode::OK, &home),
        Err(error) => database_error(&error),
    }
}

async fn read(state: &AppState) -> Result<HomePage, sqlx::Error> {
    let store = &state.store;
    let from = ListCursor::Change(i64::MAX, i64::MAX);
    let changed = store.list_names(PublishedKind::Guideline, &Filter::default(), &from, CHANGED).await?;
    let (guidelines, standards) = store.count_names().await?;
    Ok(HomePage {
        frame: Frame::new(""),
        guidelines,
        standards,
        changed: changed.into_iter().map(|it| (it.clone(), format_date(it.changed_ms))).collect(),
        topics: store.label_counts("topic", LABELS).await?,
        languages: store.label_counts("language", LABELS).await?,
    })
}
