//! Kayenta: every recorded classification, and the published vectors.

use std::collections::BTreeMap;

use phasegate_sla::judge::kayenta::{
    Classification, Classified, Direction, EffectMeasure, EffectSize, Judged, MetricConfig,
    NanStrategy, Outliers, ScoreClass, Thresholds, classify, rank_shift, score,
};
use serde_json::Value;

use crate::vectors::{number, numbers, rows};

fn config(json: &Value) -> MetricConfig {
    let effect = &json["effectSize"];
    let limit = |key: &str| effect[key].as_f64();
    MetricConfig {
        direction: match json["direction"].as_str() {
            Some("increase") => Direction::Increase,
            Some("decrease") => Direction::Decrease,
            _ => Direction::Either,
        },
        nan_strategy: match json["nanStrategy"].as_str() {
            Some("replace") => NanStrategy::Replace,
            _ => NanStrategy::Remove,
        },
        outliers: match json["outliers"]["strategy"].as_str() {
            Some("remove") => Outliers::Remove {
                factor: json["outliers"]["outlierFactor"].as_f64().unwrap_or(3.0),
            },
            _ => Outliers::Keep,
        },
        critical: json["critical"].as_bool().unwrap_or(false),
        must_have_data: json["mustHaveData"].as_bool().unwrap_or(false),
        muted: json["muted"].as_bool().unwrap_or(false),
        effect_size: EffectSize {
            measure: match effect["measure"].as_str() {
                Some("cles") => EffectMeasure::CommonLanguage,
                _ => EffectMeasure::MeanRatio,
            },
            allowed_increase: limit("allowedIncrease"),
            allowed_decrease: limit("allowedDecrease"),
            critical_increase: limit("criticalIncrease"),
            critical_decrease: limit("criticalDecrease"),
        },
    }
}

fn class(text: &str) -> Classification {
    match text {
        "Error" => Classification::Error,
        "High" => Classification::High,
        "Low" => Classification::Low,
        "Nodata" => Classification::NoData,
        "NodataFailMetric" => Classification::NoDataFailMetric,
        "Pass" => Classification::Pass,
        other => panic!("{other}"),
    }
}

