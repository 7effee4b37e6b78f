//! Looking: which criteria are looked at now, which queries that takes, and when they are answered.
//!
//! A look is volatile: lost in a crash, it is simply taken again. Queries that are equal are asked once.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{
    Absence, Answer, Arm, BindingId, Capability, CriterionId, Now, Query, Span, Timestamp,
    TriggerId, Window, WindowKind,
};
use phasegate_criterion::{Criterion, KpiRegistry};
use phasegate_sla::{Need, needs};

use crate::engine::Engine;
use crate::event::EventError;
use crate::program::{OpKind, Program};
use crate::record::Place;
use crate::state::{PhaseState, Stage};

/// One evaluation under way.
#[derive(Debug)]
pub(crate) struct Tick {
    started: Now,
    answer_by: Timestamp,
    slots: BTreeMap<u64, Option<Answer>>,
    pub(crate) looks: Vec<Look>,
}

/// One criterion that is looked at.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) subject: Subject,
    pub(crate) criterion: Criterion,
    pub(crate) samples_min: u64,
    /// Each need with the ticket of its query; without one where there is nothing to ask yet.
    needs: Vec<(Need, Option<u64>)>,
}

/// Whose criterion it is.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Check { place: Place, check: CriterionId },
    Trigger(TriggerId),
}

impl Look {
    /// The answers, with an absence where there is none.
    pub(crate) fn inputs(&self, slots: &BTreeMap<u64, Option<Answer>>) -> BTreeMap<Need, Answer> {
        let answer = |ticket: &Option<u64>| match ticket {
            None => Err(Absence::NoData),
            Some(ticket) => match slots.get(ticket) {
                Some(Some(answer)) => answer.clone(),
                Some(None) | None => Err(Absence::Unavailable {
                    detail: "no answer in time".to_owned(),
                }),
            },
        };
        self.needs
            .iter()
            .map(|(need, ticket)| (need.clone(), answer(ticket)))
            .collect()
    }
}

impl Engine {
    /// Starts a look when one is due, and evaluates it when it is answered.
    pub(crate) fn tend_tick(&mut self) {
        let now = self.now();
        if let Some(tick) = &self.volatile.tick {
            let answered = tick.slots.values().all(Option::is_some);
            if answered || now.wall >= tick.answer_by {
                let Some(Tick {
                    started,
                    slots,
                    looks,
                    ..
                }) = self.volatile.tick.take()
                else {
                    return;
                };
                let every = self.state.program.timing.every.max(EVERY_MIN);
                self.volatile.tick_due = (started.wall + every).max(now.wall);
                self.judge(&looks, &slots);
            }
            return;
        }
        if now.wall >= self.volatile.tick_due && self.is_looking() {
            self.start_tick(now);
        }
    }

    /// Is there anything to look at?
    pub(crate) fn is_looking(&self) -> bool {
        self.looking_places().next().is_some() || self.armed_triggers().next().is_some()
    }

    pub(crate) fn tick_timeout(&self) -> Option<Timestamp> {
        match &self.volatile.tick {
            Some(tick) => Some(tick.answer_by),
            None => self.is_looking().then_some(self.volatile.tick_due),
        }
    }

    fn looking_places(&self) -> impl Iterator<Item = Place> {
        let rolling_back = self.state.rollback.is_some();
        self.state.places().into_iter().filter(move |place| {
            let live = match place {
                Place::Aside => false,
                Place::Phase { .. } => !rolling_back,
                Place::Rollback { .. } => self.state.is_rolling_back(),
            };
            let started = matches!(self.state.stage(place), Some(Stage::Started { .. }));
            live && started
                && self.state.op(place).is_some_and(|op| match &op.kind {
                    OpKind::Bake { .. } | OpKind::Validate { .. } => true,
                    OpKind::Gate(gate) => !gate.checks.is_empty(),
                    OpKind::Apply { .. } | OpKind::Ask { .. } | OpKind::Wait { .. } => false,
                })
        })
    }

    /// Triggers that are watched now: those that speak of the canary only while it is exposed.
    fn armed_triggers(&self) -> impl Iterator<Item = &crate::program::Trigger> {
        let failed = self
            .state
            .rollback
            .as_ref()
            .is_some_and(|rollback| rollback.failed);
        let exposed = self.state.exposed();
        let begun = self
            .state
            .phases
            .values()
            .any(|phase| *phase != PhaseState::Waiting);
        self.state.program.triggers.iter().filter(move |trigger| {
            let runs = |phase: &phasegate_core::PhaseId| {
                matches!(
                    self.state.phases.get(phase),
                    Some(PhaseState::Running { .. })
                )
            };
            let in_phase = trigger.during.is_empty() || trigger.during.iter().any(runs);
            begun && !failed && in_phase && (exposed || !self.canary_triggers.contains(&trigger.id))
        })
    }

