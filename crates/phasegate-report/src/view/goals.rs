//! What the whole was to reach: each number with what was measured of it, and what people attested.
//!
//! Nothing is compared here: a goal is met where a criterion of the rollout that says the same has passed. What was
//! measured, but decided by no such criterion, is open.

use phasegate_core::{PhaseId, Quantity};
use phasegate_criterion::{Assertion, Cmp, Condition, Criterion, Operand, Test, measured};
use phasegate_engine::program::Goal;
use phasegate_engine::state::State;
use phasegate_sla::Verdict;
use serde::Serialize;

use super::criteria::CriterionView;
use super::gates::{Question, Said};
use super::kpis::{Actual, KpiStatus, meets};
use super::seen::{Seen, actual, seen, why};
use super::triggers::TriggerView;

/// A group of things that the whole is to reach.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct GoalView {
    /// What the group is about.
    pub title: String,
    /// From this phase on.
    pub phase: Option<PhaseId>,
    /// The numbers.
    pub numbers: Vec<GoalNumber>,
    /// What people attest.
    pub checks: Vec<GoalCheck>,
}

/// A number that is to be reached.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct GoalNumber {
    /// What is to be reached, in the criterion language.
    pub target: String,
    /// How it stood before, as the plan says.
    pub baseline: String,
    /// What was measured of it last.
    pub actual: Vec<Actual>,
    /// How it stands.
    pub status: KpiStatus,
    /// Why it stands so, in words; absent where it is met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A statement that people attest.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct GoalCheck {
    /// What is to be so.
    pub statement: String,
    /// The last answer of a person who was asked just this.
    pub said: Option<Said>,
}

pub(super) fn of(
    state: &State,
    criteria: &[CriterionView],
    triggers: &[TriggerView],
    questions: &[Question],
) -> Vec<GoalView> {
    let checks = state.program.checks();
    let seen = seen(state, &checks, criteria, triggers);
    let decided = |condition: &Condition| {
        let same = criteria.iter().filter(|view| {
            let check = checks.get(&view.check);
            check.is_some_and(|check| check.criterion.condition == *condition)
        });
        let verdicts = same.filter_map(|view| view.last.as_ref());
        verdicts
            .max_by_key(|finding| finding.at)
            .map(|f| f.verdict.clone())
    };
    let view = |goal: &Goal| GoalView {
        title: goal.title.clone(),
        phase: goal.phase.clone(),
        numbers: goal
            .criteria
            .iter()
            .map(|criterion| number(state, criterion, &seen, &decided))
            .collect(),
        checks: goal
            .checks
            .iter()
            .map(|statement| check(statement, questions))
            .collect(),
    };
    state.program.goals.iter().map(view).collect()
}

fn number(
    state: &State,
    criterion: &Criterion,
    seen: &[Seen<'_>],
    decided: &impl Fn(&Condition) -> Option<Verdict>,
) -> GoalNumber {
    let tests: Vec<&Test> = criterion.condition.tests().collect();
    let about = |seen: &&Seen<'_>| {
        let same = |test: &Test| test.subject == seen.test.subject && test.over == seen.test.over;
        tests.iter().copied().any(same)
    };
    let about: Vec<&Seen<'_>> = seen.iter().filter(about).collect();
    let actual = actual(&about);
    let (status, ground) = match decided(&criterion.condition) {
        Some(Verdict::Pass | Verdict::Warn) => (KpiStatus::Met, None),
        Some(Verdict::Fail) => {
            let failed = "the criterion that asks for it does not hold".to_owned();
            (KpiStatus::Missed, Some(failed))
        }
        Some(Verdict::Inconclusive(_)) | None if actual.is_empty() => {
            let status = KpiStatus::NotMeasured;
            (status, why(status, &about))
        }
        Some(Verdict::Inconclusive(why)) => (KpiStatus::Open, Some(why.to_string())),
        None => (KpiStatus::Open, Some(undecided(&tests, &actual))),
    };
    GoalNumber {
        target: criterion.to_string(),
        baseline: baselines(state, &tests),
        actual,
        status,
        why: ground,
    }
}

/// With which value a goal compares, where it stands in the goal.
fn compared(test: &Test) -> Option<(Cmp, &Quantity)> {
    if let Assertion::Compare(band) = &test.assertion
        && let Operand::Value(value) = &band.value
    {
        return Some((band.op, value.quantity()));
    }
    if let Assertion::Reach {
        op: Some(op), to, ..
    } = &test.assertion
    {
        return Some((*op, to.quantity()));
    }
    None
}

/// What can be said where no criterion has asked for just this: how the last value stands to it.
fn undecided(tests: &[&Test], actual: &[Actual]) -> String {
    let beside = if let ([test], [one]) = (tests, actual) {
        compared(test).and_then(|(op, value)| meets(&one.observed, op, value))
    } else {
        None
    };
    let none = "no criterion of the rollout has asked for just this";
    match beside {
        Some(true) => format!("{none}; the last value meets it"),
        Some(false) => format!("{none}; the last value does not meet it"),
        None => none.to_owned(),
    }
}

/// Where the numbers of a goal stood before.
fn baselines(state: &State, tests: &[&Test]) -> String {
    let registry = state.program.registry();
    let mut all: Vec<String> = Vec::new();
    for test in tests {
        let declared = || {
            let of = measured(&test.subject.measure, &registry).ok()?;
            Some(of.sources.first()?.kpi.baseline.to_string())
        };
        let said = match &test.assertion {
            Assertion::Reach { from, .. } => from.as_ref().map(ToString::to_string),
            Assertion::Bands { .. }
            | Assertion::Comparable(_)
            | Assertion::Compare(_)
            | Assertion::NoWorse(_)
            | Assertion::Stable
            | Assertion::Within(_) => None,
        };
        let said = said.or_else(declared).filter(|said| !all.contains(said));
        all.extend(said);
    }
    all.join(", ")
}

/// What was said to a question that asks just this.
fn check(statement: &str, questions: &[Question]) -> GoalCheck {
    let asked = questions.iter().filter(|asked| asked.text == statement);
    let said = asked.flat_map(|asked| &asked.answers);
    GoalCheck {
        statement: statement.to_owned(),
        said: said.max_by_key(|said| said.at).cloned(),
    }
}
