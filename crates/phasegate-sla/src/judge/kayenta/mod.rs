//! Kayenta's `NetflixACAJudge`, version 1.0, without its random noise.
//!
//! Each metric's samples of both arms are cleaned (missing values, outliers), compared by a
//! Mann–Whitney interval at 98 % with a tolerance of a quarter of the estimate, classified, and the
//! classes are scored by weighted groups.
//!
//! **The one difference.** Where both arms are constant but different, Kayenta adds Gaussian noise of
//! a 100,000th of the value and draws it unseeded: one data point a side then ends in an error, which
//! counts as no failure, in most runs and in High or Low in the others. Here the noise is taken to its
//! limit of nothing: estimate and interval are exactly the difference of the two values. The verdict
//! is the one that Kayenta's noise gives in nearly all runs from two points a side on.
//!
//! The interval search is kept as it is, an absolute tolerance of 10⁻⁴ included, because verdicts
//! depend on it: for metrics of the order of 10⁻⁴ and below it is meaningless, and
//! [`shift_interval`](crate::statistics::fixed::shift_interval) is what to use instead.

mod classify;
mod clean;
mod rank;
mod score;

pub use classify::{Classification, Classified, classify};
pub use clean::{Direction, EffectMeasure, EffectSize, MetricConfig, NanStrategy, Outliers};
pub use rank::{RankShift, rank_shift};
pub use score::{Judged, ScoreClass, Scored, Thresholds, score};
