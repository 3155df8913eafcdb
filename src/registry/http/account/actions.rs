//! Actions of a signed-in user. Invalid forms are shown again with a message at each field and the values
//! that were entered.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::page::{FormOutcome, render_account};
use super::{AccountForm, cookie, field, no_store, random_bytes};
use crate::model::GuidelineId;
use crate::registry::decisions::{AccessToken, SIGN_IN_LINK_MS, Secret, TokenGrant, parse_name, scope_of};
use crate::registry::http::AppState;
use crate::registry::http::pages::database_error;
use crate::registry::http::query::FieldError;
use crate::registry::store::AddUserOutcome;

/// Longest validity of a token, in days.
const MAX_TOKEN_DAYS: i64 = 3_650;
const DAY_MS: i64 = 86_400_000;

/// Creates a token for publishing in a namespace.
pub(in crate::registry::http) async fn make_token(
    State(state): State<AppState>,
    AccountForm { signed_in, form }: AccountForm,
) -> Response {
    let (namespace, days) = (field(&form, "namespace").to_owned(), field(&form, "days").to_owned());
    let mut field_errors = Vec::new();
    if !signed_in.user.owns_namespace(&namespace) {
        let message = "choose a namespace of one of your teams".to_owned();
        field_errors.push(FieldError { field: "namespace", message });
    }
    let number = days.parse::<i64>().ok().filter(|days| (1..=MAX_TOKEN_DAYS).contains(days));
    if number.is_none() {
        let message = format!("the validity must be from 1 to {MAX_TOKEN_DAYS} days");
        field_errors.push(FieldError { field: "days", message });
    }
    let (Some(number), true) = (number, field_errors.is_empty()) else {
        let typed = vec![("namespace", namespace), ("days", days)];
        return render_account(
            &state,
            signed_in,
            FormOutcome { typed, field_errors, ..FormOutcome::default() },
        )
        .await;
    };
    let token = match random_bytes(&state) {
        Ok(random) => AccessToken::new(random),
        Err(response) => return response,
    };
    let now = (state.now_ms)();
    let owner = signed_in.owner().to_owned();
    let grant = TokenGrant {
        owner,
        scope: scope_of(&namespace),
        expires_ms: now + number * DAY_MS,
        revoked_ms: None,
    };
    match state.store.add_user_token(signed_in.user.id, &token.hash(), &grant, now).await {
        Ok(true) => {}
        Ok(false) => {
            let message = "you are no longer in the team of this namespace".to_owned();
            let typed = vec![("namespace", namespace), ("days", days)];
            let field_errors = vec![FieldError { field: "namespace", message }];
            return render_account(
                &state,
                signed_in,
                FormOutcome { typed, field_errors, ..FormOutcome::default() },
            )
            .await;
        }
        Err(error) => return database_error(&error),
    }
    let what = format!("Token for publishing in {namespace}, valid for {number} days");
    render_account(
        &state,
        signed_in,
        FormOutcome { secret: Some((what, token.show().to_owned())), ..FormOutcome::default() },
    )
    .await
}

/// Revokes a token.
pub(in crate::registry::http) async fn revoke_token(
    State(state): State<AppState>,
    Path(id): Path<i64>,
    AccountForm { signed_in, .. }: AccountForm,
) -> Response {
    // A token of another user, or one that is already revoked, is ignored.
    match state.store.revoke_token(id, signed_in.user.id, (state.now_ms)()).await {
        Ok(_) => Redirect::to("/account").into_response(),
        Err(error) => database_error(&error),
    }
}

/// Ends a session.
pub(in crate::registry::http) async fn end_session(
    State(state): State<AppState>,
    Path(id): Path<i64>,
    AccountForm { signed_in, .. }: AccountForm,
) -> Response {
    match state.store.end_session(id, signed_in.user.id, (state.now_ms)()).await {
        Ok(_) => Redirect::to("/account").into_response(),
        Err(error) => database_error(&error),
    }
}

/// Ends the current session.
pub(in crate::registry::http) async fn sign_out(
    State(state): State<AppState>,
    AccountForm { signed_in, .. }: AccountForm,
) -> Response {
    match state.store.end_session(signed_in.session.id, signed_in.user.id, (state.now_ms)()).await {
        Ok(_) => no_store(([(header::SET_COOKIE, cookie(None))], Redirect::to("/")).into_response()),
        Err(error) => database_error(&error),
    }
}

