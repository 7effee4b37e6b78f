//! Requests that are sent again, to both sides.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use phasegate_provider::{HttpEndpoint, HttpRequest, Method, ProviderError, Secret, file};
use serde::Deserialize;

/// The most bytes of a file of requests.
pub const REQUESTS_BYTES_MAX: usize = 64 << 20;

/// Headers that are credentials: never shown.
const SECRET: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];
/// Headers of one connection, which say nothing on another, and what the transport writes itself.
const NOT_SENT: [&str; 9] = [
    "connection",
    "content-length",
    "content-type",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A copy of a request.
///
/// ```
/// use phasegate_provider_comparer::CopiedRequest;
/// let copy = CopiedRequest::get("r-17", "/invoices/17?lines=all").with_header("accept", "application/json");
/// assert_eq!(format!("{copy:?}"), "CopiedRequest(r-17: GET /invoices/17)");
/// ```
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct CopiedRequest {
    /// What names it among all requests: the case in the ledger.
    pub id: String,
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names and values. Those of one connection are not sent; credentials are sent and not shown.
    pub headers: Vec<(String, String)>,
    /// What is sent along.
    pub body: Vec<u8>,
}

impl CopiedRequest {
    /// A `GET` of this path and query.
    pub fn get(id: impl Into<String>, target: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            method: "GET".to_owned(),
            target: target.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// The same with another method and a body.
    #[must_use]
    pub fn with_body(mut self, method: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        self.method = method.into();
        self.body = body.into();
        self
    }

    /// The same with a header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The method, if it may be sent: `GET` always, others where both sides bear them.
    pub(crate) fn method(&self, writes: bool) -> Option<Method> {
        match self.method.as_str() {
            "GET" => Some(Method::Get),
            _ if !writes => None,
            "DELETE" => Some(Method::Delete),
            "PATCH" => Some(Method::Patch),
            "POST" => Some(Method::Post),
            "PUT" => Some(Method::Put),
            _ => None,
        }
    }

    /// May it be sent below a base URL? It leads nowhere else.
    pub(crate) fn is_below_base(&self) -> bool {
        let path = self.target.split('?').next().unwrap_or_default();
        let dots = |part: &str| {
            let part = part.to_ascii_lowercase().replace("%2e", ".");
            part == "." || part == ".."
        };
        self.target.starts_with('/')
            && self.target.bytes().all(|byte| byte.is_ascii_graphic())
            && !self.target.contains(['\\', '#'])
            && !path.split('/').any(dots)
    }

    /// The request to one side.
    pub(crate) fn to(
        &self,
        side: &HttpEndpoint,
        method: Method,
        act: &str,
    ) -> Result<HttpRequest, ProviderError> {
        let mut request = side.request(method, &self.target, act)?.without_redirects();
        let mut kind = "application/octet-stream";
        for (name, value) in &self.headers {
            let lower = name.to_ascii_lowercase();
            if lower == "content-type" {
                kind = value;
            }
            if NOT_SENT.contains(&lower.as_str()) {
                continue;
            }
            request = if SECRET.contains(&lower.as_str()) {
                request.with_secret_header(name, Secret::new(value.clone()))
            } else {
                request.with_header(name, value)
            };
        }
        Ok(if self.body.is_empty() {
            request
        } else {
            request.with_body(kind, self.body.clone())
        })
    }
}

/// Without query, header values and body.
impl fmt::Debug for CopiedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        write!(f, "CopiedRequest({}: {} {path})", self.id, self.method)
    }
}

/// One line of a file of requests.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: Option<String>,
    #[serde(default = "get")]
    method: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
}

fn get() -> String {
    "GET".to_owned()
}

/// Reads a file of requests: all that may be sent, and how many may not.
pub(crate) fn read(
    path: &Path,
    writes: bool,
    act: &str,
) -> Result<(Vec<CopiedRequest>, usize), ProviderError> {
    let text = file::read_within(path, REQUESTS_BYTES_MAX, act)?;
    let mut requests = Vec::new();
    let mut kept_out = 0;
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let number = at + 1;
        let line: Line = serde_json::from_str(line).map_err(|error| {
            let told = format!(
                "{act}: line {number} of {} is no request: {error}",
                path.display()
            );
            ProviderError::misuse(told)
        })?;
        let request = CopiedRequest {
            id: line.id.unwrap_or_else(|| format!("line {number}")),
            method: line.method,
            target: line.path,
            headers: line.headers.into_iter().collect(),
            body: line.body.into_bytes(),
        };
        if request.method(writes).is_some() && request.is_below_base() {
            requests.push(request);
        } else {
            kept_out += 1;
        }
    }
    Ok((requests, kept_out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use phasegate_provider::HeaderText;

    #[test]
    fn a_request_leads_nowhere_else() {
        for (target, fine) in [
            ("/", true),
            ("/a/b?c=../d", true),
            ("a", false),
            ("http://elsewhere/", false),
            ("/../admin", false),
            ("/a/%2E%2e/b", false),
            ("/a\\b", false),
            ("/a#b", false),
            ("/a b", false),
        ] {
            assert_eq!(
                CopiedRequest::get("x", target).is_below_base(),
                fine,
                "{target}"
            );
        }
    }

    #[test]
    fn what_writes_is_sent_only_where_both_sides_bear_it() {
        let post = CopiedRequest::get("x", "/").with_body("POST", "a");
        assert_eq!(
            (post.method(false), post.method(true)),
            (None, Some(Method::Post))
        );
        let odd = CopiedRequest::get("x", "/").with_body("CONNECT", "a");
        assert_eq!(odd.method(true), None);
    }

    #[test]
    fn credentials_are_sent_and_not_shown() {
        let copy = CopiedRequest::get("x", "/?token=s3cr3t")
            .with_header("Cookie", "s3cr3t")
            .with_header("Host", "shop.example.com")
            .with_header("accept", "text/plain");
        let side = HttpEndpoint::new("http://new:1");
        let sent = copy.to(&side, Method::Get, "ask").expect("a request");
        let names: Vec<&str> = sent.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Cookie", "accept"]);
        assert!(matches!(
            sent.headers.first(),
            Some((_, HeaderText::Secret(_)))
        ));
        assert!(!format!("{copy:?} {:?}", sent.headers).contains("s3cr3t"));
    }
}
