//! The betting confidence sequence: the betting test at a grid of candidate means.

use serde::{Deserialize, Serialize};

use super::betting::{PlugIn, ValueRange};
use crate::statistics::numeric::{ln, ln_1p, ln_add_exp};
use crate::statistics::{Alpha, Interval, StatisticsError, state};

/// How the bets are placed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub enum Bets {
    /// `bets` constant bets side by side, evenly spaced up to the boldest (dKelly).
    DiversifiedKelly {
        /// How many; 10 is usual.
        bets: u16,
    },
    /// One bet that adapts to the variance seen so far, as in
    /// [`BettingTest`](super::BettingTest) (hedged capital).
    PlugIn,
}

/// A confidence sequence for the mean of values in a known range.
///
/// All candidate means on a grid whose betting test has not rejected, widened by one grid step on
/// each side because the true ends lie between grid points.
///
/// - **Assumes** values in the stated range whose conditional mean, given the past, is one and the same; neither
///   independence nor any distribution.
/// - **Guarantees** that the mean lies inside at all looks at once with probability at least 1 − α.
/// - **Cost** 10 ns times the number of candidates a value (times the bets of [`Bets::DiversifiedKelly`]); **state**
///   two numbers a candidate (and bet); does not merge: the order matters.
/// - **Source**: Waudby-Smith and Ramdas, JRSS B 2024 (arXiv 2010.09686): hedged capital, and dKelly.
///
/// ```
/// use phasegate_sla::statistics::Alpha;
/// use phasegate_sla::statistics::mean::{Bets, BettingInterval, ValueRange};
/// let mut mean = BettingInterval::new(ValueRange::unit(), 200, Alpha::new(0.05)?, Bets::PlugIn);
/// for i in 0..400 {
///     mean.record(f64::from(i % 2))?;
/// }
/// let interval = mean.interval();
/// assert!(interval.lower < 0.5 && 0.5 < interval.upper && interval.upper < 0.6);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct BettingInterval {
    range: ValueRange,
    breaks: u32,
    alpha: Alpha,
    kind: Bets,
    plug_in: PlugIn,
    /// Log capitals of the optimist and the pessimist: one for each candidate, or one for each
    /// candidate and bet.
    #[serde(with = "state::numbers")]
    optimists: Vec<f64>,
    #[serde(with = "state::numbers")]
    pessimists: Vec<f64>,
    kept: Interval,
}

impl BettingInterval {
    /// With candidates at all multiples of 1/`breaks` of the range; `breaks` 0 counts as 1.
    #[must_use]
    pub fn new(range: ValueRange, breaks: u32, alpha: Alpha, kind: Bets) -> Self {
        let breaks = breaks.max(1);
        let ways = match kind {
            Bets::DiversifiedKelly { bets } => usize::from(bets.max(1)),
            Bets::PlugIn => 1,
        };
        let size = (breaks as usize + 1) * ways;
        Self {
            range,
            breaks,
            alpha,
            kind,
            plug_in: PlugIn::new(alpha.divided_by(2).threshold()),
            optimists: vec![0.0; size],
            pessimists: vec![0.0; size],
            kept: Interval {
                lower: 0.0,
                upper: 1.0,
            },
        }
    }

    /// Takes in the next value.
    ///
    /// # Errors
    /// For NaN, and for a value outside a range that refuses it; the state stays as it was.
    pub fn record(&mut self, value: f64) -> Result<(), StatisticsError> {
        let x = self.range.scale(value)?;
        match self.kind {
            Bets::PlugIn => self.record_plug_in(x),
            Bets::DiversifiedKelly { bets } => self.record_kelly(x, bets.max(1)),
        }
        self.plug_in.record(x);
        self.kept = self.kept.intersect(self.grid_interval());
        Ok(())
    }

