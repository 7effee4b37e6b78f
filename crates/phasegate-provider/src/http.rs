//! What adapters need of HTTP, so that they need not know a client: one request, one bounded answer.
//! The limits that an implementation keeps are part of the trait.

use std::fmt;

use async_trait::async_trait;
use phasegate_core::{Span, Timestamp};
use serde::de::DeserializeOwned;

use crate::text::one_line;
use crate::{Call, ErrorKind, ProviderError, Retry, Secret, Sent};

/// The most bytes of an answer's body that are read unless a request says otherwise: 4 MiB hold the
/// largest answers of metric systems that we met, with room.
pub const RESPONSE_BYTES_MAX: usize = 4 << 20;

/// What is to be done with the resource.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "transports must know every method")]
pub enum Method {
    /// Remove it.
    Delete,
    /// Read it.
    Get,
    /// Change part of it.
    Patch,
    /// Let it work.
    Post,
    /// Replace it.
    Put,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
        })
    }
}

/// Where a URL comes from, and so where it may lead.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "transports must have a rule for each origin"
)]
pub enum Reach {
    /// From an operator's configuration: any address.
    Configured,
    /// From an answer or a plan: public addresses only. Loopback, private, link-local and other
    /// special addresses are refused.
    Derived,
}

/// The value of a header.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum HeaderText {
    /// May be shown and logged.
    Plain(String),
    /// A credential: never shown, and never sent to another host by a redirect.
    Secret(Secret),
}

/// What is sent along.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct HttpBody {
    /// Its type: `application/json`.
    pub content_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// One request.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct HttpRequest {
    /// What is sent along, if anything.
    pub body: Option<HttpBody>,
    /// Are redirects of a `GET` followed? If not, the redirect itself is the answer.
    pub follow: bool,
    /// Names and values, in order.
    pub headers: Vec<(String, HeaderText)>,
    /// What is to be done.
    pub method: Method,
    /// Where the URL may lead.
    pub reach: Reach,
    /// The most bytes of the answer's body, after decompression. More is
    /// [`Invalid`](ErrorKind::Invalid).
    pub response_bytes_max: usize,
    /// Absolute, `http` or `https`.
    pub url: String,
}

impl HttpRequest {
    /// A request without headers and body to a URL from the configuration.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            body: None,
            follow: true,
            headers: Vec::new(),
            method,
            reach: Reach::Configured,
            response_bytes_max: RESPONSE_BYTES_MAX,
            url: url.into(),
        }
    }

    /// The same request with a header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers
            .push((name.into(), HeaderText::Plain(value.into())));
        self
    }

    /// The same request with a header that is a credential.
    #[must_use]
    pub fn with_secret_header(mut self, name: impl Into<String>, value: Secret) -> Self {
        self.headers.push((name.into(), HeaderText::Secret(value)));
        self
    }

    /// The same request with a body.
    #[must_use]
    pub fn with_body(mut self, content_type: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = Some(HttpBody {
            content_type: content_type.into(),
            bytes: bytes.into(),
        });
        self
    }

    /// The same request to a URL that comes from an answer or a plan.
    #[must_use]
    pub fn with_derived_url(mut self) -> Self {
        self.reach = Reach::Derived;
        self
    }

    /// The same request, answered by a redirect where there is one.
    #[must_use]
    pub fn without_redirects(mut self) -> Self {
        self.follow = false;
        self
    }

    /// The same request with another limit on the answer's body.
    #[must_use]
    pub fn with_response_bytes_max(mut self, bytes: usize) -> Self {
        self.response_bytes_max = bytes;
        self
    }
}

/// One answer. The body is complete and within the request's limit.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "transports write it out")]
pub struct HttpResponse {
    /// The status, 200 to 599.
    pub status: u16,
    /// Names in lower case, and values; values that are no text are left out.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The first value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// Is the status 2xx?
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// How long `Retry-After` asks to wait, in its form of whole seconds. The form of a date needs the
    /// other side's own clock: it counts from the answer's `Date` header.
    pub fn retry_after(&self) -> Option<Span> {
        let value = self.header("retry-after")?.trim();
        if let Ok(secs) = value.parse::<u64>() {
            return Some(Span::from_secs(secs));
        }
        let until = i64::try_from(date::unix_secs(value)?).ok()?;
        let until = Timestamp::from_unix_millis(until.checked_mul(1000)?);
        Some(until.since(self.date()?))
    }

