//! Judging: what the answers of one look say, what of it is recorded, and what follows.

use std::collections::BTreeMap;

use phasegate_core::{Answer, CriterionId, Span, Timestamp};
use phasegate_sla::{Alert, Finding, Hold, Means, Verdict, Why, evaluate, evaluate_trigger};

use super::look::{Look, Subject};
use crate::engine::Engine;
use crate::program::{OnInconclusive, OpKind, Reaction, Response};
use crate::record::{
    BakeProgress, Body, Cause, Finish, HoldReason, Judged, Place, TriggerProgress,
};
use crate::state::{PhaseState, Stage};

/// A gap between two looks longer than so many intervals is not covered by evidence.
const GAP_INTERVALS_MAX: u64 = 3;

impl Engine {
    /// Evaluates, records what is worth a record, and acts on it.
    pub(crate) fn judge(&mut self, looks: &[Look], slots: &BTreeMap<u64, Option<Answer>>) {
        let at = self.now().wall;
        let (mut judged, mut triggers) = (Vec::new(), Vec::new());
        let mut holds = BTreeMap::new();
        for look in looks {
            let inputs = look.inputs(slots);
            let finding = match &look.subject {
                Subject::Check { .. } => evaluate,
                Subject::Trigger(_) => evaluate_trigger,
            }(&look.criterion, &self.registry, &inputs, at);
            let finding = with_samples_min(finding, look.samples_min);
            match &look.subject {
                // An operation may have ended while its answers were under way.
                Subject::Check { place, check } if self.is_started(place) => {
                    judged.push(self.judge_check(place, check, finding));
                }
                Subject::Check { .. } => {}
                Subject::Trigger(id) => {
                    let previous = self.state.triggers.get(id);
                    let running = self.volatile.holds.get(id).copied();
                    let mut hold = previous
                        .map(|state| running.unwrap_or(state.hold))
                        .unwrap_or_default();
                    let _alert =
                        Hold::of(&look.criterion).observe(&mut hold, finding.condition(), at);
                    let blind_since = is_blind(&finding)
                        .then(|| previous.and_then(|state| state.blind_since).unwrap_or(at));
                    let trigger = id.clone();
                    holds.insert(trigger.clone(), hold);
                    triggers.push(TriggerProgress {
                        trigger,
                        finding,
                        hold,
                        blind_since,
                    });
                }
            }
        }
        self.volatile.holds = holds;
        let bakes = self.cover_bakes(&judged);
        self.record_findings(&judged, &triggers, &bakes);
        self.act_on_triggers(&triggers);
        if self.state.rollback.is_none() {
            self.act_on_bakes(&judged, &bakes);
        } else {
            self.act_on_validation(&judged);
        }
    }

    fn is_started(&self, place: &Place) -> bool {
        matches!(self.state.stage(place), Some(Stage::Started { .. }))
    }

    fn judge_check(&self, place: &Place, check: &CriterionId, finding: Finding) -> Judged {
        let before = self.state.checks.get(&(place.clone(), check.clone()));
        let so_far = before.map_or(0, |state| state.failures);
        let failures = match &finding.verdict {
            Verdict::Fail => so_far.saturating_add(1),
            Verdict::Inconclusive(_) => match self.on_inconclusive(place, check) {
                OnInconclusive::Fail => so_far.saturating_add(1),
                OnInconclusive::Hold => so_far,
            },
            Verdict::Pass | Verdict::Warn => 0,
        };
        Judged {
            place: place.clone(),
            check: check.clone(),
            finding,
            failures,
        }
    }

    fn on_inconclusive(&self, place: &Place, check: &CriterionId) -> OnInconclusive {
        let op = self.state.op(place);
        let found = op.and_then(|op| op.checks().iter().find(|c| c.id == *check));
        found.map_or(OnInconclusive::Hold, |check| check.on_inconclusive)
    }

