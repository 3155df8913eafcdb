//! `/sign-in` and `/sign-in/<secret>`: the sign-in page, and the page of a sign-in link, which works once.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::{begin_session, form_not_accepted, is_same_site, no_store, signed_in_user};
use crate::registry::decisions::Secret;
use crate::registry::http::AppState;
use crate::registry::http::pages::{Frame, database_error, page, problem};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    frame: Frame,
    /// Secret of a sign-in link.
    link: Option<String>,
    /// Display name of the identity provider, if one is configured.
    provider: Option<String>,
}

/// Shows how to sign in.
pub(in crate::registry::http) async fn sign_in_page(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Response {
    match signed_in_user(&state, &headers).await {
        Ok(Some(_)) => Redirect::to("/account").into_response(),
        Ok(None) => no_store(page(
            StatusCode::OK,
            &SignInPage {
                frame: Frame::new("account"),
                link: None,
                provider: state.provider.as_ref().map(|provider| provider.name.clone()),
            },
        )),
        Err(error) => database_error(&error),
    }
}

/// Page of a sign-in link. Only its button uses the link: programs that preview links in messages must not
/// use it up.
pub(in crate::registry::http) async fn link_page(Path(secret): Path<String>) -> Response {
    match Secret::parse(&secret) {
        Some(_) => no_store(page(
            StatusCode::OK,
            &SignInPage { frame: Frame::new("account"), link: Some(secret), provider: None },
        )),
        None => link_expired(),
    }
}

/// Uses a link and starts a session.
pub(in crate::registry::http) async fn use_link(
    State(state): State<AppState>,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Response {
    if !is_same_site(&headers) {
        return form_not_accepted();
    }
    let Some(secret) = Secret::parse(&secret) else { return link_expired() };
    match state.store.use_link(&secret.hash(), (state.now_ms)()).await {
        Ok(Some(user)) => begin_session(&state, &headers, user).await,
        Ok(None) => link_expired(),
        Err(error) => database_error(&error),
    }
}

fn link_expired() -> Response {
    no_store(problem(
        StatusCode::GONE,
        "This link has expired or was already used",
        "A sign-in link works once, within a day. Ask its sender for a new one.",
    ))
}
