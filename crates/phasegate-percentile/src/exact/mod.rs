//! Exact percentiles of a batch, which stays as it is.
//!
//! The nine definitions of Hyndman and Fan (*Sample Quantiles in Statistical Packages*, 1996) by
//! number; definition 7 is the default of R, numpy and spreadsheets. For a gate none of them is
//! right: "95 % of the requests are below 300 ms" is a count, see [`share_below`].
//!
//! Positions are computed in integers, with `q` to the nearest 10⁻¹², so that `0.07` of 100 values
//! is exactly the seventh.

mod bracket;
mod bucket;
mod definition;
mod select;

use alloc::vec::Vec;
use core::fmt;

use crate::{error::ConfigError, threshold::ThresholdCounter};

pub use definition::Definition;

/// Why a batch has no percentile.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ExactError {
    /// The batch is empty.
    Empty,
    /// The batch holds a NaN, which has no place in an order.
    NotANumber,
    /// A quantile asked for is not in `0.0 ..= 1.0`.
    Quantile,
}

impl fmt::Display for ExactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "batch is empty",
            Self::NotANumber => "batch holds a NaN",
            Self::Quantile => "quantile is not in 0..=1",
        })
    }
}

impl core::error::Error for ExactError {}

/// One quantile of a batch by definition 7.
///
/// # Errors
///
/// [`ExactError`] for an empty batch, a NaN in it, or a `q` outside `0.0 ..= 1.0`.
///
/// ```
/// use phasegate_percentile::exact;
///
/// assert_eq!(exact::quantile(&[3.0, 1.0, 2.0, 4.0], 0.5), Ok(2.5));
/// ```
pub fn quantile(values: &[f64], q: f64) -> Result<f64, ExactError> {
    let mut answer = [0.0];
    quantiles(values, &[q], Definition::default(), &mut answer)?;
    let [answer] = answer;
    Ok(answer)
}

/// Several quantiles of a batch by a definition of your choice, in any order. Answers go to the
/// slots of the same place; further slots are left alone.
///
/// Takes one working copy of the batch or less. [`Selector`] keeps that memory between calls.
///
/// # Errors
///
/// [`ExactError`] for an empty batch, a NaN in it, or a `q` outside `0.0 ..= 1.0`. The answers are
/// left alone then.
///
/// ```
/// use phasegate_percentile::exact::{self, Definition};
///
/// let latencies = [10.0, 11.0, 12.0, 12.0, 13.0, 13.0, 14.0, 15.0, 20.0, 900.0];
/// let mut p90 = [0.0];
/// exact::quantiles(&latencies, &[0.9], Definition::InverseCdf, &mut p90)?;
/// assert_eq!(p90, [20.0]);
/// exact::quantiles(&latencies, &[0.9], Definition::Weibull, &mut p90)?;
/// assert_eq!(p90, [812.0]); // The choice of definition alone flips a gate at 30.
/// # Ok::<(), exact::ExactError>(())
/// ```
pub fn quantiles(
    values: &[f64],
    qs: &[f64],
    definition: Definition,
    answers: &mut [f64],
) -> Result<(), ExactError> {
    Selector::new().quantiles(values, qs, definition, answers)
}

/// How many values are less than a threshold, as a counter that decides gates and merges: the
/// counting rule.
///
/// # Errors
///
/// [`ConfigError::Threshold`] if the threshold is NaN. A NaN among the values counts as not below.
///
/// ```
/// use phasegate_percentile::{Ppm, exact};
///
/// let gate = exact::share_below(&[0.1, 0.2, 0.3, 5.0], 1.0)?;
/// assert_eq!(gate.is_percentile_below(Ppm::new(750_000)?), Some(true));
/// # Ok::<(), phasegate_percentile::ConfigError>(())
/// ```
pub fn share_below(values: &[f64], threshold: f64) -> Result<ThresholdCounter, ConfigError> {
    let mut counter = ThresholdCounter::new(threshold)?;
    counter.record_slice(values);
    Ok(counter)
}

/// Exact quantiles with working memory that is kept between calls.
///
/// ```
/// use phasegate_percentile::exact::{Definition, Selector};
///
/// let mut selector = Selector::new();
/// let mut answers = [0.0; 2];
/// for batch in [[1.0, 2.0, 3.0], [6.0, 5.0, 4.0]] {
///     selector.quantiles(&batch, &[0.5, 1.0], Definition::default(), &mut answers)?;
///     assert_eq!(answers[1] - answers[0], 1.0);
/// }
/// # Ok::<(), phasegate_percentile::exact::ExactError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Selector {
    scratch: select::Scratch,
    ranks: Vec<usize>,
    found: Vec<f64>,
}

impl Selector {
    /// One that has no memory yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// As the function [`quantiles`].
    ///
    /// # Errors
    ///
    /// As the function [`quantiles`].
    pub fn quantiles(
        &mut self,
        values: &[f64],
        qs: &[f64],
        definition: Definition,
        answers: &mut [f64],
    ) -> Result<(), ExactError> {
        if values.is_empty() {
            return Err(ExactError::Empty);
        }
        self.ranks.clear();
        for &q in qs {
            let position = definition
                .position(q, values.len())
                .ok_or(ExactError::Quantile)?;
            self.ranks.extend([position.low, position.high]);
        }
        self.ranks.sort_unstable();
        self.ranks.dedup();
        self.found.clear();
        self.found.resize(self.ranks.len(), 0.0);
        select::select(values, &self.ranks, &mut self.found, &mut self.scratch)?;
        let at = |rank: usize| {
            let place = self.ranks.binary_search(&rank).ok();
            place
                .and_then(|place| self.found.get(place))
                .copied()
                .unwrap_or(f64::NAN)
        };
        for (&q, answer) in qs.iter().zip(answers) {
            if let Some(position) = definition.position(q, values.len()) {
                *answer = position.between(at(position.low), at(position.high));
            }
        }
        Ok(())
    }
}
