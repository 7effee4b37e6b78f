//! A test of a rate with what of it never changes computed once.

use serde::{Deserialize, Serialize};

use super::RateTest;
use crate::statistics::numeric::{ln_above, ln_edges, ln_whole};
use crate::statistics::{Alpha, Counts, Decision, LogE};

/// A [`RateTest`] prepared for many looks: the mixtures before any trial are kept, and both sides are weighed
/// from one evaluation.
///
/// With a = kp + x and b = kq + n − x, E of a side is ∫ θᵃ⁻¹(1 − θ)ᵇ⁻¹ dθ over it, over pᵃqᵇ and over its value
/// at no trials. Error of the evidence, seen against other methods and against 18 digits: at most 10⁻¹² nats for
/// ordinary counts, and 10⁻¹⁵ √n at billions, where 10⁻¹⁵ n of a trial is what a float can tell.
///
/// - **Assumes**, one-sided: each trial's conditional probability, given the past, is on the null's side of the
///   threshold; two-sided: independent trials of one probability.
/// - **Guarantees** that the chance of ever rejecting a true null is at most α, over all looks.
/// - **Cost** under 200 ns a look for one side or both, for any n; to prepare, one look. **State** two integers beside
///   five numbers that are not stored: it is written and read as its test; **merge** adds counts.
/// - **Source**: Robbins 1970; Lindon and Malek, `NeurIPS` 2022; the expansion near the threshold is Temme's (1996).
///
/// ```
/// use phasegate_sla::statistics::rate::RateTest;
/// use phasegate_sla::statistics::{Counts, Rate};
/// let test = RateTest::new(Rate::new(0.01)?);
/// let process = test.prepared();
/// let counts = Counts::new(30, 2_000)?;
/// assert_eq!(process.above(counts), test.above(counts));
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(from = "RateTest", into = "RateTest")]
pub struct RateProcess {
    test: RateTest,
    ln_whole: f64,
    ln_above: f64,
    ln_below: f64,
}

impl RateProcess {
    pub(super) fn new(test: RateTest) -> Self {
        let ((a, b), (p, q)) = (test.weights(0.0, 0.0), (test.rate().p(), test.rate().q()));
        Self {
            test,
            ln_whole: ln_whole(p, q, a, b),
            ln_above: ln_above(p, q, a, b),
            ln_below: ln_above(q, p, b, a),
        }
    }

    /// The test that was prepared.
    #[must_use]
    pub const fn test(self) -> RateTest {
        self.test
    }

    /// Evidence that the rate differs from the threshold.
    #[must_use]
    pub fn two_sided(self, counts: Counts) -> LogE {
        self.two_sided_at(counts.hits() as f64, counts.misses() as f64)
    }

    /// Evidence that the rate is above the threshold (null: it is at most the threshold).
    #[must_use]
    pub fn above(self, counts: Counts) -> LogE {
        let (p, q, a, b) = self.at(counts.hits() as f64, counts.misses() as f64);
        LogE::from_nats(ln_above(p, q, a, b) - self.ln_above)
    }

    /// Evidence that the rate is below the threshold (null: it is at least the threshold).
    #[must_use]
    pub fn below(self, counts: Counts) -> LogE {
        let (p, q, a, b) = self.at(counts.hits() as f64, counts.misses() as f64);
        LogE::from_nats(ln_above(q, p, b, a) - self.ln_below)
    }

    /// Evidence that the rate is above, and that it is below: for little more than one of them.
    #[must_use]
    pub fn sides(self, counts: Counts) -> [LogE; 2] {
        self.sides_at(counts.hits() as f64, counts.misses() as f64)
    }

    /// As [`RateTest::decide`].
    #[must_use]
    pub fn decide(self, counts: Counts, alpha: Alpha) -> Decision {
        self.decide_at(counts.hits() as f64, counts.misses() as f64, alpha)
    }

    /// As [`decide`](Self::decide) for real numbers of hits and misses, both ≥ 0.
    pub(crate) fn decide_at(self, hits: f64, misses: f64, alpha: Alpha) -> Decision {
        if !self.two_sided_at(hits, misses).rejects(alpha) {
            return Decision::Undecided;
        }
        let [above, below] = self.sides_at(hits, misses);
        Decision::from_evidence(below, above, alpha)
    }

    fn two_sided_at(self, hits: f64, misses: f64) -> LogE {
        let (p, q, a, b) = self.at(hits, misses);
        LogE::from_nats(ln_whole(p, q, a, b) - self.ln_whole)
    }

