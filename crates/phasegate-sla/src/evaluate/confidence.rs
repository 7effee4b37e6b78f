//! Evaluation with `confidence`: evidence that stays valid however often one looks. Counts go to the
//! rate and arms tests, percentiles to two integers or to the comparison of two sketches, means to
//! `mean`. What no such method fits stays undecided; nothing falls back to literal evaluation.

use phasegate_core::{Fraction, Quantity, WindowKind};
use phasegate_criterion::{
    Aggregate, Assertion, Band, Cmp, Direction, Measure, Operand, Shape, Source, Test, ValueRange,
};
use phasegate_percentile::Histogram;

use super::Inputs;
use super::amount::{Amount, Extent};
use super::read::{self, Read};
use super::reference::{Referred, base, extent_of};
use super::test::{Case, Judged, Seen, margin, towards};
use crate::need::{Asking, aggregate, goal_op, inner, primary_arm, span_of};
use crate::statistics::quantile::{PercentileTest, QuantileComparison};
use crate::statistics::rate::{ArmsTest, PriorStrength, RateTest};
use crate::statistics::{Alpha, Counts, Decision, Interval, Rate, combine};
use crate::verdict::{Method, Verdict, Why};

/// What was decided, and what it rests on.
pub(super) struct Shown {
    pub(super) decision: Decision,
    pub(super) seen: Seen,
    /// In the measure's base.
    pub(super) interval: Option<Interval>,
    pub(super) referred: Option<Referred>,
    pub(super) method: Method,
}

/// How many samples of a sketch are unpacked at most to compare two arms: 16 MB each.
const UNPACKED_MAX: u64 = 2_000_000;

fn verdict(decision: Decision) -> Verdict {
    match decision {
        Decision::Holds => Verdict::Pass,
        Decision::Undecided => Verdict::Inconclusive(Why::Undecided),
        Decision::Violated => Verdict::Fail,
    }
}

/// The decision on a comparison, from that on "it lies below".
pub(super) fn towards_op(op: Cmp, below: Decision) -> Decision {
    match op {
        Cmp::Less | Cmp::LessOrEqual => below,
        Cmp::Greater | Cmp::GreaterOrEqual => below.opposite(),
        // No number of samples shows that a rate is exactly this.
        Cmp::Equal | Cmp::NotEqual => Decision::Undecided,
    }
}

/// Two ends of one extent: what both say.
pub(super) fn agree(one: Decision, other: Decision) -> Decision {
    if one == other {
        one
    } else {
        Decision::Undecided
    }
}

