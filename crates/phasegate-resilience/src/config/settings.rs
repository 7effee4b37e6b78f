//! The pieces as a document describes them. Every field may be left out; unknown fields are
//! refused.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::backoff::{Backoff, Jitter};
use crate::breaker::{Breaker, BreakerConfig, OpenLimit, Window};
use crate::bulkhead::{Bulkhead, BulkheadConfig};
use crate::error::Misuse;
use crate::limiter::{Quota, RateLimiter};
use crate::not_before::NotBefore;
use crate::policy::Policy;
use crate::rate::Rate;
use crate::retry::RetryPolicy;
use crate::time::Tick;

use super::duration::Span;
use super::pieces::{AdaptiveSettings, BudgetSettings, HedgeSettings, ThrottleSettings};

/// A window: `{ calls = 100 }` or `{ span = "60s", slots = 60 }`.
///
/// ```
/// use phasegate_resilience::config::{BreakerSettings, WindowSettings};
///
/// let window: WindowSettings = toml::from_str("calls = 20").unwrap();
/// let settings = BreakerSettings { window: Some(window), ..Default::default() };
/// assert!(settings.build().is_ok());
/// ```
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WindowSettings {
    /// The last so many calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<u32>,
    /// The last so much time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// In how many slots; 10 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<u32>,
}

impl WindowSettings {
    fn build(self) -> Result<Window, Misuse> {
        match (self.calls, self.span, self.slots) {
            (Some(calls), None, None) => Ok(Window::Calls(calls)),
            (None, Some(span), slots) => Ok(Window::Time {
                span: span.0,
                slots: slots.unwrap_or(10),
            }),
            _ => Err(Misuse::WindowOutOfRange),
        }
    }
}

/// The names of the schedules.
///
/// ```
/// use phasegate_resilience::config::{BackoffSettings, ScheduleSettings};
///
/// let text = r#"{ "schedule": "fibonacci", "first": "1s" }"#;
/// let settings: BackoffSettings = serde_json::from_str(text).unwrap();
/// assert_eq!(settings.schedule, ScheduleSettings::Fibonacci);
/// ```
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "mirrors what a document may say")]
pub enum ScheduleSettings {
    /// Always the same.
    Constant,
    /// Growing by a step.
    Linear,
    /// Growing by a factor.
    #[default]
    Exponential,
    /// 1, 1, 2, 3, 5, ...
    Fibonacci,
    /// As listed.
    List,
}

/// The names of the jitters.
///
/// ```
/// use phasegate_resilience::config::{BackoffSettings, JitterSettings};
///
/// let text = r#"{ "first": "1s", "jitter": { "proportional": 0.2 } }"#;
/// let settings: BackoffSettings = serde_json::from_str(text).unwrap();
/// assert_eq!(settings.jitter, Some(JitterSettings::Proportional(0.2)));
/// ```
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "mirrors what a document may say")]
pub enum JitterSettings {
    /// None.
    None,
    /// Uniform from zero.
    #[default]
    Full,
    /// Half fixed, half uniform.
    Equal,
    /// From the delay before.
    Decorrelated,
    /// Around the delay, by a share.
    Proportional(f64),
}

/// A schedule of delays.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::config::BackoffSettings;
///
/// let settings: BackoffSettings =
///     serde_json::from_str(r#"{ "first": "1s", "factor": 3.0, "cap": "5s" }"#).unwrap();
/// let backoff = settings.build()?;
/// assert_eq!(backoff.plain(1), Duration::from_secs(3));
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BackoffSettings {
    /// Which schedule.
    #[serde(default)]
    pub schedule: ScheduleSettings,
    /// The first delay; needed by all but a list.
    #[serde(default)]
    pub first: Option<Span>,
    /// The step of a linear schedule; the first delay if left out.
    #[serde(default)]
    pub step: Option<Span>,
    /// The factor of an exponential schedule; 2 if left out.
    #[serde(default)]
    pub factor: Option<f64>,
    /// The delays of a list.
    #[serde(default)]
    pub delays: Vec<Span>,
    /// The longest delay.
    #[serde(default)]
    pub cap: Option<Span>,
    /// The jitter; full if left out, none for constant and list.
    #[serde(default)]
    pub jitter: Option<JitterSettings>,
}

