//! The score over all metrics.

use std::collections::BTreeMap;

use phasegate_core::Decimal;
use serde::{Deserialize, Serialize};

use super::classify::{Classification, Classified};

/// From this percentage of metrics without data on, everything fails.
const NO_DATA_PERCENT: f64 = 50.0;

/// A metric with its class and the groups it counts in.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "written out by callers")]
pub struct Judged {
    /// The class.
    pub classified: Classified,
    /// The groups it counts in.
    pub groups: Vec<String>,
    /// Whether it is left out.
    pub muted: bool,
}

/// The scores from which on a canary passes, or passes marginally.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "written out by callers")]
pub struct Thresholds {
    /// Pass from here on.
    pub pass: f64,
    /// Marginal from here on.
    pub marginal: f64,
}

/// What a score means.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(clippy::exhaustive_enums, reason = "the classes of the format")]
pub enum ScoreClass {
    /// Below the marginal threshold.
    Fail,
    /// Between the thresholds.
    Marginal,
    /// At or above the pass threshold.
    Pass,
}

/// The score of a canary.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Scored {
    /// 0 to 100.
    pub score: f64,
    /// What it means.
    pub class: ScoreClass,
    /// The score of each group; none for a group in which no metric has data.
    pub groups: BTreeMap<String, Option<f64>>,
}

/// Scores classified metrics by weighted groups.
///
/// Within a group the share of passes among metrics with data; groups without a weight share what is
/// left of 100; a group without data counts as 100; a critical failure, or no data in half of the
/// metrics, scores 0.
///
/// ```
/// use std::collections::BTreeMap;
/// use phasegate_sla::judge::kayenta::{Judged, MetricConfig, ScoreClass, Thresholds, classify, score};
/// let judged = |control: [f64; 3], experiment: [f64; 3]| Judged {
///     classified: classify(&control, &experiment, &MetricConfig::default()),
///     groups: vec!["errors".into()],
///     muted: false,
/// };
/// let metrics = [judged([1.0, 2.0, 3.0], [3.0, 2.0, 1.0])];
/// let scored = score(&metrics, &BTreeMap::new(), Thresholds { pass: 95.0, marginal: 75.0 });
/// assert_eq!((scored.score, scored.class), (100.0, ScoreClass::Pass));
/// ```
#[must_use]
pub fn score(
    metrics: &[Judged],
    weights: &BTreeMap<String, f64>,
    thresholds: Thresholds,
) -> Scored {
    let counted: Vec<&Judged> = metrics.iter().filter(|metric| !metric.muted).collect();
    let mut tallies: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for metric in &counted {
        for group in &metric.groups {
            let (passed, with_data) = tallies.entry(group.clone()).or_default();
            match metric.classified.classification {
                Classification::Pass => (*passed, *with_data) = (*passed + 1, *with_data + 1),
                Classification::High | Classification::Low | Classification::NoDataFailMetric => {
                    *with_data += 1;
                }
                Classification::Error | Classification::NoData => {}
            }
        }
    }
    let groups: BTreeMap<String, Option<f64>> = tallies
        .into_iter()
        .map(|(group, (passed, with_data))| {
            let share = f64::from(passed) / f64::from(with_data.max(1)) * 100.0;
            (group, (with_data > 0).then_some(share))
        })
        .collect();
    let is =
        |class: Classification| move |metric: &&&Judged| metric.classified.classification == class;
    let critical = counted.iter().any(|metric| {
        metric.classified.critical && metric.classified.classification != Classification::Pass
    });
    let without = counted.iter().filter(is(Classification::NoData)).count() as f64;
    let too_little = without / counted.len() as f64 * 100.0 >= NO_DATA_PERCENT;
    let score = if critical || too_little {
        0.0
    } else {
        weighted(&groups, weights)
    };
    let class = if score >= thresholds.pass {
        ScoreClass::Pass
    } else if score >= thresholds.marginal {
        ScoreClass::Marginal
    } else {
        ScoreClass::Fail
    };
    Scored {
        score,
        class,
        groups,
    }
}

fn weighted(groups: &BTreeMap<String, Option<f64>>, weights: &BTreeMap<String, f64>) -> f64 {
    let unweighted = groups
        .keys()
        .filter(|group| !weights.contains_key(*group))
        .count();
    let rest = (100.0 - weights.values().sum::<f64>()) / unweighted.max(1) as f64;
    let sum: f64 = groups
        .iter()
        .map(|(group, score)| {
            score.unwrap_or(100.0) * (weights.get(group).copied().unwrap_or(rest) / 100.0)
        })
        .sum();
    // Two decimals, halves away from zero, of the number as it is written: 1.005 becomes 1.01.
    Decimal::from_f64(sum).map_or(sum, |sum| sum.rounded(2).to_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_rounded_as_they_are_written() {
        for (score, weight, expected) in [
            (100.0, 1.005, 1.01),
            (100.0, 33.335, 33.34),
            (50.0, 2.01, 1.01),
        ] {
            let groups = BTreeMap::from([("a".to_owned(), Some(score))]);
            let weights = BTreeMap::from([("a".to_owned(), weight)]);
            assert!(
                (weighted(&groups, &weights) - expected).abs() < 1e-12,
                "{weight}"
            );
        }
    }
}
