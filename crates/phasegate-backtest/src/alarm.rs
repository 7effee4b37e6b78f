//! What raises an alarm, and whether it is still the same one.

use std::collections::BTreeMap;

use phasegate_core::{CriterionId, GateId, Span, Timestamp};
use phasegate_engine::record::{Cause, GateReason, HoldReason};

/// What raises an alarm.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Source {
    /// Nothing could be measured.
    Blindness,
    /// A criterion failed, of a bake or of a gate.
    Check(CriterionId),
    /// A gate that nobody decided in time.
    Gate(GateId),
    /// A trigger fired.
    Trigger(CriterionId),
}

/// One that is not over, as far as is known.
#[derive(Clone, Copy, Debug)]
struct Lasting {
    /// Which of all alarms.
    number: usize,
    /// When it was seen last.
    seen: Timestamp,
}

/// The alarms that are not over: what is held again for the same is no other alarm.
#[derive(Debug)]
pub(crate) struct Lastings {
    all: BTreeMap<Source, Lasting>,
    /// On which criterion the last no of a gate rests.
    rests_on: BTreeMap<GateId, CriterionId>,
    /// So long an unchanged finding goes without a record, and then a look.
    unseen: Span,
}

impl Lastings {
    pub(crate) const fn new(unseen: Span) -> Self {
        Self {
            all: BTreeMap::new(),
            rests_on: BTreeMap::new(),
            unseen,
        }
    }

    /// What holds it.
    pub(crate) fn of_hold(&self, reason: &HoldReason) -> Option<Source> {
        match reason {
            HoldReason::Blind { .. } => Some(Source::Blindness),
            HoldReason::Criterion { check, .. } => Some(Source::Check(check.clone())),
            HoldReason::Gate { gate } => Some(self.of_gate(gate)),
            HoldReason::Trigger { trigger, .. } => trigger_of(trigger.as_str()),
            _ => None,
        }
    }

    /// What sends it back.
    pub(crate) fn of_cause(&self, cause: &Cause) -> Option<Source> {
        match cause {
            Cause::Blind { .. } => Some(Source::Blindness),
            Cause::Criterion { check, .. } => Some(Source::Check(check.clone())),
            Cause::Gate { gate } => Some(self.of_gate(gate)),
            Cause::Trigger { trigger, .. } => trigger_of(trigger.as_str()),
            _ => None,
        }
    }

    fn of_gate(&self, gate: &GateId) -> Source {
        let check = self.rests_on.get(gate).cloned();
        check.map_or_else(|| Source::Gate(gate.clone()), Source::Check)
    }

    /// A gate said yes or no.
    pub(crate) fn decided(&mut self, gate: &GateId, reason: &GateReason) {
        if let GateReason::Criterion { check, .. } = reason {
            self.rests_on.insert(gate.clone(), check.clone());
        } else {
            self.rests_on.remove(gate);
        }
    }

    /// The alarm that this is still, if it is one.
    pub(crate) fn still(&self, source: &Source, at: Timestamp) -> Option<usize> {
        let lasting = self.all.get(source)?;
        (at.since(lasting.seen) <= self.unseen).then_some(lasting.number)
    }

    /// The source of this alarm still, or again, was so at that moment.
    pub(crate) fn seen(&mut self, source: Source, number: usize, at: Timestamp) {
        self.all.insert(source, Lasting { number, seen: at });
    }

    /// How what raises it was found at a look: the alarm that lasted until then, if there was one.
    pub(crate) fn found(&mut self, source: &Source, quiet: bool, at: Timestamp) -> Option<usize> {
        let number = self.still(source, at)?;
        if quiet {
            self.all.remove(source);
        } else {
            self.seen(source.clone(), number, at);
        }
        Some(number)
    }

    /// What sent a rollout back was not looked at on the way: it lasts until the end of the way.
    pub(crate) fn is_back(&mut self, source: &Source, at: Timestamp) {
        if let Some(lasting) = self.all.get_mut(source) {
            lasting.seen = at;
        }
    }
}

fn trigger_of(id: &str) -> Option<Source> {
    CriterionId::new(id).ok().map(Source::Trigger)
}
