//! `/namespaces` and `/namespaces/<ns>`: who publishes what.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{Frame, as_json, broken, day, filters, nothing, page};
use crate::model::GuidelineId;
use crate::registry::http::Shared;
use crate::registry::http::query::Pairs;
use crate::registry::store::{Filter, From, Kind, Name, Namespace};

/// Rows of a page.
const ROWS: usize = 100;
/// Names of one namespace that are shown of each kind; the list has the rest.
const NAMES: i64 = 100;

#[derive(Template)]
#[template(path = "namespaces.html")]
struct All {
    frame: Frame,
    rows: Vec<(Namespace, String)>,
    next: Option<String>,
    is_first: bool,
}

#[derive(Template)]
#[template(path = "namespace.html")]
struct One {
    frame: Frame,
    namespace: String,
    guidelines: Vec<Name>,
    standards: Vec<Name>,
    /// Whether the list has more.
    more: bool,
}

/// Every namespace, by name.
pub(in crate::registry::http) async fn namespaces(
    State(shared): State<Shared>,
    Query(pairs): Query<Pairs>,
) -> Response {
    let after = pairs.iter().find(|(key, _)| key == "after").map_or("", |it| it.1.as_str());
    // No name holds anything else, and no database keeps NUL.
    let after: String = after.chars().filter(|it| *it != '\0').take(64).collect();
    let limit = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    match shared.store.namespaces(&after, limit).await {
        Ok(mut rows) => {
            let more = rows.len() > ROWS;
            rows.truncate(ROWS);
            let next = rows.last().filter(|_| more).map(|last| format!("/namespaces?after={}", last.name));
            let rows = rows.into_iter().map(|it| (it.clone(), day(it.changed_ms))).collect();
            let all = All { frame: Frame::new("namespaces"), rows, next, is_first: after.is_empty() };
            page(StatusCode::OK, &all)
        }
        Err(error) => broken(&error),
    }
}

/// What a namespace holds.
pub(in crate::registry::http) async fn namespace(
    State(shared): State<Shared>,
    Path(namespace): Path<String>,
) -> Response {
    let plain = namespace.strip_suffix(".json");
    if GuidelineId::new(&format!("{}/x", plain.unwrap_or(&namespace))).is_err() {
        return nothing().await;
    }
    match read(&shared, plain.unwrap_or(&namespace).to_owned()).await {
        Ok(one) if one.guidelines.is_empty() && one.standards.is_empty() => nothing().await,
        Ok(one) if plain.is_some() => {
            // The kind of which there is something.
            let kind = if one.guidelines.is_empty() { Kind::Standard } else { Kind::Guideline };
            as_json::to(&format!("/api/v1/{}?namespace={}", kind.plural(), one.namespace))
        }
        Ok(one) => page(StatusCode::OK, &one),
        Err(error) => broken(&error),
    }
}

async fn read(shared: &Shared, namespace: String) -> Result<One, sqlx::Error> {
    let filter = Filter { namespace: namespace.clone(), ..Filter::default() };
    let from = From::Name(namespace.clone(), String::new());
    let guidelines = shared.store.names(Kind::Guideline, &filter, &from, NAMES).await?;
    let standards = shared.store.names(Kind::Standard, &filter, &from, NAMES).await?;
    let full = usize::try_from(NAMES).unwrap_or(usize::MAX);
    let more = guidelines.len() == full || standards.len() == full;
    let mut frame = Frame::new("namespaces");
    frame.feed = (format!("/feed/namespaces/{namespace}.atom"), format!("What {namespace} publishes"));
    Ok(One { frame, namespace, guidelines, standards, more })
}
