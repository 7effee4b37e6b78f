//! Phases of a revision: new ones, ones that are gone, later ones, and those whose work has begun.

use phasegate_core::PhaseId;

use super::work::Work;
use super::{Found, NotPermitted, has_begun};
use crate::program::Phase;
use crate::record::{Change, Place};
use crate::state::PhaseState;

impl Found<'_> {
    pub(super) fn phases(&mut self) {
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
        let begun_ahead = self.state.ahead.keys().filter_map(|place| match place {
            Place::Phase { phase, op } if *phase == old.id => Some(op + 1),
            Place::Aside | Place::Phase { .. } | Place::Rollback { .. } => None,
        });
        let mut work = Work::new(old, new, state, begun_ahead.max().unwrap_or(0));
        let waits = |id: &PhaseId| !self.state.phases.get(id).is_some_and(has_begun);
        let later: Vec<&Phase> = self.new.phases.iter().filter(|p| waits(&p.id)).collect();
        work.compare(&later);
        self.changes.append(&mut work.changes);
        self.refused.append(&mut work.refused);
    }
}
