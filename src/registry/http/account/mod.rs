//! Signing in and what belongs to somebody: sessions, keys, namespaces, colleagues.
//!
//! Forms are POST and lead on by 303. A form must come from a page of the same session (a hidden field that no other
//! site knows) and from the same site (where the browser says it). Nothing here is kept by caches.

mod actions;
mod page;
mod provider;
mod sign_in;

use axum::extract::{Form, FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::Shared;
use super::pages::broken;
use super::query::Pairs;
use crate::registry::flow::{Secret, Session};
use crate::registry::store::Person;

pub(super) use actions::{add_member, claim, end_session, make_token, remove_member, revoke_token, sign_out};
pub(super) use page::account;
pub(super) use provider::{from_provider, to_provider};
pub(super) use sign_in::{link_page, sign_in_page, use_link};

/// The cookie. Its prefix makes browsers keep it to this host, to https, and away from subdomains.
const COOKIE: &str = "__Host-stanchion";
/// A session is noted as seen at most so often, in milliseconds.
const SEEN_EVERY_MS: i64 = 300_000;

/// Somebody who is signed in.
struct Somebody {
    secret: Secret,
    session: Session,
    person: Person,
}

impl Somebody {
    /// Whose keys theirs are.
    fn owner(&self) -> &str {
        &self.person.name
    }
}

/// Who asks; `None` where nobody is signed in.
async fn who(shared: &Shared, headers: &HeaderMap) -> Result<Option<Somebody>, sqlx::Error> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let secret = pairs.find(|(name, _)| *name == COOKIE).and_then(|(_, value)| Secret::presented(value));
    let Some(secret) = secret else { return Ok(None) };
    let now = (shared.now_ms)();
    let Some(session) = shared.store.session(&secret.hash()).await?.filter(|session| session.holds(now))
    else {
        return Ok(None);
    };
    if now - session.seen_ms >= SEEN_EVERY_MS {
        shared.store.session_seen(session.id, now).await?;
    }
    let person = shared.store.person(session.person).await?;
    Ok(person.map(|person| Somebody { secret, session, person }))
}

/// A form that whoever is signed in sent from a page of theirs.
pub(super) struct Sent {
    somebody: Somebody,
    form: Pairs,
}

impl FromRequest<Shared> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Response> {
        if !is_same_site(request.headers()) {
            return Err(refused());
        }
        let somebody = match who(shared, request.headers()).await {
            Ok(Some(somebody)) => somebody,
            Ok(None) => return Err(Redirect::to("/sign-in").into_response()),
            Err(error) => return Err(broken(&error)),
        };
        let Form(form) =
            Form::<Pairs>::from_request(request, shared).await.map_err(IntoResponse::into_response)?;
        if !somebody.secret.is_of_forms(field(&form, "forms")) {
            return Err(refused());
        }
        Ok(Self { somebody, form })
    }
}

/// Whether a browser says that a form came from elsewhere.
fn is_same_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_none_or(|value| value == "same-origin" || value == "none")
}

fn refused() -> Response {
    super::pages::problem(
        StatusCode::FORBIDDEN,
        "Not from here",
        "This form did not come from a page of your session. Open the page again, and send it from there.",
    )
}

/// A field of a form, as it was typed but for white space around it; empty where it is not there.
fn field<'f>(form: &'f Pairs, name: &str) -> &'f str {
    form.iter().find(|(key, _)| key == name).map_or("", |it| it.1.trim())
}

/// What must not be kept, nor be told to where a link leads.
fn private(mut answer: Response) -> Response {
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer
}

/// The cookie for a session; without a secret, the one that takes it away.
fn cookie(secret: Option<&Secret>) -> String {
    let common = "Path=/; Secure; HttpOnly; SameSite=Lax";
    match secret {
        Some(secret) => format!("{COOKIE}={}; Max-Age=7776000; {common}", secret.show()),
        None => format!("{COOKIE}=; Max-Age=0; {common}"),
    }
}

/// Random bytes, or an answer that there are none.
#[expect(clippy::result_large_err, reason = "an answer is what is wanted")]
fn random(shared: &Shared) -> Result<[u8; 32], Response> {
    (shared.random)().ok_or_else(|| {
        super::answers::problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "This machine has no random bytes at the moment.",
        )
    })
}

/// Begins a session for somebody, and leads to their page.
async fn begin(shared: &Shared, headers: &HeaderMap, person: i64) -> Response {
    let secret = match random(shared) {
        Ok(random) => Secret::new(random),
        Err(answer) => return answer,
    };
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("unknown");
    let agent: String = agent.chars().take(200).collect();
    match shared.store.add_session(&secret.hash(), person, &agent, (shared.now_ms)()).await {
        Ok(true) => {
            private(([(header::SET_COOKIE, cookie(Some(&secret)))], Redirect::to("/account")).into_response())
        }
        Ok(false) => private(super::pages::problem(
            StatusCode::FORBIDDEN,
            "Locked",
            "The operator of this registry has locked this account. Ask them why, and to unlock it.",
        )),
        Err(error) => broken(&error),
    }
}