    /// Adds the time since the last look to every bake that could be looked at.
    fn cover_bakes(&mut self, judged: &[Judged]) -> Vec<BakeProgress> {
        let now = self.now();
        let gap_max = self
            .state
            .program
            .timing
            .every
            .saturating_mul(GAP_INTERVALS_MAX);
        let mut bakes = Vec::new();
        for place in self.state.places() {
            let is_bake = self
                .state
                .op(&place)
                .is_some_and(|op| matches!(op.kind, OpKind::Bake { .. }));
            let Some(Stage::Started { at, .. }) = self.state.stage(&place) else {
                continue;
            };
            if !is_bake || self.state.rollback.is_some() {
                continue;
            }
            let recorded = self.state.bakes.get(&place);
            let seen = self.volatile.bakes.get(&place).copied();
            let blind = judged
                .iter()
                .any(|j| j.place == place && is_blind(&j.finding));
            // After a restart the time before the first look is a gap, not evidence.
            let restarted = seen.is_none() && at.wall < self.volatile.since.wall;
            let fresh = || (recorded.map_or(Span::ZERO, |bake| bake.covered), *at);
            let (before, from) = seen.unwrap_or_else(fresh);
            let step = now.elapsed_since(&from).low;
            let counts = !blind && !restarted && step <= gap_max;
            let covered = before.saturating_add(if counts { step } else { Span::ZERO });
            self.volatile.bakes.insert(place.clone(), (covered, now));
            // Undecided criteria are borne while the bake lasts; then their time runs.
            let span = self.bake_span(&place).unwrap_or_default();
            let undecided = covered >= span
                && judged.iter().any(|j| {
                    j.place == place && matches!(j.finding.verdict, Verdict::Inconclusive(_))
                });
            let blind_since = (blind || undecided).then(|| {
                recorded
                    .and_then(|bake| bake.blind_since)
                    .unwrap_or(now.wall)
            });
            bakes.push(BakeProgress {
                place,
                covered,
                blind_since,
            });
        }
        bakes
    }

    /// One record at most: on a change, before a decision, or when the last is old.
    fn record_findings(
        &mut self,
        judged: &[Judged],
        triggers: &[TriggerProgress],
        bakes: &[BakeProgress],
    ) {
        let check_changed = judged.iter().any(|j| {
            let key = (j.place.clone(), j.check.clone());
            self.state.checks.get(&key).is_none_or(|state| {
                state.failures != j.failures || !same_kind(&state.finding, &j.finding)
            })
        });
        let trigger_changed = triggers.iter().any(|t| {
            self.state.triggers.get(&t.trigger).is_none_or(|state| {
                state.hold.alert() != t.hold.alert()
                    || state.hold.active_since() != t.hold.active_since()
                    || state.blind_since != t.blind_since
            })
        });
        let bake_changed = bakes.iter().any(|b| {
            let recorded = self.state.bakes.get(&b.place);
            recorded.is_none_or(|state| state.blind_since != b.blind_since)
                || self
                    .bake_span(&b.place)
                    .is_some_and(|span| b.covered >= span)
        });
        let now = self.now().wall;
        let old = now >= self.volatile.recorded_at + self.state.program.timing.roll_up;
        let any = !(judged.is_empty() && triggers.is_empty() && bakes.is_empty());
        if any && (check_changed || trigger_changed || bake_changed || old) {
            self.volatile.recorded_at = now;
            self.emit(Body::Evaluated {
                judged: judged.to_vec(),
                triggers: triggers.to_vec(),
                bakes: bakes.to_vec(),
            });
        }
    }

    fn bake_span(&self, place: &Place) -> Option<Span> {
        match self.state.op(place)?.kind {
            OpKind::Bake { span, .. } => Some(span),
            OpKind::Apply { .. }
            | OpKind::Ask { .. }
            | OpKind::Gate(_)
            | OpKind::Validate { .. }
            | OpKind::Wait { .. } => None,
        }
    }

