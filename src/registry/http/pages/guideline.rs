//! `/guidelines/<ns>/<slug>[/<version>]`, and the same for standards: page of a version.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{
    Frame, PageError, as_json, error_page, filters, format_date, highlight, not_found, page, problem,
};
use crate::format;
use crate::model::{CheckKind, Guideline, GuidelineId, Origin};
use crate::registry::decisions::topics_with_labels;
use crate::registry::http::AppState;
use crate::registry::store::{Name, PublishedKind, PublishedVersion};
use crate::report::prose_html_with;

/// Largest number of standards listed on the page of a guideline.
const STANDARDS: i64 = 50;

#[derive(Template)]
#[template(path = "guideline.html")]
struct GuidelinePage {
    frame: Frame,
    view: VersionView,
    /// Headings, and the safe HTML of their sections.
    sections: Vec<(String, String)>,
    consequences: Vec<String>,
    offers: Vec<String>,
    /// Kind and message of each check.
    checks: Vec<(&'static str, String)>,
    settings: Vec<(String, String)>,
    /// Topics, each with its label value if it has one.
    topics: Vec<(String, Option<String>)>,
    standards: Vec<Name>,
}

#[derive(Template)]
#[template(path = "standard.html")]
struct StandardPage {
    frame: Frame,
    view: VersionView,
    /// Members with their version ranges, and their data if they are published here.
    members: Vec<(String, String, Option<Name>)>,
}

/// Data for the pages of both kinds.
struct VersionView {
    name: Name,
    row: PublishedVersion,
    published: String,
    newest: String,
    is_newest: bool,
    /// Version requirement for following this version.
    range: String,
    versions: Vec<(PublishedVersion, String)>,
    /// Previous version.
    before: Option<String>,
    /// Successor of a retired name: its address (empty if it is not published here) and its name.
    successor: Option<(String, String)>,
}

/// Page of the version that a guideline's name shows: the newest one that is not yanked, if there is one.
pub(in crate::registry::http) async fn newest_guideline(
    State(state): State<AppState>,
    Path((namespace, slug)): Path<(String, String)>,
) -> Response {
    show(&state, PublishedKind::Guideline, &namespace, &slug, None).await
}

/// Page of one version of a guideline.
pub(in crate::registry::http) async fn version_of_guideline(
    State(state): State<AppState>,
    Path((namespace, slug, version)): Path<(String, String, String)>,
) -> Response {
    show(&state, PublishedKind::Guideline, &namespace, &slug, Some(&version)).await
}

/// Page of the version that a standard's name shows: the newest one that is not yanked, if there is one.
pub(in crate::registry::http) async fn newest_standard(
    State(state): State<AppState>,
    Path((namespace, slug)): Path<(String, String)>,
) -> Response {
    show(&state, PublishedKind::Standard, &namespace, &slug, None).await
}

/// Page of one version of a standard.
pub(in crate::registry::http) async fn version_of_standard(
    State(state): State<AppState>,
    Path((namespace, slug, version)): Path<(String, String, String)>,
) -> Response {
    show(&state, PublishedKind::Standard, &namespace, &slug, Some(&version)).await
}

async fn show(
    state: &AppState,
    kind: PublishedKind,
    namespace: &str,
    slug: &str,
    version: Option<&str>,
) -> Response {
    if let Some(last) = version.unwrap_or(slug).strip_suffix(".json")
        && GuidelineId::new(&format!("{namespace}/{}", if version.is_some() { slug } else { last })).is_ok()
    {
        let base = format!("/api/v1/{}/{namespace}", kind.plural());
        // The API validates the rest. Here it must only be a single path segment.
        let plain =
            |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+'));
        return match version {
            Some(_) if plain(last) => as_json::redirect_to(&format!("{base}/{slug}/{last}")),
            Some(_) => not_found().await,
            None => as_json::redirect_to(&format!("{base}/{last}")),
        };
    }
    match read(state, kind, namespace, slug, version).await {
        Ok(Some(response)) => response,
        Ok(None) => not_found().await,
        Err(why) => error_page(&why),
    }
}

async fn read(
    state: &AppState,
    kind: PublishedKind,
    namespace: &str,
    slug: &str,
    version: Option<&str>,
) -> Result<Option<Response>, PageError> {
    let Ok(id) = GuidelineId::new(&format!("{namespace}/{slug}")) else { return Ok(None) };
    let store = &state.store;
    let Some(name) = store.name(namespace, slug).await?.filter(|name| name.kind == kind) else {
        return Ok(None);
    };
    let versions = store.versions(namespace, slug).await?;
    let wanted = version.unwrap_or(&name.version);
    let Some(at) = versions.iter().position(|it| it.version == wanted) else { return Ok(None) };
    let it = versions[at].clone();
    let text = store.text(&it.sha256).await?.unwrap_or_default();
    let successor = match &name.successor {
        Some(next) => Some((address_of(state, next).await?, next.clone())),
        None => None,
    };
    let view = VersionView {
        published: format_date(it.published_ms),
        is_newest: it.version == name.version,
        newest: name.version.clone(),
        range: version_requirement(&it.version),
        before: at.checked_sub(1).map(|before| versions[before].version.clone()),
        versions: versions.iter().rev().map(|it| (it.clone(), format_date(it.published_ms))).collect(),
        row: it,
        name,
        successor,
    };
    let mut frame = Frame::new(kind.plural());
    frame.feed = (format!("/feed/names/{namespace}/{slug}.atom"), format!("Versions of {id}"));
    let origin = Origin::File(slug.to_owned());
    if kind == PublishedKind::Standard {
        let file = slug.to_owned();
        let bytes = text.len();
        let read = move || format::parse_standard(&file, &text, origin);
        let Ok(standard) = state.text_work.run_for_size(bytes, read).await? else {
            return Ok(Some(unreadable_text()));
        };
        let ids = standard.members.iter().map(|(id, ..)| (id.namespace(), id.slug()));
        let known = store.find_names(&ids.collect::<Vec<_>>()).await?;
        let mut known: HashMap<String, Name> =
            known.into_iter().map(|it| (format!("{}/{}", it.namespace, it.slug), it)).collect();
        let members = standard.members.iter().map(|(id, range, _)| {
            let id = id.to_string();
            (id.clone(), range.to_string(), known.remove(&id))
        });
        let members = members.collect();
        return Ok(Some(page(StatusCode::OK, &StandardPage { frame, view, members })));
    }
    let standards = store.names_with_label(&format!("member:{id}"), STANDARDS).await?;
    let (file, bytes) = (slug.to_owned(), text.len());
    let show = move || {
        // The text was valid when it was published.
        let Ok(read) = format::parse_guideline(&file, &text, origin, &|_| None) else {
            return unreadable_text();
        };
        page(StatusCode::OK, &guideline(frame, view, &read, standards))
    };
    Ok(Some(state.text_work.run_for_size(bytes, show).await?))
}

/// Path of the page of a name; empty if the name is not published.
async fn address_of(state: &AppState, name: &str) -> Result<String, sqlx::Error> {
    let Ok(id) = GuidelineId::new(name) else { return Ok(String::new()) };
    let found = state.store.name(id.namespace(), id.slug()).await?;
    Ok(found.map_or_else(String::new, |it| format!("/{}/{id}", it.kind.plural())))
}

fn unreadable_text() -> Response {
    problem(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Unreadable text",
        "This version of the registry cannot read the published text.",
    )
}

fn guideline(frame: Frame, view: VersionView, read: &Guideline, standards: Vec<Name>) -> GuidelinePage {
    GuidelinePage {
        frame,
        view,
        sections: read
            .sections
            .iter()
            .map(|it| (it.heading.clone(), prose_html_with(&it.markdown, &highlight::html)))
            .collect(),
        consequences: read.consequences.iter().map(|it| it.text.clone()).collect(),
        offers: read.offers.iter().map(|offer| format!("{} ({})", offer.text, offer.by)).collect(),
        checks: read
            .checks
            .iter()
            .map(|check| {
                (check_subject(&check.kind), check.message.clone().unwrap_or_else(|| check.id.clone()))
            })
            .collect(),
        settings: read
            .settings
            .iter()
            .map(|it| {
                (
                    it.name.clone(),
                    format!("{} ({}; default: {})", it.about, it.kind.description(), it.default),
                )
            })
            .collect(),
        topics: topics_with_labels(read),
        standards,
    }
}

fn check_subject(kind: &CheckKind) -> &'static str {
    match kind {
        CheckKind::Files(_) => "file names",
        CheckKind::Text(_) => "text",
        CheckKind::Data(_) => "data",
        CheckKind::Code(_) => "code",
        CheckKind::Tool(_) => "another linter",
    }
}

/// Version requirement that matches this version and compatible ones.
fn version_requirement(version: &str) -> String {
    let mut parts = version.split(['.', '-']);
    match (parts.next(), parts.next()) {
        (Some("0"), Some(minor)) => format!("0.{minor}"),
        (Some(major), _) => major.to_owned(),
        (None, _) => version.to_owned(),
    }
}
