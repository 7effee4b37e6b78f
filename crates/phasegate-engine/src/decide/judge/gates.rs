//! Gates by which nothing is seen for too long.

use std::sync::Arc;

use phasegate_core::CriterionId;

use super::Seen;
use crate::engine::Engine;
use crate::program::{Blind, Response};
use crate::record::{Cause, HoldReason, Place};
use crate::state::sees_nothing;

impl Engine {
    /// A gate waits for people and for criteria that can still be decided. Where nothing is seen by which one could
    /// be, it says so in time.
    pub(super) fn act_on_gates(&mut self, seen: &Seen<'_>) {
        for place in Arc::clone(self.places()).iter() {
            if self.state.rollback.is_some() {
                return;
            }
            let Some(gate) = self.state.gate(place) else {
                continue;
            };
            let Some(blind) = &gate.blind else { continue };
            let lasts = |check: &CriterionId| {
                let state = self.state.check(place, check);
                self.has_lasted(state.and_then(|s| s.unseen_since), blind.after)
            };
            let mut here = seen.checks.iter().filter(|c| c.place == place);
            let unseen = here.find(|c| sees_nothing(&c.verdict) && lasts(c.check));
            let (Some(unseen), false) = (unseen, self.bears(blind, place)) else {
                continue;
            };
            let sentence = self.sentence(seen.closed, unseen.look);
            let what = format!("gate {}, criterion {}: {sentence}", gate.id, unseen.check);
            let mut reaction = blind.reaction.clone();
            reaction.act.get_or_insert(Response::Hold);
            let cause = Cause::Blind { what: what.clone() };
            self.record_now(seen);
            self.respond(&reaction, cause, HoldReason::Blind { what }, place.phase());
        }
    }

    /// Is there nothing to be done about it: is the gate decided, the way taken already, or is it held because of
    /// that? Who would go back still goes back.
    pub(super) fn bears(&self, blind: &Blind, gate: &Place) -> bool {
        let held = |hold: &HoldReason| matches!(hold, HoldReason::Blind { .. });
        let goes_back = matches!(blind.reaction.act, Some(Response::Rollback(_)));
        self.state.decided.contains(gate)
            || self.is_taken(&blind.reaction)
            || (!goes_back && self.state.holds.iter().any(held))
    }
}
