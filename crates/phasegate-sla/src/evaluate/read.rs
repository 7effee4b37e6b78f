//! From answers to amounts: looks up what was asked, refuses what cannot be used, and makes the
//! function of it that the measure names.

use std::collections::BTreeMap;

use phasegate_core::{
    Answer, Arm, Decimal, Fraction, Measurement, Observed, Quantity, Unit, Wants, Window,
};
use phasegate_criterion::{Aggregate, Measure, Measured, Possible, Shape, Source, Test};
use phasegate_percentile::Histogram;

use super::amount::{Amount, Extent};
use super::window::Now;
use crate::need::{Asking, Need, aggregate, four_times, inner, is_of_many};
use crate::verdict::{Means, Why};

pub(super) type Answers = BTreeMap<Need, Answer>;

/// The answers to look into, and when that is done.
#[derive(Clone, Copy)]
pub(super) struct Lookup<'a> {
    given: Given<'a>,
    pub(super) now: Now,
}

/// All that anybody gave, or those to a prepared criterion's needs, in their order.
#[derive(Clone, Copy)]
enum Given<'a> {
    All(&'a Answers),
    InOrder(&'a [Need], &'a [Option<&'a Answer>]),
}

impl<'a> Lookup<'a> {
    pub(super) const fn all(answers: &'a Answers, now: Now) -> Self {
        let given = Given::All(answers);
        Self { given, now }
    }

    pub(super) const fn in_order(
        needs: &'a [Need],
        answers: &'a [Option<&'a Answer>],
        now: Now,
    ) -> Self {
        let given = Given::InOrder(needs, answers);
        Self { given, now }
    }

    fn get(self, need: &Need) -> Option<&'a Answer> {
        match self.given {
            Given::All(answers) => answers.get(need),
            Given::InOrder(needs, answers) => {
                let place = needs.iter().position(|asked| asked == need)?;
                answers.get(place).copied().flatten()
            }
        }
    }
}

pub(super) type Read<T> = Result<T, Why>;

/// The first of the needs that was answered with a measurement; else why there is none.
fn answered(needs: Vec<Need>, answers: Lookup<'_>) -> Read<(Need, &Measurement)> {
    let mut why = Why::NoData;
    for need in needs {
        match answers.get(&need) {
            Some(Ok(measurement)) => {
                answers.now.fits(need.over, measurement.window)?;
                return Ok((need, measurement));
            }
            Some(Err(absence)) => why = Why::from(absence),
            None => {}
        }
    }
    Err(why)
}

fn amount(extent: Extent, measurement: &Measurement, samples: u64, means: Means) -> Amount {
    Amount {
        extent,
        counts: None,
        samples,
        window: measurement.window,
        means,
    }
}

/// Matching of total, which must not be empty.
fn share(matching: u64, total: u64, measurement: &Measurement, means: Means) -> Read<Amount> {
    if total == 0 {
        return Err(Why::NoData);
    }
    if matching > total {
        return Err(Why::Invalid);
    }
    let part = Fraction::of_counts(matching, total).ok_or(Why::OutOfRange)?;
    let amount = amount(Extent::exact(part), measurement, total, means);
    Ok(Amount {
        counts: Some((matching, total)),
        ..amount
    })
}

/// A float from a sketch, in the KPI's unit.
pub(super) fn float(value: f64, unit: &Unit) -> Read<Fraction> {
    let Ok(number) = Decimal::from_f64(value) else {
        return Err(Why::OutOfRange);
    };
    Quantity::new(number, unit.clone())
        .base()
        .ok_or(Why::OutOfRange)
}

/// A sketch that holds values, and nothing but values: what is no number has no place among the others, so that
/// nothing can be said of any function of them.
pub(super) fn sketch(bytes: &[u8]) -> Read<Histogram> {
    let Ok(histogram) = Histogram::decode(bytes) else {
        return Err(Why::Invalid);
    };
    if histogram.classes().nan > 0 {
        return Err(Why::Invalid);
    }
    if histogram.count() == 0 {
        Err(Why::NoData)
    } else {
        Ok(histogram)
    }
}