impl BackoffSettings {
    /// The schedule described.
    ///
    /// # Errors
    /// [`Misuse`] for a missing first delay, an empty list, a factor or share out of range.
    pub fn build(&self) -> Result<Backoff, Misuse> {
        let first = self.first.map(|span| span.0).ok_or(Misuse::Zero);
        let mut backoff = match self.schedule {
            ScheduleSettings::Constant => Backoff::constant(first?),
            ScheduleSettings::Linear => {
                let first = first?;
                Backoff::linear(first, self.step.map_or(first, |span| span.0))
            }
            ScheduleSettings::Exponential => {
                Backoff::exponential(first?).factor(self.factor.unwrap_or(2.0))?
            }
            ScheduleSettings::Fibonacci => Backoff::fibonacci(first?),
            ScheduleSettings::List => Backoff::list(
                self.delays
                    .iter()
                    .map(|span| span.0)
                    .collect::<Vec<Duration>>(),
            )?,
        };
        if let Some(cap) = self.cap {
            backoff = backoff.cap(cap.0);
        }
        let jitter = match self.jitter {
            None => return Ok(backoff),
            Some(JitterSettings::None) => Jitter::None,
            Some(JitterSettings::Full) => Jitter::Full,
            Some(JitterSettings::Equal) => Jitter::Equal,
            Some(JitterSettings::Decorrelated) => Jitter::Decorrelated,
            Some(JitterSettings::Proportional(share)) => Jitter::Proportional(Rate::new(share)?),
        };
        Ok(backoff.jitter(jitter))
    }
}

/// Slow calls: longer than `over`, and `rate` of them opens.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::config::{BreakerSettings, SlowSettings, Span};
///
/// let slow = SlowSettings { over: Span(Duration::from_secs(2)), rate: 0.8 };
/// let settings = BreakerSettings { slow: Some(slow), ..Default::default() };
/// assert!(settings.build().is_ok());
/// ```
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SlowSettings {
    /// Longer than this is slow.
    pub over: Span,
    /// The share that opens, 0 to 1.
    pub rate: f64,
}

/// A breaker. What is left out is as in [`BreakerConfig::default`].
///
/// ```
/// use phasegate_resilience::State;
/// use phasegate_resilience::config::BreakerSettings;
///
/// let settings: BreakerSettings = toml::from_str(r#"
///     mode = "metrics_only"
///     consecutive_failures = 5
/// "#).unwrap();
/// assert_eq!(settings.make()?.state(), State::MetricsOnly);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerSettings {
    /// The window of the rates.
    pub window: Option<WindowSettings>,
    /// The share of failures that opens, 0 to 1.
    pub failure_rate: Option<f64>,
    /// Slow calls.
    pub slow: Option<SlowSettings>,
    /// Failures in a row that open.
    pub consecutive_failures: Option<u32>,
    /// Calls before a rate is judged.
    pub min_calls: Option<u32>,
    /// Probes of a half-open state.
    pub probes: Option<u32>,
    /// How long to wait for probes.
    pub probe_wait: Option<Span>,
    /// How long to stay open.
    pub open_for: Option<BackoffSettings>,
    /// Whether a time named by the server opens at once.
    pub open_on_hint: Option<bool>,
    /// Failures in the window that open, whatever their share.
    pub failure_count: Option<u32>,
    /// Good probes that close; by rate if left out.
    pub probe_successes: Option<u32>,
    /// How long a half-open state may last, instead of a wait for probes.
    pub half_open_at_most: Option<Span>,
    /// Whether only failures open.
    pub only_failures_open: Option<bool>,
    /// Whether an opening ends at its wait and not strictly after it.
    pub open_ends_at_wait: Option<bool>,
    /// What the breaker does with calls.
    pub mode: ModeSettings,
}

