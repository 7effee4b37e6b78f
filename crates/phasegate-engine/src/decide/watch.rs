//! What is watched: the criteria of the places that are looked at and the triggers that are armed, prepared
//! once and kept until a record changes the state.

use std::collections::BTreeSet;
use std::sync::Arc;

use phasegate_core::{
    Arm, BindingId, Capability, CriterionId, Query, Span, Timestamp, TriggerId, Window, WindowKind,
};
use phasegate_criterion::{Criterion, KpiRegistry};
use phasegate_sla::{Hold, Prepared, needs};

use super::testimony::monitors;
use crate::engine::Engine;
use crate::program::{OpKind, Program, query};
use crate::record::Place;
use crate::state::{PhaseState, Stage};

/// Everything that is looked at.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Is there anything? A bake without criteria is looked at, too: its time is covered by that.
    is_on: bool,
    pub(crate) looks: Vec<Look>,
    pub(crate) questions: Vec<Question>,
    /// Baseline steps that have not measured yet. They ask once, when their window is over.
    pub(crate) measures: Vec<Place>,
    /// By which validations are asked and read once nobody sees the new version.
    without_canary: Option<KpiRegistry>,
}

/// One criterion that is looked at.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) subject: Subject,
    pub(crate) prepared: Prepared,
    /// The question for each of its needs.
    pub(crate) asks: Vec<usize>,
    /// Since when it has been watched, where the criterion turns on that.
    pub(crate) watched_since: Option<Timestamp>,
    /// It is asked of what is left when nobody sees the new version.
    without_canary: bool,
}

/// Whose criterion it is.
#[derive(Debug)]
pub(crate) enum Subject {
    Check {
        place: Place,
        check: CriterionId,
    },
    /// One that ends an operation at once.
    Stop {
        place: Place,
        check: CriterionId,
    },
    /// When a policy would have more of something, or fewer: which of the program's, and by how many.
    Scaling {
        scaling: usize,
        change: i64,
    },
    /// One that must hold for a while.
    Trigger(TriggerId, Hold),
}

/// What is asked at each look, about a window that moves.
#[derive(Debug)]
pub(crate) struct Question {
    /// With a window of no length.
    query: Query,
    /// No evidence is older.
    since: Timestamp,
    over: Option<Span>,
    /// How late the source is.
    lag: Span,
    /// Questions before it that are the same but for their windows, which may meet.
    twins: Vec<usize>,
}

impl Question {
    /// The window at this moment; `None` while it is empty.
    pub(crate) fn window(&self, now: Timestamp) -> Option<Window> {
        let end = now.before(self.lag);
        let (start, kind) = match self.over {
            Some(over) => (end.before(over).max(self.since), WindowKind::Rolling),
            None => (self.since, WindowKind::SinceStart),
        };
        (start < end).then_some(Window { start, end, kind })
    }

    pub(crate) fn query(&self, window: Window) -> Query {
        Query {
            window,
            ..self.query.clone()
        }
    }

    pub(crate) fn twins(&self) -> &[usize] {
        &self.twins
    }
}

/// A window that is not known yet.
const OPEN: Window = Window {
    start: Timestamp::EPOCH,
    end: Timestamp::EPOCH,
    kind: WindowKind::SinceStart,
};

impl Watch {
    /// By which numbers a criterion is read: those by which it was asked.
    pub(crate) fn registry<'k>(&'k self, look: &Look, usual: &'k KpiRegistry) -> &'k KpiRegistry {
        let without_canary = self.without_canary.as_ref();
        without_canary
            .filter(|_| look.without_canary)
            .unwrap_or(usual)
    }

    /// The index of a question, which is asked once.
    fn ask(&mut self, query: Query, since: Timestamp, over: Option<Span>, lag: Span) -> usize {
        let mut twins = Vec::new();
        for (index, question) in self.questions.iter().enumerate() {
            if question.query != query {
                continue;
            }
            if question.since == since && question.over == over {
                return index;
            }
            twins.push(index);
        }
        self.questions.push(Question {
            query,
            since,
            over,
            lag,
            twins,
        });
        self.questions.len() - 1
    }
}

