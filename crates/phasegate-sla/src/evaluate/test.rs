//! Evaluates one test: reads what was measured, compares, and writes down what it rests on.

use phasegate_core::{BaseUnit, Dimension, Fraction, PerKind, Quantity};
use phasegate_criterion::{
    Aggregate, Assertion, Band, Cmp, Direction, Expects, Given, Measure, Measured, Operand, Shape,
    Source, Test, Value, ValueRange, can_be_shown, measured,
};

use super::amount::{Amount, Extent};
use super::read::{self, Read};
use super::reference::{Referred, base, extent_of, figure};
use super::written::changed;
use super::{Inputs, Polarity, window, words};
use crate::need::{
    Asking, Compared, aggregate, compared, inline_need, inner, is_of_many, primary_arm, span_of,
};
use crate::statistics::Alpha;
use crate::verdict::{Finding, Means, Method, Verdict, Why};

/// A test with what it measures.
pub(super) struct Case<'c> {
    pub(super) test: &'c Test,
    pub(super) measured: &'c Measured<'c>,
    pub(super) compared: Compared,
    /// Among how many alternatives the chance of a false pass is shared.
    pub(super) alternatives: u32,
}

/// What came of a test, before it is written down.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    /// What was seen of the canary, or of the whole.
    pub(super) seen: Option<Seen>,
    pub(super) referred: Option<Referred>,
    pub(super) bound: Option<Quantity>,
    /// Where the truth lies at the confidence asked for, in the dimension's base.
    pub(super) interval: Option<(Option<Fraction>, Option<Fraction>)>,
    /// By which statistics, where confidence was asked for.
    pub(super) method: Option<Method>,
    /// What stands behind it, where there is nothing to be shown.
    pub(super) behind: Option<Amount>,
}

/// An amount, and whether it is the share of values within a percentile's threshold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) amount: Amount,
    pub(super) share_within: bool,
}

impl Judged {
    pub(super) const fn new(verdict: Verdict, seen: Option<Seen>) -> Self {
        Self {
            verdict,
            seen,
            referred: None,
            bound: None,
            interval: None,
            method: None,
            behind: None,
        }
    }
}

/// A comparison's answer as a verdict.
pub(super) fn verdict(answer: Option<bool>, approximate: bool) -> Verdict {
    match answer {
        Some(true) => Verdict::Pass,
        Some(false) => Verdict::Fail,
        None if approximate => Verdict::Inconclusive(Why::BaselineApproximate),
        None => Verdict::Inconclusive(Why::Undecided),
    }
}

/// Is it made into so much per second here, from a counter?
fn is_per_second(case: &Case<'_>) -> bool {
    let rate = matches!(
        aggregate(inner(&case.test.subject.measure)),
        Some(Aggregate::Frequency | Aggregate::Rate)
    );
    let mut sources = case.measured.sources.iter();
    rate && sources.any(|source| source.kpi.shape == Shape::Counter)
}

