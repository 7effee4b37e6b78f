//! What a criterion is used for against the way that its numbers are better: what lets a rollout forward must ask
//! for what is good, what sends it back for what is bad.

use std::collections::BTreeSet;

use super::contradiction::joined;
use super::together::Purpose;
use super::{Fault, FaultCode, measured};
use crate::kpi::{Direction, KpiRegistry, Shape};
use crate::tree::{
    Aggregate, Assertion, Band, Cmp, Condition, Criterion, Measure, Operand, Subject, Test,
};

/// Warns of thresholds that point the wrong way for what they are used for: `ratio(errors) > 2%` that must hold to
/// go forward, `ratio(errors) < 2%` that sends back, where fewer errors are better. Each fault comes with the number
/// of the criterion that has it.
///
/// Of criteria to go forward all must hold: one may narrow down another one about the same number, and both ends of
/// a stretch are no fault. Of those that send back each stands for itself, and what must hold beside a threshold that
/// points the right way is left alone. Of numbers of samples and of KPIs without a direction nothing is said.
///
/// Cost: each test is looked through once.
///
/// ```
/// use phasegate_criterion::{Direction, FaultCode, Kpi, KpiRegistry, Purpose, Shape, check_purpose};
/// let mut kpis = KpiRegistry::new();
/// let mut errors = Kpi::new("errors".parse()?, "%".parse()?, Shape::Ratio, "prom".parse()?);
/// errors.direction = Direction::LowerIsBetter;
/// kpis.declare(errors)?;
/// let limit = "ratio(errors) < 2%".parse()?;
/// assert!(check_purpose(&[&limit], Purpose::Pass, &kpis).is_empty());
/// let faults = check_purpose(&[&limit], Purpose::Rollback, &kpis);
/// assert_eq!((faults[0].0, faults[0].1.code), (0, FaultCode::AgainstDirection));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn check_purpose(
    criteria: &[&Criterion],
    purpose: Purpose,
    registry: &KpiRegistry,
) -> Vec<(usize, Fault)> {
    let all = criteria.iter().flat_map(|one| one.condition.tests());
    let mut ways = all.map(|test| way(test, purpose, registry));
    if !ways.any(|way| way == Some(Way::Wrong)) {
        return Vec::new();
    }
    let mut around = BTreeSet::new();
    if purpose == Purpose::Pass {
        for criterion in criteria {
            let mut tests = Vec::new();
            joined(&criterion.condition, &mut tests);
            around.extend(right(&tests, purpose, registry));
        }
    }
    let mut looked = Looked {
        registry,
        purpose,
        around,
        faults: Vec::new(),
    };
    for (number, criterion) in criteria.iter().enumerate() {
        looked.condition(&criterion.condition, number);
    }
    looked.faults
}

/// Does a threshold go with what it is used for?
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    Right,
    Wrong,
}

/// What tests that point the right way are about.
fn right<'c>(
    tests: &[&'c Test],
    purpose: Purpose,
    registry: &KpiRegistry,
) -> BTreeSet<&'c Subject> {
    let right = |test: &&&Test| way(test, purpose, registry) == Some(Way::Right);
    let right = tests.iter().filter(right);
    right.map(|test| &test.subject).collect()
}

struct Looked<'c, 'r> {
    registry: &'r KpiRegistry,
    purpose: Purpose,
    /// What is narrowed down from the right side by what holds around.
    around: BTreeSet<&'c Subject>,
    faults: Vec<(usize, Fault)>,
}

impl<'c> Looked<'c, '_> {
    fn condition(&mut self, condition: &'c Condition, number: usize) {
        if let Condition::All(_) | Condition::Test(_) = condition {
            let mut tests = Vec::new();
            joined(condition, &mut tests);
            self.together(&tests, number);
            return;
        }
        for part in condition.parts() {
            self.condition(part, number);
        }
    }

    /// Of tests that must all hold.
    fn together(&mut self, tests: &[&'c Test], number: usize) {
        let beside = right(tests, self.purpose, self.registry);
        let narrowed = |test: &Test| match self.purpose {
            Purpose::Pass => beside.contains(&test.subject) || self.around.contains(&test.subject),
            Purpose::Rollback => !beside.is_empty(),
        };
        let wrong = |test: &&&Test| way(test, self.purpose, self.registry) == Some(Way::Wrong);
        let wrong = tests.iter().filter(wrong).filter(|test| !narrowed(test));
        let found: Vec<_> = wrong
            .map(|test| (number, fault(test, self.purpose)))
            .collect();
        self.faults.extend(found);
    }
}

fn way(test: &Test, purpose: Purpose, registry: &KpiRegistry) -> Option<Way> {
    let Assertion::Compare(Band {
        op,
        value: Operand::Value(_),
    }) = &test.assertion
    else {
        return None;
    };
    let measured = measured(&test.subject.measure, registry).ok()?;
    let only_counter = || {
        let mut kinds = measured.sources.iter().map(|source| source.kpi.shape);
        kinds.all(|shape| shape == Shape::Counter)
    };
    if !is_about_values(&test.subject.measure) && !only_counter() {
        return None;
    }
    let good = match measured.direction {
        Direction::HigherIsBetter => op.is_lower_bound(),
        Direction::LowerIsBetter => op.is_upper_bound(),
        Direction::Neither => return None,
    };
    if matches!(op, Cmp::Equal | Cmp::NotEqual) {
        return None;
    }
    Some(match (purpose, good) {
        (Purpose::Pass, true) | (Purpose::Rollback, false) => Way::Right,
        (Purpose::Pass, false) | (Purpose::Rollback, true) => Way::Wrong,
    })
}

/// Is it about the values themselves, for which one way is better? How many samples there are, when they came and
/// how much they differ is no better for being high or low.
fn is_about_values(measure: &Measure) -> bool {
    match measure {
        Measure::Aggregate { by, .. } => match by {
            Aggregate::Age
            | Aggregate::Count
            | Aggregate::Deviation
            | Aggregate::Frequency
            | Aggregate::Interval
            | Aggregate::Rate
            | Aggregate::Sum => false,
            Aggregate::Average
            | Aggregate::Equal
            | Aggregate::Last
            | Aggregate::Max
            | Aggregate::Median
            | Aggregate::Min
            | Aggregate::Percentile(_)
            | Aggregate::Rating
            | Aggregate::Ratio
            | Aggregate::Share
            | Aggregate::Time
            | Aggregate::Usage => true,
        },
        Measure::Change(of) => is_about_values(of),
        Measure::Apdex { .. }
        | Measure::Below { .. }
        | Measure::BudgetLeft { .. }
        | Measure::BurnRate { .. }
        | Measure::Plain { .. } => true,
        Measure::Query(_) => false,
    }
}

fn fault(test: &Test, purpose: Purpose) -> Fault {
    let (message, mend) = match purpose {
        Purpose::Pass => (
            "it must hold to go forward, and holds where this KPI is bad",
            "turn the comparison round, or correct the KPI's direction",
        ),
        Purpose::Rollback => (
            "it sends back, and holds where this KPI is good",
            "turn the comparison round, or correct the KPI's direction",
        ),
    };
    Fault::new(FaultCode::AgainstDirection, test, message, mend)
}
