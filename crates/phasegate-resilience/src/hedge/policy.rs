//! When to hedge, and how often.

use alloc::sync::Arc;
use core::time::Duration;

use crate::budget::RetryBudget;
use crate::rate::Rate;

use super::latency::Latencies;

/// How long the first request may take before a second is made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum HedgeDelay {
    /// So long.
    After(Duration),
    /// The quantile of past latencies, and `at_first` while fewer than `samples` are known.
    Quantile {
        /// Where the latencies are kept; the same that are recorded.
        latencies: Arc<Latencies>,
        /// Which quantile.
        share: Rate,
        /// How many are needed.
        samples: u64,
        /// The delay until then.
        at_first: Duration,
    },
}

/// Hedging: at most `extra` more requests, each after the delay or at once when one before it
/// failed. Only calls that [read](crate::Idempotency::Read) are hedged; others are made once.
#[derive(Clone, Debug)]
pub struct HedgePolicy {
    pub(super) delay: HedgeDelay,
    pub(super) extra: u32,
    pub(super) budget: Option<RetryBudget>,
}

impl HedgePolicy {
    /// One more request after `delay`.
    pub fn new(delay: HedgeDelay) -> Self {
        Self {
            delay,
            extra: 1,
            budget: None,
        }
    }

    /// Sets how many more requests there may be, at most 10.
    #[must_use]
    pub fn extra(mut self, requests: u32) -> Self {
        self.extra = requests.min(10);
        self
    }

    /// Hedges only while `budget` allows; each costs what a retry costs.
    #[must_use]
    pub fn budget(mut self, budget: impl Into<RetryBudget>) -> Self {
        self.budget = Some(budget.into());
        self
    }

    pub(super) fn delay(&self) -> Duration {
        match &self.delay {
            HedgeDelay::After(delay) => *delay,
            HedgeDelay::Quantile {
                latencies,
                share,
                samples,
                at_first,
            } => latencies.quantile(*share, *samples).unwrap_or(*at_first),
        }
    }
}
