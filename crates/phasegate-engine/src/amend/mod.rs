//! Revised plans: what a revision changes, and which of it a running rollout may adopt.
//!
//! Work that has begun never changes: neither what it does, nor by what it is judged, nor how it is undone. Limits of it
//! may (budgets, time-outs, dates), and steps that have not begun may be left to a later phase. What has not begun may
//! change, come and go. Nothing is moved outside that the rollout did not claim when it was created.

mod refusal;
mod work;

use std::collections::BTreeMap;
use std::fmt;

use phasegate_core::PhaseId;

use crate::program::{Phase, Procedure, Program, Trigger};
use crate::record::Change;
use crate::state::{PhaseState, State};

pub use refusal::{NotPermitted, Refused};
use work::Work;

/// What adopting this revision would change, in the order of the revision.
///
/// # Errors
/// Everything that is not permitted, at once.
///
/// Cost: each operation of both programs is compared once.
pub fn difference(state: &State, revision: &Program) -> Result<Vec<Change>, Refused> {
    let mut found = Found {
        state,
        old: &state.program,
        new: revision,
        begun: state.phases.values().any(has_begun),
        changes: Vec::new(),
        refused: Vec::new(),
    };
    found.whole();
    found.phases();
    found.numbers();
    found.triggers();
    found.ways_back();
    found.surroundings();
    if found.refused.is_empty() {
        return Ok(found.changes);
    }
    Err(Refused(found.refused))
}

/// Has work of it been done that still stands? What was undone begins anew.
fn has_begun(phase: &PhaseState) -> bool {
    match phase {
        PhaseState::Done | PhaseState::Running { .. } => true,
        PhaseState::Undone | PhaseState::Waiting => false,
    }
}

struct Found<'p> {
    state: &'p State,
    old: &'p Program,
    new: &'p Program,
    /// Has any work begun?
    begun: bool,
    changes: Vec<Change>,
    refused: Vec<NotPermitted>,
}

impl fmt::Debug for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Found")
            .field("changes", &self.changes)
            .field("refused", &self.refused)
            .finish_non_exhaustive()
    }
}

impl<'p> Found<'p> {
    /// Notes what is different: as a change where that is permitted, else as what is not.
    fn note(&mut self, is_permitted: bool, change: Change, refused: NotPermitted) {
        if is_permitted {
            self.changes.push(change);
        } else {
            self.refused.push(refused);
        }
    }

    fn whole(&mut self) {
        let (old, new) = (self.old, self.new);
        if new.plan != old.plan {
            let plan = new.plan.clone();
            self.refused.push(NotPermitted::OtherPlan { plan });
        }
        let digests =
            |program: &Program| (program.plan_digest.clone(), program.bindings_digest.clone());
        if digests(old) == digests(new) {
            self.refused.push(NotPermitted::Same);
        }
        if self.state.rollback.is_some() || self.state.aborted {
            self.refused.push(NotPermitted::GoesBack);
        }
        let claimed = old.resources();
        for (binding, target) in new.resources() {
            if !claimed.contains(&(binding.clone(), target.clone())) {
                let refused = NotPermitted::Unclaimed { binding, target };
                self.refused.push(refused);
            }
        }
    }

    fn phases(&mut self) {
        for phase in &self.new.phases {
            match (self.old.phase(&phase.id), self.state.phases.get(&phase.id)) {
                (Some(old), Some(state)) if has_begun(state) => self.work(old, phase, state),
                (Some(old), _) => self.later(old, phase),
                (None, _) => self.changes.push(Change::PhaseAdded {
                    phase: phase.id.clone(),
                }),
            }
        }
        for phase in &self.old.phases {
            if self.new.phase(&phase.id).is_some() {
                continue;
            }
            let phase = phase.id.clone();
            let begun = self.state.phases.get(&phase).is_some_and(has_begun);
            let gone = NotPermitted::PhaseGone {
                phase: phase.clone(),
            };
            self.note(!begun, Change::PhaseRemoved { phase }, gone);
        }
    }

    /// A phase that has not begun.
    fn later(&mut self, old: &Phase, new: &Phase) {
        if old.not_before != new.not_before {
            self.changes.push(Change::Date {
                phase: new.id.clone(),
                from: old.not_before,
                to: new.not_before,
            });
        }
        let dated = Phase {
            not_before: new.not_before,
            ..old.clone()
        };
        if dated != *new {
            let phase = new.id.clone();
            self.changes.push(Change::PhaseChanged { phase });
        }
    }

    fn work(&mut self, old: &Phase, new: &Phase, state: &PhaseState) {
        let mut work = Work::new(old, new, state);
        let waits = |id: &PhaseId| !self.state.phases.get(id).is_some_and(has_begun);
        let later: Vec<&Phase> = self.new.phases.iter().filter(|p| waits(&p.id)).collect();
        work.compare(&later);
        self.changes.append(&mut work.changes);
        self.refused.append(&mut work.refused);
    }

