//! Users, teams, sessions and sign-in links. This module uses no HTTP, SQL or clock.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::format::sha256_hex;

/// Validity of a sign-in link in milliseconds: one day.
pub(in crate::registry) const SIGN_IN_LINK_MS: i64 = 24 * HOUR_MS;
/// An unused session expires after this many milliseconds: two weeks.
const MAX_IDLE_MS: i64 = 14 * 24 * HOUR_MS;
/// Longest lifetime of a session in milliseconds: 90 days.
const MAX_SESSION_MS: i64 = 90 * 24 * HOUR_MS;
const HOUR_MS: i64 = 3_600_000;
/// Longest name of a user or a team, in characters.
const MAX_NAME_CHARS: usize = 64;

/// Secret of a session or a sign-in link. Only its holder knows it; the registry stores its hash.
#[derive(Clone)]
pub(in crate::registry) struct Secret(String);

impl Secret {
    /// Creates the secret from random bytes.
    pub(in crate::registry) fn new(random: [u8; 32]) -> Self {
        Self(random.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Parses a secret that a client sent; `None` if its format is invalid.
    pub(in crate::registry) fn parse(text: &str) -> Option<Self> {
        let is_one = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_one.then(|| Self(text.to_owned()))
    }

    /// The secret as text. It is shown only once.
    pub(in crate::registry) fn show(&self) -> &str {
        &self.0
    }

    /// Hash that is stored.
    pub(in crate::registry) fn hash(&self) -> String {
        sha256_hex(self.0.as_bytes())
    }

    /// Anti-forgery token in the forms of a session. Other sites do not know it.
    pub(in crate::registry) fn form_token(&self) -> String {
        sha256_hex(format!("forms of {}", self.0).as_bytes())
    }

    /// Whether a form was sent from a page of this session. Compares in constant time.
    pub(in crate::registry) fn is_form_token(&self, sent: &str) -> bool {
        constant_time_eq(&self.form_token(), sent)
    }
}

/// Text with an expiry time and an HMAC. For values that the client stores, such as cookies.
pub(in crate::registry) fn sign_with_expiry(key: &str, text: &str, until_ms: i64) -> String {
    let signed = format!("{until_ms}.{text}");
    format!("{signed}.{}", hmac_hex(key, &signed))
}

/// Returns the text from [`sign_with_expiry`] if the key matches and it has not expired. Compares the HMAC in
/// constant time.
pub(in crate::registry) fn read_signed<'t>(key: &str, text: &'t str, now_ms: i64) -> Option<&'t str> {
    let (signed, sent) = text.rsplit_once('.')?;
    let (until, text) = signed.split_once('.')?;
    let is_ours = constant_time_eq(&hmac_hex(key, signed), sent);
    (is_ours && until.parse::<i64>().is_ok_and(|until| now_ms < until)).then_some(text)
}

/// HMAC-SHA-256 (RFC 2104) in hexadecimal.
fn hmac_hex(key: &str, text: &str) -> String {
    // HMAC accepts a key of any length.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        unreachable!("HMAC accepts any key")
    };
    let bytes = mac.chain_update(text.as_bytes()).finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn constant_time_eq(own: &str, sent: &str) -> bool {
    let differences = own.bytes().zip(sent.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    own.len() == sent.len() && differences == 0
}

/// Session as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct UserSession {
    pub id: i64,
    pub user: i64,
    pub agent: String,
    pub created_ms: i64,
    pub seen_ms: i64,
    pub ended_ms: Option<i64>,
}

impl UserSession {
    /// Whether the session is neither ended nor expired.
    pub(in crate::registry) fn is_active(&self, now_ms: i64) -> bool {
        self.ended_ms.is_none()
            && now_ms - self.seen_ms < MAX_IDLE_MS
            && now_ms - self.created_ms < MAX_SESSION_MS
    }
}

/// Parses a user and a team from `alice@team`.
///
/// # Errors
/// Returns the reason if the text is invalid.
pub(in crate::registry) fn parse_user_and_team(text: &str) -> Result<(String, String), String> {
    let (user, team) = text
        .split_once('@')
        .ok_or_else(|| format!("`{text}` has no team; write NAME@TEAM, for example alice@payments"))?;
    Ok((parse_name(user)?, parse_name(team)?))
}

/// Parses the name of a user or a team.
///
/// # Errors
/// Returns the reason if the name is invalid.
pub(in crate::registry) fn parse_name(text: &str) -> Result<String, String> {
    let text = text.trim();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || text.chars().count() > MAX_NAME_CHARS || !text.chars().all(fits) {
        return Err(format!("a name must have 1 to {MAX_NAME_CHARS} letters, digits, `-`, `_` or `.`"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_hashes_and_sessions_have_form_tokens() {
        let (one, two) = (Secret::new([1; 32]), Secret::new([2; 32]));
        assert_eq!(Secret::parse(one.show()).map(|it| it.hash()), Some(one.hash()));
        assert!(one.is_form_token(&one.form_token()) && !one.is_form_token(&two.form_token()));
        assert!(!one.is_form_token("") && !one.is_form_token(&one.form_token()[1..]));
        assert_ne!(one.form_token(), one.hash(), "a page must not contain the hash of the session");
        for text in ["", "x", &one.show()[1..], &one.show().replace('0', "G")] {
            assert!(Secret::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn signed_values_are_valid_until_they_expire() {
        let text = sign_with_expiry("key", "a.b", 100);
        assert_eq!(read_signed("key", &text, 99), Some("a.b"));
        assert_eq!(read_signed("key", &text, 100), None, "expired");
        assert_eq!(read_signed("other", &text, 0), None);
        for wrong in [
            "",
            "a.b",
            "100.a.b",
            "100.a.b.",
            &text[1..],
            &text[..text.len() - 1],
            &text.replacen("100", "101", 1),
            &text.replacen("a.b", "a.c", 1),
        ] {
            assert_eq!(read_signed("key", wrong, 0), None, "{wrong}");
        }
    }

    #[test]
    fn sessions_end_by_idle_time_age_and_sign_out() {
        let session =
            UserSession { id: 1, user: 1, agent: String::new(), created_ms: 0, seen_ms: 0, ended_ms: None };
        assert!(session.is_active(MAX_IDLE_MS - 1) && !session.is_active(MAX_IDLE_MS));
        let used = UserSession { seen_ms: MAX_SESSION_MS - 1, ..session.clone() };
        assert!(used.is_active(MAX_SESSION_MS - 1) && !used.is_active(MAX_SESSION_MS));
        assert!(!UserSession { ended_ms: Some(1), ..session }.is_active(0));
    }

    #[test]
    fn users_and_teams_are_parsed() {
        assert_eq!(parse_user_and_team("alice@pay.ments"), Ok(("alice".into(), "pay.ments".into())));
        for text in ["alice", "@a", "a@", "a b@c", "a@b@c", "a@<b>", &format!("{}@a", "x".repeat(65))] {
            assert!(parse_user_and_team(text).is_err(), "{text}");
        }
    }
}
