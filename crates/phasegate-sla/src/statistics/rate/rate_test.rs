//! The beta-binomial e-process: a rate against a threshold.

use serde::{Deserialize, Serialize};

use super::{PriorStrength, RateProcess};
use crate::statistics::numeric::{bisect, ln, ln_1p, ln_above, ln_beta_function, ln_whole};
use crate::statistics::{Alpha, Counts, Decision, Interval, LogE, Rate};

/// An anytime-valid test of a rate against a threshold.
///
/// E = B(kp + x, kq + n − x) / B(kp, kq) / pˣ qⁿ⁻ˣ for x events in n trials and threshold p: the
/// beta-binomial mixture over all alternatives, divided by the null. The one-sided forms mix over
/// the alternatives on one side only.
///
/// - **Assumes**, one-sided: each trial's conditional probability, given the past, is on the null's
///   side of the threshold; drift within the null is allowed. Two-sided: independent trials of one
///   probability.
/// - **Guarantees** that the chance of ever rejecting a true null is at most α, over all looks.
/// - **Cost** O(1) a look, a few hundred nanoseconds; under 200 when [`prepared`](Self::prepared), about 20
///   and 50 ns an event when carried on by [`RateStream`](super::RateStream); **state** two integers;
///   **merge** adds counts.
/// - **Source**: Robbins 1970; Lindon and Malek, `NeurIPS` 2022; Howard et al., Annals of Statistics
///   2021 (the same as their beta-binomial boundary).
///
/// ```
/// use phasegate_core::Ratio;
/// use phasegate_sla::statistics::rate::RateTest;
/// use phasegate_sla::statistics::{Alpha, Counts, Decision, Rate};
///
/// let below_one_percent = RateTest::new(Rate::from_ratio(Ratio::from_percent(1)?)?);
/// let alpha = Alpha::from_confidence(Ratio::from_percent(95)?)?;
/// let counts = |hits, trials| Counts::new(hits, trials);
/// assert_eq!(below_one_percent.decide(counts(0, 1_000)?, alpha), Decision::Holds);
/// assert_eq!(below_one_percent.decide(counts(0, 20)?, alpha), Decision::Undecided);
/// assert_eq!(below_one_percent.decide(counts(9, 120)?, alpha), Decision::Violated);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct RateTest {
    rate: Rate,
    prior: PriorStrength,
}

impl RateTest {
    /// Against `rate`, with the default prior.
    #[must_use]
    pub const fn new(rate: Rate) -> Self {
        Self {
            rate,
            prior: PriorStrength::DEFAULT,
        }
    }

    /// With another prior. To be chosen before the data.
    #[must_use]
    pub const fn with_prior(self, prior: PriorStrength) -> Self {
        Self { prior, ..self }
    }

    /// The threshold.
    #[must_use]
    pub const fn rate(self) -> Rate {
        self.rate
    }

    /// The prior's strength.
    #[must_use]
    pub const fn prior(self) -> PriorStrength {
        self.prior
    }

    /// Evidence that the rate differs from the threshold.
    #[must_use]
    pub fn two_sided(self, counts: Counts) -> LogE {
        self.two_sided_at(counts.hits() as f64, counts.misses() as f64)
    }

    /// Evidence that the rate is above the threshold (null: it is at most the threshold).
    #[must_use]
    pub fn above(self, counts: Counts) -> LogE {
        self.above_at(counts.hits() as f64, counts.misses() as f64)
    }

    /// Evidence that the rate is below the threshold (null: it is at least the threshold).
    #[must_use]
    pub fn below(self, counts: Counts) -> LogE {
        let mirrored = Self {
            rate: self.rate.complement(),
            ..self
        };
        mirrored.above_at(counts.misses() as f64, counts.hits() as f64)
    }

    /// For many looks: with what never changes computed once.
    #[must_use]
    pub fn prepared(self) -> RateProcess {
        RateProcess::new(self)
    }

    /// Decides the statement "the rate is below the threshold".
    ///
    /// Each wrong answer has probability at most α over all looks. α is not split between the two
    /// answers: the true rate lies on one side only, so only one of them can be wrong. One side's
    /// evidence must reject, so that drift on the null's side cannot deceive it, and the two-sided
    /// evidence too, so that the interval beside a decision never contains the threshold
    /// ([`interval`](Self::interval), [`compatible_rates`](Self::compatible_rates)).
    #[must_use]
    pub fn decide(self, counts: Counts, alpha: Alpha) -> Decision {
        self.decide_at(counts.hits() as f64, counts.misses() as f64, alpha)
    }

    /// As [`decide`](Self::decide) for real numbers of hits and misses, both ≥ 0.
    pub(crate) fn decide_at(self, hits: f64, misses: f64, alpha: Alpha) -> Decision {
        if !self.two_sided_at(hits, misses).rejects(alpha) {
            return Decision::Undecided;
        }
        self.prepared().decide_at(hits, misses, alpha)
    }

