//! When the engine has to be called next. Only moments at which something would happen count, so that
//! no shell ever spins.

use phasegate_core::{Elapsed, Now, Span, Timestamp};

use super::Sight;
use super::reading::READING_WITHIN;
use crate::engine::Engine;
use crate::program::{Gate, OpKind};
use crate::record::Place;
use crate::state::{PhaseState, Stage};

/// The earliest of several moments.
#[derive(Default)]
struct Earliest(Option<Timestamp>);

impl Earliest {
    fn at(&mut self, moment: Timestamp) {
        self.0 = Some(self.0.map_or(moment, |earliest| earliest.min(moment)));
    }

    /// When a wait that counts the least that can have passed is over, if both clocks go on evenly.
    fn wait(&mut self, now: &Now, elapsed: Elapsed, span: Span) {
        if elapsed.low < span {
            self.at(now.wall + span.saturating_sub(elapsed.low));
        }
    }

    /// When a deadline that counts the most that can have passed is missed.
    fn deadline(&mut self, now: &Now, elapsed: Elapsed, span: Span) {
        if elapsed.high <= span {
            self.at(now.wall + span.saturating_sub(elapsed.high).saturating_add(TICK));
        }
    }
}

/// Deadlines are missed when more than their time has passed.
const TICK: Span = Span::from_nanos(1);

impl Engine {
    pub(crate) fn next_timeout(&self) -> Option<Timestamp> {
        let (now, mut next) = (self.now(), Earliest::default());
        if let Some(tick) = self.tick_timeout() {
            next.at(tick);
        }
        if let Some(standing) = self.standing_timeout() {
            next.at(standing);
        }
        for (_, asked) in self.volatile.inspections.values() {
            next.deadline(&now, now.elapsed_since(asked), READING_WITHIN);
        }
        self.effect_timeouts(&mut next);
        for place in self.places().iter() {
            self.op_timeouts(&now, place, &mut next);
        }
        if let Some(rollback) = &self.state.rollback
            && let Some(limit) = rollback.limit
            && !(rollback.limit_blown || rollback.failed)
        {
            next.deadline(&now, now.elapsed_since(&rollback.started), limit);
        }
        for number in self.state.incidents.keys() {
            for (_, (since, span)) in self.incident_clocks(*number) {
                next.deadline(&now, now.elapsed_since(&since), span);
            }
        }
        for due in self.announcements_due().iter().flatten() {
            next.at(*due);
        }
        for due in self.maintenance_due().iter().flatten() {
            next.at(due.at);
        }
        // Forward movement is checked anew when a freeze begins, so only its end is due.
        if let Some(until) = self.state.program.frozen_until(now.wall) {
            next.at(until);
        }
        for phase in &self.state.program.phases {
            if self.state.phases.get(&phase.id) == Some(&PhaseState::Waiting)
                && let Some(moment) = phase.not_before
                && moment > now.wall
            {
                next.at(moment);
            }
        }
        next.0
    }

    /// Does it wait for moments and people alone? Then nothing is under way or being looked at, and an
    /// engine that is rebuilt at [`Engine::poll_timeout`] knows as much as this one.
    pub fn is_idle(&self) -> bool {
        let (volatile, now) = (&self.volatile, self.now().wall);
        // What decides nothing new may have something to decide.
        (!volatile.quiet || volatile.rested)
            && self.all_taken()
            && self.state.effects.is_empty()
            && volatile.in_flight.is_empty()
            && volatile.inspections.is_empty()
            && volatile.retry_at.values().all(|moment| *moment <= now)
            && volatile.tick.is_none()
            && !self.is_looking()
    }

    fn effect_timeouts(&self, next: &mut Earliest) {
        let now = self.now().wall;
        for (number, state) in &self.state.effects {
            let landing = self.last_landing(state);
            if landing > now {
                next.at(landing);
            }
            if let Some(moment) = self.volatile.retry_at.get(&Sight::Doubt(*number))
                && *moment > now
            {
                next.at(*moment);
            }
        }
    }

    fn op_timeouts(&self, now: &Now, place: &Place, next: &mut Earliest) {
        let (Some(op), Some(Stage::Started { at, .. })) =
            (self.state.op(place), self.state.stage(place))
        else {
            return;
        };
        let elapsed = now.elapsed_since(at);
        if let Some(budget) = op.budget
            && !self.state.overruns.contains(place)
        {
            next.deadline(now, elapsed, budget);
        }
        match &op.kind {
            OpKind::Apply { .. } => {
                if let Some(moment) = self
                    .volatile
                    .retry_at
                    .get(&Sight::BeforeWrite(place.clone()))
                    && *moment > now.wall
                {
                    next.at(*moment);
                }
            }
            OpKind::Gate(gate) => gate_timeouts(now, elapsed, gate, next),
            OpKind::Measure { figures, over, .. } => {
                next.wait(now, elapsed, over.saturating_add(self.lag_of(figures)));
            }
            OpKind::Wait { span } => next.wait(now, elapsed, *span),
            OpKind::Ask { .. }
            | OpKind::Bake { .. }
            | OpKind::Ledger { .. }
            | OpKind::Validate { .. } => {}
        }
    }
}

fn gate_timeouts(now: &Now, elapsed: Elapsed, gate: &Gate, next: &mut Earliest) {
    if let Some(moment) = gate.not_before
        && moment > now.wall
    {
        next.at(moment);
    }
    if let Some(timeout) = gate.timeout
        && elapsed.high < timeout
    {
        next.at(now.wall + timeout.saturating_sub(elapsed.high));
    }
}
