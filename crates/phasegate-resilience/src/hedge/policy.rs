//! When to hedge, and how often.

use alloc::sync::Arc;
use core::time::Duration;

use crate::budget::RetryBudget;
use crate::rate::Rate;

use super::latency::Latencies;

/// How long the first request may take before a second is made.
///
/// ```
/// use core::time::Duration;
/// use std::sync::Arc;
/// use phasegate_resilience::{HedgeDelay, HedgePolicy, Latencies, Rate};
///
/// // After the 95th percentile of the last minutes, and after a second until 20 answers are known.
/// let delay = HedgeDelay::Quantile {
///     latencies: Arc::new(Latencies::new(Duration::from_secs(120))),
///     share: Rate::percent(95)?,
///     samples: 20,
///     at_first: Duration::from_secs(1),
/// };
/// let hedge = HedgePolicy::new(delay).extra(2);
/// # drop(hedge);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
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
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{Call, HedgeDelay, HedgePolicy, OkOrFailure, TokioTimer};
///
/// let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
/// let hedged = runtime.block_on(async {
///     let hedge = HedgePolicy::new(HedgeDelay::After(Duration::from_millis(1)));
///     let timer = TokioTimer::new();
///     // The first request hangs, the second answers.
///     let request = |number| async move {
///         if number == 0 {
///             core::future::pending::<()>().await;
///         }
///         Ok::<_, ()>(number)
///     };
///     hedge.run(&timer, &Call::read(), &OkOrFailure, request).await
/// });
/// assert_eq!((hedged.result, hedged.winner, hedged.made), (Ok(1), 1, 2));
/// # Ok::<(), std::io::Error>(())
/// ```
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
