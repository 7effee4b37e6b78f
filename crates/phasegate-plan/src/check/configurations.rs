//! Configuration that a way back leaves as the rollout has set it.

use std::collections::BTreeMap;

use phasegate_core::{BindingId, TargetId};

use super::{At, Scope};
use crate::fault::Code;
use crate::model::{Action, Phase, Rollback};
use crate::value::Value;

/// A key of a configuration.
type Key<'d> = (&'d BindingId, &'d TargetId, &'d str);

/// A way back against what its phases set. What commands, people and workflows take back cannot be seen.
pub(super) fn check(scope: &mut Scope<'_>, rollback: &Rollback, phases: &[&Phase], here: At<'_>) {
    let set = set(phases);
    if set.is_empty() {
        return;
    }
    let list = here.key("steps");
    for (index, step) in rollback.steps.iter().enumerate() {
        let here = list.index(index);
        // A way back may repeat what has not changed, beside what it takes back.
        let mut kept = keys(&step.action).map(|(key, value)| {
            let same = |values: &Vec<&Value>| values.iter().all(|one| *one == value);
            set.get(&key).is_some_and(same)
        });
        if let Some((key, _)) = keys(&step.action).next()
            && kept.all(|same| same)
        {
            let message = format!(
                "this sets '{}' of '{}' to what it was set to going forward",
                key.2, key.1
            );
            let help = "write the value that it had before";
            let here = here.key("config");
            scope.report(Code::RollbackGoesForward, here.key("set"), message, help);
        }
    }
    if let [phase] = phases {
        left(scope, rollback, (phase, &set), list);
    }
}

/// What a phase sets and nothing in its own way back takes back: where it does nothing else, or where another key of the
/// same configuration is set instead.
fn left(
    scope: &mut Scope<'_>,
    rollback: &Rollback,
    (phase, set): (&Phase, &BTreeMap<Key<'_>, Vec<&Value>>),
    steps: At<'_>,
) {
    let seen = |action: &Action| {
        matches!(
            action,
            Action::Config(_)
                | Action::Flag(_)
                | Action::Notify(_)
                | Action::Traffic(_)
                | Action::Wait(_)
        )
    };
    if !rollback.steps.iter().all(|step| seen(&step.action)) {
        return;
    }
    let back = || rollback.steps.iter().flat_map(|step| keys(&step.action));
    let is_left = |key: &&Key<'_>| !back().any(|(taken, _)| taken == **key);
    let Some((binding, target, key)) = set.keys().find(is_left) else {
        return;
    };
    let instead = rollback.steps.iter().position(|step| {
        let mut taken = keys(&step.action);
        taken.any(|(other, _)| {
            (other.0, other.1) == (*binding, *target) && !set.contains_key(&other)
        })
    });
    let moves = |action: &Action| action.moved().is_some() && !matches!(action, Action::Config(_));
    let only = !phase.steps.iter().any(|step| moves(&step.action))
        && back().next().is_none()
        && !rollback.steps.iter().any(|step| moves(&step.action));
    let Some(index) = instead.or(only.then_some(0)) else {
        return;
    };
    let message = format!("'{key}' of '{target}' is set going forward, and nothing takes it back");
    let help = format!("set '{key}' to what it was before, or correct the name");
    scope.report(
        Code::RollbackMissesTarget,
        steps.index(index),
        message,
        &help,
    );
}

/// What each of some phases sets a key to at last.
fn set<'d>(phases: &[&'d Phase]) -> BTreeMap<Key<'d>, Vec<&'d Value>> {
    let mut set: BTreeMap<Key<'d>, Vec<&Value>> = BTreeMap::new();
    for phase in phases {
        let steps = phase.steps.iter();
        let last: BTreeMap<Key<'d>, &Value> = steps.flat_map(|step| keys(&step.action)).collect();
        for (key, value) in last {
            set.entry(key).or_default().push(value);
        }
    }
    set
}

/// The keys that a step sets, if it sets a configuration.
fn keys(action: &Action) -> impl Iterator<Item = (Key<'_>, &Value)> {
    let change = if let Action::Config(change) = action {
        Some(change)
    } else {
        None
    };
    change.into_iter().flat_map(|change| {
        let of = move |(key, value)| {
            (
                (&change.binding, &change.target, String::as_str(key)),
                value,
            )
        };
        change.set.iter().map(of)
    })
}
