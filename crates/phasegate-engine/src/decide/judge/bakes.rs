//! How a bake goes on: passed, failed, stopped at once, blind or overdue.

use phasegate_sla::Verdict;

use super::{CheckSeen, Seen};
use crate::engine::Engine;
use crate::program::{OpKind, Reaction, Response};
use crate::record::{BakeProgress, Cause, Finish, HoldReason, Place};

impl Engine {
    pub(super) fn act_on_bakes(&mut self, seen: &Seen<'_>) {
        for bake in &seen.bakes {
            if self.state.rollback.is_some() {
                return;
            }
            if !self.is_started(&bake.place) {
                continue;
            }
            let here = || seen.checks.iter().filter(|c| *c.place == bake.place);
            let phase = bake.place.phase();
            match self.bake_step(bake, &mut here()) {
                BakeStep::Done if self.may_leave(&bake.place) => {
                    self.record_now(seen);
                    self.finish_op(&bake.place, Finish::Done);
                }
                BakeStep::Done | BakeStep::GoesOn => self.end_overdue(seen, &bake.place),
                BakeStep::Failed { reaction, .. } | BakeStep::Blind(reaction)
                    if self.is_taken(&reaction) => {}
                // Who is only told is told once, and again when it has passed in between.
                BakeStep::Failed {
                    reaction, again, ..
                } if again && reaction.act.is_none() => {}
                BakeStep::Failed {
                    reaction, failed, ..
                } => {
                    let check = failed.check.clone();
                    let sentence = self.sentence(seen.closed, failed.look);
                    let cause = Cause::Criterion {
                        check: check.clone(),
                        sentence: sentence.clone(),
                    };
                    let hold = HoldReason::Criterion { check, sentence };
                    self.record_now(seen);
                    self.respond(&reaction, cause, hold, phase);
                }
                BakeStep::Blind(mut reaction) => {
                    // Whoever is only told must not be told for ever.
                    reaction.act.get_or_insert(Response::Hold);
                    let unseen = here().find(|c| matches!(c.verdict, Verdict::Inconclusive(_)));
                    let what = unseen.map(|c| {
                        let sentence = self.sentence(seen.closed, c.look);
                        format!("criterion {}: {sentence}", c.check)
                    });
                    let what = what.unwrap_or_default();
                    let cause = Cause::Blind { what: what.clone() };
                    self.record_now(seen);
                    self.respond(&reaction, cause, HoldReason::Blind { what }, phase);
                }
            }
        }
    }

    fn bake_step<'s, 't>(
        &self,
        bake: &BakeProgress,
        here: &mut dyn Iterator<Item = &'s CheckSeen<'t>>,
    ) -> BakeStep<'s, 't> {
        let Some(OpKind::Bake {
            span,
            checks,
            on_fail,
            blind,
            ..
        }) = self.state.op(&bake.place).map(|op| &op.kind)
        else {
            return BakeStep::GoesOn;
        };
        let mut pass = true;
        for seen in here {
            let fail_after = || {
                let check = checks.iter().find(|check| check.id == *seen.check);
                check.map_or(1, |check| check.fail_after)
            };
            let limit = if seen.failures > 0 { fail_after() } else { 1 };
            if seen.failures > 0 && seen.failures >= limit {
                return BakeStep::Failed {
                    reaction: on_fail.clone(),
                    failed: seen,
                    again: seen.failures > limit,
                };
            }
            pass &= matches!(seen.verdict, Verdict::Pass | Verdict::Warn);
        }
        if self.has_lasted(bake.blind_since, blind.after) {
            if self.bears(blind, &bake.place) {
                return BakeStep::GoesOn;
            }
            return BakeStep::Blind(blind.reaction.clone());
        }
        if pass && bake.covered >= *span {
            BakeStep::Done
        } else {
            BakeStep::GoesOn
        }
    }

    /// An abort condition holds: nothing goes on but the end of what was begun, and a person is asked.
    pub(super) fn stop_at_once(&mut self, seen: &Seen<'_>) {
        for (look, place, check) in &seen.stops {
            if !self.is_started(place) {
                continue;
            }
            let sentence = format!("stopped by {}", self.sentence(seen.closed, look));
            self.record_now(seen);
            self.hold(HoldReason::Criterion {
                check: (*check).clone(),
                sentence: sentence.clone(),
            });
            self.finish_op(place, Finish::Failed { reason: sentence });
        }
    }

    /// What is broken on purpose is mended in time, even if nobody could see what it did.
    fn end_overdue(&mut self, seen: &Seen<'_>, place: &Place) {
        let Some(span) = self.bake_span(place).filter(|_| self.ends_next(place)) else {
            return;
        };
        // An interruption may cost what was covered since the last record, which is then covered anew.
        let again = span.saturating_add(self.state.program.timing.roll_up);
        let patience = span.saturating_add(again);
        let overdue = self
            .running_for(place)
            .is_some_and(|elapsed| elapsed.high >= patience);
        if overdue {
            let reason = format!("it could not be decided within {patience}");
            self.record_now(seen);
            self.hold(HoldReason::Blind {
                what: reason.clone(),
            });
            self.finish_op(place, Finish::Failed { reason });
        }
    }
}

/// What follows for a bake.
enum BakeStep<'s, 't> {
    Blind(Reaction),
    Done,
    Failed {
        reaction: Reaction,
        failed: &'s CheckSeen<'t>,
        /// Had it failed as often already at the look before?
        again: bool,
    },
    GoesOn,
}
