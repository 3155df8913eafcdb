//! Signing in with an identity provider: OpenID Connect, authorization code with PKCE. Decisions only: no HTTP, no clock.
//!
//! Sources: OpenID Connect Core 1.0 (<https://openid.net/specs/openid-connect-core-1_0.html>), RFC 7636 (PKCE).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// A token that ended so many seconds ago may be one of a clock that is a little behind.
const SKEW: i64 = 60;
/// Longest subject, in characters (OpenID Connect Core, 2).
const SUBJECT: usize = 255;

/// What a provider says of itself (OpenID Connect Discovery 1.0, 3), as far as it is asked for.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::registry) struct Discovered {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
}

/// What a sign-in under way is known by. It lies with the browser in the meantime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct Pending {
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

impl Pending {
    /// Made of random bytes.
    pub(in crate::registry) fn new(random: [[u8; 32]; 3]) -> Self {
        let [state, nonce, verifier] = random.map(|bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes));
        Self { state, nonce, verifier }
    }

    /// As a cookie's value.
    pub(in crate::registry) fn write(&self) -> String {
        format!("{}.{}.{}", self.state, self.nonce, self.verifier)
    }

    /// What [`Pending::write`] wrote.
    pub(in crate::registry) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(str::to_owned);
        let pending = Self { state: parts.next()?, nonce: parts.next()?, verifier: parts.next()? };
        let whole = [&pending.state, &pending.nonce, &pending.verifier].iter().all(|part| part.len() == 43);
        (whole && parts.next().is_none()).then_some(pending)
    }

    /// What the provider is shown of the verifier: RFC 7636, 4.2.
    pub(in crate::registry) fn challenge(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }
}

/// Somebody, as a provider knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct Identity {
    pub subject: String,
    /// A name to call them by, as far as it can be one here.
    pub wish: String,
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

/// Who an ID token says somebody is. It came from the provider itself, over a connection that says who it is, so that
/// its signature says nothing more (OpenID Connect Core, 3.1.3.7, point 6).
///
/// # Errors
/// Why it is not believed.
pub(in crate::registry) fn identity(
    token: &str,
    issuer: &str,
    client: &str,
    nonce: &str,
    now_seconds: i64,
) -> Result<Identity, &'static str> {
    let payload = token.split('.').nth(1).ok_or("the ID token is none")?;
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(payload).map_err(|_| "the ID token is none")?;
    let claims: Claims = serde_json::from_slice(&bytes).map_err(|_| "the ID token lacks what it must say")?;
    if claims.iss != issuer {
        return Err("the ID token is another provider's");
    }
    let (ours, several) = match &claims.aud {
        Audience::One(one) => (one == client, false),
        Audience::Several(all) => (all.iter().any(|one| one == client), all.len() > 1),
    };
    if !ours || (several && claims.azp.is_none()) || claims.azp.as_ref().is_some_and(|azp| azp != client) {
        return Err("the ID token is for somebody else");
    }
    if claims.exp + SKEW <= now_seconds {
        return Err("the ID token is over");
    }
    if claims.nonce.as_deref() != Some(nonce) {
        return Err("the ID token is of another sign-in");
    }
    if claims.sub.is_empty() || claims.sub.chars().count() > SUBJECT {
        return Err("the ID token names nobody");
    }
    let wish = claims.preferred_username.or(claims.name).unwrap_or_else(|| claims.sub.clone());
    Ok(Identity { subject: claims.sub, wish: plain(&wish) })
}

/// A name that can be one here, in letters and digits. Of an address all of it: `a@x` and `a@y` are two people.
fn plain(wish: &str) -> String {
    let fits = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let name: String = wish.trim().chars().map(fits).take(40).collect();
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
    fn an_id_token_is_believed_where_everything_fits() {
        let good = serde_json::json!({ "iss": "https://i", "sub": "7", "aud": "us", "exp": 100, "nonce": "n", "preferred_username": "Alice B@x" });
        let read = |claims: &serde_json::Value| identity(&token(claims), "https://i", "us", "n", 100);
        assert_eq!(read(&good), Ok(Identity { subject: "7".into(), wish: "Alice-B-x".into() }));
        for (key, value, words) in [
            ("iss", serde_json::json!("https://j"), "another provider"),
            ("aud", serde_json::json!("them"), "somebody else"),
            ("aud", serde_json::json!(["us", "them"]), "somebody else"),
            ("azp", serde_json::json!("them"), "somebody else"),
            ("exp", serde_json::json!(40), "over"),
            ("nonce", serde_json::json!("m"), "another sign-in"),
            ("nonce", serde_json::json!(null), "another sign-in"),
            ("sub", serde_json::json!(""), "nobody"),
            ("sub", serde_json::json!(7), "lacks"),
        ] {
            let mut bad = good.clone();
            bad[key] = value;
            let refused = read(&bad).expect_err(key);
            assert!(refused.contains(words), "{key}: {refused}");
        }
        assert!(
            identity("", "https://i", "us", "n", 0).is_err()
                && identity("a.!.b", "https://i", "us", "n", 0).is_err()
        );
        assert_eq!(plain("<b>"), "b");
        assert_eq!(plain("@"), "somebody");
        assert_ne!(plain("alice@evil.example"), plain("alice@example.org"));
    }

    #[test]
    fn a_sign_in_under_way_is_read_as_it_was_written() {
        let pending = Pending::new([[1; 32], [2; 32], [3; 32]]);
        assert_eq!(Pending::read(&pending.write()), Some(pending.clone()));
        for text in ["", "a.b.c", &format!("{}.x", pending.write()), &pending.write()[1..]] {
            assert_eq!(Pending::read(text), None);
        }
        // The example of RFC 7636, appendix B.
        let example = Pending { verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into(), ..pending };
        assert_eq!(example.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