    fn record_plug_in(&mut self, x: f64) {
        let bet = self.plug_in.next_bet();
        let step = 1.0 / f64::from(self.breaks);
        let capitals = self.optimists.iter_mut().zip(&mut self.pessimists);
        for (index, (optimist, pessimist)) in capitals.enumerate() {
            let m = index as f64 * step;
            // At the ends of the range one of the caps is infinite and the bet stays finite.
            *optimist += ln_1p(bet.min(0.5 / m) * (x - m));
            *pessimist += ln_1p(-bet.min(0.5 / (1.0 - m).max(0.0)) * (x - m));
        }
    }

    fn record_kelly(&mut self, x: f64, bets: u16) {
        let step = 1.0 / f64::from(self.breaks);
        let ways = usize::from(bets);
        let capitals = self
            .optimists
            .chunks_mut(ways)
            .zip(self.pessimists.chunks_mut(ways));
        for (index, (optimists, pessimists)) in capitals.enumerate() {
            let m = index as f64 * step;
            for (way, (optimist, pessimist)) in optimists.iter_mut().zip(pessimists).enumerate() {
                let share = (way as f64 + 1.0) / (f64::from(bets) + 1.0);
                *optimist += ln_relative(share, x - m, m);
                *pessimist += ln_relative(share, m - x, (1.0 - m).max(0.0));
            }
        }
    }

    /// The log capital against the candidate at `index`, both gamblers together.
    fn log_capital(&self, index: usize) -> f64 {
        let half = ln(0.5);
        match self.kind {
            Bets::PlugIn => {
                let at = |capitals: &[f64]| capitals.get(index).copied().unwrap_or(0.0);
                at(&self.optimists).max(at(&self.pessimists)) + half
            }
            Bets::DiversifiedKelly { bets } => {
                let ways = usize::from(bets.max(1));
                let range = index * ways..(index + 1) * ways;
                let mean = |capitals: &[f64]| {
                    let sum = capitals
                        .get(range.clone())
                        .unwrap_or(&[])
                        .iter()
                        .fold(f64::NEG_INFINITY, |sum, log| ln_add_exp(sum, *log));
                    sum - ln(f64::from(bets.max(1)))
                };
                ln_add_exp(mean(&self.optimists), mean(&self.pessimists)) + half
            }
        }
    }

    /// The candidates not rejected at this look, widened by a step, on the scale from 0 to 1.
    fn grid_interval(&self) -> Interval {
        let threshold = self.alpha.threshold();
        let keeps = |index: &u32| self.log_capital(*index as usize) <= threshold;
        let step = 1.0 / f64::from(self.breaks);
        let first = (0..=self.breaks).find(keeps);
        let last = (0..=self.breaks).rev().find(keeps);
        match (first, last) {
            (Some(first), Some(last)) => Interval {
                lower: (f64::from(first) * step - step).max(0.0),
                upper: (f64::from(last) * step + step).min(1.0),
            },
            // Everything rejected: possible with probability α at most, or when the range is wrong.
            _ => Interval {
                lower: 0.0,
                upper: 1.0,
            },
        }
    }

    /// The interval at this look alone, in the values' own unit.
    #[must_use]
    pub fn interval(&self) -> Interval {
        self.unscale(self.grid_interval())
    }

    /// What all looks so far have in common: narrower, and covers as surely.
    #[must_use]
    pub fn running_intersection(&self) -> Interval {
        self.unscale(self.kept)
    }

    fn unscale(&self, interval: Interval) -> Interval {
        Interval {
            lower: self.range.unscale(interval.lower),
            upper: self.range.unscale(interval.upper),
        }
    }

    /// Forgets everything; equal to a new one.
    pub fn reset(&mut self) {
        *self = Self::new(self.range, self.breaks, self.alpha, self.kind);
    }
}

/// ln(1 + share · gain / stake): a bet of a share of the boldest one. With nothing at stake (a
/// candidate at the end of the range) any gain refutes the candidate for good.
fn ln_relative(share: f64, gain: f64, stake: f64) -> f64 {
    if stake > 0.0 {
        ln_1p(share * gain / stake)
    } else if gain > 0.0 {
        f64::INFINITY
    } else {
        0.0
    }
}
