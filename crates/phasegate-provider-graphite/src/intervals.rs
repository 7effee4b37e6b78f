//! From points to the values of a window.
//!
//! A point stands for the interval that begins at its moment and lasts until the next one. Only intervals that lie in
//! the window whole are looked at, and the answer says which part of the window that is.

use phasegate_core::{Decimal, Span, Timestamp, Window};
use phasegate_provider::ProviderError;
use phasegate_provider::points::{Gaps, Points};

use crate::wire::{Point, invalid};

/// The points of a window, and the part of it that they stand for.
#[derive(Debug, PartialEq)]
pub(crate) struct Intervals {
    pub(crate) covers: Window,
    pub(crate) points: Points,
}

impl Intervals {
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
        let decimal =
            |value: f64| Decimal::from_f64(value).map_err(|error| invalid(&error.to_string(), act));
        let values = inside
            .by_ref()
            .map(|(value, _)| value.map(decimal).transpose());
        let points = Points::new(values.collect::<Result<Vec<_>, _>>()?);
        let start = moment(*begins);
        let secs = u64::try_from(step).unwrap_or_default();
        let count = u64::try_from(count).unwrap_or_default();
        let end = start + Span::from_secs(secs.saturating_mul(count));
        let covers = Window {
            start,
            end,
            ..window
        };
        Ok(Self { covers, points })
    }

    /// How many events matched, of how many.
    pub(crate) fn share(
        matching: &Self,
        total: &Self,
        gaps: Gaps,
        act: &str,
    ) -> Result<(u64, u64), ProviderError> {
        if matching.covers != total.covers {
            return Err(invalid("matching and total have other intervals", act));
        }
        Points::share(&matching.points, &total.points, gaps, act)
    }
}