impl Inputs<'_> {
    pub(super) fn with_confidence(&self, case: &Case<'_>, alpha: Alpha) -> Read<Judged> {
        let (shown, bound) = match &case.test.assertion {
            Assertion::Compare(Band {
                op,
                value: Operand::Value(value),
            }) => {
                let limit = extent_of(value)?;
                (
                    self.statement(case, *op, (limit, Some(value.quantity())), alpha)?,
                    Some(value.quantity().clone()),
                )
            }
            Assertion::Compare(Band {
                op,
                value: Operand::Baseline,
            }) => (self.versus(case, *op, Fraction::ONE, alpha)?, None),
            // Budgets and targets are of amounts, and those have no test here.
            Assertion::Compare(_) => return Err(Why::Undecided),
            Assertion::Reach { from, op, to } => {
                let op = op
                    .or_else(|| goal_op(case.measured))
                    .or_else(|| towards(from.as_ref(), to));
                let op = op.ok_or(Why::Invalid)?;
                let limit = extent_of(to)?;
                (
                    self.statement(case, op, (limit, Some(to.quantity())), alpha)?,
                    Some(to.quantity().clone()),
                )
            }
            Assertion::Within(range) => (self.inside(case, range, alpha)?, None),
            Assertion::Bands { warn, crit } => {
                return self.bands_shown(case, (warn.as_ref(), crit.as_ref()), alpha);
            }
            Assertion::Comparable(_) | Assertion::NoWorse(_) | Assertion::Stable => {
                (self.near_shown(case, alpha)?, None)
            }
        };
        Ok(shown.judged(bound))
    }

    /// Does the measure compare so with a limit? Changes compare with a multiple of their reference.
    fn statement(
        &self,
        case: &Case<'_>,
        op: Cmp,
        (limit, written): (Extent, Option<&Quantity>),
        alpha: Alpha,
    ) -> Read<Shown> {
        if matches!(case.test.subject.measure, Measure::Change(_)) {
            let relative = written
                .is_some_and(|written| written.dimension() == phasegate_core::Dimension::SHARE);
            if !relative {
                return Err(Why::Undecided);
            }
            let factor = Fraction::ONE
                .checked_add(limit.value)
                .ok_or(Why::OutOfRange)?;
            return self.versus(case, op, factor, alpha);
        }
        if let Some(quantile) = self.percentile_of(case) {
            let written = written.ok_or(Why::Undecided)?;
            return self.percentile(case, op, written, (quantile, alpha));
        }
        if let Some(shown) = self.mean(case, op, limit, alpha) {
            return shown;
        }
        let amount = self.evidence(case)?;
        let (decision, interval) = rate_decision(&amount, op, limit, alpha)?;
        Ok(Shown {
            decision,
            seen: Seen {
                amount,
                share_within: false,
            },
            interval,
            referred: None,
            method: Method::Rate,
        })
    }

    /// The share of values a percentile measure looks at, if it is one of a distribution.
    fn percentile_of(&self, case: &Case<'_>) -> Option<Rate> {
        let quantile = aggregate(&case.test.subject.measure).and_then(Aggregate::quantile)?;
        let distribution = case
            .measured
            .sources
            .iter()
            .all(|one| one.kpi.shape == Shape::Distribution);
        if distribution {
            Rate::from_ratio(quantile).ok()
        } else {
            None
        }
    }

    /// A percentile against a threshold: how many values lie below it.
    fn percentile(
        &self,
        case: &Case<'_>,
        op: Cmp,
        limit: &Quantity,
        (quantile, alpha): (Rate, Alpha),
    ) -> Read<Shown> {
        let inclusive = matches!(op, Cmp::LessOrEqual | Cmp::Greater);
        let amount = self
            .within_threshold(case, limit, inclusive)
            .ok_or(Why::NoData)??;
        since_start(&amount)?;
        let prior = PriorStrength::for_criteria(alpha);
        let test = PercentileTest::new(quantile).with_prior(prior);
        let of = |share: Fraction| -> Read<Decision> {
            Ok(test.decide_below(counts(share, amount.samples)?, alpha))
        };
        let below = agree(of(amount.extent.low)?, of(amount.extent.high)?);
        let interval = amount.counts.and_then(|(below, total)| {
            let counts = Counts::new(below, total).ok()?;
            Some(RateTest::interval(counts, alpha, prior))
        });
        let seen = Seen {
            amount,
            share_within: true,
        };
        Ok(Shown {
            decision: towards_op(op, below),
            seen,
            interval,
            referred: None,
            method: Method::Percentile,
        })
    }

    /// The measure against a multiple of what it is compared with.
    fn versus(&self, case: &Case<'_>, op: Cmp, factor: Fraction, alpha: Alpha) -> Read<Shown> {
        if factor <= Fraction::ZERO {
            return Err(Why::OutOfRange);
        }
        let quantile = self.percentile_of(case);
        let referred = match quantile {
            // Of two sketches, the arms are compared themselves; their percentiles are only shown.
            Some(_) | None => self.reference(case)?,
        };
        let Some(stable) = &referred.arm else {
            let limit = referred.extent.times(factor)?;
            let unit = case
                .measured
                .sources
                .first()
                .map(|source| source.kpi.unit.clone());
            let written = unit.and_then(|unit| super::words::quantity(limit.value, &unit));
            if quantile.is_some() && !limit.is_exact() {
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
            };
            let shown = self.statement(&plain, op, (limit, written.as_ref()), alpha)?;
            return Ok(Shown {
                referred: Some(referred),
                ..shown
            });
        };
        since_start(stable)?;
        let amount = self.evidence(case)?;
        let (below, method) = if let Some(quantile) = quantile {
            let decided = self.arms_percentile(case, quantile, factor, alpha)?;
            (decided, Method::TwoArmPercentiles)
        } else if let Some(decided) = self.arms_mean(case, factor, alpha) {
            (decided?, Method::TwoArmMeans)
        } else {
            let decided = arms_rate(&amount, stable, factor, alpha)?;
            (decided, Method::TwoArmRates)
        };
        let seen = Seen {
            amount,
            share_within: false,
        };
        Ok(Shown {
            decision: towards_op(op, below),
            seen,
            interval: None,
            referred: Some(referred),
            method,
        })
    }

    /// "The canary's percentile lies below so many times the control's", from two sketches. Each value is
    /// taken at that end of its bucket which makes the decision harder.
    fn arms_percentile(
        &self,
        case: &Case<'_>,
        quantile: Rate,
        factor: Fraction,
        alpha: Alpha,
    ) -> Read<Decision> {
        let [source] = case.measured.sources.as_slice() else {
            return Err(Why::Invalid);
        };
        let canary = self.sketch(case, source, primary_arm(source, &case.compared))?;
        let control = self.sketch(case, source, phasegate_core::Arm::Stable)?;
        let test = QuantileComparison::new(quantile);
        let decide = |canary: &[f64], control: &[f64]| {
            let decided = test.with_margin(canary, control, factor.to_f64(), alpha);
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
    ) -> Read<Histogram> {
        let asking = Asking {
            source,
            arm,
            over: span_of(case.test, source, self.registry),
        };
        read::distribution(&asking, aggregate(&case.test.subject.measure), self.answers)
    }

    /// Between two limits; of a change, beyond its required end.
    fn inside(&self, case: &Case<'_>, range: &ValueRange, alpha: Alpha) -> Read<Shown> {
        let side = |op: Cmp, value: &phasegate_criterion::Value| {
            self.statement(case, op, (extent_of(value)?, Some(value.quantity())), alpha)
        };
        let (low, high) = (base(range.low.quantity())?, base(range.high.quantity())?);
        let change = matches!(case.test.subject.measure, Measure::Change(_));
        if change && high <= Fraction::ZERO {
            return side(Cmp::LessOrEqual, &range.high);
        }
        let lower = side(Cmp::GreaterOrEqual, &range.low)?;
        if change && low >= Fraction::ZERO {
            return Ok(lower);
        }
        let upper = side(Cmp::LessOrEqual, &range.high)?;
        let decision = combine::all_of(&[lower.decision, upper.decision]);
        Ok(Shown { decision, ..upper })
    }

    fn bands_shown(
        &self,
        case: &Case<'_>,
        (warn, crit): (Option<&Band>, Option<&Band>),
        alpha: Alpha,
    ) -> Read<Judged> {
        let mut last = Err(Why::Invalid);
        for (band, reached) in [(crit, Verdict::Fail), (warn, Verdict::Warn)] {
            let Some(Band { op, value }) = band else {
                continue;
            };
            let shown = self.statement(
                case,
                *op,
                (extent_of(value)?, Some(value.quantity())),
                alpha,
            )?;
            let decision = shown.decision;
            let judged = shown.judged(Some(value.quantity().clone()));
            match decision {
                Decision::Holds => {
                    return Ok(Judged {
                        verdict: reached,
                        ..judged
                    });
                }
                Decision::Undecided => return Ok(judged),
                Decision::Violated => {
                    last = Ok(Judged {
                        verdict: Verdict::Pass,
                        ..judged
                    });
                }
            }
        }
        last
    }

    fn near_shown(&self, case: &Case<'_>, alpha: Alpha) -> Read<Shown> {
        let size = match &case.test.margin {
            None => Fraction::ZERO,
            Some(margin) if margin.quantity().dimension() == phasegate_core::Dimension::SHARE => {
                base(margin.quantity())?
            }
            Some(_) => return self.near_figure(case, alpha),
        };
        let factor = |factor: Option<Fraction>| factor.ok_or(Why::OutOfRange);
        let above = || {
            self.versus(
                case,
                Cmp::LessOrEqual,
                factor(Fraction::ONE.checked_add(size))?,
                alpha,
            )
        };
        let below = || {
            self.versus(
                case,
                Cmp::GreaterOrEqual,
                factor(Fraction::ONE.checked_sub(size))?,
                alpha,
            )
        };
        sided(case, above, below)
    }

    /// A margin that is no part of the reference: for figures only, as two arms' counts show ratios.
    fn near_figure(&self, case: &Case<'_>, alpha: Alpha) -> Read<Shown> {
        let referred = self.reference(case)?;
        if referred.arm.is_some() || self.percentile_of(case).is_some() {
            return Err(Why::Undecided);
        }
        let delta = margin(case.test, referred.extent)?;
        let (upper, lower) = (referred.extent.plus(delta)?, referred.extent.minus(delta)?);
        let above = || self.statement(case, Cmp::LessOrEqual, (upper, None), alpha);
        let below = || self.statement(case, Cmp::GreaterOrEqual, (lower, None), alpha);
        sided(case, above, below)
    }

    /// The measure's value, fit to be evidence.
    pub(super) fn evidence(&self, case: &Case<'_>) -> Read<Amount> {
        let amount = self.value(case)?;
        since_start(&amount)?;
        Ok(amount)
    }
}

