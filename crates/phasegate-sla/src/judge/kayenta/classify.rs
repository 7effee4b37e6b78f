//! The classification of one metric.

use serde::{Deserialize, Serialize};

use super::clean::{Direction, EffectMeasure, MetricConfig, NanStrategy, clean};
use super::rank::{RankShift, rank_shift};

/// The confidence of the interval.
const CONFIDENCE: f64 = 0.98;
/// The part of the estimate that the interval must stay clear of zero by.
const TOLERANCE: f64 = 0.25;

/// What a metric is found to be.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[expect(clippy::exhaustive_enums, reason = "the classes of the format")]
pub enum Classification {
    /// The comparison failed.
    Error,
    /// Higher than allowed.
    High,
    /// Lower than allowed.
    Low,
    /// No data.
    NoData,
    /// No data where data are required.
    NoDataFailMetric,
    /// As it should be.
    Pass,
}

/// A classified metric.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Classified {
    /// The class.
    pub classification: Classification,
    /// Whether the class is a failure that fails everything.
    pub critical: bool,
    /// Mean of the experiment over mean of the control; NaN if either is 0, 1 without comparison.
    pub ratio: f64,
}

impl Classified {
    const fn without_comparison(classification: Classification, critical: bool) -> Self {
        Self {
            classification,
            critical,
            ratio: 1.0,
        }
    }
}

/// Classifies a metric by its samples in both arms. NaN is a missing value.
///
/// ```
/// use phasegate_sla::judge::kayenta::{Classification, MetricConfig, classify};
/// let control: Vec<f64> = (0..30).map(|i| 100.0 + f64::from(i % 7)).collect();
/// let experiment: Vec<f64> = control.iter().map(|x| x * 1.3).collect();
/// let found = classify(&control, &experiment, &MetricConfig::default());
/// assert_eq!(found.classification, Classification::High);
/// ```
#[expect(clippy::float_cmp, reason = "identical samples are what is looked for")]
#[must_use]
pub fn classify(control: &[f64], experiment: &[f64], config: &MetricConfig) -> Classified {
    let (control, experiment) = (clean(control, config), clean(experiment, config));
    if control.is_empty() || experiment.is_empty() {
        return missing(config);
    }
    let sorted = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted
    };
    let single = single_value(&control).zip(single_value(&experiment));
    if sorted(&control) == sorted(&experiment) || single.is_some_and(|(a, b)| a == b) {
        return Classified::without_comparison(Classification::Pass, false);
    }
    let shift = match single {
        // Instead of noise: the limit of no noise.
        Some((control, experiment)) => {
            let shift = experiment - control;
            Some(RankShift {
                estimate: shift,
                lower: shift,
                upper: shift,
            })
        }
        None => rank_shift(&experiment, &control, CONFIDENCE),
    };
    match shift {
        Some(shift) => compare(&control, &experiment, config, shift),
        None => Classified::without_comparison(Classification::Error, false),
    }
}

fn missing(config: &MetricConfig) -> Classified {
    match config.nan_strategy {
        NanStrategy::Replace => Classified::without_comparison(Classification::Pass, false),
        NanStrategy::Remove if config.must_have_data && !config.critical => {
            Classified::without_comparison(Classification::NoDataFailMetric, false)
        }
        NanStrategy::Remove => {
            Classified::without_comparison(Classification::NoData, config.critical)
        }
    }
}

#[expect(clippy::float_cmp, reason = "constant samples are what is looked for")]
fn single_value(values: &[f64]) -> Option<f64> {
    let (first, rest) = values.split_first()?;
    rest.iter().all(|value| value == first).then_some(*first)
}

fn compare(
    control: &[f64],
    experiment: &[f64],
    config: &MetricConfig,
    shift: RankShift,
) -> Classified {
    let size = config.effect_size;
    let ratio = mean_ratio(control, experiment);
    let effect = match size.measure {
        EffectMeasure::CommonLanguage => common_language(control, experiment),
        EffectMeasure::MeanRatio => ratio,
    };
    // An effect that cannot be computed is not held against the other evidence.
    let at_least = |limit| effect.is_nan() || effect >= size.limit(limit);
    let at_most = |limit| effect.is_nan() || effect <= size.limit(limit);
    let band = TOLERANCE * shift.estimate.abs();
    let (up, down) = match config.direction {
        Direction::Decrease => (false, true),
        Direction::Either => (true, true),
        Direction::Increase => (true, false),
    };
    let (classification, critical) = if up && shift.lower > band && at_least(size.allowed_increase)
    {
        (Classification::High, at_least(size.critical_increase))
    } else if down && shift.upper < -band && at_most(size.allowed_decrease) {
        (Classification::Low, at_most(size.critical_decrease))
    } else {
        (Classification::Pass, false)
    };
    Classified {
        classification,
        critical: config.critical && critical,
        ratio,
    }
}

fn mean_ratio(control: &[f64], experiment: &[f64]) -> f64 {
    let (below, above) = (mean(control), mean(experiment));
    if below == 0.0 || above == 0.0 {
        f64::NAN
    } else {
        above / below
    }
}

/// The mean in two passes: the second adds the mean of what the first left over.
fn mean(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let first = values.iter().sum::<f64>() / n;
    first + values.iter().map(|x| x - first).sum::<f64>() / n
}

/// (2R − m(m + 1)) / (2nm) with R the rank sum of the experiment's m values among all.
fn common_language(control: &[f64], experiment: &[f64]) -> f64 {
    let mut wins = 0.0;
    for x in experiment {
        for y in control {
            wins += if x > y {
                1.0
            } else if x < y {
                0.0
            } else {
                0.5
            };
        }
    }
    wins / (control.len() as f64 * experiment.len() as f64)
}