/// Whether a breaker is enforced.
///
/// ```
/// use phasegate_resilience::State;
/// use phasegate_resilience::config::{BreakerSettings, ModeSettings};
///
/// let settings = BreakerSettings { mode: ModeSettings::ForcedOpen, ..Default::default() };
/// assert_eq!(settings.make()?.state(), State::ForcedOpen);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "mirrors what a document may say")]
pub enum ModeSettings {
    /// It is.
    #[default]
    Enforced,
    /// It admits all and reports what it would have rejected.
    MetricsOnly,
    /// It admits all and watches nothing.
    Disabled,
    /// It rejects all.
    ForcedOpen,
}

impl BreakerSettings {
    /// The configuration described.
    ///
    /// # Errors
    /// [`Misuse`] as of the pieces.
    pub fn build(&self) -> Result<BreakerConfig, Misuse> {
        let mut config = BreakerConfig::default();
        if let Some(window) = self.window {
            config = config.window(window.build()?);
        }
        if let Some(rate) = self.failure_rate {
            config = config.failure_rate(Rate::new(rate)?);
        }
        if let Some(slow) = self.slow {
            config = config.slow_calls(slow.over.0, Rate::new(slow.rate)?);
        }
        if let Some(run) = self.consecutive_failures {
            config = config.consecutive_failures(run);
        }
        if let Some(calls) = self.min_calls {
            config = config.min_calls(calls);
        }
        if let Some(probes) = self.probes {
            config = config.probes(probes);
        }
        if let Some(wait) = self.probe_wait {
            config = config.probe_wait(wait.0);
        }
        if let Some(open) = &self.open_for {
            config = config.open_for(open.build()?);
        }
        if let Some(open) = self.open_on_hint {
            config = config.open_on_hint(open);
        }
        if let Some(failures) = self.failure_count {
            config = config.failure_count(failures);
        }
        if let Some(successes) = self.probe_successes {
            config = config.probe_successes(successes);
        }
        if let Some(wait) = self.half_open_at_most {
            config = config.half_open_at_most(wait.0);
        }
        if let Some(only) = self.only_failures_open {
            config = config.only_failures_open(only);
        }
        if let Some(at_wait) = self.open_ends_at_wait {
            config = config.open_ends_at_wait(at_wait);
        }
        Ok(config)
    }

    /// A breaker as described, in its mode.
    ///
    /// # Errors
    /// [`Misuse`] as of the pieces.
    pub fn make(&self) -> Result<Breaker, Misuse> {
        self.make_within(None)
    }

    fn make_within(&self, limit: Option<&Arc<OpenLimit>>) -> Result<Breaker, Misuse> {
        let config = self.build()?;
        let breaker = Breaker::new(match limit {
            Some(limit) => config.open_limit(Arc::clone(limit)),
            None => config,
        })?;
        match self.mode {
            ModeSettings::Enforced => {}
            ModeSettings::MetricsOnly => breaker.metrics_only(&Tick::ZERO),
            ModeSettings::Disabled => breaker.disable(&Tick::ZERO),
            ModeSettings::ForcedOpen => breaker.force_open(&Tick::ZERO),
        }
        Ok(breaker)
    }
}

/// Retrying. What is left out is as in [`RetryPolicy::default`].
///
/// ```
/// use phasegate_resilience::config::RetrySettings;
///
/// let settings: RetrySettings = toml::from_str(r#"
///     attempts = 4
///     total = "2m"
///     backoff = { first = "500ms", cap = "30s" }
/// "#).unwrap();
/// let policy = settings.build()?;
/// # drop(policy);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetrySettings {
    /// Attempts in all.
    pub attempts: Option<u32>,
    /// How long everything may take.
    pub total: Option<Span>,
    /// The delays.
    pub backoff: Option<BackoffSettings>,
    /// What one attempt typically takes.
    pub typical: Option<Span>,
    /// The longest wait a server may ask for.
    pub longest_hint: Option<Span>,
}

