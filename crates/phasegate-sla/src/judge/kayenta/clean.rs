//! The configuration of a metric, and what is done to its samples before they are compared.

use serde::{Deserialize, Serialize};

/// Which deviation from the control is bad.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[expect(clippy::exhaustive_enums, reason = "the format has these three")]
pub enum Direction {
    /// Lower is bad.
    Decrease,
    /// Both are bad.
    #[default]
    Either,
    /// Higher is bad.
    Increase,
}

/// What to do with missing values.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[expect(clippy::exhaustive_enums, reason = "the format has these two")]
pub enum NanStrategy {
    /// Leave them out.
    #[default]
    Remove,
    /// Take them as 0.
    Replace,
}

/// What to do with outliers.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[expect(clippy::exhaustive_enums, reason = "the format has these two")]
pub enum Outliers {
    /// Keep them.
    #[default]
    Keep,
    /// Leave out what lies further outside the quartiles than this many interquartile ranges *and*
    /// outside the 1st and 99th percentile.
    Remove {
        /// Interquartile ranges; 3 where the format says nothing.
        factor: f64,
    },
}

/// How the size of a deviation is measured.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[expect(clippy::exhaustive_enums, reason = "the format has these two")]
pub enum EffectMeasure {
    /// P(experiment > control) + ½ P(equal).
    CommonLanguage,
    /// Mean of the experiment over mean of the control.
    #[default]
    MeanRatio,
}

/// From which size on a deviation counts. Unset limits are the measure's neutral value.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "written out by callers; the fields of the format"
)]
pub struct EffectSize {
    /// The measure.
    pub measure: EffectMeasure,
    /// High only from here on.
    pub allowed_increase: Option<f64>,
    /// Low only up to here.
    pub allowed_decrease: Option<f64>,
    /// Critically high only from here on.
    pub critical_increase: Option<f64>,
    /// Critically low only up to here.
    pub critical_decrease: Option<f64>,
}

impl EffectSize {
    pub(super) fn limit(&self, set: Option<f64>) -> f64 {
        set.unwrap_or(match self.measure {
            EffectMeasure::CommonLanguage => 0.5,
            EffectMeasure::MeanRatio => 1.0,
        })
    }
}

/// The `canary` part of a metric's analysis configuration.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "written out by callers; the fields of the format"
)]
pub struct MetricConfig {
    /// Which deviation is bad.
    pub direction: Direction,
    /// Missing values.
    pub nan_strategy: NanStrategy,
    /// Outliers.
    pub outliers: Outliers,
    /// Whether a failure of this metric fails everything.
    pub critical: bool,
    /// Whether having no data is a failure.
    pub must_have_data: bool,
    /// Whether the metric is left out of the score.
    pub muted: bool,
    /// From which size on a deviation counts.
    pub effect_size: EffectSize,
}

/// The samples that are compared.
pub(super) fn clean(values: &[f64], config: &MetricConfig) -> Vec<f64> {
    let values: Vec<f64> = match config.nan_strategy {
        NanStrategy::Remove => values.iter().copied().filter(|x| !x.is_nan()).collect(),
        NanStrategy::Replace => values
            .iter()
            .map(|x| if x.is_nan() { 0.0 } else { *x })
            .collect(),
    };
    let Outliers::Remove { factor } = config.outliers else {
        return values;
    };
    let mut sorted = values.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let (Some(p_01), Some(p_25), Some(p_75), Some(p_99)) = (
        percentile(&sorted, 0.01),
        percentile(&sorted, 0.25),
        percentile(&sorted, 0.75),
        percentile(&sorted, 0.99),
    ) else {
        return values;
    };
    let range = p_75 - p_25;
    let lower = p_01.min(p_25 - factor * range);
    let upper = p_99.max(p_75 + factor * range);
    values
        .into_iter()
        .filter(|x| !(*x > upper || *x < lower))
        .collect()
}

/// The percentile between sorted values, type 7 of Hyndman and Fan; none without values.
fn percentile(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = 1.0 + last as f64 * p;
    let whole = place.floor();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 1 and the number of values"
    )]
    let index = (whole as usize).saturating_sub(1).min(last);
    let lower = *sorted.get(index)?;
    match sorted.get(index + 1) {
        Some(upper) => Some(lower + (place - whole) * (upper - lower)),
        None => Some(lower),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_published_tests() {
        let values: Vec<f64> = (0..8).map(|i| f64::from(i) * 0.5).collect();
        assert!((percentile(&values, 0.05).unwrap() - 0.175).abs() < 1e-12);
        assert_eq!(percentile(&[], 0.5), None);
        assert_eq!(percentile(&[4.0], 0.99), Some(4.0));
    }

    #[test]
    fn outliers_go_and_missing_values_are_treated_as_said() {
        let mut values: Vec<f64> = (0..200).map(|i| f64::from(i % 10)).collect();
        values.push(1e6);
        values.push(f64::NAN);
        let mut config = MetricConfig {
            outliers: Outliers::Remove { factor: 3.0 },
            ..Default::default()
        };
        assert_eq!(clean(&values, &config).len(), 200);
        config.nan_strategy = NanStrategy::Replace;
        assert_eq!(clean(&values, &config).len(), 201);
        assert!(clean(&[], &config).is_empty());
    }
}