/// No worse looks at one side, comparable at both.
fn sided(
    case: &Case<'_>,
    above: impl Fn() -> Read<Shown>,
    below: impl Fn() -> Read<Shown>,
) -> Read<Shown> {
    let both = matches!(case.test.assertion, Assertion::Comparable(_));
    match (both, case.measured.direction) {
        (true, _) => {
            let (above, below) = (above()?, below()?);
            let decision = combine::all_of(&[above.decision, below.decision]);
            Ok(Shown { decision, ..above })
        }
        (false, Direction::LowerIsBetter) => above(),
        (false, Direction::HigherIsBetter) => below(),
        (false, Direction::Neither) => Err(Why::Invalid),
    }
}

impl Shown {
    fn judged(self, bound: Option<Quantity>) -> Judged {
        let end = |end: f64| {
            let decimal = phasegate_core::Decimal::from_f64(end).ok()?;
            Fraction::from_decimal(decimal.rounded(9))
        };
        Judged {
            verdict: verdict(self.decision),
            seen: Some(self.seen),
            referred: self.referred,
            bound,
            interval: self
                .interval
                .map(|interval| (end(interval.lower), end(interval.upper))),
            method: Some(self.method),
        }
    }
}

/// Evidence is of windows that do not overlap: all since one start. A rolling window counts the same
/// request many times, and an increment alone knows nothing of the looks before it.
fn since_start(amount: &Amount) -> Read<()> {
    match amount.window.kind {
        WindowKind::SinceStart => Ok(()),
        WindowKind::Increment | WindowKind::Rolling => Err(Why::Undecided),
    }
}