/// Can the measure be compared with every value that the test names? A count per second says nothing about
/// one per month.
fn is_comparable(case: &Case<'_>) -> bool {
    let fits = |value: &Value| case.measured.expects.takes(&value.quantity().dimension());
    let takes_calendar = !is_per_second(case);
    let fixed = |quantity: &Quantity| {
        takes_calendar || quantity.dimension().per() != Some(PerKind::Calendar)
    };
    let references = match &case.compared {
        Compared::Figure(Given::Point(value)) => [Some(value), None],
        Compared::Figure(Given::Range(range)) => [Some(&range.low), Some(&range.high)],
        Compared::Arm
        | Compared::Figure(Given::Unknown)
        | Compared::Nothing
        | Compared::Previous => [None, None],
    };
    let beside = references.into_iter().flatten().chain(&case.test.margin);
    if !beside.map(Value::quantity).all(fixed) {
        return false;
    }
    // A change has its reference in it.
    let change = matches!(case.test.subject.measure, Measure::Change(_));
    let kpi = case.measured.sources.first().map(|source| source.kpi);
    match &case.test.assertion {
        Assertion::Bands { warn, crit } => {
            let bands = warn.iter().chain(crit);
            bands.into_iter().all(|band| fits(&band.value))
        }
        Assertion::Compare(Band {
            value: Operand::Value(value),
            ..
        }) => fits(value),
        Assertion::Compare(_)
        | Assertion::Comparable(_)
        | Assertion::NoWorse(_)
        | Assertion::Stable
            if change =>
        {
            false
        }
        Assertion::Compare(Band {
            value: Operand::Budget,
            ..
        }) => kpi.and_then(|kpi| kpi.budget.as_ref()).is_none_or(fixed),
        Assertion::Compare(Band {
            value: Operand::Target,
            ..
        }) => kpi
            .and_then(|kpi| kpi.target.as_ref())
            .is_none_or(|target| fixed(&target.value)),
        Assertion::Reach { to, .. } => fits(to),
        Assertion::Within(range) => fits(&range.low) && fits(&range.high),
        Assertion::Compare(_)
        | Assertion::Comparable(_)
        | Assertion::NoWorse(_)
        | Assertion::Stable => true,
    }
}

