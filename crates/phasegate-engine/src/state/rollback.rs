//! Rollbacks: begun, ended.

use std::sync::Arc;

use phasegate_core::{CriterionId, Now};

use super::State;

use super::parts::{DrillState, PhaseState, RollbackState, Stage};
use crate::program::{Back, Phase};
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
                self.ahead.retain(|place, _| !place.is_rollback());
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
        let far = self.is_far(&back);
        self.rollback = None;
        self.checks.clear();
        self.bakes.clear();
        if let (Back::Procedure(id), true) = (back, undone.is_empty()) {
            // The phases go on, and so does what fires in them: it has been answered, and the next word is a
            // person's.
            self.overruns.retain(|place| !place.is_rollback());
            self.wait_to_re_enable(&id);
            self.taken.insert(id);
            return Ok(());
        }
        for phase in undone {
            if let Some(state) = self.phases.get_mut(&phase) {
                *state = PhaseState::Undone;
            }
        }
        if far {
            self.forget_what_is_off();
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

    /// What the procedure has switched off is to be switched on again.
    fn wait_to_re_enable(&mut self, procedure: &CriterionId) {
        let program = Arc::clone(&self.program);
        let of_it = |phase: &&Phase| phase.re_enables.as_ref() == Some(procedure);
        for phase in program.phases.iter().filter(of_it) {
            self.phases.insert(phase.id.clone(), PhaseState::Waiting);
            let is_elsewhere = |place: &Place| place.phase() != Some(&phase.id);
            self.overruns.retain(is_elsewhere);
            self.drift_accepted.retain(is_elsewhere);
        }
    }

    /// Does going back so far take everything back, parts that were switched off included?
    fn is_far(&self, back: &Back) -> bool {
        match back {
            Back::Before(_) | Back::Start => true,
            Back::Phase(_) | Back::Previous => false,
            Back::Procedure(id) => {
                let to = self.program.procedure(id).and_then(|one| one.to.as_ref());
                matches!(to, Some(Back::Before(_) | Back::Start))
            }
        }
    }

    /// Where everything is as it was at the start, nothing is left to be switched on again.
    fn forget_what_is_off(&mut self) {
        let program = Arc::clone(&self.program);
        let parts = program.phases.iter();
        for phase in parts.filter(|phase| phase.re_enables.is_some()) {
            self.phases.insert(phase.id.clone(), PhaseState::Idle);
        }
    }
}
