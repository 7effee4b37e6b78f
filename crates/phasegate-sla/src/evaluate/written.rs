//! Writes down what came of a test: its finding, with whatever is known even where nothing is decided.

use phasegate_core::{Dimension, Fraction, Quantity, Unit};
use phasegate_criterion::{Assertion, Band, Cmp, Expects, Measure, Operand};

use super::Inputs;
use super::amount::Amount;
use super::read::Read;
use super::reference::Referred;
use super::test::{Case, Judged, Seen, side_of};
use super::words::{self, Against, Confidence, Said, Sentence, Worded};
use crate::verdict::{Bounds, Finding, Means, Method, Verdict, Why};

/// By how much the measure differs from what it is compared with: for a limit in percentage points the
/// difference, for any other one the relative change.
pub(super) fn changed(
    amount: Amount,
    referred: &Referred,
    limit: Option<&Quantity>,
) -> Read<Amount> {
    let points = limit.is_some_and(|limit| limit.dimension() == Dimension::POINTS);
    changed_by(amount, referred, points)
}

/// The difference, or the relative change.
pub(super) fn changed_by(amount: Amount, referred: &Referred, points: bool) -> Read<Amount> {
    let extent = if points {
        amount.extent.minus(referred.extent)?
    } else {
        amount.extent.change_from(referred.extent)?
    };
    Ok(Amount {
        counts: None,
        ..amount.with_extent(extent)
    })
}

/// The comparison and the value that a test names, if it names one.
fn limit<'c>(case: &'c Case<'_>) -> (Option<Cmp>, Option<&'c Quantity>) {
    match &case.test.assertion {
        Assertion::Compare(Band {
            op,
            value: Operand::Value(value),
        }) => (Some(*op), Some(value.quantity())),
        Assertion::Reach { op, to, .. } => (*op, Some(to.quantity())),
        Assertion::Bands { .. }
        | Assertion::Comparable(_)
        | Assertion::Compare(_)
        | Assertion::NoWorse(_)
        | Assertion::Stable
        | Assertion::Within(_) => (None, None),
    }
}

/// Is a distance from a reference allowed, rather than a value?
const fn is_near(assertion: &Assertion) -> bool {
    matches!(
        assertion,
        Assertion::Comparable(_) | Assertion::NoWorse(_) | Assertion::Stable
    )
}

fn confidence(case: &Case<'_>, method: Option<Method>) -> Option<Confidence> {
    Some(Confidence {
        level: case.test.level()?,
        alternatives: case.alternatives,
        method,
    })
}

