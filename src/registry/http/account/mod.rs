//! Sign-in and account pages: sessions, tokens, namespaces, team members.
//!
//! Forms use POST and redirect with 303. A form must come from a page of the same session (it contains an
//! anti-forgery token) and from the same site (if the browser sends that information). These responses are
//! never cached.

mod actions;
mod page;
mod provider;
mod sign_in;

use axum::extract::{Form, FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::AppState;
use super::pages::database_error;
use super::query::Pairs;
use crate::registry::decisions::{Secret, UserSession};
use crate::registry::store::User;

pub(super) use actions::{add_member, claim, end_session, make_token, remove_member, revoke_token, sign_out};
pub(super) use page::account;
pub(super) use provider::{from_provider, to_provider};
pub(super) use sign_in::{link_page, sign_in_page, use_link};

/// Session cookie. The prefix `__Host-` restricts it to this host and to https, without subdomains.
const COOKIE: &str = "__Host-stanchion";
/// Minimum interval between two updates of the last use of a session, in milliseconds.
const SEEN_EVERY_MS: i64 = 300_000;

/// User with a valid session.
struct SignedInUser {
    secret: Secret,
    session: UserSession,
    user: User,
}

impl SignedInUser {
    /// Owner name for the user's tokens.
    fn owner(&self) -> &str {
        &self.user.name
    }
}

/// User of the session cookie; `None` without a valid session.
async fn signed_in_user(state: &AppState, headers: &HeaderMap) -> Result<Option<SignedInUser>, sqlx::Error> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let secret = pairs.find(|(name, _)| *name == COOKIE).and_then(|(_, value)| Secret::parse(value));
    let Some(secret) = secret else { return Ok(None) };
    let now = (state.now_ms)();
    let Some(session) = state.store.session(&secret.hash()).await?.filter(|session| session.is_active(now))
    else {
        return Ok(None);
    };
    if now - session.seen_ms >= SEEN_EVERY_MS {
        state.store.touch_session(session.id, now).await?;
    }
    let user = state.store.user(session.user).await?;
    Ok(user.map(|user| SignedInUser { secret, session, user }))
}

/// Form that a signed-in user sent from one of their pages.
pub(super) struct AccountForm {
    signed_in: SignedInUser,
    form: Pairs,
}

impl FromRequest<AppState> for AccountForm {
    type Rejection = Response;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Response> {
        if !is_same_site(request.headers()) {
            return Err(form_not_accepted());
        }
        let signed_in = match signed_in_user(state, request.headers()).await {
            Ok(Some(signed_in)) => signed_in,
            Ok(None) => return Err(Redirect::to("/sign-in").into_response()),
            Err(error) => return Err(database_error(&error)),
        };
        let Form(form) =
            Form::<Pairs>::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        if !signed_in.secret.is_form_token(field(&form, "forms")) {
            return Err(form_not_accepted());
        }
        Ok(Self { signed_in, form })
    }
}

/// Whether the form may have been sent from this site: the browser reports no other site, or reports nothing.
fn is_same_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_none_or(|value| value == "same-origin" || value == "none")
}

fn form_not_accepted() -> Response {
    super::pages::problem(
        StatusCode::FORBIDDEN,
        "Form not accepted",
        "This form was not sent from a page of your session. Reload the page and send the form again.",
    )
}

/// Trimmed value of a form field; empty if it is missing.
fn field<'f>(form: &'f Pairs, name: &str) -> &'f str {
    form.iter().find(|(key, _)| key == name).map_or("", |it| it.1.trim())
}

/// Forbids caches to store a response, and browsers to send its address to linked sites.
fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Session cookie; without a secret, the cookie that deletes it.
fn cookie(secret: Option<&Secret>) -> String {
    let common = "Path=/; Secure; HttpOnly; SameSite=Lax";
    match secret {
        Some(secret) => format!("{COOKIE}={}; Max-Age=7776000; {common}", secret.show()),
        None => format!("{COOKIE}=; Max-Age=0; {common}"),
    }
}

/// Returns random bytes, or an error response if the system provides none.
#[expect(clippy::result_large_err, reason = "the error is an HTTP response")]
fn random_bytes(state: &AppState) -> Result<[u8; 32], Response> {
    (state.random)().ok_or_else(|| {
        super::responses::problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "The server has no random bytes at the moment. Retry in a few seconds.",
        )
    })
}

/// Creates a session for a user and redirects to the account page.
async fn begin_session(state: &AppState, headers: &HeaderMap, user: i64) -> Response {
    let secret = match random_bytes(state) {
        Ok(random) => Secret::new(random),
        Err(response) => return response,
    };
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("unknown");
    let agent: String = agent.chars().take(200).collect();
    match state.store.add_session(&secret.hash(), user, &agent, (state.now_ms)()).await {
        Ok(true) => no_store(
            ([(header::SET_COOKIE, cookie(Some(&secret)))], Redirect::to("/account")).into_response(),
        ),
        Ok(false) => no_store(super::pages::problem(
            StatusCode::FORBIDDEN,
            "Locked",
            "The operator of this registry has locked this account. Contact the operator to unlock it.",
        )),
        Err(error) => database_error(&error),
    }
}
