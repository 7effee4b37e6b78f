//! The decision after each attempt.

use core::fmt;
use core::time::Duration;

use crate::backoff::BackoffState;
use crate::call::{Call, Hint, Idempotency, Judgement};
use crate::time::{Tick, nanos};

use super::policy::RetryPolicy;

/// The smallest margin over a server's wish, so that a timer that rounds down is not early.
const HINT_MARGIN: u64 = 1_000_000;

/// Why there is no further attempt.
///
/// ```
/// use phasegate_resilience::{
///     Call, Judgement, Retry, RetryDecision, RetryPolicy, StopReason, Tick,
/// };
///
/// let policy = RetryPolicy::default();
/// let call = Call::at_most_once();
/// let mut retry = Retry::new(&policy, &call, Tick::ZERO);
/// let RetryDecision::Stop { reason, .. } = retry.after(&Judgement::failure(), Tick::ZERO) else {
///     unreachable!("it may have been done");
/// };
/// assert_eq!(reason, StopReason::NotIdempotent);
/// assert_eq!(reason.to_string(), "repeating it could do it twice");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum StopReason {
    /// All attempts are used.
    AttemptsSpent,
    /// The retry budget is spent.
    BudgetEmpty,
    /// What is left of the deadline is shorter than the delay and a typical attempt.
    DeadlineTooShort,
    /// The server asked for a longer wait than allowed.
    HintTooLong,
    /// The operation is unsafe and the request may have reached the server.
    NotIdempotent,
    /// The judge said that another attempt cannot help.
    NotRetryable,
    /// A layer outside retries.
    OuterRetries,
    /// A local piece rejected the attempt.
    Rejected,
    /// The server said not to come back.
    ServerSaidStop,
    /// The delay would cross the total limit.
    TotalSpent,
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AttemptsSpent => "all attempts are used",
            Self::BudgetEmpty => "the retry budget is spent",
            Self::DeadlineTooShort => "the rest of the deadline is too short",
            Self::HintTooLong => "the server asks for a longer wait than allowed",
            Self::NotIdempotent => "repeating it could do it twice",
            Self::NotRetryable => "another attempt cannot help",
            Self::OuterRetries => "an outer layer retries",
            Self::Rejected => "a local policy refused",
            Self::ServerSaidStop => "the server said not to come back",
            Self::TotalSpent => "the total time is spent",
        })
    }
}

/// What to do after an attempt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "again or not; there is no third")]
pub enum RetryDecision {
    /// Begin the next attempt at `at`, not earlier.
    Again {
        /// When.
        at: Tick,
        /// The same as a delay from now.
        delay: Duration,
    },
    /// Give up now.
    Stop {
        /// Why.
        reason: StopReason,
        /// When the same call could be made again, where that is known.
        retry_at: Option<Tick>,
    },
}

/// One logical operation's way through its attempts.
///
/// Call [`after`](Self::after) once for each finished attempt. Nothing is drawn before the first
/// failure.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{Call, Judgement, Retry, RetryDecision, RetryPolicy, Tick};
///
/// let policy = RetryPolicy::default().total(Duration::from_secs(10));
/// let call = Call::read();
/// let mut retry = Retry::new(&policy, &call, Tick::ZERO);
/// let busy = Judgement::throttled().after(Duration::from_secs(3));
/// match retry.after(&busy, Tick::from_secs(1)) {
///     RetryDecision::Again { at, .. } => assert!(at > Tick::from_secs(4)),
///     RetryDecision::Stop { .. } => unreachable!(),
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Retry<'a> {
    policy: &'a RetryPolicy,
    call: &'a Call,
    started: Tick,
    made: u32,
    backoff: Option<BackoffState>,
}

/// Where a [`Retry`] stands, as a plain value.
///
/// ```
/// use phasegate_resilience::{Call, Judgement, Retry, RetryPolicy, RetryProgress, Tick};
///
/// let (policy, call) = (RetryPolicy::default(), Call::read());
/// let mut retry = Retry::new(&policy, &call, Tick::ZERO);
/// retry.after(&Judgement::failure(), Tick::ZERO);
/// let held: RetryProgress = retry.progress();
/// let retry = Retry::resume(&policy, &call, Tick::ZERO, Some(held));
/// assert_eq!(retry.attempts(), 1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RetryProgress {
    made: u32,
    backoff: Option<BackoffState>,
}

