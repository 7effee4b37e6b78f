//! Betting, empirical Bernstein and asymptotic confidence sequences against their reference values.

use phasegate_sla::statistics::mean::{
    AsymptoticComparison, Bets, BettingInterval, BettingTest, ConversionRace, HoeffdingBound,
    MixtureBernstein, Moments, PredictableBernstein, PredictableHoeffding, Scale, ValueRange,
    msprt,
};
use phasegate_sla::statistics::{Alpha, Interval};
use serde_json::Value;

use crate::reference::{SplitMix64, alpha, close, f, list, load, rows, u};

/// The stream by its name in the reference.
fn stream(row: &Value) -> Vec<f64> {
    let n = u(row, "n") as usize;
    let below = |seed: u64, p: f64| -> Vec<f64> {
        SplitMix64::uniforms(seed, n)
            .into_iter()
            .map(|x| f64::from(u8::from(x < p)))
            .collect()
    };
    match row["stream"].as_str().unwrap() {
        "uniform_seed1_1000" => SplitMix64::uniforms(1, n),
        "bernoulli_p05_seed7_1000" => below(7, 0.05),
        "bernoulli_p01_seed11_2000" => below(11, 0.01),
        "beta_like_u2_seed5_1000" => SplitMix64::uniforms(5, n).iter().map(|x| x * x).collect(),
        "all_zero_500" => vec![0.0; n],
        "alternating_01_400" => (0..n).map(|i| (i % 2) as f64).collect(),
        other => panic!("{other}"),
    }
}

/// The values at the look times that the reference names.
fn at_looks<S>(
    values: &[f64],
    expected: &Value,
    mut state: S,
    record: impl Fn(&mut S, f64),
    check: impl Fn(&S, &Value, usize),
) {
    let looks = expected.as_object().unwrap();
    let mut seen = 0;
    for (index, value) in values.iter().enumerate() {
        record(&mut state, *value);
        if let Some(expected) = looks.get(&(index + 1).to_string()) {
            check(&state, expected, index + 1);
            seen += 1;
        }
    }
    assert_eq!(seen, looks.len());
}

fn same(interval: Interval, expected: &Value, tolerance: f64, what: &str) {
    let expected = list(expected);
    close(interval.lower, expected[0], tolerance, what);
    close(interval.upper, expected[1], tolerance, what);
}

#[test]
fn streams_are_those_of_the_reference() {
    let reference = load("rate_and_mean_cs");
    for row in rows(&reference, "betting") {
        close(
            stream(row).iter().sum(),
            f(row, "sum"),
            1e-12,
            &row["stream"],
        );
    }
}

#[test]
fn betting_capital_follows_its_reference_path() {
    let reference = load("rate_and_mean_cs");
    for row in rows(&reference, "betting") {
        let values = stream(row);
        // One-sided capital in the reference is tuned at the whole of α.
        for (key, level, one_sided) in [
            ("log_betting_mart_default", 0.05, false),
            ("log_betting_mart_positive_only_theta1", 0.1, true),
        ] {
            for (m, expected) in row[key].as_object().unwrap() {
                let test =
                    BettingTest::new(ValueRange::unit(), m.parse().unwrap(), alpha(level)).unwrap();
                at_looks(
                    &values,
                    expected,
                    test,
                    |test, x| test.record(x).unwrap(),
                    |test, expected, t| {
                        let ours = if one_sided {
                            test.above()
                        } else {
                            test.two_sided()
                        };
                        let what = format!("{} {key} {m} {t}", row["stream"]);
                        close(ours.nats(), expected.as_f64().unwrap(), 1e-9, what);
                    },
                );
            }
        }
    }
}

#[test]
fn the_first_bets_are_those_of_the_reference() {
    // λ is not public; it shows in the capital: at m = ½ one value x moves it by ln(1 + λ(x − ½)).
    let reference = load("rate_and_mean_cs");
    let row = &rows(&reference, "betting")[0];
    let expected = list(&row["lambda_predmix_eb_alpha025"]);
    close(expected[0], 6.524_984_656, 1e-9, "first bet");
    let mut test = BettingTest::new(ValueRange::unit(), 0.05, alpha(0.05))
        .unwrap()
        .with_caution(1.0)
        .unwrap();
    test.record(stream(row)[0]).unwrap();
    let implied = (test.above().nats().exp() - 1.0) / (stream(row)[0] - 0.05);
    close(implied, expected[0], 1e-12, "implied bet");
}

#[test]
fn betting_intervals_have_their_reference_ends() {
    let reference = load("rate_and_mean_cs");
    for row in rows(&reference, "betting") {
        let values = stream(row);
        let name = row["stream"].as_str().unwrap();
        let plain = BettingInterval::new(ValueRange::unit(), 1_000, alpha(0.05), Bets::PlugIn);
        for (key, intersect) in [
            ("betting_cs_breaks1000", false),
            ("hedged_cs_running_intersection", true),
        ] {
            at_looks(
                &values,
                &row[key],
                plain.clone(),
                |state, x| state.record(x).unwrap(),
                |state, expected, t| {
                    let interval = if intersect {
                        state.running_intersection()
                    } else {
                        state.interval()
                    };
                    same(interval, expected, 1e-9, &format!("{name} {key} {t}"));
                },
            );
        }
    }
}

