//! Past latencies, as a histogram of powers of two with eight steps each.

use core::time::Duration;

use crate::rate::Rate;
use crate::sync::{AtomicU64, Ordering};
use crate::time::{Clock, nanos};

/// Eight steps per power of two, from 1 microsecond (2^10 ns) to about 73 minutes (2^42 ns).
const STEPS: u64 = 8;
const LOWEST_POWER: u32 = 10;
const POWERS: u32 = 32;
const BUCKETS: usize = 256;

/// Latencies of the current and the last period. A quantile is answered with the upper end of its
/// bucket: never too small, and at most 12.5 % too large. 4 KiB.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{Latencies, Rate, Tick};
///
/// let latencies = Latencies::new(Duration::from_secs(60));
/// for millis in 1..=100 {
///     latencies.record(Duration::from_millis(millis), &Tick::ZERO);
/// }
/// let p95 = latencies.quantile(Rate::percent(95)?, 20).unwrap();
/// assert!(p95 >= Duration::from_millis(95) && p95 <= Duration::from_millis(107));
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Debug)]
pub struct Latencies {
    period: u64,
    /// The number of the current period; its lowest bit says which half is written.
    current: AtomicU64,
    halves: [[AtomicU64; BUCKETS]; 2],
}

impl Latencies {
    /// Remembers for `period` to twice as long.
    pub fn new(period: Duration) -> Self {
        let half = || core::array::from_fn(|_| AtomicU64::new(0));
        Self {
            period: nanos(period).max(1),
            current: AtomicU64::new(0),
            halves: [half(), half()],
        }
    }

    /// A call took `latency`.
    pub fn record<C: Clock>(&self, latency: Duration, clock: &C) {
        let period = clock.now().as_nanos() / self.period;
        let current = self.current.load(Ordering::Acquire);
        if period > current
            && self
                .current
                .compare_exchange(current, period, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
        {
            self.forget(period);
            if period > current + 1 {
                self.forget(period + 1);
            }
        }
        if let Some(count) = self.half(period.max(current)).get(bucket(nanos(latency))) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The latency that `share` of calls did not exceed; `None` with fewer than `at_least` calls.
    pub fn quantile(&self, share: Rate, at_least: u64) -> Option<Duration> {
        let [a, b] = &self.halves;
        let counts = || {
            a.iter()
                .zip(b)
                .map(|(a, b)| a.load(Ordering::Relaxed) + b.load(Ordering::Relaxed))
        };
        let total: u64 = counts().sum();
        if total == 0 || total < at_least {
            return None;
        }
        let mut seen = 0;
        let index = counts().position(|count| {
            seen += count;
            seen > 0 && share.is_reached(seen, total)
        })?;
        Some(Duration::from_nanos(upper_end(index)))
    }

    fn half(&self, period: u64) -> &[AtomicU64; BUCKETS] {
        let [even, odd] = &self.halves;
        if period.is_multiple_of(2) { even } else { odd }
    }

    fn forget(&self, period: u64) {
        for count in self.half(period) {
            count.store(0, Ordering::Relaxed);
        }
    }
}

fn bucket(nanos: u64) -> usize {
    let nanos = nanos.max(1 << LOWEST_POWER);
    let power = 63 - nanos.leading_zeros();
    let step = (nanos >> (power - 3)) & (STEPS - 1);
    let index = u64::from(power - LOWEST_POWER) * STEPS + step;
    usize::try_from(index)
        .unwrap_or(usize::MAX)
        .min(BUCKETS - 1)
}

fn upper_end(index: usize) -> u64 {
    let index = u64::try_from(index).unwrap_or(0) + 1;
    let power = u32::try_from(index / STEPS).unwrap_or(POWERS) + LOWEST_POWER;
    (STEPS + index % STEPS) << (power - 3)
}

#[cfg(test)]
mod tests {
    use super::{BUCKETS, bucket, upper_end};

    #[test]
    fn a_bucket_ends_above_what_it_holds_and_not_far_above() {
        let mut nanos = 1024_u64;
        while nanos < 1 << 41 {
            let end = upper_end(bucket(nanos));
            assert!(
                end > nanos && end - nanos <= nanos / 8 + 1,
                "{nanos} in a bucket to {end}"
            );
            nanos += nanos / 7 + 1;
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
        assert_eq!(bucket(0), 0);
    }
}
