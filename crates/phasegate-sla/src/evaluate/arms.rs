//! Canary against control, and anything against a multiple of its baseline or a distance from it, with
//! `confidence`.

use phasegate_core::{Fraction, Window};
use phasegate_criterion::{Cmp, Measure, Source, Test};
use phasegate_percentile::Histogram;

use super::Inputs;
use super::amount::{Amount, Extent};
use super::confidence::{Shown, since_start, towards_op};
use super::read::{self, Read};
use super::reference::Referred;
use super::test::{Case, Seen};
use super::written::changed_by;
use crate::need::{Asking, aggregate, inner, primary_arm, span_of};
use crate::statistics::quantile::QuantileComparison;
use crate::statistics::rate::{ArmsTest, PriorStrength, RateTest};
use crate::statistics::{Alpha, Counts, Decision, Interval, Rate};
use crate::verdict::{Method, Why};

/// How many samples of a sketch are unpacked at most to compare two arms: 16 MB each.
const UNPACKED_MAX: u64 = 2_000_000;

/// What a measure is compared with beside a reference.
#[derive(Clone, Copy, Debug)]
pub(super) enum Beside {
    /// The reference and so much more.
    Apart(Fraction),
    /// So many times the reference.
    Times(Fraction),
}

/// "The canary lies below what stands beside the control", and where it lies.
pub(super) struct ArmsCompared {
    pub(super) below: Decision,
    /// Where the canary lies beside the control as it was measured, in the measure's base.
    pub(super) interval: Option<Interval>,
    pub(super) method: Method,
}

impl Beside {
    /// A change by so much: a part of the reference if it is relative, else in the measure's own unit.
    pub(super) fn change(size: Fraction, relative: bool) -> Read<Self> {
        if !relative {
            return Ok(Self::Apart(size));
        }
        let factor = Fraction::ONE.checked_add(size);
        factor.map(Self::Times).ok_or(Why::OutOfRange)
    }

    fn of(self, reference: Extent) -> Read<Extent> {
        match self {
            Self::Apart(delta) => reference.plus(Extent::exact(delta)),
            Self::Times(factor) => reference.times(factor),
        }
    }
}

