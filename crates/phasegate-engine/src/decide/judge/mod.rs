//! Judging: what the answers of one look say, what of it is recorded, and what follows.

mod bakes;
mod coverage;
mod gates;
mod recorded;
mod triggers;
mod validation;

use std::cell::Cell;
use std::sync::Arc;

use phasegate_core::{CriterionId, EffectClass, Timestamp, TriggerId};
use phasegate_sla::{Alert, Hold, HoldState, Verdict};

use super::look::Closed;
use super::watch::{Look, Subject};
use crate::engine::Engine;
use crate::program::OnInconclusive;
use crate::record::{BakeProgress, Place};
use crate::state::{CheckState, EffectState, Stage, TriggerState, is_blind};

/// How a criterion stands at this look.
struct CheckSeen<'t> {
    look: &'t Look,
    place: &'t Place,
    check: &'t CriterionId,
    verdict: Verdict,
    /// Failures in a row.
    failures: u32,
    /// Does it stand otherwise than was recorded last?
    changed: bool,
}

/// How a trigger stands at this look.
struct TriggerSeen<'t> {
    look: &'t Look,
    trigger: &'t TriggerId,
    hold: HoldState,
    blind_since: Option<Timestamp>,
    /// Does it stand otherwise than was recorded last?
    changed: bool,
}

/// Everything that was seen at one look. Sentences are made for what is recorded or acted on.
struct Seen<'t> {
    closed: &'t Closed,
    checks: Vec<CheckSeen<'t>>,
    triggers: Vec<TriggerSeen<'t>>,
    /// What ends an operation at once, and is so.
    stops: Vec<(&'t Look, &'t Place, &'t CriterionId)>,
    bakes: Vec<BakeProgress>,
    /// Which of what is scaled would change, and by how many.
    scaling: Vec<(&'t Look, usize, i64)>,
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
        self.scale_by(&seen);
    }

    /// Growing comes first, and of several the most.
    fn scale_by(&mut self, seen: &Seen<'_>) {
        if self.state.outcome.is_some() {
            return;
        }
        let program = Arc::clone(&self.state.program);
        for (index, one) in program.scaling.iter().enumerate() {
            let of_it = seen.scaling.iter().filter(|(_, of, _)| *of == index);
            let Some((look, _, change)) = of_it.max_by_key(|(_, _, change)| *change) else {
                self.is_well(one);
                continue;
            };
            if self.rests(one) {
                continue;
            }
            let now = self.now().wall;
            let known = &self.state.testimony;
            let finding = seen.closed.finding(look, &self.registry, known, now);
            self.want(one, *change, finding);
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
            scaling: Vec::new(),
            recorded: Cell::new(false),
        };
        let mut here: Option<(&Place, bool)> = None;
        let mut is_started = |place: &'t Place| {
            // Those of one place follow each other.
            let known = here.filter(|(last, _)| std::ptr::eq(*last, place) || *last == place);
            let (_, is_started) =
                *here.insert(known.unwrap_or_else(|| (place, self.is_started(place))));
            is_started
        };
        for (look, verdict) in closed.verdicts(&self.registry, &self.state.testimony, at) {
            match &look.subject {
                // An operation may have ended while its answers were under way.
                Subject::Check { place, check } if is_started(place) => {
                    let seen_now = self.see_check(look, place, check, verdict);
                    seen.checks.push(seen_now);
                }
                Subject::Stop { place, check } if is_started(place) => {
                    if verdict.condition() == Some(true) {
                        seen.stops.push((look, place, check));
                    }
                }
                Subject::Scaling { scaling, change } => {
                    if verdict.condition() == Some(true) {
                        seen.scaling.push((look, *scaling, *change));
                    }
                }
                Subject::Check { .. } | Subject::Stop { .. } => {}
                Subject::Trigger(id, hold) => {
                    let seen_now = self.see_trigger(look, id, hold, &verdict);
                    seen.triggers.push(seen_now);
                }
            }
        }
        seen
    }

    fn see_check<'t>(
        &self,
        look: &'t Look,
        place: &'t Place,
        check: &'t CriterionId,
        verdict: Verdict,
    ) -> CheckSeen<'t> {
        let before = self.state.check(place, check);
        let so_far = before.map_or(0, |state| state.failures);
        let failures = self.failures(so_far, place, check, &verdict);
        let same = |state: &CheckState| {
            state.failures == failures && same_kind(&state.finding.verdict, &verdict)
        };
        CheckSeen {
            look,
            place,
            check,
            failures,
            changed: !before.is_some_and(same),
            verdict,
        }
    }

    fn see_trigger<'t>(
        &self,
        look: &'t Look,
        id: &'t TriggerId,
        kind: &Hold,
        verdict: &Verdict,
    ) -> TriggerSeen<'t> {
        let at = self.now().wall;
        let before = self.state.triggers.get(id);
        let running = self.volatile.holds.get(id).copied();
        let mut hold = before
            .map(|state| running.unwrap_or(state.hold))
            .unwrap_or_default();
        // One that begins after now was begun before the clock was set back.
        let ahead = hold.active_since().is_some_and(|since| since > at);
        if ahead && hold.alert() != Alert::Firing {
            hold = HoldState::default();
        }
        let _alert = kind.observe(&mut hold, verdict.condition(), at);
        let blind = is_blind(verdict);
        let blind_since = self.blind_since(blind, before.and_then(|state| state.blind_since));
        let same = |state: &TriggerState| {
            state.hold.alert() == hold.alert()
                && state.hold.active_since() == hold.active_since()
                && state.blind_since == blind_since
                // When a hold because of blindness was released, since when it lasts was forgotten.
                && is_blind(&state.finding.verdict) == blind
        };
        TriggerSeen {
            look,
            trigger: id,
            hold,
            blind_since,
            changed: !before.is_some_and(same),
        }
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
    fn failures(&self, so_far: u32, place: &Place, check: &CriterionId, verdict: &Verdict) -> u32 {
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
}

fn same_kind(a: &Verdict, b: &Verdict) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}
