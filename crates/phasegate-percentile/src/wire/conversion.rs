//! What conversions share: sign and zero in, buckets out, and what is lost on the way.

use alloc::vec::Vec;

use crate::{
    histogram::{Classes, Extremes, MappedHistogram, Range},
    mapping::Mapping,
    wire::DecodeError,
};

/// Bytes of another format, and what they do not hold.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Encoded {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Values of classes that the format has no place for, and that are therefore not in the bytes:
    /// NaN, infinities, values outside the range.
    pub left_out: u64,
    /// The relative error of quantiles that the reader sees, compared with the recorded values.
    pub relative_error: f64,
}

/// Indices and counts of another format's buckets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buckets {
    pub(crate) positive: Vec<(i32, u64)>,
    pub(crate) negative: Vec<(i32, u64)>,
    pub(crate) zero: u64,
}

impl Buckets {
    /// The buckets of a histogram with keys as another format's indices. Subnormal numbers become
    /// zeros.
    pub(crate) fn of<M: Mapping, const SUM: bool>(
        histogram: &MappedHistogram<M, SUM>,
        index: impl Fn(u32) -> i32,
    ) -> (Self, u64) {
        let classes = histogram.classes;
        let zero = [classes.zero, classes.subnormal, classes.negative_subnormal];
        let left_out = [
            classes.nan,
            classes.infinite,
            classes.negative_infinite,
            classes.overflow,
            classes.negative_overflow,
            classes.underflow,
            classes.negative_underflow,
        ];
        let buckets = Self {
            positive: histogram
                .positive
                .iter()
                .map(|(key, n)| (index(key), n))
                .collect(),
            negative: histogram
                .negative
                .iter()
                .map(|(key, n)| (index(key), n))
                .collect(),
            zero: zero.into_iter().fold(0, u64::saturating_add),
        };
        (buckets, left_out.into_iter().fold(0, u64::saturating_add))
    }

    pub(crate) fn count(&self) -> u64 {
        let counts = self.positive.iter().chain(&self.negative).map(|(_, n)| *n);
        counts.fold(self.zero, u64::saturating_add)
    }
}

impl<M: Mapping> MappedHistogram<M, false> {
    /// A histogram of another format's buckets; `key` is `None` for an index outside the floats.
    /// Buckets outside the default range are counted as such. Extremes are bounds.
    pub(crate) fn from_buckets(
        mapping: M,
        buckets: &Buckets,
        key: impl Fn(&M, i32) -> Option<u32>,
    ) -> Result<Self, DecodeError> {
        let range = Range::of(&mapping);
        let mut made = Self::with_keys(mapping, range);
        let mut classes = Classes {
            zero: buckets.zero,
            ..Classes::default()
        };
        for (list, is_negative) in [(&buckets.positive, false), (&buckets.negative, true)] {
            for &(index, n) in list {
                let key = key(&made.mapping, index);
                let key = key.ok_or(DecodeError::Limit {
                    what: "bucket index",
                })?;
                let (store, under, over) = if is_negative {
                    let under = &mut classes.negative_underflow;
                    (&mut made.negative, under, &mut classes.negative_overflow)
                } else {
                    (
                        &mut made.positive,
                        &mut classes.underflow,
                        &mut classes.overflow,
                    )
                };
                if key < range.first {
                    *under = under.saturating_add(n);
                } else if key > range.last {
                    *over = over.saturating_add(n);
                } else {
                    store.add(key, n, range.last);
                }
            }
        }
        made.classes = classes;
        made.loosen_extremes();
        Ok(made)
    }

    /// Takes extremes that the other format has beside its buckets, if they fit them.
    pub(crate) fn take_extremes(
        &mut self,
        min: Option<f64>,
        max: Option<f64>,
    ) -> Result<(), DecodeError> {
        let (Some(low), Some(high)) = (self.min(), self.max()) else {
            return Ok(());
        };
        let mut extremes = self.extremes();
        if let Some(min) = min {
            extremes = Extremes {
                min,
                min_exact: true,
                ..extremes
            };
        }
        if let Some(max) = max {
            extremes = Extremes {
                max,
                max_exact: true,
                ..extremes
            };
        }
        // One bucket's width of freedom: others round at the edges of buckets.
        let slack = 4.0 * self.relative_error();
        let fits = low - low.abs() * slack <= extremes.min
            && extremes.max <= high + high.abs() * slack
            && extremes.min <= extremes.max;
        if !fits {
            return Err(DecodeError::Inconsistent {
                what: "minimum or maximum",
            });
        }
        let outermost = self.outermost();
        if extremes.min > outermost.0 || extremes.max < outermost.1 {
            // Right by the other's rounding, and outside our buckets: the bounds stay.
            return Ok(());
        }
        self.set_extremes(Extremes {
            min: extremes.min.max(low),
            max: extremes.max.min(high),
            ..extremes
        });
        Ok(())
    }
}

/// A count that another format holds as a float: whole, not negative, below `2^64`.
pub(crate) fn whole_count(count: f64) -> Result<u64, DecodeError> {
    if !(0.0..18_446_744_073_709_551_616.0).contains(&count) {
        return Err(DecodeError::Limit { what: "count" });
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked above"
    )]
    let whole = count as u64;
    if (whole as f64 - count).abs() > 0.0 {
        return Err(DecodeError::Unsupported {
            what: "a fractional count",
        });
    }
    Ok(whole)
}