    fn start_tick(&mut self, now: Now) {
        let mut asked: BTreeMap<Query, u64> = BTreeMap::new();
        let mut looks = Vec::new();
        for place in self.looking_places().collect::<Vec<_>>() {
            let since = self.evidence_start(&place);
            let checks = self
                .state
                .op(&place)
                .map(|op| op.checks().to_vec())
                .unwrap_or_default();
            for check in checks {
                let subject = Subject::Check {
                    place: place.clone(),
                    check: check.id,
                };
                let needs = self.plan_queries(&check.criterion, since, None, &mut asked);
                let samples_min = check.min_samples;
                looks.push(Look {
                    subject,
                    criterion: check.criterion,
                    samples_min,
                    needs,
                });
            }
        }
        let since = self.settled_since(self.state.program.timing.settle);
        let window = self.state.program.timing.window;
        for trigger in self.armed_triggers().cloned().collect::<Vec<_>>() {
            let subject = Subject::Trigger(trigger.id);
            let needs = self.plan_queries(&trigger.criterion, since, Some(window), &mut asked);
            looks.push(Look {
                subject,
                criterion: trigger.criterion,
                samples_min: 0,
                needs,
            });
        }
        let slots = asked.values().map(|ticket| (*ticket, None)).collect();
        self.queries
            .extend(asked.into_iter().map(|(query, ticket)| (ticket, query)));
        let answer_by = now.wall + self.state.program.timing.answer_within;
        self.volatile.tick = Some(Tick {
            started: now,
            answer_by,
            slots,
            looks,
        });
        // Nothing to ask is answered at once.
        if self
            .volatile
            .tick
            .as_ref()
            .is_some_and(|tick| tick.slots.is_empty())
        {
            self.tend_tick();
        }
    }

    /// No evidence is older than the last change plus the time it takes to settle.
    fn settled_since(&self, settle: Span) -> Timestamp {
        self.state
            .last_change
            .map_or(self.state.created.wall, |change| change.wall + settle)
    }

    fn evidence_start(&self, place: &Place) -> Timestamp {
        let plain = self.state.program.timing.settle;
        let (settle, from) = match (
            self.state.op(place).map(|op| &op.kind),
            self.state.stage(place),
        ) {
            (Some(OpKind::Bake { settle, .. }), Some(Stage::Started { at, .. })) => {
                (*settle, Some(at.wall))
            }
            // A gate looks at what there is since the last change; a validation at its own time.
            (Some(OpKind::Validate { .. }), Some(Stage::Started { at, .. })) => {
                (plain, Some(at.wall))
            }
            _ => (plain, None),
        };
        let settled = self.settled_since(settle);
        from.map_or(settled, |from| from.max(settled))
    }

    fn plan_queries(
        &mut self,
        criterion: &Criterion,
        since: Timestamp,
        default_window: Option<Span>,
        asked: &mut BTreeMap<Query, u64>,
    ) -> Vec<(Need, Option<u64>)> {
        let now = self.now().wall;
        let needs = needs_of(criterion, &self.state.program, &self.registry);
        let mut planned = Vec::with_capacity(needs.len());
        for need in needs {
            let lag = self
                .state
                .program
                .bindings
                .get(&need.to)
                .map(|binding| binding.lag);
            let end = now.before(lag.unwrap_or_default());
            let (start, kind) = match need.over.or(default_window) {
                Some(over) => (end.before(over).max(since), WindowKind::Rolling),
                None => (since, WindowKind::SinceStart),
            };
            let ticket = (start < end).then(|| {
                let query = Query {
                    to: need.to.clone(),
                    kpi: need.kpi.clone(),
                    text: need.text.clone(),
                    arm: need.arm,
                    window: Window { start, end, kind },
                    unit: need.unit.clone(),
                    wants: need.wants,
                };
                *asked.entry(query).or_insert_with(|| {
                    self.volatile.ticket_count += 1;
                    self.volatile.ticket_count
                })
            });
            planned.push((need, ticket));
        }
        planned
    }

    pub(crate) fn measured(&mut self, ticket: u64, answer: Answer) -> Result<(), EventError> {
        let unawaited = EventError::Unawaited {
            what: "query",
            number: ticket,
        };
        let tick = self
            .volatile
            .tick
            .as_mut()
            .ok_or_else(|| unawaited.clone())?;
        match tick.slots.get_mut(&ticket) {
            Some(slot @ None) => {
                *slot = Some(answer);
                Ok(())
            }
            Some(Some(_)) | None => Err(unawaited),
        }
    }
}

/// What has to be asked for a criterion; nothing where its source cannot answer it.
fn needs_of(criterion: &Criterion, program: &Program, registry: &KpiRegistry) -> Vec<Need> {
    let can = |binding: &BindingId, capability: Capability| program.can(binding, capability);
    needs(criterion, registry, &can).unwrap_or_default()
}

/// The triggers that speak of the canary: found once, since they are asked about at every call.
pub(crate) fn canary_triggers(program: &Program, registry: &KpiRegistry) -> BTreeSet<TriggerId> {
    let speaks = |trigger: &&crate::program::Trigger| {
        let needs = needs_of(&trigger.criterion, program, registry);
        needs.iter().any(|need| need.arm == Arm::Canary)
    };
    program
        .triggers
        .iter()
        .filter(speaks)
        .map(|trigger| trigger.id.clone())
        .collect()
}

/// Looking more often than this would only measure the same moment again.
const EVERY_MIN: Span = Span::from_millis(10);
