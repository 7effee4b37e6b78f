//! Ways back that lead nowhere: without a step, up instead of down, past what was moved, longer than they may
//! take, over what cannot be undone.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{BindingId, Ratio, TargetId};

use super::{At, Scope};
use crate::fault::Code;
use crate::model::{Action, Phase, PlanDraft, Procedure, Rollback, RollbackTarget};

type Key<'d> = (&'d BindingId, &'d TargetId);

pub(super) fn check(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let phases = At::ROOT.key("phases");
    let left = left(draft);
    let mut heirs: Vec<&Phase> = Vec::new();
    for (index, phase) in draft.phases.iter().enumerate() {
        let here = phases.index(index);
        match &phase.rollback {
            Some(rollback) => one(scope, rollback, (&[phase], &left), here.key("rollback")),
            None if phase.no_way_back.is_none()
                && !scope.is_unread(here, &["rollback", "no-way-back"]) =>
            {
                heirs.push(phase);
            }
            None => {}
        }
    }
    if let Some(rollback) = &draft.rollback {
        one(scope, rollback, (&heirs, &left), At::ROOT.key("rollback"));
    }
    let mut phases = draft.phases.iter();
    let lost = phases.find(|phase| phase.steps.iter().any(|step| step.is_irreversible()));
    let procedures = At::ROOT.key("procedures");
    for (index, procedure) in draft.procedures.iter().enumerate() {
        let here = procedures.index(index);
        budgets(scope, &procedure.rollback, here.key("rollback"));
        let target = procedure.rollback.target.as_ref();
        staged(scope, &procedure.rollback, target, here.key("rollback"));
        re_enabled(scope, procedure, here);
        if let Some(phase) = lost {
            over_irreversible(scope, procedure, phase, here.key("rollback"));
        }
    }
}

/// How far phases bring something.
struct Reached {
    /// Where the first of their stages brings it.
    least: Ratio,
    /// Where it ends.
    most: Ratio,
    /// Where other phases have left it.
    before: Ratio,
}

/// Where each thing that a phase moves was left, at most, by the phases that are written before it.
type Left<'d> = BTreeMap<(&'d str, Key<'d>), Ratio>;

fn left(draft: &PlanDraft) -> Left<'_> {
    let mut levels: BTreeMap<Key<'_>, Ratio> = BTreeMap::new();
    let mut left = Left::new();
    for phase in &draft.phases {
        let moves = || {
            let steps = phase.steps.iter();
            steps.filter_map(|step| step.action.moved().zip(step.action.last_rung()))
        };
        for (key, _) in moves() {
            let level = levels.get(&key).copied().unwrap_or_default();
            left.insert((phase.id.as_str(), key), level);
        }
        for (key, end) in moves() {
            let level = levels.entry(key).or_default();
            *level = end.max(*level);
        }
    }
    left
}

