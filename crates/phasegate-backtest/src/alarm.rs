//! What raises an alarm, and whether it is still the same one.

use std::collections::BTreeMap;

use phasegate_core::{CriterionId, GateId, Span, Timestamp, TriggerId};
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

impl Source {
    /// Each trigger has a name that a criterion could have, too.
    pub(crate) fn trigger(id: &TriggerId) -> Option<Self> {
        CriterionId::new(id.as_str()).ok().map(Self::Trigger)
    }
}

/// An alarm that is not over, as far as is known.
#[derive(Clone, Copy, Debug)]
struct Lasting {
    /// Which of all alarms.
    number: usize,
    /// When it was seen last.
    seen: Timestamp,
}

/// A criterion that fails, or a trigger whose condition holds.
#[derive(Clone, Debug)]
struct Wrong {
    /// Since when, without a look at which it was well and without a longer time of not being looked at.
    since: Timestamp,
    /// When it was seen last.
    seen: Timestamp,
    /// Would it hold the rollout or send it back: has a trigger fired?
    acts: bool,
    /// In one sentence.
    sentence: String,
}

/// What is wrong, and the alarms that are not over: what is held again for the same is no other alarm.
#[derive(Debug)]
pub(crate) struct Lastings {
    all: BTreeMap<Source, Lasting>,
    wrong: BTreeMap<Source, Wrong>,
    /// On which criterion the last no of a gate rests.
    rests_on: BTreeMap<GateId, CriterionId>,
    /// So long an unchanged finding goes without a record, and then a look.
    unseen: Span,
}

impl Lastings {
    pub(crate) const fn new(unseen: Span) -> Self {
        Self {
            all: BTreeMap::new(),
            wrong: BTreeMap::new(),
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
            HoldReason::Trigger { trigger, .. } => Source::trigger(trigger),
            _ => None,
        }
    }

    /// What sends it back.
    pub(crate) fn of_cause(&self, cause: &Cause) -> Option<Source> {
        match cause {
            Cause::Blind { .. } => Some(Source::Blindness),
            Cause::Criterion { check, .. } => Some(Source::Check(check.clone())),
            Cause::Gate { gate } => Some(self.of_gate(gate)),
            Cause::Trigger { trigger, .. } => Source::trigger(trigger),
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

    /// What has raised alarms that are not known to be over.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.all.keys()
    }

    /// The source of this alarm still, or again, was so at that moment.
    pub(crate) fn seen(&mut self, source: Source, number: usize, at: Timestamp) {
        self.all.insert(source, Lasting { number, seen: at });
    }

    /// What raises alarms was found well at a look, or was seen again: the alarm that it has raised, if that lasts.
    pub(crate) fn found(&mut self, source: &Source, well: bool, at: Timestamp) -> Option<usize> {
        let number = self.still(source, at);
        if well {
            self.all.remove(source);
            self.wrong.remove(source);
        } else if let Some(number) = number {
            self.seen(source.clone(), number, at);
        }
        number
    }

    /// A criterion failed, or the condition of a trigger holds.
    pub(crate) fn went_wrong(
        &mut self,
        source: &Source,
        acts: bool,
        sentence: String,
        at: Timestamp,
    ) {
        let before = self.wrong.get(source);
        let before = before.filter(|wrong| at.since(wrong.seen) <= self.unseen);
        let wrong = Wrong {
            since: before.map_or(at, |wrong| wrong.since),
            seen: at,
            acts,
            sentence,
        };
        self.wrong.insert(source.clone(), wrong);
    }

    /// Was what is wrong now wrong already at that moment?
    pub(crate) fn was_wrong(&self, source: &Source, moment: Timestamp, now: Timestamp) -> bool {
        self.wrong.get(source).map_or_else(
            // Of what is no criterion and no trigger only its alarms are known.
            || self.still(source, now).is_some(),
            |wrong| wrong.since < moment,
        )
    }

    /// What went wrong since that moment and acts at this look, in a sentence: what raises an alarm names only the first
    /// of all that is wrong.
    pub(crate) fn wrong_since(&self, moment: Timestamp, at: Timestamp) -> Option<&str> {
        let mut wrong = self.wrong.values();
        let new = wrong.find(|one| one.acts && one.seen == at && one.since >= moment)?;
        Some(&new.sentence)
    }

    /// On a way back not everything is looked at: what was wrong when it began lasts until its end, unless it was found
    /// well meanwhile.
    pub(crate) fn came_back(&mut self, source: &Source, began: Timestamp, at: Timestamp) {
        if let Some(lasting) = self.all.get_mut(source)
            && lasting.seen >= began
        {
            lasting.seen = at;
        }
        for wrong in self.wrong.values_mut() {
            if wrong.seen >= began {
                wrong.seen = at;
            }
        }
    }
}
