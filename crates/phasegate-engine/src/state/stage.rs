//! How far the operation at a place is, to be changed; and what ends with it.

use super::State;
use super::parts::{Failures, PhaseState, RollbackState, Stage};
use crate::record::{AskAbout, Place};

impl State {
    pub(super) fn rollback_mut(&mut self) -> Result<&mut RollbackState, &'static str> {
        self.rollback.as_mut().ok_or("no rollback is under way")
    }

    pub(super) fn stage_mut(&mut self, place: &Place) -> Result<&mut Stage, &'static str> {
        match place {
            Place::Aside => Err("no operation is there"),
            Place::Phase { .. } | Place::Rollback { .. } if !self.has_turn(place) => self
                .stage_ahead_mut(place)
                .ok_or("that operation is not under way"),
            Place::Phase { phase, .. } => match self.phases.get_mut(phase) {
                Some(PhaseState::Running { stage, .. }) => Ok(stage),
                Some(_) | None => Err("that operation is not under way"),
            },
            Place::Rollback { .. } => Ok(&mut self.rollback_mut()?.stage),
        }
    }

    pub(super) fn started_mut(
        &mut self,
        place: &Place,
    ) -> Result<(&mut Failures, &mut Option<u64>), &'static str> {
        match self.stage_mut(place)? {
            Stage::Started {
                effect, failures, ..
            } => Ok((failures, effect)),
            Stage::Ready => Err("that operation has not begun"),
        }
    }

    pub(super) fn close_asks(&mut self, place: &Place) {
        self.asks.retain(|_, state| match &state.ask.about {
            AskAbout::Approval { place: at, .. }
            | AskAbout::Attestation { place: at }
            | AskAbout::Task { place: at } => at != place,
            AskAbout::Difference { .. } | AskAbout::Effect { .. } | AskAbout::Incident { .. } => {
                true
            }
        });
    }

    pub(super) fn close_effect_asks(&mut self, effect: u64) {
        self.asks.retain(|_, state| match &state.ask.about {
            AskAbout::Effect { number } => *number != effect,
            AskAbout::Approval { .. }
            | AskAbout::Attestation { .. }
            | AskAbout::Difference { .. }
            | AskAbout::Incident { .. }
            | AskAbout::Task { .. } => true,
        });
    }

    pub(super) fn close_incident_asks(&mut self, incident: u64) {
        self.asks.retain(
            |_, state| !matches!(state.ask.about, AskAbout::Incident { number } if number == incident),
        );
    }

    /// Evidence of an operation ends with it.
    pub(super) fn forget(&mut self, place: &Place) {
        self.checks.remove(place);
        self.bakes.remove(place);
        self.decided.remove(place);
        self.overruns.remove(place);
        self.drift_accepted.remove(place);
        self.measured.remove(place);
    }
}
