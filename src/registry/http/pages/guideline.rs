//! `/guidelines/<ns>/<slug>[/<version>]` and the same for standards: one text, as people read it.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{Failed, Frame, as_json, day, failed, filters, highlight, nothing, page, problem};
use crate::format;
use crate::model::{CheckKind, Guideline, GuidelineId, Origin};
use crate::registry::flow::topics;
use crate::registry::http::Shared;
use crate::registry::store::{Kind, Name, PublishedVersion};
use crate::report::prose_html_with;

/// Standards that are named as having a guideline.
const STANDARDS: i64 = 50;

#[derive(Template)]
#[template(path = "guideline.html")]
struct GuidelinePage {
    frame: Frame,
    shown: Shown,
    /// Headings, and what stands below them as safe HTML.
    sections: Vec<(String, String)>,
    consequences: Vec<String>,
    offers: Vec<String>,
    /// What is looked for: the kind of a check, and what it says.
    checks: Vec<(&'static str, String)>,
    settings: Vec<(String, String)>,
    /// As they are said, and what each is found by.
    topics: Vec<(String, Option<String>)>,
    standards: Vec<Name>,
}

#[derive(Template)]
#[template(path = "standard.html")]
struct StandardPage {
    frame: Frame,
    shown: Shown,
    /// Its guidelines with their ranges; what is known of each here.
    members: Vec<(String, String, Option<Name>)>,
}

/// What the pages of both kinds show.
struct Shown {
    name: Name,
    it: PublishedVersion,
    published: String,
    newest: String,
    is_newest: bool,
    /// The range that follows it.
    range: String,
    versions: Vec<(PublishedVersion, String)>,
    /// The version before this one.
    before: Option<String>,
    /// What is advised instead of a retired one: its address, where it is published here, and its name.
    successor: Option<(String, String)>,
}

/// The newest version of a guideline that stands.
pub(in crate::registry::http) async fn newest_guideline(
    State(shared): State<Shared>,
    Path((namespace, slug)): Path<(String, String)>,
) -> Response {
    show(&shared, Kind::Guideline, &namespace, &slug, None).await
}

/// One version of a guideline.
pub(in crate::registry::http) async fn version_of_guideline(
    State(shared): State<Shared>,
    Path((namespace, slug, version)): Path<(String, String, String)>,
) -> Response {
    show(&shared, Kind::Guideline, &namespace, &slug, Some(&version)).await
}

/// The newest version of a standard that stands.
pub(in crate::registry::http) async fn newest_standard(
    State(shared): State<Shared>,
    Path((namespace, slug)): Path<(String, String)>,
) -> Response {
    show(&shared, Kind::Standard, &namespace, &slug, None).await
}

/// One version of a standard.
pub(in crate::registry::http) async fn version_of_standard(
    State(shared): State<Shared>,
    Path((namespace, slug, version)): Path<(String, String, String)>,
) -> Response {
    show(&shared, Kind::Standard, &namespace, &slug, Some(&version)).await
}

async fn show(shared: &Shared, kind: Kind, namespace: &str, slug: &str, version: Option<&str>) -> Response {
    if let Some(last) = version.unwrap_or(slug).strip_suffix(".json")
        && GuidelineId::new(&format!("{namespace}/{}", if version.is_some() { slug } else { last })).is_ok()
    {
        let base = format!("/api/v1/{}/{namespace}", kind.plural());
        // What follows is checked by the route that it leads to; here it only must not be anything but a part of a path.
        let plain =
            |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+'));
        return match version {
            Some(_) if plain(last) => as_json::to(&format!("{base}/{slug}/{last}")),
            Some(_) => nothing().await,
            None => as_json::to(&format!("{base}/{last}")),
        };
    }
    match read(shared, kind, namespace, slug, version).await {
        Ok(Some(response)) => response,
        Ok(None) => nothing().await,
        Err(why) => failed(&why),
    }
}

async fn read(
    shared: &Shared,
    kind: Kind,
    namespace: &str,
    slug: &str,
    version: Option<&str>,
) -> Result<Option<Response>, Failed> {
    let Ok(id) = GuidelineId::new(&format!("{namespace}/{slug}")) else { return Ok(None) };
    let store = &shared.store;
    let Some(name) = store.name(namespace, slug).await?.filter(|name| name.kind == kind) else {
        return Ok(None);
    };
    let versions = store.versions(namespace, slug).await?;
    let wanted = version.unwrap_or(&name.version);
    let Some(at) = versions.iter().position(|it| it.version == wanted) else { return Ok(None) };
    let it = versions[at].clone();
    let text = store.text(&it.sha256).await?.unwrap_or_default();
    let successor = match &name.successor {
        Some(next) => Some((address_of(shared, next).await?, next.clone())),
        None => None,
    };
    let shown = Shown {
        published: day(it.published_ms),
        is_newest: it.version == name.version,
        newest: name.version.clone(),
        range: range(&it.version),
        before: at.checked_sub(1).map(|before| versions[before].version.clone()),
        versions: versions.iter().rev().map(|it| (it.clone(), day(it.published_ms))).collect(),
        it,
        name,
        successor,
    };
    let mut frame = Frame::new(kind.plural());
    frame.feed = (format!("/feed/names/{namespace}/{slug}.atom"), format!("Versions of {id}"));
    let origin = Origin::File(slug.to_owned());
    if kind == Kind::Standard {
        let file = slug.to_owned();
        let bytes = text.len();
        let read = move || format::parse_standard(&file, &text, origin);
        let Ok(standard) = shared.looking.look(bytes, read).await? else { return Ok(Some(unreadable())) };
        let ids = standard.members.iter().map(|(id, ..)| (id.namespace(), id.slug()));
        let known = store.named(&ids.collect::<Vec<_>>()).await?;
        let mut known: HashMap<String, Name> =
            known.into_iter().map(|it| (format!("{}/{}", it.namespace, it.slug), it)).collect();
        let members = standard.members.iter().map(|(id, range, _)| {
            let id = id.to_string();
            (id.clone(), range.to_string(), known.remove(&id))
        });
        let members = members.collect();
        return Ok(Some(page(StatusCode::OK, &StandardPage { frame, shown, members })));
    }
    let standards = store.labelled(&format!("member:{id}"), STANDARDS).await?;
    let (file, bytes) = (slug.to_owned(), text.len());
    let show = move || {
        // It was read when it was published.
        let Ok(read) = format::parse(&file, &text, origin, &|_| None) else { return unreadable() };
        page(StatusCode::OK, &guideline(frame, shown, &read, standards))
    };
    Ok(Some(shared.looking.look(bytes, show).await?))
}

/// The address of a name, which is a guideline's or a standard's; empty where there is none.
async fn address_of(shared: &Shared, name: &str) -> Result<String, sqlx::Error> {
    let Ok(id) = GuidelineId::new(name) else { return Ok(String::new()) };
    let found = shared.store.name(id.namespace(), id.slug()).await?;
    Ok(found.map_or_else(String::new, |it| format!("/{}/{id}", it.kind.plural())))
}

fn unreadable() -> Response {
    problem(StatusCode::INTERNAL_SERVER_ERROR, "Unreadable", "This text cannot be read by this program.")
}

fn guideline(frame: Frame, shown: Shown, read: &Guideline, standards: Vec<Name>) -> GuidelinePage {
    GuidelinePage {
        frame,
        shown,
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
            .map(|check| (looks_at(&check.kind), check.message.clone().unwrap_or_else(|| check.id.clone())))
            .collect(),
        settings: read
            .settings
            .iter()
            .map(|it| {
                (
                    it.name.clone(),
                    format!("{} ({}; {} if nothing is said)", it.about, it.kind.words(), it.default),
                )
            })
            .collect(),
        topics: topics(read),
        standards,
    }
}

fn looks_at(kind: &CheckKind) -> &'static str {
    match kind {
        CheckKind::Files(_) => "names of files",
        CheckKind::Text(_) => "text",
        CheckKind::Data(_) => "data",
        CheckKind::Code(_) => "code",
        CheckKind::Tool(_) => "another linter",
    }
}

/// What to follow to have this version and what is compatible with it.
fn range(version: &str) -> String {
    let mut parts = version.split(['.', '-']);
    match (parts.next(), parts.next()) {
        (Some("0"), Some(minor)) => format!("0.{minor}"),
        (Some(major), _) => major.to_owned(),
        (None, _) => version.to_owned(),
    }
}