impl Engine {
    /// What is looked at now.
    pub(crate) fn watch(&self) -> &Arc<Watch> {
        let watch = &self.volatile.watch;
        watch.get_or_init(|| Arc::new(self.new_watch()))
    }

    fn new_watch(&self) -> Watch {
        let mut watch = Watch {
            measures: self.measures(),
            ..Watch::default()
        };
        let sharing = self.state.program.alarms_with_confidence();
        let places = self.places();
        for place in places.iter().filter(|place| self.is_looked_at(place)) {
            watch.is_on = true;
            let since = self.evidence_start(place);
            if self.validates_what_is_left(place) {
                watch.without_canary = Some(self.state.registry_without_canary());
            }
            let checks = self.state.op(place).map(crate::program::Op::checks);
            for check in checks.unwrap_or_default() {
                let subject = Subject::Check {
                    place: place.clone(),
                    check: check.id.clone(),
                };
                let rest = watch.without_canary.as_ref();
                let of_rest = rest.and_then(|registry| self.askable(&check.criterion, registry));
                let without_canary = of_rest.is_some();
                let prepared = of_rest
                    .unwrap_or_else(|| self.prepared(&check.criterion))
                    .with_samples_min(check.min_samples);
                self.add(&mut watch, subject, prepared, since, None);
                if let Some(look) = watch.looks.last_mut() {
                    look.without_canary = without_canary;
                }
            }
            let stops = self.state.op(place).map(crate::program::Op::stops);
            for stop in stops.unwrap_or_default() {
                let subject = Subject::Stop {
                    place: place.clone(),
                    check: stop.id.clone(),
                };
                let prepared = self
                    .prepared(&stop.criterion)
                    .with_samples_min(stop.min_samples)
                    .of_trigger()
                    .sharing(sharing);
                self.add(&mut watch, subject, prepared, since, None);
            }
        }
        let since = self.settled_since(self.state.program.timing.settle);
        let window = self.state.program.timing.window;
        for trigger in self.armed_triggers() {
            watch.is_on = true;
            let hold = Hold::of(&trigger.criterion);
            let subject = Subject::Trigger(trigger.id.clone(), hold);
            let prepared = self
                .prepared(&trigger.criterion)
                .of_trigger()
                .sharing(sharing);
            self.add(&mut watch, subject, prepared, since, Some(window));
        }
        if self.is_scaled() {
            self.add_scaling(&mut watch);
        }
        watch
    }

    /// What policies scale by, over whatever time there is: no change of the rollout's is waited for.
    fn add_scaling(&self, watch: &mut Watch) {
        let program = &self.state.program;
        let since = self.in_present(&self.state.created);
        for (scaling, one) in program.scaling.iter().enumerate() {
            let grow = one.grow.iter().map(|step| (step, i64::from(step.by)));
            let shrink = one.shrink.iter().map(|step| (step, -i64::from(step.by)));
            for (step, change) in grow.chain(shrink) {
                watch.is_on = true;
                let subject = Subject::Scaling { scaling, change };
                let prepared = self.prepared(&step.criterion).of_trigger();
                self.add(watch, subject, prepared, since, Some(program.timing.window));
            }
        }
    }

    /// Does a way back look there whether it is done, and has it taken all traffic from the new version?
    fn validates_what_is_left(&self, place: &Place) -> bool {
        let kind = self.state.op(place).map(|op| &op.kind);
        place.is_rollback()
            && matches!(kind, Some(OpKind::Validate { .. }))
            && !self.state.exposed()
    }

    fn prepared(&self, criterion: &Criterion) -> Prepared {
        self.askable(criterion, &self.registry)
            .unwrap_or_else(|| Prepared::unasked(criterion.clone()))
    }

    fn askable(&self, criterion: &Criterion, registry: &KpiRegistry) -> Option<Prepared> {
        let program = &self.state.program;
        let can = |binding: &BindingId, capability: Capability| program.can(binding, capability);
        Prepared::new(criterion.clone(), registry, &can).ok()
    }

