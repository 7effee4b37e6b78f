//! A bucket of tokens that successes fill and retries empty (gRPC A6, AWS standard).

use crate::call::CallClass;
use crate::error::Misuse;
use crate::rejection::{Rejection, RejectionKind};
use crate::sync::{AtomicU64, Ordering};

/// Tokens are kept in thousandths.
const MILLI: u64 = 1000;

/// How a [`TokenBudget`] fills and empties. Amounts are in thousandths of a token.
///
/// ```
/// use phasegate_resilience::TokenBudgetConfig;
///
/// // gRPC: ten tokens, and a tenth of one for each success.
/// let grpc = TokenBudgetConfig::grpc(10, 100);
/// assert_eq!((grpc.capacity_milli, grpc.floor_milli), (10_000, 5_000));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct TokenBudgetConfig {
    /// The most tokens there can be; the budget starts full.
    pub capacity_milli: u64,
    /// What a success adds.
    pub deposit_milli: u64,
    /// What a failure takes (gRPC); may be zero.
    pub failure_milli: u64,
    /// What a retry takes (AWS), and gets back when it succeeds; may be zero.
    pub retry_milli: u64,
    /// The same for a retry after an attempt that ran out of time.
    pub timeout_milli: u64,
    /// Retries of reads and mutations need more than this to be left.
    pub floor_milli: u64,
}

impl TokenBudgetConfig {
    /// As in gRPC: a failure takes one token, a success gives `ratio_milli` thousandths, and
    /// retries need more than half of `max_tokens`.
    pub const fn grpc(max_tokens: u32, ratio_milli: u32) -> Self {
        let capacity_milli = max_tokens as u64 * MILLI;
        Self {
            capacity_milli,
            deposit_milli: ratio_milli as u64,
            failure_milli: MILLI,
            retry_milli: 0,
            timeout_milli: 0,
            floor_milli: capacity_milli / 2,
        }
    }

    /// As in the AWS clients: a retry takes `cost` of `capacity` tokens, twice that after a timeout,
    /// and gets them back when it succeeds; a first-try success gives one.
    pub const fn aws(capacity: u32, cost: u32) -> Self {
        Self {
            capacity_milli: capacity as u64 * MILLI,
            deposit_milli: MILLI,
            failure_milli: 0,
            retry_milli: cost as u64 * MILLI,
            timeout_milli: cost as u64 * MILLI * 2,
            floor_milli: 0,
        }
    }
}

/// A token budget. One word; a success into a full budget is one load and writes nothing.
///
/// ```
/// use phasegate_resilience::{CallClass, TokenBudget, TokenBudgetConfig};
///
/// let budget = TokenBudget::new(TokenBudgetConfig::grpc(10, 100))?;
/// for _ in 0..5 {
///     budget.on_failure();
/// }
/// assert!(budget.try_retry(CallClass::Read).is_err());
/// assert!(budget.try_retry(CallClass::Safety).is_ok());
/// for _ in 0..10 {
///     budget.on_success();
/// }
/// assert_eq!(budget.left_milli(), 6_000);
/// assert!(budget.try_retry(CallClass::Read).is_ok());
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Debug)]
pub struct TokenBudget {
    milli: AtomicU64,
    config: TokenBudgetConfig,
}

impl TokenBudget {
    /// A full budget.
    ///
    /// # Errors
    /// [`Misuse::Zero`] without capacity.
    pub fn new(config: TokenBudgetConfig) -> Result<Self, Misuse> {
        if config.capacity_milli == 0 {
            return Err(Misuse::Zero);
        }
        Ok(Self {
            milli: AtomicU64::new(config.capacity_milli),
            config,
        })
    }

    /// A call succeeded.
    #[inline]
    pub fn on_success(&self) {
        if self.milli.load(Ordering::Relaxed) < self.config.capacity_milli {
            self.add(self.config.deposit_milli);
        }
    }

    /// A call failed in a way that says something about the server: one that another attempt could
    /// mend, or that the server said not to repeat. What no retry can mend (a bad request) is the
    /// caller's and is not told here; a policy tells it so by itself.
    #[inline]
    pub fn on_failure(&self) {
        if self.config.failure_milli > 0 {
            self.change(|milli| Some(milli.saturating_sub(self.config.failure_milli)));
        }
    }

    /// Takes what a retry costs. A safety call is allowed with an empty budget and takes what is
    /// there.
    ///
    /// # Errors
    /// [`RejectionKind::BudgetEmpty`]; no clock fills this budget, successes do.
    pub fn try_retry(&self, class: CallClass) -> Result<(), Rejection> {
        self.try_retry_at(class, self.config.retry_milli)
    }

    /// The same for a retry that costs so many thousandths of a token instead, such as
    /// [`timeout_milli`](TokenBudgetConfig::timeout_milli).
    ///
    /// # Errors
    /// As [`try_retry`](Self::try_retry).
    pub fn try_retry_at(&self, class: CallClass, cost_milli: u64) -> Result<(), Rejection> {
        self.take(class, cost_milli).map(|_taken| ())
    }

    /// The same; says what was taken, which is less than the cost when a safety call takes the rest.
    pub(super) fn take(&self, class: CallClass, cost: u64) -> Result<u64, Rejection> {
        let (floor, safety) = (self.config.floor_milli, class == CallClass::Safety);
        let before = self.change(|milli| {
            let enough = milli > floor && milli >= cost;
            (enough || safety).then(|| milli.saturating_sub(cost))
        });
        before
            .map(|held| held.min(cost))
            .ok_or_else(|| Rejection::new(RejectionKind::BudgetEmpty, None))
    }

    /// A retry succeeded that took `cost_milli`: gives that back, or what a success gives if that is
    /// more.
    pub fn on_retry_success(&self, cost_milli: u64) {
        self.add(cost_milli.max(self.config.deposit_milli));
    }

    /// Gives back what a retry took that was not made.
    pub fn refund_retry(&self) {
        self.add(self.config.retry_milli);
    }

    /// Thousandths of tokens that are left.
    pub fn left_milli(&self) -> u64 {
        self.milli.load(Ordering::Acquire)
    }

    /// Sets the balance, from a saved state; at most the capacity.
    pub fn restore_milli(&self, milli: u64) {
        self.milli
            .store(milli.min(self.config.capacity_milli), Ordering::Release);
    }

    /// What a retry takes, after a timeout or after another failure.
    #[cfg(any(feature = "std", feature = "spin"))]
    pub(super) const fn cost(&self, after_timeout: bool) -> u64 {
        if after_timeout {
            self.config.timeout_milli
        } else {
            self.config.retry_milli
        }
    }

    fn add(&self, milli: u64) {
        let most = self.config.capacity_milli;
        self.change(|held| Some(held.saturating_add(milli).min(most)));
    }

    /// What was there before, if it was changed.
    fn change(&self, next: impl Fn(u64) -> Option<u64>) -> Option<u64> {
        self.milli
            .fetch_update(Ordering::AcqRel, Ordering::Relaxed, next)
            .ok()
    }
}