#[test]
fn every_recorded_metric_gets_its_recorded_class_ratio_and_score() {
    let mut wrong = Vec::new();
    for row in rows("kayenta_judge_vectors") {
        let (control, experiment) = (numbers(&row["control"]), numbers(&row["experiment"]));
        let found = classify(&control, &experiment, &config(&row["config"]));
        let ratio = number(&row["ratio"]);
        let same_ratio = (found.ratio.is_nan() && ratio.is_nan())
            || (found.ratio - ratio).abs() <= 1e-12 * ratio.abs();
        let judged = Judged {
            classified: found,
            groups: vec!["g".into()],
            muted: false,
        };
        // The recording's thresholds do not show at scores of 0 and 100.
        let scored = score(
            &[judged],
            &BTreeMap::new(),
            Thresholds {
                pass: 95.0,
                marginal: 75.0,
            },
        );
        let expected_class = match row["scoreClass"].as_str().unwrap() {
            "Fail" => ScoreClass::Fail,
            "Marginal" => ScoreClass::Marginal,
            _ => ScoreClass::Pass,
        };
        if found.classification != class(row["classification"].as_str().unwrap())
            || found.critical != row["critical"].as_bool().unwrap()
            || !same_ratio
            || scored.score != number(&row["score"])
            || scored.class != expected_class
        {
            wrong.push(format!("{found:?} {scored:?} instead of {row}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn raw_intervals_are_the_recorded_ones() {
    for row in rows("kayenta_judge_vectors") {
        let raw = &row["mwRaw98"];
        if raw["lower"].is_null() {
            continue;
        }
        let present = |key: &str| -> Vec<f64> {
            numbers(&row[key])
                .into_iter()
                .filter(|x| !x.is_nan())
                .collect()
        };
        let found = rank_shift(&present("experiment"), &present("control"), 0.98).unwrap();
        for (ours, key) in [
            (found.lower, "lower"),
            (found.upper, "upper"),
            (found.estimate, "estimate"),
        ] {
            let theirs = number(&raw[key]);
            assert!(
                (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0),
                "{key} {ours} {row}"
            );
        }
    }
}

fn judged(classes: &[(Classification, bool, &str)]) -> Vec<Judged> {
    let template = classify(&[1.0, 2.0], &[2.0, 1.0], &MetricConfig::default());
    classes
        .iter()
        .map(|(classification, critical, group)| {
            let mut classified: Classified = template;
            classified.classification = *classification;
            classified.critical = *critical;
            Judged {
                classified,
                groups: vec![(*group).to_owned()],
                muted: false,
            }
        })
        .collect()
}

#[test]
fn scores_are_those_of_the_published_tests() {
    use Classification::{High, Low, NoData, Pass};
    let weights = |a: f64, b: f64| BTreeMap::from([("a".to_owned(), a), ("b".to_owned(), b)]);
    for (classes, weights, expected) in [
        (
            vec![(Pass, false, "a"), (High, false, "a")],
            BTreeMap::new(),
            50.0,
        ),
        (
            vec![(Pass, false, "a"), (High, false, "a"), (Low, false, "a")],
            BTreeMap::new(),
            33.33,
        ),
        (
            vec![
                (Pass, false, "a"),
                (Pass, false, "b"),
                (High, false, "b"),
                (High, false, "b"),
            ],
            weights(75.0, 25.0),
            83.33,
        ),
        (
            vec![(Pass, false, "a"), (High, false, "b")],
            weights(75.0, 25.0),
            75.0,
        ),
        (
            vec![(Pass, false, "a"), (High, false, "a"), (High, false, "b")],
            weights(50.0, 50.0),
            25.0,
        ),
        (
            vec![(Pass, false, "a"), (Pass, false, "a"), (NoData, false, "b")],
            BTreeMap::new(),
            100.0,
        ),
        (
            vec![(Pass, false, "a"), (High, true, "b")],
            BTreeMap::new(),
            0.0,
        ),
        (
            vec![(Pass, false, "a"), (Pass, false, "a"), (NoData, true, "b")],
            BTreeMap::new(),
            0.0,
        ),
        (
            vec![(Pass, false, "a"), (NoData, false, "a")],
            BTreeMap::new(),
            0.0,
        ),
    ] {
        let thresholds = Thresholds {
            pass: 95.0,
            marginal: 75.0,
        };
        let scored = score(&judged(&classes), &weights, thresholds);
        assert_eq!(scored.score, expected, "{classes:?}");
    }
    let mut muted = judged(&[(High, true, "a"), (Pass, false, "a")]);
    muted[0].muted = true;
    let scored = score(
        &muted,
        &BTreeMap::new(),
        Thresholds {
            pass: 95.0,
            marginal: 75.0,
        },
    );
    assert_eq!(scored.class, ScoreClass::Pass);
}

#[test]
fn the_published_interval_is_found() {
    let shift = rank_shift(&[10.0, 20.0, 30.0, 40.0], &[1.0, 2.0, 3.0, 4.0], 0.95).unwrap();
    assert!(
        (shift.lower - 6.0).abs() < 1e-6 && (shift.upper - 39.0).abs() < 1e-6,
        "{shift:?}"
    );
    assert!((shift.estimate - 22.5).abs() < 1e-6, "{shift:?}");
}

#[test]
fn constant_arms_get_the_verdict_of_vanishing_noise_every_time() {
    for (control, experiment, direction, expected) in [
        (
            vec![5.0],
            vec![7.0],
            Direction::Either,
            Classification::High,
        ),
        (
            vec![5.0, 5.0],
            vec![7.0],
            Direction::Increase,
            Classification::High,
        ),
        (
            vec![5.0, 5.0],
            vec![7.0],
            Direction::Decrease,
            Classification::Pass,
        ),
        (
            vec![7.0; 30],
            vec![5.0; 30],
            Direction::Either,
            Classification::Low,
        ),
        (
            vec![5.0],
            vec![5.0; 3],
            Direction::Either,
            Classification::Pass,
        ),
    ] {
        let config = MetricConfig {
            direction,
            critical: true,
            ..MetricConfig::default()
        };
        let found = classify(&control, &experiment, &config);
        assert_eq!(found.classification, expected, "{control:?} {experiment:?}");
        assert_eq!(found.critical, expected != Classification::Pass);
        assert_eq!(found, classify(&control, &experiment, &config));
    }
}
