//! `/sign-in/provider` and `/sign-in/callback`: signing in with the identity provider that the operator named.

use std::net::IpAddr;

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};

use super::{begin, private, random};
use crate::registry::flow::{Discovered, Identity, Pending, identity, sealed, unsealed};
use crate::registry::http::Shared;
use crate::registry::http::feed::root;
use crate::registry::http::limit::{Peer, later};
use crate::registry::http::pages::{Failed, broken, failed as unavailable, nothing, problem};
use crate::registry::http::query::Pairs;
use crate::registry::program::log;
use crate::registry::provider::{Provider, form_encoded};
use crate::report::escape::escape;

/// Where a sign-in under way is known, for ten minutes.
const COOKIE: &str = "__Host-stanchion-pending";
/// So long, in milliseconds, what the provider says of itself is taken to be so.
const DISCOVERED_MS: i64 = 600_000;
/// So long a sign-in may take, in milliseconds.
const PENDING_MS: i64 = 600_000;

/// Leads to the provider.
pub(in crate::registry::http) async fn to_provider(
    State(shared): State<Shared>,
    headers: HeaderMap,
) -> Response {
    let Some(provider) = shared.provider.clone() else { return nothing().await };
    let mut bytes = [[0; 32]; 3];
    for each in &mut bytes {
        match random(&shared) {
            Ok(random) => *each = random,
            Err(answer) => return answer,
        }
    }
    let pending = Pending::new(bytes);
    let found = match discovered(&shared, &provider).await {
        Ok(found) => found,
        Err(why) => return failed(&provider, &why),
    };
    let callback = callback(&shared, &headers);
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
    // With a seal: what nobody was given here asks the provider nothing.
    let pending = sealed(&provider.secret, &pending.write(), (shared.now_ms)() + PENDING_MS);
    let cookie = format!("{COOKIE}={pending}; Max-Age=600; Path=/; Secure; HttpOnly; SameSite=Lax");
    private(([(header::SET_COOKIE, cookie)], Redirect::to(&address)).into_response())
}

/// Where the provider leads back to.
pub(in crate::registry::http) async fn from_provider(
    State(shared): State<Shared>,
    peer: Option<Extension<Peer>>,
    Query(pairs): Query<Pairs>,
    headers: HeaderMap,
) -> Response {
    let Some(provider) = shared.provider.clone() else { return nothing().await };
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|it| it.1.clone());
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies =
        cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let now = (shared.now_ms)();
    let pending = cookies.find(|(name, _)| *name == COOKIE);
    let pending = pending.and_then(|(_, value)| Pending::read(unsealed(&provider.secret, value, now)?));
    let Some(pending) = pending.filter(|pending| value("state").as_deref() == Some(&pending.state)) else {
        return again("This sign-in was not begun here, or too long ago.");
    };
    if value("error").is_some() {
        return again("The identity provider did not sign you in.");
    }
    let Some(code) = value("code").filter(|code| code.len() <= 4_096) else {
        return again("The identity provider sent nothing that signs in.");
    };
    let address = peer.map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.0);
    if let Err(seconds) = shared.sign_ins.take(address, now) {
        let detail = "Too many sign in from your network at the moment. Try again in a minute.";
        return later(private(problem(StatusCode::TOO_MANY_REQUESTS, "Not now", detail)), seconds);
    }
    let callback = callback(&shared, &headers);
    let found = match discovered(&shared, &provider).await {
        Ok(found) => found,
        Err(why) => return failed(&provider, &why),
    };
    let (asked, wanted, at) = (provider.clone(), pending.clone(), found.clone());
    let token = shared.asking.run(move || asked.exchange(&at, &code, &wanted, &callback));
    let (issuer, token) = match token.await {
        Ok(Ok(token)) => (found.issuer, token),
        Ok(Err(why)) => return failed(&provider, &why),
        Err(busy) => return unavailable(&Failed::from(busy)),
    };
    let now = (shared.now_ms)();
    let Identity { subject, wish } =
        match identity(&token, &issuer, &provider.client, &pending.nonce, now.div_euclid(1000)) {
            Ok(identity) => identity,
            Err(why) => return failed(&provider, why),
        };
    match shared.store.person_of_provider(&issuer, &subject, &wish, now).await {
        Ok(person) => begin(&shared, &headers, person).await,
        Err(error) => broken(&error),
    }
}

/// What the provider says of itself, asked once in a while.
async fn discovered(shared: &Shared, provider: &Provider) -> Result<Discovered, String> {
    let mut known = shared.discovered.lock().await;
    let now = (shared.now_ms)();
    if let Some((since, found)) = known.as_ref()
        && now - since < DISCOVERED_MS
    {
        return Ok(found.clone());
    }
    let asked = provider.clone();
    let found = tokio::task::spawn_blocking(move || asked.discover()).await;
    let found = found.map_err(|_| "asking it was cut short".to_owned())??;
    *known = Some((now, found.clone()));
    Ok(found)
}

/// The address to which the provider leads back.
fn callback(shared: &Shared, headers: &HeaderMap) -> String {
    format!("{}/sign-in/callback", root(shared, headers))
}

fn again(detail: &'static str) -> Response {
    private(problem(StatusCode::BAD_REQUEST, "Not signed in", detail))
}

/// Why it did not work is for the operator.
fn failed(provider: &Provider, why: &str) -> Response {
    log(&format!("level=error what=provider issuer={:?} detail={:?}", provider.issuer, escape(why)));
    let detail = "The identity provider could not be asked, or gave an answer that is not believed. Try again; the operator finds \
                  the reason in the log.";
    private(problem(StatusCode::BAD_GATEWAY, "Not signed in", detail))
}
