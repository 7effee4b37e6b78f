//! What a release by a person means for each kind of hold.

use std::collections::BTreeMap;

use super::State;
use super::parts::{PhaseState, Stage};
use crate::program::Gate;
use crate::record::HoldReason;

impl State {
    pub(super) fn fold_released(&mut self) {
        self.taken.clear();
        for hold in std::mem::take(&mut self.holds) {
            match hold {
                HoldReason::Drift { place, .. } => {
                    self.drift_accepted.insert(place);
                }
                HoldReason::Effect { place, .. } | HoldReason::SaidNo { place, .. } => {
                    if let Ok(stage) = self.stage_mut(&place) {
                        *stage = Stage::Ready;
                    }
                }
                HoldReason::Criterion { .. } => self.forget_failures(),
                // Other gates keep what was said to them.
                HoldReason::Gate { gate } => {
                    self.forget_failures();
                    self.reopen_gates(|of| of.id == gate);
                }
                HoldReason::RolledBack => {
                    for phase in self.phases.values_mut() {
                        if *phase == PhaseState::Undone {
                            *phase = PhaseState::Waiting;
                        }
                    }
                }
                HoldReason::Blind { .. } => {
                    for check in self.checks.values_mut().flat_map(BTreeMap::values_mut) {
                        check.unseen_since = None;
                    }
                    for bake in self.bakes.values_mut() {
                        bake.blind_since = None;
                    }
                    for trigger in self.triggers.values_mut() {
                        trigger.blind_since = None;
                        trigger.responded = false;
                        trigger.to_blindness = false;
                    }
                }
                HoldReason::Budget { .. }
                | HoldReason::Clocks { .. }
                | HoldReason::Difference { .. }
                | HoldReason::Incident { .. }
                | HoldReason::Trigger { .. } => {}
            }
        }
    }

    /// What is decided anew is looked at afresh.
    fn forget_failures(&mut self) {
        for check in self.checks.values_mut().flat_map(BTreeMap::values_mut) {
            check.failures = 0;
        }
    }

    /// Such gates of those that work is at are put back to the beginning.
    pub(super) fn reopen_gates(&mut self, which: impl Fn(&Gate) -> bool) {
        for place in self.places() {
            if self.gate(&place).is_some_and(&which) {
                self.close_asks(&place);
                if let Ok(stage) = self.stage_mut(&place) {
                    *stage = Stage::Ready;
                }
            }
        }
    }
}
