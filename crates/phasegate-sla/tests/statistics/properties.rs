//! Exact properties: expectation under the null, merging, restarting, finite logarithms.

use phasegate_sla::statistics::numeric::ln_choose;
use phasegate_sla::statistics::quantile::{
    PercentileTest, PooledArms, QuantileComparison, RankInterval, RankMethod,
};
use phasegate_sla::statistics::rate::{
    ArmsTest, PriorStrength, RateMonitor, RateTest, ShareTest, SloTest,
};
use phasegate_sla::statistics::{Counts, Decision, LogE};
use proptest::prelude::*;

use crate::reference::{alpha, rate};

/// The exact expectation of E over a binomial count.
fn expectation(n: u64, p: f64, log_e: impl Fn(Counts) -> LogE) -> f64 {
    (0..=n)
        .map(|hits| {
            let log_probability =
                ln_choose(n, hits) + hits as f64 * p.ln() + (n - hits) as f64 * (1.0 - p).ln();
            (log_probability + log_e(Counts::new(hits, n).unwrap()).nats()).exp()
        })
        .sum()
}

#[test]
fn the_expectation_under_the_null_is_exactly_one_or_at_most_one() {
    for threshold in [0.01, 0.05, 0.3, 0.5, 0.9, 0.999] {
        for k in [0.5, 2.0, 10.0, 100.0] {
            let test = RateTest::new(rate(threshold)).with_prior(PriorStrength::new(k).unwrap());
            for n in [1, 2, 5, 20, 60] {
                let two_sided = expectation(n, threshold, |counts| test.two_sided(counts));
                assert!(
                    (two_sided - 1.0).abs() < 1e-11,
                    "{threshold} {k} {n}: {two_sided}"
                );
                let above = expectation(n, threshold, |counts| test.above(counts));
                assert!((above - 1.0).abs() < 1e-10, "{threshold} {k} {n}: {above}");
                // Inside a one-sided null the expectation falls below 1.
                for inside in [0.1, 0.5, 0.9] {
                    let lower = threshold * inside;
                    let higher = 1.0 - (1.0 - threshold) * inside;
                    let above = expectation(n, lower, |counts| test.above(counts));
                    let below = expectation(n, higher, |counts| test.below(counts));
                    assert!(above <= 1.0 + 1e-10, "{threshold} {k} {n} {lower}: {above}");
                    assert!(
                        below <= 1.0 + 1e-10,
                        "{threshold} {k} {n} {higher}: {below}"
                    );
                }
            }
        }
    }
}

#[test]
fn arms_with_a_margin_have_expectation_at_most_one_up_to_the_margin() {
    let (exposure, margin) = (0.2, 1.5);
    let test = ArmsTest::new(rate(exposure)).against_ratio(margin).unwrap();
    for true_ratio in [0.5, 1.0, 1.5] {
        let share = exposure * true_ratio / (exposure * true_ratio + 1.0 - exposure);
        let value = expectation(30, share, |c| test.worse(c.hits(), c.misses()));
        assert!(value <= 1.0 + 1e-10, "{true_ratio}: {value}");
    }
}

#[test]
fn csm_is_a_test_martingale_too() {
    for p in [0.05, 0.5, 0.99] {
        let test = SloTest::new(rate(p));
        let value = expectation(20, p, |counts| LogE::from_nats(-test.level(counts)));
        // Rounded to the safe side: below one, and not far below.
        assert!(value <= 1.0 && value > 0.9, "{p}: {value}");
    }
}

fn counts() -> impl Strategy<Value = Counts> {
    (0_u64..5_000, 0_u64..5_000)
        .prop_map(|(hits, misses)| Counts::new(hits, hits + misses).unwrap())
}