    fn sides_at(self, hits: f64, misses: f64) -> [LogE; 2] {
        let (p, q, a, b) = self.at(hits, misses);
        let [above, below] = ln_edges(p, q, a, b);
        [above - self.ln_above, below - self.ln_below].map(LogE::from_nats)
    }

    /// p, q and the weights of the mixture.
    const fn at(self, hits: f64, misses: f64) -> (f64, f64, f64, f64) {
        let (a, b) = self.test.weights(hits, misses);
        (self.test.rate().p(), self.test.rate().q(), a, b)
    }

    /// The mixture over the alternatives above before any trial, and over those below.
    pub(super) const fn starts(&self) -> [f64; 2] {
        [self.ln_above, self.ln_below]
    }
}

impl From<RateTest> for RateProcess {
    fn from(test: RateTest) -> Self {
        Self::new(test)
    }
}

impl From<RateProcess> for RateTest {
    fn from(process: RateProcess) -> Self {
        process.test
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Rate;
    use crate::statistics::rate::PriorStrength;

    /// What the steps of one trial after the other multiply to, from the beta integral by parts: no expansion,
    /// no continued fraction and no gamma function after the start.
    fn by_steps(process: RateProcess, hits: u32, trials: u32) -> [f64; 2] {
        let (p, q) = (process.test.rate().p(), process.test.rate().q());
        let (mut a, mut b) = process.test.weights(0.0, 0.0);
        let [mut above, mut below] = process.starts().map(f64::exp);
        for trial in 0..trials {
            // Hits spread evenly, so that neither side shrinks for long and loses its digits.
            let hit = (trial + 1) * hits / trials > trial * hits / trials;
            [above, below] = if hit {
                [(a * above + 1.0) / p, (a * below - 1.0) / p]
            } else {
                [(b * above - 1.0) / q, (b * below + 1.0) / q]
            }
            .map(|m| m / (a + b));
            if hit { a += 1.0 } else { b += 1.0 }
        }
        let [start_above, start_below] = process.starts();
        [above.ln() - start_above, below.ln() - start_below]
    }

    #[test]
    fn near_the_threshold_the_evidence_is_that_of_single_trials() {
        for (p, k, hits, trials) in [
            (0.01, 10.0, 60, 6_000),
            (0.01, 10.0, 45, 6_000),
            (0.01, 10.0, 80, 6_000),
            (0.5, 2.0, 5_040, 10_000),
            (0.3, 0.5, 6_100, 20_000),
            (0.999, 100.0, 59_930, 60_000),
        ] {
            let prior = PriorStrength::new(k).unwrap();
            let test = RateTest::new(Rate::new(p).unwrap()).with_prior(prior);
            let process = test.prepared();
            let sides = process.sides(Counts::new(hits.into(), trials.into()).unwrap());
            for (found, expected) in sides.into_iter().zip(by_steps(process, hits, trials)) {
                let off = (found.nats() - expected).abs();
                assert!(off < 1e-9, "{p} {hits}/{trials}: {off:e} of {expected}");
            }
        }
    }

    #[test]
    fn the_three_kinds_of_evidence_are_one_mixture() {
        // E of both sides is the mean of one side's, weighed by their shares of the prior.
        for (parts, k) in [(1_000_u64, 10.0), (50_000, 2.0), (1, 40.0)] {
            let p = parts as f64 / 1e5;
            let prior = PriorStrength::new(k).unwrap();
            let test = RateTest::new(Rate::new(p).unwrap()).with_prior(prior);
            let process = test.prepared();
            let share = (process.ln_above - process.ln_whole).exp();
            for n in [1_u64, 40, 3_000, 500_000, 80_000_000] {
                for tenths in [0, 5, 9, 10, 11, 14] {
                    let counts = Counts::new(n * parts * tenths / 1_000_000, n).unwrap();
                    let [above, below] = process.sides(counts).map(|e| e.nats().exp());
                    let both = process.two_sided(counts).nats().exp();
                    let mean = share * above + (1.0 - share) * below;
                    if both.is_finite() {
                        assert!(
                            (mean / both - 1.0).abs() < 1e-9,
                            "{p} {counts:?}: {mean} {both}"
                        );
                    }
                    let alone = [test.above(counts), test.below(counts)];
                    for (side, alone) in process.sides(counts).into_iter().zip(alone) {
                        assert!((side.nats() - alone.nats()).abs() < 1e-11, "{p} {counts:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn it_is_written_as_its_test() {
        let process = RateTest::new(Rate::new(0.2).unwrap()).prepared();
        let text = serde_json::to_string(&process).unwrap();
        assert_eq!(text, serde_json::to_string(&process.test()).unwrap());
        assert_eq!(serde_json::from_str::<RateProcess>(&text).unwrap(), process);
    }
}
