//! Publishes texts to a registry.

use std::time::Duration;

use serde::Deserialize;
use ureq::http::{StatusCode, header};

use super::http::{build_agent, status_error, transport_error};
use super::index::{RegistryEntryKind, shorten};
use super::outcome::{PublishError, RequestError, SubmitOutcome};
use crate::model::GuidelineId;

/// Maximum time for one request.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Maximum size of a response, in bytes.
const MAX_RESPONSE_BYTES: u64 = 1 << 20;
/// Maximum number of errors of one text that are reported.
const MAX_ERRORS: usize = 20;

/// Maximum number of attempts to publish one text to a registry that reports a rate limit or an overload, and
/// maximum waiting time between them.
const MAX_ATTEMPTS: usize = 5;
const MAX_WAIT: Duration = Duration::from_mins(1);

enum Attempt {
    Done(SubmitOutcome),
    RetryAfter(Duration),
}

/// A registry to publish to, with the user's token.
pub struct Publisher {
    agent: ureq::Agent,
    base: String,
    token: String,
}

#[derive(Deserialize)]
struct CreatedResponse {
    note: Option<String>,
}

/// Shown parts of a problem document (RFC 9457).
#[derive(Deserialize)]
struct ProblemDocument {
    #[serde(default)]
    detail: String,
    #[serde(default)]
    errors: Vec<ProblemItem>,
}

#[derive(Deserialize)]
struct ProblemItem {
    #[serde(default)]
    line: u32,
    #[serde(default)]
    detail: String,
}

/// Whether a response states when to retry.
fn has_retry_after<B>(response: &ureq::http::Response<B>) -> bool {
    response.status() == StatusCode::TOO_MANY_REQUESTS || response.headers().contains_key(header::RETRY_AFTER)
}

impl Publisher {
    /// Creates a publisher for the registry at `base`. The token is never sent to another host.
    #[must_use]
    pub fn new(base: &str, token: String) -> Self {
        Self { agent: build_agent(base), base: base.trim_end_matches('/').to_owned(), token }
    }

    /// Publishes a text.
    ///
    /// # Errors
    /// The reason. Then nothing was published; or, if the connection broke, the caller can retry: the same
    /// text is published only once.
    pub fn publish(
        &self,
        kind: RegistryEntryKind,
        id: &GuidelineId,
        version: &str,
        text: &str,
    ) -> Result<SubmitOutcome, PublishError> {
        let collection = match kind {
            RegistryEntryKind::Guideline => "guidelines",
            RegistryEntryKind::Standard => "standards",
        };
        let address = format!("{}/api/v1/{collection}/{}/{}/{version}", self.base, id.namespace(), id.slug());
        for _ in 0..MAX_ATTEMPTS {
            match self.send_text(&address, text)? {
                Attempt::Done(sent) => return Ok(sent),
                // With many texts at once, the registry limits the rate.
                Attempt::RetryAfter(wait) => std::thread::sleep(wait),
            }
        }
        let message = format!("it was still busy after {MAX_ATTEMPTS} attempts; try again later");
        Err(PublishError { messages: vec![message], affects_all: true })
    }

    fn send_text(&self, address: &str, text: &str) -> Result<Attempt, PublishError> {
        let request = self
            .agent
            .put(address)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
            .config()
            .timeout_global(Some(TIME_LIMIT))
            // The token must not be sent to another host.
            .max_redirects(0)
            .build();
        let sent = request.send(text);
        let mut response = sent.map_err(|error| PublishError {
            messages: vec![transport_error(&error).0.0],
            affects_all: true,
        })?;
        match response.status() {
            StatusCode::CREATED => {
                let body = response
                    .body_mut()
                    .with_config()
                    .limit(MAX_RESPONSE_BYTES)
                    .read_to_vec()
                    .unwrap_or_default();
                let note = serde_json::from_slice::<CreatedResponse>(&body).ok().and_then(|noted| noted.note);
                let note = note.as_deref().map(shorten);
                return Ok(Attempt::Done(SubmitOutcome::New { note }));
            }
            StatusCode::OK => return Ok(Attempt::Done(SubmitOutcome::AlreadyPublished)),
            // Rate limit exceeded, or server overloaded.
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE if has_retry_after(&response) => {
                let wait =
                    response.headers().get(header::RETRY_AFTER).and_then(|it| it.to_str().ok()?.parse().ok());
                return Ok(Attempt::RetryAfter(Duration::from_secs(wait.unwrap_or(5)).min(MAX_WAIT)));
            }
            _ => {}
        }
        let status = response.status();
        let affects_all = !matches!(status.as_u16(), 403 | 409 | 413 | 422);
        let body =
            response.body_mut().with_config().limit(MAX_RESPONSE_BYTES).read_to_vec().unwrap_or_default();
        let Ok(problem) = serde_json::from_slice::<ProblemDocument>(&body) else {
            let RequestError(message) = status_error(status);
            return Err(PublishError { messages: vec![message], affects_all });
        };
        let mut all =
            vec![if problem.detail.is_empty() { status_error(status).0 } else { shorten(&problem.detail) }];
        let errors = problem.errors.iter().take(MAX_ERRORS);
        all.extend(errors.map(|it| format!("line {}: {}", it.line, shorten(&it.detail))));
        if problem.errors.len() > MAX_ERRORS {
            all.push(format!("and {} more", problem.errors.len() - MAX_ERRORS));
        }
        Err(PublishError { messages: all, affects_all })
    }
}
