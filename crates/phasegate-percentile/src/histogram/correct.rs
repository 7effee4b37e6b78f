//! Correction for coordinated omission.
//!
//! A load generator that waits for an answer before it sends the next request leaves out exactly the
//! requests that would have been slow: one pause of 10 s at a request per 10 ms hides 999 others. The
//! correction puts them back: 9.99 s, 9.98 s, and so on, down to the interval.

use crate::{histogram::MappedHistogram, mapping::Mapping};

/// What a correction did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Correction {
    /// How many values were put in beside the measured one.
    pub added: u64,
    /// How many more would have been due, beyond the limit of a single correction.
    pub left_out: u64,
}

/// The most values that one correction puts in: it bounds the work of a single call to some
/// milliseconds. At a request per millisecond it is a pause of 17 minutes.
const ADDED_MAX: u64 = 1 << 20;

impl<M: Mapping, const SUM: bool> MappedHistogram<M, SUM> {
    /// Records a value, and those that a measuring loop omitted because it waited for this one:
    /// `value - interval`, `value - 2·interval`, ... as long as they are at least `interval`.
    ///
    /// An interval that is not a positive number corrects nothing. At most 2²⁰ values are put in,
    /// the greatest ones.
    ///
    /// ```
    /// use phasegate_percentile::Histogram;
    ///
    /// let mut histogram = Histogram::new();
    /// let correction = histogram.record_corrected(100.0, 10.0);
    /// assert_eq!((correction.added, histogram.count()), (9, 10));
    /// assert_eq!(histogram.min(), Some(10.0));
    /// ```
    pub fn record_corrected(&mut self, value: f64, interval: f64) -> Correction {
        self.record(value);
        let mut correction = Correction {
            added: 0,
            left_out: 0,
        };
        if !(interval > 0.0 && value.is_finite() && interval < value) {
            return correction;
        }
        for step in 1..=ADDED_MAX {
            // From the value each time, so that rounding does not add up.
            let missing = value - interval * step as f64;
            if missing < interval {
                return correction;
            }
            self.record(missing);
            correction.added += 1;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and saturating is right"
        )]
        let due = (value / interval) as u64;
        correction.left_out = due.saturating_sub(1 + ADDED_MAX);
        correction
    }
}
