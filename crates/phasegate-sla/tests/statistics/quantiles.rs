//! Quantile confidence sequences, bands and the two-sample test against their reference values.

use phasegate_sla::statistics::boundary::{BetaBinomialMixture, Sides};
use phasegate_sla::statistics::fixed::clean_samples_needed;
use phasegate_sla::statistics::quantile::{
    LilBand, PooledArms, QuantileComparison, RankInterval, RankMethod, double_stitching_radius,
};
use phasegate_sla::statistics::rate::PriorStrength;
use phasegate_sla::statistics::{Counts, Decision};

use crate::reference::{SplitMix64, alpha, close, f, load, rate, rows, u};

#[test]
fn rank_intervals_have_their_reference_radii_and_ranks() {
    let reference = load("quantile_cs");
    for row in rows(&reference, "fixed_quantile") {
        let (p, t, level) = (f(row, "p"), u(row, "t"), alpha(f(row, "alpha")));
        let tuned_for = f(row, "t_opt");
        for (g, h, key) in [(1.0 - p, p, "lower_radius"), (p, 1.0 - p, "upper_radius")] {
            // The reference tunes at 5 % whatever the level.
            let mixture =
                BetaBinomialMixture::tuned_for(g * h * tuned_for, alpha(0.05), g, h, Sides::Two);
            let radius = mixture.unwrap().bound(g * h * t as f64, level);
            match row[key].as_f64() {
                Some(expected) => close(radius.unwrap(), expected, 1e-9, row),
                None => assert_eq!(radius, None, "{row}"),
            }
        }
        if level == alpha(0.05) {
            let method = RankMethod::BetaBinomial { tuned_for };
            let ranks = RankInterval::new(rate(p), t, level, method).unwrap();
            assert_eq!(ranks.lower, row["lower_rank"].as_u64(), "{row}");
            assert_eq!(ranks.upper, row["upper_rank"].as_u64(), "{row}");
        }
    }
}

#[test]
fn bands_have_their_reference_widths() {
    let reference = load("quantile_cs");
    for row in rows(&reference, "empirical_process_lil") {
        let band = LilBand::new(f(row, "A"), u(row, "t_min"), alpha(f(row, "alpha"))).unwrap();
        close(band.radius(u(row, "t")), f(row, "eps"), 1e-9, row);
    }
    for row in rows(&reference, "closed_form_085_08_1612") {
        let radius = LilBand::closed_form(u(row, "t"), alpha(f(row, "alpha")));
        close(radius, f(row, "eps"), 1e-12, row);
    }
    let band = LilBand::new(0.85, 1, alpha(0.025)).unwrap();
    close(band.constant(), 8.622_649, 1e-6, "C(α = 0.025)");
    assert_eq!(
        LilBand::new(0.85, 100, alpha(0.05)).unwrap().radius(99),
        f64::INFINITY
    );
}

#[test]
fn double_stitching_has_its_reference_radii() {
    let reference = load("quantile_cs");
    for row in rows(&reference, "double_stitching") {
        let radius = double_stitching_radius(
            rate(f(row, "p")),
            u(row, "t"),
            alpha(f(row, "alpha")),
            f(row, "t_opt"),
        );
        close(radius.unwrap(), f(row, "bound"), 1e-9, row);
    }
}

#[test]
fn an_upper_bound_becomes_finite_at_its_reference_number_of_samples() {
    let reference = load("quantile_cs");
    for row in rows(&reference, "min_samples_for_finite_upper") {
        let (p, level) = (rate(f(row, "p")), alpha(f(row, "alpha")));
        let expected = row["min_t_finite_upper"].as_u64();
        match row["method"].as_str() {
            None => {
                let method = RankMethod::BetaBinomial {
                    tuned_for: f(row, "t_opt"),
                };
                let upper = |t| RankInterval::new(p, t, level, method).unwrap().upper;
                let t = expected.unwrap();
                assert!(upper(t).is_some() && upper(t - 1).is_none(), "{row}");
            }
            Some("fixed_n_binomial_one_sided") => {
                // All samples below the quantile has probability pⁿ.
                let needed = clean_samples_needed(p.complement(), level);
                assert_eq!(Some(needed), expected, "{row}");
            }
            Some("uniform_LIL_closed_form") => {
                let finite = |t| LilBand::closed_form(t, level) < p.q();
                match expected {
                    Some(t) => assert!(finite(t) && !finite(t - 1), "{row}"),
                    None => assert!(!finite(2_000_000), "{row}"),
                }
            }
            Some(other) => panic!("{other}"),
        }
    }
}

