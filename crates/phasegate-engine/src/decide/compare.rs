//! Differences between old and new: recorded when they are new or have doubled, and explained by people
//! one by one before the rollout goes on.

use phasegate_core::{RoleId, TargetId};

use crate::engine::Engine;
use crate::event::EventError;
use crate::program::OpKind;
use crate::record::{AskAbout, Body, Finish, HoldReason, Place};

/// The most differences of one comparison that are told apart; a ledger of more says one thing: it is
/// not the same.
const DIFFERENCES_MAX: usize = 256;
/// The most characters of a difference's id and of its words that a record keeps.
const TEXT_MAX: usize = 200;

impl Engine {
    /// A comparer reports a difference, with how often it has been seen in all.
    pub(crate) fn differed(
        &mut self,
        target: TargetId,
        id: &str,
        count: u64,
        detail: &str,
    ) -> Result<(), EventError> {
        if !self.compares(&target) {
            return Err(EventError::NotApplicable {
                what: "the plan compares nothing there",
            });
        }
        let short = |text: &str| text.chars().take(TEXT_MAX).collect::<String>();
        let of_target = self
            .state
            .differences
            .keys()
            .filter(|(at, _)| *at == target);
        let id = if of_target.count() >= DIFFERENCES_MAX {
            MORE.to_owned()
        } else {
            short(id)
        };
        let known = self.state.differences.get(&(target.clone(), id.clone()));
        // Each doubling is worth a record; every sighting would be too many.
        if known.is_none_or(|known| count >= known.count.saturating_mul(2).max(1)) {
            self.emit(Body::DifferenceFound {
                target,
                id,
                count,
                detail: short(detail),
            });
        }
        Ok(())
    }

    fn compares(&self, target: &TargetId) -> bool {
        let phases = self.state.program.phases.iter();
        let mut ops = phases.flat_map(|phase| &phase.ops);
        ops.any(|op| matches!(&op.kind, OpKind::Ledger { target: at, .. } if at == target))
    }

    /// Asks about each difference that nobody has explained; goes on when none is left.
    pub(crate) fn step_ledger(&mut self, place: &Place, target: &TargetId, role: &RoleId) {
        let open = self
            .state
            .differences
            .iter()
            .find(|((at, _), difference)| at == target && difference.explained.is_none());
        let Some(((_, id), difference)) = open else {
            if self.may_move(place) {
                self.finish_op(place, Finish::Done);
            }
            return;
        };
        let about = AskAbout::Difference {
            target: target.clone(),
            id: id.clone(),
        };
        let held = self.state.holds.iter().any(
            |hold| matches!(hold, HoldReason::Difference { target: at, id: of } if at == target && of == id),
        );
        if held || self.is_asked(&about) {
            return;
        }
        let text = format!(
            "Old and new of {target} differ ({} times): {}. Is that explained, and is it as it should be?",
            difference.count, difference.detail
        );
        self.ask(about, vec![role.clone()], text);
    }
}

/// Under which id differences are counted beyond [`DIFFERENCES_MAX`].
const MORE: &str = "more";