impl RetrySettings {
    /// The policy described.
    ///
    /// # Errors
    /// [`Misuse`] as of the delays.
    pub fn build(&self) -> Result<RetryPolicy, Misuse> {
        let mut policy = RetryPolicy::default();
        if let Some(attempts) = self.attempts {
            policy = policy.attempts(attempts);
        }
        if let Some(total) = self.total {
            policy = policy.total(total.0);
        }
        if let Some(backoff) = &self.backoff {
            policy = policy.backoff(backoff.build()?);
        }
        if let Some(typical) = self.typical {
            policy = policy.typical(typical.0);
        }
        if let Some(longest) = self.longest_hint {
            policy = policy.longest_hint(longest.0);
        }
        Ok(policy)
    }
}

/// A rate limit.
///
/// ```
/// use phasegate_resilience::config::{LimiterSettings, PolicySettings};
///
/// let settings: LimiterSettings = toml::from_str(r#"
///     calls = 5000
///     per = "1h"
///     burst = 500
///     in_any_period = true
/// "#).unwrap();
/// let settings = PolicySettings { limiter: Some(settings), ..Default::default() };
/// let policy = settings.build()?;
/// # drop(policy);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LimiterSettings {
    /// Calls per period.
    pub calls: u32,
    /// The period.
    pub per: Span,
    /// Calls at once; as many as in a period if left out.
    #[serde(default)]
    pub burst: Option<u32>,
    /// Whether no stretch of a period may ever see more than `calls`, as [`Quota::within`] says; needs
    /// a burst below them.
    #[serde(default)]
    pub in_any_period: bool,
    /// How long to wait for a turn; not at all if left out.
    #[serde(default)]
    pub wait: Option<Span>,
    /// Kept for mutations and safety calls.
    #[serde(default)]
    pub reserve_mutation: u32,
    /// Kept for safety calls, beside those.
    #[serde(default)]
    pub reserve_safety: u32,
}

impl LimiterSettings {
    fn quota(self) -> Result<Quota, Misuse> {
        let burst = self.burst.unwrap_or(self.calls);
        let quota = if self.in_any_period {
            Quota::within(self.calls, self.per.0, burst)?
        } else {
            Quota::new(self.calls, self.per.0)?.burst(burst)
        };
        Ok(quota.reserve(self.reserve_mutation, self.reserve_safety))
    }
}

/// A bulkhead.
///
/// ```
/// use phasegate_resilience::config::{BulkheadSettings, PolicySettings};
///
/// let settings: BulkheadSettings = toml::from_str(r#"
///     limit = 8
///     queue = 16
///     wait = "1s"
///     reserve_safety = 1
///     adaptive = { lowest = 2, highest = 32 }
/// "#).unwrap();
/// let settings = PolicySettings { bulkhead: Some(settings), ..Default::default() };
/// let policy = settings.build()?;
/// # drop(policy);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BulkheadSettings {
    /// Calls at the same time.
    pub limit: u32,
    /// Waiters.
    #[serde(default)]
    pub queue: u32,
    /// How long to wait; not at all if left out.
    #[serde(default)]
    pub wait: Option<Span>,
    /// Kept for mutations and safety calls.
    #[serde(default)]
    pub reserve_mutation: u32,
    /// Kept for safety calls, beside those.
    #[serde(default)]
    pub reserve_safety: u32,
    /// Lets the limit follow the results.
    #[serde(default)]
    pub adaptive: Option<AdaptiveSettings>,
}

