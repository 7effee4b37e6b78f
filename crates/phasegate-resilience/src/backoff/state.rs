//! Where one request stands in its schedule. Made on the first failure, so success pays nothing.

use core::time::Duration;

use crate::rate::Rate;
use crate::rng::Rng;
use crate::time::nanos;

use super::schedule::{Backoff, Jitter, Schedule};

/// The running state of one request's delays: 48 bytes, no allocation, O(1) per delay.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{Backoff, BackoffState, Jitter, Rng};
///
/// let backoff = Backoff::exponential(Duration::from_millis(100)).jitter(Jitter::None);
/// let mut state = BackoffState::new(&backoff, Rng::new(1));
/// let delays: Vec<u128> = (0..3).map(|_| state.next(&backoff).as_millis()).collect();
/// assert_eq!(delays, [100, 200, 400]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BackoffState {
    rng: Rng,
    base: u64,
    previous: u64,
    /// Of proportional jitter: the highest middle whose upper end is within the cap, and the share in
    /// parts of 2^64. Reckoned once, so that no delay divides.
    middle: u64,
    share: u64,
    taken: u32,
}

impl BackoffState {
    /// A fresh start. Each request needs an `rng` of its own ([`Seed::stream`](crate::Seed::stream)).
    pub fn new(backoff: &Backoff, rng: Rng) -> Self {
        let (middle, share) = match backoff.jitter {
            Jitter::Proportional(share) => around(share, backoff.cap),
            Jitter::None | Jitter::Full | Jitter::Equal | Jitter::Decorrelated => (0, 0),
        };
        Self {
            rng,
            base: backoff.first.min(backoff.cap),
            previous: 0,
            middle,
            share,
            taken: 0,
        }
    }

    /// How many delays were taken.
    pub const fn taken(&self) -> u32 {
        self.taken
    }

    /// The next delay, at most the schedule's cap.
    #[inline]
    pub fn next(&mut self, backoff: &Backoff) -> Duration {
        if let Jitter::Decorrelated = backoff.jitter {
            return self.decorrelated(backoff);
        }
        let base = self.base;
        self.advance(backoff);
        Duration::from_nanos(self.spread(base, backoff))
    }

    /// Moves `base` on to the next delay without jitter.
    #[inline]
    fn advance(&mut self, backoff: &Backoff) {
        self.taken = self.taken.saturating_add(1);
        let next = match &backoff.schedule {
            Schedule::Constant => self.base,
            Schedule::Linear { step } => self.base.saturating_add(*step),
            Schedule::Exponential { factor_milli: 2000 } => self.base.saturating_mul(2),
            Schedule::Exponential { factor_milli } => {
                let grown = u128::from(self.base) * u128::from(*factor_milli) / 1000;
                u64::try_from(grown).unwrap_or(u64::MAX)
            }
            Schedule::Fibonacci => {
                let next = self.base.saturating_add(self.previous);
                self.previous = self.base;
                next
            }
            Schedule::List(delays) => {
                let index = usize::try_from(self.taken).unwrap_or(usize::MAX);
                delays
                    .get(index)
                    .or(delays.last())
                    .map_or(self.base, |delay| nanos(*delay))
            }
        };
        self.base = next.min(backoff.cap);
    }

    #[inline]
    fn spread(&mut self, base: u64, backoff: &Backoff) -> u64 {
        match backoff.jitter {
            Jitter::None | Jitter::Decorrelated => base,
            Jitter::Full => self.rng.up_to(base),
            Jitter::Equal => base - self.rng.up_to(base / 2),
            Jitter::Proportional(_) => self.around(base),
        }
    }

    /// Uniform around `base`, which moves down so far that nothing crosses the cap.
    #[inline]
    fn around(&mut self, base: u64) -> u64 {
        let middle = base.min(self.middle);
        let reach = high_half(middle, self.share);
        (middle - reach).saturating_add(self.rng.up_to(reach.saturating_mul(2)))
    }

    #[inline]
    fn decorrelated(&mut self, backoff: &Backoff) -> Duration {
        self.taken = self.taken.saturating_add(1);
        let low = backoff.first.min(backoff.cap);
        let high = self.base.saturating_mul(3).clamp(low, backoff.cap);
        self.base = low + self.rng.up_to(high - low);
        Duration::from_nanos(self.base)
    }
}

/// The highest middle around which `share` stays within `cap`, and the share in parts of 2^64.
fn around(share: Rate, cap: u64) -> (u64, u64) {
    let (part, whole) = share.parts();
    let (part, whole) = (u128::from(part), u128::from(whole));
    let narrow = |wide: u128| u64::try_from(wide).unwrap_or(u64::MAX);
    let middle = u128::from(cap) * whole / (whole + part);
    (narrow(middle), narrow((part << 64) / whole))
}

/// `amount` times so many parts of 2^64, rounded down.
#[inline]
const fn high_half(amount: u64, parts: u64) -> u64 {
    ((amount as u128 * parts as u128) >> 64) as u64
}
