//! The website, for people: pages without JavaScript. Each page has a file; what it shows is asked of `store`.

mod api;
pub(super) mod as_json;
mod compare;
mod filters;
mod guideline;
mod highlight;
mod home;
mod list;
mod namespaces;
mod prose_diff;
mod stages;

use std::sync::LazyLock;

use askama::Template;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::answers::{BUSY_SECONDS, note};
use super::limit::later;
use super::room::Busy;
use crate::model::Date;

pub(super) use api::api;
pub(super) use compare::{compare, compare_chosen};
pub(super) use guideline::{newest_guideline, newest_standard, version_of_guideline, version_of_standard};
pub(super) use home::home;
pub(super) use list::{guidelines, standards};
pub(super) use namespaces::{namespace, namespaces};
pub(super) use stages::stages;

/// The style of every page.
const STYLE: &str = include_str!("../../../../web/static/style.css");
/// Its address, which says what it holds: it may be kept for ever.
static STYLE_ADDRESS: LazyLock<String> = LazyLock::new(|| {
    let digest: String = Sha256::digest(STYLE)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("/static/style.{digest}.css")
});

/// What every page has around it.
pub(super) struct Frame {
    pub(super) style: &'static str,
    pub(super) program: &'static str,
    /// Address and title of the feed that goes with the page.
    pub(super) feed: (String, String),
    /// Which part of the site it belongs to.
    pub(super) part: &'static str,
}

impl Frame {
    pub(super) fn new(part: &'static str) -> Self {
        Self {
            style: &STYLE_ADDRESS,
            program: env!("CARGO_PKG_VERSION"),
            feed: ("/feed/changes.atom".to_owned(), "What was published last".to_owned()),
            part,
        }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Problem {
    frame: Frame,
    title: &'static str,
    detail: &'static str,
}

/// The style, for as long as it is this one.
pub(super) async fn style(Path(file): Path<String>) -> Response {
    if format!("/static/{file}") != *STYLE_ADDRESS {
        return nothing().await;
    }
    let kind = (header::CONTENT_TYPE, "text/css; charset=utf-8");
    ([kind, (header::CACHE_CONTROL, "public, max-age=31536000, immutable")], STYLE).into_response()
}

/// There is no such page.
pub(super) async fn nothing() -> Response {
    problem(
        StatusCode::NOT_FOUND,
        "Not here",
        "There is no such page. The address may be mistyped, or this was never published here.",
    )
}

pub(super) fn problem(status: StatusCode, title: &'static str, detail: &'static str) -> Response {
    page(status, &Problem { frame: Frame::new(""), title, detail })
}

/// Why a page cannot be shown at the moment.
pub(super) enum Failed {
    /// The database does not answer.
    Database(sqlx::Error),
    /// Too much is asked for.
    Busy,
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Busy> for Failed {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}

/// What people are told when a page cannot be shown.
pub(super) fn failed(why: &Failed) -> Response {
    match why {
        Failed::Database(error) => broken(error),
        Failed::Busy => {
            let detail = "Too much is asked for here. Open the page again in a moment.";
            later(problem(StatusCode::SERVICE_UNAVAILABLE, "Not now", detail), BUSY_SECONDS)
        }
    }
}

/// What went wrong in the database is for the operator, not for the reader.
pub(super) fn broken(error: &sqlx::Error) -> Response {
    note(error);
    let detail = "The database could not answer. Open the page again in a moment.";
    problem(StatusCode::SERVICE_UNAVAILABLE, "Not now", detail)
}

pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be made.\n").into_response(),
    }
}

pub(super) fn day(ms: i64) -> String {
    Date::of_unix_seconds(ms.div_euclid(1000)).to_string()
}
