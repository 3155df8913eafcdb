//! `/sign-in` and `/sign-in/<secret>`: a link that the operator made signs somebody in, once.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::{begin, is_same_site, private, refused, who};
use crate::registry::flow::Secret;
use crate::registry::http::Shared;
use crate::registry::http::pages::{Frame, broken, page, problem};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    frame: Frame,
    /// The secret of a link that somebody followed.
    link: Option<String>,
    /// What people call the identity provider, if there is one.
    provider: Option<String>,
}

/// How to sign in.
pub(in crate::registry::http) async fn sign_in_page(
    State(shared): State<Shared>,
    headers: HeaderMap,
) -> Response {
    match who(&shared, &headers).await {
        Ok(Some(_)) => Redirect::to("/account").into_response(),
        Ok(None) => private(page(
            StatusCode::OK,
            &SignIn {
                frame: Frame::new("account"),
                link: None,
                provider: shared.provider.as_ref().map(|provider| provider.name.clone()),
            },
        )),
        Err(error) => broken(&error),
    }
}

/// Where a link leads. It is used by a button: programs that look at links in messages must not use it up.
pub(in crate::registry::http) async fn link_page(Path(secret): Path<String>) -> Response {
    match Secret::presented(&secret) {
        Some(_) => private(page(
            StatusCode::OK,
            &SignIn { frame: Frame::new("account"), link: Some(secret), provider: None },
        )),
        None => over(),
    }
}

/// Uses a link.
pub(in crate::registry::http) async fn use_link(
    State(shared): State<Shared>,
    Path(secret): Path<String>,
    headers: HeaderMap,
) -> Response {
    if !is_same_site(&headers) {
        return refused();
    }
    let Some(secret) = Secret::presented(&secret) else { return over() };
    match shared.store.use_link(&secret.hash(), (shared.now_ms)()).await {
        Ok(Some(person)) => begin(&shared, &headers, person).await,
        Ok(None) => over(),
        Err(error) => broken(&error),
    }
}

fn over() -> Response {
    private(problem(
        StatusCode::GONE,
        "This link is over",
        "A link signs somebody in once, within a day. Ask whoever gave it to you for another one.",
    ))
}
