//! Edges that lead back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use phasegate_core::{CriterionId, GateId, StepId};

use super::reach::Reach;
use super::{At, Scope};
use crate::fault::{Code, Severity};
use crate::model::{
    Action, DeprecationStage, GateWhen, Phase, PlanDraft, Response, Rollback, RollbackTarget,
    Trigger,
};

pub(super) struct Edges<'d> {
    pub(super) draft: &'d PlanDraft,
    pub(super) before: Arc<[Vec<usize>]>,
    pub(super) index: BTreeMap<&'d str, usize>,
    pub(super) irreversible: BTreeSet<usize>,
    /// For each phase one that must be done before it and cannot be undone.
    undone: Vec<Option<usize>>,
    /// The same for all phases together.
    any_undone: Option<usize>,
    /// The first phases that cannot be undone, each with what must be done before it, and itself.
    first_lost: Vec<(usize, Vec<bool>)>,
    /// Phases of which it is not known whom they wait for, or of one that they wait for: nothing is said
    /// about what comes before them.
    pub(super) unclear: BTreeSet<usize>,
    /// Phases that wait for one that there is not, or for another such one; that is told at its name.
    misses: BTreeSet<usize>,
    pub(super) reach: Reach,
}

pub(super) fn check(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let edges = Edges::new(scope);
    let phases = At::ROOT.key("phases");
    for (index, phase) in draft.phases.iter().enumerate() {
        edges.phase(scope, index, phase, phases.index(index));
    }
    let triggers = At::ROOT.key("triggers");
    let all: Vec<usize> = (0..draft.phases.len()).collect();
    for (number, trigger) in draft.triggers.iter().enumerate() {
        let here = triggers.index(number);
        if scope.is_unread(here, &["phases"]) {
            continue;
        }
        if trigger.phases.is_empty() {
            edges.trigger(scope, &all, trigger, here);
            continue;
        }
        let named = trigger.phases.iter();
        let watched: Vec<usize> = named
            .filter_map(|id| edges.index.get(id.as_str()).copied())
            .collect();
        // A name that nobody has is told at itself; which phase is meant nobody knows.
        if watched.len() == trigger.phases.len() {
            edges.trigger(scope, &watched, trigger, here);
            edges.behind_any(scope, &watched, trigger, here);
        }
    }
    let own = |phase: &Phase| phase.evaluation.is_some();
    let under_the_plans: Vec<usize> = all
        .iter()
        .copied()
        .filter(|index| !draft.phases.get(*index).is_some_and(own))
        .collect();
    let then = At::ROOT.key("evaluation");
    let then = then.key("then");
    edges.responses(scope, &under_the_plans, &draft.evaluation.then, then);
    let matrix = At::ROOT.key("matrix");
    for (index, row) in draft.matrix.iter().enumerate() {
        edges.responses(
            scope,
            &all,
            &row.respond,
            matrix.index(index).key("respond"),
        );
    }
    if let Some(rollback) = &draft.rollback {
        let heirs: Vec<usize> = draft
            .phases
            .iter()
            .enumerate()
            .filter(|(_, phase)| phase.rollback.is_none() && phase.no_way_back.is_none())
            .filter(|(index, _)| {
                !scope.is_unread(phases.index(*index), &["rollback", "no-way-back"])
            })
            .map(|(index, _)| index)
            .collect();
        let here = At::ROOT.key("rollback");
        edges.way_back(scope, &heirs, rollback, here);
    }
    edges.answers(scope);
    edges.shared_targets(scope);
}

/// Phases whose `after`, or one of those it names, could not be read.
fn unclear(scope: &Scope<'_>) -> BTreeSet<usize> {
    if scope.is_whole() {
        return BTreeSet::new();
    }
    let draft = scope.draft;
    let phases = At::ROOT.key("phases");
    let lost = |id: &phasegate_core::PhaseId| scope.may_name("phases", id.as_str());
    let numbered = draft.phases.iter().enumerate();
    let found = numbered.filter(|(index, phase)| {
        scope.is_unread(phases.index(*index), &["after"])
            || (phase.after.is_none() && scope.is_unread_before(*index))
            || draft.dependencies_at(*index).into_iter().any(lost)
    });
    found.map(|(index, _)| index).collect()
}

