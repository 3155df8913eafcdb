//! `PATCH` of a version (yank) and of a name (retire): the two things that may change of what is published.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::name::{body, find, unknown, with_history};
use super::{publisher, with_errors};
use crate::model::GuidelineId;
use crate::registry::flow::words;
use crate::registry::http::Shared;
use crate::registry::http::answers::{broken, problem, tag, tagged};
use crate::registry::http::query::NUL;
use crate::registry::store::{Changed, Kind, NameWithVersions, PublishedVersion};

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
    if let Err(answer) = find(&shared, kind, &namespace, &slug, &version).await {
        return answer;
    }
    let seen = match Seen::read(&headers) {
        Ok(seen) => seen,
        Err(answer) => return answer,
    };
    let wish: Yank = match read(&sent) {
        Ok(wish) => wish,
        Err(answer) => return answer,
    };
    if let Some(answer) = slip(&wish.message, wish.yanked) {
        return answer;
    }
    let (message, now) = (wish.yanked.then(|| wish.message.trim()), (shared.now_ms)());
    let as_seen = |it: &PublishedVersion| seen.is(&body(it));
    match shared.store.yank_as_seen((&namespace, &slug, &version), message, now, words, as_seen).await {
        Ok(changed) => answer(changed, body),
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
    if GuidelineId::new(&format!("{namespace}/{slug}")).is_err() {
        return unknown();
    }
    match shared.store.name(&namespace, &slug).await {
        Ok(Some(name)) if name.kind == kind => {}
        Ok(_) => return unknown(),
        Err(error) => return broken(&error),
    }
    let seen = match Seen::read(&headers) {
        Ok(seen) => seen,
        Err(answer) => return answer,
    };
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
    let as_seen = |it: &NameWithVersions| seen.is(&with_history(it));
    match shared.store.retire_as_seen((&namespace, &slug), retired, (shared.now_ms)(), as_seen).await {
        Ok(changed) => answer(changed, with_history),
        Err(error) => broken(&error),
    }
}

/// What came of a change: the thing as it is now.
fn answer<T>(changed: Changed<T>, body: impl Fn(&T) -> String) -> Response {
    match changed {
        Changed::Done(it) => tagged(&HeaderMap::new(), "application/json", body(&it)),
        Changed::Otherwise(it) => {
            let detail = "It changed since you saw it; read it again, and decide again.";
            ([(header::ETAG, tag(&body(&it)))], problem(StatusCode::PRECONDITION_FAILED, detail))
                .into_response()
        }
        Changed::Missing => unknown(),
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
    } else if message.contains('\0') {
        NUL.to_owned()
    } else if is_needed && length < 3 {
        "say why, for those who have it".to_owned()
    } else {
        return None;
    };
    let error = json!({ "pointer": "/message", "detail": detail });
    Some(with_errors(StatusCode::UNPROCESSABLE_ENTITY, "The message cannot be used.", &[error]))
}

/// What something was when whoever changes it saw it: the tags of `If-Match`.
struct Seen(Vec<String>);

impl Seen {
    /// What was sent.
    #[expect(clippy::result_large_err, reason = "an answer is what is wanted")]
    fn read(headers: &HeaderMap) -> Result<Self, Response> {
        let values = headers.get_all(header::IF_MATCH).iter().filter_map(|value| value.to_str().ok());
        let tags: Vec<String> =
            values.flat_map(|value| value.split(',')).map(|it| it.trim().to_owned()).collect();
        if tags.is_empty() {
            let detail = "Send If-Match with the ETag that you saw, so that nobody's change is lost.";
            return Err(problem(StatusCode::PRECONDITION_REQUIRED, detail));
        }
        Ok(Self(tags))
    }

    /// Whether it is still what is answered with this body.
    fn is(&self, body: &str) -> bool {
        let now = tag(body);
        self.0.iter().any(|it| it == "*" || *it == now)
    }
}
