//! What the delays are: the configuration, a plain value.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::time::Duration;

use crate::error::Misuse;
use crate::rate::Rate;
use crate::time::nanos;

/// How chance spreads a delay. Every kind stays within the cap, and none vanishes at the cap.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{Backoff, BackoffState, Jitter, Rng};
///
/// let second = Duration::from_secs(1);
/// let backoff = Backoff::constant(second).cap(second).jitter(Jitter::Equal);
/// let delay = BackoffState::new(&backoff, Rng::new(1)).next(&backoff);
/// assert!(delay >= second / 2 && delay <= second);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the known kinds; configuration names them"
)]
pub enum Jitter {
    /// The schedule as it is. For tests and for single clients.
    None,
    /// Uniform in `0..=delay`. Spreads best.
    #[default]
    Full,
    /// Half fixed, half uniform: `delay/2..=delay`.
    Equal,
    /// Uniform in `first..=3 * previous delay`. Follows its own growth, not the schedule's.
    Decorrelated,
    /// Uniform in `delay * (1 - share)..=delay * (1 + share)`, moved down where it would cross the
    /// cap.
    Proportional(Rate),
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Schedule {
    Constant,
    Linear {
        step: u64,
    },
    Exponential {
        factor_milli: u32,
    },
    Fibonacci,
    /// Behind a thin pointer: a breaker keeps a schedule, and few are lists.
    List(Arc<Box<[Duration]>>),
}

/// A schedule of delays. Nothing is drawn or counted here; see [`BackoffState`](super::BackoffState).
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{Backoff, BackoffState, Jitter, Rng};
///
/// let backoff = Backoff::exponential(Duration::from_millis(100))
///     .cap(Duration::from_secs(1))
///     .jitter(Jitter::None);
/// let mut state = BackoffState::new(&backoff, Rng::new(7));
/// let delays: Vec<u128> = (0..6).map(|_| state.next(&backoff).as_millis()).collect();
/// assert_eq!(delays, [100, 200, 400, 800, 1000, 1000]);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Backoff {
    pub(super) schedule: Schedule,
    pub(super) first: u64,
    pub(super) cap: u64,
    pub(super) jitter: Jitter,
}

impl Backoff {
    const fn new(schedule: Schedule, first: u64, jitter: Jitter) -> Self {
        Self {
            schedule,
            first,
            cap: u64::MAX,
            jitter,
        }
    }

    /// The same delay each time, without jitter.
    pub fn constant(delay: Duration) -> Self {
        Self::new(Schedule::Constant, nanos(delay), Jitter::None)
    }

    /// `first`, `first + step`, `first + 2 * step`, ..., with full jitter.
    pub fn linear(first: Duration, step: Duration) -> Self {
        Self::new(
            Schedule::Linear { step: nanos(step) },
            nanos(first),
            Jitter::Full,
        )
    }

    /// Doubling from `first`, with full jitter. Without [`cap`](Self::cap) it grows without end.
    pub fn exponential(first: Duration) -> Self {
        Self::new(
            Schedule::Exponential { factor_milli: 2000 },
            nanos(first),
            Jitter::Full,
        )
    }

    /// `first` times 1, 1, 2, 3, 5, 8, ..., with full jitter.
    pub fn fibonacci(first: Duration) -> Self {
        Self::new(Schedule::Fibonacci, nanos(first), Jitter::Full)
    }

    /// These delays in turn, the last for ever after, without jitter.
    ///
    /// # Errors
    /// [`Misuse::EmptyList`].
    pub fn list(delays: impl Into<Box<[Duration]>>) -> Result<Self, Misuse> {
        let delays = delays.into();
        let first = delays.first().copied().ok_or(Misuse::EmptyList)?;
        Ok(Self::new(
            Schedule::List(Arc::new(delays)),
            nanos(first),
            Jitter::None,
        ))
    }

    /// Sets the growth of an exponential schedule, kept to a thousandth. Other schedules become
    /// exponential.
    ///
    /// # Errors
    /// [`Misuse::FactorOutOfRange`] unless `1.0 <= factor <= 1000.0`.
    pub fn factor(mut self, factor: f64) -> Result<Self, Misuse> {
        if !(1.0..=1000.0).contains(&factor) {
            return Err(Misuse::FactorOutOfRange);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range was checked one line above"
        )]
        let factor_milli = (factor * 1000.0 + 0.5) as u32;
        self.schedule = Schedule::Exponential { factor_milli };
        Ok(self)
    }

    /// Sets the most that any delay may be, jitter included.
    #[must_use]
    pub fn cap(mut self, cap: Duration) -> Self {
        self.cap = nanos(cap);
        self
    }

    /// Sets the jitter.
    #[must_use]
    pub fn jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self
    }

    /// The longest delay that can come out.
    pub fn longest(&self) -> Duration {
        Duration::from_nanos(self.cap)
    }

    #[cfg(any(feature = "std", feature = "spin"))]
    #[inline]
    pub(crate) const fn longest_nanos(&self) -> u64 {
        self.cap
    }

    /// The delay before retry `n` (from 0) without jitter, capped.
    pub fn plain(&self, n: u32) -> Duration {
        let bare = Self {
            jitter: Jitter::None,
            ..self.clone()
        };
        let mut state = super::BackoffState::new(&bare, crate::rng::Rng::new(0));
        // Growth ends at the cap or at 2^64 ns; linear and Fibonacci schedules are asked step by
        // step, and no caller plans with more than some thousand retries.
        let mut delay = state.next(&bare);
        for _ in 0..n.min(100_000) {
            delay = state.next(&bare);
        }
        delay
    }
}
