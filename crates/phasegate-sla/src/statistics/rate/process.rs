//! The beta-binomial e-process: a rate against a threshold.

use serde::{Deserialize, Serialize};

use crate::statistics::numeric::{
    HALF_LN_TWO_PI, beta_fraction, bisect, complement, deviance, ln, ln_1p, ln_beta_function,
    ln_beta_tails, stirling_error,
};
use crate::statistics::{Alpha, Counts, Decision, Interval, LogE, Rate, StatisticsError};

/// How many samples' worth the mixture prior weighs: small for large effects, large for small ones.
///
/// k = 2 decides 1 % against 5 % errors in about 170 requests and 1 % against 2 % in 1 975; k = 100
/// in 131 and 1 226. The default of 10 is the compromise.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct PriorStrength(f64);

impl PriorStrength {
    /// The compromise between large and small effects.
    pub const DEFAULT: Self = Self(10.0);
    /// What [`tuned_for`](Self::tuned_for) gives for 1,000 samples at 5 %.
    pub const FOR_A_THOUSAND: Self = Self(125.005_609_792_563_4);

    /// From a positive finite number.
    ///
    /// # Errors
    /// When `k` is not positive and finite.
    pub const fn new(k: f64) -> Result<Self, StatisticsError> {
        if k > 0.0 && k.is_finite() {
            Ok(Self(k))
        } else {
            Err(StatisticsError::Parameter {
                name: "prior strength",
                wanted: "above 0",
                value: k,
            })
        }
    }

    /// The strength whose interval is narrowest at about `samples` samples.
    ///
    /// k = max(samples / D − 1, 1/1000) with D = 2 ln(1/α) + ln(1 + 2 ln(1/α)) (Howard et al. 2021).
    /// Must be chosen before the data: retuning it to the current count voids the guarantee.
    #[must_use]
    pub fn tuned_for(samples: f64, alpha: Alpha) -> Self {
        let twice = 2.0 * alpha.threshold();
        let denominator = twice + ln(1.0 + twice);
        Self((samples.max(0.0) / denominator - 1.0).clamp(1e-3, f64::MAX))
    }

    /// What criteria with `confidence` are judged with: tuned for about a hundred samples, so that large
    /// effects are seen early. The sample-size lint counts with the same.
    #[must_use]
    pub fn for_criteria(alpha: Alpha) -> Self {
        Self::tuned_for(100.0, alpha)
    }

    /// As a number.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }
}

impl Default for PriorStrength {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl TryFrom<f64> for PriorStrength {
    type Error = StatisticsError;

    fn try_from(k: f64) -> Result<Self, Self::Error> {
        Self::new(k)
    }
}

impl From<PriorStrength> for f64 {
    fn from(strength: PriorStrength) -> Self {
        strength.0
    }
}

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
/// - **Cost** O(1) a look two-sided, O(√n) near the threshold one-sided: some hundred nanoseconds; about
///   20 and 50 ns an event when carried on by [`RateStream`](super::RateStream) and
///   [`OneSidedStream`](super::OneSidedStream); **state** two integers; **merge** adds counts.
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
        self.mirrored()
            .above_at(counts.misses() as f64, counts.hits() as f64)
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
        let below = self.mirrored().above_at(misses, hits);
        Decision::from_evidence(below, self.above_at(hits, misses), alpha)
    }

    pub(super) fn mirrored(self) -> Self {
        Self {
            rate: self.rate.complement(),
            ..self
        }
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
        let decides = |n: u64| {
            let (hits, misses) = (n as f64 * rate, n as f64 * (1.0 - rate));
            self.decide_at(hits, misses, alpha) != Decision::Undecided
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
        let (a, b) = self.start();
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
        LogE::from_nats(self.mixture_of(hits, misses) - self.mixture_of(0.0, 0.0))
    }

    /// As [`above`](Self::above) for real numbers of hits and misses, both ≥ 0.
    pub(crate) fn above_at(self, hits: f64, misses: f64) -> LogE {
        if hits + misses <= 0.0 {
            return LogE::NONE;
        }
        let started = Started::new(self);
        let (a, b) = started.weights(hits, misses);
        LogE::from_nats(started.above(a, b))
    }

    const fn start(self) -> (f64, f64) {
        (self.prior.0 * self.rate.p(), self.prior.0 * self.rate.q())
    }

    /// The mixture after so many hits and misses.
    pub(super) fn mixture_of(self, hits: f64, misses: f64) -> f64 {
        let (a, b) = self.start();
        self.mixture(a + hits, b + misses)
    }

    /// ln B(a, b) − (a − kp) ln p − (b − kq) ln q up to a constant, as deviances from expectation:
    /// at a billion samples the three ln Γ of the plain form would cancel to 6 digits fewer.
    fn mixture(self, a: f64, b: f64) -> f64 {
        let sum = a + b;
        deviance(a, sum * self.rate.p()) + deviance(b, sum * self.rate.q())
            - 0.5 * ln(a * (b / sum))
            + stirling_error(a)
            + stirling_error(b)
            - stirling_error(sum)
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

/// A test on the alternatives above its threshold, with what of it never changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Started {
    test: RateTest,
    /// The mixture over the alternatives above, before any trial.
    mixture: f64,
    /// ln of pᵃ qᵇ over the beta integral above p, at the start.
    ln_edge: f64,
}

impl Started {
    pub(super) fn new(test: RateTest) -> Self {
        let ((a, b), (p, q)) = (test.start(), (test.rate.p(), test.rate.q()));
        let ln_above = ln_beta_tails(p, q, a, b).ln_above;
        let mixture = test.mixture(a, b) + ln_above;
        // At the start the mixture is ln B(a, b) − a ln p − b ln q up to its constant.
        let ln_edge = -mixture - HALF_LN_TWO_PI;
        Self {
            test,
            mixture,
            ln_edge,
        }
    }

    pub(super) const fn test(&self) -> RateTest {
        self.test
    }

    pub(super) const fn ln_edge(&self) -> f64 {
        self.ln_edge
    }

    /// The weights of the mixture after so many hits and misses.
    pub(super) const fn weights(&self, hits: f64, misses: f64) -> (f64, f64) {
        let (a, b) = self.test.start();
        (a + hits, b + misses)
    }

    /// Does the mixture lie more than so many standard deviations on the null's side?
    pub(super) fn is_far(&self, a: f64, b: f64, deviations: f64) -> bool {
        let (p, q) = (self.test.rate.p(), self.test.rate.q());
        let below = (a + b) * p - a;
        below > 0.0 && below * below > deviations * deviations * (a + b) * p * q
    }

    /// The evidence in nats at these weights. What has come from the edge alone needs no beta function: far on
    /// the null's side, as on the other the part below p, it is a short continued fraction.
    pub(super) fn above(&self, a: f64, b: f64) -> f64 {
        let (p, q) = (self.test.rate.p(), self.test.rate.q());
        if p >= (a + 1.0) / (a + b + 2.0) {
            return self.ln_edge - ln(b) + ln(beta_fraction(q, b, a));
        }
        let whole = self.test.mixture(a, b) - self.mixture;
        let below = self.ln_edge - ln(a) + ln(beta_fraction(p, a, b));
        whole + complement((below - whole).min(0.0))
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

    #[test]
    fn the_prior_must_be_positive() {
        assert!(PriorStrength::new(0.0).is_err());
        assert!(PriorStrength::new(f64::INFINITY).is_err());
        assert_eq!(
            PriorStrength::tuned_for(1.0, Alpha::new(0.05).unwrap()).value(),
            1e-3
        );
    }
}
