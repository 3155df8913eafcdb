//! Who somebody is and what they may do: links that sign in, sessions, teams. No HTTP, no SQL, no clock enters here.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::format::digest;

/// So long a link signs somebody in, in milliseconds: a day.
pub(in crate::registry) const LINK_MS: i64 = 24 * HOUR_MS;
/// A session that nobody uses for so long is over: two weeks.
const IDLE_MS: i64 = 14 * 24 * HOUR_MS;
/// Longest session: ninety days.
const LONGEST_MS: i64 = 90 * 24 * HOUR_MS;
const HOUR_MS: i64 = 3_600_000;
/// Longest name of a person or a team, in characters.
const NAME: usize = 64;

/// A secret that its holder has and we do not: we keep its hash.
#[derive(Clone)]
pub(in crate::registry) struct Secret(String);

impl Secret {
    /// The secret made of these random bytes.
    pub(in crate::registry) fn new(random: [u8; 32]) -> Self {
        Self(random.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The secret that somebody sent; `None` where it cannot be one.
    pub(in crate::registry) fn presented(text: &str) -> Option<Self> {
        let is_one = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        is_one.then(|| Self(text.to_owned()))
    }

    /// For the one time that it is shown.
    pub(in crate::registry) fn show(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub(in crate::registry) fn hash(&self) -> String {
        digest(self.0.as_bytes())
    }

    /// What stands in the forms of a session: another site does not know it.
    pub(in crate::registry) fn of_forms(&self) -> String {
        digest(format!("forms of {}", self.0).as_bytes())
    }

    /// Whether a form came from a page of this session. Takes as long for any answer.
    pub(in crate::registry) fn is_of_forms(&self, sent: &str) -> bool {
        is_same(&self.of_forms(), sent)
    }
}

/// A text with its end and a seal that only who has the key can make: for what lies elsewhere in the meantime.
pub(in crate::registry) fn sealed(key: &str, text: &str, until_ms: i64) -> String {
    let told = format!("{until_ms}.{text}");
    format!("{told}.{}", seal(key, &told))
}

/// What was sealed with this key, until its end. Takes as long for any seal.
pub(in crate::registry) fn unsealed<'t>(key: &str, text: &'t str, now_ms: i64) -> Option<&'t str> {
    let (told, sent) = text.rsplit_once('.')?;
    let (until, text) = told.split_once('.')?;
    let is_ours = is_same(&seal(key, told), sent);
    (is_ours && until.parse::<i64>().is_ok_and(|until| now_ms < until)).then_some(text)
}

/// RFC 2104.
fn seal(key: &str, text: &str) -> String {
    // A key of any length can be used.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { unreachable!("HMAC takes any key") };
    let bytes = mac.chain_update(text.as_bytes()).finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_same(own: &str, sent: &str) -> bool {
    let differences = own.bytes().zip(sent.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    own.len() == sent.len() && differences == 0
}

/// A session as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct Session {
    pub id: i64,
    pub person: i64,
    pub agent: String,
    pub created_ms: i64,
    pub seen_ms: i64,
    pub ended_ms: Option<i64>,
}

impl Session {
    /// Whether it still holds.
    pub(in crate::registry) fn holds(&self, now_ms: i64) -> bool {
        self.ended_ms.is_none() && now_ms - self.seen_ms < IDLE_MS && now_ms - self.created_ms < LONGEST_MS
    }
}

/// Person and team of `alice@team`.
///
/// # Errors
/// Why it is none.
pub(in crate::registry) fn person_and_team(text: &str) -> Result<(String, String), String> {
    let (person, team) =
        text.split_once('@').ok_or_else(|| format!("`{text}` names no team: write alice@payments"))?;
    Ok((name(person)?, name(team)?))
}

/// A name of a person or a team, as it is written.
///
/// # Errors
/// Why it is none.
pub(in crate::registry) fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || text.chars().count() > NAME || !text.chars().all(fits) {
        return Err(format!("a name has 1 to {NAME} letters, digits, `-`, `_` or `.`"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_hash_and_forms_by_session() {
        let (one, two) = (Secret::new([1; 32]), Secret::new([2; 32]));
        assert_eq!(Secret::presented(one.show()).map(|it| it.hash()), Some(one.hash()));
        assert!(one.is_of_forms(&one.of_forms()) && !one.is_of_forms(&two.of_forms()));
        assert!(!one.is_of_forms("") && !one.is_of_forms(&one.of_forms()[1..]));
        assert_ne!(one.of_forms(), one.hash(), "a page must not show what finds the session");
        for text in ["", "x", &one.show()[1..], &one.show().replace('0', "G")] {
            assert!(Secret::presented(text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_was_sealed_is_believed_until_its_end() {
        let text = sealed("key", "a.b", 100);
        assert_eq!(unsealed("key", &text, 99), Some("a.b"));
        assert_eq!(unsealed("key", &text, 100), None, "over");
        assert_eq!(unsealed("other", &text, 0), None);
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
            assert_eq!(unsealed("key", wrong, 0), None, "{wrong}");
        }
    }

    #[test]
    fn sessions_end_by_idling_by_age_and_by_hand() {
        let session =
            Session { id: 1, person: 1, agent: String::new(), created_ms: 0, seen_ms: 0, ended_ms: None };
        assert!(session.holds(IDLE_MS - 1) && !session.holds(IDLE_MS));
        let used = Session { seen_ms: LONGEST_MS - 1, ..session.clone() };
        assert!(used.holds(LONGEST_MS - 1) && !used.holds(LONGEST_MS));
        assert!(!Session { ended_ms: Some(1), ..session }.holds(0));
    }

    #[test]
    fn people_are_in_teams() {
        assert_eq!(person_and_team("alice@pay.ments"), Ok(("alice".into(), "pay.ments".into())));
        for text in ["alice", "@a", "a@", "a b@c", "a@b@c", "a@<b>", &format!("{}@a", "x".repeat(65))] {
            assert!(person_and_team(text).is_err(), "{text}");
        }
    }
}
