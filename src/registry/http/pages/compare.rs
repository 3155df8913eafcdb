//! `/guidelines/<ns>/<slug>/compare/<a>...<b>`: what changed between two versions, first in words.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::prose_diff::{self, Part, Room};
use super::{Failed, Frame, as_json, failed, filters, nothing, page};
use crate::format;
use crate::model::{Guideline, GuidelineId, Origin, Section};
use crate::registry::http::Shared;
use crate::registry::http::query::Pairs;
use crate::registry::store::{Kind, PublishedVersion};
use crate::report::{differences, numbered};

#[derive(Template)]
#[template(path = "compare.html")]
struct Compare {
    frame: Frame,
    id: String,
    title: String,
    old: String,
    new: String,
    /// What the numbers of the versions say.
    step: &'static str,
    /// What changed, in sentences.
    changes: Vec<String>,
    /// Headings with the words below them.
    prose: Vec<(String, Vec<Part>)>,
    /// The checks as they are written.
    checks: Vec<Part>,
    versions: Vec<String>,
}

/// Compares two versions of a guideline.
pub(in crate::registry::http) async fn compare(
    State(shared): State<Shared>,
    Path((namespace, slug, pair)): Path<(String, String, String)>,
) -> Response {
    let Some((old, new)) = pair.split_once("...") else { return nothing().await };
    if let Some(new) = new.strip_suffix(".json") {
        let is_version = |text: &str| text.parse::<semver::Version>().is_ok();
        let known =
            GuidelineId::new(&format!("{namespace}/{slug}")).is_ok() && is_version(old) && is_version(new);
        if !known {
            return nothing().await;
        }
        return as_json::to(&format!("/api/v1/guidelines/{namespace}/{slug}/compare/{old}...{new}"));
    }
    match read(&shared, &namespace, &slug, old, new).await {
        Ok(Some(page)) => page,
        Ok(None) => nothing().await,
        Err(why) => failed(&why),
    }
}

/// Two versions that were chosen in a form.
pub(in crate::registry::http) async fn compare_chosen(
    Path((namespace, slug)): Path<(String, String)>,
    Query(pairs): Query<Pairs>,
) -> Response {
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|it| it.1.as_str());
    let is_version = |it: &&str| it.parse::<semver::Version>().is_ok();
    let (Some(a), Some(b)) = (value("a").filter(is_version), value("b").filter(is_version)) else {
        return nothing().await;
    };
    if GuidelineId::new(&format!("{namespace}/{slug}")).is_err() {
        return nothing().await;
    }
    Redirect::to(&format!("/guidelines/{namespace}/{slug}/compare/{a}...{b}")).into_response()
}

async fn read(
    shared: &Shared,
    namespace: &str,
    slug: &str,
    old: &str,
    new: &str,
) -> Result<Option<Response>, Failed> {
    let Ok(id) = GuidelineId::new(&format!("{namespace}/{slug}")) else { return Ok(None) };
    let versions = shared.store.versions(namespace, slug).await?;
    let find = |version: &str| {
        versions.iter().find(|it| it.version == version && it.kind == Kind::Guideline).cloned()
    };
    let (Some(a), Some(b)) = (find(old), find(new)) else { return Ok(None) };
    let (before, after) = (text(shared, &a).await?, text(shared, &b).await?);
    let versions = versions.into_iter().rev().map(|it| it.version).collect();
    let compared = move || {
        let (before, after) = (parse(&a, &before)?, parse(&b, &after)?);
        Some(page(StatusCode::OK, &compared(id.to_string(), &before, &after, versions)))
    };
    // However small they are: words that come again and again take the square of their number.
    Ok(shared.looking.run(compared).await?)
}

fn compared<'g>(id: String, before: &'g Guideline, after: &'g Guideline, versions: Vec<String>) -> Compare {
    let (was, is): (HashMap<_, _>, HashMap<_, _>) = (numbered(before).collect(), numbered(after).collect());
    let gone = numbered(before).filter(|(heading, _)| !is.contains_key(heading));
    let mut room = Room::new();
    let prose = numbered(after)
        .chain(gone)
        .map(|(heading, section)| {
            let text =
                |all: &HashMap<_, &'g Section>| all.get(&heading).map_or("", |it| it.markdown.as_str());
            (section.heading.clone(), prose_diff::compare(text(&was), text(&is), &mut room))
        })
        .filter(|(_, parts)| !parts.is_empty())
        .collect();
    Compare {
        frame: Frame::new("guidelines"),
        id,
        title: after.title.clone(),
        old: before.version.to_string(),
        new: after.version.to_string(),
        step: step(&before.version, &after.version),
        changes: differences(before, after),
        prose,
        checks: prose_diff::compare(front(before), front(after), &mut room),
        versions,
    }
}

async fn text(shared: &Shared, it: &PublishedVersion) -> Result<String, sqlx::Error> {
    Ok(shared.store.text(&it.sha256).await?.unwrap_or_default())
}

fn parse(it: &PublishedVersion, text: &str) -> Option<Guideline> {
    format::parse(&it.slug, text, Origin::File(it.slug.clone()), &|_| None).ok()
}

/// The front matter, as written.
fn front(guideline: &Guideline) -> &str {
    let text = guideline.text.trim_start_matches("---").trim_start();
    text.find("\n---").map_or(text, |end| &text[..end])
}

fn step(old: &semver::Version, new: &semver::Version) -> &'static str {
    let same_major = old.major == new.major && (old.major > 0 || old.minor == new.minor);
    match (old.cmp(new), same_major, old.minor == new.minor) {
        (std::cmp::Ordering::Greater, ..) => "The later of the two is on the left.",
        (std::cmp::Ordering::Equal, ..) => "Both are the same version.",
        (_, false, _) => "It asks for more than before: a new major version.",
        (_, true, false) => "It asks for less, or adds something optional: a minor version.",
        (_, true, true) => "Wording, or fewer false findings: a patch.",
    }
}
