//! From points to numbers, or to the reason why there is none.
//!
//! A point stands for the interval that begins at its moment and lasts until the next one. Only intervals that lie in
//! the window whole are looked at, and the answer says which part of the window that is.

use phasegate_core::{Decimal, Span, Timestamp, Window};
use phasegate_provider::ProviderError;

use crate::Gaps;
use crate::text::Reduce;
use crate::wire::{Point, invalid};

/// The points of a window, and the part of it that they stand for.
#[derive(Debug, PartialEq)]
pub(crate) struct Points {
    pub(crate) covers: Window,
    values: Vec<Option<f64>>,
}

impl Points {
    /// The points whose intervals lie in the window.
    pub(crate) fn within(
        points: &[Point],
        window: Window,
        act: &str,
    ) -> Result<Self, ProviderError> {
        let [(_, first), (_, second), ..] = points else {
            // How long one point lasts is not told.
            let why = "fewer than two points: the window is shorter than two intervals";
            return Err(ProviderError::no_data(format!("{act}: {why}")));
        };
        let step = second.saturating_sub(*first);
        let even = points
            .iter()
            .zip(points.iter().skip(1))
            .all(|((_, one), (_, next))| next.checked_sub(*one) == Some(step));
        if step <= 0 || !even {
            return Err(invalid("the points are not evenly spaced", act));
        }
        let moment = |secs: i64| Timestamp::from_unix_millis(secs.saturating_mul(1000));
        let lies =
            |at: i64| moment(at) >= window.start && moment(at.saturating_add(step)) <= window.end;
        // A function with intervals of its own, such as summarize, may reach beyond the window.
        let reaches = |at: i64| moment(at) < window.start || moment(at) >= window.end;
        if points
            .iter()
            .any(|(value, at)| value.is_some() && reaches(*at))
        {
            return Err(invalid("the target tells of more than the window", act));
        }
        let mut inside = points.iter().filter(|(_, at)| lies(*at));
        let (Some((_, begins)), count) = (inside.clone().next(), inside.clone().count()) else {
            let why = "no interval lies in the window whole";
            return Err(ProviderError::no_data(format!("{act}: {why}")));
        };
        let values: Vec<_> = inside.by_ref().map(|(value, _)| *value).collect();
        let start = moment(*begins);
        let secs = u64::try_from(step).unwrap_or_default();
        let count = u64::try_from(count).unwrap_or_default();
        let end = start + Span::from_secs(secs.saturating_mul(count));
        let covers = Window {
            start,
            end,
            ..window
        };
        Ok(Self { covers, values })
    }

    /// One number, and how many points it is made of.
    pub(crate) fn reduced(
        &self,
        reduce: Reduce,
        gaps: Gaps,
        act: &str,
    ) -> Result<(Decimal, u64), ProviderError> {
        let known: Vec<f64> = self.values.iter().copied().flatten().collect();
        let no_data = |why: &str| Err(ProviderError::no_data(format!("{act}: {why}")));
        let Some(last) = known.last().copied() else {
            return no_data("no point has a value");
        };
        if reduce == Reduce::Sum && gaps == Gaps::NoData && known.len() < self.values.len() {
            return no_data("a point has no value, so the sum is not whole");
        }
        let value = match reduce {
            Reduce::Average => known.iter().sum::<f64>() / known.len() as f64,
            Reduce::Last => last,
            Reduce::Max => known.iter().copied().fold(last, f64::max),
            Reduce::Min => known.iter().copied().fold(last, f64::min),
            Reduce::Sum => known.iter().sum(),
        };
        let value = Decimal::from_f64(value);
        let value = value.map_err(|error| invalid(&error.to_string(), act))?;
        Ok((value, u64::try_from(known.len()).unwrap_or(u64::MAX)))
    }

    /// How many events matched, of how many.
    pub(crate) fn share(
        matching: &Self,
        total: &Self,
        gaps: Gaps,
        act: &str,
    ) -> Result<(u64, u64), ProviderError> {
        let same = (matching.covers, matching.values.len()) == (total.covers, total.values.len());
        if !same {
            return Err(invalid("matching and total have other intervals", act));
        }
        let no_data = |why: &str| Err(ProviderError::no_data(format!("{act}: {why}")));
        let (mut some, mut all) = (0.0, 0.0);
        for pair in matching.values.iter().zip(&total.values) {
            match pair {
                // Nobody was there.
                (None, None) => {}
                (Some(part), Some(of)) => {
                    some += count(*part, act)?;
                    all += count(*of, act)?;
                }
                (None, Some(of)) if gaps == Gaps::Zero => all += count(*of, act)?,
                (None, Some(_)) => return no_data("a point of matching has no value"),
                (Some(_), None) => return no_data("a point of total has no value"),
            }
        }
        let (some, all) = (whole(some, act)?, whole(all, act)?);
        if all == 0 {
            return no_data("no events");
        }
        if some > all {
            return Err(invalid(&format!("{some} matched, of {all}"), act));
        }
        Ok((some, all))
    }
}

/// What may be added up to a count. Rates need not be whole by themselves, and their sum is not.
fn count(value: f64, act: &str) -> Result<f64, ProviderError> {
    if value < 0.0 || value.fract() != 0.0 {
        let why = format!("{value} is no count: a series of rates cannot be counted");
        return Err(invalid(&why, act));
    }
    Ok(value)
}

fn whole(sum: f64, act: &str) -> Result<u64, ProviderError> {
    let found = Decimal::from_f64(sum).ok().and_then(Decimal::to_u64);
    // Beyond 2^53 a float does not hold every whole number.
    let found = found.filter(|count| *count <= 1 << 53);
    found.ok_or_else(|| invalid(&format!("{sum} is no count of events"), act))
}