/// How many values lie below a threshold (at or below, if `inclusive`).
///
/// # Errors
/// Why it cannot be said.
pub(super) fn below(
    asking: &Asking<'_>,
    threshold: &Quantity,
    inclusive: bool,
    answers: Lookup<'_>,
) -> Read<Amount> {
    let mut needs: Vec<Need> = asking.below(threshold, inclusive).into_iter().collect();
    needs.extend(asking.value(None, false));
    let (need, measurement) = answered(needs, answers)?;
    match &measurement.observed {
        Observed::Below {
            threshold,
            below,
            total,
        } => {
            let asked = Wants::Below {
                threshold: *threshold,
                inclusive,
            };
            if asked != need.wants {
                return Err(Why::Invalid);
            }
            share(*below, *total, measurement, Means::CountBelow)
        }
        Observed::Distribution { sketch: bytes } => {
            let histogram = sketch(bytes)?;
            let unit = &asking.source.kpi.unit;
            let bound = threshold
                .in_unit(unit)
                .ok_or(Why::OutOfRange)?
                .number()
                .to_f64();
            // The next float up turns "below" into "at or below".
            let bound = if inclusive { bound.next_up() } else { bound };
            let (count, found) = (histogram.count(), histogram.count_below(bound));
            let part = |n: u64| Fraction::of_counts(n.min(count), count).ok_or(Why::OutOfRange);
            let extent = Extent {
                value: part(found.value)?,
                ..Extent::between(part(found.low)?, part(found.high)?)
            };
            let amount = amount(extent, measurement, count, Means::Distribution);
            let counts = extent.is_exact().then_some((found.value, count));
            Ok(Amount { counts, ..amount })
        }
        Observed::Scalar { .. } | Observed::Share { .. } | _ => Err(Why::Invalid),
    }
}

/// The whole distribution on one arm, and over which time it is.
///
/// # Errors
/// Why there is none.
pub(super) fn distribution(
    asking: &Asking<'_>,
    by: Option<Aggregate>,
    answers: Lookup<'_>,
) -> Read<(Histogram, Window)> {
    let needs = asking.value(by, false);
    let sketches = needs
        .into_iter()
        .filter(|need| need.wants == Wants::Distribution)
        .collect();
    let (_, measurement) = answered(sketches, answers)?;
    match &measurement.observed {
        Observed::Distribution { sketch: bytes } => Ok((sketch(bytes)?, measurement.window)),
        Observed::Below { .. } | Observed::Scalar { .. } | Observed::Share { .. } | _ => {
            Err(Why::Invalid)
        }
    }
}