    /// How many trials without an event it takes until [`decide`](Self::decide) says, under continuous
    /// looking, that the rate is below the threshold; none if 10¹⁵ are not enough.
    ///
    /// For 1 % at 95 %: 338 with the prior [tuned](PriorStrength::tuned_for) for a hundred samples, 499
    /// with the one for a thousand, 334 with the default one. At one look 299 would do
    /// ([`fixed::clean_samples_needed`](crate::statistics::fixed::clean_samples_needed)).
    #[must_use]
    pub fn clean_samples_needed(self, alpha: Alpha) -> Option<u64> {
        self.samples_needed_at(0.0, alpha)
    }

    /// How many trials it takes until the *expected* counts decide against the threshold when the true
    /// rate is `rate`, 0 ≤ `rate` ≤ 1; none if 10¹⁵ are not enough (as when it is the threshold).
    ///
    /// About every second run decides sooner. For a lint or a duration estimate, not for a guarantee.
    #[must_use]
    pub fn samples_needed_at(self, rate: f64, alpha: Alpha) -> Option<u64> {
        let process = self.prepared();
        let decides = |n: u64| {
            let (hits, misses) = (n as f64 * rate, n as f64 * (1.0 - rate));
            process.decide_at(hits, misses, alpha) != Decision::Undecided
        };
        let mut high = 1;
        while !decides(high) {
            high *= 2;
            if high > 1_000_000_000_000_000 {
                return None;
            }
        }
        let mut low = high / 2;
        while high - low > 1 {
            let middle = low.midpoint(high);
            if decides(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Some(high)
    }

    /// The rates that this very mixture does not reject at `alpha`: unlike [`interval`](Self::interval)
    /// the prior stays where the test has it, so that the threshold lies outside exactly when
    /// [`two_sided`](Self::two_sided) rejects.
    #[must_use]
    pub fn compatible_rates(self, counts: Counts, alpha: Alpha) -> Interval {
        let Some(observed) = counts.observed() else {
            return Interval {
                lower: 0.0,
                upper: 1.0,
            };
        };
        let (hits, misses) = (counts.hits() as f64, counts.misses() as f64);
        let (a, b) = self.weights(0.0, 0.0);
        let mixed = ln_beta_function(a + hits, b + misses) - ln_beta_function(a, b);
        let threshold = alpha.threshold();
        let keeps = |p: f64| mixed - hits * ln(p) - misses * ln_1p(-p) < threshold;
        let lower = if counts.hits() == 0 {
            0.0
        } else {
            bisect(observed, 0.0, keeps)
        };
        let upper = if counts.misses() == 0 {
            1.0
        } else {
            bisect(observed, 1.0, keeps)
        };
        Interval { lower, upper }
    }

    /// As [`two_sided`](Self::two_sided) for real numbers of hits and misses, both ≥ 0.
    pub(crate) fn two_sided_at(self, hits: f64, misses: f64) -> LogE {
        self.evidence(ln_whole, hits, misses)
    }

    /// As [`above`](Self::above) for real numbers of hits and misses, both ≥ 0.
    pub(crate) fn above_at(self, hits: f64, misses: f64) -> LogE {
        self.evidence(ln_above, hits, misses)
    }

    /// How much a mixture, given p, q and its weights, has grown since there was no trial.
    fn evidence(self, mixture: impl Fn(f64, f64, f64, f64) -> f64, hits: f64, misses: f64) -> LogE {
        let at = |(a, b)| mixture(self.rate.p(), self.rate.q(), a, b);
        LogE::from_nats(at(self.weights(hits, misses)) - at(self.weights(0.0, 0.0)))
    }

    /// The weights of the mixture after so many hits and misses.
    pub(super) const fn weights(self, hits: f64, misses: f64) -> (f64, f64) {
        let (p, q) = (self.rate.p(), self.rate.q());
        (
            self.prior.value() * p + hits,
            self.prior.value() * q + misses,
        )
    }

    /// The confidence sequence for a rate: all rates that the two-sided test does not reject.
    ///
    /// Covers the true rate at all looks at once with probability at least 1 − α. With no trials,
    /// from 0 to 1.
    ///
    /// ```
    /// use phasegate_sla::statistics::rate::{PriorStrength, RateTest};
    /// use phasegate_sla::statistics::{Alpha, Counts};
    /// let alpha = Alpha::new(0.05)?;
    /// let prior = PriorStrength::tuned_for(100.0, alpha);
    /// let interval = RateTest::interval(Counts::new(700, 1_000)?, alpha, prior);
    /// assert!((interval.lower - 0.651629).abs() < 1e-6);
    /// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
    /// ```
    #[must_use]
    pub fn interval(counts: Counts, alpha: Alpha, prior: PriorStrength) -> Interval {
        Self::interval_at(counts.hits() as f64, counts.misses() as f64, alpha, prior)
    }

    /// As [`interval`](Self::interval) for real numbers of hits and misses, both ≥ 0.
    pub(crate) fn interval_at(
        hits: f64,
        misses: f64,
        alpha: Alpha,
        prior: PriorStrength,
    ) -> Interval {
        let total = hits + misses;
        let keeps = |p: f64| {
            let outside = |rate| {
                Self { rate, prior }
                    .two_sided_at(hits, misses)
                    .rejects(alpha)
            };
            Rate::new(p).is_ok_and(|rate| !outside(rate))
        };
        let end = |none: bool, limit: f64| {
            if none || total <= 0.0 {
                limit
            } else {
                bisect(hits / total, limit, keeps)
            }
        };
        Interval {
            lower: end(hits <= 0.0, 0.0),
            upper: end(misses <= 0.0, 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(p: f64, k: f64) -> RateTest {
        RateTest::new(Rate::new(p).unwrap()).with_prior(PriorStrength::new(k).unwrap())
    }

    #[test]
    fn no_samples_are_no_evidence() {
        for p in [0.001, 0.5, 0.9999] {
            assert_eq!(test(p, 10.0).two_sided(Counts::default()).nats(), 0.0);
            assert_eq!(test(p, 10.0).above(Counts::default()).nats(), 0.0);
            assert_eq!(test(p, 10.0).below(Counts::default()).nats(), 0.0);
        }
    }

    #[test]
    fn a_billion_samples_stay_finite_and_keep_their_digits() {
        let exact = Counts::new(10_000_000, 1_000_000_000).unwrap();
        let at_expectation = test(0.01, 10.0).two_sided(exact).nats();
        // ln √(k/(k+n)) up to the Stirling terms of the start: about −9.2, and far from NaN.
        assert!((-11.0..-8.0).contains(&at_expectation), "{at_expectation}");
        for hits in [0, 1, 9_900_000, 10_100_000, 500_000_000, 1_000_000_000] {
            let counts = Counts::new(hits, 1_000_000_000).unwrap();
            for log_e in [
                test(0.01, 10.0).two_sided(counts),
                test(0.01, 10.0).above(counts),
                test(0.01, 10.0).below(counts),
            ] {
                assert!(log_e.nats().is_finite(), "{hits}: {log_e:?}");
            }
        }
    }

    #[test]
    fn both_directions_mirror_each_other() {
        let counts = Counts::new(7, 300).unwrap();
        let mirrored = Counts::new(293, 300).unwrap();
        let (one, other) = (test(0.05, 10.0), test(0.95, 10.0));
        assert!((one.below(counts).nats() - other.above(mirrored).nats()).abs() < 1e-9);
    }

    #[test]
    fn what_is_decided_lies_outside_the_interval_beside_it() {
        let alpha = Alpha::new(0.05).unwrap();
        for (p, k, trials) in [(0.01, 10.0, 400), (0.3, 2.0, 60), (0.95, 100.0, 300)] {
            let mut seen = Vec::new();
            for hits in 0..=trials {
                let counts = Counts::new(hits, trials).unwrap();
                let decision = test(p, k).decide(counts, alpha);
                let interval = RateTest::interval(counts, alpha, PriorStrength::new(k).unwrap());
                match decision {
                    Decision::Holds => assert!(interval.upper <= p, "{p} {hits}"),
                    Decision::Violated => assert!(interval.lower >= p, "{p} {hits}"),
                    Decision::Undecided => {
                        assert!(interval.lower <= p && p <= interval.upper, "{p} {hits}");
                    }
                }
                seen.push(decision);
            }
            seen.dedup();
            assert_eq!(
                seen,
                [Decision::Holds, Decision::Undecided, Decision::Violated]
            );
        }
    }

    #[test]
    fn clean_runs_decide_after_as_many_samples_as_is_said() {
        let alpha = Alpha::new(0.05).unwrap();
        for (tuned_for, expected) in [(100.0, 338), (1_000.0, 499)] {
            let tuned = test(0.01, 1.0).with_prior(PriorStrength::tuned_for(tuned_for, alpha));
            assert_eq!(tuned.clean_samples_needed(alpha), Some(expected));
            let decide = |n| tuned.decide(Counts::new(0, n).unwrap(), alpha);
            assert_eq!(decide(expected), Decision::Holds);
            assert_eq!(decide(expected - 1), Decision::Undecided);
        }
        assert_eq!(test(0.01, 10.0).clean_samples_needed(alpha), Some(334));
    }
}