#[test]
fn diversified_kelly_intervals_have_their_reference_ends() {
    let reference = load("rate_and_mean_cs");
    // Ten bets on a thousand candidates: two of the six streams keep the test short.
    for row in rows(&reference, "betting")
        .iter()
        .filter(|row| u(row, "n") <= 500)
    {
        let kind = Bets::DiversifiedKelly { bets: 10 };
        at_looks(
            &stream(row),
            &row["dKelly_cs_D10"],
            BettingInterval::new(ValueRange::unit(), 1_000, alpha(0.05), kind),
            |state, x| state.record(x).unwrap(),
            |state, expected, t| {
                let what = format!("{} dKelly {t}", row["stream"]);
                same(state.running_intersection(), expected, 1e-9, &what);
            },
        );
    }
}

#[test]
fn closed_form_intervals_have_their_reference_ends() {
    let reference = load("rate_and_mean_cs");
    let level = alpha(0.05);
    for row in rows(&reference, "betting") {
        let (values, name) = (stream(row), row["stream"].as_str().unwrap());
        at_looks(
            &values,
            &row["predmix_empbern_twosided"],
            PredictableBernstein::new(level),
            |state, x| state.record(x).unwrap(),
            |state, expected, t| same(state.interval(), expected, 1e-9, &format!("{name} eb {t}")),
        );
        at_looks(
            &values,
            &row["predmix_hoeffding"],
            PredictableHoeffding::new(level),
            |state, x| state.record(x).unwrap(),
            |state, expected, t| same(state.interval(), expected, 1e-9, &format!("{name} ho {t}")),
        );
        // The reference halves α twice; so does this test.
        at_looks(
            &values,
            &row["conjmix_empbern_vopt10_NB_alpha_is_halved_twice"],
            MixtureBernstein::tuned_for(10.0, alpha(0.025)).unwrap(),
            |state, x| state.record(x).unwrap(),
            |state, expected, t| same(state.interval(), expected, 1e-9, &format!("{name} mb {t}")),
        );
        let bound = HoeffdingBound::tuned_for(1_000.0, level).unwrap();
        at_looks(
            &values,
            &row["conjmix_hoeffding_topt1000"],
            (0_u64, 0.0),
            |(count, sum), x| {
                *count += 1;
                *sum += x;
            },
            |(count, sum), expected, t| {
                same(
                    bound.interval(*count, *sum),
                    expected,
                    1e-9,
                    &format!("{name} hb {t}"),
                );
            },
        );
    }
}

#[test]
fn a_clean_stream_is_certified_after_its_reference_number_of_values() {
    let reference = load("rate_and_mean_cs");
    for row in rows(&reference, "zero_failure_certification") {
        for (caution, key) in [
            (0.5, "betting_negative_only_trunc_0.5"),
            (1.0, "betting_negative_only_trunc_1"),
        ] {
            let mut test = BettingTest::new(ValueRange::unit(), f(row, "rate"), alpha(0.1))
                .unwrap()
                .with_caution(caution)
                .unwrap();
            let mut values = 0;
            while !test.below().rejects(alpha(0.05)) {
                test.record(0.0).unwrap();
                values += 1;
            }
            assert_eq!(values, u(row, key), "{row} {key}");
        }
    }
}

#[test]
fn asymptotic_sequences_have_their_reference_intervals() {
    let reference = load("sequential_other");
    for row in rows(&reference, "asymptotic_cs_growthbook") {
        let arm =
            |n, mean, var| Moments::from_summary(u(row, n), f(row, mean), f(row, var)).unwrap();
        let scale = if row["relative"].as_bool().unwrap() {
            Scale::Relative
        } else {
            Scale::Absolute
        };
        let comparison = AsymptoticComparison::new(alpha(f(row, "alpha")), scale)
            .tuned_for(f(row, "N_tune"))
            .unwrap();
        let outcome = comparison
            .compare(arm("n_b", "mean_b", "var_b"), arm("n_a", "mean_a", "var_a"))
            .unwrap();
        close(outcome.estimate, f(row, "estimate"), 1e-12, row);
        let half_width = 0.5 * (outcome.interval.upper - outcome.interval.lower);
        close(half_width, f(row, "halfwidth"), 1e-9, row);
        close(outcome.evidence.p_value(), f(row, "p"), 1e-9, row);
        assert!(outcome.upper < outcome.interval.upper && outcome.lower > outcome.interval.lower);
    }
    for row in rows(&reference, "msprt_johari") {
        let log_e = msprt(u(row, "n"), f(row, "diff"), f(row, "V"), f(row, "tau2")).unwrap();
        close(log_e.nats(), f(row, "log_lambda"), 1e-12, row);
        close(log_e.p_value(), f(row, "p"), 1e-12, row);
    }
}

#[test]
fn the_conversion_race_alarms_as_often_as_published() {
    let reference = load("sequential_other");
    for row in rows(&reference, "evan_miller") {
        let n = u(row, "N");
        let (one, two) = (ConversionRace::new(n), ConversionRace::two_sided(n));
        assert_eq!(
            (one.lead(), two.lead()),
            (u(row, "d"), u(row, "d2")),
            "{row}"
        );
        close(
            one.false_alarm(),
            f(row, "one_sided_false_positive"),
            1e-10,
            row,
        );
        close(
            2.0 * two.false_alarm(),
            f(row, "two_sided_bound"),
            1e-10,
            row,
        );
    }
}

#[test]
fn a_restarted_sequence_is_a_fresh_one() {
    let level: Alpha = alpha(0.05);
    let fresh = BettingInterval::new(ValueRange::unit(), 50, level, Bets::PlugIn);
    let mut used = fresh.clone();
    for x in SplitMix64::uniforms(3, 40) {
        used.record(x).unwrap();
    }
    assert_ne!(used, fresh);
    used.reset();
    assert_eq!(used, fresh);
}