impl crate::model::Step {
    /// Can what it does not be undone?
    pub fn is_irreversible(&self) -> bool {
        self.irreversible
            || matches!(&self.action, Action::Deprecation(end) if end.stage == DeprecationStage::Removed)
    }
}

/// Of so many phases that cannot be undone it is looked whether going back would undo them.
const LOST_MAX: usize = 64;

/// The first phases that cannot be undone, each with what must be done before it, and itself.
fn first_lost(irreversible: &BTreeSet<usize>, before: &[Vec<usize>]) -> Vec<(usize, Vec<bool>)> {
    let with_before = |lost: usize| {
        let mut marks = vec![false; before.len()];
        let mut open = vec![lost];
        while let Some(next) = open.pop() {
            match marks.get_mut(next) {
                Some(mark) if !*mark => *mark = true,
                Some(_) | None => continue,
            }
            open.extend(before.get(next).into_iter().flatten().copied());
        }
        marks
    };
    let first = irreversible.iter().copied().take(LOST_MAX);
    first.map(|lost| (lost, with_before(lost))).collect()
}

/// The gates of a phase before which something has been done that cannot be undone.
fn passed(phase: &Phase) -> BTreeSet<&GateId> {
    let mut lost = phase.steps.iter();
    let Some(lost) = lost.position(|step| step.is_irreversible()) else {
        return BTreeSet::new();
    };
    // Steps behind it; whoever is decided before one of them is too late.
    let steps = phase.steps.iter().skip(lost + 1);
    let behind: BTreeSet<&StepId> = steps.map(|step| &step.id).collect();
    let gates = phase.gates.iter().filter(|gate| match &gate.when {
        GateWhen::End => true,
        GateWhen::BeforeStep(id) => behind.contains(id),
        GateWhen::BeforeStart | GateWhen::Acceptance => false,
    });
    gates.map(|gate| &gate.id).collect()
}

/// The first step of a phase that cannot be undone, if others come behind it.
fn behind(phase: &Phase) -> Option<&StepId> {
    let (_, earlier) = phase.steps.split_last()?;
    let lost = earlier.iter().find(|step| step.is_irreversible());
    lost.map(|step| &step.id)
}

impl<'d> Edges<'d> {
    fn new(scope: &Scope<'d>) -> Self {
        let draft = scope.draft;
        let before = scope.before();
        let mut unclear = unclear(scope);
        let named = |index| draft.dependencies_at(index).len();
        let missed = |(index, found): (usize, &Vec<usize>)| {
            let after = draft
                .phases
                .get(index)
                .is_some_and(|phase| phase.after.is_some());
            (after && named(index) != found.len()).then_some(index)
        };
        let mut misses: BTreeSet<usize> = before.iter().enumerate().filter_map(missed).collect();
        let phases = || draft.phases.iter().enumerate();
        let irreversible: BTreeSet<usize> = phases()
            .filter(|(_, phase)| phase.steps.iter().any(|step| step.is_irreversible()))
            .map(|(index, _)| index)
            .collect();
        let mut undone = vec![None; before.len()];
        let order = scope.order();
        for &index in order.iter() {
            let list = before.get(index).map_or(&[][..], Vec::as_slice);
            if list.iter().any(|one| unclear.contains(one)) {
                unclear.insert(index);
            }
            if list.iter().any(|one| misses.contains(one)) {
                misses.insert(index);
            }
            let lost = list.iter().find_map(|one| {
                let itself = irreversible.contains(one).then_some(*one);
                itself.or_else(|| undone.get(*one).copied().flatten())
            });
            if let Some(slot) = undone.get_mut(index) {
                *slot = lost;
            }
        }
        // Whoever stands in a circle, or waits for one that does, has no place among the others.
        let placed: BTreeSet<usize> = order.iter().copied().collect();
        misses.extend((0..before.len()).filter(|index| !placed.contains(index)));
        Self {
            draft,
            first_lost: first_lost(&irreversible, &before),
            index: phases()
                .map(|(index, phase)| (phase.id.as_str(), index))
                .collect(),
            reach: Reach::new(Arc::clone(&before), &order),
            before,
            irreversible,
            any_undone: undone.iter().find_map(|lost| *lost),
            undone,
            unclear,
            misses,
        }
    }
}

