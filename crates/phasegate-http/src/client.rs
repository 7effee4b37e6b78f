//! The transport: two clients, one for URLs that an operator wrote and one for URLs that came from
//! elsewhere, so that no kept connection of the one serves the other.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::Span;
use phasegate_provider::{
    Call, ErrorKind, HeaderText, HttpRequest, HttpResponse, HttpTransport, Method, ProviderError,
    Reach, Sent,
};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Url};
use tokio::time::timeout;

use crate::config::{HttpConfig, HttpConfigError};
use crate::mask::Masks;
use crate::resolve::{PublicOnly, Refused};
use crate::{failure, is_public, redirect};

/// HTTP/1.1 over TCP and TLS (rustls with ring) within limits: see [`HttpConfig`].
///
/// It uses no proxy from the environment, keeps no cookies, retries nothing by itself and follows redirects
/// only as `docs` of [`HttpTransport`] allow. Cheap to clone.
///
/// ```
/// use phasegate_http::{HttpClient, HttpConfig};
/// let client = HttpClient::new(HttpConfig::default())?;
/// # Ok::<(), phasegate_http::HttpConfigError>(())
/// ```
#[derive(Clone)]
pub struct HttpClient {
    config: Arc<HttpConfig>,
    configured: Client,
    derived: Client,
}

impl HttpClient {
    /// A transport within these limits.
    ///
    /// # Errors
    /// [`HttpConfigError`] when a time is zero, a certificate cannot be read or nothing is trusted.
    pub fn new(config: HttpConfig) -> Result<Self, HttpConfigError> {
        config.check()?;
        let tls = config.tls()?;
        let builder = || {
            Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .user_agent(config.user_agent.as_str())
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                .no_proxy()
                .connect_timeout(config.connect_within.to_duration())
                .read_timeout(config.read_within.to_duration())
        };
        let failed = |source: reqwest::Error| HttpConfigError::Client {
            source: source.into(),
        };
        let configured = builder().build().map_err(failed)?;
        let derived = builder().dns_resolver(PublicOnly).build().map_err(failed)?;
        Ok(Self {
            config: Arc::new(config),
            configured,
            derived,
        })
    }

    async fn exchange(&self, mut request: HttpRequest) -> Result<HttpResponse, ProviderError> {
        let masks = Masks::of(&request);
        let mut redirects = 0;
        loop {
            let url = checked_url(&request)?;
            let act = act(request.method, &url);
            let (mut answer, location) = self.once(&request, &url, &act).await?;
            let Some(location) = location else {
                let body = read_body(&mut answer, request.response_bytes_max, &act).await?;
                return Ok(HttpResponse {
                    status: answer.status().as_u16(),
                    headers: plain_headers(answer.headers(), &masks),
                    body: masks.mask(body),
                });
            };
            if redirects == self.config.redirects_max {
                return Err(ProviderError::invalid(format!("{act}: too many redirects")));
            }
            redirects += 1;
            request = redirect::follow(&request, &url, &location)?;
        }
    }

    /// One request; the answer's head, and where it leads if it is a redirect.
    async fn once(
        &self,
        request: &HttpRequest,
        url: &Url,
        act: &str,
    ) -> Result<(reqwest::Response, Option<String>), ProviderError> {
        let client = match request.reach {
            Reach::Configured => &self.configured,
            Reach::Derived => &self.derived,
        };
        let method = match request.method {
            Method::Delete => reqwest::Method::DELETE,
            Method::Get => reqwest::Method::GET,
            Method::Patch => reqwest::Method::PATCH,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
        };
        let mut builder = client
            .request(method, url.clone())
            .headers(headers(request)?);
        if let Some(body) = &request.body {
            builder = builder
                .header(reqwest::header::CONTENT_TYPE, &body.content_type)
                .body(body.bytes.clone());
        }
        let sent = builder.send().await;
        let answer = sent.map_err(|error| failure::sending(act, error))?;
        let location = answer.headers().get(reqwest::header::LOCATION);
        let leads =
            request.follow && matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308);
        let location = match (leads, location.map(HeaderValue::to_str)) {
            (true, Some(Ok(location))) => Some(location.to_owned()),
            (true, Some(Err(_))) => {
                let told = format!("{act}: the redirect's location is no text");
                return Err(ProviderError::invalid(told));
            }
            (true, None) | (false, _) => None,
        };
        Ok((answer, location))
    }
}

#[async_trait]
impl HttpTransport for HttpClient {
    async fn send(&self, request: HttpRequest, call: &Call) -> Result<HttpResponse, ProviderError> {
        let within = call.deadline.min(self.config.total_within);
        let told = format!("{} in {within}", request.method);
        if within == Span::ZERO {
            return Err(ProviderError::new(ErrorKind::Rejected, Sent::Nothing, told));
        }
        match timeout(within.to_duration(), self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(ProviderError::new(ErrorKind::Timeout, Sent::Maybe, told)),
        }
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// The URL, if it may be asked at all. Names are checked when they are resolved.
fn checked_url(request: &HttpRequest) -> Result<Url, ProviderError> {
    let misuse = |why: &str| ProviderError::misuse(format!("{}: {why}", request.method));
    let Ok(url) = request.url.parse::<Url>() else {
        return Err(misuse("not an absolute URL"));
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(misuse("only http and https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(misuse("credentials do not belong in a URL"));
    }
    let host = url.host_str().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    if let (Reach::Derived, Ok(address)) = (request.reach, literal.parse::<IpAddr>())
        && !is_public(address)
    {
        let told = format!("{}: {}", request.method, Refused::new(host));
        return Err(ProviderError::new(ErrorKind::Denied, Sent::Nothing, told));
    }
    Ok(url)
}

/// What is tried, without query and credentials.
fn act(method: Method, url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    format!("{method} {}://{host}{port}{}", url.scheme(), url.path())
}

fn headers(request: &HttpRequest) -> Result<HeaderMap, ProviderError> {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let bad = || ProviderError::misuse(format!("header '{name}' cannot be sent"));
        let Ok(key) = name.parse::<HeaderName>() else {
            return Err(bad());
        };
        let (text, secret) = match value {
            HeaderText::Plain(text) => (text.as_str(), false),
            HeaderText::Secret(secret) => (secret.expose(), true),
            _ => return Err(bad()),
        };
        let Ok(mut value) = HeaderValue::from_str(text) else {
            return Err(bad());
        };
        value.set_sensitive(secret);
        headers.append(key, value);
    }
    Ok(headers)
}

fn plain_headers(headers: &HeaderMap, masks: &Masks) -> Vec<(String, String)> {
    let plain = headers.iter().filter_map(|(name, value)| {
        let value = masks.mask(value.to_str().ok()?.as_bytes().to_vec());
        Some((name.as_str().to_owned(), String::from_utf8(value).ok()?))
    });
    plain.collect()
}

/// Reads the body chunk by chunk and stops at the limit, which counts what comes out of decompression.
async fn read_body(
    answer: &mut reqwest::Response,
    max: usize,
    act: &str,
) -> Result<Vec<u8>, ProviderError> {
    let mut body = Vec::new();
    loop {
        let chunk = answer.chunk().await;
        match chunk.map_err(|error| failure::reading(act, error))? {
            None => return Ok(body),
            Some(chunk) if body.len() + chunk.len() > max => {
                let told = format!("{act}: the answer is longer than {max} bytes");
                return Err(ProviderError::invalid(told));
            }
            Some(chunk) => body.extend_from_slice(&chunk),
        }
    }
}
