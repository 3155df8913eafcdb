//! `/account`: tokens, sessions and teams of the signed-in user.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::{SignedInUser, no_store, signed_in_user};
use crate::registry::decisions::UserSession;
use crate::registry::http::AppState;
use crate::registry::http::pages::{Frame, database_error, format_date, page};
use crate::registry::http::query::FieldError;
use crate::registry::store::{TeamMember, TokenRow, User};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    user: User,
    /// Anti-forgery token of the forms.
    forms: String,
    tokens: Vec<TokenView>,
    /// Sessions, each with the date of its start, the date of its last use, and whether it is the current
    /// one.
    sessions: Vec<(UserSession, String, String, bool)>,
    /// Members of all teams of the user, including the user.
    team_members: Vec<TeamMember>,
    outcome: FormOutcome,
}

/// Token as shown on the page.
struct TokenView {
    row: TokenRow,
    created: String,
    expires: String,
    used: String,
    is_inactive: bool,
}

/// Result of a form to show on the page: a new secret, or the entered values with their errors.
#[derive(Default)]
pub(super) struct FormOutcome {
    /// Description of the secret, and the secret. It is shown only once.
    pub(super) secret: Option<(String, String)>,
    pub(super) typed: Vec<(&'static str, String)>,
    pub(super) field_errors: Vec<FieldError>,
}

impl AccountPage {
    fn field_error(&self, field: &str) -> &str {
        self.outcome
            .field_errors
            .iter()
            .find(|field_error| field_error.field == field)
            .map_or("", |field_error| &field_error.message)
    }

    fn typed(&self, field: &str) -> &str {
        self.outcome.typed.iter().find(|(name, _)| *name == field).map_or("", |it| &it.1)
    }
}

/// Shows the account page, or redirects to the sign-in page.
pub(in crate::registry::http) async fn account(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Response {
    match signed_in_user(&state, &headers).await {
        Ok(Some(signed_in)) => render_account(&state, signed_in, FormOutcome::default()).await,
        Ok(None) => Redirect::to("/sign-in").into_response(),
        Err(error) => database_error(&error),
    }
}

/// Renders the account page with the result of a form.
pub(super) async fn render_account(
    state: &AppState,
    signed_in: SignedInUser,
    outcome: FormOutcome,
) -> Response {
    let status =
        if outcome.field_errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    match read(state, signed_in, outcome).await {
        Ok(account) => no_store(page(status, &account)),
        Err(error) => database_error(&error),
    }
}

async fn read(
    state: &AppState,
    signed_in: SignedInUser,
    outcome: FormOutcome,
) -> Result<AccountPage, sqlx::Error> {
    let now = (state.now_ms)();
    let tokens = state.store.tokens(signed_in.user.id).await?;
    let sessions = state.store.sessions(signed_in.user.id).await?;
    let team_members = state.store.team_members(signed_in.user.id).await?;
    let own = signed_in.session.id;
    // Read again, because the action may have changed the user's teams and namespaces.
    let user = state.store.user(signed_in.user.id).await?.unwrap_or(signed_in.user);
    Ok(AccountPage {
        frame: Frame::new("account"),
        forms: signed_in.secret.form_token(),
        tokens: tokens
            .into_iter()
            .map(|row| TokenView {
                created: format_date(row.created_ms),
                expires: format_date(row.expires_ms),
                used: row.used_ms.map_or_else(|| "never".to_owned(), format_date),
                is_inactive: row.revoked_ms.is_some() || row.expires_ms <= now,
                row,
            })
            .collect(),
        sessions: sessions
            .into_iter()
            .filter(|session| session.is_active(now))
            .map(|it| (it.clone(), format_date(it.created_ms), format_date(it.seen_ms), it.id == own))
            .collect(),
        user,
        team_members,
        outcome,
    })
}
