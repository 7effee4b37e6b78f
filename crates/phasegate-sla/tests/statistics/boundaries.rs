//! Uniform boundaries against their reference values and the published unit tests.

use phasegate_sla::statistics::boundary::{
    BetaBinomialMixture, GammaExponentialMixture, GammaPoissonMixture, NormalMixture,
    PolynomialStitching, Sides,
};
use phasegate_sla::statistics::quantile::{
    LilBand, PooledArms, QuantileComparison, double_stitching_radius,
};
use phasegate_sla::statistics::rate::{PriorStrength, RateTest};
use phasegate_sla::statistics::{Counts, Interval};
use serde_json::Value;

use crate::reference::{alpha, close, f, list, load, rate, rows};

#[test]
fn boundaries_have_their_reference_values() {
    let reference = load("boundaries");
    for row in rows(&reference, "rows") {
        let (v, v_opt, level) = (f(row, "v"), f(row, "v_opt"), alpha(f(row, "alpha")));
        let normal = |sides| {
            NormalMixture::tuned_for(v_opt, alpha(0.05), sides)
                .unwrap()
                .bound(v, level)
                .unwrap()
        };
        close(normal(Sides::One), f(row, "normal_1s"), 1e-9, row);
        close(normal(Sides::Two), f(row, "normal_2s"), 1e-9, row);
        let exponential = GammaExponentialMixture::tuned_for(v_opt, alpha(0.05), 1.0).unwrap();
        close(
            exponential.bound(v, level).unwrap(),
            f(row, "gamma_exp_c1"),
            1e-9,
            row,
        );
        let poisson = GammaPoissonMixture::tuned_for(v_opt, alpha(0.05), 1.0).unwrap();
        close(
            poisson.bound(v, level).unwrap(),
            f(row, "gamma_pois_c1"),
            1e-9,
            row,
        );
        for (sides, key) in [
            (Sides::One, "beta_binom_g02_h08_1s"),
            (Sides::Two, "beta_binom_g02_h08_2s"),
        ] {
            let mixture =
                BetaBinomialMixture::tuned_for(v_opt, alpha(0.05), 0.2, 0.8, sides).unwrap();
            let end_of_support = v / 0.2;
            match mixture.bound(v, level) {
                Some(bound) => close(bound, f(row, key), 1e-9, row),
                // The reference answers the end of the support, which is no bound.
                None => assert_eq!(f(row, key), end_of_support, "{row}"),
            }
        }
        for (c, key) in [
            (0.0, "poly_stitch_c0_vmin10"),
            (1.0, "poly_stitch_c1_vmin10"),
        ] {
            let stitching = PolynomialStitching::new(10.0, c).unwrap();
            close(stitching.bound(v, level), f(row, key), 1e-9, row);
        }
    }
}

/// The published unit tests by their text; each is met at the tolerance that they state, 1e-5.
#[test]
fn published_unit_tests_are_met() {
    let reference = load("boundaries");
    let published = rows(&reference, "published_unit_tests_tolerance_1e_5");
    assert_eq!(published.len(), 32);
    for row in published {
        let (name, expected) = (row[0].as_str().unwrap(), &row[1]);
        match published_value(name) {
            Ours::Value(value) => close(value, expected.as_f64().unwrap(), 1e-5, name),
            Ours::Interval(interval) => {
                let expected = list(expected);
                close(interval.lower, expected[0], 1e-5, name);
                close(interval.upper, expected[1], 1e-5, name);
            }
            Ours::NoBound => assert_eq!(expected, &Value::from(1.6), "{name}: the clamp"),
        }
    }
}

enum Ours {
    Value(f64),
    Interval(Interval),
    NoBound,
}