    /// When it was sent, by the other side's own clock.
    pub fn date(&self) -> Option<Timestamp> {
        let secs = date::unix_secs(self.header("date")?)?;
        let millis = i64::try_from(secs).ok()?.checked_mul(1000)?;
        Some(Timestamp::from_unix_millis(millis))
    }

    /// Refuses an answer whose `content-type` is not that of JSON: `application/json`, `text/json`, or any that
    /// ends in `+json` (RFC 6839). A login page is none, whatever stands in it. `act` says what was tried.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid), with the type that it has.
    pub fn json_type(&self, act: &str) -> Result<(), ProviderError> {
        let told = self.header("content-type").unwrap_or_default();
        let kind = told.split(';').next().unwrap_or_default().trim();
        let kind = kind.to_ascii_lowercase();
        let names = ["application/json", "text/json"].contains(&kind.as_str());
        let ends = kind.split_once('/');
        if names || ends.is_some_and(|(_, of)| of.len() > 5 && of.ends_with("+json")) {
            return Ok(());
        }
        let told = format!("{act}: the answer is no JSON but '{}'", one_line(&kind, 80));
        Err(ProviderError::invalid(told))
    }

    /// What its JSON says, whatever its status. `act` says what was tried.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) if it is of another type ([`json_type`](Self::json_type)) or says
    /// something else than was promised.
    pub fn json<T: DeserializeOwned>(&self, act: &str) -> Result<T, ProviderError> {
        self.json_type(act)?;
        serde_json::from_slice(&self.body).map_err(|error| {
            let told = format!("{act}: the answer is not what was promised: {error}");
            ProviderError::invalid(told).with_source(error)
        })
    }

    /// The answer itself if its status is 2xx, else the error that is usual for the status.
    ///
    /// `act` says what was tried: `query prometheus`. Adapters whose system means something else by a
    /// status look at it before they come here.
    pub fn or_error(self, act: &str) -> Result<Self, ProviderError> {
        if self.is_success() {
            return Ok(self);
        }
        let kind = match self.status {
            400 | 405 | 406 | 411 | 413..=417 | 422 => ErrorKind::Misuse,
            401 | 403 | 407 => ErrorKind::Denied,
            404 | 410 => ErrorKind::NotFound,
            408 | 504 => ErrorKind::Timeout,
            409 | 412 | 428 => ErrorKind::Conflict,
            429 => ErrorKind::Throttled,
            500.. => ErrorKind::Unavailable,
            _ => ErrorKind::Invalid,
        };
        let error =
            ProviderError::new(kind, Sent::Answered, format!("{act}: HTTP {}", self.status));
        Err(match (kind.usual_retry(), self.retry_after()) {
            (Retry::Maybe | Retry::After(_), Some(wait)) => error.with_retry(Retry::After(wait)),
            _ => error,
        })
    }
}

/// Sends one request and reads one bounded answer.
///
/// An implementation keeps the call's deadline, the request's limit on the body (counted after
/// decompression), follows no redirect to another origin with credentials, refuses addresses by
/// [`Reach`] and connects to the address that it has checked. In its answers the request's secret headers are masked,
/// wherever the other side says them. Its errors say with [`Sent`] whether the request can have arrived. A status is no error here; see [`HttpResponse::or_error`].
///
/// Dropping the future ends the exchange and leaves it unknown whether the request arrived.
#[async_trait]
pub trait HttpTransport: fmt::Debug + Send + Sync {
    /// Sends one request.
    async fn send(&self, request: HttpRequest, call: &Call) -> Result<HttpResponse, ProviderError>;
}