/// A rollback against the phases that go back by it.
fn one(
    scope: &mut Scope<'_>,
    rollback: &Rollback,
    (phases, left): (&[&Phase], &Left<'_>),
    here: At<'_>,
) {
    budgets(scope, rollback, here);
    staged(scope, rollback, Some(rollback.goes_to()), here);
    if scope.is_unread(here, &["steps"]) {
        return;
    }
    let moves = phases
        .iter()
        .any(|phase| phase.steps.iter().any(|step| step.action.moves()));
    if rollback.steps.is_empty() && moves {
        let message = "there is a way back, and no step of it";
        let help = "add 'steps:', or say under 'no-way-back:' why none is needed";
        scope.report(Code::EmptyRollback, here, message, help);
        return;
    }
    super::configurations::check(scope, rollback, phases, here);
    let mut reached: BTreeMap<Key<'_>, Reached> = BTreeMap::new();
    for phase in phases {
        for step in &phase.steps {
            let (first, last) = (step.action.first_rung(), step.action.last_rung());
            if let (Some(key), Some(first), Some(last)) = (step.action.moved(), first, last) {
                let before = left.get(&(phase.id.as_str(), key)).copied();
                let slot = reached.entry(key).or_insert(Reached {
                    least: first,
                    most: last,
                    before: Ratio::ZERO,
                });
                slot.least = first.min(slot.least);
                slot.most = last.max(slot.most);
                slot.before = before.unwrap_or_default().max(slot.before);
            }
        }
    }
    let steps = here.key("steps");
    for (index, step) in rollback.steps.iter().enumerate() {
        let Some((key, end)) = step.action.moved().zip(step.action.last_rung()) else {
            continue;
        };
        let Some(Reached {
            least,
            most,
            before,
        }) = reached.get(&key)
        else {
            continue;
        };
        let here = steps.index(index);
        let here = here.key(step.action.key());
        let stages = here.key("stages");
        let help = "going back is going down: write 'stages: [0%]'";
        if end >= *most {
            let message = format!(
                "'{}' is at {most} at most, and this takes it to {end}",
                key.1
            );
            scope.report(Code::RollbackGoesForward, stages, message, help);
        } else if end > *least && end > *before {
            let message = format!(
                "this leaves '{}' at {end}: it was at {before} before, and at {least} first",
                key.1
            );
            let code = Code::RollbackStopsShort;
            scope.report(code, stages, message, help);
        }
    }
    // A way back of several phases takes one of them back at a time.
    misses(scope, rollback, (&reached, phases.len() == 1), steps);
}

/// Something is moved by weights, and the way back moves by weights only other things.
fn misses(
    scope: &mut Scope<'_>,
    rollback: &Rollback,
    (reached, each): (&BTreeMap<Key<'_>, Reached>, bool),
    steps: At<'_>,
) {
    // What a command, a person or a configuration takes back cannot be seen.
    let plain = rollback.steps.iter().all(|step| {
        matches!(
            step.action,
            Action::Traffic(_) | Action::Flag(_) | Action::Wait(_) | Action::Notify(_)
        )
    });
    let back = || rollback.steps.iter().filter_map(|step| step.action.moved());
    let taken: BTreeSet<_> = back().collect();
    let left: Vec<_> = reached.keys().filter(|key| !taken.contains(key)).collect();
    let missed = if each {
        !left.is_empty()
    } else {
        left.len() == reached.len()
    };
    if let (true, true, Some((binding, target)), Some((its, other))) =
        (plain, missed, left.first(), back().next())
    {
        let message = if *target == other {
            format!(
                "'{target}' of '{binding}' is moved forward, and only that of '{its}' is taken back"
            )
        } else {
            format!("'{target}' is moved forward, and only '{other}' is taken back")
        };
        let help = format!("take '{target}' back, or correct the name");
        scope.report(Code::RollbackMissesTarget, steps.index(0), message, &help);
    }
}

/// A way back in stages must be able to tell which is the last, and may promise no more than it does.
fn staged(
    scope: &mut Scope<'_>,
    rollback: &Rollback,
    target: Option<&RollbackTarget>,
    here: At<'_>,
) {
    if !rollback.staged {
        return;
    }
    if rollback.validation.is_empty() && !scope.is_unread(here, &["validation"]) {
        let message = "nothing says after which stage it is enough";
        let help = "add 'validation:', criteria that hold again once enough is undone";
        let here = here.key("staged");
        scope.report(Code::StagedWithoutValidation, here, message, help);
    }
    if target == Some(&RollbackTarget::Start) && !scope.is_unread(here, &["target"]) {
        let message =
            "the start means that everything is undone, and stages may leave something as it is";
        let help = "write 'target: previous-phase', or leave 'staged' out";
        scope.report(Code::StagedToStart, here.key("staged"), message, help);
    }
}

/// Only what was switched off can be switched on again, only by doing something, and when something tells that its
/// fault is mended.
fn re_enabled(scope: &mut Scope<'_>, procedure: &Procedure, owner: At<'_>) {
    let Some(re_enable) = &procedure.re_enable else {
        return;
    };
    let here = owner.key("re-enable");
    if procedure.rollback.target.is_some() && !scope.is_unread(owner.key("rollback"), &["target"]) {
        let message = format!(
            "'{}' undoes phases, which begin anew by themselves: there is no part to be switched on again",
            procedure.id
        );
        let help = "leave 're-enable' out, or leave 'target' out of the way back";
        scope.report(Code::ReEnableWithoutPart, here, message, help);
    }
    if re_enable.steps.is_empty() && !scope.is_unread(here, &["steps"]) {
        let message = "nothing is done to switch the part on again";
        let help = "add 'steps:', or leave 're-enable' out";
        scope.report(Code::ReEnableIncomplete, here, message, help);
    }
    if re_enable.criteria.is_empty() && !scope.is_unread(here, &["criteria"]) {
        let message = "nothing tells that the part may be switched on again";
        let help = "add 'criteria:', which hold when its fault is mended";
        scope.report(Code::ReEnableIncomplete, here, message, help);
    }
}

/// A step that takes longer by itself than it may.
fn budgets(scope: &mut Scope<'_>, rollback: &Rollback, here: At<'_>) {
    let steps = here.key("steps");
    for (index, step) in rollback.steps.iter().enumerate() {
        let takes = step.action.machine_time();
        let here = steps.index(index);
        let (may, key) = match (step.budget, rollback.limit) {
            (Some(budget), _) => (budget, "budget"),
            (None, Some(limit)) => (limit, step.action.key()),
            (None, None) => continue,
        };
        if takes > may {
            let message = format!("this takes {takes} by itself, and may take {may}");
            let help = "give it more time, or wait less";
            scope.report(Code::StepExceedsBudget, here.key(key), message, help);
        }
    }
}

/// A procedure may be chosen whenever people like. One that says how far it goes must keep what cannot be
/// undone, the first of it in this phase; of one that does not, as where a part is switched off, nothing is known.
fn over_irreversible(scope: &mut Scope<'_>, procedure: &Procedure, phase: &Phase, here: At<'_>) {
    let target = here.key("target");
    if scope.is_unread(here, &["target"]) {
        return;
    }
    if procedure.rollback.target == Some(RollbackTarget::Start) {
        let message = format!(
            "this would have to undo the phase '{}', which has a step that cannot be undone",
            phase.id
        );
        let help = format!("go back no further than 'phase: {}'", phase.id);
        scope.report(Code::RollbackOverIrreversible, target, message, &help);
    }
}

impl Action {
    /// The weight at which it begins, of what moves by weights.
    pub(super) fn first_rung(&self) -> Option<Ratio> {
        if let Self::Traffic(ramp) = self {
            ramp.laid().begin()
        } else if let Self::Flag(ramp) = self {
            ramp.laid().begin()
        } else {
            None
        }
    }

    /// The weight at which it ends, of what moves by weights.
    pub(super) fn last_rung(&self) -> Option<Ratio> {
        if let Self::Traffic(ramp) = self {
            ramp.laid().end()
        } else if let Self::Flag(ramp) = self {
            ramp.laid().end()
        } else {
            None
        }
    }
}
