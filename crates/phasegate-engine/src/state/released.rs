//! What a release by a person means for each kind of hold.

use std::collections::BTreeMap;

use super::State;
use super::parts::{PhaseState, Stage};
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
                HoldReason::Gate { .. } | HoldReason::Criterion { .. } => {
                    // Both are looked at afresh.
                    for check in self.checks.values_mut().flat_map(BTreeMap::values_mut) {
                        check.failures = 0;
                    }
                    self.reopen_gates();
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

    /// Gates that were decided and hold are put back to the beginning.
    pub(super) fn reopen_gates(&mut self) {
        let places = self.places();
        for place in places {
            let is_gate = self
                .op(&place)
                .is_some_and(|op| matches!(op.kind, crate::program::OpKind::Gate(_)));
            if is_gate {
                self.close_asks(&place);
                if let Ok(stage) = self.stage_mut(&place) {
                    *stage = Stage::Ready;
                }
            }
        }
    }
}
