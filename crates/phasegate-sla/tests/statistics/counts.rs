//! Rates, shares, arms and detectors against their reference values.

use phasegate_sla::statistics::detect::{Detector, Recursion, bernoulli_increment};
use phasegate_sla::statistics::fixed::clean_samples_needed;
use phasegate_sla::statistics::rate::{ArmsTest, PriorStrength, RateTest, ShareTest, SloTest};
use phasegate_sla::statistics::{Alpha, Counts};

use crate::reference::{alpha, close, f, list, load, rate, relative, rows, u};

fn prior(k: f64) -> PriorStrength {
    PriorStrength::new(k).unwrap()
}

#[test]
fn the_rate_test_equals_the_beta_binomial_boundary() {
    let reference = load("identities");
    for row in rows(&reference, "rows") {
        let counts = Counts::new(u(row, "x"), u(row, "n")).unwrap();
        let test = RateTest::new(rate(f(row, "p"))).with_prior(prior(f(row, "k")));
        close(
            test.two_sided(counts).nats(),
            f(row, "log_E_closed_form"),
            1e-8,
            row,
        );
        // Their one-sided form tunes with twice the error probability.
        let strength = PriorStrength::tuned_for(f(row, "t_opt"), alpha(0.1));
        let one_sided = RateTest::new(rate(f(row, "p")))
            .with_prior(strength)
            .above(counts);
        close(
            one_sided.nats(),
            f(row, "confseq_one_sided_theta_gt_p"),
            1e-8,
            row,
        );
        let tuned = PriorStrength::tuned_for(f(row, "t_opt"), alpha(0.05));
        close(tuned.value(), f(row, "k"), 1e-9, row);
    }
}

