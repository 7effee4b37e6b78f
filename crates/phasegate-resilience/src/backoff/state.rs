//! Where one request stands in its schedule. Made on the first failure, so success pays nothing.

use core::time::Duration;

use crate::rate::Rate;
use crate::rng::Rng;
use crate::time::nanos;

use super::schedule::{Backoff, Jitter, Schedule};

/// The running state of one request's delays: 32 bytes, no allocation, O(1) per delay.
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
    taken: u32,
}

impl BackoffState {
    /// A fresh start. Each request needs an `rng` of its own ([`Seed::stream`](crate::Seed::stream)).
    pub fn new(backoff: &Backoff, rng: Rng) -> Self {
        Self {
            rng,
            base: backoff.first.min(backoff.cap),
            previous: 0,
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
            Jitter::Proportional(share) => self.around(base, share, backoff.cap),
        }
    }

    /// Uniform around `base`, which moves down so far that nothing crosses the cap.
    fn around(&mut self, base: u64, share: Rate, cap: u64) -> u64 {
        let (part, whole) = share.parts();
        let (part, whole) = (u64::from(part), u64::from(whole));
        let middle = base.min(scaled(cap, whole, whole + part));
        let reach = scaled(middle, part, whole);
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

/// `amount * by / of`, rounded down. The product fits 64 bits for delays below some decades.
fn scaled(amount: u64, by: u64, of: u64) -> u64 {
    match amount.checked_mul(by) {
        Some(product) => product / of,
        None => {
            let wide = u128::from(amount) * u128::from(by) / u128::from(of);
            u64::try_from(wide).unwrap_or(u64::MAX)
        }
    }
}
