//! Judging: what the answers of one look say, what of it is recorded, and what follows.

use std::cell::Cell;

use phasegate_core::{CriterionId, EffectClass, PhaseId, Span, Timestamp, TriggerId};
use phasegate_sla::{Alert, Hold, HoldState, Verdict};

use super::look::Closed;
use super::watch::{Look, Subject};
use crate::engine::Engine;
use crate::program::{Blind, Check, OnInconclusive, Op, OpKind, Reaction, Response};
use crate::record::{
    BakeProgress, Body, Cause, Finish, HoldReason, Judged, Place, TriggerProgress,
};
use crate::state::{EffectState, PhaseState, Stage, is_blind, sees_nothing};

/// A gap between two looks longer than so many intervals is not covered by evidence.
const GAP_INTERVALS_MAX: u64 = 3;

/// How a criterion stands at this look.
struct CheckSeen<'t> {
    look: &'t Look,
    place: &'t Place,
    check: &'t CriterionId,
    verdict: Verdict,
    /// Failures in a row.
    failures: u32,
}

/// How a trigger stands at this look.
struct TriggerSeen<'t> {
    look: &'t Look,
    trigger: &'t TriggerId,
    hold: HoldState,
    blind_since: Option<Timestamp>,
}

/// Everything that was seen at one look. Sentences are made for what is recorded or acted on.
struct Seen<'t> {
    closed: &'t Closed,
    checks: Vec<CheckSeen<'t>>,
    triggers: Vec<TriggerSeen<'t>>,
    /// What ends an operation at once, and is so.
    stops: Vec<(&'t Look, &'t Place, &'t CriterionId)>,
    bakes: Vec<BakeProgress>,
    /// Do the findings stand in a record?
    recorded: Cell<bool>,
}

impl Engine {
    /// Evaluates, records what is worth a record, and acts on it.
    pub(crate) fn judge(&mut self, closed: &Closed) {
        let mut seen = self.see(closed);
        self.keep_holds(&seen);
        seen.bakes = self.cover_bakes(&seen);
        self.record_findings(&seen);
        self.act_on_triggers(&seen);
        if self.state.rollback.is_none() {
            self.stop_at_once(&seen);
            self.act_on_bakes(&seen);
            self.act_on_gates(&seen);
        } else {
            self.act_on_validation(&seen);
        }
    }

    /// Triggers that are not watched now lose their running time.
    fn keep_holds(&mut self, seen: &Seen<'_>) {
        let holds = &mut self.volatile.holds;
        for t in &seen.triggers {
            match holds.get_mut(t.trigger) {
                Some(hold) => *hold = t.hold,
                None => {
                    holds.insert(t.trigger.clone(), t.hold);
                }
            }
        }
        if holds.len() != seen.triggers.len() {
            holds.retain(|id, _| seen.triggers.iter().any(|t| t.trigger == id));
        }
    }