/// Gives a free namespace to one of the user's teams.
pub(in crate::registry::http) async fn claim(
    State(state): State<AppState>,
    AccountForm { signed_in, form }: AccountForm,
) -> Response {
    let (namespace, team) = (field(&form, "new-namespace").to_owned(), field(&form, "team").to_owned());
    let team_id = signed_in.user.teams.iter().find(|(_, name)| *name == team).map(|it| it.0);
    let mut field_errors = Vec::new();
    let is_name = GuidelineId::new(&format!("{namespace}/x"));
    if let Err(why) = is_name {
        field_errors.push(FieldError { field: "new-namespace", message: why });
    }
    if team_id.is_none() {
        field_errors.push(FieldError { field: "team", message: "choose one of your teams".to_owned() });
    }
    if let (Some(team), true) = (team_id, field_errors.is_empty()) {
        match state.store.claim_namespace(&namespace, team).await {
            Ok(true) => return Redirect::to("/account").into_response(),
            Ok(false) => {
                field_errors.push(FieldError {
                    field: "new-namespace",
                    message: "this namespace is already taken".to_owned(),
                });
            }
            Err(error) => return database_error(&error),
        }
    }
    let typed = vec![("new-namespace", namespace), ("team", team)];
    render_account(&state, signed_in, FormOutcome { typed, field_errors, ..FormOutcome::default() }).await
}

/// Adds a new user to a team and creates a sign-in link.
pub(in crate::registry::http) async fn add_member(
    State(state): State<AppState>,
    headers: HeaderMap,
    AccountForm { signed_in, form }: AccountForm,
) -> Response {
    let (user, team) = (field(&form, "person").to_owned(), field(&form, "of-team").to_owned());
    let team_id = signed_in.user.teams.iter().find(|(_, name)| *name == team).map(|it| it.0);
    let mut field_errors = Vec::new();
    if team_id.is_none() {
        field_errors.push(FieldError { field: "of-team", message: "choose one of your teams".to_owned() });
    }
    if let Err(message) = parse_name(&user) {
        field_errors.push(FieldError { field: "person", message });
    }
    if let (Some(team), true) = (team_id, field_errors.is_empty()) {
        let secret = match random_bytes(&state) {
            Ok(random) => Secret::new(random),
            Err(response) => return response,
        };
        let now = (state.now_ms)();
        let link = (secret.hash(), now + SIGN_IN_LINK_MS);
        match state.store.add_new_user_to_team(&user, team, (&link.0, link.1), (signed_in.user.id, now)).await
        {
            Ok(AddUserOutcome::Added) => {
                let what = format!("Sign-in link for {user}, valid once within a day");
                let root = super::super::feed::site_address(&state, &headers);
                let link = format!("{root}/sign-in/{}", secret.show());
                return render_account(
                    &state,
                    signed_in,
                    FormOutcome { secret: Some((what, link)), ..FormOutcome::default() },
                )
                .await;
            }
            Ok(AddUserOutcome::NotInTeam) => {
                let message = "you are no longer in this team".to_owned();
                field_errors.push(FieldError { field: "of-team", message });
            }
            Ok(AddUserOutcome::NameIsTaken) => {
                let message =
                    "this name is already taken; the operator can add that user to the team".to_owned();
                field_errors.push(FieldError { field: "person", message });
            }
            Err(error) => return database_error(&error),
        }
    }
    let typed = vec![("person", user), ("of-team", team)];
    render_account(&state, signed_in, FormOutcome { typed, field_errors, ..FormOutcome::default() }).await
}

/// Removes a member from one of the user's teams and revokes the tokens that the member created for its
/// namespaces.
pub(in crate::registry::http) async fn remove_member(
    State(state): State<AppState>,
    Path((team, user)): Path<(i64, i64)>,
    AccountForm { signed_in, .. }: AccountForm,
) -> Response {
    // Ignored for a team to which the user does not belong.
    if !signed_in.user.teams.iter().any(|(own, _)| *own == team) {
        return Redirect::to("/account").into_response();
    }
    match state.store.remove_from_team(team, user, (signed_in.user.id, (state.now_ms)())).await {
        Ok(true) => Redirect::to("/account").into_response(),
        Ok(false) => {
            let message = "the last member cannot leave a team; add another member first".to_owned();
            let field_errors = vec![FieldError { field: "colleagues", message }];
            render_account(&state, signed_in, FormOutcome { field_errors, ..FormOutcome::default() }).await
        }
        Err(error) => database_error(&error),
    }
}