impl Inputs<'_> {
    /// The measure against a multiple of what it is compared with, or against something so far from it.
    pub(super) fn versus(
        &self,
        case: &Case<'_>,
        op: Cmp,
        beside: Beside,
        alpha: Alpha,
    ) -> Read<Shown> {
        if matches!(beside, Beside::Times(factor) if factor <= Fraction::ZERO) {
            return Err(Why::OutOfRange);
        }
        // Of two sketches, the arms are compared themselves; their percentiles are only shown.
        let referred = self.reference(case)?;
        let limit = beside.of(referred.extent)?;
        let shown = match &referred.arm {
            Some(stable) => self.versus_arm(case, op, (stable, beside), alpha)?,
            None => self.versus_figure(case, op, limit, alpha)?,
        };
        let shown = if matches!(case.test.subject.measure, Measure::Change(_)) {
            self.as_change(case, shown, (&referred, beside))
        } else {
            Shown {
                limit: Some(limit.value),
                ..shown
            }
        };
        Ok(Shown {
            referred: Some(referred),
            ..shown
        })
    }

    fn versus_arm(
        &self,
        case: &Case<'_>,
        op: Cmp,
        (stable, beside): (&Amount, Beside),
        alpha: Alpha,
    ) -> Read<Shown> {
        since_start(stable)?;
        let amount = self.evidence(case)?;
        let compared = self.arms(case, (&amount, stable), beside, alpha)?;
        let decision = towards_op(op, compared.below);
        Ok(Shown {
            interval: compared.interval,
            ..Shown::of(decision, amount, compared.method)
        })
    }

    /// What was seen of a measure, as the change that was asked for: the verdict stands.
    fn as_change(
        &self,
        case: &Case<'_>,
        shown: Shown,
        (referred, beside): (&Referred, Beside),
    ) -> Shown {
        let within = shown.seen.is_some_and(|seen| seen.share_within);
        let own = match shown.seen {
            // How many values lie within a threshold is no percentile.
            Some(_) if within => self.value(case).ok(),
            seen => seen.map(|seen| seen.amount),
        };
        let points = matches!(beside, Beside::Apart(_));
        let change = own.and_then(|own| changed_by(own, referred, points).ok());
        let from = referred.extent.value.to_f64();
        let moved = |end: f64| {
            if points {
                end - from
            } else {
                (end - from) / from
            }
        };
        let interval = shown.interval.filter(|_| !within && (points || from > 0.0));
        Shown {
            seen: change.map(|amount| Seen {
                amount,
                share_within: false,
            }),
            behind: shown.seen.map(|seen| seen.amount),
            interval: interval.map(|interval| Interval {
                lower: moved(interval.lower),
                upper: moved(interval.upper),
            }),
            ..shown
        }
    }

    /// The measure itself against a figure.
    fn versus_figure(&self, case: &Case<'_>, op: Cmp, limit: Extent, alpha: Alpha) -> Read<Shown> {
        let source = case.measured.sources.first();
        let unit = source.map(|source| source.kpi.unit.clone());
        let written = unit.and_then(|unit| super::words::quantity(limit.value, &unit));
        if self.percentile_of(case).is_some() && !limit.is_exact() {
            return Err(Why::BaselineApproximate);
        }
        let plain = Test {
            subject: inner(&case.test.subject.measure).clone().into(),
            ..case.test.clone()
        };
        let plain = Case {
            test: &plain,
            measured: case.measured,
            compared: case.compared.clone(),
            alternatives: case.alternatives,
        };
        self.statement(&plain, op, (limit, written.as_ref()), alpha)
    }

    /// "The canary's measure lies below what stands beside the control's", by the method that fits.
    fn arms(
        &self,
        case: &Case<'_>,
        (canary, control): (&Amount, &Amount),
        beside: Beside,
        alpha: Alpha,
    ) -> Read<ArmsCompared> {
        if let Some(quantile) = self.percentile_of(case) {
            let below = self.arms_percentile(case, quantile, beside, alpha)?;
            return Ok(ArmsCompared {
                below,
                interval: None,
                method: Method::TwoArmPercentiles,
            });
        }
        if let Some(compared) = self.arms_mean(case, control, beside, alpha) {
            return compared;
        }
        match beside {
            Beside::Apart(delta) => arms_share(canary, control, delta, alpha),
            Beside::Times(factor) => arms_rate(canary, control, factor, alpha),
        }
    }

    /// "The canary's percentile lies below what stands beside the control's", from two sketches. Each value
    /// is taken at that end of its bucket which makes the decision harder.
    fn arms_percentile(
        &self,
        case: &Case<'_>,
        quantile: Rate,
        beside: Beside,
        alpha: Alpha,
    ) -> Read<Decision> {
        let [source] = case.measured.sources.as_slice() else {
            return Err(Why::Invalid);
        };
        let (canary, _) = self.sketch(case, source, primary_arm(source, &case.compared))?;
        let (control, _) = self.sketch(case, source, phasegate_core::Arm::Stable)?;
        let test = QuantileComparison::new(quantile);
        let unit = source.kpi.unit.factor().ok_or(Why::OutOfRange)?;
        // Sketches hold numbers of the KPI's unit.
        let beside = match beside {
            Beside::Apart(delta) => Beside::Apart(delta.checked_div(unit).ok_or(Why::OutOfRange)?),
            Beside::Times(_) => beside,
        };
        let decide = |canary: &[f64], control: &[f64]| {
            let decided = match beside {
                Beside::Apart(delta) => test.with_distance(canary, control, delta.to_f64(), alpha),
                Beside::Times(factor) => test.with_margin(canary, control, factor.to_f64(), alpha),
            };
            decided.map_err(|_fault| Why::Invalid)
        };
        let ((canary_low, canary_high), (control_low, control_high)) =
            (unpacked(&canary)?, unpacked(&control)?);
        let holds = decide(&canary_high, &control_low)? == Decision::Holds;
        let violated = decide(&canary_low, &control_high)? == Decision::Violated;
        Ok(match (holds, violated) {
            (_, true) => Decision::Violated,
            (true, false) => Decision::Holds,
            (false, false) => Decision::Undecided,
        })
    }

    pub(super) fn sketch(
        &self,
        case: &Case<'_>,
        source: &Source<'_>,
        arm: phasegate_core::Arm,
    ) -> Read<(Histogram, Window)> {
        let asking = Asking {
            source,
            arm,
            over: span_of(case.test, source, self.registry),
        };
        read::distribution(&asking, aggregate(&case.test.subject.measure), self.answers)
    }
}

