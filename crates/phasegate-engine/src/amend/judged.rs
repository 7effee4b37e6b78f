//! What work is judged by: numbers, objectives, and the triggers that watch it.

use std::collections::BTreeMap;

use phasegate_core::PhaseId;

use super::{Found, NotPermitted};
use crate::program::{Program, Trigger};
use crate::record::Change;
use crate::state::PhaseState;

impl<'p> Found<'p> {
    /// What work is judged by.
    pub(super) fn numbers(&mut self) {
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

    pub(super) fn triggers(&mut self) {
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
}