/// A policy: the pieces that are named, in the fixed order of [`Policy`].
///
/// ```
/// use phasegate_resilience::config::PolicySettings;
///
/// let settings: PolicySettings = toml::from_str(r#"
///     timeout = "10s"
///     retry = { attempts = 4, total = "2m", backoff = { first = "500ms", cap = "30s" } }
///     breaker = { window = { span = "60s", slots = 60 }, slow = { over = "2s", rate = 0.8 } }
///     bulkhead = { limit = 8, queue = 16, wait = "1s", reserve_safety = 1 }
///     limiter = { calls = 5, per = "1s" }
///     budget = { grpc = { max_tokens = 10, ratio = 0.1 } }
/// "#).unwrap();
/// let policy = settings.build()?;
/// assert!(policy.breaker_ref().is_some() && policy.budget_ref().is_some());
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicySettings {
    /// Retrying.
    pub retry: Option<RetrySettings>,
    /// The breaker.
    pub breaker: Option<BreakerSettings>,
    /// The bulkhead.
    pub bulkhead: Option<BulkheadSettings>,
    /// The rate limit.
    pub limiter: Option<LimiterSettings>,
    /// The time of one attempt.
    pub timeout: Option<Span>,
    /// What pays for retries and hedges.
    pub budget: Option<BudgetSettings>,
    /// Respects what servers ask of the credential, at most for so long.
    pub not_before: Option<Span>,
    /// Sheds in proportion to what the server refuses.
    pub throttle: Option<ThrottleSettings>,
    /// A second request when the first is late, for reads.
    pub hedge: Option<HedgeSettings>,
}

impl PolicySettings {
    /// A policy with pieces of its own, shared with no other.
    ///
    /// # Errors
    /// [`Misuse`] as of the pieces.
    pub fn build(&self) -> Result<Policy, Misuse> {
        self.build_within(None)
    }

    /// The same; its breaker shares `limit` with others.
    pub(super) fn build_within(&self, limit: Option<&Arc<OpenLimit>>) -> Result<Policy, Misuse> {
        let mut policy = Policy::new();
        if let Some(retry) = &self.retry {
            policy = policy.retry(retry.build()?);
        }
        if let Some(breaker) = &self.breaker {
            policy = policy.breaker(Arc::new(breaker.make_within(limit)?));
        }
        if let Some(settings) = &self.bulkhead {
            let config = BulkheadConfig::new(settings.limit)
                .queue(settings.queue)
                .reserve(settings.reserve_mutation, settings.reserve_safety);
            let wait = settings.wait.map_or(Duration::ZERO, |span| span.0);
            let bulkhead = Arc::new(Bulkhead::new(config));
            if let Some(adaptive) = settings.adaptive {
                let limit = Arc::new(adaptive.build()?);
                limit.apply(&bulkhead);
                policy = policy.adaptive(limit);
            }
            policy = policy.bulkhead(bulkhead, wait);
        }
        if let Some(settings) = &self.limiter {
            let quota = settings.quota()?;
            let wait = settings.wait.map_or(Duration::ZERO, |span| span.0);
            policy = policy.limiter(Arc::new(RateLimiter::new(quota)), wait);
        }
        if let Some(limit) = self.timeout {
            policy = policy.timeout(limit.0);
        }
        if let Some(longest) = self.not_before {
            policy = policy.not_before(Arc::new(NotBefore::new(longest.0)));
        }
        if let Some(throttle) = self.throttle {
            policy = policy.throttle(Arc::new(throttle.build()?));
        }
        let budget = self.budget.map(|budget| budget.build()).transpose()?;
        if let Some(hedge) = self.hedge {
            let hedge = hedge.build()?;
            policy = policy.hedge(match &budget {
                Some(budget) => hedge.budget(budget.clone()),
                None => hedge,
            });
        }
        if let Some(budget) = budget {
            policy = policy.budget(budget);
        }
        Ok(policy)
    }
}

/// What a [`Registry`](super::Registry) is made from: settings by endpoint class, and settings for
/// those that are not named.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegistrySettings {
    /// For every endpoint class that is not named.
    pub default: PolicySettings,
    /// By `provider/endpoint` or `provider`.
    pub policies: BTreeMap<String, PolicySettings>,
    /// The most keys that the registry makes policies for; 1024 if left out.
    pub most_keys: Option<usize>,
    /// The most breakers that may be open at once; as many as there are if left out. See
    /// [`OpenLimit`].
    pub most_open: Option<u32>,
}
