//! Where an HTTP API is and how to get in: the part of a configuration that adapters share.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::http::RESPONSE_BYTES_MAX;
use crate::{HttpRequest, Method, ProviderError, Secret, SecretSource};

/// How to get in. Secrets are references and are read for each request.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Credential {
    /// A user name and a password (RFC 7617).
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: SecretSource,
    },
    /// `Authorization: Bearer …` (RFC 6750).
    Bearer(SecretSource),
    /// A header of the vendor's own: `X-Api-Key`.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: SecretSource,
    },
    /// Nobody asks.
    #[default]
    None,
}

/// An HTTP API: base URL, credential, extra headers, the most that an answer may hold.
///
/// ```
/// use phasegate_provider::{HttpEndpoint, Method};
/// let endpoint = HttpEndpoint::new("https://metrics.example.com/base/");
/// let request = endpoint.request(Method::Get, "/api/v1/query", "query metrics")?;
/// assert_eq!(request.url, "https://metrics.example.com/base/api/v1/query");
/// # Ok::<(), phasegate_provider::ProviderError>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct HttpEndpoint {
    /// The base URL, `http` or `https`, without credentials, query and fragment.
    pub url: String,
    /// How to get in. Default: nobody asks.
    #[serde(default)]
    pub credential: Credential,
    /// Further headers, none of them secret: a tenant's name, for one.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The most bytes of an answer, after decompression. Default 4 MiB.
    #[serde(default = "bytes_max")]
    pub response_bytes_max: usize,
}

fn bytes_max() -> usize {
    RESPONSE_BYTES_MAX
}

impl HttpEndpoint {
    /// An API that asks for no credential.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            credential: Credential::None,
            headers: BTreeMap::new(),
            response_bytes_max: RESPONSE_BYTES_MAX,
        }
    }

    /// The same API with a credential.
    #[must_use]
    pub fn with_credential(mut self, credential: Credential) -> Self {
        self.credential = credential;
        self
    }

    /// The same API with a header that is no secret.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// The same API with another limit on its answers.
    #[must_use]
    pub fn with_response_bytes_max(mut self, bytes: usize) -> Self {
        self.response_bytes_max = bytes;
        self
    }

    /// A request below the base URL; `path` begins with `/`, `act` says what is tried.
    ///
    /// # Errors
    /// [`Misuse`](crate::ErrorKind::Misuse) when the base URL carries credentials, a query or a
    /// fragment, or a secret cannot be read.
    pub fn request(
        &self,
        method: Method,
        path: &str,
        act: &str,
    ) -> Result<HttpRequest, ProviderError> {
        let authority = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let authority = authority.split('/').next().unwrap_or_default();
        if authority.contains('@') || self.url.contains(['?', '#']) {
            let why = "the base URL must hold no credentials, query or fragment";
            return Err(ProviderError::misuse(format!("{act}: {why}")));
        }
        let url = format!("{}{path}", self.url.trim_end_matches('/'));
        let mut request =
            HttpRequest::new(method, url).with_response_bytes_max(self.response_bytes_max);
        for (name, value) in &self.headers {
            request = request.with_header(name, value);
        }
        Ok(match &self.credential {
            Credential::None => request,
            Credential::Basic { user, password } => {
                let password = password.resolve_for(act)?;
                let pair = STANDARD.encode(format!("{user}:{}", password.expose()));
                request.with_secret_header("authorization", Secret::new(format!("Basic {pair}")))
            }
            Credential::Bearer(token) => {
                let token = token.resolve_for(act)?;
                let value = Secret::new(format!("Bearer {}", token.expose()));
                request.with_secret_header("authorization", value)
            }
            Credential::Header { name, value } => {
                request.with_secret_header(name, value.resolve_for(act)?)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, HeaderText};

    #[test]
    fn a_credential_is_put_on_the_wire_and_nowhere_else() {
        // Cargo sets this variable for every test.
        let source = SecretSource::Env("CARGO_PKG_NAME".to_owned());
        let basic = Credential::Basic {
            user: "ana".to_owned(),
            password: source.clone(),
        };
        let header = Credential::Header {
            name: "x-api-key".to_owned(),
            value: source.clone(),
        };
        for (credential, name, value) in [
            (
                basic,
                "authorization",
                "Basic YW5hOnBoYXNlZ2F0ZS1wcm92aWRlcg==",
            ),
            (
                Credential::Bearer(source),
                "authorization",
                "Bearer phasegate-provider",
            ),
            (header, "x-api-key", "phasegate-provider"),
        ] {
            let endpoint = HttpEndpoint::new("http://localhost:1").with_credential(credential);
            let request = endpoint
                .request(Method::Get, "/x", "ask")
                .expect("a request");
            let found = request.headers.iter().find(|(found, _)| found == name);
            assert!(
                matches!(found, Some((_, HeaderText::Secret(secret))) if secret.expose() == value),
                "{name}"
            );
            assert!(!format!("{request:?}").contains("phasegate-provider"));
            assert!(!format!("{request:?}").contains("YW5h"));
        }
    }

    #[test]
    fn a_base_url_with_more_than_a_base_is_refused() {
        for url in ["http://u:p@h/", "http://h/?a=b", "http://h/#x"] {
            let error = HttpEndpoint::new(url).request(Method::Get, "/", "ask");
            let error = error.expect_err(url);
            assert_eq!(error.kind(), ErrorKind::Misuse);
            assert!(!error.to_string().contains("u:p"));
        }
    }
}