impl Inputs<'_> {
    /// `split`: among how many alternatives the chance of a false pass is shared.
    pub(super) fn test(&self, test: &Test, split: u32) -> Finding {
        let measured = match measured(&test.subject.measure, self.registry) {
            Ok(measured) => measured,
            Err(fault) => {
                let verdict = Verdict::Inconclusive(Why::CriterionUnusable);
                return Finding::new(test.to_string(), verdict, self.at, fault.to_string());
            }
        };
        let case = Case {
            test,
            measured: &measured,
            compared: compared(test, &measured),
            alternatives: split.max(1),
        };
        // Bands grade what is bad, and a trigger fires at one threshold: which of the two is meant, nobody
        // said, and the check refuses it.
        let banded = matches!(test.assertion, Assertion::Bands { .. });
        let judged = match test.level() {
            _ if banded && self.polarity == Polarity::Trigger => Err(Why::CriterionUnusable),
            _ if !is_comparable(&case) || !self.fits_reference(&case) => {
                Err(Why::CriterionUnusable)
            }
            None => self.literally(&case),
            // Nothing falls back to the literal comparison, and no method for shares judges what is made of them.
            Some(_) if !can_be_shown(test, &measured) => Err(Why::CriterionUnusable),
            Some(level) => match Alpha::from_confidence(level) {
                Ok(alpha) => self.with_confidence(&case, alpha.divided_by(split)),
                Err(_) => Err(Why::CriterionUnusable),
            },
        };
        let mut judged = judged.unwrap_or_else(|why| self.open(&case, why));
        if judged.referred.is_none() {
            judged.referred = self.shown_beside(test, &measured);
        }
        let mut finding = self.written(&case, judged);
        if banded && self.polarity == Polarity::Trigger {
            finding.sentence += ": bands grade what is bad, and a trigger fires at one threshold";
        }
        finding
    }

    /// Is the figure that it is compared with one of the measure?
    fn fits_reference(&self, case: &Case<'_>) -> bool {
        let fits = |value: &Value| self.is_of_measure(value.quantity(), case.test, case.measured);
        match &case.compared {
            Compared::Figure(Given::Point(value)) => fits(value),
            Compared::Figure(Given::Range(range)) => fits(&range.low) && fits(&range.high),
            Compared::Arm
            | Compared::Figure(Given::Unknown)
            | Compared::Nothing
            | Compared::Previous => true,
        }
    }

    fn literally(&self, case: &Case<'_>) -> Read<Judged> {
        match &case.test.assertion {
            Assertion::Bands { warn, crit } => self.bands(case, warn.as_ref(), crit.as_ref()),
            Assertion::Comparable(_) | Assertion::NoWorse(_) | Assertion::Stable => self.near(case),
            Assertion::Compare(band) => self.compare(case, band),
            Assertion::Reach { from, op, to } => {
                let op = op
                    .or_else(|| case.measured.direction.goal())
                    .or_else(|| towards(from.as_ref(), to));
                let op = op.ok_or(Why::Invalid)?;
                self.threshold(case, op, to)
            }
            Assertion::Within(range) => self.within(case, range),
        }
    }

    /// The value of the measure, on the arm it is about, with enough samples behind it.
    pub(super) fn value(&self, case: &Case<'_>) -> Read<Amount> {
        let amount = self.seen_value(case)?;
        enough(case.test, &amount)?;
        Ok(amount)
    }

    /// The value of the measure, however few samples stand behind it.
    pub(super) fn seen_value(&self, case: &Case<'_>) -> Read<Amount> {
        let amount = if let Measure::Query(text) = inner(&case.test.subject.measure) {
            read::inline(
                inline_need(text.as_str(), case.test, self.registry),
                self.answers,
            )?
        } else {
            let asked = |source: &Source<'_>| {
                (
                    primary_arm(source, &case.compared),
                    span_of(case.test, source, self.registry),
                )
            };
            read::value(case.test, case.measured, &asked, self.answers)?
        };
        self.service_level(case, amount)
    }

    /// How many values lie on the good side of a percentile's threshold, if this is about a percentile.
    pub(super) fn within_threshold(
        &self,
        case: &Case<'_>,
        limit: &Quantity,
        inclusive: bool,
    ) -> Option<Read<Amount>> {
        let seen = self.seen_within(case, limit, inclusive)?;
        Some(seen.and_then(|amount| enough(case.test, &amount).map(|()| amount)))
    }

    /// The same, however few samples stand behind it.
    pub(super) fn seen_within(
        &self,
        case: &Case<'_>,
        limit: &Quantity,
        inclusive: bool,
    ) -> Option<Read<Amount>> {
        let [source] = case.measured.sources.as_slice() else {
            return None;
        };
        let percentile = aggregate(&case.test.subject.measure)
            .and_then(Aggregate::quantile)
            .is_some();
        let change = matches!(case.test.subject.measure, Measure::Change(_));
        if !percentile || change || source.kpi.shape != Shape::Distribution {
            return None;
        }
        let arm = primary_arm(source, &case.compared);
        let asking = Asking {
            source,
            arm,
            over: span_of(case.test, source, self.registry),
        };
        match read::below(&asking, limit, inclusive, self.answers) {
            // Where there is none, the source may have made the percentile itself.
            Err(Why::NoData) => None,
            below => Some(below),
        }
    }

    /// Does the measure compare so with a limit? What was seen comes with the answer.
    pub(super) fn holds(
        &self,
        case: &Case<'_>,
        op: Cmp,
        limit: &Value,
    ) -> Read<(Option<bool>, Seen)> {
        let within = side_of(op);
        let quantile = aggregate(&case.test.subject.measure).and_then(Aggregate::quantile);
        if let (Some((inclusive, upper)), Some(quantile)) = (within, quantile)
            && let Some(share) = self.within_threshold(case, limit.quantity(), inclusive)
        {
            let share = share?;
            let needed = Fraction::from_decimal(quantile.to_decimal()).ok_or(Why::OutOfRange)?;
            let reached = share
                .extent
                .compare(Cmp::GreaterOrEqual, Extent::exact(needed));
            let answer = reached.map(|reached| reached == upper);
            let seen = match share.means {
                // A sketch knows the percentile itself, which says more than a share, where it is finite.
                Means::Distribution => self.value(case).ok(),
                Means::CountBelow | Means::Scalar | Means::Share => None,
            };
            let seen = Seen {
                amount: seen.unwrap_or(share),
                share_within: seen.is_none(),
            };
            return Ok((answer, seen));
        }
        let amount = self.measured_change(case, Some(limit.quantity()))?;
        let answer = match (op, limit.is_approximate()) {
            (Cmp::Equal | Cmp::NotEqual, true) => {
                let near = equal_about(case.test, &amount, limit)?;
                near.map(|near| near == (op == Cmp::Equal))
            }
            (_, _) => amount
                .extent
                .compare(op, Extent::exact(base(limit.quantity())?)),
        };
        Ok((
            answer,
            Seen {
                amount,
                share_within: false,
            },
        ))
    }

    /// The measure's value; for changes, by how much it differs from what it is compared with. A limit in
    /// percentage points asks for the difference, any other one for the relative change.
    fn measured_change(&self, case: &Case<'_>, limit: Option<&Quantity>) -> Read<Amount> {
        let amount = self.value(case)?;
        if !matches!(case.test.subject.measure, Measure::Change(_)) {
            return Ok(amount);
        }
        let referred = self.reference(case)?;
        changed(amount, &referred, limit)
    }

    /// What the test compares with, with enough samples behind it.
    pub(super) fn reference(&self, case: &Case<'_>) -> Read<Referred> {
        let referred = self
            .referred(case.test, case.measured)?
            .ok_or(Why::BaselineMissing)?;
        if let Some(arm) = &referred.arm {
            enough(case.test, arm)?;
            window::together(self.seen_value(case)?.window, arm.window)?;
        }
        Ok(referred)
    }

    fn approximate(&self, case: &Case<'_>) -> bool {
        self.referred(case.test, case.measured)
            .is_ok_and(|referred| referred.is_some_and(|referred| referred.approximate))
    }

    fn threshold(&self, case: &Case<'_>, op: Cmp, limit: &Value) -> Read<Judged> {
        let (answer, seen) = self.holds(case, op, limit)?;
        Ok(Judged {
            verdict: verdict(answer, self.approximate(case)),
            seen: Some(seen),
            referred: self.referred(case.test, case.measured).ok().flatten(),
            bound: Some(limit.quantity().clone()),
            interval: None,
            method: None,
            behind: None,
        })
    }

    fn compare(&self, case: &Case<'_>, band: &Band<Operand>) -> Read<Judged> {
        let kpi = case.measured.sources.first().map(|source| source.kpi);
        let figure = match (&band.value, kpi) {
            (Operand::Value(value), _)
                if is_of_many(case.test) && case.measured.expects == Expects::Count =>
            {
                return self.of_many(case, band.op, value);
            }
            (Operand::Value(value), _) => return self.threshold(case, band.op, value),
            (Operand::Baseline, _) => self.reference(case)?,
            (Operand::Budget, Some(kpi)) => {
                let budget = kpi.budget.clone().ok_or(Why::BaselineMissing)?;
                figure(&Given::Point(Value::new(budget)))?
            }
            (Operand::Target, Some(kpi)) => {
                let target = kpi.target.clone().ok_or(Why::BaselineMissing)?;
                figure(&Given::Point(Value::new(target.value)))?
            }
            (Operand::Budget | Operand::Target, None) => return Err(Why::BaselineMissing),
        };
        let amount = self.value(case)?;
        let answer = amount.extent.compare(band.op, figure.extent);
        Ok(Judged {
            verdict: verdict(answer, figure.approximate),
            seen: Some(Seen {
                amount,
                share_within: false,
            }),
            referred: Some(figure),
            bound: None,
            interval: None,
            method: None,
            behind: None,
        })
    }

    /// `5/5`: at least five were looked at, and this share of them matches. Where all must match, one that
    /// does not is enough to fail.
    fn of_many(&self, case: &Case<'_>, op: Cmp, limit: &Value) -> Read<Judged> {
        let amount = self.value(case)?;
        let (matching, total) = amount.counts.ok_or(Why::Invalid)?;
        let quantity = limit.quantity();
        let BaseUnit::OutOf(many) = quantity.unit().base() else {
            return Err(Why::Invalid);
        };
        let need = many.to_u64().ok_or(Why::Invalid)?;
        let share = Extent::exact(Fraction::of_counts(matching, total).ok_or(Why::NoData)?);
        let wanted = base(quantity)?;
        let op = if op == Cmp::Equal {
            Cmp::GreaterOrEqual
        } else {
            op
        };
        let lost = wanted == Fraction::ONE && op == Cmp::GreaterOrEqual && matching < total;
        let verdict = if total < need && !lost {
            Verdict::Inconclusive(Why::TooFewSamples { have: total, need })
        } else {
            verdict(share.compare(op, Extent::exact(wanted)), false)
        };
        let seen = Seen {
            amount,
            share_within: false,
        };
        let bound = Some(quantity.clone());
        Ok(Judged {
            verdict,
            seen: Some(seen),
            referred: None,
            bound,
            interval: None,
            method: None,
            behind: None,
        })
    }

    /// Critical is Fail, warning is Warn, neither is Pass.
    fn bands(&self, case: &Case<'_>, warn: Option<&Band>, crit: Option<&Band>) -> Read<Judged> {
        let mut last = None;
        for (band, reached) in [(crit, Verdict::Fail), (warn, Verdict::Warn)] {
            let Some(band) = band else {
                continue;
            };
            let (answer, seen) = self.holds(case, band.op, &band.value)?;
            last = Some((seen, band.value.quantity().clone()));
            let verdict = match answer {
                Some(true) => reached,
                None => Verdict::Inconclusive(Why::Undecided),
                Some(false) => continue,
            };
            let bound = Some(band.value.quantity().clone());
            return Ok(Judged {
                verdict,
                seen: Some(seen),
                referred: None,
                bound,
                interval: None,
                method: None,
                behind: None,
            });
        }
        let (seen, bound) = last.ok_or(Why::Invalid)?;
        let verdict = Verdict::Pass;
        Ok(Judged {
            verdict,
            seen: Some(seen),
            referred: None,
            bound: Some(bound),
            interval: None,
            method: None,
            behind: None,
        })
    }

    fn within(&self, case: &Case<'_>, range: &ValueRange) -> Read<Judged> {
        let (low, high) = (&range.low, &range.high);
        let zero = Fraction::ZERO;
        let (from, to) = (base(low.quantity())?, base(high.quantity())?);
        let change = matches!(case.test.subject.measure, Measure::Change(_));
        // Of a change, the end nearer to zero is required, and more than the other end is worth a look.
        let (required, stretch) = match change {
            true if to <= zero => (
                Some((Cmp::LessOrEqual, high)),
                Some((Cmp::GreaterOrEqual, low)),
            ),
            true if from >= zero => (
                Some((Cmp::GreaterOrEqual, low)),
                Some((Cmp::LessOrEqual, high)),
            ),
            true | false => (None, None),
        };
        if let (Some((op, limit)), Some((inside, end))) = (required, stretch) {
            let judged = self.threshold(case, op, limit)?;
            let (within, _) = self.holds(case, inside, end)?;
            let overshot = judged.verdict == Verdict::Pass && within == Some(false);
            return Ok(if overshot {
                Judged {
                    verdict: Verdict::Warn,
                    ..judged
                }
            } else {
                judged
            });
        }
        let lower = self.threshold(case, Cmp::GreaterOrEqual, low)?;
        if lower.verdict == Verdict::Fail {
            return Ok(lower);
        }
        let upper = self.threshold(case, Cmp::LessOrEqual, high)?;
        Ok(match (&lower.verdict, &upper.verdict) {
            (_, Verdict::Fail) | (Verdict::Pass | Verdict::Warn | Verdict::Fail, _) => upper,
            (Verdict::Inconclusive(_), _) => lower,
        })
    }

    /// `no worse than`, `comparable to`, `stable`: within the margin of the reference.
    fn near(&self, case: &Case<'_>) -> Read<Judged> {
        let amount = self.value(case)?;
        let referred = self.reference(case)?;
        let delta = margin(case.test, referred.extent)?;
        let upper = referred.extent.plus(delta)?;
        let lower = referred.extent.minus(delta)?;
        let not_above = || amount.extent.compare(Cmp::LessOrEqual, upper);
        let not_below = || amount.extent.compare(Cmp::GreaterOrEqual, lower);
        let both = matches!(case.test.assertion, Assertion::Comparable(_));
        let (answer, limit) = match (both, case.measured.direction) {
            (true, _) => (both_of(not_above(), not_below()), upper),
            (false, Direction::LowerIsBetter) => (not_above(), upper),
            (false, Direction::HigherIsBetter) => (not_below(), lower),
            (false, Direction::Neither) => return Err(Why::CriterionUnusable),
        };
        let unit = words::unit_of(case.test, case.measured, None);
        Ok(Judged {
            verdict: verdict(answer, referred.approximate),
            seen: Some(Seen {
                amount,
                share_within: false,
            }),
            referred: Some(referred),
            bound: words::quantity(limit.value, &unit),
            interval: None,
            method: None,
            behind: None,
        })
    }
}

