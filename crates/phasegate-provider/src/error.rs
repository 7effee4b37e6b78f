//! The one error of all roles: what kind it is, whether to try again, and whether the request can have
//! had an effect. Adapters map their system's errors to it; nobody parses its text.

use std::error::Error;
use std::fmt;

use phasegate_core::Span;
use serde::{Deserialize, Serialize};

/// The longest detail that is kept, in characters. Details go into the journal.
const DETAIL_CHARS_MAX: usize = 400;

/// What went wrong.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// A precondition did not hold: somebody else changed it, or an earlier attempt arrived.
    Conflict,
    /// Not allowed: credentials are missing, wrong or too weak.
    Denied,
    /// The answer is not what the other side promises: a wrong shape, a wrong type, too long.
    Invalid,
    /// The caller's fault: an unknown name, an argument that cannot be meant. Never weather.
    Misuse,
    /// The source works and has nothing for the window that was asked about.
    NoData,
    /// The thing that was asked for does not exist.
    NotFound,
    /// Refused on this side of the wire: breaker open, limit reached, no room, no time left.
    Rejected,
    /// The other side said to come back later.
    Throttled,
    /// No answer in time.
    Timeout,
    /// The other side could not be reached, or failed.
    Unavailable,
}

/// Whether to try again.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "retry policies must have a rule for each answer"
)]
pub enum Retry {
    /// Not before this much time has passed; then it may work.
    After(Span),
    /// It may work another time.
    Maybe,
    /// It will not work until somebody changes something.
    Never,
}

/// How far the request came.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "outcomes of effects are decided by it"
)]
pub enum Sent {
    /// Nothing left this process: it certainly had no effect.
    Nothing,
    /// The other side answered; the kind says what.
    Answered,
    /// It may have arrived, and nobody said what became of it.
    Maybe,
}

/// A call to a provider failed.
///
/// The detail says the act, the thing and the cause, without secrets; it is cut at 400 characters.
///
/// ```
/// use phasegate_core::Span;
/// use phasegate_provider::{ErrorKind, ProviderError, Retry, Sent};
/// let error = ProviderError::new(ErrorKind::Throttled, Sent::Answered, "query prometheus: HTTP 429")
///     .with_retry(Retry::After(Span::from_secs(30)));
/// assert_eq!(error.kind(), ErrorKind::Throttled);
/// assert_eq!(error.to_string(), "throttled: query prometheus: HTTP 429");
/// ```
#[derive(Debug)]
pub struct ProviderError {
    kind: ErrorKind,
    retry: Retry,
    sent: Sent,
    detail: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl ProviderError {
    /// An error with the retry class that is usual for its kind: [`Retry::Maybe`] for `Rejected`,
    /// `Throttled`, `Timeout` and `Unavailable`, else [`Retry::Never`].
    pub fn new(kind: ErrorKind, sent: Sent, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let detail = match detail.char_indices().nth(DETAIL_CHARS_MAX) {
            Some((at, _)) => format!("{}…", detail.get(..at).unwrap_or_default()),
            None => detail,
        };
        Self {
            kind,
            retry: kind.usual_retry(),
            sent,
            detail,
            source: None,
        }
    }

    /// The caller's fault, found before anything was sent.
    pub fn misuse(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Misuse, Sent::Nothing, detail)
    }