/// The value of a measure on one arm.
///
/// # Errors
/// Why it cannot be said.
pub(super) fn value(
    test: &Test,
    measured: &Measured<'_>,
    asked: &dyn Fn(&Source<'_>) -> (Arm, Option<phasegate_core::Span>),
    answers: Lookup<'_>,
) -> Read<Amount> {
    let mut total: Option<Amount> = None;
    for source in &measured.sources {
        let (arm, over) = asked(source);
        let asking = Asking { source, arm, over };
        let one = of_source(test, &asking, answers)?;
        total = Some(match total {
            None => one,
            Some(sum) => sum.plus(one)?,
        });
    }
    total.ok_or(Why::NoData)
}

fn of_source(test: &Test, asking: &Asking<'_>, answers: Lookup<'_>) -> Read<Amount> {
    let measure = inner(&test.subject.measure);
    match measure {
        Measure::Apdex { threshold, .. } => apdex(asking, threshold, answers),
        Measure::Below { threshold, .. } => below(asking, threshold, false, answers),
        Measure::Aggregate { .. }
        | Measure::BudgetLeft { .. }
        | Measure::BurnRate { .. }
        | Measure::Change(_)
        | Measure::Plain { .. }
        | Measure::Query(_) => {
            let by = aggregate(measure);
            let (need, measurement) = answered(asking.value(by, is_of_many(test)), answers)?;
            of_answer(by, asking, &need, measurement)
        }
    }
}

/// (satisfied + tolerated / 2) / total, from two counts.
fn apdex(asking: &Asking<'_>, threshold: &Quantity, answers: Lookup<'_>) -> Read<Amount> {
    let tolerable = four_times(threshold).ok_or(Why::OutOfRange)?;
    let satisfied = below(asking, threshold, true, answers)?;
    let tolerated = below(asking, &tolerable, true, answers)?;
    // (s + (t - s) / 2) = (s + t) / 2, as shares of the same total.
    if satisfied.samples != tolerated.samples {
        return Err(Why::Invalid);
    }
    let half = Fraction::new(1, 2).ok_or(Why::OutOfRange)?;
    let extent = satisfied.extent.plus(tolerated.extent)?.times(half)?;
    Ok(Amount {
        counts: None,
        ..satisfied.with_extent(extent)
    })
}

fn of_answer(
    by: Option<Aggregate>,
    asking: &Asking<'_>,
    need: &Need,
    measurement: &Measurement,
) -> Read<Amount> {
    let kpi = asking.source.kpi;
    match (&measurement.observed, &need.wants) {
        (Observed::Scalar { value }, Wants::Scalar) => {
            let counted = matches!(kpi.shape, Shape::Counter);
            if measurement.samples == 0 && !counted {
                return Err(Why::NoData);
            }
            let base = Quantity::new(*value, kpi.unit.clone())
                .base()
                .filter(|base| Possible::of(kpi).holds(*base))
                .ok_or(Why::OutOfRange)?;
            let rate = matches!(by, Some(Aggregate::Rate | Aggregate::Frequency)) && counted;
            let base = if rate {
                per_second(base, measurement)?
            } else {
                base
            };
            Ok(amount(
                Extent::exact(base),
                measurement,
                measurement.samples,
                Means::Scalar,
            ))
        }
        (Observed::Share { matching, total }, Wants::Share) => {
            let whole = share(*matching, *total, measurement, Means::Share)?;
            match (by, kpi.shape) {
                (Some(Aggregate::Count), _) | (None, Shape::Counter) => {
                    Ok(whole.with_extent(Extent::exact(Fraction::from(*matching))))
                }
                (Some(_) | None, _) => Ok(whole),
            }
        }
        (Observed::Distribution { sketch: bytes }, Wants::Distribution) => {
            let histogram = sketch(bytes)?;
            let extent = function(by, &histogram, &kpi.unit)?;
            Ok(amount(
                extent,
                measurement,
                histogram.count(),
                Means::Distribution,
            ))
        }
        (_, _) => Err(Why::Invalid),
    }
}

fn per_second(count: Fraction, measurement: &Measurement) -> Read<Fraction> {
    let nanos = Fraction::from(measurement.window.span().as_nanos());
    let seconds = nanos
        .checked_div(Fraction::from(1_000_000_000))
        .ok_or(Why::OutOfRange)?;
    count.checked_div(seconds).ok_or(Why::OutOfRange)
}

/// A function of a whole distribution, with the sketch's own error.
///
/// # Errors
/// Why there is none.
pub(super) fn function(by: Option<Aggregate>, histogram: &Histogram, unit: &Unit) -> Read<Extent> {
    let exact = |value: Option<f64>| Ok(Extent::exact(float(value.ok_or(Why::NoData)?, unit)?));
    // With infinite values the sum is infinite or none; the sketch's own is of the others alone.
    let classes = histogram.classes();
    let infinite = classes.infinite > 0 || classes.negative_infinite > 0;
    if infinite && matches!(by, Some(Aggregate::Average | Aggregate::Sum)) {
        return Err(Why::OutOfRange);
    }
    match by {
        Some(Aggregate::Average) => exact(histogram.mean()),
        Some(Aggregate::Max) => exact(histogram.max()),
        Some(Aggregate::Min) => exact(histogram.min()),
        Some(Aggregate::Sum) => exact(Some(histogram.sum())),
        Some(Aggregate::Count) => Ok(Extent::exact(Fraction::from(histogram.count()))),
        Some(by) => {
            let share = by.quantile().ok_or(Why::Invalid)?;
            let found = histogram.quantile(share.to_f64()).ok_or(Why::NoData)?;
            let ends = Extent::between(float(found.low, unit)?, float(found.high, unit)?);
            Ok(Extent {
                value: float(found.value, unit)?,
                ..ends
            })
        }
        None => Err(Why::Invalid),
    }
}

/// The answer to an inline query, a plain number.
///
/// # Errors
/// Why it cannot be said.
pub(super) fn inline(need: Option<Need>, answers: Lookup<'_>) -> Read<Amount> {
    let (_, measurement) = answered(need.into_iter().collect(), answers)?;
    match &measurement.observed {
        Observed::Scalar { value } => {
            let base = Fraction::from_decimal(*value).ok_or(Why::OutOfRange)?;
            Ok(amount(
                Extent::exact(base),
                measurement,
                measurement.samples,
                Means::Scalar,
            ))
        }
        Observed::Below { .. } | Observed::Distribution { .. } | Observed::Share { .. } | _ => {
            Err(Why::Invalid)
        }
    }
}