    /// What work is judged by.
    fn numbers(&mut self) {
        let by_id = |program: &'p Program| -> BTreeMap<_, _> {
            let kpis = program.kpis.iter();
            kpis.map(|kpi| (kpi.id.clone(), kpi)).collect()
        };
        let (old, new) = (by_id(self.old), by_id(self.new));
        for (id, kpi) in &new {
            let before = old.get(id);
            if before != Some(kpi) {
                let refused = NotPermitted::Number { kpi: id.clone() };
                let is_permitted = !self.begun || before.is_none();
                self.note(is_permitted, Change::Number { kpi: id.clone() }, refused);
            }
        }
        for id in old.keys().filter(|id| !new.contains_key(*id)) {
            self.changes.push(Change::Number { kpi: id.clone() });
        }
        if self.old.slos != self.new.slos {
            let kept = |slo| self.new.slos.contains(slo);
            let is_permitted = !self.begun || self.old.slos.iter().all(kept);
            self.note(is_permitted, Change::Objectives, NotPermitted::Objectives);
        }
    }

    fn triggers(&mut self) {
        let (old, new) = (&self.old.triggers, &self.new.triggers);
        for trigger in new {
            let before = old.iter().find(|one| one.id == trigger.id);
            if before != Some(trigger) {
                let fits = |before| !self.watches_work(before) || self.covers(before, trigger);
                self.trigger(before.is_none_or(fits), trigger);
            }
        }
        for gone in old {
            if !new.iter().any(|one| one.id == gone.id) {
                self.trigger(!self.watches_work(gone), gone);
            }
        }
    }

    fn trigger(&mut self, is_permitted: bool, one: &Trigger) {
        let trigger = one.id.clone();
        let refused = NotPermitted::Trigger {
            trigger: trigger.clone(),
        };
        self.note(is_permitted, Change::Trigger { trigger }, refused);
    }

    fn watches_work(&self, trigger: &Trigger) -> bool {
        self.begun && (trigger.during.is_empty() || self.running(trigger).next().is_some())
    }

    fn running<'t>(&'t self, trigger: &'t Trigger) -> impl Iterator<Item = &'t PhaseId> {
        let runs = |id: &&PhaseId| {
            let state = self.state.phases.get(*id);
            matches!(state, Some(PhaseState::Running { .. }))
        };
        trigger.during.iter().filter(runs)
    }

    /// Is it the same but for phases that have not begun, in which it is watched as well or not any more?
    fn covers(&self, old: &Trigger, new: &Trigger) -> bool {
        let same = Trigger {
            during: new.during.clone(),
            ..old.clone()
        } == *new;
        let watched = |id: &PhaseId| new.during.is_empty() || new.during.contains(id);
        let covered = match old.during.is_empty() {
            true => new.during.is_empty(),
            false => self.running(old).all(watched),
        };
        same && covered
    }

    fn ways_back(&mut self) {
        for one in &self.new.procedures {
            let before = self.old.procedure(&one.id);
            if before != Some(one) {
                self.procedure(!self.begun || before.is_none(), one);
            }
        }
        for one in &self.old.procedures {
            if self.new.procedure(&one.id).is_none() {
                self.procedure(!self.begun, one);
            }
        }
    }

    fn procedure(&mut self, is_permitted: bool, one: &Procedure) {
        let procedure = one.id.clone();
        let refused = NotPermitted::Procedure {
            id: procedure.clone(),
        };
        self.note(is_permitted, Change::Procedure { procedure }, refused);
    }

    fn surroundings(&mut self) {
        let (old, new) = (self.old, self.new);
        if old.freezes != new.freezes {
            self.changes.push(Change::Freezes);
        }
        if old.announcements != new.announcements || old.maintenance != new.maintenance {
            self.changes.push(Change::Communication);
        }
        if old.matrix != new.matrix || old.incidents != new.incidents {
            self.matrix();
        }
        for (id, binding) in &old.bindings {
            if self.begun && new.bindings.get(id) != Some(binding) {
                let binding = id.clone();
                self.refused.push(NotPermitted::Binding { binding });
            }
        }
        if self.begun && old.timing.settle != new.timing.settle {
            self.refused.push(NotPermitted::Settle);
        }
        let same = old.timing == new.timing
            && old.escalate_to == new.escalate_to
            && old.on_call == new.on_call
            && old.work_time == new.work_time
            && old.bindings == new.bindings;
        if !same {
            self.changes.push(Change::Surroundings);
        }
    }

    fn matrix(&mut self) {
        let mut open = self.state.incidents.values();
        let touched = |scenario: &str| {
            let row = |program: &'p Program| program.matrix.iter().find(|r| r.scenario == scenario);
            row(self.old) != row(self.new) || self.old.incidents != self.new.incidents
        };
        let open = open.find(|one| !one.followed_up && touched(&one.scenario));
        match open {
            Some(open) => self.refused.push(NotPermitted::Incident {
                scenario: open.scenario.clone(),
            }),
            None => self.changes.push(Change::Matrix),
        }
    }
}
