//! A phase that has begun, as it is and as a revision would have it.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{PhaseId, StepId};

use super::NotPermitted;
use crate::program::{Gate, Op, OpKind, Phase};
use crate::record::Change;
use crate::state::{PhaseState, Stage};

pub(super) struct Work<'p> {
    old: &'p Phase,
    new: &'p Phase,
    /// So many operations have begun.
    begun: usize,
    pub(super) changes: Vec<Change>,
    pub(super) refused: Vec<NotPermitted>,
}

impl<'p> Work<'p> {
    /// `ahead`: how far what is done before its turn reaches.
    pub(super) fn new(old: &'p Phase, new: &'p Phase, state: &PhaseState, ahead: usize) -> Self {
        let begun = match state {
            PhaseState::Running { op, stage } => {
                ahead.max(op + usize::from(*stage != Stage::Ready))
            }
            PhaseState::Done | PhaseState::Idle | PhaseState::Undone | PhaseState::Waiting => {
                old.ops.len()
            }
        };
        Self {
            old,
            new,
            begun,
            changes: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// `later`: the phases of the revision that have not begun.
    pub(super) fn compare(&mut self, later: &[&Phase]) {
        let phase = self.old.id.clone();
        let set = |phase: &Phase| phase.after.iter().cloned().collect::<BTreeSet<_>>();
        if set(self.old) != set(self.new) {
            self.refused.push(NotPermitted::Order { phase });
        }
        let deferrable = self.deferrable(later);
        let gone = self.steps(&deferrable);
        self.way_back(&gone);
        for (step, to) in gone {
            self.changes.push(Change::Deferred {
                step,
                from: self.old.id.clone(),
                to,
            });
        }
    }

    /// Steps of which nothing has begun, that do something, that the revision leaves out here, and that a later phase
    /// has: with the first such phase.
    fn deferrable(&self, later: &[&Phase]) -> BTreeMap<StepId, PhaseId> {
        let (done, rest) = self.old.ops.split_at(self.begun.min(self.old.ops.len()));
        let is_of = |step: &StepId, ops: &[Op]| ops.iter().any(|op| op.step == *step);
        let mut found = BTreeMap::new();
        for op in rest {
            let does = matches!(
                op.kind,
                OpKind::Apply { .. } | OpKind::Measure { .. } | OpKind::Wait { .. }
            );
            if !does || is_of(&op.step, done) || is_of(&op.step, &self.new.ops) {
                continue;
            }
            let has = later.iter().find(|phase| is_of(&op.step, &phase.ops));
            if let Some(to) = has {
                found.insert(op.step.clone(), to.id.clone());
            }
        }
        found
    }

    /// Both lists side by side; gives back what was deferred.
    fn steps(&mut self, deferrable: &BTreeMap<StepId, PhaseId>) -> BTreeMap<StepId, PhaseId> {
        let mut gone = BTreeMap::new();
        let mut new = self.new.ops.iter().peekable();
        let mut limits: BTreeSet<StepId> = BTreeSet::new();
        for op in &self.old.ops {
            if let Some(to) = deferrable.get(&op.step) {
                gone.insert(op.step.clone(), to.clone());
                continue;
            }
            match new.next_if(|twin| unlimited(twin) == unlimited(op)) {
                Some(twin) if twin == op => {}
                Some(_) => _ = limits.insert(op.step.clone()),
                // What comes after the first difference would only repeat it.
                None => return self.refuse(&op.step),
            }
        }
        if let Some(more) = new.next() {
            return self.refuse(&more.step);
        }
        self.changes
            .extend(limits.into_iter().map(|step| Change::Limits {
                phase: self.old.id.clone(),
                step: Some(step),
            }));
        gone
    }

    fn refuse(&mut self, step: &StepId) -> BTreeMap<StepId, PhaseId> {
        self.refused.push(NotPermitted::Work {
            phase: self.old.id.clone(),
            step: step.clone(),
        });
        BTreeMap::new()
    }

    /// The way back may lack the ends of what was deferred, which has not begun.
    fn way_back(&mut self, gone: &BTreeMap<StepId, PhaseId>) {
        let (old, new) = (&self.old.rollback, &self.new.rollback);
        let needed = |op: &&Op| !(op.is_end() && gone.contains_key(&op.step));
        let old_ops: Vec<&Op> = old.ops.iter().filter(needed).collect();
        let same = old_ops.len() == new.ops.len()
            && old_ops
                .iter()
                .zip(&new.ops)
                .all(|(a, b)| unlimited(a) == unlimited(b));
        let phase = self.old.id.clone();
        if !same {
            self.refused.push(NotPermitted::WayBack { phase });
            return;
        }
        let limits = old_ops.iter().zip(&new.ops).any(|(a, b)| *a != b)
            || old.limit != new.limit
            || old.escalate != new.escalate;
        if limits {
            self.changes.push(Change::Limits { phase, step: None });
        }
    }
}

/// An operation without what may change while it is under way, and without its words.
fn unlimited(op: &Op) -> Op {
    let mut op = op.clone();
    op.title.clear();
    op.budget = None;
    if let OpKind::Gate(gate) = &mut op.kind {
        let Gate {
            approvals,
            not_before,
            timeout,
            ..
        } = gate;
        (*not_before, *timeout) = (None, None);
        // Whoever wrote the revision is another author.
        approvals.except.clear();
        approvals.expires_after = None;
    }
    op
}
