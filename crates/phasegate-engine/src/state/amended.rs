//! A revised plan is adopted.

use std::sync::Arc;

use phasegate_core::{Now, TriggerId};

use super::State;
use super::parts::PhaseState;
use crate::program::{Occasion, OpKind, Program, START};
use crate::record::{AskAbout, MaintenanceStep, Place};

impl State {
    /// What has begun goes on; approvals that were given to the plan as it was are void.
    pub(super) fn fold_amended(&mut self, program: &Program, now: Now) {
        let old = std::mem::replace(&mut self.program, Arc::new(program.clone()));
        let mut before = std::mem::take(&mut self.phases);
        for phase in &program.phases {
            let state = before.remove(&phase.id);
            let state = state.unwrap_or_else(|| PhaseState::before(phase));
            self.phases.insert(phase.id.clone(), state);
        }
        let trigger =
            |of: &Program, id: &TriggerId| of.triggers.iter().find(|one| one.id == *id).cloned();
        self.triggers
            .retain(|id, _| trigger(&old, id) == trigger(program, id));
        self.renumber_announcements(&old, program, now);
        self.renumber_maintenance(&old, program, now);
        self.reopen_gates(|_| true);
        // Also one that was asked for a revision before this one.
        self.asks
            .retain(|_, state| !matches!(state.ask.about, AskAbout::Approval { .. }));
        self.renewing = self.passed_start_gates();
        self.amended = self.amended.saturating_add(1);
    }

    /// An announcement that is new has nothing to tell of the time before it.
    fn renumber_announcements(&mut self, old: &Program, new: &Program, now: Now) {
        let told = std::mem::take(&mut self.announced);
        for (index, one) in new.announcements.iter().enumerate() {
            let before = old.announcements.iter().position(|other| other == one);
            let at = match (before, &one.occasion) {
                (Some(before), _) => told.get(&before).copied(),
                (None, Occasion::At(moment)) => (*moment <= now.wall).then_some(now.wall),
                (None, _) => Some(now.wall),
            };
            if let Some(at) = at {
                self.announced.insert(index, at);
            }
        }
    }

    /// What is new begins after now.
    fn renumber_maintenance(&mut self, old: &Program, new: &Program, now: Now) {
        let known = std::mem::take(&mut self.maintenance);
        for (index, one) in new.maintenance.iter().enumerate() {
            let before = old.maintenance.iter().position(|other| other == one);
            let last = match before {
                Some(before) => known.get(&before).copied(),
                None => Some((now.wall, MaintenanceStep::Over)),
            };
            if let Some(last) = last {
                self.maintenance.insert(index, last);
            }
        }
    }

    /// The gates before the start of the whole, which were asked whether this plan is to be carried out.
    fn passed_start_gates(&self) -> std::collections::BTreeSet<Place> {
        let mut gates = std::collections::BTreeSet::new();
        for phase in self
            .program
            .phases
            .iter()
            .filter(|p| p.id.as_str() == START)
        {
            let passed = match self.phases.get(&phase.id) {
                Some(PhaseState::Done) => phase.ops.len(),
                Some(PhaseState::Running { op, .. }) => *op,
                Some(PhaseState::Idle | PhaseState::Undone | PhaseState::Waiting) | None => 0,
            };
            for (op, of) in phase.ops.iter().enumerate().take(passed) {
                if matches!(&of.kind, OpKind::Gate(gate) if !gate.approvals.quorum.is_empty()) {
                    let phase = phase.id.clone();
                    gates.insert(Place::Phase { phase, op });
                }
            }
        }
        gates
    }
}