mod date {
    //! The one date form that HTTP still allows to be sent: `Sun, 06 Nov 1994 08:49:37 GMT`.

    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];

    /// Seconds since 1970 of such a date.
    pub(super) fn unix_secs(text: &str) -> Option<u64> {
        let rest = text.trim().split_once(", ")?.1.strip_suffix(" GMT")?;
        let mut parts = rest.split(' ');
        let day = parts.next()?.parse::<u64>().ok()?;
        let name = parts.next()?;
        let month = MONTHS.iter().position(|month| *month == name)?;
        let month = u64::try_from(month).ok()? + 1;
        let year = parts.next()?.parse::<u64>().ok()?;
        let mut clock = parts.next()?.split(':');
        let mut next = || clock.next()?.parse::<u64>().ok();
        let (hour, minute, second) = (next()?, next()?, next()?);
        if parts.next().is_some() || !(1970..=9999).contains(&year) || !(1..=31).contains(&day) {
            return None;
        }
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        // Days before the first of the month, counting years from March so that leap days come last.
        let (shifted_year, shifted_month) = if month > 2 {
            (year, month - 3)
        } else {
            (year - 1, month + 9)
        };
        let days = 365 * shifted_year + shifted_year / 4 - shifted_year / 100
            + shifted_year / 400
            + (153 * shifted_month + 2) / 5
            + day
            - 1;
        let since_epoch = days.checked_sub(719_468)?;
        Some(since_epoch * 86_400 + hour * 3600 + minute * 60 + second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)]) -> HttpResponse {
        HttpResponse {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: Vec::new(),
        }
    }

    #[test]
    fn a_status_becomes_kind_and_retry_class() {
        use ErrorKind as K;
        for (status, kind, retry) in [
            (400, K::Misuse, Retry::Never),
            (401, K::Denied, Retry::Never),
            (403, K::Denied, Retry::Never),
            (404, K::NotFound, Retry::Never),
            (408, K::Timeout, Retry::Maybe),
            (409, K::Conflict, Retry::Never),
            (412, K::Conflict, Retry::Never),
            (418, K::Invalid, Retry::Never),
            (429, K::Throttled, Retry::Maybe),
            (302, K::Invalid, Retry::Never),
            (500, K::Unavailable, Retry::Maybe),
            (503, K::Unavailable, Retry::Maybe),
            (504, K::Timeout, Retry::Maybe),
        ] {
            let error = answer(status, &[]).or_error("x").expect_err("an error");
            assert_eq!((error.kind(), error.retry()), (kind, retry), "{status}");
        }
        assert!(answer(204, &[]).or_error("x").is_ok());
    }

    #[test]
    fn only_what_says_that_it_is_json_and_is_it_is_read() {
        for (kind, body, fits) in [
            ("application/json", "7", true),
            ("Application/JSON ; charset=utf-8", "7", true),
            ("text/json", "7", true),
            ("application/health+json", "7", true),
            ("application/vnd.spring-boot.actuator.v3+json", "7", true),
            ("application/json", "", false),
            ("application/json", "7 7", false),
            ("application/json", "\"7\"", false),
            ("application/jsonp", "7", false),
            ("application/+json", "7", false),
            ("+json", "7", false),
            ("json", "7", false),
            ("text/html; application/json", "7", false),
            ("", "7", false),
        ] {
            let mut answer = answer(200, &[("content-type", kind)]);
            answer.body = body.into();
            let kinds = answer.json::<u32>("ask").map_err(|error| error.kind());
            let wanted = if fits { Ok(7) } else { Err(ErrorKind::Invalid) };
            assert_eq!(kinds, wanted, "{kind}: {body}");
        }
        assert!(answer(200, &[]).json_type("ask").is_err());
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        for (headers, secs) in [
            (vec![("retry-after", "120")], Some(120)),
            (
                vec![("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"), date],
                Some(60),
            ),
            (
                vec![("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT"), date],
                Some(0),
            ),
            (vec![("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")], None),
            (vec![("retry-after", "-1")], None),
            (vec![("retry-after", "soon"), date], None),
            (vec![], None),
        ] {
            let found = answer(429, &headers).retry_after();
            assert_eq!(found, secs.map(Span::from_secs), "{headers:?}");
            let error = answer(429, &headers).or_error("x").expect_err("an error");
            let want = secs.map_or(Retry::Maybe, |s| Retry::After(Span::from_secs(s)));
            assert_eq!(error.retry(), want);
        }
    }

    #[test]
    fn dates_count_from_1970() {
        for (text, secs) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Thu, 29 Feb 2024 12:00:00 GMT", Some(1_709_208_000)),
            ("Fri, 31 Dec 1999 23:59:59 GMT", Some(946_684_799)),
            ("Sun, 06 Nov 1994 24:00:00 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 06 Nov 94 08:49:37 GMT", None),
            ("", None),
        ] {
            assert_eq!(date::unix_secs(text), secs, "{text}");
        }
    }

    #[test]
    fn debug_shows_no_credential() {
        let request = HttpRequest::new(Method::Get, "http://localhost/")
            .with_secret_header("authorization", Secret::new("Bearer s3cr3t"));
        assert!(!format!("{request:?}").contains("s3cr3t"));
    }
}
