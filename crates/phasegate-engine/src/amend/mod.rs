//! Revised plans: what a revision changes, and which of it a running rollout may adopt.
//!
//! Work that has begun never changes: neither what it does, nor by what it is judged, nor how it is undone. Limits of it
//! may (budgets, time-outs, dates), and steps that have not begun may be left to a later phase. What has not begun may
//! change, come and go. Nothing is moved outside that the rollout did not claim when it was created.

mod judged;
mod phases;
mod refusal;
mod surroundings;
mod work;

use std::fmt;

use crate::program::Program;
use crate::record::Change;
use crate::state::{PhaseState, State};

pub use refusal::{NotPermitted, Refused};

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
        PhaseState::Idle | PhaseState::Undone | PhaseState::Waiting => false,
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
}
