//! The e-process of a rate, carried on event by event.

use serde::{Deserialize, Serialize};

use super::{RateProcess, RateTest};
use crate::statistics::numeric::{Sum, exp, ln};
use crate::statistics::{Counts, LogE};

/// Up to so many new events are taken one by one; more are cheaper in closed form.
const STEPS_MAX: u64 = 3;

/// So many standard deviations on the null's side, the closed form is short, and what the steps have lost
/// in their last places would grow faster than the evidence.
const FAR: f64 = 4.0;

/// The evidence of a [`RateTest`], updated instead of computed anew.
///
/// With a = kp + x and b = kq + n − x, one more event multiplies the two-sided E by what the mixture foretold
/// of it over what the null says, a/(a + b)/p for a hit. One side's E grows, by integration by parts, by
/// (a + 1/M)/((a + b)p) with a hit and (b − 1/M)/((a + b)q) without when it looks for rates above, where M is the
/// mixture over them, and with the other signs when it looks for rates below.
///
/// The logarithms are summed with compensation: two-sided a million steps stay within 10⁻¹⁰ of the closed form.
/// What one-sided steps lose in the last places grows as the two-sided evidence does; far on the null's side,
/// where that is much more than the evidence itself, the closed form is taken instead. Seen over a hundred
/// thousand steps: within 10⁻⁹ of it where there is evidence for the alternative, else within 10⁻⁶.
///
/// - **Assumes**, one-sided: each trial's conditional probability, given the past, is on the null's side of the
///   threshold; two-sided: independent trials of one probability.
/// - **Guarantees** that the chance of ever rejecting a true null is at most α, over all looks.
/// - **Cost** of an event about 20 ns two-sided, 50 ns one-sided; of a batch one look of [`RateProcess`];
///   **state** the counts, two numbers, and the prepared test, serialisable; **merge** adds counts
///   ([`record_all`](Self::record_all)).
/// - **Source**: Robbins 1970; Lindon and Malek, `NeurIPS` 2022; the steps by parts of the beta integral, above.
///
/// ```
/// use phasegate_sla::statistics::rate::{RateStream, RateTest};
/// use phasegate_sla::statistics::{Alpha, Counts, Rate};
/// let test = RateTest::new(Rate::new(0.01)?);
/// let mut stream = RateStream::new(test);
/// let (mut above, mut below) = (RateStream::above(test), RateStream::below(test));
/// for event in 0..400 {
///     for stream in [&mut stream, &mut above, &mut below] {
///         stream.record(event % 20 == 0);
///     }
/// }
/// assert_eq!(stream.counts(), Counts::new(20, 400)?);
/// let alpha = Alpha::new(0.05)?;
/// assert!(stream.evidence().rejects(alpha) && above.evidence().rejects(alpha));
/// assert!(!below.evidence().rejects(alpha));
/// assert!((above.evidence().nats() - test.above(above.counts()).nats()).abs() < 1e-9);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct RateStream {
    process: RateProcess,
    sides: Sides,
    counts: Counts,
    nats: Sum,
}

/// The alternatives that are looked for.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
enum Sides {
    Both,
    Above,
    Below,
}

impl RateStream {
    /// Evidence that the rate differs from the threshold, with no events.
    #[must_use]
    pub fn new(test: RateTest) -> Self {
        Self::of(test, Sides::Both)
    }

    /// Evidence that the rate is above the threshold, with no events.
    #[must_use]
    pub fn above(test: RateTest) -> Self {
        Self::of(test, Sides::Above)
    }

    /// Evidence that the rate is below the threshold, with no events.
    #[must_use]
    pub fn below(test: RateTest) -> Self {
        Self::of(test, Sides::Below)
    }

    fn of(test: RateTest, sides: Sides) -> Self {
        Self {
            process: test.prepared(),
            sides,
            counts: Counts::EMPTY,
            nats: Sum::default(),
        }
    }

    /// Takes in one trial: with the event, or without it.
    pub fn record(&mut self, hit: bool) {
        let factor = self.factor(hit);
        self.counts = self
            .counts
            .merge(if hit { Counts::HIT } else { Counts::MISS });
        match factor {
            Some(factor) => self.nats.add(ln(factor)),
            None => self.anew(),
        }
    }

    /// Takes in new trials (an increment, not the total).
    pub fn record_all(&mut self, increment: Counts) {
        if increment.trials() <= STEPS_MAX {
            for trial in 0..increment.trials() {
                self.record(trial < increment.hits());
            }
            return;
        }
        self.counts = self.counts.merge(increment);
        self.anew();
    }

    /// What was counted so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Evidence, at this moment, for what is looked for.
    #[must_use]
    pub const fn evidence(&self) -> LogE {
        LogE::from_nats(self.nats.total())
    }