/// What of a percentile's threshold is its good side: do values at it count, and is it the lower one?
pub(super) const fn side_of(op: Cmp) -> Option<(bool, bool)> {
    match op {
        Cmp::Less => Some((false, true)),
        Cmp::LessOrEqual => Some((true, true)),
        Cmp::Greater => Some((true, false)),
        Cmp::GreaterOrEqual => Some((false, false)),
        Cmp::Equal | Cmp::NotEqual => None,
    }
}

fn both_of(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        (None, Some(true) | None) | (Some(true), None) => None,
    }
}

/// Too few samples are no evidence.
pub(super) fn enough(test: &Test, amount: &Amount) -> Read<()> {
    match test.samples_min {
        Some(need) if amount.samples < need => Err(Why::TooFewSamples {
            have: amount.samples,
            need,
        }),
        Some(_) | None => Ok(()),
    }
}

/// How far from a reference is still near: a margin in percent is of the reference, any other one is
/// taken as it is. Without a margin, nothing is.
pub(super) fn margin(test: &Test, reference: Extent) -> Read<Extent> {
    let Some(margin) = &test.margin else {
        return Ok(Extent::exact(Fraction::ZERO));
    };
    let size = base(margin.quantity())?;
    if margin.quantity().dimension() != Dimension::SHARE {
        return Ok(Extent::exact(size));
    }
    let distance = Extent {
        value: reference.value.abs(),
        ..Extent::between(reference.low.abs(), reference.high.abs())
    };
    distance.times(size)
}

