//! `PUT /api/v1/guidelines/{namespace}/{slug}/{version}`, and the same for standards: publishes a text
//! permanently.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{VersionPath, authorize_publisher, with_errors};
use crate::registry::decisions::{MAX_TEXT_BYTES, PublishRefusal, prepare_version, previous_version};
use crate::registry::example_tests::{ExampleTestResult, test_guideline};
use crate::registry::http::AppState;
use crate::registry::http::responses::{database_error, problem, server_busy};
use crate::registry::store::{NewVersion, PublishOutcome, PublishedKind};
use crate::report::escape::escape;
use crate::text::LineIndex;

/// Publishes a guideline.
pub(in crate::registry::http) async fn put_guideline(
    State(state): State<AppState>,
    Path((namespace, slug, version)): VersionPath,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    put(&state, PublishedKind::Guideline, &namespace, &slug, &version, &headers, &body).await
}

/// Publishes a standard.
pub(in crate::registry::http) async fn put_standard(
    State(state): State<AppState>,
    Path((namespace, slug, version)): VersionPath,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    put(&state, PublishedKind::Standard, &namespace, &slug, &version, &headers, &body).await
}

async fn put(
    state: &AppState,
    kind: PublishedKind,
    namespace: &str,
    slug: &str,
    version: &str,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response {
    let grant = match authorize_publisher(state, headers, namespace).await {
        Ok(grant) => grant,
        Err(response) => return response,
    };
    let now = (state.now_ms)();
    let Ok(text) = std::str::from_utf8(body) else {
        return problem(StatusCode::UNPROCESSABLE_ENTITY, "The text is not UTF-8.");
    };
    if text.contains('\0') {
        return problem(StatusCode::UNPROCESSABLE_ENTITY, "The text contains a NUL character. Remove it.");
    }
    let (file, text, owner) =
        (format!("{slug}.{}", kind.file_extension()), text.to_owned(), grant.owner.clone());
    let mut new = match state
        .text_work
        .run_for_size(body.len(), move || prepare_version(kind, &file, &text, &owner, now))
        .await
    {
        Ok(Ok(new)) => new,
        Ok(Err(refusal)) => return refusal_response(kind, refusal),
        Err(_) => return server_busy(),
    };
    if (new.namespace.as_str(), new.slug.as_str(), new.version.as_str()) != (namespace, slug, version) {
        let detail = format!(
            "The text is {}/{} {}, which differs from the address.",
            new.namespace, new.slug, new.version
        );
        return problem(StatusCode::UNPROCESSABLE_ENTITY, &detail);
    }
    if kind == PublishedKind::Guideline {
        match test_new_version(state, &new).await {
            Ok(note) => new.note = note,
            Err(response) => return response,
        }
        // The tests take time and publishing is permanent: the token may have been revoked in the meantime.
        if let Err(response) = authorize_publisher(state, headers, namespace).await {
            return response;
        }
    }
    let response = |status| {
        let body = serde_json::json!({ "name": format!("{namespace}/{slug}"), "version": version, "sha256": new.sha256, "note": new.note });
        (status, [(header::CONTENT_TYPE, "application/json")], format!("{body}\n")).into_response()
    };
    match state.store.publish(&new).await {
        Ok(PublishOutcome::New) => response(StatusCode::CREATED),
        Ok(PublishOutcome::Same) => response(StatusCode::OK),
        Ok(PublishOutcome::DifferentText { sha256 }) => problem(
            StatusCode::CONFLICT,
            &format!(
                "This version is already published with a different text (sha256 {sha256}). Published versions are permanent. Publish yours under another version."
            ),
        ),
        Ok(PublishOutcome::OtherKind(other)) => {
            let detail =
                format!("This name permanently belongs to a {}. Choose another name.", other.as_str());
            problem(StatusCode::CONFLICT, &detail)
        }
        Err(error) => database_error(&error),
    }
}

/// Tests a guideline. Returns the note for readers, or a response that describes the problems. Published
/// versions are not tested again.
async fn test_new_version(state: &AppState, new: &NewVersion) -> Result<Option<String>, Response> {
    let versions =
        state.store.versions(&new.namespace, &new.slug).await.map_err(|error| database_error(&error))?;
    if let Some(there) = versions.iter().find(|it| it.version == new.version) {
        return Ok(there.note.clone());
    }
    let before = match previous_version(&versions, new) {
        Some(sha256) => state.store.text(sha256).await.map_err(|error| database_error(&error))?,
        None => None,
    };
    let (name, text, worker) = (format!("{}.md", new.slug), new.text.clone(), state.worker.clone());
    let work = move || test_guideline(&name, &text, before.as_deref(), worker.as_deref());
    // Queued per team: users can create any number of tokens, but only the operator creates teams.
    let team = state.store.team_of_namespace(&new.namespace).await.map_err(|error| database_error(&error))?;
    let queue = team.map_or_else(|| format!("namespace {}", new.namespace), |team| format!("team {team}"));
    let ExampleTestResult { problems, note } =
        state.example_tests.run(&queue, work).await.map_err(|_| server_busy())?;
    if problems.is_empty() {
        Ok(note)
    } else {
        Err(refusal_response(PublishedKind::Guideline, PublishRefusal::Problems(problems)))
    }
}

/// Problem document with all problems of the text and their positions.
fn refusal_response(kind: PublishedKind, refusal: PublishRefusal) -> Response {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let problems = match refusal {
        PublishRefusal::TooLarge => {
            let detail = format!("The text is larger than {} KiB.", MAX_TEXT_BYTES >> 10);
            return problem(StatusCode::PAYLOAD_TOO_LARGE, &detail);
        }
        PublishRefusal::BuildMetadata => {
            return problem(
                status,
                "Versions must not contain build metadata (+…): version requirements ignore it.",
            );
        }
        PublishRefusal::EndsInJson => {
            return problem(
                status,
                "The version must not end in .json: this site uses that suffix for the JSON form of a version.",
            );
        }
        PublishRefusal::Name(why) => return problem(status, &format!("Choose another name: {why}.")),
        PublishRefusal::Problems(problems) => problems,
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
    let detail = format!("This {} cannot be published; see `errors`.", kind.as_str());
    with_errors(status, &detail, &errors)
}
