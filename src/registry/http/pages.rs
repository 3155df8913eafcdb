//! The website, for people: pages without JavaScript.

use std::sync::LazyLock;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::Shared;
use super::answers::broken;
use crate::format;
use crate::model::{Date, GuidelineId, Origin};
use crate::registry::store::{Kind, PublishedVersion};
use crate::report::encode::uri;
use crate::report::prose_html;

/// Longest text that is searched for, in characters.
const WORDS: usize = 100;
/// Rows of a page.
const ROWS: usize = 100;
/// The style of every page.
const STYLE: &str = include_str!("../../../web/static/style.css");
/// Its address, which says what it holds: it may be kept for ever.
static STYLE_ADDRESS: LazyLock<String> = LazyLock::new(|| {
    let digest: String = Sha256::digest(STYLE)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("/static/style.{digest}.css")
});
/// The version of the program.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");

#[derive(Template)]
#[template(path = "list.html")]
struct List {
    style: &'static str,
    program: &'static str,
    rows: Vec<PublishedVersion>,
    /// The address of what follows.
    next: Option<String>,
    first: bool,
    /// What was searched for.
    words: String,
}

#[derive(Template)]
#[template(path = "guideline.html")]
struct Page {
    style: &'static str,
    program: &'static str,
    it: PublishedVersion,
    published: String,
    newest: String,
    is_newest: bool,
    /// Headings, and what stands below them as safe HTML.
    sections: Vec<(String, String)>,
    consequences: Vec<String>,
    offers: Vec<String>,
    range: String,
    versions: Vec<(PublishedVersion, String)>,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Problem {
    style: &'static str,
    program: &'static str,
    title: &'static str,
    detail: &'static str,
}

/// Where a list goes on.
#[derive(serde::Deserialize)]
pub(super) struct After {
    #[serde(default)]
    after: String,
    /// What is searched for.
    #[serde(default)]
    q: String,
}

/// `/`: everything that is published, by name.
pub(super) async fn list(State(shared): State<Shared>, Query(query): Query<After>) -> Response {
    let after = query.after.split_once('/').unwrap_or(("", ""));
    let wanted = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    let words: String = query.q.trim().chars().take(WORDS).collect();
    let found = if words.is_empty() {
        shared.store.newest(Kind::Guideline, after, wanted).await
    } else {
        shared.store.search(Kind::Guideline, &words, after, wanted).await
    };
    let mut rows = match found {
        Ok(rows) => rows,
        Err(error) => return broken(&error),
    };
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let next = rows.last().filter(|_| more).map(|last| {
        let after = format!("{}/{}", last.namespace, last.slug);
        if words.is_empty() {
            format!("/?after={after}")
        } else {
            format!("/?q={}&after={after}", uri::path(words.as_bytes()))
        }
    });
    let first = after == ("", "");
    page(StatusCode::OK, &List { style: &STYLE_ADDRESS, program: PROGRAM, rows, next, first, words })
}

/// `/guidelines/<ns>/<slug>`: the newest version, or the newest that was not yanked.
pub(super) async fn newest(
    State(shared): State<Shared>,
    Path((namespace, slug)): Path<(String, String)>,
) -> Response {
    guideline(&shared, &namespace, &slug, None).await
}

/// `/guidelines/<ns>/<slug>/<version>`
pub(super) async fn version(
    State(shared): State<Shared>,
    Path((namespace, slug, version)): Path<(String, String, String)>,
) -> Response {
    guideline(&shared, &namespace, &slug, Some(&version)).await
}

async fn guideline(shared: &Shared, namespace: &str, slug: &str, version: Option<&str>) -> Response {
    if GuidelineId::new(&format!("{namespace}/{slug}")).is_err() {
        return nothing().await;
    }
    let versions = match shared.store.versions(Kind::Guideline, namespace, slug).await {
        Ok(versions) => versions,
        Err(error) => return broken(&error),
    };
    let standing = versions.iter().rev().find(|it| it.yanked_ms.is_none()).or(versions.last());
    let Some(newest) = standing.map(|it| it.version.clone()) else { return nothing().await };
    let wanted = version.unwrap_or(&newest);
    let Some(it) = versions.iter().find(|it| it.version == wanted).cloned() else { return nothing().await };
    let text = match shared.store.text(&it.sha256).await {
        Ok(text) => text.unwrap_or_default(),
        Err(error) => return broken(&error),
    };
    // It was read when it was published.
    let Ok(read) = format::parse(&it.slug, &text, Origin::File(it.slug.clone()), &|_| None) else {
        return problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Unreadable",
            "This text cannot be read by this program.",
        );
    };
    let range = if read.version.major == 0 {
        format!("0.{}", read.version.minor)
    } else {
        read.version.major.to_string()
    };
    let offers = read.offers.iter().map(|offer| format!("{} ({})", offer.text, offer.by)).collect();
    let page_of = Page {
        style: &STYLE_ADDRESS,
        program: PROGRAM,
        published: day(it.published_ms),
        is_newest: it.version == newest,
        newest,
        sections: read.sections.iter().map(|it| (it.heading.clone(), prose_html(&it.markdown))).collect(),
        consequences: read.consequences.iter().map(|it| it.text.clone()).collect(),
        offers,
        range,
        versions: versions.into_iter().rev().map(|it| (it.clone(), day(it.published_ms))).collect(),
        it,
    };
    page(StatusCode::OK, &page_of)
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
        "There is no such page. The address may be mistyped, or the guideline was never published here.",
    )
}

fn problem(status: StatusCode, title: &'static str, detail: &'static str) -> Response {
    page(status, &Problem { style: &STYLE_ADDRESS, program: PROGRAM, title, detail })
}

fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be made.\n").into_response(),
    }
}

fn day(ms: i64) -> String {
    Date::of_unix_seconds(ms.div_euclid(1000)).to_string()
}
