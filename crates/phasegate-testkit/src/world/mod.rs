//! Routes, flags, commands, messages, metrics and people that exist only in memory.

mod level;
mod metric;
mod people;
mod things;

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{
    Absence, Answer, BindingId, Decimal, Desired, Effect, EffectClass, EffectKey, EffectOutcome,
    Inspection, KpiId, Query, Ratio, Reading, RolloutId, Standing, TargetId, Timestamp,
};

pub use level::{Question, answer_at_level};
pub use metric::{Metric, Regression, Sketches};
pub use people::{People, Reply};
pub use things::{Done, Thing};

/// A stretch of time in which something does not work.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "tests write it out")]
pub struct Outage {
    /// Whose.
    pub binding: BindingId,
    /// What kind.
    pub kind: OutageKind,
    /// First moment inside.
    pub from: Timestamp,
    /// First moment outside.
    pub until: Timestamp,
    /// Only while at least so many see the new version; zero for always.
    pub exposure: Ratio,
}

/// What does not work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "tests write it out")]
pub enum OutageKind {
    /// It does what it is told, and the answer is lost.
    AnswersLost,
    /// It does not know what it is asked about: it refuses to be read and to be changed.
    KnowsNothing,
    /// It can be read and refuses to be changed.
    Refuses,
    /// Nothing gets through.
    Unreachable,
}

/// Everything outside.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// What can be set and read back.
    pub things: BTreeMap<(BindingId, TargetId), Thing>,
    /// Commands that ran and messages that arrived, in order.
    pub log: Vec<Done>,
    /// How each KPI behaves.
    pub metrics: BTreeMap<KpiId, Metric>,
    /// Numbers that answer one question each, in whatever form it is asked; they come before `metrics`.
    pub levels: BTreeMap<Question, Decimal>,
    /// What goes wrong with the new version.
    pub regressions: Vec<Regression>,
    /// What does not work, and when.
    pub outages: Vec<Outage>,
    /// Who answers questions, and how.
    pub people: People,
    /// What its sources have at hand. Begins empty.
    pub sketches: Sketches,
    /// Targets on which every command fails.
    pub unwilling: BTreeSet<TargetId>,
    /// What comparisons see.
    pub differences: Vec<Difference>,
    /// How KPIs behave while something is broken on purpose.
    pub while_broken: BTreeMap<KpiId, Metric>,
    /// What was set stands within the process that carries the rollout out, and dies with it: a router that
    /// keeps nothing on disk.
    pub dies_with_process: bool,
}

/// A difference between old and new, as a comparer reports it until it is known.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "tests write it out")]
pub struct Difference {
    /// From when on it is seen.
    pub from: Timestamp,
    /// What is compared.
    pub target: TargetId,
    /// Which difference.
    pub id: String,
    /// How often it is seen.
    pub count: u64,
    /// What differs.
    pub detail: String,
}

impl World {
    fn outage(&self, binding: &BindingId, at: Timestamp) -> Option<OutageKind> {
        let during = |o: &&Outage| {
            let now = o.from <= at && at < o.until && self.exposure() >= o.exposure;
            o.binding == *binding && now
        };
        self.outages.iter().find(during).map(|outage| outage.kind)
    }

    /// Brings an effect about, and says what its author learns of it.
    pub fn perform(&mut self, effect: &Effect, at: Timestamp) -> EffectOutcome {
        let unknown = || EffectOutcome::Unknown {
            reason: "the connection was lost".to_owned(),
        };
        match self.outage(&effect.to, at) {
            Some(OutageKind::KnowsNothing | OutageKind::Refuses) => {
                return EffectOutcome::NotApplied {
                    reason: "refused".to_owned(),
                };
            }
            Some(OutageKind::Unreachable) => return unknown(),
            Some(OutageKind::AnswersLost) | None => {}
        }
        if let Desired::Command { on: Some(on), .. } = &effect.desired
            && self.unwilling.contains(on)
        {
            return EffectOutcome::NotApplied {
                reason: format!("{on} refused"),
            };
        }
        let done = Done {
            at,
            key: effect.key.clone(),
            desired: effect.desired.clone(),
        };
        match effect.desired.target() {
            Some(target) => {
                let key = (effect.to.clone(), target.clone());
                let thing = self.things.entry(key).or_default();
                // The other side knows the key and does it once.
                let again = effect.class == EffectClass::IdempotentByKey
                    && thing.history.iter().any(|other| other.key == effect.key);
                if !again {
                    thing.set(done);
                }
            }
            // The other side knows the key and does it once.
            None if effect.class == EffectClass::IdempotentByKey
                && self.log.iter().any(|other| other.key == effect.key) => {}
            None => self.log.push(done),
        }
        if self.outage(&effect.to, at) == Some(OutageKind::AnswersLost) {
            return unknown();
        }
        EffectOutcome::Applied {
            evidence: "done".to_owned(),
        }
    }