    fn see<'t>(&self, closed: &'t Closed) -> Seen<'t> {
        let at = self.now().wall;
        let mut seen = Seen {
            closed,
            checks: Vec::new(),
            triggers: Vec::new(),
            stops: Vec::new(),
            bakes: Vec::new(),
            recorded: Cell::new(false),
        };
        for (look, verdict) in closed.verdicts(&self.registry, &self.state.testimony, at) {
            match &look.subject {
                // An operation may have ended while its answers were under way.
                Subject::Check { place, check } if self.is_started(place) => {
                    seen.checks.push(CheckSeen {
                        look,
                        place,
                        check,
                        failures: self.failures(place, check, &verdict),
                        verdict,
                    });
                }
                Subject::Stop { place, check } if self.is_started(place) => {
                    if verdict.condition() == Some(true) {
                        seen.stops.push((look, place, check));
                    }
                }
                Subject::Check { .. } | Subject::Stop { .. } => {}
                Subject::Trigger(id) => {
                    let previous = self.state.triggers.get(id);
                    let running = self.volatile.holds.get(id).copied();
                    let mut hold = previous
                        .map(|state| running.unwrap_or(state.hold))
                        .unwrap_or_default();
                    // One that begins after now was begun before the clock was set back.
                    let ahead = hold.active_since().is_some_and(|since| since > at);
                    if ahead && hold.alert() != Alert::Firing {
                        hold = HoldState::default();
                    }
                    let criterion = look.prepared.criterion();
                    let _alert = Hold::of(criterion).observe(&mut hold, verdict.condition(), at);
                    let before = previous.and_then(|state| state.blind_since);
                    let blind_since = self.blind_since(is_blind(&verdict), before);
                    seen.triggers.push(TriggerSeen {
                        look,
                        trigger: id,
                        hold,
                        blind_since,
                    });
                }
            }
        }
        seen
    }

    /// Since when nothing can be said. While a state that an interruption left open may still be brought
    /// about, there is nothing to be seen yet: that wait, which has an end, is no blindness. What could not
    /// be said before it was to be brought about counts on.
    fn blind_since(&self, blind: bool, before: Option<Timestamp>) -> Option<Timestamp> {
        let now = self.now().wall;
        let open = |state: &EffectState| {
            state.in_doubt
                && state.effect.class == EffectClass::AbsoluteWithReadBack
                && now < self.last_landing(state)
                && before.is_none_or(|before| before >= state.sent.wall)
        };
        let waits = || self.state.effects.values().any(open);
        (blind && !waits()).then(|| before.unwrap_or(now).min(now))
    }

    fn sentence(&self, closed: &Closed, look: &Look) -> String {
        let now = self.now().wall;
        closed
            .finding(look, &self.registry, &self.state.testimony, now)
            .sentence
    }

    fn is_started(&self, place: &Place) -> bool {
        matches!(self.state.stage(place), Some(Stage::Started { .. }))
    }

    /// Failures in a row, with this one.
    fn failures(&self, place: &Place, check: &CriterionId, verdict: &Verdict) -> u32 {
        let before = self.state.check(place, check);
        let so_far = before.map_or(0, |state| state.failures);
        match verdict {
            Verdict::Fail => so_far.saturating_add(1),
            Verdict::Inconclusive(_) => match self.on_inconclusive(place, check) {
                OnInconclusive::Fail => so_far.saturating_add(1),
                OnInconclusive::Hold => so_far,
            },
            Verdict::Pass | Verdict::Warn => 0,
        }
    }

    fn on_inconclusive(&self, place: &Place, check: &CriterionId) -> OnInconclusive {
        let op = self.state.op(place);
        let found = op.and_then(|op| op.checks().iter().find(|c| c.id == *check));
        found.map_or(OnInconclusive::Hold, |check| check.on_inconclusive)
    }

    /// Adds the time since the last look to every bake that could be looked at.
    fn cover_bakes(&mut self, seen: &Seen<'_>) -> Vec<BakeProgress> {
        let now = self.now();
        let gap_max = self
            .state
            .program
            .timing
            .every
            .saturating_mul(GAP_INTERVALS_MAX);
        let mut bakes = Vec::new();
        for place in self.places().iter() {
            let is_bake = self
                .state
                .op(place)
                .is_some_and(|op| matches!(op.kind, OpKind::Bake { .. }));
            let Some(Stage::Started { at, .. }) = self.state.stage(place) else {
                continue;
            };
            if !is_bake || self.state.rollback.is_some() {
                continue;
            }
            let recorded = self.state.bakes.get(place);
            let running = self.volatile.bakes.get(place).copied();
            let here = || seen.checks.iter().filter(|c| c.place == place);
            // The look may have begun before the bake did: then its criteria were not looked at.
            let checks = self.state.op(place).map(Op::checks).unwrap_or_default();
            let is_seen = |check: &Check| here().any(|c| *c.check == check.id);
            if !checks.iter().all(is_seen) {
                continue;
            }
            let blind = here().any(|c| is_blind(&c.verdict));
            // After a restart the time before the first look is a gap, not evidence.
            let restarted = running.is_none() && at.wall < self.volatile.since.wall;
            let fresh = || (recorded.map_or(Span::ZERO, |bake| bake.covered), *at);
            let (before, from) = running.unwrap_or_else(fresh);
            let step = now.elapsed_since(&from).low;
            let counts = !blind && !restarted && step <= gap_max;
            let covered = before.saturating_add(if counts { step } else { Span::ZERO });
            self.volatile.bakes.insert(place.clone(), (covered, now));
            // Undecided criteria are borne while the bake lasts; then their time runs.
            let span = self.bake_span(place).unwrap_or_default();
            let undecided =
                covered >= span && here().any(|c| matches!(c.verdict, Verdict::Inconclusive(_)));
            let before = recorded.and_then(|bake| bake.blind_since);
            let blind_since = self.blind_since(blind || undecided, before);
            bakes.push(BakeProgress {
                place: place.clone(),
                covered,
                blind_since,
            });
        }
        bakes
    }

    /// One record at most: on a change, before a decision, or when the last is old.
    fn record_findings(&mut self, seen: &Seen<'_>) {
        let now = self.now().wall;
        let old = now >= self.volatile.recorded_at + self.state.program.timing.roll_up;
        let wanted = std::mem::take(&mut self.volatile.wants_findings);
        if old || wanted || self.has_changed(seen) {
            self.record_now(seen);
        }
    }

    /// Records what this look has found, where it is not recorded yet: before anything is decided by it.
    fn record_now(&mut self, seen: &Seen<'_>) {
        let some = !(seen.checks.is_empty() && seen.stops.is_empty());
        let any = some || !(seen.triggers.is_empty() && seen.bakes.is_empty());
        if !any || seen.recorded.replace(true) {
            return;
        }
        let now = self.now().wall;
        let testimony = &self.state.testimony;
        let finding = |look| seen.closed.finding(look, &self.registry, testimony, now);
        let judged = seen.checks.iter().map(|c| Judged {
            place: c.place.clone(),
            check: c.check.clone(),
            finding: finding(c.look),
            failures: c.failures,
        });
        // Of conditions that end something at once those that hold: nothing else is made of them.
        let stops = seen.stops.iter().map(|(look, place, check)| Judged {
            place: (*place).clone(),
            check: (*check).clone(),
            finding: finding(look),
            failures: 0,
        });
        let judged = judged.chain(stops);
        let triggers = seen.triggers.iter().map(|t| TriggerProgress {
            trigger: t.trigger.clone(),
            finding: finding(t.look),
            hold: t.hold,
            blind_since: t.blind_since,
        });
        let body = Body::Evaluated {
            judged: judged.collect(),
            triggers: triggers.collect(),
            bakes: seen.bakes.clone(),
        };
        self.volatile.recorded_at = now;
        self.emit(body);
    }

    fn has_changed(&self, seen: &Seen<'_>) -> bool {
        let check_changed = seen.checks.iter().any(|c| {
            self.state.check(c.place, c.check).is_none_or(|state| {
                state.failures != c.failures || !same_kind(&state.finding.verdict, &c.verdict)
            })
        });
        let trigger_changed = seen.triggers.iter().any(|t| {
            self.state.triggers.get(t.trigger).is_none_or(|state| {
                state.hold.alert() != t.hold.alert()
                    || state.hold.active_since() != t.hold.active_since()
                    || state.blind_since != t.blind_since
            })
        });
        let bake_changed = seen.bakes.iter().any(|b| {
            let recorded = self.state.bakes.get(&b.place);
            recorded.is_none_or(|state| state.blind_since != b.blind_since)
                || self
                    .bake_span(&b.place)
                    .is_some_and(|span| b.covered >= span)
        });
        check_changed || trigger_changed || bake_changed
    }

    fn bake_span(&self, place: &Place) -> Option<Span> {
        match self.state.op(place)?.kind {
            OpKind::Bake { span, .. } => Some(span),
            OpKind::Apply { .. }
            | OpKind::Ask { .. }
            | OpKind::Gate(_)
            | OpKind::Ledger { .. }
            | OpKind::Measure { .. }
            | OpKind::Validate { .. }
            | OpKind::Wait { .. } => None,
        }
    }

    fn act_on_triggers(&mut self, seen: &Seen<'_>) {
        for progress in &seen.triggers {
            let responded = self
                .state
                .triggers
                .get(progress.trigger)
                .is_some_and(|state| state.responded);
            let firing = progress.hold.alert() == Alert::Firing;
            if responded || !(firing || progress.blind_since.is_some()) {
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

    fn has_lasted(&self, since: Option<Timestamp>, limit: Span) -> bool {
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
            Some(Response::Rollback(back)) => self.start_rollback(cause, back, phase),
            None => {}
        }
        for telling in &reaction.tell {
            self.tell(telling);
        }
    }

    fn act_on_bakes(&mut self, seen: &Seen<'_>) {
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
                BakeStep::Failed(reaction, _) | BakeStep::Blind(reaction)
                    if self.is_taken(&reaction) => {}
                BakeStep::Failed(reaction, failed) => {
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

    /// A gate waits for people and for criteria that can still be decided. Where nothing is seen by which one could
    /// be, it says so in time.
    fn act_on_gates(&mut self, seen: &Seen<'_>) {
        for place in self.places().iter() {
            if self.state.rollback.is_some() {
                return;
            }
            let Some(OpKind::Gate(gate)) = self.state.op(place).map(|op| &op.kind) else {
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
    fn bears(&self, blind: &Blind, gate: &Place) -> bool {
        let held = |hold: &HoldReason| matches!(hold, HoldReason::Blind { .. });
        let goes_back = matches!(blind.reaction.act, Some(Response::Rollback(_)));
        self.state.decided.contains(gate)
            || self.is_taken(&blind.reaction)
            || (!goes_back && self.state.holds.iter().any(held))
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
            let check = checks.iter().find(|check| check.id == *seen.check);
            let limit = check.map_or(1, |check| check.fail_after);
            if seen.failures > 0 && seen.failures >= limit {
                return BakeStep::Failed(on_fail.clone(), seen);
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
    fn stop_at_once(&mut self, seen: &Seen<'_>) {
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

    fn act_on_validation(&mut self, seen: &Seen<'_>) {
        let Some(place) = self
            .state
            .rollback
            .as_ref()
            .map(|r| Place::Rollback { op: r.op })
        else {
            return;
        };
        let Some(OpKind::Validate { within, spares, .. }) =
            self.state.op(&place).map(|op| &op.kind)
        else {
            return;
        };
        let (within, spares) = (*within, *spares);
        if !self.is_started(&place) || !self.state.is_rolling_back() {
            return;
        }
        let here = || seen.checks.iter().filter(|c| *c.place == place);
        let open = here().find(|c| !matches!(c.verdict, Verdict::Pass | Verdict::Warn));
        match open {
            None if here().next().is_some() => {
                self.record_now(seen);
                self.finish_op(&place, Finish::Done);
                // In the same look it may have begun to go further back.
                if self.may_be_enough() {
                    self.spare(spares);
                }
            }
            None => {}
            Some(open)
                if self
                    .running_for(&place)
                    .is_some_and(|elapsed| elapsed.high >= within) =>
            {
                let sentence = self.sentence(seen.closed, open.look);
                let reason = format!("not valid after {within}: {sentence}");
                let finish = if spares > 0 {
                    Finish::TooLittle { reason }
                } else {
                    Finish::Failed { reason }
                };
                self.record_now(seen);
                self.finish_op(&place, finish);
            }
            Some(_) => {}
        }
    }
}

/// What follows for a bake.
enum BakeStep<'s, 't> {
    Blind(Reaction),
    Done,
    Failed(Reaction, &'s CheckSeen<'t>),
    GoesOn,
}

fn same_kind(a: &Verdict, b: &Verdict) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}
