//! `PUT /api/v1/guidelines/{namespace}/{slug}/{version}`, and the same for standards: publishes a text, for ever.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{publisher, with_errors};
use crate::registry::flow::{LARGEST, Refusal, followed, prepare};
use crate::registry::http::Shared;
use crate::registry::http::answers::{broken, busy, problem};
use crate::registry::proving::{Proved, prove};
use crate::registry::store::{Kind, NewVersion, Published};
use crate::report::escape::escape;
use crate::text::LineIndex;

type OfVersion = Path<(String, String, String)>;

/// Publishes a guideline.
pub(in crate::registry::http) async fn put_guideline(
    State(shared): State<Shared>,
    Path((namespace, slug, version)): OfVersion,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    put(&shared, Kind::Guideline, &namespace, &slug, &version, &headers, &body).await
}

/// Publishes a standard.
pub(in crate::registry::http) async fn put_standard(
    State(shared): State<Shared>,
    Path((namespace, slug, version)): OfVersion,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    put(&shared, Kind::Standard, &namespace, &slug, &version, &headers, &body).await
}

async fn put(
    shared: &Shared,
    kind: Kind,
    namespace: &str,
    slug: &str,
    version: &str,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response {
    let held = match publisher(shared, headers, namespace).await {
        Ok(held) => held,
        Err(answer) => return answer,
    };
    let now = (shared.now_ms)();
    let Ok(text) = std::str::from_utf8(body) else {
        return problem(StatusCode::UNPROCESSABLE_ENTITY, "The text is not UTF-8.");
    };
    if text.contains('\0') {
        return problem(
            StatusCode::UNPROCESSABLE_ENTITY,
            "The text holds the character NUL, which is no text.",
        );
    }
    let (file, text, owner) = (format!("{slug}.{}", kind.ending()), text.to_owned(), held.owner.clone());
    let mut new =
        match shared.looking.look(body.len(), move || prepare(kind, &file, &text, &owner, now)).await {
            Ok(Ok(new)) => new,
            Ok(Err(refusal)) => return refused(kind, refusal),
            Err(_) => return busy(),
        };
    if (new.namespace.as_str(), new.slug.as_str(), new.version.as_str()) != (namespace, slug, version) {
        let says = format!("The text says that it is {}/{} {}.", new.namespace, new.slug, new.version);
        return problem(StatusCode::UNPROCESSABLE_ENTITY, &says);
    }
    if kind == Kind::Guideline {
        match proved(shared, &new).await {
            Ok(note) => new.note = note,
            Err(answer) => return answer,
        }
        // That took a while, and what is published stays: the key may have been taken back.
        if let Err(answer) = publisher(shared, headers, namespace).await {
            return answer;
        }
    }
    let answer = |status| {
        let body = serde_json::json!({ "name": format!("{namespace}/{slug}"), "version": version, "sha256": new.sha256, "note": new.note });
        (status, [(header::CONTENT_TYPE, "application/json")], format!("{body}\n")).into_response()
    };
    match shared.store.publish(&new).await {
        Ok(Published::New) => answer(StatusCode::CREATED),
        Ok(Published::Same) => answer(StatusCode::OK),
        Ok(Published::Taken { sha256 }) => problem(
            StatusCode::CONFLICT,
            &format!(
                "This version is published with another text (sha256 {sha256}), for ever. Give yours another version."
            ),
        ),
        Ok(Published::OtherKind(other)) => {
            let detail = format!("This name is a {}'s, for ever. Give yours another name.", other.word());
            problem(StatusCode::CONFLICT, &detail)
        }
        Err(error) => broken(&error),
    }
}

/// What is to be noted about a guideline, or why it is not published. What is published already is not proved again.
async fn proved(shared: &Shared, new: &NewVersion) -> Result<Option<String>, Response> {
    let versions = shared.store.versions(&new.namespace, &new.slug).await.map_err(|error| broken(&error))?;
    if let Some(there) = versions.iter().find(|it| it.version == new.version) {
        return Ok(there.note.clone());
    }
    let before = match followed(&versions, new) {
        Some(sha256) => shared.store.text(sha256).await.map_err(|error| broken(&error))?,
        None => None,
    };
    let (name, text, worker) = (format!("{}.md", new.slug), new.text.clone(), shared.worker.clone());
    let work = move || prove(&name, &text, before.as_deref(), worker.as_deref());
    // Of each team in its turn: names of keys cost nothing, a team is made by the operator.
    let team = shared.store.team_of(&new.namespace).await.map_err(|error| broken(&error))?;
    let turn = team.map_or_else(|| format!("namespace {}", new.namespace), |team| format!("team {team}"));
    let Proved { problems, note } = shared.proving.run(&turn, work).await.map_err(|_| busy())?;
    if problems.is_empty() { Ok(note) } else { Err(refused(Kind::Guideline, Refusal::Problems(problems))) }
}

/// Every problem of the text, with its place.
fn refused(kind: Kind, refusal: Refusal) -> Response {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let problems = match refusal {
        Refusal::TooLarge => {
            let detail = format!("The text is larger than {} KiB.", LARGEST >> 10);
            return problem(StatusCode::PAYLOAD_TOO_LARGE, &detail);
        }
        Refusal::BuildMetadata => {
            return problem(
                status,
                "The version holds build metadata (+…), by which nobody could choose it.",
            );
        }
        Refusal::EndsInJson => {
            return problem(
                status,
                "The version ends in .json, which is how this site names the JSON of another one.",
            );
        }
        Refusal::Name(why) => return problem(status, &format!("Choose another name: {why}.")),
        Refusal::Problems(problems) => problems,
    };
    let errors: Vec<_> = problems
        .iter()
        .map(|it| {
            let (line, column) = LineIndex::new(&it.text).line_column(&it.text, it.span.start);
            serde_json::json!({
                "line": line, "column": column, "detail": escape(&it.message), "help": it.help.as_deref().map(escape),
            })
        })
        .collect();
    let detail =
        format!("This is no {} that can be published: every problem stands in `errors`.", kind.word());
    with_errors(status, &detail, &errors)
}
