//! The one error of a policy.

use core::fmt;

use crate::rejection::{Origin, Rejection, RejectionKind};
use crate::retry::StopReason;
use crate::time::Tick;

/// What kind of end a call had.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// It was made and failed.
    Failed,
    /// It was not made, or not made again: a local piece refused.
    Rejected(RejectionKind),
    /// It was made and no answer came in time.
    TimedOut,
}

/// Why a call through a [`Policy`](super::Policy) has no result.
///
/// ```
/// use std::sync::Arc;
/// use phasegate_resilience::{
///     Breaker, BreakerConfig, Call, ErrorKind, OkOrFailure, Origin, Policy, PolicyError,
///     RejectionKind, StdClock,
/// };
///
/// let breaker = Arc::new(Breaker::new(BreakerConfig::default())?);
/// breaker.force_open(&StdClock);
/// let policy = Policy::new().breaker(breaker);
/// let call = |_attempt| Ok::<u8, ()>(7);
/// let answer: Result<u8, PolicyError<()>> =
///     policy.run_blocking(&StdClock, &Call::read(), &OkOrFailure, call);
/// let error = answer.unwrap_err();
/// assert_eq!(error.kind, ErrorKind::Rejected(RejectionKind::BreakerForcedOpen));
/// assert_eq!((error.origin, error.attempts), (Origin::Local, 0));
/// assert!(error.is_inconclusive(), "nothing was learnt about the other side");
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PolicyError<E> {
    /// What kind of end it was.
    pub kind: ErrorKind,
    /// Who ended it.
    pub origin: Origin,
    /// When the same call could be made again, where that is known.
    pub retry_at: Option<Tick>,
    /// How many attempts were made; 0 when none reached the operation.
    pub attempts: u32,
    /// Why there was no further attempt.
    pub stop: StopReason,
    /// The refusal, if a local piece refused.
    pub rejection: Option<Rejection>,
    /// The error of the last attempt that had one.
    pub error: Option<E>,
}

impl<E> PolicyError<E> {
    pub(super) fn rejected(rejection: Rejection, attempts: u32, error: Option<E>) -> Self {
        Self {
            kind: ErrorKind::Rejected(rejection.kind),
            origin: Origin::Local,
            retry_at: rejection.retry_at,
            attempts,
            stop: StopReason::Rejected,
            rejection: Some(rejection),
            error,
        }
    }

    /// Whether nothing was learnt about the other side, so that a measurement has no value and a
    /// verdict must be inconclusive: the call was refused here.
    pub fn is_inconclusive(&self) -> bool {
        match self.kind {
            ErrorKind::Rejected(_) => true,
            ErrorKind::Failed | ErrorKind::TimedOut => false,
        }
    }

    /// The operation's own error, if it had one.
    pub fn into_error(self) -> Option<E> {
        self.error
    }
}

impl<E: fmt::Display> fmt::Display for PolicyError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.kind, &self.rejection) {
            (ErrorKind::Rejected(_), Some(rejection)) => write!(f, "{rejection}")?,
            (ErrorKind::Rejected(kind), None) => write!(f, "not called: {kind}")?,
            (ErrorKind::TimedOut, _) => f.write_str("no answer in time")?,
            (ErrorKind::Failed, _) => f.write_str("the call failed")?,
        }
        write!(f, " after {} attempts ({})", self.attempts, self.stop)?;
        if let Some(error) = &self.error {
            write!(f, ": {error}")?;
        }
        Ok(())
    }
}

impl<E: core::error::Error + 'static> core::error::Error for PolicyError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.error.as_ref().map(|error| error as _)
    }
}