    fn act_on_triggers(&mut self, triggers: &[TriggerProgress]) {
        for progress in triggers {
            let responded = self
                .state
                .triggers
                .get(&progress.trigger)
                .is_some_and(|state| state.responded);
            if responded {
                continue;
            }
            let program = std::sync::Arc::clone(&self.state.program);
            let Some(trigger) = program.triggers.iter().find(|t| t.id == progress.trigger) else {
                continue;
            };
            let sentence = progress.finding.sentence.clone();
            let blind_too_long = self.has_lasted(progress.blind_since, trigger.blind.after)
                && self.state.rollback.is_none();
            let (reaction, cause, hold) = if progress.hold.alert() == Alert::Firing {
                let id = trigger.id.clone();
                let cause = Cause::Trigger {
                    trigger: id.clone(),
                    sentence: sentence.clone(),
                };
                (
                    &trigger.reaction,
                    cause,
                    HoldReason::Trigger {
                        trigger: id,
                        sentence,
                    },
                )
            } else if blind_too_long {
                let what = format!("trigger {}: {sentence}", trigger.id);
                let cause = Cause::Blind { what: what.clone() };
                (&trigger.blind.reaction, cause, HoldReason::Blind { what })
            } else {
                continue;
            };
            self.emit(Body::TriggerFired {
                trigger: trigger.id.clone(),
                finding: progress.finding.clone(),
                response: reaction.act.clone(),
            });
            let running = |id: &&phasegate_core::PhaseId| {
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
        phase: Option<&phasegate_core::PhaseId>,
    ) {
        match &reaction.act {
            Some(Response::Hold) if self.state.rollback.is_some() => {}
            Some(Response::Hold) => self.hold(hold),
            Some(Response::Rollback(back)) => self.start_rollback(cause, back, phase),
            None => {}
        }
        for telling in &reaction.tell {
            self.tell(telling);
        }
    }

    fn act_on_bakes(&mut self, judged: &[Judged], bakes: &[BakeProgress]) {
        for bake in bakes {
            if self.state.rollback.is_some() {
                return;
            }
            let Some(OpKind::Bake {
                span,
                checks,
                on_fail,
                blind,
                ..
            }) = self.state.op(&bake.place).map(|op| op.kind.clone())
            else {
                continue;
            };
            let here = || judged.iter().filter(|j| j.place == bake.place);
            let failed = here().find(|j| {
                let limit = checks
                    .iter()
                    .find(|c| c.id == j.check)
                    .map_or(1, |c| c.fail_after);
                j.failures > 0 && j.failures >= limit
            });
            let phase = bake.place.phase();
            if let Some(j) = failed {
                let (check, sentence) = (j.check.clone(), j.finding.sentence.clone());
                let cause = Cause::Criterion {
                    check: check.clone(),
                    sentence: sentence.clone(),
                };
                self.respond(
                    &on_fail,
                    cause,
                    HoldReason::Criterion { check, sentence },
                    phase,
                );
            } else if self.has_lasted(bake.blind_since, blind.after) {
                let unseen = here().find(|j| matches!(j.finding.verdict, Verdict::Inconclusive(_)));
                let what = unseen.map(|j| format!("criterion {}: {}", j.check, j.finding.sentence));
                let what = what.unwrap_or_default();
                let cause = Cause::Blind { what: what.clone() };
                if !self
                    .state
                    .holds
                    .iter()
                    .any(|h| matches!(h, HoldReason::Blind { .. }))
                {
                    self.respond(&blind.reaction, cause, HoldReason::Blind { what }, phase);
                }
            } else if bake.covered >= span
                && here().all(|j| matches!(j.finding.verdict, Verdict::Pass | Verdict::Warn))
                && self.may_move(&bake.place)
            {
                self.finish_op(&bake.place, Finish::Done);
            }
        }
    }

    fn act_on_validation(&mut self, judged: &[Judged]) {
        let Some(place) = self
            .state
            .rollback
            .as_ref()
            .map(|r| Place::Rollback { op: r.op })
        else {
            return;
        };
        let Some(OpKind::Validate { within, .. }) = self.state.op(&place).map(|op| op.kind.clone())
        else {
            return;
        };
        if !self.is_started(&place) || !self.state.is_rolling_back() {
            return;
        }
        let here = || judged.iter().filter(|j| j.place == place);
        let open = here().find(|j| !matches!(j.finding.verdict, Verdict::Pass | Verdict::Warn));
        match open {
            None if here().next().is_some() => self.finish_op(&place, Finish::Done),
            None => {}
            Some(j)
                if self
                    .running_for(&place)
                    .is_some_and(|elapsed| elapsed.high >= within) =>
            {
                let reason = format!("not valid after {within}: {}", j.finding.sentence);
                self.finish_op(&place, Finish::Failed { reason });
            }
            Some(_) => {}
        }
    }
}

/// With fewer samples than the plan asks for nothing is decided. A number that the source has already
/// made does not say how many stand behind it, so the plan's minimum is not for it.
fn with_samples_min(mut finding: Finding, need: u64) -> Finding {
    if finding.means == Some(Means::Scalar) {
        return finding;
    }
    if let (Some(have), Some(_)) = (finding.samples, finding.condition())
        && have < need
    {
        finding.verdict = Verdict::Inconclusive(Why::TooFewSamples { have, need });
        finding.sentence = format!("{}: too few samples, {have} of {need}", finding.rule);
    }
    finding
}

/// Is nothing seen at all? Too few samples are not blindness: they grow.
fn is_blind(finding: &Finding) -> bool {
    match &finding.verdict {
        Verdict::Inconclusive(why) => match why {
            Why::Invalid
            | Why::NoData
            | Why::OutOfRange
            | Why::ProviderUnavailable
            | Why::Throttled => true,
            Why::BaselineApproximate
            | Why::BaselineMissing
            | Why::HumanAnswerMissing
            | Why::NotYet { .. }
            | Why::TooFewSamples { .. }
            | Why::Undecided => false,
        },
        Verdict::Fail | Verdict::Pass | Verdict::Warn => false,
    }
}

fn same_kind(a: &Finding, b: &Finding) -> bool {
    std::mem::discriminant(&a.verdict) == std::mem::discriminant(&b.verdict)
}