fn published_value(name: &str) -> Ours {
    let level = alpha(0.05);
    let normal = |sides| NormalMixture::tuned_for(100.0, level, sides).unwrap();
    let exponential = GammaExponentialMixture::tuned_for(100.0, level, 2.0).unwrap();
    let poisson = GammaPoissonMixture::tuned_for(100.0, level, 2.0).unwrap();
    let beta = |sides| BetaBinomialMixture::tuned_for(100.0, level, 0.2, 0.8, sides).unwrap();
    let (one, two) = (Sides::One, Sides::Two);
    Ours::Value(match name {
        "two_sided_normal best_rho(100,.05)" => normal(two).rho(),
        "normal_log_mixture(10,100,100,.05,2s)" => normal(two).log_e(10.0, 100.0),
        "normal_mixture_bound(100,.05,100,2s)" => normal(two).bound(100.0, level).unwrap(),
        "normal_log_mixture(10,100,100,1s)" => normal(one).log_e(10.0, 100.0),
        "normal_mixture_bound(100,.05,100,1s)" => normal(one).bound(100.0, level).unwrap(),
        "gamma_exponential_log_mixture(10,100,100,c=2)" => exponential.log_e(10.0, 100.0),
        "gamma_exponential_mixture_bound(100,.05,100,c=2)" => {
            exponential.bound(100.0, level).unwrap()
        }
        "gamma_poisson_log_mixture(10,100,100,c=2)" => poisson.log_e(10.0, 100.0),
        "gamma_poisson_mixture_bound(100,.05,100,c=2)" => poisson.bound(100.0, level).unwrap(),
        "beta_binomial_log_mixture(10,100,100,g=.2,h=.8,2s)" => beta(two).log_e(10.0, 100.0),
        "beta_binomial_mixture_bound(100,.05,100,.2,.8,2s)" => {
            beta(two).bound(100.0, level).unwrap()
        }
        "beta_binomial_log_mixture(10,100,100,.2,.8,1s)" => beta(one).log_e(10.0, 100.0),
        "beta_binomial_mixture_bound(100,.05,100,.2,.8,1s)" => {
            beta(one).bound(100.0, level).unwrap()
        }
        "beta_binomial_mixture_bound(.32,.05,100,.2,.8,1s)" => {
            assert_eq!(beta(one).bound(0.32, level), None);
            return Ours::NoBound;
        }
        "poly_stitching_bound(100,.05,10,c=3)" => stitching(3.0),
        "poly_stitching_bound(100,.05,10,c=-1)" => stitching(-1.0),
        "empirical_process_lil_bound(1000,.05,100,A=.85)" => {
            LilBand::new(0.85, 100, level).unwrap().radius(1_000)
        }
        "double_stitching_bound(.5,1000,.05,100)" => double_stitching(0.5),
        "double_stitching_bound(.9,1000,.05,100)" => double_stitching(0.9),
        "double_stitching_bound(.1,1000,.05,100)" => double_stitching(0.1),
        "quantile_ab_p(q=.5,1..1000 vs 71..1070,t_opt=100,alpha_opt=.05)" => shifted(0.5, 70),
        "quantile_ab_p(q=.5,offset 85)" => shifted(0.5, 85),
        "quantile_ab_p(q=.5,offset 100)" => shifted(0.5, 100),
        "quantile_ab_p(q=.9,offset 55)" => shifted(0.9, 55),
        other => return Ours::Interval(bernoulli_interval(other)),
    })
}

fn stitching(c: f64) -> f64 {
    PolynomialStitching::new(10.0, c)
        .unwrap()
        .bound(100.0, alpha(0.05))
}

fn double_stitching(p: f64) -> f64 {
    double_stitching_radius(rate(p), 1_000, alpha(0.05), 100.0).unwrap()
}

fn shifted(p: f64, offset: u32) -> f64 {
    let control: Vec<f64> = (1..=1_000).map(f64::from).collect();
    let canary: Vec<f64> = (1..=1_000).map(|x| f64::from(x + offset)).collect();
    let arms = PooledArms::from_samples(&canary, &control).unwrap();
    let prior = PriorStrength::tuned_for(100.0, alpha(0.05));
    QuantileComparison::new(rate(p))
        .with_prior(prior)
        .different(&arms)
        .p_value()
}

/// `bernoulli_ci(hits,trials,.05,tuning)`.
fn bernoulli_interval(name: &str) -> Interval {
    let inside = name
        .strip_prefix("bernoulli_ci(")
        .unwrap()
        .strip_suffix(')')
        .unwrap();
    let numbers: Vec<f64> = inside
        .split(',')
        .map(|number| {
            if let Some(rest) = number.strip_prefix('.') {
                format!("0.{rest}").parse().unwrap()
            } else {
                number.parse().unwrap()
            }
        })
        .collect();
    let [hits, trials, level, tuning] = numbers[..] else {
        panic!("{name}")
    };
    let counts = Counts::new(hits as u64, trials as u64).unwrap();
    let prior = PriorStrength::tuned_for(tuning, alpha(level));
    RateTest::interval(counts, alpha(level), prior)
}
