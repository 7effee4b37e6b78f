//! The statistics of looking often: evidence that stays valid however often one looks, and
//! fixed-sample methods for offline use that say so.
//!
//! # What a criterion with `confidence` is wired to
//!
//! | criterion | call |
//! |---|---|
//! | a rate against a threshold | [`rate::RateTest::decide`] on [`Counts`] |
//! | a percentile against a threshold | [`quantile::PercentileTest::decide_below`] on `(n_below, n)`: two integers |
//! | two arms' counts (canary errors against control errors) | [`rate::ArmsTest::decide`] |
//! | two arms' percentile, on samples or histograms | [`quantile::QuantileComparison`] |
//! | two arms' percentile with a margin | [`quantile::QuantileComparison::with_margin`] |
//! | a bounded mean (Apdex, score, capped latency) | [`mean::BettingTest`] |
//! | an unbounded mean of two arms | [`mean::AsymptoticComparison`] |
//! | a long bake that should notice a late change | [`detect::Detector`] |
//! | several triggers, several gates | [`combine`] |
//! | no worse than, equivalent to | [`margin`] |
//!
//! Every test takes an [`Alpha`] (5 % for `confidence 95%`) and returns a [`Decision`]: the statement
//! holds, its opposite holds, or neither can be said yet.
//!
//! # The rules that all anytime-valid methods share
//!
//! - Evidence is a number E ≥ 0 whose expectation is at most 1 while the null hypothesis is true, kept
//!   as its logarithm ([`LogE`]). By Ville's inequality the chance that E *ever* reaches 1/α is at
//!   most α: one may look after every sample and stop whenever one likes.
//! - The samples must be new ones. Overlapping windows count the same request twice and void every
//!   guarantee here; use counts since the start, or disjoint increments.
//! - Evidence of one step says nothing of another: start afresh when the weight changes.
//! - What "independent" costs: two-sided tests need it, one-sided ones need only that each sample's
//!   conditional mean is on the null's side, so drift inside the null does no harm.
//!
//! # Table of methods
//!
//! | method | needs | state | cost of a look | merge | false alarms under looking |
//! |---|---|---|---|---|---|
//! | [`rate::RateTest`] | yes/no samples | 2 integers | O(1) | add counts | ≤ α |
//! | [`rate::SloTest`] (CSM) | yes/no samples | 2 integers | O(1) | add counts | ≤ ε, rounded to the safe side |
//! | [`rate::ArmsTest`], [`rate::ShareTest`] | counts, known exposure | m integers | O(m) | add counts | ≤ α |
//! | [`quantile::PercentileTest`] | samples below a threshold | 2 integers | O(1) | add counts | ≤ α |
//! | [`quantile::QuantileComparison`] | independent samples of two arms | samples or histogram | O(n) | merge samples | ≤ α |
//! | [`quantile::DistributionTest`] | independent samples of two arms | samples or histogram | O(n) | merge samples | ≤ α, all percentiles at once |
//! | [`mean::BettingTest`] | values in a known range | 4 numbers | O(1) | no | ≤ α |
//! | [`mean::AsymptoticComparison`] | finite variance, many samples | 3 numbers an arm | O(1) | add moments | → α, only in the limit |
//! | [`detect::Detector`] | one e-value per sample | 1 number | O(1) | no | mean time to false alarm ≥ 1/α samples |
//! | [`fixed`] (all of it) | one look | samples | O(n log n) | – | **not valid** when looked at repeatedly |
#![expect(
    clippy::float_cmp,
    reason = "zero, one and stored ends are compared exactly on purpose"
)]

pub mod boundary;
pub mod combine;
pub mod detect;
mod error;
pub mod fixed;
mod level;
pub mod margin;
pub mod mean;
pub mod numeric;
pub mod quantile;
pub mod rate;
mod state;

pub use error::StatisticsError;
pub use level::{Alpha, Counts, Decision, Interval, LogE, Rate};
