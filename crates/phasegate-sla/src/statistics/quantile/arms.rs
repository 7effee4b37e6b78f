//! Two arms' samples merged to counts at common points: what all two-arm comparisons run on.

use crate::statistics::StatisticsError;

/// For each of a sorted list of points, how many samples of each arm lie before it and up to it.
///
/// Built from raw samples (the points are the distinct values, exact) or from two histograms with the
/// same edges (the points are the buckets; what is inside a bucket counts as tied, which can only
/// weaken the evidence).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PooledArms {
    points: Vec<Point>,
    totals: [u64; 2],
}

/// Cumulated counts at a point: `before` without the samples at it, `through` with them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Point {
    pub(crate) before: [u64; 2],
    pub(crate) through: [u64; 2],
}

impl PooledArms {
    /// From samples, in any order: O(n log n).
    ///
    /// # Errors
    /// When a sample is NaN.
    pub fn from_samples(canary: &[f64], control: &[f64]) -> Result<Self, StatisticsError> {
        let (canary, control) = (sorted(canary)?, sorted(control)?);
        Ok(Self::from_sorted(&canary, &control))
    }

    /// From samples that are sorted and free of NaN already.
    pub(crate) fn from_sorted(canary: &[f64], control: &[f64]) -> Self {
        let mut points = Vec::with_capacity(canary.len() + control.len());
        let (mut left, mut right) = (canary.iter().peekable(), control.iter().peekable());
        let mut through = [0_u64; 2];
        loop {
            let value = match (left.peek(), right.peek()) {
                (Some(a), Some(b)) => a.min(**b),
                (Some(a), None) => **a,
                (None, Some(b)) => **b,
                (None, None) => break,
            };
            let before = through;
            while left.next_if(|x| **x <= value).is_some() {
                through[0] += 1;
            }
            while right.next_if(|x| **x <= value).is_some() {
                through[1] += 1;
            }
            points.push(Point { before, through });
        }
        Self {
            points,
            totals: [canary.len() as u64, control.len() as u64],
        }
    }

    /// From the bucket counts of two histograms with the same edges.
    ///
    /// # Errors
    /// When the histograms differ in their number of buckets.
    pub fn from_histograms(canary: &[u64], control: &[u64]) -> Result<Self, StatisticsError> {
        if canary.len() != control.len() {
            return Err(StatisticsError::Lengths {
                left: canary.len(),
                right: control.len(),
            });
        }
        let mut through = [0_u64; 2];
        let mut points = Vec::with_capacity(canary.len());
        for (a, b) in canary.iter().zip(control) {
            let before = through;
            through = [through[0].saturating_add(*a), through[1].saturating_add(*b)];
            if before != through {
                points.push(Point { before, through });
            }
        }
        Ok(Self {
            points,
            totals: through,
        })
    }

    /// Samples of the canary and of the control.
    #[must_use]
    pub const fn totals(&self) -> [u64; 2] {
        self.totals
    }

    pub(crate) fn points(&self) -> &[Point] {
        &self.points
    }
}

/// A sorted copy.
pub(crate) fn sorted(samples: &[f64]) -> Result<Vec<f64>, StatisticsError> {
    if samples.iter().any(|x| x.is_nan()) {
        return Err(StatisticsError::NotFinite);
    }
    let mut copy = samples.to_vec();
    copy.sort_unstable_by(f64::total_cmp);
    Ok(copy)
}
