//! Pages of the website, without JavaScript. Each page has its own module.

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

use super::rate_limit::with_retry_after;
use super::responses::{BUSY_RETRY_SECONDS, log_database_error};
use super::work_limiter::Busy;
use crate::model::Date;

pub(super) use api::api;
pub(super) use compare::{compare, compare_chosen};
pub(super) use guideline::{newest_guideline, newest_standard, version_of_guideline, version_of_standard};
pub(super) use home::home;
pub(super) use list::{guidelines, standards};
pub(super) use namespaces::{namespace, namespaces};
pub(super) use stages::stages;

/// Stylesheet of all pages.
const STYLE: &str = include_str!("../../../../web/static/style.css");
/// Path of the stylesheet. It contains a digest, so browsers may cache it permanently.
static STYLE_ADDRESS: LazyLock<String> = LazyLock::new(|| {
    let digest: String = Sha256::digest(STYLE)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("/static/style.{digest}.css")
});

/// Data for the layout of every page.
pub(super) struct Frame {
    pub(super) style: &'static str,
    pub(super) program: &'static str,
    /// Address and title of the feed for the page.
    pub(super) feed: (String, String),
    /// Section of the site, for the navigation.
    pub(super) part: &'static str,
}

impl Frame {
    pub(super) fn new(part: &'static str) -> Self {
        Self {
            style: &STYLE_ADDRESS,
            program: env!("CARGO_PKG_VERSION"),
            feed: ("/feed/changes.atom".to_owned(), "Recently published".to_owned()),
            part,
        }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    frame: Frame,
    title: &'static str,
    detail: &'static str,
}

/// Serves the stylesheet at its current path.
pub(super) async fn style(Path(file): Path<String>) -> Response {
    if format!("/static/{file}") != *STYLE_ADDRESS {
        return not_found().await;
    }
    let kind = (header::CONTENT_TYPE, "text/css; charset=utf-8");
    ([kind, (header::CACHE_CONTROL, "public, max-age=31536000, immutable")], STYLE).into_response()
}

/// 404 page.
pub(super) async fn not_found() -> Response {
    problem(
        StatusCode::NOT_FOUND,
        "Page not found",
        "There is no such page. Check the address. The name or version may never have been published here.",
    )
}

pub(super) fn problem(status: StatusCode, title: &'static str, detail: &'static str) -> Response {
    page(status, &ProblemPage { frame: Frame::new(""), title, detail })
}

/// Reason why a page is not available.
pub(super) enum PageError {
    /// The database does not respond.
    Database(sqlx::Error),
    /// The server is busy.
    Busy,
}

impl From<sqlx::Error> for PageError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Busy> for PageError {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}

/// Error page.
pub(super) fn error_page(why: &PageError) -> Response {
    match why {
        PageError::Database(error) => database_error(error),
        PageError::Busy => {
            let detail = "The server is busy. Reload the page in a few seconds.";
            with_retry_after(
                problem(StatusCode::SERVICE_UNAVAILABLE, "Temporarily unavailable", detail),
                BUSY_RETRY_SECONDS,
            )
        }
    }
}

/// Logs the database error for the operator and shows a general message.
pub(super) fn database_error(error: &sqlx::Error) -> Response {
    log_database_error(error);
    let detail = "The database is not available. Reload the page in a few seconds.";
    problem(StatusCode::SERVICE_UNAVAILABLE, "Temporarily unavailable", detail)
}

pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "The page could not be rendered.\n").into_response(),
    }
}

pub(super) fn format_date(ms: i64) -> String {
    Date::of_unix_seconds(ms.div_euclid(1000)).to_string()
}
