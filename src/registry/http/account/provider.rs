//! `/sign-in/provider` and `/sign-in/callback`: sign-in with the configured identity provider.

use std::net::IpAddr;

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::{begin_session, no_store, random_bytes};
use crate::registry::decisions::{
    Identity, PendingSignIn, ProviderMetadata, identity_from_id_token, read_signed, sign_with_expiry,
};
use crate::registry::http::AppState;
use crate::registry::http::feed::site_address;
use crate::registry::http::pages::{PageError, database_error, error_page, not_found, problem};
use crate::registry::http::query::Pairs;
use crate::registry::http::rate_limit::{PeerAddress, with_retry_after};
use crate::registry::program::log;
use crate::registry::provider::{Provider, form_encoded};
use crate::report::escape::escape;

/// Cookie with the state of a sign-in in progress, valid for ten minutes.
const COOKIE: &str = "__Host-stanchion-pending";
/// Time for which the provider metadata is cached, in milliseconds.
const METADATA_MAX_AGE_MS: i64 = 600_000;
/// Longest time for a sign-in, in milliseconds.
const MAX_SIGN_IN_MS: i64 = 600_000;

/// Redirects to the provider.
pub(in crate::registry::http) async fn to_provider(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Response {
    let Some(provider) = state.provider.clone() else { return not_found().await };
    let mut bytes = [[0; 32]; 3];
    for each in &mut bytes {
        match random_bytes(&state) {
            Ok(random) => *each = random,
            Err(response) => return response,
        }
    }
    let pending = PendingSignIn::new(bytes);
    let found = match provider_metadata(&state, &provider).await {
        Ok(found) => found,
        Err(why) => return failed(&provider, &why),
    };
    let callback = callback(&state, &headers);
    let between = if found.authorization_endpoint.contains('?') { '&' } else { '?' };
    let mut address =
        format!("{}{between}response_type=code&scope=openid%20profile", found.authorization_endpoint);
    for (name, value) in [
        ("client_id", provider.client.as_str()),
        ("redirect_uri", callback.as_str()),
        ("state", pending.state.as_str()),
        ("nonce", pending.nonce.as_str()),
        ("code_challenge", pending.challenge().as_str()),
        ("code_challenge_method", "S256"),
    ] {
        address.push_str(&format!("&{name}={}", form_encoded(value)));
    }
    // The state is signed: a forged callback must not cause a request to the provider.
    let pending = sign_with_expiry(&provider.secret, &pending.write(), (state.now_ms)() + MAX_SIGN_IN_MS);
    let cookie = format!("{COOKIE}={pending}; Max-Age=600; Path=/; Secure; HttpOnly; SameSite=Lax");
    no_store(([(header::SET_COOKIE, cookie)], Redirect::to(&address)).into_response())
}

/// Handles the redirect back from the provider.
pub(in crate::registry::http) async fn from_provider(
    State(state): State<AppState>,
    peer: Option<Extension<PeerAddress>>,
    Query(pairs): Query<Pairs>,
    headers: HeaderMap,
) -> Response {
    let Some(provider) = state.provider.clone() else { return not_found().await };
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|it| it.1.clone());
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies =
        cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let now = (state.now_ms)();
    let pending = cookies.find(|(name, _)| *name == COOKIE);
    let pending =
        pending.and_then(|(_, value)| PendingSignIn::read(read_signed(&provider.secret, value, now)?));
    let Some(pending) = pending.filter(|pending| value("state").as_deref() == Some(&pending.state)) else {
        return sign_in_failed("This sign-in was not started here or has expired. Start again.");
    };
    if value("error").is_some() {
        return sign_in_failed("The identity provider did not sign you in. Start again.");
    }
    let Some(code) = value("code").filter(|code| code.len() <= 4_096) else {
        return sign_in_failed("The identity provider sent no valid authorization code. Start again.");
    };
    let address = peer.map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.0);
    if let Err(seconds) = state.sign_ins.take(address, now) {
        let detail = "Too many sign-ins from your network. Retry in a minute.";
        return with_retry_after(
            no_store(problem(StatusCode::TOO_MANY_REQUESTS, "Temporarily unavailable", detail)),
            seconds,
        );
    }
    let callback = callback(&state, &headers);
    let found = match provider_metadata(&state, &provider).await {
        Ok(found) => found,
        Err(why) => return failed(&provider, &why),
    };
    let (client, sign_in, metadata) = (provider.clone(), pending.clone(), found.clone());
    let token = state.provider_work.run(move || client.exchange(&metadata, &code, &sign_in, &callback));
    let (issuer, token) = match token.await {
        Ok(Ok(token)) => (found.issuer, token),
        Ok(Err(why)) => return failed(&provider, &why),
        Err(busy) => return error_page(&PageError::from(busy)),
    };
    let now = (state.now_ms)();
    let Identity { subject, preferred_name } =
        match identity_from_id_token(&token, &issuer, &provider.client, &pending.nonce, now.div_euclid(1000))
        {
            Ok(identity) => identity,
            Err(why) => return failed(&provider, why),
        };
    match state.store.user_of_provider(&issuer, &subject, &preferred_name, now).await {
        Ok(user) => begin_session(&state, &headers, user).await,
        Err(error) => database_error(&error),
    }
}

/// Metadata of the provider, from the cache or from a request.
async fn provider_metadata(state: &AppState, provider: &Provider) -> Result<ProviderMetadata, String> {
    let mut known = state.provider_metadata.lock().await;
    let now = (state.now_ms)();
    if let Some((since, found)) = known.as_ref()
        && now - since < METADATA_MAX_AGE_MS
    {
        return Ok(found.clone());
    }
    let client = provider.clone();
    let found = tokio::task::spawn_blocking(move || client.discover()).await;
    let found = found.map_err(|_| "the request to the provider was aborted".to_owned())??;
    *known = Some((now, found.clone()));
    Ok(found)
}

/// Redirect address of this site for the provider.
fn callback(state: &AppState, headers: &HeaderMap) -> String {
    format!("{}/sign-in/callback", site_address(state, headers))
}

fn sign_in_failed(detail: &'static str) -> Response {
    no_store(problem(StatusCode::BAD_REQUEST, "Not signed in", detail))
}

/// Logs the reason for the operator and shows a general message.
fn failed(provider: &Provider, why: &str) -> Response {
    log(&format!("level=error what=provider issuer={:?} detail={:?}", provider.issuer, escape(why)));
    let detail = "The identity provider did not respond or returned an invalid response. Try again. The operator finds the \
                  reason in the log.";
    no_store(problem(StatusCode::BAD_GATEWAY, "Not signed in", detail))
}