impl<'a> Retry<'a> {
    /// The operation begins at `started`.
    #[inline]
    pub fn new(policy: &'a RetryPolicy, call: &'a Call, started: Tick) -> Self {
        Self {
            policy,
            call,
            started,
            made: 0,
            backoff: None,
        }
    }

    /// Goes on where [`progress`](Self::progress) left off, for holders that cannot borrow.
    pub fn resume(
        policy: &'a RetryPolicy,
        call: &'a Call,
        started: Tick,
        progress: Option<RetryProgress>,
    ) -> Self {
        let (made, backoff) = progress.map_or((0, None), |held| (held.made, held.backoff));
        Self {
            policy,
            call,
            started,
            made,
            backoff,
        }
    }

    /// What [`resume`](Self::resume) needs.
    pub const fn progress(&self) -> RetryProgress {
        RetryProgress {
            made: self.made,
            backoff: self.backoff,
        }
    }

    /// How many attempts are finished.
    pub const fn attempts(&self) -> u32 {
        self.made
    }

    /// The earlier of the call's deadline and the end of the total limit.
    pub fn deadline(&self) -> Option<Tick> {
        let total = self.policy.total.map(|total| self.started + total);
        match (self.call.deadline, total) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Decides, given what the attempt that ended at `now` was.
    pub fn after(&mut self, judged: &Judgement, now: Tick) -> RetryDecision {
        let policy = self.policy;
        let state = self
            .backoff
            .get_or_insert_with(|| BackoffState::new(&policy.backoff, policy.seed.stream()));
        let drawn = state.next(&policy.backoff);
        self.after_with(judged, now, drawn)
    }

    /// The same with a delay from elsewhere.
    pub(crate) fn after_with(
        &mut self,
        judged: &Judgement,
        now: Tick,
        drawn: Duration,
    ) -> RetryDecision {
        self.made = self.made.saturating_add(1);
        let delay = lengthen(drawn, judged.hint);
        let at = now + delay;
        let hinted = match judged.hint {
            Hint::After(wait) => Some(now + wait),
            Hint::None | Hint::Never => None,
        };
        let stop = |reason| RetryDecision::Stop {
            reason,
            retry_at: hinted,
        };
        if let Some(reason) = self.forbidden(judged) {
            return stop(reason);
        }
        let stop_until = |reason| RetryDecision::Stop {
            reason,
            retry_at: Some(at),
        };
        if let (Some(longest), Hint::After(wait)) = (self.policy.longest_hint, judged.hint)
            && wait > longest
        {
            return stop_until(StopReason::HintTooLong);
        }
        if let Some(total) = self.policy.total
            && at >= self.started + total
        {
            return stop_until(StopReason::TotalSpent);
        }
        if let Some(deadline) = self.call.deadline
            && at + self.policy.typical >= deadline
        {
            return stop_until(StopReason::DeadlineTooShort);
        }
        RetryDecision::Again { at, delay }
    }

    fn forbidden(&self, judged: &Judgement) -> Option<StopReason> {
        if !judged.retryable {
            return Some(StopReason::NotRetryable);
        }
        if let Hint::Never = judged.hint {
            return Some(StopReason::ServerSaidStop);
        }
        if self.call.outer_retries {
            return Some(StopReason::OuterRetries);
        }
        let repeatable = match self.call.idempotency {
            Idempotency::Read | Idempotency::Idempotent | Idempotency::Keyed(_) => true,
            // A throttled answer was sent and refused before work began only if the judge says so.
            Idempotency::Unsafe => judged.not_sent,
        };
        if !repeatable {
            return Some(StopReason::NotIdempotent);
        }
        (self.made >= self.policy.attempts.get()).then_some(StopReason::AttemptsSpent)
    }
}

/// The longer of the backoff and the server's wish; the wish always with a little on top, so that
/// clients told the same moment do not come together, and none comes early.
fn lengthen(drawn: Duration, hint: Hint) -> Duration {
    let drawn = nanos(drawn);
    let Hint::After(wait) = hint else {
        return Duration::from_nanos(drawn);
    };
    let wish = nanos(wait).saturating_add(HINT_MARGIN);
    let spread = drawn.min(nanos(wait) / 10);
    Duration::from_nanos(drawn.max(wish.saturating_add(spread)))
}
