//! Publishing to a registry.

use std::time::Duration;

use serde::Deserialize;
use ureq::http::{StatusCode, header};

use super::http::{agent, failed, refused};
use super::index::{Kind, short};
use super::told::{Refused, Sent, Trouble};
use crate::model::GuidelineId;

/// Longest time for one text.
const PATIENCE: Duration = Duration::from_secs(30);
/// Largest answer, in bytes.
const ANSWER: u64 = 1 << 20;
/// Most mistakes of one text that are told.
const SHOWN: usize = 20;

/// How often in a row one waits for a registry that has too much to do, and how long at most.
const WAITS: usize = 5;
const LONGEST_WAIT: Duration = Duration::from_mins(1);

enum Answered {
    Sent(Sent),
    Later(Duration),
}

/// A registry to publish to, with the key that it asks for.
pub struct Publisher {
    agent: ureq::Agent,
    base: String,
    token: String,
}

#[derive(Deserialize)]
struct Noted {
    note: Option<String>,
}

/// A problem document (RFC 9457), as far as it is shown.
#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    detail: String,
    #[serde(default)]
    errors: Vec<Error>,
}

#[derive(Deserialize)]
struct Error {
    #[serde(default)]
    line: u32,
    #[serde(default)]
    detail: String,
}

/// Whether an answer says when to come again.
fn says_when<B>(answer: &ureq::http::Response<B>) -> bool {
    answer.status() == StatusCode::TOO_MANY_REQUESTS || answer.headers().contains_key(header::RETRY_AFTER)
}

impl Publisher {
    /// The registry at `base`; the token is only ever sent there.
    #[must_use]
    pub fn new(base: &str, token: String) -> Self {
        Self { agent: agent(base), base: base.trim_end_matches('/').to_owned(), token }
    }

    /// Publishes a text.
    ///
    /// # Errors
    /// Why not. Then nothing was published, or (where the connection broke) it can be asked again: the same text is
    /// published once.
    pub fn publish(&self, kind: Kind, id: &GuidelineId, version: &str, text: &str) -> Result<Sent, Refused> {
        let room = match kind {
            Kind::Guideline => "guidelines",
            Kind::Standard => "standards",
        };
        let address = format!("{}/api/v1/{room}/{}/{}/{version}", self.base, id.namespace(), id.slug());
        for _ in 0..WAITS {
            match self.send(&address, text)? {
                Answered::Sent(sent) => return Ok(sent),
                // Many texts at a time: the registry says when to go on.
                Answered::Later(wait) => std::thread::sleep(wait),
            }
        }
        let words = vec!["it says again and again that too much was sent at a time".to_owned()];
        Err(Refused { words, for_all: true })
    }

    fn send(&self, address: &str, text: &str) -> Result<Answered, Refused> {
        let request = self
            .agent
            .put(address)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
            .config()
            .timeout_global(Some(PATIENCE))
            // A key goes nowhere else.
            .max_redirects(0)
            .build();
        let sent = request.send(text);
        let mut answer = sent.map_err(|error| Refused { words: vec![failed(&error).0.0], for_all: true })?;
        match answer.status() {
            StatusCode::CREATED => {
                let body = answer.body_mut().with_config().limit(ANSWER).read_to_vec().unwrap_or_default();
                let note = serde_json::from_slice::<Noted>(&body).ok().and_then(|noted| noted.note);
                let note = note.as_deref().map(short);
                return Ok(Answered::Sent(Sent::New { note }));
            }
            StatusCode::OK => return Ok(Answered::Sent(Sent::Same)),
            // Too often, or too much for now.
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE if says_when(&answer) => {
                let wait =
                    answer.headers().get(header::RETRY_AFTER).and_then(|it| it.to_str().ok()?.parse().ok());
                return Ok(Answered::Later(Duration::from_secs(wait.unwrap_or(5)).min(LONGEST_WAIT)));
            }
            _ => {}
        }
        let status = answer.status();
        let for_all = !matches!(status.as_u16(), 403 | 409 | 413 | 422);
        let body = answer.body_mut().with_config().limit(ANSWER).read_to_vec().unwrap_or_default();
        let Ok(problem) = serde_json::from_slice::<Problem>(&body) else {
            let Trouble(words) = refused(status);
            return Err(Refused { words: vec![words], for_all });
        };
        let mut all =
            vec![if problem.detail.is_empty() { refused(status).0 } else { short(&problem.detail) }];
        let errors = problem.errors.iter().take(SHOWN);
        all.extend(errors.map(|it| format!("line {}: {}", it.line, short(&it.detail))));
        if problem.errors.len() > SHOWN {
            all.push(format!("and {} more", problem.errors.len() - SHOWN));
        }
        Err(Refused { words: all, for_all })
    }
}
