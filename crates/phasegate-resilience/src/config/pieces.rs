//! The smaller pieces as a document describes them: budgets, throttle, hedge, adaptive limit.

use alloc::sync::Arc;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::adaptive::{AdaptiveConfig, AdaptiveLimit};
use crate::budget::{
    ConcurrentBudget, ExpiringBudget, RetryBudget, TokenBudget, TokenBudgetConfig,
};
use crate::error::Misuse;
use crate::hedge::{HedgeDelay, HedgePolicy, Latencies};
use crate::rate::Rate;
use crate::rng::Seed;
use crate::throttle::ClientThrottle;

use super::duration::Span;

/// A retry budget, by the name of its kind: `{ expiring = { ttl = "10s", ratio = 0.2 } }`.
///
/// ```
/// use phasegate_resilience::config::BudgetSettings;
///
/// let settings: BudgetSettings = toml::from_str(r#"aws = { capacity = 500, cost = 5 }"#).unwrap();
/// let budget = settings.build()?;
/// # drop(budget);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::exhaustive_enums, reason = "mirrors what a document may say")]
pub enum BudgetSettings {
    /// Tokens as the AWS clients keep them.
    Aws {
        /// The most tokens.
        capacity: u32,
        /// What a retry takes.
        cost: u32,
    },
    /// A share of the calls under way.
    Concurrent {
        /// The share, 0 to 1.
        share: f64,
        /// Always so many.
        at_least: u32,
    },
    /// A share of the calls of the last while.
    Expiring {
        /// How long a call pays.
        ttl: Span,
        /// Retries per call, 0 to 1.
        ratio: f64,
        /// Retries per second that need no call.
        #[serde(default)]
        reserve_per_second: u32,
    },
    /// Tokens as gRPC keeps them.
    Grpc {
        /// The most tokens.
        max_tokens: u32,
        /// What a success gives, in tokens, to a thousandth.
        ratio: f64,
    },
}

impl BudgetSettings {
    /// The budget described.
    ///
    /// # Errors
    /// [`Misuse`] for a rate out of range or nothing to spend.
    pub fn build(&self) -> Result<RetryBudget, Misuse> {
        Ok(match *self {
            Self::Aws { capacity, cost } => {
                Arc::new(TokenBudget::new(TokenBudgetConfig::aws(capacity, cost))?).into()
            }
            Self::Concurrent { share, at_least } => {
                Arc::new(ConcurrentBudget::new(Rate::new(share)?, at_least)).into()
            }
            Self::Expiring {
                ttl,
                ratio,
                reserve_per_second,
            } => Arc::new(ExpiringBudget::new(
                ttl.0,
                Rate::new(ratio)?,
                reserve_per_second,
            )?)
            .into(),
            Self::Grpc { max_tokens, ratio } => {
                let config = TokenBudgetConfig::grpc(max_tokens, thousandths(ratio)?);
                Arc::new(TokenBudget::new(config)?).into()
            }
        })
    }
}

/// A client throttle.
///
/// ```
/// use phasegate_resilience::config::ThrottleSettings;
///
/// let settings: ThrottleSettings = toml::from_str(r#"window = "2m""#).unwrap();
/// let throttle = settings.build()?;
/// # drop(throttle);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ThrottleSettings {
    /// Over how long; 2 minutes are usual, and not less than the slowest answers take.
    pub window: Span,
    /// The factor; 2 if left out.
    #[serde(default)]
    pub k: Option<f64>,
}

impl ThrottleSettings {
    /// The throttle described.
    ///
    /// # Errors
    /// [`Misuse::FactorOutOfRange`] unless `0 <= k <= 1000`.
    pub fn build(&self) -> Result<ClientThrottle, Misuse> {
        let k_milli = thousandths(self.k.unwrap_or(2.0))?;
        Ok(ClientThrottle::new(self.window.0, k_milli, Seed::random()))
    }
}

/// Hedging: `{ after = "200ms" }` or `{ quantile = 0.95, at_first = "1s" }`.
///
/// ```
/// use phasegate_resilience::config::HedgeSettings;
///
/// let settings: HedgeSettings = toml::from_str(r#"after = "200ms""#).unwrap();
/// let hedge = settings.build()?;
/// # drop(hedge);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct HedgeSettings {
    /// After so long.
    pub after: Option<Span>,
    /// After this quantile of past latencies, 0 to 1.
    pub quantile: Option<f64>,
    /// How many latencies it needs; 100 if left out.
    pub samples: Option<u64>,
    /// The delay until then; needed with a quantile.
    pub at_first: Option<Span>,
    /// For how long latencies are remembered; a minute if left out.
    pub period: Option<Span>,
    /// How many more requests; one if left out.
    pub extra: Option<u32>,
}

impl HedgeSettings {
    /// The hedge described.
    ///
    /// # Errors
    /// [`Misuse::Zero`] unless exactly one of delay and quantile is said, a quantile with its first
    /// delay.
    pub fn build(&self) -> Result<HedgePolicy, Misuse> {
        let delay = match (self.after, self.quantile, self.at_first) {
            (Some(after), None, None) => HedgeDelay::After(after.0),
            (None, Some(share), Some(at_first)) => HedgeDelay::Quantile {
                latencies: Arc::new(Latencies::new(
                    self.period.map_or(Duration::from_secs(60), |span| span.0),
                )),
                share: Rate::new(share)?,
                samples: self.samples.unwrap_or(100),
                at_first: at_first.0,
            },
            _ => return Err(Misuse::Zero),
        };
        Ok(HedgePolicy::new(delay).extra(self.extra.unwrap_or(1)))
    }
}

/// A limit that finds itself, for a bulkhead.
///
/// ```
/// use phasegate_resilience::config::AdaptiveSettings;
///
/// let settings = AdaptiveSettings { lowest: 2, highest: 32, slow_over: None };
/// assert_eq!(settings.build()?.limit(), 2);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AdaptiveSettings {
    /// Never below.
    pub lowest: u32,
    /// Never above.
    pub highest: u32,
    /// Slower calls count as congestion.
    #[serde(default)]
    pub slow_over: Option<Span>,
}

impl AdaptiveSettings {
    /// The limit described, from the lowest.
    ///
    /// # Errors
    /// [`Misuse::Zero`] when the bounds are zero or crossed.
    pub fn build(&self) -> Result<AdaptiveLimit, Misuse> {
        let mut config = AdaptiveConfig::between(self.lowest, self.highest)?;
        if let Some(slow) = self.slow_over {
            config = config.slow_over(slow.0);
        }
        Ok(AdaptiveLimit::new(config))
    }
}

fn thousandths(value: f64) -> Result<u32, Misuse> {
    if !(0.0..=1000.0).contains(&value) {
        return Err(Misuse::FactorOutOfRange);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range was checked above"
    )]
    let milli = (value * 1000.0 + 0.5) as u32;
    Ok(milli)
}
