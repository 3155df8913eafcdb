//! Asking the identity provider: the only requests that the registry itself makes, and only to the provider that the
//! operator named.

use std::time::Duration;

use serde::Deserialize;
use ureq::http::header;
use ureq::tls::{RootCerts, TlsConfig};

use super::flow::{Discovered, Pending};

/// Longest time for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Largest answer, in bytes.
const LARGEST: u64 = 1 << 20;

/// The provider, as the operator named it.
#[derive(Clone, Debug)]
pub(super) struct Provider {
    /// Its issuer: an address, without a slash at its end.
    pub(super) issuer: String,
    /// How we are called there.
    pub(super) client: String,
    /// What proves that it is we.
    pub(super) secret: String,
    /// What people call it.
    pub(super) name: String,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

impl Provider {
    /// What it says of itself. Waits: for a thread that may.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(super) fn discover(&self) -> Result<Discovered, String> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer);
        let answer = self.agent().get(&address).call().map_err(|error| format!("{address}: {error}"))?;
        let found: Discovered = read(answer).map_err(|why| format!("{address}: {why}"))?;
        if found.issuer.trim_end_matches('/') != self.issuer {
            return Err(format!("{address} is about another issuer"));
        }
        Ok(found)
    }

    /// The ID token for a code that somebody brought. Waits: for a thread that may.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(super) fn exchange(
        &self,
        found: &Discovered,
        code: &str,
        pending: &Pending,
        callback: &str,
    ) -> Result<String, String> {
        let address = &found.token_endpoint;
        if !address.starts_with("https://") && !is_here(&self.issuer) {
            return Err(format!("the token endpoint of {} is not encrypted", self.issuer));
        }
        let key = base64::Engine::encode(
            &base64::prelude::BASE64_STANDARD,
            format!("{}:{}", form_encoded(&self.client), form_encoded(&self.secret)),
        );
        let answer = self
            .agent()
            .post(address)
            .header(header::AUTHORIZATION, format!("Basic {key}"))
            .send_form([
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", callback),
                ("client_id", &self.client),
                ("code_verifier", &pending.verifier),
            ])
            .map_err(|error| format!("{address}: {error}"))?;
        let tokens: Tokens = read(answer).map_err(|why| format!("{address}: {why}"))?;
        Ok(tokens.id_token)
    }

    fn agent(&self) -> ureq::Agent {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        ureq::Agent::config_builder()
            .tls_config(tls)
            .https_only(!is_here(&self.issuer))
            .max_redirects(0)
            .timeout_global(Some(PATIENCE))
            .build()
            .new_agent()
    }
}

/// Whether an address is on this machine, where nothing needs to be encrypted.
pub(super) fn is_here(address: &str) -> bool {
    ["http://localhost", "http://127.0.0.1", "http://[::1]"].iter().any(|start| {
        address.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    })
}

/// As `application/x-www-form-urlencoded` writes it: RFC 6749, 2.3.1.
pub(super) fn form_encoded(text: &str) -> String {
    crate::report::encode::uri::path(text.as_bytes()).replace('/', "%2F")
}

fn read<T: for<'d> Deserialize<'d>>(mut answer: ureq::http::Response<ureq::Body>) -> Result<T, String> {
    let body =
        answer.body_mut().with_config().limit(LARGEST).read_to_vec().map_err(|error| error.to_string())?;
    serde_json::from_slice(&body).map_err(|error| format!("its answer cannot be understood: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_here() {
        for here in ["http://localhost", "http://127.0.0.1:80/x", "http://[::1]:1"] {
            assert!(is_here(here), "{here}");
        }
        for not in ["http://localhost.example", "https://localhost", "http://127.0.0.1.example", "http://a"] {
            assert!(!is_here(not), "{not}");
        }
    }
}
