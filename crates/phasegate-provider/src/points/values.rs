//! From values to numbers, or to the reason why there is none. Decimals, so nothing is rounded but a mean.

use phasegate_core::Decimal;
use serde::{Deserialize, Serialize};

use super::Reduce;
use crate::ProviderError;

/// What a missing value means where values are added up.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Gaps {
    /// That it was not measured, was lost or is not there yet: a sum with a gap is no data.
    #[default]
    NoData,
    /// That nothing was counted: many systems are silent where there is nothing to tell.
    Zero,
}

/// The values of one series in a window, oldest first; `None` is a gap.
///
/// ```
/// use phasegate_core::Decimal;
/// use phasegate_provider::points::{Gaps, Points, Reduce};
/// let number = |n: u32| Some(Decimal::from(n));
/// let failed = Points::new([number(1), None, number(3)]);
/// let all = Points::new([number(90), number(100), number(110)]);
/// let (sum, samples) = failed.reduced(Reduce::Sum, Gaps::Zero, "read a table")?;
/// assert_eq!((sum, samples), (Decimal::from(4u32), 2));
/// assert!(failed.reduced(Reduce::Sum, Gaps::NoData, "read a table").is_err());
/// assert_eq!(Points::share(&failed, &all, Gaps::Zero, "read a table")?, (4, 300));
/// # Ok::<(), phasegate_provider::ProviderError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Points(Vec<Option<Decimal>>);

impl Points {
    /// These values.
    pub fn new(values: impl IntoIterator<Item = Option<Decimal>>) -> Self {
        Self(values.into_iter().collect())
    }

    /// One number, and how many values it is made of. `act` says in errors what was done.
    ///
    /// # Errors
    /// No data, if there is no value, or a sum has a gap that is not zero. Invalid, if the number has more digits than
    /// a [`Decimal`] holds.
    pub fn reduced(
        &self,
        reduce: Reduce,
        gaps: Gaps,
        act: &str,
    ) -> Result<(Decimal, u64), ProviderError> {
        let known: Vec<Decimal> = self.0.iter().copied().flatten().collect();
        let Some(last) = known.last().copied() else {
            return no_data("nothing in the window has a value", act);
        };
        if reduce == Reduce::Sum && gaps == Gaps::NoData && known.len() < self.0.len() {
            return no_data("a value is missing, so the sum is not whole", act);
        }
        let count = u64::try_from(known.len()).unwrap_or(u64::MAX);
        let sum = || {
            let mut all = known.iter().copied();
            all.try_fold(Decimal::ZERO, Decimal::checked_add)
        };
        let value = match reduce {
            Reduce::Average => sum().and_then(|sum| sum.checked_div(Decimal::from(count))),
            Reduce::Last => Some(last),
            Reduce::Max => known.iter().copied().max(),
            Reduce::Min => known.iter().copied().min(),
            Reduce::Sum => sum(),
        };
        let too_large = || invalid("the number has more digits than can be judged", act);
        Ok((value.ok_or_else(too_large)?, count))
    }

    /// How many events matched, of how many: two series of the same moments, added up. `act` says in errors what was
    /// done.
    ///
    /// # Errors
    /// No data, if there are no events, or one of the two has a value where the other has a gap (that of the matching
    /// ones may be zero, by `gaps`). Invalid, if a value is no count, more matched than there were, or the two are of
    /// different lengths.
    pub fn share(
        matching: &Self,
        total: &Self,
        gaps: Gaps,
        act: &str,
    ) -> Result<(u64, u64), ProviderError> {
        if matching.0.len() != total.0.len() {
            return Err(invalid("matching and total have other moments", act));
        }
        let (mut some, mut all) = (0u64, 0u64);
        for pair in matching.0.iter().zip(&total.0) {
            let (part, of) = match pair {
                // Nobody was there.
                (None, None) => continue,
                (Some(part), Some(of)) => (count(*part, act)?, count(*of, act)?),
                (None, Some(of)) if gaps == Gaps::Zero => (0, count(*of, act)?),
                (None, Some(_)) => return no_data("there is a total without its matching", act),
                (Some(_), None) => return no_data("there is a matching without its total", act),
            };
            some = some.saturating_add(part);
            all = all.saturating_add(of);
        }
        if all == 0 {
            return no_data("no events", act);
        }
        if some > all {
            return Err(invalid(&format!("{some} matched, of {all}"), act));
        }
        Ok((some, all))
    }
}

/// Rates need not be whole by themselves, and their sum is not.
fn count(number: Decimal, act: &str) -> Result<u64, ProviderError> {
    let why = || {
        let told = format!("{number} is no count of events: a series of rates cannot be counted");
        invalid(&told, act)
    };
    number.to_u64().ok_or_else(why)
}

fn no_data<T>(why: &str, act: &str) -> Result<T, ProviderError> {
    Err(ProviderError::no_data(format!("{act}: {why}")))
}

fn invalid(why: &str, act: &str) -> ProviderError {
    ProviderError::invalid(format!("{act}: {why}"))
}
