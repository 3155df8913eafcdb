//! Access tokens for publishing: format and permissions.

/// Prefix of every token, so that secret scanners recognize it.
const PREFIX: &str = "stn_";

/// Token as its holder has it. Never stored or logged, and shown only once.
pub(in crate::registry) struct AccessToken(String);

impl AccessToken {
    /// Creates the token from random bytes.
    pub(in crate::registry) fn new(random: [u8; 32]) -> Self {
        let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(format!("{PREFIX}{digits}"))
    }

    /// The token as text. It is shown only once.
    pub(in crate::registry) fn show(&self) -> &str {
        &self.0
    }

    /// Hash that is stored.
    pub(in crate::registry) fn hash(&self) -> String {
        hash_token(&self.0)
    }
}

/// Hash of the token in an `Authorization` header; `None` if the header contains no valid token.
pub(in crate::registry) fn hash_from_authorization(authorization: &str) -> Option<String> {
    let (scheme, token) = authorization.split_once(' ')?;
    let token = token.trim();
    let digits = token.strip_prefix(PREFIX)?;
    let is_token = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    (scheme.eq_ignore_ascii_case("bearer") && is_token).then(|| hash_token(token))
}

fn hash_token(token: &str) -> String {
    crate::format::sha256_hex(token.as_bytes())
}

/// Token as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct TokenGrant {
    /// Name of the owner.
    pub owner: String,
    /// Permission, for example `publish:acme`.
    pub scope: String,
    /// Expiry time.
    pub expires_ms: i64,
    /// Time at which it was revoked.
    pub revoked_ms: Option<i64>,
}

/// Reason why a token does not permit an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registry) enum TokenDenial {
    /// The token has expired or was revoked.
    ExpiredOrRevoked,
    /// The token is for a different namespace.
    OtherNamespace,
}

/// Checks whether a token permits publishing in a namespace at this time.
pub(in crate::registry) fn may_publish(
    grant: &TokenGrant,
    namespace: &str,
    now_ms: i64,
) -> Result<(), TokenDenial> {
    if grant.revoked_ms.is_some() || now_ms >= grant.expires_ms {
        return Err(TokenDenial::ExpiredOrRevoked);
    }
    if grant.scope == scope_of(namespace) { Ok(()) } else { Err(TokenDenial::OtherNamespace) }
}

/// Scope for publishing in a namespace.
pub(in crate::registry) fn scope_of(namespace: &str) -> String {
    format!("publish:{namespace}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hash_of_a_token_is_known() {
        let key = AccessToken::new([7; 32]);
        assert_eq!(key.show().len(), 68);
        assert_eq!(hash_from_authorization(&format!("Bearer {}", key.show())), Some(key.hash()));
        assert_eq!(hash_from_authorization(&format!("bearer  {} ", key.show())), Some(key.hash()));
        assert!(!key.hash().contains(&key.show()[4..]));
        for wrong in [
            "",
            "Bearer",
            "Bearer stn_",
            "Basic x",
            &format!("Basic {}", key.show()),
            &format!("Bearer {}0", key.show()),
        ] {
            assert_eq!(hash_from_authorization(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_token_is_for_one_namespace_until_it_expires() {
        let grant =
            TokenGrant { owner: "a".into(), scope: scope_of("acme"), expires_ms: 100, revoked_ms: None };
        assert_eq!(may_publish(&grant, "acme", 99), Ok(()));
        assert_eq!(may_publish(&grant, "acme", 100), Err(TokenDenial::ExpiredOrRevoked));
        assert_eq!(may_publish(&grant, "acm", 0), Err(TokenDenial::OtherNamespace));
        assert_eq!(
            may_publish(&TokenGrant { revoked_ms: Some(1), ..grant }, "acme", 2),
            Err(TokenDenial::ExpiredOrRevoked)
        );
    }
}