/// "The canary's rate lies below so many times the control's", from events and traffic of both.
fn arms_rate(
    canary: &Amount,
    control: &Amount,
    factor: Fraction,
    alpha: Alpha,
) -> Read<ArmsCompared> {
    let ((events, total), (control_events, control_total)) =
        canary.counts.zip(control.counts).ok_or(Why::Undecided)?;
    let all = total.checked_add(control_total).ok_or(Why::OutOfRange)?;
    let exposure = Fraction::of_counts(total, all).ok_or(Why::NoData)?;
    let test = Rate::new(exposure.to_f64())
        .and_then(|exposure| ArmsTest::new(exposure).against_ratio(factor.to_f64()));
    let Ok(test) = test else {
        return Err(Why::NoData);
    };
    let ratio = test.ratio_interval(events, control_events, alpha);
    let from = control.extent.value.to_f64();
    Ok(ArmsCompared {
        below: test.decide(events, control_events, alpha),
        // Of nothing no multiple says anything.
        interval: (from > 0.0).then_some(Interval {
            lower: from * ratio.lower,
            upper: from * ratio.upper,
        }),
        method: Method::TwoArmRates,
    })
}

/// "The canary's share lies less than so much above the control's", from the interval of each share, at half
/// the chance of error each.
fn arms_share(
    canary: &Amount,
    control: &Amount,
    delta: Fraction,
    alpha: Alpha,
) -> Read<ArmsCompared> {
    let half = alpha.divided_by(2);
    let interval = |amount: &Amount| -> Read<Interval> {
        let (matching, total) = amount.counts.ok_or(Why::Undecided)?;
        let counts = Counts::new(matching, total).map_err(|_fault| Why::Invalid)?;
        Ok(RateTest::interval(
            counts,
            half,
            PriorStrength::for_criteria(half),
        ))
    };
    let from = control.extent.value.to_f64();
    let (canary, control, delta) = (interval(canary)?, interval(control)?, delta.to_f64());
    let (least, most) = (canary.lower - control.upper, canary.upper - control.lower);
    let below = if most < delta {
        Decision::Holds
    } else if least > delta {
        Decision::Violated
    } else {
        Decision::Undecided
    };
    Ok(ArmsCompared {
        below,
        interval: Some(Interval {
            lower: from + least,
            upper: from + most,
        }),
        method: Method::TwoArmShares,
    })
}

/// The values of a sketch, each at the lower and at the upper end of its bucket.
fn unpacked(histogram: &Histogram) -> Read<(Vec<f64>, Vec<f64>)> {
    if histogram.count() > UNPACKED_MAX {
        return Err(Why::OutOfRange);
    }
    let (mut lows, mut highs) = (Vec::new(), Vec::new());
    for (low, high, count) in histogram.buckets() {
        let count = usize::try_from(count).unwrap_or(0);
        lows.resize(lows.len() + count, low);
        highs.resize(highs.len() + count, high);
    }
    // Values without a bucket stand nowhere in order.
    let all = u64::try_from(lows.len()).is_ok_and(|known| known == histogram.count());
    if all {
        Ok((lows, highs))
    } else {
        Err(Why::Undecided)
    }
}
