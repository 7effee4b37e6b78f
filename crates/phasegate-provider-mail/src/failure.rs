//! What the server refuses, and what breaks on the way, as errors of the role.

use lettre::transport::smtp::Error;
use phasegate_provider::text::one_line;
use phasegate_provider::{ErrorKind, ProviderError, Retry, Sent};

/// The most characters of a server's answer that are told.
const TOLD_CHARS_MAX: usize = 200;

/// The client's error as ours. `sent`: may the message have been taken where nobody said so?
pub(crate) fn failure(error: &Error, sent: Sent, act: &str) -> ProviderError {
    let told = format!("{act}: {}", one_line(&chain(error), TOLD_CHARS_MAX));
    if let Some(code) = error.status() {
        let kind = kind_of(u16::from(code));
        return ProviderError::new(kind, Sent::Answered, told);
    }
    if error.is_client() {
        // It cannot be had from this server, and nothing was sent.
        return ProviderError::misuse(told);
    }
    if error.is_response() {
        return ProviderError::new(ErrorKind::Invalid, sent, told);
    }
    let failed = ProviderError::new(ErrorKind::Unavailable, sent, told);
    if error.is_tls() {
        failed.with_retry(Retry::Never)
    } else {
        failed
    }
}

/// What a code says (RFC 5321 section 4.2.3, RFC 4954 section 6). One that is there for a while is 4xx; greylisting is
/// one, too.
fn kind_of(code: u16) -> ErrorKind {
    match code {
        400..=499 => ErrorKind::Throttled,
        // No such mailbox.
        550 | 551 | 553 => ErrorKind::NotFound,
        500..=599 => ErrorKind::Denied,
        _ => ErrorKind::Invalid,
    }
}

/// An error and what caused it: the server's words stand in the cause.
fn chain(error: &Error) -> String {
    let mut told = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if !told.contains(&text) {
            told = format!("{told}: {text}");
        }
        cause = error.source();
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_whether_it_is_for_a_while_or_for_ever() {
        for (code, want) in [
            (421, ErrorKind::Throttled),
            (451, ErrorKind::Throttled),
            (535, ErrorKind::Denied),
            (550, ErrorKind::NotFound),
            (554, ErrorKind::Denied),
            (354, ErrorKind::Invalid),
        ] {
            assert_eq!(kind_of(code), want, "{code}");
        }
    }
}
