//! Facts against what the KPIs themselves declare. Whether a fact is well-formed, the criterion
//! language says.

use std::cmp::Ordering;

use phasegate_core::{Fraction, KpiId, Quantity};
use phasegate_criterion::{
    Aggregate, Baseline, Cmp, Fact, FactKind, Given, KpiRegistry, Measure, Name, Shape, Statement,
    Value,
};

use super::{At, Scope};
use crate::fault::Code;

pub(super) fn check(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let registry = scope.registry();
    let facts = At::ROOT.key("facts");
    for (index, note) in draft.facts.iter().enumerate() {
        let Statement::Fact(fact) = &note.fact else {
            continue;
        };
        if let Some((id, declared)) = contradicted(fact, &registry) {
            let message = format!("the baseline of '{id}' is declared as {declared}");
            let help = "correct one of the two: criteria are compared with what the KPI declares";
            let here = facts.index(index);
            let here = here.key("fact");
            scope.report(Code::BaselineContradicted, here, message, help);
        }
    }
}

/// The KPI whose baseline the fact states otherwise, and that baseline.
fn contradicted<'r>(fact: &Fact, registry: &'r KpiRegistry) -> Option<(&'r KpiId, &'r Given)> {
    if fact.kind != FactKind::Baseline {
        return None;
    }
    let (name, by) = whole(&fact.subject.measure)?;
    let kpi = registry.kpi(name.kpi())?;
    let figure = match &kpi.baseline {
        Baseline::Figure(figure) => figure,
        Baseline::Control | Baseline::Previous => return None,
    };
    // Of single values there are many figures; the KPI's baseline is what they are in the middle.
    let middle = matches!(by, Some(Aggregate::Average | Aggregate::Median));
    if kpi.shape == Shape::Distribution && !middle {
        return None;
    }
    let (stated, declared) = (ends(&fact.figure)?, ends(figure)?);
    apart(fact.op, stated, declared).then_some((&kpi.id, figure))
}

/// The one KPI that a measure is about as a whole, and the function that is made of it.
fn whole(measure: &Measure) -> Option<(&Name, Option<Aggregate>)> {
    match measure {
        Measure::Aggregate { by, of, parts } if parts.is_empty() => Some((of.single()?, Some(*by))),
        Measure::Plain { kpi, parts } if parts.is_empty() => Some((kpi, None)),
        Measure::Aggregate { .. }
        | Measure::Apdex { .. }
        | Measure::Below { .. }
        | Measure::BudgetLeft { .. }
        | Measure::BurnRate { .. }
        | Measure::Change(_)
        | Measure::Plain { .. }
        | Measure::Query(_) => None,
    }
}

/// The least and the most that a figure can be.
type Ends = (Fraction, Fraction);

fn ends(given: &Given) -> Option<(Ends, &Quantity)> {
    match given {
        Given::Point(value) => Some((around(value)?, value.quantity())),
        Given::Range(range) => {
            let (low, high) = (around(&range.low)?.0, around(&range.high)?.1);
            Some(((low, high), range.low.quantity()))
        }
        Given::Unknown => None,
    }
}

/// What is approximate is taken to within a tenth, as everywhere.
fn around(value: &Value) -> Option<Ends> {
    let base = value.quantity().base()?;
    if !value.is_approximate() {
        return Some((base, base));
    }
    let tenths = |count: i128| base.checked_mul(Fraction::new(count, 10)?);
    let (one, other) = (tenths(9)?, tenths(11)?);
    Some((one.min(other), one.max(other)))
}

/// Can no figure be both what is stated and what is declared?
fn apart(op: Cmp, stated: (Ends, &Quantity), declared: (Ends, &Quantity)) -> bool {
    let ((stated, one), (declared, other)) = (stated, declared);
    if one.compare(other).is_none() {
        return false;
    }
    let below = declared.1.cmp(&stated.0);
    let above = declared.0.cmp(&stated.1);
    match op {
        Cmp::Equal => below == Ordering::Less || above == Ordering::Greater,
        Cmp::Greater => below != Ordering::Greater,
        Cmp::GreaterOrEqual => below == Ordering::Less,
        Cmp::Less => above != Ordering::Less,
        Cmp::LessOrEqual => above == Ordering::Greater,
        Cmp::NotEqual => false,
    }
}
