//! Evaluation with `confidence`: evidence that stays valid however often one looks. Shares and percentiles
//! against a limit go to `shares`, two arms to `arms`, margins to `near`, means to `mean`. What no such
//! method fits stays undecided; nothing falls back to literal evaluation.

use phasegate_core::{Fraction, Quantity, WindowKind};
use phasegate_criterion::{Assertion, Band, Cmp, Measure, Operand, ValueRange};

use super::amount::{Amount, Extent};
use super::arms::Beside;
use super::read::Read;
use super::reference::{Referred, base, extent_of};
use super::shares::rate_decision;
use super::test::{Case, Judged, Seen, towards};
use super::{Inputs, words};
use crate::need::is_of_many;
use crate::statistics::{Alpha, Decision, Interval, combine};
use crate::verdict::{Method, Verdict, Why};

/// What was decided, and what it rests on.
pub(super) struct Shown {
    pub(super) decision: Decision,
    /// None where a change was decided and has no number: from a control of zero.
    pub(super) seen: Option<Seen>,
    /// What stands behind a number that is not there.
    pub(super) behind: Option<Amount>,
    /// In the base of what was seen.
    pub(super) interval: Option<Interval>,
    pub(super) referred: Option<Referred>,
    /// The limit that follows from a reference, in the measure's base.
    pub(super) limit: Option<Fraction>,
    pub(super) method: Method,
}

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
        // Of two arms and of percentiles, the sides are decided one by one: neither is shown of both.
        Cmp::Equal | Cmp::NotEqual => Decision::Undecided,
    }
}

/// The same where the decision is two-sided: whatever lies on either side is not exactly there. That it is exactly
/// there, no number of samples shows.
pub(super) fn towards_op_of_both_sides(op: Cmp, below: Decision) -> Decision {
    match (op, below) {
        (Cmp::Equal, Decision::Holds | Decision::Violated) => Decision::Violated,
        (Cmp::NotEqual, Decision::Holds | Decision::Violated) => Decision::Holds,
        (_, below) => towards_op(op, below),
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
            }) => (
                self.versus(case, *op, Beside::Times(Fraction::ONE), alpha)?,
                None,
            ),
            // Budgets and targets are of amounts, and those have no test here.
            Assertion::Compare(_) => return Err(Why::Undecided),
            Assertion::Reach { from, op, to } => {
                let op = op
                    .or_else(|| case.measured.direction.goal())
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
        let unit = words::unit_of(case.test, case.measured, bound.as_ref());
        let follows = shown.limit.and_then(|limit| words::quantity(limit, &unit));
        Ok(shown.judged(bound.or(follows)))
    }

    /// Does the measure compare so with a limit? Changes compare with a multiple of their reference.
    pub(super) fn statement(
        &self,
        case: &Case<'_>,
        op: Cmp,
        (limit, written): (Extent, Option<&Quantity>),
        alpha: Alpha,
    ) -> Read<Shown> {
        if matches!(case.test.subject.measure, Measure::Change(_)) {
            let points = written
                .is_some_and(|written| written.dimension() == phasegate_core::Dimension::POINTS);
            return self.versus(case, op, Beside::change(limit.value, !points)?, alpha);
        }
        if let Some(quantile) = self.percentile_of(case) {
            let written = written.ok_or(Why::Undecided)?;
            return self.percentile(case, op, written, (quantile, alpha));
        }
        if let Some(shown) = self.mean(case, op, limit, alpha) {
            return shown;
        }
        let amount = self.evidence(case)?;
        let (op, amount) = match amount.counts {
            // `5/5` is about the share of them, not about their number, and asks for at least this.
            Some((matching, total)) if is_of_many(case.test) => {
                let share = Fraction::of_counts(matching, total).ok_or(Why::NoData)?;
                let op = match op {
                    Cmp::Equal => Cmp::GreaterOrEqual,
                    Cmp::Greater
                    | Cmp::GreaterOrEqual
                    | Cmp::Less
                    | Cmp::LessOrEqual
                    | Cmp::NotEqual => op,
                };
                (op, amount.with_extent(Extent::exact(share)))
            }
            Some(_) | None => (op, amount),
        };
        let (decision, interval) = rate_decision(&amount, op, limit, alpha)?;
        Ok(Shown {
            interval,
            ..Shown::of(decision, amount, Method::Rate)
        })
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

    /// The measure's value, fit to be evidence.
    pub(super) fn evidence(&self, case: &Case<'_>) -> Read<Amount> {
        let amount = self.value(case)?;
        since_start(&amount)?;
        Ok(amount)
    }
}

impl Shown {
    /// A decision on the value of a measure.
    pub(super) const fn of(decision: Decision, amount: Amount, method: Method) -> Self {
        Self {
            decision,
            seen: Some(Seen {
                amount,
                share_within: false,
            }),
            behind: None,
            interval: None,
            referred: None,
            limit: None,
            method,
        }
    }

    fn judged(self, bound: Option<Quantity>) -> Judged {
        let end = |end: f64| {
            let decimal = phasegate_core::Decimal::from_f64(end).ok()?;
            Fraction::from_decimal(decimal.rounded(9))
        };
        Judged {
            verdict: verdict(self.decision),
            seen: self.seen,
            referred: self.referred,
            bound,
            interval: self
                .interval
                .map(|interval| (end(interval.lower), end(interval.upper))),
            method: Some(self.method),
            behind: self.behind,
        }
    }
}

/// Evidence is of windows that do not overlap: all since one start. A rolling window counts the same
/// request many times, and an increment alone knows nothing of the looks before it.
pub(super) fn since_start(amount: &Amount) -> Read<()> {
    match amount.window.kind {
        WindowKind::SinceStart => Ok(()),
        WindowKind::Increment | WindowKind::Rolling => Err(Why::RollingWindow),
    }
}
