//! From the client's errors to ours: what kind, and how far the request came.

use phasegate_provider::{ErrorKind, ProviderError, Retry, Sent};

use crate::resolve::Refused;

/// An error while a request was sent. `act` has no query and no credentials.
pub(crate) fn sending(act: &str, error: reqwest::Error) -> ProviderError {
    // The URL may hold what nobody is to see.
    let error = error.without_url();
    if refused(&error) {
        return ProviderError::new(
            ErrorKind::Denied,
            Sent::Nothing,
            format!("{act}: the address is not public"),
        )
        .with_source(error);
    }
    let (kind, sent) = if error.is_builder() {
        (ErrorKind::Misuse, Sent::Nothing)
    } else if error.is_connect() && error.is_timeout() {
        (ErrorKind::Timeout, Sent::Nothing)
    } else if error.is_connect() {
        (ErrorKind::Unavailable, Sent::Nothing)
    } else if error.is_timeout() {
        (ErrorKind::Timeout, Sent::Maybe)
    } else {
        (ErrorKind::Unavailable, Sent::Maybe)
    };
    let told = format!("{act}: {}", innermost(&error));
    let told = ProviderError::new(kind, sent, told);
    // A certificate does not get better by asking again.
    let told = if kind == ErrorKind::Unavailable && is_certificate(&error) {
        told.with_retry(Retry::Never)
    } else {
        told
    };
    told.with_source(error)
}

/// An error while the body was read: the other side had answered.
pub(crate) fn reading(act: &str, error: reqwest::Error) -> ProviderError {
    let error = error.without_url();
    let (kind, why) = if error.is_timeout() {
        (ErrorKind::Timeout, "the body stopped")
    } else if innermost(&error).contains("gzip") || innermost(&error).contains("deflate") {
        (ErrorKind::Invalid, "the body is not compressed as it says")
    } else {
        (ErrorKind::Unavailable, "the body broke off")
    };
    ProviderError::new(kind, Sent::Answered, format!("{act}: {why}")).with_source(error)
}

fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

fn innermost(error: &reqwest::Error) -> String {
    causes(error)
        .last()
        .map_or_else(String::new, ToString::to_string)
}

fn refused(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.is::<Refused>())
}

/// Is a certificate at the bottom of it? An I/O error hides what it wraps from `source`, so it is opened.
fn is_certificate(error: &(dyn std::error::Error + 'static)) -> bool {
    causes(error).any(|cause| {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return matches!(tls, rustls::Error::InvalidCertificate(_));
        }
        let wrapped = cause
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref);
        wrapped.is_some_and(|wrapped| is_certificate(wrapped))
    })
}