impl Inputs<'_> {
    /// What is known where nothing can be decided, beside why it cannot.
    pub(super) fn open(&self, case: &Case<'_>, why: Why) -> Judged {
        let (op, bound) = limit(case);
        // What does not fit cannot be set against what was measured.
        let fits = why != Why::CriterionUnusable;
        let referred = self.referred(case.test, case.measured).ok().flatten();
        let referred = referred.filter(|_| fits);
        let seen = self.seen(case, (op, bound), referred.as_ref());
        let behind = match seen {
            Some(_) => None,
            None => self.seen_value(case).ok(),
        };
        Judged {
            referred,
            bound: bound.cloned(),
            behind,
            ..Judged::new(Verdict::Inconclusive(why), seen)
        }
    }

    fn seen(
        &self,
        case: &Case<'_>,
        (op, limit): (Option<Cmp>, Option<&Quantity>),
        referred: Option<&Referred>,
    ) -> Option<Seen> {
        let within = op
            .and_then(side_of)
            .zip(limit)
            .and_then(|((inclusive, _), limit)| self.seen_within(case, limit, inclusive)?.ok())
            .filter(|amount| amount.means == Means::CountBelow);
        if let Some(amount) = within {
            return Some(Seen {
                amount,
                share_within: true,
            });
        }
        let amount = self.seen_value(case).ok()?;
        let amount = match case.test.subject.measure {
            Measure::Change(_) => changed(amount, referred?, limit).ok()?,
            Measure::Aggregate { .. }
            | Measure::Apdex { .. }
            | Measure::Below { .. }
            | Measure::BudgetLeft { .. }
            | Measure::BurnRate { .. }
            | Measure::Plain { .. }
            | Measure::Query(_) => amount,
        };
        Some(Seen {
            amount,
            share_within: false,
        })
    }

    /// Of a change, what was measured itself.
    fn own(&self, case: &Case<'_>) -> Option<Quantity> {
        let Measure::Change(_) = case.test.subject.measure else {
            return None;
        };
        let source = case.measured.sources.first()?;
        let amount = self.seen_value(case).ok()?;
        words::quantity(amount.extent.value, &source.kpi.unit)
    }

    pub(super) fn written(&self, case: &Case<'_>, judged: Judged) -> Finding {
        let Judged {
            verdict,
            seen,
            referred,
            bound,
            interval,
            method,
            behind,
        } = judged;
        let within = seen.is_some_and(|seen| seen.share_within);
        let unit = words::unit_of(case.test, case.measured, bound.as_ref());
        let shown = if within { Unit::PERCENT } else { unit.clone() };
        let observed = seen.and_then(|seen| words::quantity(seen.amount.extent.value, &shown));
        let said = match (&seen, bound.as_ref().filter(|_| within)) {
            (Some(seen), Some(threshold)) => Said::Within {
                amount: &seen.amount,
                share: observed.as_ref(),
                threshold,
            },
            (Some(seen), None) => Said::Value(&seen.amount, observed.as_ref()),
            (None, _) => Said::Unknown(behind.as_ref()),
        };
        let reference = referred.and_then(|referred| reference(case, &referred, &unit));
        let worded = Worded::of(case.test);
        let is_near = is_near(&case.test.assertion);
        let own = self.own(case);
        let limit = bound.as_ref().filter(|_| !within);
        let sentence = Sentence {
            worded: &worded,
            said,
            against: reference.as_ref().map(|reference| Against {
                reference,
                own: own.as_ref(),
                limit: limit.filter(|_| is_near),
            }),
            limit,
            confidence: confidence(case, method),
            verdict: &verdict,
            polarity: self.polarity,
        }
        .to_string();
        let mut finding = Finding::new(worded.rule, verdict, self.at, sentence);
        finding.interval =
            interval
                .or_else(|| own_error(seen.as_ref(), method))
                .map(|(low, high)| Bounds {
                    low: low.and_then(|end| words::quantity(end, &shown)),
                    high: high.and_then(|end| words::quantity(end, &shown)),
                });
        finding.observed = observed;
        finding.reference = reference;
        finding.bound = bound;
        finding.method = method;
        finding.confidence = case
            .test
            .level()
            .map(|level| words::level_of_one(level, case.alternatives));
        if let Some(amount) = seen.map(|seen| seen.amount).or(behind) {
            rests_on(&mut finding, &amount);
        }
        finding
    }
}

/// Between what a number lies that a sketch knows to within its error. With confidence that is no interval of it.
fn own_error(
    seen: Option<&Seen>,
    method: Option<Method>,
) -> Option<(Option<Fraction>, Option<Fraction>)> {
    let extent = seen.map(|seen| seen.amount.extent);
    let inexact = extent.filter(|extent| !extent.is_exact() && method.is_none());
    inexact.map(|extent| (Some(extent.low), Some(extent.high)))
}

/// What it was compared with, in its own unit: of a change, in that of the measure.
fn reference(case: &Case<'_>, referred: &Referred, unit: &Unit) -> Option<Quantity> {
    let change = matches!(case.measured.expects, Expects::Change { .. });
    let own = case.measured.sources.first().filter(|_| change);
    let unit = own.map_or(unit, |source| &source.kpi.unit);
    words::quantity(referred.extent.value, unit)
}

fn rests_on(finding: &mut Finding, amount: &Amount) {
    finding.counts = amount.counts;
    finding.samples = Some(amount.samples);
    finding.window = Some(amount.window);
    finding.means = Some(amount.means);
}