#[test]
fn the_two_sample_test_has_its_reference_p_values() {
    let reference = load("quantile_cs");
    for row in rows(&reference, "quantile_ab") {
        let n = u(row, "n") as usize;
        let a = SplitMix64::uniforms(u(row, "seed_a"), n);
        let (scale, shift) = (f(row, "scale"), f(row, "shift"));
        let b: Vec<f64> = SplitMix64::uniforms(u(row, "seed_b"), n)
            .into_iter()
            .map(|x| x * scale + shift)
            .collect();
        let prior = PriorStrength::tuned_for(f(row, "t_opt"), alpha(0.05));
        let comparison = QuantileComparison::new(rate(f(row, "quantile"))).with_prior(prior);
        let arms = PooledArms::from_samples(&b, &a).unwrap();
        // Compared as logarithms: that is what is computed, and 1e-88 is among them.
        let expected = -f(row, "p_value").ln();
        close(
            comparison.different(&arms).nats().max(0.0),
            expected,
            1e-9,
            row,
        );
    }
}

#[test]
fn a_constant_stream_never_rejects_its_own_quantile() {
    use phasegate_sla::statistics::quantile::PercentileTest;
    for p in [0.5, 0.9, 0.99] {
        let test = PercentileTest::new(rate(p));
        for n in [1_u64, 10, 1_000, 1_000_000, 1_000_000_000] {
            // All samples equal T: none is below T, so "quantile < T" is refuted, and none is above
            // T, so "quantile ≤ T" counted with ≤ is never refuted.
            let at_most = Counts::new(n, n).unwrap();
            assert!(!test.above(at_most).rejects(alpha(0.05)), "{p} {n}");
            let method = RankMethod::BetaBinomial { tuned_for: 1_000.0 };
            let ranks = RankInterval::new(rate(p), n.min(5_000), alpha(0.05), method).unwrap();
            let constant = vec![3.0; n.min(5_000) as usize];
            assert!(ranks.of(&constant).contains(3.0));
        }
    }
}

const RUNS: u64 = 200;

/// In how many runs of ten looks, up to 1,000 samples an arm, something was ever decided, and what.
fn decided(canary: impl Fn(f64) -> f64, decide: impl Fn(&[f64], &[f64]) -> Decision) -> (u64, u64) {
    // Waiting times of 100 ms and more: exponential, as queues have them.
    let waits = |seed: u64| -> Vec<f64> {
        let uniforms = SplitMix64::uniforms(seed, 1_000).into_iter();
        uniforms.map(|u| 100.0 - 50.0 * (1.0 - u).ln()).collect()
    };
    let (mut holds, mut violated) = (0, 0);
    for run in 0..RUNS {
        let (new, old) = (waits(2 * run + 1), waits(2 * run + 2));
        let new: Vec<f64> = new.into_iter().map(&canary).collect();
        let looks = (100..=1_000).step_by(100);
        let said: Vec<Decision> = looks.map(|n| decide(&new[..n], &old[..n])).collect();
        holds += u64::from(said.contains(&Decision::Holds));
        violated += u64::from(said.contains(&Decision::Violated));
    }
    (holds, violated)
}

#[test]
fn at_the_margin_percentiles_of_two_arms_are_rarely_decided_however_often_one_looks() {
    // 5 % and three standard deviations.
    let most = (RUNS as f64 * (0.05 + 3.0 * (0.05 * 0.95 / RUNS as f64).sqrt())) as u64;
    for p in [0.5, 0.95] {
        let test = QuantileComparison::new(rate(p));
        let apart = decided(
            |x| x + 20.0,
            |new, old| test.with_distance(new, old, 20.0, alpha(0.05)).unwrap(),
        );
        let times = decided(
            |x| x * 1.2,
            |new, old| test.with_margin(new, old, 1.2, alpha(0.05)).unwrap(),
        );
        for (holds, violated) in [apart, times] {
            assert!(holds <= most && violated <= most, "{p}: {holds} {violated}");
        }
    }
}

#[test]
fn beyond_the_margin_percentiles_of_two_arms_are_mostly_decided() {
    let median = QuantileComparison::new(rate(0.5));
    let within_20 = |new: &[f64], old: &[f64]| {
        let decision = median.with_distance(new, old, 20.0, alpha(0.05));
        decision.unwrap()
    };
    let (holds, violated) = decided(|x| x, within_20);
    assert!(
        holds * 10 >= RUNS * 9 && violated == 0,
        "{holds} {violated}"
    );
    let (holds, violated) = decided(|x| x + 45.0, within_20);
    assert!(
        violated * 10 >= RUNS * 9 && holds == 0,
        "{holds} {violated}"
    );
}
