//! What the whole was to reach: each number with what was measured of it, and what people attested.
//!
//! No value is judged here: a goal is met where a criterion of the rollout that asks for as much or more has passed, and
//! missed where one that asks for as much or less has failed. What was measured, but decided by no such criterion, is
//! open.

use phasegate_core::{PhaseId, Quantity};
use phasegate_criterion::{Assertion, Condition, Criterion, Measure, Test, measured};
use phasegate_engine::program::Goal;
use phasegate_engine::state::State;
use phasegate_sla::Verdict;
use serde::Serialize;

use super::asks::{compared, decides};
use super::criteria::CriterionView;
use super::gates::{Question, Said};
use super::kpis::{Actual, KpiStatus, changed, is_about, is_change, meets};
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
    /// Does what was measured last meet it, where the two can be compared? That alone decides nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_meets: Option<bool>,
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
    let registry = state.program.registry();
    let decided = |goal: &Condition| {
        let deciding = criteria.iter().filter_map(|view| {
            let own = &checks.get(&view.check)?.criterion.condition;
            let finding = view.last.as_ref()?;
            decides(own, goal, &finding.verdict, &registry).then_some(finding)
        });
        deciding
            .max_by_key(|finding| finding.at)
            .map(|finding| finding.verdict.clone())
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
    let mut actual = actual(&about);
    // A goal that only a change from the baseline tells of.
    let changed = of_changes(state, &tests, seen);
    if actual.is_empty() {
        actual.clone_from(&changed.shown);
    }
    let only = match actual.as_slice() {
        [one] => Some(&one.observed),
        _ => None,
    };
    let last_meets = beside(state, &tests, changed.value.as_ref().or(only));
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
        None => (KpiStatus::Open, Some(undecided(last_meets))),
    };
    GoalNumber {
        target: criterion.to_string(),
        baseline: baselines(state, &tests),
        actual,
        last_meets,
        status,
        why: ground,
    }
}

/// What changes from a baseline tell of a number.
#[derive(Default)]
struct OfChanges {
    shown: Vec<Actual>,
    /// Where the last of them has brought the number.
    value: Option<Quantity>,
}

/// What was measured of the number of a goal as a change from what it was.
fn of_changes(state: &State, tests: &[&Test], seen: &[Seen<'_>]) -> OfChanges {
    let [test] = tests else {
        return OfChanges::default();
    };
    let registry = state.program.registry();
    let number = measured(&test.subject.measure, &registry).ok();
    let number = number.and_then(|number| Some(number.sources.first()?.kpi));
    let Some(kpi) = number.filter(|_| !matches!(test.subject.measure, Measure::Change(_))) else {
        return OfChanges::default();
    };
    let about = |seen: &&Seen<'_>| is_change(seen) && is_about(seen.test, &kpi.id, &registry);
    let about: Vec<&Seen<'_>> = seen.iter().filter(about).collect();
    OfChanges {
        shown: actual(&about),
        value: about.iter().rev().find_map(|seen| changed(kpi, seen)),
    }
}

/// How the last value stands to a goal of one number.
fn beside(state: &State, tests: &[&Test], last: Option<&Quantity>) -> Option<bool> {
    let registry = state.program.registry();
    let ([test], Some(last)) = (tests, last) else {
        return None;
    };
    compared(test, &registry).and_then(|(op, value)| meets(last, op, value))
}

/// What can be said where no criterion has asked for just this.
fn undecided(last_meets: Option<bool>) -> String {
    let none = "no criterion of the rollout has asked for just this";
    match last_meets {
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
            let kpi = of.sources.first()?.kpi;
            let by = state.program.given_baselines.get(&kpi.id);
            let by = by.map(|by| format!(", given by {by}, not by the plan"));
            Some(format!("{}{}", kpi.baseline, by.unwrap_or_default()))
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
