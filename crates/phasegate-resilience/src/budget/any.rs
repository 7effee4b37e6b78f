//! One of the three budgets, for who does not care which pays.

use alloc::sync::Arc;

use crate::call::{CallClass, Hint, Judgement, Outcome};
use crate::rejection::Rejection;
use crate::time::Clock;

use super::concurrent::{ConcurrentBudget, Underway};
use super::expiring::ExpiringBudget;
use super::token::TokenBudget;

/// A budget, shared by the policies of one dependency. Each of the three converts into it.
///
/// ```
/// use core::time::Duration;
/// use std::sync::Arc;
/// use phasegate_resilience::{ExpiringBudget, Policy, Rate, RetryBudget, RetryPolicy};
///
/// // One retry in five calls of the last ten seconds, and one a second without calls.
/// let budget = ExpiringBudget::new(Duration::from_secs(10), Rate::percent(20)?, 1)?;
/// let budget: RetryBudget = Arc::new(budget).into();
/// let policy = Policy::new().retry(RetryPolicy::default()).budget(budget);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RetryBudget {
    /// A share of the calls under way (Envoy).
    Concurrent(Arc<ConcurrentBudget>),
    /// A share of the calls of the last while (Finagle).
    Expiring(Arc<ExpiringBudget>),
    /// A bucket of tokens (gRPC, AWS).
    Token(Arc<TokenBudget>),
}

impl From<Arc<ConcurrentBudget>> for RetryBudget {
    fn from(budget: Arc<ConcurrentBudget>) -> Self {
        Self::Concurrent(budget)
    }
}

impl From<Arc<ExpiringBudget>> for RetryBudget {
    fn from(budget: Arc<ExpiringBudget>) -> Self {
        Self::Expiring(budget)
    }
}

impl From<Arc<TokenBudget>> for RetryBudget {
    fn from(budget: Arc<TokenBudget>) -> Self {
        Self::Token(budget)
    }
}

impl RetryBudget {
    /// A logical call begins. The guard, if there is one, ends it.
    pub(crate) fn begin<C: Clock>(&self, clock: &C) -> Option<Underway<'_>> {
        match self {
            Self::Concurrent(budget) => Some(budget.begin_call()),
            Self::Expiring(budget) => {
                budget.deposit(clock);
                None
            }
            Self::Token(_) => None,
        }
    }

    /// A retry or hedge is to be made.
    pub(crate) fn try_retry<C: Clock>(
        &self,
        class: CallClass,
        after_timeout: bool,
        clock: &C,
    ) -> Result<Paid<'_>, Rejection> {
        let mut paid = Paid::default();
        match self {
            Self::Concurrent(budget) => paid._held = Some(budget.try_retry(class)?),
            Self::Expiring(budget) => budget.try_retry(class, clock)?,
            Self::Token(budget) => {
                paid.milli = budget.take(class, budget.cost(after_timeout))?;
            }
        }
        Ok(paid)
    }

    /// A first attempt succeeded.
    #[inline]
    pub(crate) fn on_success(&self) {
        if let Self::Token(budget) = self {
            budget.on_success();
        }
    }

    /// An attempt ended for which so much was paid, nothing for the first.
    #[inline]
    pub(crate) fn on_end(&self, judged: &Judgement, paid: Option<&Paid<'_>>) {
        let Self::Token(budget) = self else { return };
        match (judged.outcome, paid) {
            (Outcome::Success, Some(paid)) => budget.on_retry_success(paid.milli),
            (Outcome::Success, None) => budget.on_success(),
            // What no retry can mend says nothing of the server's load (gRPC A6).
            (Outcome::Failure | Outcome::Throttled, _)
                if judged.retryable || judged.hint == Hint::Never =>
            {
                budget.on_failure();
            }
            (Outcome::Failure | Outcome::Throttled | Outcome::Ignored, _) => {}
        }
    }
}

/// What was paid for a retry or a hedge.
#[derive(Debug, Default)]
pub(crate) struct Paid<'a> {
    /// Stands in a concurrent budget until this is dropped.
    pub(crate) _held: Option<Underway<'a>>,
    /// Thousandths of tokens.
    pub(crate) milli: u64,
}