#[test]
fn shares_and_arms_have_their_reference_evidence_and_intervals() {
    let reference = load("multinomial_poisson");
    for row in rows(&reference, "rows") {
        let counts: Vec<u64> = row["counts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|x| x.as_u64().unwrap())
            .collect();
        let shares = list(&row["theta0"]);
        let k = prior(f(row, "k"));
        let evidence = ShareTest::new(&shares)
            .unwrap()
            .with_prior(k)
            .evidence(&counts)
            .unwrap();
        close(evidence.nats(), f(row, "log_e"), 1e-8, row);
        close(evidence.p_value(), f(row, "p_value"), 1e-8, row);
        let [canary, control] = counts[..] else {
            continue;
        };
        let arms = ArmsTest::new(rate(shares[0])).with_prior(k);
        close(
            arms.different(canary, control).nats(),
            f(row, "log_e"),
            1e-8,
            row,
        );
        if row["share_cs_95"].is_null() {
            continue;
        }
        let both = Counts::new(canary, canary + control).unwrap();
        let test = RateTest::new(rate(shares[0])).with_prior(k);
        let share = test.compatible_rates(both, alpha(0.05));
        let expected = list(&row["share_cs_95"]);
        close(share.lower, expected[0], 1e-8, row);
        close(share.upper, expected[1], 1e-8, row);
        let ratio = arms.ratio_interval(canary, control, alpha(0.05));
        let expected = list(&row["rate_ratio_cs_95"]);
        close(ratio.lower, expected[0], 1e-8, row);
        close(ratio.upper, expected[1], 1e-8, row);
    }
}

#[test]
fn confidence_sequences_for_a_rate_have_their_reference_ends() {
    let reference = load("rate_and_mean_cs");
    for row in rows(&reference, "bernoulli_cs") {
        let counts = Counts::new(u(row, "k"), u(row, "n")).unwrap();
        // The reference tunes at 5 % whatever the level of the interval.
        let strength = PriorStrength::tuned_for(f(row, "t_opt"), alpha(0.05));
        let interval = RateTest::interval(counts, alpha(f(row, "alpha")), strength);
        let expected = list(&row["ci"]);
        close(interval.lower, expected[0], 1e-9, row);
        close(interval.upper, expected[1], 1e-9, row);
    }
}

#[test]
fn csm_levels_are_as_tight_as_published_and_never_below_the_exact_value() {
    let csm = &load("identities")["csm"];
    for row in rows(csm, "rows") {
        let test = SloTest::new(rate(f(row, "p")));
        let level = test.level(Counts::new(u(row, "s"), u(row, "n")).unwrap());
        close(level, f(row, "published_upper"), 1e-9, row);
        // The reference's own ln Γ loses digits: 4e-6 at most.
        assert!(level >= f(row, "lgamma_form") - 1e-7, "{row}: {level}");
    }
    for row in rows(csm, "published_decisions") {
        let [n, p, s, epsilon, expected] = &row.as_array().unwrap()[..] else {
            panic!("{row}")
        };
        let test = SloTest::new(rate(p.as_f64().unwrap()));
        let counts = Counts::new(s.as_u64().unwrap(), n.as_u64().unwrap()).unwrap();
        let epsilon = Alpha::new(epsilon.as_f64().unwrap()).unwrap();
        assert_eq!(
            test.rejects(counts, epsilon),
            expected.as_bool().unwrap(),
            "{row}"
        );
    }
}

#[test]
fn the_csm_level_is_minus_the_evidence_with_a_uniform_prior() {
    for (hits, trials, p) in [(3, 100, 0.1), (980, 1_000, 0.99), (0, 299, 0.01)] {
        let counts = Counts::new(hits, trials).unwrap();
        let level = SloTest::new(rate(p)).level(counts);
        // Uniform means Beta(1, 1): only at p = ½ is that a prior of ours, so by its definition.
        let exact = phasegate_sla::statistics::numeric::ln_choose(trials, hits)
            + (trials as f64 + 1.0).ln()
            + hits as f64 * p.ln()
            + (trials - hits) as f64 * (1.0 - p).ln();
        assert!(level >= exact && level < exact + 0.02, "{level} {exact}");
    }
    let half = Counts::new(70, 100).unwrap();
    let level = SloTest::new(rate(0.5)).level(half);
    let test = RateTest::new(rate(0.5)).with_prior(prior(2.0));
    close(level, -test.two_sided(half).nats(), 1e-3, "Robbins' bound");
}

#[test]
fn samples_to_decide_are_those_of_the_reference() {
    let reference = load("identities");
    for row in rows(&reference, "expected_n_to_decide_vs_threshold") {
        let test = RateTest::new(rate(f(row, "threshold"))).with_prior(prior(f(row, "k")));
        let ours = test
            .samples_needed_at(f(row, "true"), alpha(f(row, "alpha")))
            .unwrap();
        // The reference's number is the first at which the two-sided test rejects the rounded count.
        let theirs = u(row, "n_for_expected_counts");
        let shows = |n: u64| {
            let hits = (n as f64 * f(row, "true")).round_ties_even() as u64;
            test.two_sided(Counts::new(hits, n).unwrap())
                .rejects(alpha(f(row, "alpha")))
        };
        assert!(shows(theirs) && !shows(theirs * 9 / 10), "{row}");
        // On counts that are not rounded: of the same order always.
        assert!(
            ours * 10 <= theirs * 13 && ours * 10 >= theirs * 4,
            "{row}: {ours}"
        );
    }
}

#[test]
fn clean_runs_certify_after_their_reference_number_of_samples() {
    let reference = load("rate_and_mean_cs");
    for row in rows(&reference, "zero_failure_certification") {
        let (threshold, level) = (rate(f(row, "rate")), alpha(f(row, "alpha")));
        assert_eq!(
            clean_samples_needed(threshold, level),
            u(row, "fixed_n_clopper_pearson_one_sided")
        );
        for t_opt in [100, 1_000, 10_000] {
            let strength = PriorStrength::tuned_for(f64::from(t_opt), level);
            let test = RateTest::new(threshold).with_prior(strength);
            let expected = u(row, &format!("beta_binomial_cs_two_sided_t_opt_{t_opt}"));
            let shows = |n| test.two_sided(Counts::new(0, n).unwrap()).rejects(level);
            assert!(shows(expected) && !shows(expected - 1), "{row} {t_opt}");
        }
    }
}

#[test]
fn detectors_follow_their_reference_paths_and_alarm_when_they_do() {
    let reference = load("e_detector");
    let ones: Vec<u64> = rows(&reference, "ones")
        .iter()
        .map(|x| x.as_u64().unwrap())
        .collect();
    let mut cusum = Detector::new(Recursion::Cusum);
    let mut sr = Detector::new(Recursion::ShiryaevRoberts);
    let (mut plain, mut cusum_alarm, mut sr_alarm) = (0.0, None, None);
    let mut expected = rows(&reference, "rows").iter().peekable();
    for n in 1..=1_000_u64 {
        let increment = bernoulli_increment(ones.contains(&n), rate(0.05), 5.0).unwrap();
        cusum.record(increment);
        sr.record(increment);
        plain += increment.nats();
        let per_mille = alpha(0.001);
        cusum_alarm = cusum_alarm.or(cusum.alarms(per_mille).then_some(n));
        sr_alarm = sr_alarm.or(sr.alarms(per_mille).then_some(n));
        if let Some(row) = expected.next_if(|row| u(row, "n") == n) {
            relative(cusum.log_value().exp(), f(row, "e_cusum"), 1e-9, row);
            relative(sr.log_value().exp(), f(row, "e_sr"), 1e-9, row);
            close(plain, f(row, "log_wealth_no_restart"), 1e-9, row);
        }
    }
    assert_eq!(expected.next(), None);
    assert_eq!(cusum_alarm, reference["e_cusum_alarm"].as_u64());
    assert_eq!(sr_alarm, reference["e_sr_alarm"].as_u64());
}