    fn add(
        &self,
        watch: &mut Watch,
        subject: Subject,
        prepared: Prepared,
        since: Timestamp,
        default_window: Option<Span>,
    ) {
        let mut asks = Vec::with_capacity(prepared.needs().len());
        let mut latest = Span::ZERO;
        for (index, need) in prepared.needs().iter().enumerate() {
            let binding = self.state.program.bindings.get(&need.to);
            let lag = binding.map(|binding| binding.lag).unwrap_or_default();
            latest = latest.max(lag);
            // A window that slides would be no evidence.
            let window = default_window.filter(|_| !prepared.is_evidence(index));
            asks.push(watch.ask(query(need, OPEN), since, need.over.or(window), lag));
        }
        let watched_since = match &subject {
            Subject::Check { place, .. } | Subject::Stop { place, .. } => self.begun(place),
            Subject::Scaling { .. } | Subject::Trigger(..) => {
                Some(self.in_present(&self.state.created))
            }
        };
        watch.looks.push(Look {
            subject,
            watched_since: watched_since.filter(|_| monitors(&prepared.criterion().condition)),
            prepared: prepared.with_lag(latest),
            asks,
            without_canary: false,
        });
    }

    /// Is there anything to look at?
    pub(crate) fn is_looking(&self) -> bool {
        let watch = self.watch();
        watch.is_on
            || watch
                .measures
                .iter()
                .any(|place| self.is_measure_due(place))
    }

    fn is_looked_at(&self, place: &Place) -> bool {
        let live = match place {
            Place::Aside => false,
            Place::Phase { .. } => self.state.rollback.is_none(),
            Place::Rollback { .. } => self.state.is_rolling_back(),
        };
        let started = matches!(self.state.stage(place), Some(Stage::Started { .. }));
        live && started
            && self.state.op(place).is_some_and(|op| match &op.kind {
                OpKind::Bake { .. } | OpKind::Validate { .. } => true,
                OpKind::Gate(gate) => !gate.checks.is_empty(),
                OpKind::Apply { .. }
                | OpKind::Ask { .. }
                | OpKind::Ledger { .. }
                | OpKind::Measure { .. }
                | OpKind::Wait { .. } => false,
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
        let begun = self.state.phases.values().any(PhaseState::was_begun);
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

    /// No evidence is older than the last change plus the time it takes to settle.
    fn settled_since(&self, settle: Span) -> Timestamp {
        self.state
            .last_change
            .map_or(self.in_present(&self.state.created), |change| {
                self.in_present(&change) + settle
            })
    }

    fn begun(&self, place: &Place) -> Option<Timestamp> {
        match self.state.stage(place)? {
            Stage::Started { at, .. } => Some(self.in_present(at)),
            Stage::Ready => None,
        }
    }

    fn evidence_start(&self, place: &Place) -> Timestamp {
        let plain = self.state.program.timing.settle;
        let (settle, from) = match (
            self.state.op(place).map(|op| &op.kind),
            self.state.stage(place),
        ) {
            (Some(OpKind::Bake { settle, .. }), Some(Stage::Started { at, .. })) => {
                (*settle, Some(self.in_present(at)))
            }
            // A gate looks at what there is since the last change; a validation at its own time.
            (Some(OpKind::Validate { .. }), Some(Stage::Started { at, .. })) => {
                (plain, Some(self.in_present(at)))
            }
            _ => (plain, None),
        };
        let settled = self.settled_since(settle);
        from.map_or(settled, |from| from.max(settled))
    }
}

/// The triggers that speak of the canary: found once, since they are asked about at every call.
pub(crate) fn canary_triggers(program: &Program, registry: &KpiRegistry) -> BTreeSet<TriggerId> {
    let can = |binding: &BindingId, capability: Capability| program.can(binding, capability);
    let speaks = |trigger: &&crate::program::Trigger| {
        let needs = needs(&trigger.criterion, registry, &can).unwrap_or_default();
        needs.iter().any(|need| need.arm == Arm::Canary)
    };
    program
        .triggers
        .iter()
        .filter(speaks)
        .map(|trigger| trigger.id.clone())
        .collect()
}
