//! `/`: what changed last, and ways to the rest.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Frame, broken, day, filters, page};
use crate::registry::http::Shared;
use crate::registry::store::{Filter, From, Kind, Name};

/// Guidelines that are shown as changed last.
const CHANGED: i64 = 8;
/// Topics and languages that are offered.
const LABELS: i64 = 24;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    guidelines: i64,
    standards: i64,
    /// With the day of their last change.
    changed: Vec<(Name, String)>,
    topics: Vec<(String, i64)>,
    languages: Vec<(String, i64)>,
}

/// The first page.
pub(in crate::registry::http) async fn home(State(shared): State<Shared>) -> Response {
    match read(&shared).await {
        Ok(home) => page(StatusCode::OK, &home),
        Err(error) => broken(&error),
    }
}

async fn read(shared: &Shared) -> Result<Home, sqlx::Error> {
    let store = &shared.store;
    let from = From::Change(i64::MAX, i64::MAX);
    let changed = store.names(Kind::Guideline, &Filter::default(), &from, CHANGED).await?;
    let (guidelines, standards) = store.counts().await?;
    Ok(Home {
        frame: Frame::new(""),
        guidelines,
        standards,
        changed: changed.into_iter().map(|it| (it.clone(), day(it.changed_ms))).collect(),
        topics: store.labels("topic", LABELS).await?,
        languages: store.labels("language", LABELS).await?,
    })
}
