//! Rollbacks: begun, ended.

use super::State;
use phasegate_core::Now;

use super::parts::{DrillState, PhaseState, RollbackState, Stage};
use crate::program::Back;
use crate::record::{AskAbout, Body, Cause, Place, Record};

impl State {
    pub(super) fn fold_rollback_started(&mut self, record: &Record) -> Result<(), &'static str> {
        let Body::RollbackStarted {
            cause,
            back,
            phases,
            ops,
            limit,
        } = &record.body
        else {
            return Err("not a rollback");
        };
        self.holds.clear();
        self.asks.retain(|_, state| {
            matches!(
                state.ask.about,
                AskAbout::Effect { .. } | AskAbout::Incident { .. }
            )
        });
        match &mut self.rollback {
            Some(rollback) if !rollback.failed => {
                rollback.extended = true;
                rollback.back = back.clone();
                rollback.phases.clone_from(phases);
                rollback.ops.extend(ops.iter().cloned());
                rollback.limit = *limit;
            }
            Some(_) | None => {
                self.overruns
                    .retain(|place| matches!(place, Place::Phase { .. }));
                self.rollback = Some(RollbackState {
                    cause: cause.clone(),
                    extended: false,
                    back: back.clone(),
                    phases: phases.clone(),
                    ops: ops.clone(),
                    op: 0,
                    stage: Stage::Ready,
                    started: record.now,
                    limit: *limit,
                    limit_blown: false,
                    unsuccessful: Vec::new(),
                    failed: false,
                });
            }
        }
        Ok(())
    }

    pub(super) fn fold_rollback_ended(
        &mut self,
        validated: bool,
        now: Now,
    ) -> Result<(), &'static str> {
        let rollback = self.rollback.as_mut().ok_or("no rollback is under way")?;
        if let (Cause::Drill { by, .. }, true) = (&rollback.cause, rollback.is_drill()) {
            self.drills.push(DrillState {
                by: by.clone(),
                back: rollback.back.clone(),
                ended: now.wall,
                took: now.elapsed_since(&rollback.started).high,
                limit: rollback.limit,
                recovery: self.program.recovery_time,
                validated,
            });
        }
        if !validated {
            rollback.failed = true;
            return Ok(());
        }
        let undone = std::mem::take(&mut rollback.phases);
        let back = rollback.back.clone();
        self.rollback = None;
        self.checks.clear();
        self.bakes.clear();
        if let (Back::Procedure(id), true) = (back, undone.is_empty()) {
            // The phases go on, and so does what fires in them: it has been answered, and the next word is a
            // person's.
            self.taken.insert(id);
            self.overruns.retain(|place| !place.is_rollback());
            return Ok(());
        }
        for phase in undone {
            if let Some(state) = self.phases.get_mut(&phase) {
                *state = PhaseState::Undone;
            }
        }
        self.renewing.retain(|place| {
            let state = place.phase().and_then(|phase| self.phases.get(phase));
            state != Some(&PhaseState::Undone)
        });
        self.taken.clear();
        self.triggers.clear();
        self.decided.clear();
        self.overruns.clear();
        self.drift_accepted.clear();
        self.measured.clear();
        self.passed_over.clear();
        Ok(())
    }
}
