//! One of the three budgets, for who does not care which pays.

use alloc::sync::Arc;

use crate::call::{CallClass, Outcome};
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
/// use phasegate_resilience::{ExpiringBudget, Policy, Rate, RetryPolicy};
///
/// // One retry in five calls of the last ten seconds, and one a second without calls.
/// let budget = ExpiringBudget::new(Duration::from_secs(10), Rate::percent(20)?, 1)?;
/// let policy = Policy::new().retry(RetryPolicy::default()).budget(Arc::new(budget));
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

    /// A retry or hedge is to be made. The guard, if there is one, ends it.
    pub(crate) fn try_retry<C: Clock>(
        &self,
        class: CallClass,
        clock: &C,
    ) -> Result<Option<Underway<'_>>, Rejection> {
        match self {
            Self::Concurrent(budget) => budget.try_retry(class).map(Some),
            Self::Expiring(budget) => budget.try_retry(class, clock).map(|()| None),
            Self::Token(budget) => budget.try_retry(class).map(|()| None),
        }
    }

    /// An attempt ended.
    #[inline]
    pub(crate) fn on_outcome(&self, outcome: Outcome) {
        let Self::Token(budget) = self else { return };
        match outcome {
            Outcome::Success => budget.on_success(),
            Outcome::Failure | Outcome::Throttled => budget.on_failure(),
            Outcome::Ignored => {}
        }
    }
}