    /// Reads a state back.
    pub fn inspect(&self, inspection: &Inspection, at: Timestamp) -> Option<Reading> {
        match self.outage(&inspection.to, at) {
            Some(OutageKind::KnowsNothing) => return Some(Reading::refused("no such route")),
            Some(OutageKind::Unreachable) => return None,
            Some(OutageKind::AnswersLost | OutageKind::Refuses) | None => {}
        }
        if let Desired::Command { command, on, check } = &inspection.desired {
            check.as_ref()?;
            let done = self.log.iter().any(|done| {
                matches!(&done.desired, Desired::Command { command: ran, on: at, .. }
                    if ran == command && at == on)
            });
            return Some(Reading {
                found: None,
                standing: if done {
                    Standing::AsDesired
                } else {
                    Standing::AsBefore
                },
                unread: None,
            });
        }
        let target = inspection.desired.target()?;
        let thing = self.things.get(&(inspection.to.clone(), target.clone()));
        let found = match thing.and_then(|thing| thing.now.clone()) {
            Some(found) => found,
            None => inspection.desired.at_rest()?,
        };
        let standing = if found == inspection.desired {
            Standing::AsDesired
        } else if inspection.before.as_ref() == Some(&found) {
            Standing::AsBefore
        } else if Some(&found) == inspection.desired.at_rest().as_ref() {
            Standing::Resting
        } else {
            Standing::Other
        };
        Some(Reading {
            found: Some(found),
            standing,
            unread: None,
        })
    }

    /// Answers a query.
    pub fn measure(&self, query: &Query, at: Timestamp) -> Answer {
        match self.outage(&query.to, at) {
            None => {}
            Some(OutageKind::KnowsNothing) => {
                let detail = "no such series".to_owned();
                return Err(Absence::Refused { detail });
            }
            Some(OutageKind::AnswersLost | OutageKind::Refuses | OutageKind::Unreachable) => {
                let detail = "connection refused".to_owned();
                return Err(Absence::Unavailable { detail });
            }
        }
        if !self.levels.is_empty()
            && let Some(level) = self.levels.get(&Question::of(query))
        {
            return answer_at_level(*level, query.wants, &query.unit, query.window);
        }
        let broken = self
            .while_broken
            .get(&query.kpi)
            .filter(|_| self.is_broken());
        let metric = broken
            .or_else(|| self.metrics.get(&query.kpi))
            .ok_or(Absence::NoData)?;
        metric.answer(query, self.exposure(), &self.regressions, &self.sketches)
    }

    /// Is anything broken on purpose now?
    pub fn is_broken(&self) -> bool {
        let mut standing = BTreeMap::new();
        for done in &self.log {
            if let Desired::Fault { experiment, on, .. } = &done.desired {
                standing.insert(experiment, *on);
            }
        }
        standing.values().any(|on| *on)
    }

    /// The largest share that sees the new version by any route or flag.
    pub fn exposure(&self) -> Ratio {
        self.things
            .values()
            .map(Thing::exposure)
            .max()
            .unwrap_or(Ratio::ZERO)
    }

    /// Did that effect happen?
    pub fn has_done(&self, rollout: &RolloutId, number: u64) -> bool {
        let key = EffectKey::new(rollout, number);
        self.history().iter().any(|done| done.key == key)
    }

    /// Everything that was done, in order: states set, commands, messages.
    pub fn history(&self) -> Vec<&Done> {
        let mut all: Vec<&Done> = self
            .things
            .values()
            .flat_map(|thing| &thing.history)
            .chain(&self.log)
            .collect();
        all.sort_by_key(|done| done.at);
        all
    }
}
