//! Whose turn it is: one operation after the other, and in a wave as many at once as the plan lets. What is at the same time
//! as the one whose turn it is, is ahead; how far it is stands in [`State::ahead`].

use super::State;
use super::parts::{PhaseState, Stage};
use crate::program::Op;
use crate::record::Place;

/// Of an operation that may begin and has not.
static READY: Stage = Stage::Ready;

impl State {
    /// The operations of a list that are worked on where the one at `first` has its turn.
    pub(super) fn turns(
        &self,
        ops: &[Op],
        first: usize,
        at: impl Fn(usize) -> Place,
    ) -> Vec<Place> {
        let Some(op) = ops.get(first) else {
            return Vec::new();
        };
        let Some(wave) = op.wave() else {
            return vec![at(first)];
        };
        let in_wave = |op: &&Op| op.wave() == Some(wave);
        let many = ops.iter().skip(first).take_while(in_wave).count();
        let at_once = usize::try_from(wave.at_once()).unwrap_or(usize::MAX);
        (first..first + many)
            .map(at)
            .filter(|place| self.ahead.get(place) != Some(&None))
            .take(at_once)
            .collect()
    }

    /// The operations of a phase that are worked on.
    pub(crate) fn turns_of_phase(&self, phase: &phasegate_core::PhaseId) -> Vec<Place> {
        match (self.phases.get(phase), self.program.phase(phase)) {
            (Some(PhaseState::Running { op, .. }), Some(of)) => {
                self.turns(&of.ops, *op, |op| Place::Phase {
                    phase: phase.clone(),
                    op,
                })
            }
            (_, _) => Vec::new(),
        }
    }

    /// The operations of the rollback that are worked on.
    pub(crate) fn turns_of_rollback(&self) -> Vec<Place> {
        let under_way = self.rollback.as_ref();
        under_way.map_or_else(Vec::new, |rollback| {
            self.turns(&rollback.ops, rollback.op, |op| Place::Rollback { op })
        })
    }

    /// Is it the turn of the operation there?
    pub(super) fn has_turn(&self, place: &Place) -> bool {
        match place {
            Place::Aside => false,
            Place::Phase { phase, op } => {
                let state = self.phases.get(phase);
                matches!(state, Some(PhaseState::Running { op: at, .. }) if at == op)
            }
            Place::Rollback { op } => {
                let under_way = self.rollback.as_ref();
                under_way.is_some_and(|rollback| rollback.op == *op)
            }
        }
    }

    /// How far an operation is that is not the one whose turn it is.
    pub(super) fn stage_ahead(&self, place: &Place) -> Option<&Stage> {
        match self.ahead.get(place) {
            Some(stage) => stage.as_ref(),
            None => self.is_worked_on(place).then_some(&READY),
        }
    }

    pub(super) fn stage_ahead_mut(&mut self, place: &Place) -> Option<&mut Stage> {
        if !self.ahead.contains_key(place) && self.is_worked_on(place) {
            self.ahead.insert(place.clone(), Some(Stage::Ready));
        }
        self.ahead.get_mut(place)?.as_mut()
    }

    fn is_worked_on(&self, place: &Place) -> bool {
        match place {
            Place::Aside => false,
            Place::Phase { phase, .. } => self.turns_of_phase(phase).contains(place),
            Place::Rollback { .. } => self.turns_of_rollback().contains(place),
        }
    }

    /// The operation there is over before its turn.
    pub(super) fn finish_ahead(&mut self, place: &Place) -> Result<(), &'static str> {
        self.stage_ahead_mut(place)
            .ok_or("that operation is not under way")?;
        self.ahead.insert(place.clone(), None);
        Ok(())
    }

    /// Whose turn it is after the one at `op`, and how far that is.
    pub(super) fn next_turn(&mut self, op: usize, at: impl Fn(usize) -> Place) -> (usize, Stage) {
        let mut next = op + 1;
        loop {
            match self.ahead.remove(&at(next)) {
                Some(Some(stage)) => return (next, stage),
                Some(None) => next += 1,
                None => return (next, Stage::Ready),
            }
        }
    }
}
