//! `/guidelines/<ns>/<slug>/compare/<a>...<b>`: changes between two versions,
//! first as sentences, then word by word.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::prose_diff::{self, DiffBudget, DiffPart};
use super::{Frame, PageError, as_json, error_page, filters, not_found, page};
use crate::format;
use crate::model::{Guideline, GuidelineId, Origin, Section};
use crate::registry::http::AppState;
use crate::registry::http::query::Pairs;
use crate::registry::store::{PublishedKind, PublishedVersion};
use crate::report::{describe_differences, number_sections};

#[derive(Template)]
#[template(path = "compare.html")]
struct ComparePage {
    frame: Frame,
    id: String,
    title: String,
    old: String,
    new: String,
    /// Meaning of the difference between the version numbers.
    step: &'static str,
    /// Changes, described in sentences.
    changes: Vec<String>,
    /// Headings with the differences of their sections.
    prose: Vec<(String, Vec<DiffPart>)>,
    /// Differences of the front matter, including the checks.
    checks: Vec<DiffPart>,
    versions: Vec<String>,
}

/// Compares two versions of a guideline.
pub(in crate::registry::http) async fn compare(
    State(state): State<AppState>,
    Path((namespace, slug, pair)): Path<(String, String, String)>,
) -> Response {
    let Some((old, new)) = pair.split_once("...") else { return not_found().await };
    if let Some(new) = new.strip_suffix(".json") {
        let is_version = |text: &str| text.parse::<semver::Version>().is_ok();
        let known =
            GuidelineId::new(&format!("{namespace}/{slug}")).is_ok() && is_version(old) && is_version(new);
        if !known {
            return not_found().await;
        }
        return as_json::redirect_to(&format!("/api/v1/guidelines/{namespace}/{slug}/compare/{old}...{new}"));
    }
    match read(&state, &namespace, &slug, old, new).await {
        Ok(Some(page)) => page,
        Ok(None) => not_found().await,
        Err(why) => error_page(&why),
    }
}

/// Redirects to the comparison of two versions chosen in the form.
pub(in crate::registry::http) async fn compare_chosen(
    Path((namespace, slug)): Path<(String, String)>,
    Query(pairs): Query<Pairs>,
) -> Response {
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|it| it.1.as_str());
    let is_version = |it: &&str| it.parse::<semver::Version>().is_ok();
    let (Some(a), Some(b)) = (value("a").filter(is_version), value("b").filter(is_version)) else {
        return not_found().await;
    };
    if GuidelineId::new(&format!("{namespace}/{slug}")).is_err() {
        return not_found().await;
    }
    Redirect::to(&format!("/guidelines/{namespace}/{slug}/compare/{a}...{b}")).into_response()
}

async fn read(
    state: &AppState,
    namespace: &str,
    slug: &str,
    old: &str,
    new: &str,
) -> Result<Option<Response>, PageError> {
    let Ok(id) = GuidelineId::new(&format!("{namespace}/{slug}")) else { return Ok(None) };
    let versions = state.store.versions(namespace, slug).await?;
    let find = |version: &str| {
        versions.iter().find(|it| it.version == version && it.kind == PublishedKind::Guideline).cloned()
    };
    let (Some(a), Some(b)) = (find(old), find(new)) else { return Ok(None) };
    let (before, after) = (text(state, &a).await?, text(state, &b).await?);
    let versions = versions.into_iter().rev().map(|it| it.version).collect();
    let compared = move || {
        let (before, after) = (parse(&a, &before)?, parse(&b, &after)?);
        Some(page(StatusCode::OK, &compare_page(id.to_string(), &before, &after, versions)))
    };
    // Always limited, even for small texts: comparing repeated words takes time quadratic in their number.
    Ok(state.text_work.run(compared).await?)
}

fn compare_page<'g>(
    id: String,
    before: &'g Guideline,
    after: &'g Guideline,
    versions: Vec<String>,
) -> ComparePage {
    let (was, is): (HashMap<_, _>, HashMap<_, _>) =
        (number_sections(before).collect(), number_sections(after).collect());
    let gone = number_sections(before).filter(|(heading, _)| !is.contains_key(heading));
    let mut budget = DiffBudget::new();
    let prose = number_sections(after)
        .chain(gone)
        .map(|(heading, section)| {
            let text =
                |all: &HashMap<_, &'g Section>| all.get(&heading).map_or("", |it| it.markdown.as_str());
            (section.heading.clone(), prose_diff::compare(text(&was), text(&is), &mut budget))
        })
        .filter(|(_, parts)| !parts.is_empty())
        .collect();
    ComparePage {
        frame: Frame::new("guidelines"),
        id,
        title: after.title.clone(),
        old: before.version.to_string(),
        new: after.version.to_string(),
        step: version_step(&before.version, &after.version),
        changes: describe_differences(before, after),
        prose,
        checks: prose_diff::compare(front_matter(before), front_matter(after), &mut budget),
        versions,
    }
}

async fn text(state: &AppState, it: &PublishedVersion) -> Result<String, sqlx::Error> {
    Ok(state.store.text(&it.sha256).await?.unwrap_or_default())
}

fn parse(it: &PublishedVersion, text: &str) -> Option<Guideline> {
    format::parse_guideline(&it.slug, text, Origin::File(it.slug.clone()), &|_| None).ok()
}

/// Front matter as in the file.
fn front_matter(guideline: &Guideline) -> &str {
    let text = guideline.text.trim_start_matches("---").trim_start();
    text.find("\n---").map_or(text, |end| &text[..end])
}

fn version_step(old: &semver::Version, new: &semver::Version) -> &'static str {
    let same_major = old.major == new.major && (old.major > 0 || old.minor == new.minor);
    match (old.cmp(new), same_major, old.minor == new.minor) {
        (std::cmp::Ordering::Greater, ..) => "The first version is newer than the second.",
        (std::cmp::Ordering::Equal, ..) => "Both are the same version.",
        (_, false, _) => "A new major version: by its number, it may require more than before.",
        (_, true, false) => {
            "A minor version: by its number, it requires no more than before. It may add optional parts."
        }
        (_, true, true) => {
            "A patch version: by its number, it changes only wording or reduces false findings."
        }
    }
}