    /// What one more trial multiplies the evidence by; none where the steps would lose too much.
    fn factor(&self, hit: bool) -> Option<f64> {
        let rate = self.process.test().rate();
        let (hits, misses) = (self.counts.hits() as f64, self.counts.misses() as f64);
        let (a, b) = self.process.test().weights(hits, misses);
        let (p, q, sum) = (rate.p(), rate.q(), a + b);
        let ahead = a - sum * p;
        let is_far = |ahead: f64| ahead < 0.0 && ahead * ahead > FAR * FAR * sum * p * q;
        let [above, below] = self.process.starts();
        let inflow = |start: f64| exp(-(start + self.nats.total()));
        let more_hits = match self.sides {
            Sides::Both => 0.0,
            Sides::Above if is_far(ahead) => return None,
            Sides::Below if is_far(-ahead) => return None,
            Sides::Above => inflow(above),
            Sides::Below => -inflow(below),
        };
        Some(if hit {
            (a + more_hits) / (sum * p)
        } else {
            (b - more_hits) / (sum * q)
        })
    }

    fn anew(&mut self) {
        let evidence = match self.sides {
            Sides::Both => self.process.two_sided(self.counts),
            Sides::Above => self.process.above(self.counts),
            Sides::Below => self.process.below(self.counts),
        };
        self.nats = Sum::of(evidence.nats());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Rate;
    use crate::statistics::rate::PriorStrength;

    /// Events at several rates one after the other: far below, far above and at the threshold.
    fn events(p: f64, each: u64) -> impl Iterator<Item = bool> {
        let rates = [p, 0.2 * p, p, 1.0 - 0.6 * (1.0 - p), p, 0.5 * p];
        rates
            .into_iter()
            .enumerate()
            .flat_map(move |(phase, rate)| {
                (0..each).map(move |event| {
                    let seed = event + each * phase as u64;
                    let drawn = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
                    (drawn as f64) < rate * 16_777_216.0
                })
            })
    }

    fn streams(test: RateTest) -> [RateStream; 3] {
        [
            RateStream::new(test),
            RateStream::above(test),
            RateStream::below(test),
        ]
    }

    #[test]
    fn steps_and_batches_end_where_the_closed_form_does() {
        for (p, k) in [
            (0.01, 10.0),
            (0.5, 2.0),
            (0.999, 100.0),
            (0.3, 0.5),
            (0.001, 1.0),
        ] {
            let test =
                RateTest::new(Rate::new(p).unwrap()).with_prior(PriorStrength::new(k).unwrap());
            let (mut steps, mut batches) = (streams(test), streams(test));
            let mut batch = (0, 0);
            for (event, hit) in events(p, 20_000).enumerate() {
                steps.iter_mut().for_each(|stream| stream.record(hit));
                batch = (batch.0 + u64::from(hit), batch.1 + 1);
                if event % 503 != 0 {
                    continue;
                }
                let increment = Counts::new(batch.0, batch.1).unwrap();
                batch = (0, 0);
                batches
                    .iter_mut()
                    .for_each(|stream| stream.record_all(increment));
                let counts = steps[0].counts();
                let exact = [
                    test.two_sided(counts),
                    test.above(counts),
                    test.below(counts),
                ];
                for ((stream, batches), exact) in steps.iter().zip(&batches).zip(exact) {
                    assert_eq!((stream.counts(), batches.counts()), (counts, counts));
                    let off = (batches.evidence().nats() - exact.nats()).abs();
                    assert!(off < 1e-12, "{p} {k} {event}: {off:e} of {exact:?}");
                    let off = (stream.evidence().nats() - exact.nats()).abs();
                    let most = if exact.nats() > 0.0 { 1e-9 } else { 1e-6 };
                    assert!(off < most, "{p} {k} {event}: {off:e} of {exact:?}");
                }
            }
        }
    }

    #[test]
    fn a_million_steps_on_both_sides_lose_nothing() {
        let test = RateTest::new(Rate::new(0.01).unwrap());
        let mut stream = RateStream::new(test);
        for hit in events(0.01, 1_000_000).take(1_000_000) {
            stream.record(hit);
        }
        let off = (stream.evidence().nats() - test.two_sided(stream.counts()).nats()).abs();
        assert!(off < 1e-9, "{off:e}");
    }

    #[test]
    fn few_events_at_once_are_the_same_as_one_after_the_other() {
        let test = RateTest::new(Rate::new(0.2).unwrap());
        for (mut at_once, mut after) in streams(test).into_iter().zip(streams(test)) {
            at_once.record_all(Counts::new(1, STEPS_MAX).unwrap());
            after.record(true);
            for _ in 1..STEPS_MAX {
                after.record(false);
            }
            assert_eq!(at_once, after);
        }
    }

    #[test]
    fn no_run_of_events_leads_out_of_the_numbers() {
        for p in [1e-6, 0.01, 0.5, 0.99] {
            let test = RateTest::new(Rate::new(p).unwrap());
            for hit in [true, false] {
                let mut streams = streams(test);
                for _ in 0..5_000 {
                    for stream in &mut streams {
                        stream.record(hit);
                        assert!(stream.evidence().nats().is_finite(), "{p} {hit}");
                    }
                }
            }
        }
    }
}