/// The counts behind a share of so many.
fn counts(share: Fraction, total: u64) -> Read<Counts> {
    let matching = share
        .checked_mul(Fraction::from(total))
        .ok_or(Why::OutOfRange)?;
    let (matching, 1) = matching.parts() else {
        return Err(Why::Undecided);
    };
    let Ok(matching) = u64::try_from(matching) else {
        return Err(Why::OutOfRange);
    };
    Counts::new(matching, total).map_err(|_fault| Why::Invalid)
}

/// A share against a limit. Against 0 % and 100 % no number of samples shows anything but the contrary.
fn rate_decision(
    amount: &Amount,
    op: Cmp,
    limit: Extent,
    alpha: Alpha,
) -> Read<(Decision, Option<Interval>)> {
    let (matching, total) = amount.counts.ok_or(Why::Undecided)?;
    let Ok(counts) = Counts::new(matching, total) else {
        return Err(Why::Invalid);
    };
    let at = |limit: Fraction| match Rate::new(limit.to_f64()) {
        Ok(rate) => {
            let test = RateTest::new(rate).with_prior(PriorStrength::for_criteria(alpha));
            towards_op(op, test.decide(counts, alpha))
        }
        Err(_) => match amount.extent.compare(op, Extent::exact(limit)) {
            Some(false) => Decision::Violated,
            Some(true) | None => Decision::Undecided,
        },
    };
    let decision = agree(at(limit.low), at(limit.high));
    Ok((
        decision,
        Some(RateTest::interval(
            counts,
            alpha,
            PriorStrength::for_criteria(alpha),
        )),
    ))
}

/// "The canary's rate lies below so many times the control's", from events and traffic of both.
fn arms_rate(canary: &Amount, control: &Amount, factor: Fraction, alpha: Alpha) -> Read<Decision> {
    let ((events, total), (control_events, control_total)) =
        canary.counts.zip(control.counts).ok_or(Why::Undecided)?;
    let all = total.checked_add(control_total).ok_or(Why::OutOfRange)?;
    let exposure = Fraction::of_counts(total, all).ok_or(Why::NoData)?;
    let test = Rate::new(exposure.to_f64())
        .and_then(|exposure| ArmsTest::new(exposure).against_ratio(factor.to_f64()));
    match test {
        Ok(test) => Ok(test.decide(events, control_events, alpha)),
        Err(_) => Err(Why::NoData),
    }
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
