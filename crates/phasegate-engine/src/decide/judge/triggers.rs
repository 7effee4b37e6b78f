//! What a trigger that fires, or that could not be told for too long, leads to.

use phasegate_core::{PhaseId, Span, Timestamp};
use phasegate_sla::Alert;

use super::Seen;
use crate::engine::Engine;
use crate::program::{Reaction, Response};
use crate::record::{Body, Cause, HoldReason};
use crate::state::PhaseState;

impl Engine {
    pub(super) fn act_on_triggers(&mut self, seen: &Seen<'_>) {
        for progress in &seen.triggers {
            let firing = progress.hold.alert() == Alert::Firing;
            if !firing && progress.blind_since.is_none() {
                continue;
            }
            let state = self.state.triggers.get(progress.trigger);
            if state.is_some_and(|state| state.responded) {
                continue;
            }
            let program = std::sync::Arc::clone(&self.state.program);
            let Some(trigger) = program.triggers.iter().find(|t| t.id == *progress.trigger) else {
                continue;
            };
            // While there is nothing to ask about yet, however late the source is, nothing is found out by waiting less.
            let blind_too_long = self.has_lasted(progress.blind_since, trigger.blind.after)
                && self.state.rollback.is_none()
                && !seen.closed.waits(progress.look);
            if !firing && !blind_too_long {
                continue;
            }
            let reaction = if firing {
                &trigger.reaction
            } else {
                &trigger.blind.reaction
            };
            if self.is_taken(reaction) {
                continue;
            }
            let finding = seen.closed.finding(
                progress.look,
                &self.registry,
                &self.state.testimony,
                self.now().wall,
            );
            let sentence = finding.sentence.clone();
            let id = trigger.id.clone();
            let (reaction, cause, hold) = if firing {
                let cause = Cause::Trigger {
                    trigger: id.clone(),
                    sentence: sentence.clone(),
                };
                let hold = HoldReason::Trigger {
                    trigger: id.clone(),
                    sentence,
                };
                (&trigger.reaction, cause, hold)
            } else {
                let what = format!("trigger {id}: {sentence}");
                let cause = Cause::Blind { what: what.clone() };
                (&trigger.blind.reaction, cause, HoldReason::Blind { what })
            };
            self.emit(Body::TriggerFired {
                trigger: id,
                finding,
                response: reaction.act.clone(),
            });
            let running = |id: &&PhaseId| {
                matches!(self.state.phases.get(*id), Some(PhaseState::Running { .. }))
            };
            let phase = trigger.during.iter().find(running).cloned();
            self.respond(reaction, cause, hold, phase.as_ref());
        }
    }

    pub(super) fn has_lasted(&self, since: Option<Timestamp>, limit: Span) -> bool {
        since.is_some_and(|since| self.now().wall.since(since) >= limit)
    }

    /// Does what the plan says, hold or go back, and then tells.
    pub(crate) fn respond(
        &mut self,
        reaction: &Reaction,
        cause: Cause,
        hold: HoldReason,
        phase: Option<&PhaseId>,
    ) {
        match &reaction.act {
            Some(Response::Hold) if self.state.rollback.is_some() => {}
            // Who was told once is not told again at each look.
            Some(Response::Hold) if self.is_held_for(&hold) => return,
            Some(Response::Hold) => self.hold(hold),
            Some(Response::Rollback(back)) => self.start_rollback(cause.clone(), back, phase),
            None => {}
        }
        for telling in &reaction.tell {
            self.tell_because(telling, &cause, phase);
        }
    }
}