/// Approximately equal: within the margin, or within a tenth.
fn equal_about(test: &Test, amount: &Amount, limit: &Value) -> Read<Option<bool>> {
    let about = match &test.margin {
        None => extent_of(limit)?,
        Some(_) => {
            let exact = Extent::exact(base(limit.quantity())?);
            let delta = margin(test, exact)?;
            Extent::between(exact.minus(delta)?.value, exact.plus(delta)?.value)
        }
    };
    let low = amount
        .extent
        .compare(Cmp::GreaterOrEqual, Extent::exact(about.low));
    let high = amount
        .extent
        .compare(Cmp::LessOrEqual, Extent::exact(about.high));
    Ok(both_of(low, high))
}

/// Without a direction, a goal lies on the better side of where it stood.
pub(super) fn towards(from: Option<&Given>, to: &Value) -> Option<Cmp> {
    let from = match from? {
        Given::Unknown => return None,
        Given::Point(value) => value,
        Given::Range(range) => &range.low,
    };
    match to.quantity().compare(from.quantity())? {
        std::cmp::Ordering::Greater => Some(Cmp::GreaterOrEqual),
        std::cmp::Ordering::Less => Some(Cmp::LessOrEqual),
        std::cmp::Ordering::Equal => None,
    }
}

/// Whether the KPI's matching events are the bad ones.
pub(super) fn counts_bad(source: &Source<'_>) -> bool {
    source.kpi.direction == Direction::LowerIsBetter
}
