//! One recorded number over time.

use phasegate_core::{Span, Timestamp, Window};

use crate::answer::whole;

/// A value stands so long when nothing newer came: five minutes, as in Prometheus.
pub const LOOKBACK: Span = Span::from_secs(300);

/// A number at many moments, in order. What is not finite was never recorded.
///
/// Reading it at a moment costs a search in logarithmic time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Milliseconds since 1970.
    at: Vec<i64>,
    value: Vec<f64>,
    /// How much it has grown since the first moment, if it is a counter: what falls has begun anew at nothing.
    grown: Vec<f64>,
}

impl Series {
    /// Sorts the points. Of two at one moment the later one in the list counts.
    #[must_use]
    pub fn new(mut points: Vec<(Timestamp, f64)>) -> Self {
        points.retain(|(_, value)| value.is_finite());
        // A stable sort, so that the order of equal moments is the list's.
        points.sort_by_key(|(at, _)| *at);
        let mut series = Self::default();
        for (at, value) in points {
            let at = at.as_unix_millis();
            if series.at.last() == Some(&at) {
                series.at.pop();
                series.value.pop();
                series.grown.pop();
            }
            let before = series.value.last().copied().unwrap_or(value);
            let step = if value >= before {
                value - before
            } else {
                value
            };
            let sum = series.grown.last().copied().unwrap_or(0.0) + step;
            series.at.push(at);
            series.value.push(value);
            series.grown.push(sum);
        }
        series
    }

    /// The first and the last moment; `None` of an empty one.
    #[must_use]
    pub fn range(&self) -> Option<(Timestamp, Timestamp)> {
        let moment = |at: &i64| Timestamp::from_unix_millis(*at);
        Some((moment(self.at.first()?), moment(self.at.last()?)))
    }

    /// How many points there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Is there no point?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// Index of the last point at or before a moment.
    fn at_or_before(&self, moment: i64) -> Option<usize> {
        self.at.partition_point(|at| *at <= moment).checked_sub(1)
    }

    /// Its value at a moment: the newest one that is not older than [`LOOKBACK`].
    #[must_use]
    pub fn value_at(&self, moment: Timestamp) -> Option<f64> {
        let moment = moment.as_unix_millis();
        let index = self.at_or_before(moment)?;
        let age = moment.saturating_sub(*self.at.get(index)?);
        let lookback = i64::try_from(LOOKBACK.as_millis()).unwrap_or(i64::MAX);
        (age <= lookback)
            .then(|| self.value.get(index).copied())
            .flatten()
    }

    /// How many points lie in a window.
    #[must_use]
    pub fn points_in(&self, window: Window) -> usize {
        let before = |moment: Timestamp| {
            let moment = moment.as_unix_millis();
            self.at.partition_point(|at| *at < moment)
        };
        before(window.end).saturating_sub(before(window.start))
    }

    /// By how much a counter grew within a window, as it can be told at its end; `None` where its newest point is older
    /// than [`LOOKBACK`] then. Between two points it grows evenly: what it grew over a gap does not all lie in the window that ends it.
    #[must_use]
    pub fn growth(&self, window: Window) -> Option<f64> {
        let (before, after) = self.grown_over(window)?;
        Some((after - before).max(0.0))
    }

    /// How many of the events of a counter fall into a window when only a share of all is kept. What is kept is told by the
    /// count from the beginning, so that windows beside each other lose and double none, and rare events come up as often
    /// as that share says.
    pub(crate) fn counted(&self, window: Window, scale: f64) -> Option<u64> {
        let (before, after) = self.grown_over(window)?;
        Some(whole(after * scale).saturating_sub(whole(before * scale)))
    }

    /// How much it had grown at both ends of a window.
    fn grown_over(&self, window: Window) -> Option<(f64, f64)> {
        let (start, end) = (window.start.as_unix_millis(), window.end.as_unix_millis());
        let last = self.at_or_before(end)?;
        let lookback = i64::try_from(LOOKBACK.as_millis()).unwrap_or(i64::MAX);
        if self.at.get(last)?.saturating_add(lookback) < end {
            return None;
        }
        Some((self.grown_at(start)?, *self.grown.get(last)?))
    }

    /// By how much a counter grew from one moment to another, as it can be told afterwards; `None` where that was not
    /// recorded.
    pub(crate) fn grew(&self, from: Timestamp, until: Timestamp) -> Option<f64> {
        let (first, last) = self.range()?;
        if from < first || until > last + LOOKBACK {
            return None;
        }
        let (from, until) = (from.as_unix_millis(), until.as_unix_millis());
        Some(self.grown_at(until)? - self.grown_at(from)?)
    }

    /// This up to a moment, and then the other from one of its own moments on, as if that had been then. A counter goes on
    /// from where it was.
    pub(crate) fn followed_by(&self, until: Timestamp, other: &Self, from: Timestamp) -> Self {
        let (at, then) = (until.as_unix_millis(), from.as_unix_millis());
        let kept = self.at.partition_point(|point| *point < at);
        let take = |list: &[f64]| list.get(..kept).unwrap_or_default().to_vec();
        let mut joined = Self {
            at: self.at.get(..kept).unwrap_or_default().to_vec(),
            value: take(&self.value),
            grown: take(&self.grown),
        };
        let here = self.grown_at(at).unwrap_or(0.0);
        let there = other.grown_at(then).unwrap_or(0.0);
        // Whoever looks at that very moment sees what was before it.
        let before = self.value_at(until).or_else(|| other.value_at(from));
        let first = before.map(|value| (at, value, here));
        let later = other.at.iter().zip(&other.value).zip(&other.grown);
        let later =
            later
                .skip_while(|((point, _), _)| **point < then)
                .map(|((point, value), grown)| {
                    let moved = (at + (point - then)).max(at + 1);
                    (moved, *value, here + (grown - there))
                });
        for (point, value, grown) in first.into_iter().chain(later) {
            joined.at.push(point);
            joined.value.push(value);
            joined.grown.push(grown);
        }
        joined
    }

    /// How much it has grown at a moment: evenly from one point to the next, not at all before the first and after the
    /// last.
    fn grown_at(&self, moment: i64) -> Option<f64> {
        let Some(index) = self.at_or_before(moment) else {
            return self.grown.first().copied();
        };
        let (at, grown) = (*self.at.get(index)?, *self.grown.get(index)?);
        let next = index.saturating_add(1);
        let (Some(next_at), Some(next_grown)) = (self.at.get(next), self.grown.get(next)) else {
            return Some(grown);
        };
        let part = moment.saturating_sub(at) as f64 / next_at.saturating_sub(at) as f64;
        Some(grown + (next_grown - grown) * part)
    }
}
