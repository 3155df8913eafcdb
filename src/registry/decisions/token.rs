//! Keys of machines: how they look, and what they allow.

/// What every key begins with, so that scanners for secrets know one.
const PREFIX: &str = "stn_";

/// A key as its holder has it. Never stored, never logged; shown once.
pub(in crate::registry) struct Key(String);

impl Key {
    /// The key made of these random bytes.
    pub(in crate::registry) fn new(random: [u8; 32]) -> Self {
        let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(format!("{PREFIX}{digits}"))
    }

    /// For the one time that it is shown.
    pub(in crate::registry) fn show(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub(in crate::registry) fn hash(&self) -> String {
        hash_of(&self.0)
    }
}

/// The hash of a key that came in an `Authorization` header; `None` where that is no key.
pub(in crate::registry) fn presented(authorization: &str) -> Option<String> {
    let (scheme, key) = authorization.split_once(' ')?;
    let key = key.trim();
    let digits = key.strip_prefix(PREFIX)?;
    let is_key = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    (scheme.eq_ignore_ascii_case("bearer") && is_key).then(|| hash_of(key))
}

fn hash_of(key: &str) -> String {
    crate::format::digest(key.as_bytes())
}

/// A key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct Held {
    /// Whose it is.
    pub owner: String,
    /// What it may do.
    pub scope: String,
    /// Its end.
    pub expires_ms: i64,
    /// When it was taken back.
    pub revoked_ms: Option<i64>,
}

/// Why a key does not allow something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registry) enum Denied {
    /// It is over, or was taken back.
    Over,
    /// It is for something else.
    Elsewhere,
}

/// Whether a key allows publishing in a namespace now.
pub(in crate::registry) fn may_publish(held: &Held, namespace: &str, now_ms: i64) -> Result<(), Denied> {
    if held.revoked_ms.is_some() || now_ms >= held.expires_ms {
        return Err(Denied::Over);
    }
    if held.scope == scope_of(namespace) { Ok(()) } else { Err(Denied::Elsewhere) }
}

/// The scope of publishing in a namespace.
pub(in crate::registry) fn scope_of(namespace: &str) -> String {
    format!("publish:{namespace}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_hash_only() {
        let key = Key::new([7; 32]);
        assert_eq!(key.show().len(), 68);
        assert_eq!(presented(&format!("Bearer {}", key.show())), Some(key.hash()));
        assert_eq!(presented(&format!("bearer  {} ", key.show())), Some(key.hash()));
        assert!(!key.hash().contains(&key.show()[4..]));
        for wrong in [
            "",
            "Bearer",
            "Bearer stn_",
            "Basic x",
            &format!("Basic {}", key.show()),
            &format!("Bearer {}0", key.show()),
        ] {
            assert_eq!(presented(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_key_is_for_one_namespace_until_its_end() {
        let held = Held { owner: "a".into(), scope: scope_of("acme"), expires_ms: 100, revoked_ms: None };
        assert_eq!(may_publish(&held, "acme", 99), Ok(()));
        assert_eq!(may_publish(&held, "acme", 100), Err(Denied::Over));
        assert_eq!(may_publish(&held, "acm", 0), Err(Denied::Elsewhere));
        assert_eq!(may_publish(&Held { revoked_ms: Some(1), ..held }, "acme", 2), Err(Denied::Over));
    }
}
