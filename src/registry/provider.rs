//! Client for the identity provider. The registry sends requests only to the provider that the operator
//! configured.

use std::time::Duration;

use serde::Deserialize;
use ureq::http::header;
use ureq::tls::{RootCerts, TlsConfig};

use super::decisions::{PendingSignIn, ProviderMetadata};

/// Timeout of a request.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Largest response, in bytes.
const MAX_RESPONSE_BYTES: u64 = 1 << 20;

/// Configured identity provider.
#[derive(Clone, Debug)]
pub(super) struct Provider {
    /// Issuer: an address without a trailing slash.
    pub(super) issuer: String,
    /// Client id of this registry at the provider.
    pub(super) client: String,
    /// Client secret.
    pub(super) secret: String,
    /// Display name of the provider.
    pub(super) name: String,
}

#[derive(Deserialize)]
struct TokenResponse {
    id_token: String,
}

impl Provider {
    /// Requests the metadata of the provider. Blocks the thread.
    ///
    /// # Errors
    /// Returns a message for the operator.
    pub(super) fn discover(&self) -> Result<ProviderMetadata, String> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer);
        let response = self.agent().get(&address).call().map_err(|error| format!("{address}: {error}"))?;
        let found: ProviderMetadata = read_json(response).map_err(|why| format!("{address}: {why}"))?;
        if found.issuer.trim_end_matches('/') != self.issuer {
            return Err(format!("{address} names a different issuer"));
        }
        Ok(found)
    }

    /// Exchanges an authorization code for an ID token. Blocks the thread.
    ///
    /// # Errors
    /// Returns a message for the operator.
    pub(super) fn exchange(
        &self,
        found: &ProviderMetadata,
        code: &str,
        pending: &PendingSignIn,
        callback: &str,
    ) -> Result<String, String> {
        let address = &found.token_endpoint;
        if !address.starts_with("https://") && !is_loopback(&self.issuer) {
            return Err(format!("the token endpoint of {} does not use https", self.issuer));
        }
        let key = base64::Engine::encode(
            &base64::prelude::BASE64_STANDARD,
            format!("{}:{}", form_encoded(&self.client), form_encoded(&self.secret)),
        );
        let response = self
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
        let tokens: TokenResponse = read_json(response).map_err(|why| format!("{address}: {why}"))?;
        Ok(tokens.id_token)
    }

    fn agent(&self) -> ureq::Agent {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        ureq::Agent::config_builder()
            .tls_config(tls)
            .https_only(!is_loopback(&self.issuer))
            .max_redirects(0)
            .timeout_global(Some(TIMEOUT))
            .build()
            .new_agent()
    }
}

/// Whether an address is on this machine, where https is not required.
pub(super) fn is_loopback(address: &str) -> bool {
    ["http://localhost", "http://127.0.0.1", "http://[::1]"].iter().any(|start| {
        address.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    })
}

/// Encodes a text as `application/x-www-form-urlencoded` (RFC 6749, 2.3.1).
pub(super) fn form_encoded(text: &str) -> String {
    crate::report::encode::uri::path(text.as_bytes()).replace('/', "%2F")
}

fn read_json<T: for<'d> Deserialize<'d>>(
    mut response: ureq::http::Response<ureq::Body>,
) -> Result<T, String> {
    let body = response
        .body_mut()
        .with_config()
        .limit(MAX_RESPONSE_BYTES)
        .read_to_vec()
        .map_err(|error| error.to_string())?;
    serde_json::from_slice(&body).map_err(|error| format!("invalid response: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_is_optional_only_on_this_machine() {
        for here in ["http://localhost", "http://127.0.0.1:80/x", "http://[::1]:1"] {
            assert!(is_loopback(here), "{here}");
        }
        for not in ["http://localhost.example", "https://localhost", "http://127.0.0.1.example", "http://a"] {
            assert!(!is_loopback(not), "{not}");
        }
    }
}
