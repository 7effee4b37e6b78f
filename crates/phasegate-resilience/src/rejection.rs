//! A rejection: this process decided not to call. A result of its own, never a failure.

use core::fmt;

use crate::time::Tick;
use crate::trip::Trip;

/// Where a result or a refusal came from.
///
/// ```
/// use phasegate_resilience::{Judgement, Origin};
///
/// assert_eq!(Judgement::failure().origin(), Origin::Server);
/// assert_eq!(Judgement::failure().not_sent().origin(), Origin::Transport);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "there is nothing between here and there but the way"
)]
pub enum Origin {
    /// This process, by policy. Says nothing about the other side.
    Local,
    /// The way there: resolving, connecting, a broken stream.
    Transport,
    /// The other side answered.
    Server,
}

/// Which piece refused.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum RejectionKind {
    /// The adaptive limit or the bulkhead has no room, and neither has its queue.
    BulkheadFull,
    /// The retry or hedge budget is spent.
    BudgetEmpty,
    /// The breaker is open.
    BreakerOpen,
    /// The breaker was forced open by hand.
    BreakerForcedOpen,
    /// The breaker is half-open and all probes are out.
    BreakerProbing,
    /// The rest of the deadline is too short to begin.
    DeadlineTooShort,
    /// A credential may not be used before a time the server named.
    NotBefore,
    /// A place in the queue was not reached in time.
    QueueTimeout,
    /// The rate limit is used up.
    RateLimited,
    /// The client throttle sheds in proportion to what the server refuses.
    Throttled,
}

/// Why a call was not made, and when to ask again.
///
/// It must count neither as a failure nor as a success of what was to be called: nothing was
/// measured. [`retry_at`](Self::retry_at) is the first moment at which the same piece could say yes.
///
/// ```
/// use phasegate_resilience::{Breaker, BreakerConfig, CallClass, Origin, RejectionKind, Tick};
///
/// let breaker = Breaker::new(BreakerConfig::default())?;
/// breaker.open_now(Some(core::time::Duration::from_secs(5)), &Tick::ZERO);
/// let refused = breaker.try_acquire(CallClass::Read, &Tick::ZERO).expect_err("open");
/// assert_eq!((refused.kind, refused.origin()), (RejectionKind::BreakerOpen, Origin::Local));
/// assert_eq!(refused.retry_at, Some(Tick::from_millis(5_001)));
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Rejection {
    /// Which piece refused.
    pub kind: RejectionKind,
    /// When the piece could say yes; `None` when no clock decides it.
    pub retry_at: Option<Tick>,
    /// Why the breaker tripped, with its numbers, if a breaker refused.
    pub trip: Option<Trip>,
}

impl Rejection {
    /// A refusal by `kind` that ends at `retry_at`.
    pub const fn new(kind: RejectionKind, retry_at: Option<Tick>) -> Self {
        Self {
            kind,
            retry_at,
            trip: None,
        }
    }

    /// Always [`Origin::Local`].
    pub const fn origin(&self) -> Origin {
        Origin::Local
    }
}

impl fmt::Display for RejectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BulkheadFull => "the bulkhead is full",
            Self::BudgetEmpty => "the budget is spent",
            Self::BreakerOpen => "the breaker is open",
            Self::BreakerForcedOpen => "the breaker is forced open",
            Self::BreakerProbing => "the breaker is probing",
            Self::DeadlineTooShort => "the rest of the deadline is too short",
            Self::NotBefore => "the server asked to wait",
            Self::QueueTimeout => "waiting for a place took too long",
            Self::RateLimited => "the rate limit is used up",
            Self::Throttled => "the client throttle sheds load",
        })
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not called: {}", self.kind)?;
        if let Some(trip) = self.trip {
            write!(f, " ({trip})")?;
        }
        if let Some(at) = self.retry_at {
            write!(f, ", try again at {} ms", at.as_millis())?;
        }
        Ok(())
    }
}

impl core::error::Error for Rejection {}