proptest! {
    #[test]
    fn merging_equals_adding_counts(a in counts(), b in counts(), p in 0.001_f64..0.999) {
        let test = RateTest::new(rate(p));
        let mut monitor = RateMonitor::new(test);
        monitor.record(a);
        monitor.record(b);
        let sum = Counts::new(a.hits() + b.hits(), a.trials() + b.trials()).unwrap();
        prop_assert_eq!(monitor.counts(), sum);
        prop_assert_eq!(test.two_sided(a.merge(b)), test.two_sided(sum));
        prop_assert_eq!(a.merge(b), b.merge(a));
        prop_assert!(monitor.above().nats() >= test.above(sum).nats());
    }

    #[test]
    fn a_restart_equals_a_fresh_monitor_and_a_stored_one_goes_on(a in counts(), b in counts()) {
        let fresh = RateMonitor::new(RateTest::new(rate(0.05)));
        let mut monitor = fresh;
        monitor.record(a);
        let stored = serde_json::to_string(&monitor).unwrap();
        let mut resumed: RateMonitor = serde_json::from_str(&stored).unwrap();
        monitor.record(b);
        resumed.record(b);
        prop_assert_eq!(monitor, resumed);
        monitor.reset();
        prop_assert_eq!(monitor, fresh);
    }

    #[test]
    fn evidence_is_finite_up_to_a_billion_samples(
        hits in 0_u64..=1_000_000_000,
        ppm in 1_u32..1_000_000,
        k in 0.01_f64..1e4,
    ) {
        let counts = Counts::new(hits, 1_000_000_000).unwrap();
        let p = phasegate_core::Ratio::from_ppm(ppm).unwrap();
        let threshold = phasegate_sla::statistics::Rate::from_ratio(p).unwrap();
        let test = RateTest::new(threshold).with_prior(PriorStrength::new(k).unwrap());
        prop_assert!(test.two_sided(counts).nats().is_finite());
        prop_assert!(SloTest::new(threshold).level(counts).is_finite());
        let shares = ShareTest::new(&[threshold.p(), threshold.q()]).unwrap();
        prop_assert!(shares.evidence(&[hits, 1_000_000_000 - hits]).unwrap().nats().is_finite());
        let (above, below) = (test.above(counts).nats(), test.below(counts).nats());
        prop_assert!(above.is_finite() && below.is_finite(), "{} {}", above, below);
        // Both directions cannot be convincing at once.
        prop_assert!(above < 3.0 || below < 3.0);
    }

    #[test]
    fn constant_streams_never_reject_their_own_quantile(
        n in 1_u64..5_000,
        per_mille in 1_u32..1_000,
        level in 0.001_f64..0.3,
        value in -1e6_f64..1e6,
        k in 0.01_f64..1e4,
    ) {
        let (p, alpha) = (rate(f64::from(per_mille) / 1_000.0), alpha(level));
        let stream = vec![value; usize::try_from(n).unwrap()];
        let method = RankMethod::BetaBinomial { tuned_for: 1_000.0 };
        let ranks = RankInterval::new(p, n, alpha, method).unwrap();
        prop_assert!(ranks.of(&stream).contains(value));
        // None lies above the value and none below it: "at most" and "at least" both stand.
        let test = PercentileTest::new(p).with_prior(PriorStrength::new(k).unwrap());
        let (at_most, below) = (Counts::new(n, n).unwrap(), Counts::new(0, n).unwrap());
        prop_assert!(test.decide_below(at_most, alpha) != Decision::Violated);
        prop_assert!(test.decide_below(below, alpha) != Decision::Holds);
        // And a stream differs in no quantile from itself.
        let arms = PooledArms::from_samples(&stream, &stream).unwrap();
        prop_assert!(!QuantileComparison::new(p).different(&arms).rejects(alpha));
    }

    #[test]
    fn intervals_hold_the_observed_rate_and_shrink_with_the_level(c in counts()) {
        let prior = PriorStrength::DEFAULT;
        let wide = RateTest::interval(c, alpha(0.01), prior);
        let narrow = RateTest::interval(c, alpha(0.2), prior);
        prop_assert!(wide.lower <= narrow.lower + 1e-12 && narrow.upper <= wide.upper + 1e-12);
        if let Some(observed) = c.observed() {
            prop_assert!(wide.contains(observed));
        }
    }
}
