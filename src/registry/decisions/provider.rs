//! Sign-in with an identity provider: OpenID Connect, authorization code flow with PKCE. This module uses no
//! HTTP or clock.
//!
//! Sources: OpenID Connect Core 1.0 (<https://openid.net/specs/openid-connect-core-1_0.html>), RFC 7636
//! (PKCE).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// Tolerance in seconds for a clock that is behind the clock of the provider.
const CLOCK_SKEW_SECONDS: i64 = 60;
/// Longest subject, in characters (OpenID Connect Core, 2).
const MAX_SUBJECT_CHARS: usize = 255;

/// Metadata of a provider (OpenID Connect Discovery 1.0, 3). Only the fields that are used.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::registry) struct ProviderMetadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
}

/// State of a sign-in in progress. The browser stores it in a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct PendingSignIn {
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

impl PendingSignIn {
    /// Creates the state from random bytes.
    pub(in crate::registry) fn new(random: [[u8; 32]; 3]) -> Self {
        let [state, nonce, verifier] = random.map(|bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes));
        Self { state, nonce, verifier }
    }

    /// Formats the state as a cookie value.
    pub(in crate::registry) fn write(&self) -> String {
        format!("{}.{}.{}", self.state, self.nonce, self.verifier)
    }

    /// Parses the value from [`PendingSignIn::write`].
    pub(in crate::registry) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(str::to_owned);
        let pending = Self { state: parts.next()?, nonce: parts.next()?, verifier: parts.next()? };
        let whole = [&pending.state, &pending.nonce, &pending.verifier].iter().all(|part| part.len() == 43);
        (whole && parts.next().is_none()).then_some(pending)
    }

    /// Code challenge for the verifier (RFC 7636, 4.2).
    pub(in crate::registry) fn challenge(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }
}

/// Identity of a user at a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct Identity {
    pub subject: String,
    /// Preferred name, reduced to the characters that a name may have.
    pub preferred_name: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    nonce: Option<String>,
    azp: Option<String>,
    preferred_username: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Reads the identity from an ID token. The token comes directly from the provider over a connection that
/// authenticates the provider, so its signature need not be checked (OpenID Connect Core, 3.1.3.7, point 6).
///
/// # Errors
/// Returns the reason if the token is invalid.
pub(in crate::registry) fn identity_from_id_token(
    token: &str,
    issuer: &str,
    client: &str,
    nonce: &str,
    now_seconds: i64,
) -> Result<Identity, &'static str> {
    let payload = token.split('.').nth(1).ok_or("the ID token is not a valid JWT")?;
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(payload).map_err(|_| "the ID token is not a valid JWT")?;
    let claims: Claims = serde_json::from_slice(&bytes).map_err(|_| "the ID token lacks required claims")?;
    if claims.iss != issuer {
        return Err("the ID token was issued by a different provider");
    }
    let (ours, several) = match &claims.aud {
        Audience::One(one) => (one == client, false),
        Audience::Several(all) => (all.iter().any(|one| one == client), all.len() > 1),
    };
    if !ours || (several && claims.azp.is_none()) || claims.azp.as_ref().is_some_and(|azp| azp != client) {
        return Err("the ID token was issued for a different client");
    }
    if claims.exp + CLOCK_SKEW_SECONDS <= now_seconds {
        return Err("the ID token has expired");
    }
    if claims.nonce.as_deref() != Some(nonce) {
        return Err("the ID token belongs to a different sign-in");
    }
    if claims.sub.is_empty() || claims.sub.chars().count() > MAX_SUBJECT_CHARS {
        return Err("the ID token has an invalid subject");
    }
    let preferred_name = claims.preferred_username.or(claims.name).unwrap_or_else(|| claims.sub.clone());
    Ok(Identity { subject: claims.sub, preferred_name: to_name(&preferred_name) })
}

/// Replaces characters that a name must not have. The domain of an address stays: `a@x` and `a@y` are
/// different users. The fallback below is stored as the name of the user.
fn to_name(preferred_name: &str) -> String {
    let fits = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let name: String = preferred_name.trim().chars().map(fits).take(40).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "somebody".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &serde_json::Value) -> String {
        format!("e30.{}.x", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    #[test]
    fn an_id_token_must_match_in_all_claims() {
        let good = serde_json::json!({ "iss": "https://i", "sub": "7", "aud": "us", "exp": 100, "nonce": "n", "preferred_username": "Alice B@x" });
        let read =
            |claims: &serde_json::Value| identity_from_id_token(&token(claims), "https://i", "us", "n", 100);
        assert_eq!(read(&good), Ok(Identity { subject: "7".into(), preferred_name: "Alice-B-x".into() }));
        for (key, value, words) in [
            ("iss", serde_json::json!("https://j"), "different provider"),
            ("aud", serde_json::json!("them"), "different client"),
            ("aud", serde_json::json!(["us", "them"]), "different client"),
            ("azp", serde_json::json!("them"), "different client"),
            ("exp", serde_json::json!(40), "expired"),
            ("nonce", serde_json::json!("m"), "different sign-in"),
            ("nonce", serde_json::json!(null), "different sign-in"),
            ("sub", serde_json::json!(""), "subject"),
            ("sub", serde_json::json!(7), "lacks"),
        ] {
            let mut bad = good.clone();
            bad[key] = value;
            let refused = read(&bad).expect_err(key);
            assert!(refused.contains(words), "{key}: {refused}");
        }
        assert!(
            identity_from_id_token("", "https://i", "us", "n", 0).is_err()
                && identity_from_id_token("a.!.b", "https://i", "us", "n", 0).is_err()
        );
        assert_eq!(to_name("<b>"), "b");
        assert_eq!(to_name("@"), "somebody");
        assert_ne!(to_name("alice@evil.example"), to_name("alice@example.org"));
    }

    #[test]
    fn pending_sign_ins_round_trip() {
        let pending = PendingSignIn::new([[1; 32], [2; 32], [3; 32]]);
        assert_eq!(PendingSignIn::read(&pending.write()), Some(pending.clone()));
        for text in ["", "a.b.c", &format!("{}.x", pending.write()), &pending.write()[1..]] {
            assert_eq!(PendingSignIn::read(text), None);
        }
        // Example from RFC 7636, appendix B.
        let example =
            PendingSignIn { verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into(), ..pending };
        assert_eq!(example.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
