//! How a KPI behaves: the same question always gets the same answer.

use std::sync::{Mutex, PoisonError};

use phasegate_core::{
    Absence, Answer, Arm, Decimal, KpiId, Measurement, Observed, Query, Ratio, Span, Timestamp,
    Wants,
};
use phasegate_percentile::Histogram;

/// A KPI.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "tests write it out")]
pub enum Metric {
    /// A distribution: evenly many values at each of these points.
    Distribution {
        /// Values in the KPI's unit.
        points: Vec<f64>,
        /// So many values a second, both arms together.
        per_second: u64,
    },
    /// One number.
    Scalar {
        /// Its value, in the KPI's unit.
        value: Decimal,
    },
    /// One number that goes from each of these to the next, and from the last to the first.
    Swing {
        /// Its values, in the KPI's unit.
        values: Vec<Decimal>,
        /// How long each lasts.
        every: Span,
    },
    /// A share of events.
    Share {
        /// How many match.
        matching: Ratio,
        /// So many events a second, both arms together.
        per_second: u64,
    },
}

/// The new version goes bad.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "tests write it out")]
pub struct Regression {
    /// Which KPI.
    pub kpi: KpiId,
    /// From which exposure on.
    pub from: Ratio,
    /// What it becomes for the new version.
    pub becomes: Metric,
}

impl Metric {
    pub(crate) fn answer(
        &self,
        query: &Query,
        exposure: Ratio,
        bad: &[Regression],
        sketches: &Sketches,
    ) -> Answer {
        let is_bad =
            |r: &&Regression| r.kpi == query.kpi && exposure >= r.from && exposure > Ratio::ZERO;
        let regression = bad.iter().find(is_bad);
        let metric = match (query.arm, regression) {
            (Arm::Canary, Some(regression)) => &regression.becomes,
            (Arm::Canary | Arm::Stable | Arm::Whole, _) => self,
        };
        let (samples, observed) = metric.observe(query, exposure, sketches)?;
        Ok(Measurement {
            window: query.window,
            samples,
            observed,
        })
    }

    fn observe(
        &self,
        query: &Query,
        exposure: Ratio,
        sketches: &Sketches,
    ) -> Result<(u64, Observed), Absence> {
        let unfit = || Absence::Invalid {
            detail: "the metric has another shape".to_owned(),
        };
        match (self, query.wants) {
            (Self::Scalar { value }, Wants::Scalar) => Ok((1, Observed::Scalar { value: *value })),
            (Self::Swing { values, every }, Wants::Scalar) => {
                let since = query.window.end.since(Timestamp::EPOCH);
                let turns = since.as_nanos().checked_div(every.as_nanos());
                let nth = turns.and_then(|turns| turns.checked_rem(values.len() as u64));
                let nth = nth.and_then(|nth| usize::try_from(nth).ok());
                let value = nth.and_then(|nth| values.get(nth)).ok_or_else(unfit)?;
                Ok((1, Observed::Scalar { value: *value }))
            }
            (
                Self::Share {
                    matching,
                    per_second,
                },
                Wants::Share,
            ) => {
                let total = samples(query, *per_second, exposure)?;
                let matching = part(total, *matching);
                Ok((total, Observed::Share { matching, total }))
            }
            (
                Self::Distribution { points, per_second },
                Wants::Below {
                    threshold,
                    inclusive,
                },
            ) => {
                let total = samples(query, *per_second, exposure)?;
                let limit = threshold.to_f64();
                let lies = |p: &&f64| if inclusive { **p <= limit } else { **p < limit };
                let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
                let (below, all) = (
                    count(points.iter().filter(lies).count()),
                    count(points.len()),
                );
                let below = total
                    .saturating_mul(below)
                    .checked_div(all)
                    .ok_or_else(unfit)?;
                Ok((
                    total,
                    Observed::Below {
                        threshold,
                        below,
                        total,
                    },
                ))
            }
            (Self::Distribution { points, per_second }, Wants::Distribution) => {
                let total = samples(query, *per_second, exposure)?;
                let each = total.checked_div(u64::try_from(points.len()).unwrap_or(u64::MAX));
                let (samples, sketch) = sketches.of(points, each.ok_or_else(unfit)?.max(1));
                Ok((samples, Observed::Distribution { sketch }))
            }
            _ => Err(unfit()),
        }
    }
}

/// Sketches that were made lately: a source has them at hand, and looks ask for the same one again.
#[derive(Debug, Default)]
pub struct Sketches(Mutex<Vec<Sketch>>);

#[derive(Debug)]
struct Sketch {
    points: Vec<f64>,
    each: u64,
    samples: u64,
    bytes: Vec<u8>,
}

/// More than a plan's KPIs on both arms need.
const SKETCHES_MAX: usize = 16;

impl Clone for Sketches {
    /// Begins empty: nothing depends on what is at hand.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Sketches {
    /// How many samples, and the encoded sketch.
    fn of(&self, points: &[f64], each: u64) -> (u64, Vec<u8>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |sketch: &&Sketch| sketch.each == each && sketch.points == points;
        if let Some(sketch) = kept.iter().find(same) {
            return (sketch.samples, sketch.bytes.clone());
        }
        let mut histogram = Histogram::new();
        for point in points {
            histogram.record_n(*point, each);
        }
        let sketch = Sketch {
            points: points.to_vec(),
            each,
            samples: histogram.count(),
            bytes: histogram.encode(),
        };
        if kept.len() == SKETCHES_MAX {
            kept.remove(0);
        }
        let made = (sketch.samples, sketch.bytes.clone());
        kept.push(sketch);
        made
    }
}

/// How many events the arm saw in the window.
fn samples(query: &Query, per_second: u64, exposure: Ratio) -> Result<u64, Absence> {
    let all = query.window.span().as_millis().saturating_mul(per_second) / 1000;
    let share = match query.arm {
        Arm::Canary => exposure,
        Arm::Stable => Ratio::from_ppm(Ratio::ONE.ppm() - exposure.ppm()).unwrap_or(Ratio::ZERO),
        Arm::Whole => Ratio::ONE,
    };
    match part(all, share) {
        0 => Err(Absence::NoData),
        samples => Ok(samples),
    }
}

fn part(whole: u64, share: Ratio) -> u64 {
    let scaled = u128::from(whole) * u128::from(share.ppm()) / u128::from(Ratio::ONE.ppm());
    u64::try_from(scaled).unwrap_or(u64::MAX)
}
