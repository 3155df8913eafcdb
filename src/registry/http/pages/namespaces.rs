//! `/namespaces`: all namespaces. `/namespaces/<ns>`: guidelines and standards in one namespace.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{Frame, as_json, database_error, filters, format_date, not_found, page};
use crate::model::GuidelineId;
use crate::registry::http::AppState;
use crate::registry::http::query::Pairs;
use crate::registry::store::{Filter, ListCursor, Name, Namespace, PublishedKind};

/// Rows per page.
const ROWS: usize = 100;
/// Largest number of guidelines and of standards on the page of a namespace. The list has all of them.
const NAMES: i64 = 100;

#[derive(Template)]
#[template(path = "namespaces.html")]
struct NamespacesPage {
    frame: Frame,
    rows: Vec<(Namespace, String)>,
    next: Option<String>,
    is_first: bool,
}

#[derive(Template)]
#[template(path = "namespace.html")]
struct NamespacePage {
    frame: Frame,
    namespace: String,
    guidelines: Vec<Name>,
    standards: Vec<Name>,
    /// Whether the page shows the largest number of names, so that there may be more.
    more: bool,
}

/// Page of all namespaces.
pub(in crate::registry::http) async fn namespaces(
    State(state): State<AppState>,
    Query(pairs): Query<Pairs>,
) -> Response {
    let after = pairs.iter().find(|(key, _)| key == "after").map_or("", |it| it.1.as_str());
    // Names have at most 64 characters, and PostgreSQL cannot store NUL.
    let after: String = after.chars().filter(|it| *it != '\0').take(64).collect();
    let limit = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    match state.store.namespaces(&after, limit).await {
        Ok(mut rows) => {
            let more = rows.len() > ROWS;
            rows.truncate(ROWS);
            let next = rows.last().filter(|_| more).map(|last| format!("/namespaces?after={}", last.name));
            let rows = rows.into_iter().map(|it| (it.clone(), format_date(it.changed_ms))).collect();
            let all =
                NamespacesPage { frame: Frame::new("namespaces"), rows, next, is_first: after.is_empty() };
            page(StatusCode::OK, &all)
        }
        Err(error) => database_error(&error),
    }
}

/// Page of one namespace.
pub(in crate::registry::http) async fn namespace(
    State(state): State<AppState>,
    Path(namespace): Path<String>,
) -> Response {
    let plain = namespace.strip_suffix(".json");
    if GuidelineId::new(&format!("{}/x", plain.unwrap_or(&namespace))).is_err() {
        return not_found().await;
    }
    match read(&state, plain.unwrap_or(&namespace).to_owned()).await {
        Ok(one) if one.guidelines.is_empty() && one.standards.is_empty() => not_found().await,
        Ok(one) if plain.is_some() => {
            // Redirect to the kind that exists.
            let kind =
                if one.guidelines.is_empty() { PublishedKind::Standard } else { PublishedKind::Guideline };
            as_json::redirect_to(&format!("/api/v1/{}?namespace={}", kind.plural(), one.namespace))
        }
        Ok(one) => page(StatusCode::OK, &one),
        Err(error) => database_error(&error),
    }
}

async fn read(state: &AppState, namespace: String) -> Result<NamespacePage, sqlx::Error> {
    let filter = Filter { namespace: namespace.clone(), ..Filter::default() };
    let from = ListCursor::Name(namespace.clone(), String::new());
    let guidelines = state.store.list_names(PublishedKind::Guideline, &filter, &from, NAMES).await?;
    let standards = state.store.list_names(PublishedKind::Standard, &filter, &from, NAMES).await?;
    let full = usize::try_from(NAMES).unwrap_or(usize::MAX);
    let more = guidelines.len() == full || standards.len() == full;
    let mut frame = Frame::new("namespaces");
    frame.feed = (format!("/feed/namespaces/{namespace}.atom"), format!("Published in {namespace}"));
    Ok(NamespacePage { frame, namespace, guidelines, standards, more })
}
