//! Amounts: exact fractions, or intervals where a sketch or a baseline is not exact. Comparing two of
//! them gives an answer only where every value inside them gives the same one.

use std::cmp::Ordering;

use phasegate_core::{Fraction, Window};
use phasegate_criterion::Cmp;

use super::window;
use crate::verdict::{Means, Why};

/// Between what a number lies; both ends are the same where it is exact.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Extent {
    pub(crate) low: Fraction,
    pub(crate) high: Fraction,
    /// The best single value inside.
    pub(crate) value: Fraction,
}

/// A measured number, and what stands behind it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Amount {
    pub(crate) extent: Extent,
    /// Matching and total, where it comes from counts.
    pub(crate) counts: Option<(u64, u64)>,
    pub(crate) samples: u64,
    pub(crate) window: Window,
    pub(crate) means: Means,
}

type Calculated<T> = Result<T, Why>;

fn fits<T>(result: Option<T>) -> Calculated<T> {
    result.ok_or(Why::OutOfRange)
}

impl Extent {
    pub(crate) const fn exact(value: Fraction) -> Self {
        Self {
            low: value,
            high: value,
            value,
        }
    }

    /// From one end to the other, whichever is lower; the value in the middle is the first where the
    /// middle does not fit.
    pub(crate) fn between(a: Fraction, b: Fraction) -> Self {
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        let half = Fraction::new(1, 2);
        let middle = low
            .checked_add(high)
            .zip(half)
            .and_then(|(sum, half)| sum.checked_mul(half));
        Self {
            low,
            high,
            value: middle.unwrap_or(low),
        }
    }

    pub(crate) fn is_exact(&self) -> bool {
        self.low == self.high
    }

    /// Applies something to each corner of two extents.
    fn corners(
        self,
        other: Self,
        op: impl Fn(Fraction, Fraction) -> Option<Fraction>,
    ) -> Calculated<Self> {
        let ends = [
            op(self.low, other.low),
            op(self.low, other.high),
            op(self.high, other.low),
            op(self.high, other.high),
        ];
        let mut ends = ends.into_iter();
        let first = fits(ends.next().flatten())?;
        let (mut low, mut high) = (first, first);
        for end in ends {
            let end = fits(end)?;
            low = low.min(end);
            high = high.max(end);
        }
        Ok(Self {
            low,
            high,
            value: fits(op(self.value, other.value))?,
        })
    }

    pub(crate) fn plus(self, other: Self) -> Calculated<Self> {
        self.corners(other, Fraction::checked_add)
    }

    pub(crate) fn minus(self, other: Self) -> Calculated<Self> {
        self.corners(other, Fraction::checked_sub)
    }

    pub(crate) fn times(self, factor: Fraction) -> Calculated<Self> {
        self.corners(Self::exact(factor), Fraction::checked_mul)
    }

    /// The relative change from a reference, which must lie above zero: from zero or less, a change in
    /// percent has no meaning.
    pub(crate) fn change_from(self, reference: Self) -> Calculated<Self> {
        if reference.low <= Fraction::ZERO {
            return Err(Why::OutOfRange);
        }
        self.corners(reference, Fraction::checked_div)?
            .minus(Self::exact(Fraction::ONE))
    }

    /// Does the comparison hold for every value inside, for none, or for some (`None`)?
    pub(crate) fn compare(self, op: Cmp, other: Self) -> Option<bool> {
        let ends = (self.high.cmp(&other.low), self.low.cmp(&other.high));
        // Everything of the left lies below (at most at, at least at, above) everything of the right.
        let below = ends.0 == Ordering::Less;
        let at_most = ends.0 != Ordering::Greater;
        let above = ends.1 == Ordering::Greater;
        let at_least = ends.1 != Ordering::Less;
        let same = self.is_exact() && other.is_exact() && self.low == other.low;
        let (yes, no) = match op {
            Cmp::Equal => (same, below || above),
            Cmp::Greater => (above, at_most),
            Cmp::GreaterOrEqual => (at_least, below),
            Cmp::Less => (below, at_least),
            Cmp::LessOrEqual => (at_most, above),
            Cmp::NotEqual => (below || above, same),
        };
        match (yes, no) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        }
    }
}

impl Amount {
    /// Two amounts of the same window added up, as for bugs of two severities.
    pub(crate) fn plus(self, other: Self) -> Calculated<Self> {
        let counts = match (self.counts, other.counts) {
            (Some((a, n)), Some((b, m))) => a.checked_add(b).zip(n.checked_add(m)),
            (Some(_), None) | (None, Some(_)) | (None, None) => None,
        };
        window::together(self.window, other.window)?;
        Ok(Self {
            extent: self.extent.plus(other.extent)?,
            counts,
            samples: self.samples.saturating_add(other.samples),
            window: self.window,
            means: self.means.min(other.means),
        })
    }

    pub(crate) const fn with_extent(self, extent: Extent) -> Self {
        Self { extent, ..self }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn f(n: i128) -> Fraction {
        Fraction::new(n, 1).expect("a fraction")
    }

    #[test]
    fn what_is_not_exact_is_compared_as_far_as_it_goes() {
        use Cmp::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        let wide = Extent::between(f(3), f(5));
        for (op, limit, expected) in [
            (Less, 6, Some(true)),
            (Less, 5, None),
            (Less, 3, Some(false)),
            (LessOrEqual, 5, Some(true)),
            (LessOrEqual, 3, None),
            (LessOrEqual, 2, Some(false)),
            (Greater, 2, Some(true)),
            (Greater, 3, None),
            (Greater, 5, Some(false)),
            (GreaterOrEqual, 3, Some(true)),
            (GreaterOrEqual, 5, None),
            (GreaterOrEqual, 6, Some(false)),
            (Equal, 4, None),
            (Equal, 6, Some(false)),
            (NotEqual, 6, Some(true)),
            (NotEqual, 3, None),
        ] {
            assert_eq!(
                wide.compare(op, Extent::exact(f(limit))),
                expected,
                "{op:?} {limit}"
            );
        }
        assert_eq!(
            Extent::exact(f(4)).compare(Equal, Extent::exact(f(4))),
            Some(true)
        );
    }

    #[test]
    fn a_change_from_zero_or_less_has_no_meaning() {
        for (low, high) in [(0, 1), (-2, -1), (0, 0)] {
            let reference = Extent::between(f(low), f(high));
            assert_eq!(
                Extent::exact(f(1)).change_from(reference),
                Err(Why::OutOfRange)
            );
        }
    }

    proptest! {
        #[test]
        fn a_comparison_that_answers_answers_for_every_value_inside(
            a in -9i128..9, b in -9i128..9, c in -9i128..9, d in -9i128..9, op in 0usize..6
        ) {
            let op = [Cmp::Equal, Cmp::Greater, Cmp::GreaterOrEqual, Cmp::Less, Cmp::LessOrEqual, Cmp::NotEqual][op];
            let (left, right) = (Extent::between(f(a), f(b)), Extent::between(f(c), f(d)));
            let mut all = Vec::new();
            for x in a.min(b)..=a.max(b) {
                for y in c.min(d)..=c.max(d) {
                    all.push(op.holds(x.cmp(&y)));
                }
            }
            match left.compare(op, right) {
                Some(answer) => prop_assert!(all.iter().all(|one| *one == answer)),
                None => prop_assert!(!left.is_exact() || !right.is_exact()),
            }
        }
    }
}
