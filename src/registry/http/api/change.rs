//! `PATCH` of a version (yank) and of a name (retire): the two things that may change of what is published.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::name::{body, find, unknown};
use super::{publisher, shapes, with_errors};
use crate::model::GuidelineId;
use crate::registry::flow::words;
use crate::registry::http::Shared;
use crate::registry::http::answers::{broken, problem, tag, tagged};
use crate::registry::store::Kind;

/// Longest message, in characters.
const MESSAGE: usize = 300;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Yank {
    yanked: bool,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Retire {
    retired: bool,
    #[serde(default)]
    message: String,
    successor: Option<String>,
}

type OfVersion = Path<(String, String, String)>;
type OfName = Path<(String, String)>;

/// Says that a version of a guideline should not be chosen any more, or takes that back.
pub(in crate::registry::http) async fn yank_guideline(
    State(shared): State<Shared>,
    Path(of): OfVersion,
    headers: HeaderMap,
    sent: Bytes,
) -> Response {
    yank(shared, Kind::Guideline, of, headers, sent).await
}

/// The same for a standard.
pub(in crate::registry::http) async fn yank_standard(
    State(shared): State<Shared>,
    Path(of): OfVersion,
    headers: HeaderMap,
    sent: Bytes,
) -> Response {
    yank(shared, Kind::Standard, of, headers, sent).await
}

/// Says that a guideline is no longer advised and what is instead, or takes that back.
pub(in crate::registry::http) async fn retire_guideline(
    State(shared): State<Shared>,
    Path(of): OfName,
    headers: HeaderMap,
    sent: Bytes,
) -> Response {
    retire(shared, Kind::Guideline, of, headers, sent).await
}

/// The same for a standard.
pub(in crate::registry::http) async fn retire_standard(
    State(shared): State<Shared>,
    Path(of): OfName,
    headers: HeaderMap,
    sent: Bytes,
) -> Response {
    retire(shared, Kind::Standard, of, headers, sent).await
}

async fn yank(
    shared: Shared,
    kind: Kind,
    (namespace, slug, version): (String, String, String),
    headers: HeaderMap,
    sent: Bytes,
) -> Response {
    if let Err(answer) = publisher(&shared, &headers, &namespace).await {
        return answer;
    }
    let it = match find(&shared, kind, &namespace, &slug, &version).await {
        Ok(it) => it,
        Err(answer) => return answer,
    };
    if let Some(answer) = not_as_seen(&headers, &body(&it)) {
        return answer;
    }
    let wish: Yank = match read(&sent) {
        Ok(wish) => wish,
        Err(answer) => return answer,
    };
    if let Some(answer) = slip(&wish.message, wish.yanked) {
        return answer;
    }
    let message = wish.yanked.then(|| (wish.message.trim(), (shared.now_ms)()));
    match shared.store.yank((&namespace, &slug, &version), message, words).await {
        Ok(true) => match find(&shared, kind, &namespace, &slug, &version).await {
            Ok(it) => tagged(&HeaderMap::new(), "application/json", body(&it)),
            Err(answer) => answer,
        },
        Ok(false) => unknown(),
        Err(error) => broken(&error),
    }
}

async fn retire(
    shared: Shared,
    kind: Kind,
    (namespace, slug): (String, String),
    headers: HeaderMap,
    sent: Bytes,
) -> Response {
    if let Err(answer) = publisher(&shared, &headers, &namespace).await {
        return answer;
    }
    let current = |shared: Shared, namespace: String, slug: String| async move {
        match shared.store.name(&namespace, &slug).await {
            Ok(Some(name)) if name.kind == kind => Ok(format!("{}\n", shapes::name(&name))),
            Ok(_) => Err(unknown()),
            Err(error) => Err(broken(&error)),
        }
    };
    if let Err(answer) = current(shared.clone(), namespace.clone(), slug.clone()).await {
        return answer;
    }
    let wish: Retire = match read(&sent) {
        Ok(wish) => wish,
        Err(answer) => return answer,
    };
    if let Some(answer) = slip(&wish.message, wish.retired) {
        return answer;
    }
    if let Some(successor) = &wish.successor {
        let known = match GuidelineId::new(successor) {
            Ok(id) => shared.store.name(id.namespace(), id.slug()).await,
            Err(_) => Ok(None),
        };
        match known {
            Ok(Some(_)) if *successor != format!("{namespace}/{slug}") => {}
            Ok(_) => {
                let error = json!({ "pointer": "/successor", "detail": "the name of something else that is published here" });
                return with_errors(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "The successor cannot be used.",
                    &[error],
                );
            }
            Err(error) => return broken(&error),
        }
    }
    let retired = wish.retired.then(|| (wish.message.trim(), wish.successor.as_deref()));
    match shared.store.retire((&namespace, &slug), retired, (shared.now_ms)()).await {
        Ok(true) => match current(shared, namespace, slug).await {
            Ok(body) => tagged(&HeaderMap::new(), "application/json", body),
            Err(answer) => answer,
        },
        Ok(false) => unknown(),
        Err(error) => broken(&error),
    }
}

#[expect(clippy::result_large_err, reason = "an answer is what is wanted")]
fn read<'b, T: Deserialize<'b>>(sent: &'b Bytes) -> Result<T, Response> {
    serde_json::from_slice(sent).map_err(|error| {
        let detail = format!("line {}, column {}: {error}", error.line(), error.column());
        let error = json!({ "pointer": "", "detail": crate::report::escape::escape(&detail) });
        with_errors(StatusCode::UNPROCESSABLE_ENTITY, "The body cannot be understood.", &[error])
    })
}

/// What is wrong with a message, which is needed where something is said.
fn slip(message: &str, is_needed: bool) -> Option<Response> {
    let length = message.trim().chars().count();
    let detail = if length > MESSAGE {
        format!("at most {MESSAGE} characters")
    } else if is_needed && length < 3 {
        "say why, for those who have it".to_owned()
    } else {
        return None;
    };
    let error = json!({ "pointer": "/message", "detail": detail });
    Some(with_errors(StatusCode::UNPROCESSABLE_ENTITY, "The message cannot be used.", &[error]))
}

/// Whoever changes something says what it was when they saw it.
fn not_as_seen(headers: &HeaderMap, body: &str) -> Option<Response> {
    let seen: Vec<&str> =
        headers.get_all(header::IF_MATCH).iter().filter_map(|value| value.to_str().ok()).collect();
    let now = tag(body);
    if seen.is_empty() {
        let detail = "Send If-Match with the ETag that you saw, so that nobody's change is lost.";
        return Some(problem(StatusCode::PRECONDITION_REQUIRED, detail));
    }
    let same =
        seen.iter().flat_map(|value| value.split(',')).any(|it| matches!(it.trim(), "*") || it.trim() == now);
    (!same).then(|| {
        let detail = "It changed since you saw it; read it again, and decide again.";
        ([(header::ETAG, now)], problem(StatusCode::PRECONDITION_FAILED, detail)).into_response()
    })
}
