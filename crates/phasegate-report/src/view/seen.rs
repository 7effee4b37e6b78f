//! What criteria and triggers say about a number, and how it stands by that.

use std::collections::BTreeMap;

use phasegate_core::{BaseUnit, CriterionId};
use phasegate_criterion::{Condition, Test};
use phasegate_engine::program::Check;
use phasegate_engine::state::State;
use phasegate_sla::{Finding, Means, Verdict};

use super::criteria::{CriterionView, Scope};
use super::kpis::{Actual, KpiStatus};
use super::triggers::TriggerView;

/// What one rule says about the numbers in it.
pub(super) struct Seen<'v> {
    pub(super) test: &'v Test,
    /// The whole rule it is of, in the criterion language.
    rule: &'v str,
    /// The last finding.
    last: Option<&'v Finding>,
    /// The last one in which something was measured.
    pub(super) measured: Option<&'v Finding>,
    /// A criterion decides about a number; a trigger only measures it.
    pub(super) decides: bool,
}

/// Every test of every criterion that somebody had to look at, and of every trigger.
pub(super) fn seen<'v>(
    state: &'v State,
    checks: &BTreeMap<CriterionId, &'v Check>,
    criteria: &'v [CriterionView],
    triggers: &'v [TriggerView],
) -> Vec<Seen<'v>> {
    let mut seen = Vec::new();
    // What nobody had to look at, because nothing went back or it went back before, leaves nothing open.
    let idle = |view: &&CriterionView| {
        let unneeded = state.outcome.is_some() || matches!(view.scope, Scope::Rollback(_));
        view.last.is_none() && unneeded
    };
    for view in criteria.iter().filter(|view| !idle(view)) {
        if let Some(check) = checks.get(&view.check) {
            let found = (view.last.as_ref(), view.measured.as_ref());
            let rule = (view.rule.as_str(), true);
            tests(&check.criterion.condition, found, rule, &mut seen);
        }
    }
    for (trigger, view) in state.program.triggers.iter().zip(triggers) {
        let found = (view.last.as_ref(), view.measured.as_ref());
        let rule = (view.rule.as_str(), false);
        tests(&trigger.criterion.condition, found, rule, &mut seen);
    }
    seen
}

/// A joined condition and its finding have the same parts in the same order.
fn tests<'v>(
    condition: &'v Condition,
    (last, measured): (Option<&'v Finding>, Option<&'v Finding>),
    (rule, decides): (&'v str, bool),
    seen: &mut Vec<Seen<'v>>,
) {
    let of = |finding: Option<&'v Finding>, index: usize| finding.and_then(|f| f.parts.get(index));
    let part = |index: usize| (of(last, index), of(measured, index));
    if let Condition::Test(test) = condition {
        seen.push(Seen {
            test,
            rule,
            last,
            measured,
            decides,
        });
    }
    for (index, condition) in condition.parts().enumerate() {
        tests(condition, part(index), (rule, decides), seen);
    }
}

/// The newest value of each measure.
pub(super) fn actual(about: &[&Seen<'_>]) -> Vec<Actual> {
    let mut actual: Vec<Actual> = Vec::new();
    for seen in about {
        let Some(finding) = seen.measured else {
            continue;
        };
        let Some(observed) = finding.observed.clone() else {
            continue;
        };
        // A percentile that was decided by counting is the share within one threshold.
        let within = finding.bound.as_ref();
        let within = within.filter(|_| finding.means == Some(Means::CountBelow));
        let newest = Actual {
            measure: seen.test.subject.to_string(),
            observed,
            within: within.cloned(),
            of: counted_of(finding),
            samples: finding.samples,
            at: finding.at,
        };
        match actual
            .iter_mut()
            .find(|known| known.measure == newest.measure && known.within == newest.within)
        {
            Some(known) if known.at < newest.at => *known = newest,
            Some(_) => {}
            None => actual.push(newest),
        }
    }
    actual
}

/// How many were looked at, where so many of so many were asked for (`5/5`).
pub(crate) fn counted_of(finding: &Finding) -> Option<u64> {
    let bound = finding.bound.as_ref()?;
    let asked = matches!(bound.unit().base(), BaseUnit::OutOf(_));
    let counted = asked && finding.means == Some(Means::Share);
    finding.counts.filter(|_| counted).map(|(_, total)| total)
}

/// Why a number stands as its status says; nothing where it is met.
pub(super) fn why(status: KpiStatus, about: &[&Seen<'_>]) -> Option<String> {
    let decides = || about.iter().filter(|seen| seen.decides);
    match status {
        KpiStatus::Met => None,
        KpiStatus::Missed => {
            let failed = decides().find(|seen| verdict(seen) == Some(&Verdict::Fail));
            failed.map(|seen| format!("{} does not hold", seen.rule))
        }
        KpiStatus::NotMeasured if about.is_empty() => {
            Some("nothing that had to be looked at asks for it".to_owned())
        }
        KpiStatus::NotMeasured => {
            let unsaid = about.iter().find_map(|seen| unsaid(seen));
            Some(unsaid.unwrap_or_else(|| "nobody has looked yet".to_owned()))
        }
        KpiStatus::Open => Some(match decides().count() {
            0 => "only triggers look at it, and no criterion decides".to_owned(),
            all => {
                let holds =
                    |seen: &Seen<'_>| matches!(verdict(seen), Some(Verdict::Pass | Verdict::Warn));
                let held = decides().filter(|seen| holds(seen)).count();
                let rest = decides().find_map(|seen| unsaid(seen)).map_or_else(
                    || "the rest is still to come".to_owned(),
                    |why| format!("the rest cannot be told: {why}"),
                );
                format!("{held} of {all} criteria hold, {rest}")
            }
        }),
    }
}

fn verdict<'v>(seen: &Seen<'v>) -> Option<&'v Verdict> {
    seen.last.map(|finding| &finding.verdict)
}

/// Why it cannot be said.
fn unsaid(seen: &Seen<'_>) -> Option<String> {
    match verdict(seen) {
        Some(Verdict::Inconclusive(why)) => Some(why.to_string()),
        Some(Verdict::Fail | Verdict::Pass | Verdict::Warn) | None => None,
    }
}

pub(super) fn status(about: &[&Seen<'_>]) -> KpiStatus {
    let verdicts = || {
        about
            .iter()
            .filter(|s| s.decides)
            .map(|s| s.last.map(|f| &f.verdict))
    };
    if about.iter().all(|seen| {
        seen.measured
            .is_none_or(|finding| finding.observed.is_none())
    }) {
        KpiStatus::NotMeasured
    } else if verdicts().any(|verdict| verdict == Some(&Verdict::Fail)) {
        KpiStatus::Missed
    } else if verdicts().next().is_some()
        && verdicts().all(|v| matches!(v, Some(Verdict::Pass | Verdict::Warn)))
    {
        KpiStatus::Met
    } else {
        KpiStatus::Open
    }
}