impl Edges<'_> {
    fn phase(&self, scope: &mut Scope<'_>, index: usize, phase: &Phase, here: At<'_>) {
        let me = [index];
        self.responses(scope, &me, &phase.on_fail, here.key("on-fail"));
        let behind = behind(phase).filter(|_| !scope.is_unread(here, &["steps"]));
        if let Some(step) = behind {
            self.behind(scope, (index, step), &phase.on_fail, here.key("on-fail"));
        }
        let gates = here.key("gates");
        let passed = passed(phase);
        for (number, gate) in phase.gates.iter().enumerate() {
            let here = gates.index(number);
            self.responses(scope, &me, &gate.no_go, here.key("no-go"));
            if passed.contains(&gate.id) && !scope.is_unread(here, &["when"]) {
                self.undoes_itself(scope, index, &gate.no_go, here.key("no-go"));
            }
        }
        let triggers = here.key("triggers");
        for (number, trigger) in phase.triggers.iter().enumerate() {
            let here = triggers.index(number);
            self.trigger(scope, &me, trigger, here);
            if let Some(step) = behind {
                self.behind(scope, (index, step), &trigger.respond, here.key("respond"));
            }
        }
        if let Some(evaluation) = &phase.evaluation {
            let here = here.key("evaluation");
            self.responses(scope, &me, &evaluation.then, here.key("then"));
            if let Some(step) = behind {
                self.behind(scope, (index, step), &evaluation.then, here.key("then"));
            }
        }
        if let Some(rollback) = &phase.rollback {
            self.way_back(scope, &me, rollback, here.key("rollback"));
        }
    }

    /// Answers that are watched for while the phase goes on behind a step of its own that cannot be undone.
    fn behind(
        &self,
        scope: &mut Scope<'_>,
        (index, step): (usize, &StepId),
        list: &[Response],
        at: At<'_>,
    ) {
        for (number, key) in self.undoing(list) {
            let message = format!(
                "once the step '{step}' is done, which cannot be undone, this cannot undo the phase '{}'",
                self.name(index)
            );
            let help = "let the steps behind it be a phase of their own, or answer with 'hold'";
            let here = at.index(number);
            let severity = Severity::Warning;
            let code = Code::RollbackOverIrreversible;
            scope.report_as(code, severity, &here.key(key), &message, help);
        }
    }

    /// The same of a trigger of the plan that names phases, told of the first of them.
    fn behind_any(&self, scope: &mut Scope<'_>, named: &[usize], trigger: &Trigger, here: At<'_>) {
        let phases = At::ROOT.key("phases");
        let lost = |index: &usize| {
            let phase = self.draft.phases.get(*index)?;
            let is_read = !scope.is_unread(phases.index(*index), &["steps"]);
            Some((*index, behind(phase)?)).filter(|_| is_read)
        };
        if let Some(lost) = named.iter().find_map(lost) {
            self.behind(scope, lost, &trigger.respond, here.key("respond"));
        }
    }

    /// How far a procedure goes, if it says so.
    fn target_of(&self, procedure: &CriterionId) -> Option<&RollbackTarget> {
        let mut procedures = self.draft.procedures.iter();
        let named = procedures.find(|one| one.id == *procedure)?;
        named.rollback.target.as_ref()
    }

    /// Which of these answers undo the phase in which they are given, with the key under which they stand.
    fn undoing(&self, list: &[Response]) -> Vec<(usize, &'static str)> {
        let key = |response: &Response| match response {
            Response::Rollback(_) => Some("rollback"),
            Response::Return(_) => Some("return-to"),
            Response::Procedure(id) => self.target_of(id).map(|_| "procedure"),
            Response::Hold | Response::Abort | Response::Notify(_) => None,
        };
        let numbered = list.iter().enumerate();
        numbered
            .filter_map(|(number, response)| Some((number, key(response)?)))
            .collect()
    }

    /// The answers of a gate behind a step that cannot be undone, which would have to undo its own phase.
    fn undoes_itself(&self, scope: &mut Scope<'_>, index: usize, list: &[Response], at: At<'_>) {
        for (number, key) in self.undoing(list) {
            let here = at.index(number);
            let message = format!(
                "this would have to undo the phase '{}' itself, of which a step before this gate cannot be undone",
                self.name(index)
            );
            let help =
                "decide before that step, with 'when: {before-step: …}', or answer with 'hold'";
            scope.report(Code::RollbackOverIrreversible, here.key(key), message, help);
        }
    }

    fn way_back(&self, scope: &mut Scope<'_>, from: &[usize], rollback: &Rollback, here: At<'_>) {
        if !scope.is_unread(here, &["target"]) {
            self.target(scope, from, rollback.goes_to(), here.key("target"));
        }
    }

    fn trigger(&self, scope: &mut Scope<'_>, from: &[usize], trigger: &Trigger, here: At<'_>) {
        self.responses(scope, from, &trigger.respond, here.key("respond"));
        self.responses(scope, from, &trigger.when_blind, here.key("when-blind"));
    }

    pub(super) fn responses(
        &self,
        scope: &mut Scope<'_>,
        from: &[usize],
        list: &[Response],
        at: At<'_>,
    ) {
        for (number, response) in list.iter().enumerate() {
            let here = at.index(number);
            if scope.is_full() {
                return;
            }
            let to_start = matches!(response, Response::Rollback(RollbackTarget::Start));
            let all = from.len() == self.before.len();
            // Whether all can go back to the start is known already.
            let known = to_start && all;
            if !known && !self.reach.affords(from.len()) {
                return;
            }
            match response {
                Response::Rollback(target) => {
                    self.target(scope, from, target, here.key("rollback"));
                }
                Response::Return(id) => {
                    if let Some(&to) = self.index.get(id.as_str()) {
                        self.backwards(scope, from, to, true, here.key("return-to"));
                        let lost = self.lost(from, Some(to), true);
                        self.undoes(scope, lost, here.key("return-to"));
                    }
                }
                Response::Procedure(id) => {
                    if let Some(target) = self.target_of(id) {
                        self.target(scope, from, target, here.key("procedure"));
                    }
                }
                Response::Hold | Response::Abort | Response::Notify(_) => {}
            }
        }
    }

    fn target(&self, scope: &mut Scope<'_>, from: &[usize], target: &RollbackTarget, at: At<'_>) {
        match target {
            RollbackTarget::Start => self.irreversible(scope, from, None, at),
            RollbackTarget::PreviousPhase => {
                if from.iter().any(|index| self.is_misplaced(*index)) {
                    return;
                }
                let first = |index: &usize| self.before.get(*index).is_some_and(Vec::is_empty);
                if !from.is_empty() && from.iter().all(first) {
                    let message = "no phase comes before this one";
                    let help = "write 'start' instead of 'previous-phase'";
                    scope.report(Code::PreviousPhaseUnclear, at, message, help);
                }
                let unclear = from
                    .iter()
                    .find(|index| self.before.get(**index).is_some_and(|list| list.len() > 1));
                if let Some(index) = unclear {
                    let name = self.name(*index);
                    let message =
                        format!("the phase '{name}' waits for several: which one is before it?");
                    let help = "write 'rollback: {phase: id}'";
                    scope.report(Code::PreviousPhaseUnclear, at, message, help);
                }
            }
            RollbackTarget::Phase(id) => {
                if let Some(&to) = self.index.get(id.as_str()) {
                    self.backwards(scope, from, to, false, at.key("phase"));
                    self.irreversible(scope, from, Some(to), at.key("phase"));
                }
            }
        }
    }

    /// Is it not known what comes before this phase?
    fn is_misplaced(&self, index: usize) -> bool {
        self.unclear.contains(&index) || self.misses.contains(&index)
    }

    pub(super) fn name(&self, index: usize) -> &str {
        self.draft
            .phases
            .get(index)
            .map_or("", |phase| phase.id.as_str())
    }

    fn backwards(
        &self,
        scope: &mut Scope<'_>,
        from: &[usize],
        to: usize,
        itself: bool,
        at: At<'_>,
    ) {
        // For what can start from many phases, one from which the edge leads back is enough.
        let known = |index: &usize| (itself && *index == to) || self.is_misplaced(*index);
        let fits = from.iter().any(known) || self.reach.leads_to(to, from);
        if !fits && !from.is_empty() && !self.reach.is_spent() {
            let message = match from {
                [one] => format!(
                    "the phase '{}' does not come before '{}'",
                    self.name(to),
                    self.name(*one)
                ),
                _ => format!(
                    "the phase '{}' comes before none from which this can begin",
                    self.name(to)
                ),
            };
            let help = "name a phase that is waited for";
            scope.report(Code::ReturnNotBackwards, at, message, help);
        }
    }

    /// Phases that are undone by going from one back to another (or to the start), and cannot be.
    fn irreversible(&self, scope: &mut Scope<'_>, from: &[usize], to: Option<usize>, at: At<'_>) {
        let before = |index: &usize| self.undone.get(*index).copied().flatten();
        let lost = match to {
            None if from.len() == self.undone.len() => self.any_undone,
            None => from.iter().find_map(before),
            Some(_) => None,
        };
        self.undoes(scope, lost.or_else(|| self.lost(from, to, false)), at);
    }

    /// A phase that cannot be undone and may be, by going back from one of some phases: to the start whatever may have
    /// been done, else what waits for another phase; that one itself too, if it is begun anew. Of more than the first
    /// few such phases nothing is said. From none: when all are done.
    pub(super) fn lost(&self, from: &[usize], to: Option<usize>, anew: bool) -> Option<usize> {
        let clear = |index: &usize| !self.is_misplaced(*index);
        if !to.iter().all(clear) || !self.reach.affords(from.len().max(1)) {
            return None;
        }
        let mut all = self.first_lost.iter().filter(|(lost, _)| clear(lost));
        let found = all.find(|(lost, before)| {
            let is_before = |index: &usize| before.get(*index).copied().unwrap_or(true);
            let undone = to.is_none_or(|to| is_before(&to) && (anew || to != *lost));
            // Whoever it waits for goes back before it has begun, and it itself before it is done.
            undone && (from.is_empty() || from.iter().any(|one| clear(one) && !is_before(one)))
        });
        found.map(|(lost, _)| *lost)
    }

    /// Tells that an answer would have to undo a phase that cannot be undone, if there is one.
    pub(super) fn undoes(&self, scope: &mut Scope<'_>, lost: Option<usize>, at: At<'_>) {
        if let Some(lost) = lost {
            let message = format!(
                "this would have to undo the phase '{}', which has a step that cannot be undone",
                self.name(lost)
            );
            let help = format!(
                "go back no further than 'phase: {}' where it comes before, or answer with 'hold'",
                self.name(lost)
            );
            scope.report(Code::RollbackOverIrreversible, at, message, &help);
        }
    }
}