    /// An answer that is not what the other side promises.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, Sent::Answered, detail)
    }

    /// The other side has nothing for what was asked.
    pub fn no_data(detail: impl Into<String>) -> Self {
        Self::new(ErrorKind::NoData, Sent::Answered, detail)
    }

    /// The same error with another retry class.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// The same error, further from or closer to the other side.
    #[must_use]
    pub fn with_sent(mut self, sent: Sent) -> Self {
        self.sent = sent;
        self
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same error without its detail and cause, for requests whose URL is a secret: a transport
    /// names what it asked. `act` says what was tried.
    #[must_use]
    pub fn concealed(self, act: &str) -> Self {
        Self::new(self.kind, self.sent, act).with_retry(self.retry)
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether to try again.
    pub fn retry(&self) -> Retry {
        self.retry
    }

    /// How far the request came.
    pub fn sent(&self) -> Sent {
        self.sent
    }

    /// The act, the thing and the cause, for people.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Did the other side certainly not do what was asked, and will it not do so later?
    ///
    /// True when nothing was sent, and when the answer is a refusal. An answer that says "failed" is
    /// no refusal: much may have happened before the failure.
    pub fn is_refusal(&self) -> bool {
        match self.sent {
            Sent::Nothing => true,
            Sent::Maybe => false,
            Sent::Answered => match self.kind {
                ErrorKind::Conflict
                | ErrorKind::Denied
                | ErrorKind::Misuse
                | ErrorKind::NotFound
                | ErrorKind::Rejected
                | ErrorKind::Throttled => true,
                ErrorKind::Invalid
                | ErrorKind::NoData
                | ErrorKind::Timeout
                | ErrorKind::Unavailable => false,
            },
        }
    }
}

impl ErrorKind {
    /// The retry class that is usual for the kind.
    pub fn usual_retry(self) -> Retry {
        match self {
            Self::Rejected | Self::Throttled | Self::Timeout | Self::Unavailable => Retry::Maybe,
            Self::Conflict
            | Self::Denied
            | Self::Invalid
            | Self::Misuse
            | Self::NoData
            | Self::NotFound => Retry::Never,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Conflict => "conflict",
            Self::Denied => "denied",
            Self::Invalid => "invalid answer",
            Self::Misuse => "misuse",
            Self::NoData => "no data",
            Self::NotFound => "not found",
            Self::Rejected => "not sent",
            Self::Throttled => "throttled",
            Self::Timeout => "no answer in time",
            Self::Unavailable => "unavailable",
        })
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.detail)
    }
}

impl Error for ProviderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| {
            let source: &(dyn Error + 'static) = source;
            source
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_not_sent_or_was_refused_is_certain_not_to_have_happened() {
        use ErrorKind as K;
        for (kind, sent, refusal) in [
            (K::Timeout, Sent::Nothing, true),
            (K::Timeout, Sent::Maybe, false),
            (K::Timeout, Sent::Answered, false),
            (K::Unavailable, Sent::Answered, false),
            (K::Unavailable, Sent::Nothing, true),
            (K::Invalid, Sent::Answered, false),
            (K::Denied, Sent::Answered, true),
            (K::Denied, Sent::Maybe, false),
            (K::Conflict, Sent::Answered, true),
            (K::NotFound, Sent::Answered, true),
            (K::Throttled, Sent::Answered, true),
            (K::Rejected, Sent::Nothing, true),
        ] {
            let error = ProviderError::new(kind, sent, "x");
            assert_eq!(error.is_refusal(), refusal, "{kind:?} {sent:?}");
        }
    }

    #[test]
    fn a_detail_is_cut_between_characters() {
        let error = ProviderError::misuse("ä".repeat(1000));
        assert_eq!(error.detail().chars().count(), DETAIL_CHARS_MAX + 1);
        assert_eq!(ProviderError::misuse("short").detail(), "short");
    }

    #[test]
    fn a_concealed_error_keeps_what_decides_and_nothing_else() {
        let wait = Retry::After(Span::from_secs(3));
        let error = ProviderError::new(ErrorKind::Throttled, Sent::Answered, "POST /s3cr3t")
            .with_retry(wait)
            .with_source("s3cr3t")
            .concealed("send to ops");
        assert_eq!(
            (error.kind(), error.sent(), error.retry()),
            (ErrorKind::Throttled, Sent::Answered, wait)
        );
        assert!(!format!("{error:?} {error}").contains("s3cr3t"));
    }

    #[test]
    fn the_cause_can_be_asked_for() {
        let error = ProviderError::misuse("x").with_source("the cause");
        assert_eq!(
            error.source().map(ToString::to_string),
            Some("the cause".to_owned())
        );
    }
}
