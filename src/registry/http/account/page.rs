//! `/account`: what belongs to whoever is signed in.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::{Somebody, private, who};
use crate::registry::flow::Session;
use crate::registry::http::Shared;
use crate::registry::http::pages::{Frame, broken, day, page};
use crate::registry::http::query::Slip;
use crate::registry::store::{Colleague, Person, TokenRow};

#[derive(Template)]
#[template(path = "account.html")]
struct Account {
    frame: Frame,
    person: Person,
    /// What stands in each form.
    forms: String,
    tokens: Vec<Key>,
    /// With the day of their beginning and of their last use.
    sessions: Vec<(Session, String, String, bool)>,
    /// Everybody in their teams.
    colleagues: Vec<Colleague>,
    said: Said,
}

/// A key as it is shown.
struct Key {
    it: TokenRow,
    created: String,
    expires: String,
    used: String,
    is_over: bool,
}

/// What is to be said on the page besides: a secret that is shown once, what was typed, and what is wrong with it.
#[derive(Default)]
pub(super) struct Said {
    /// What the secret is, and the secret.
    pub(super) secret: Option<(String, String)>,
    pub(super) typed: Vec<(&'static str, String)>,
    pub(super) slips: Vec<Slip>,
}

impl Account {
    fn slip(&self, field: &str) -> &str {
        self.said.slips.iter().find(|slip| slip.field == field).map_or("", |slip| &slip.message)
    }

    fn typed(&self, field: &str) -> &str {
        self.said.typed.iter().find(|(name, _)| *name == field).map_or("", |it| &it.1)
    }
}

/// The page.
pub(in crate::registry::http) async fn account(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    match who(&shared, &headers).await {
        Ok(Some(somebody)) => show(&shared, somebody, Said::default()).await,
        Ok(None) => Redirect::to("/sign-in").into_response(),
        Err(error) => broken(&error),
    }
}

/// The page, with what is to be said on it.
pub(super) async fn show(shared: &Shared, somebody: Somebody, said: Said) -> Response {
    let status = if said.slips.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    match read(shared, somebody, said).await {
        Ok(account) => private(page(status, &account)),
        Err(error) => broken(&error),
    }
}

async fn read(shared: &Shared, somebody: Somebody, said: Said) -> Result<Account, sqlx::Error> {
    let now = (shared.now_ms)();
    let tokens = shared.store.tokens(somebody.person.id).await?;
    let sessions = shared.store.sessions(somebody.person.id).await?;
    let colleagues = shared.store.colleagues(somebody.person.id).await?;
    let own = somebody.session.id;
    // What was just made belongs to it already.
    let person = shared.store.person(somebody.person.id).await?.unwrap_or(somebody.person);
    Ok(Account {
        frame: Frame::new("account"),
        forms: somebody.secret.of_forms(),
        tokens: tokens
            .into_iter()
            .map(|it| Key {
                created: day(it.created_ms),
                expires: day(it.expires_ms),
                used: it.used_ms.map_or_else(|| "never".to_owned(), day),
                is_over: it.revoked_ms.is_some() || it.expires_ms <= now,
                it,
            })
            .collect(),
        sessions: sessions
            .into_iter()
            .filter(|session| session.holds(now))
            .map(|it| (it.clone(), day(it.created_ms), day(it.seen_ms), it.id == own))
            .collect(),
        person,
        colleagues,
        said,
    })
}
