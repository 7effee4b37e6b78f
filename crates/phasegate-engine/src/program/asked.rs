//! What will be asked outside in the course of a rollout: a tool can ask it before the start, and find out
//! that a name is wrong while nothing has been changed yet.

use std::collections::BTreeSet;

use phasegate_core::{
    BindingId, Capability, Desired, Inspection, Query, Timestamp, Window, WindowKind,
};
use phasegate_criterion::{Criterion, Kpi, KpiRegistry};
use phasegate_sla::{Need, needs};

use super::{Op, OpKind, Program};

impl Program {
    /// Every question that a source may be asked, once, over the window that would end at `at`. What is
    /// compared with a baseline that is still to be measured is asked as well.
    ///
    /// Cost: each criterion is looked through once.
    pub fn questions(&self, at: Timestamp) -> Vec<Query> {
        let registry = self.registry();
        let without_canary = self.registry_with(ask_the_rest);
        let any = |binding: &BindingId, capability: Capability| self.can(binding, capability);
        let values =
            |binding: &BindingId, capability: Capability| self.can_value(binding, capability);
        let mut asked = BTreeSet::new();
        for op in self.ops() {
            for check in op.checks().iter().chain(op.stops()) {
                self.ask(&check.criterion, &registry, &any, at, &mut asked);
                if matches!(op.kind, OpKind::Validate { .. }) {
                    self.ask(&check.criterion, &without_canary, &any, at, &mut asked);
                }
            }
            if let OpKind::Measure { figures, .. } = &op.kind {
                for figure in figures {
                    self.ask(&figure.criterion, &registry, &values, at, &mut asked);
                }
            }
        }
        for trigger in &self.triggers {
            self.ask(&trigger.criterion, &registry, &any, at, &mut asked);
        }
        for one in &self.scaling {
            for step in one.grow.iter().chain(&one.shrink) {
                self.ask(&step.criterion, &registry, &any, at, &mut asked);
            }
        }
        asked.into_iter().collect()
    }

    fn ask(
        &self,
        criterion: &Criterion,
        registry: &KpiRegistry,
        can: &dyn Fn(&BindingId, Capability) -> bool,
        at: Timestamp,
        asked: &mut BTreeSet<Query>,
    ) {
        // What cannot be asked at all is the plan's checks to say.
        for need in needs(criterion, registry, &can).unwrap_or_default() {
            let lag = self.bindings.get(&need.to).map(|binding| binding.lag);
            let end = at.before(lag.unwrap_or_default());
            let window = Window {
                start: end.before(need.over.unwrap_or(self.timing.window)),
                end,
                kind: WindowKind::Rolling,
            };
            asked.insert(query(&need, window));
        }
    }

    /// Everything whose state is read before it is changed, once, with the first state that it is brought to, or with the
    /// fewest that policies may leave of it.
    pub fn inspections(&self) -> Vec<Inspection> {
        let mut seen = BTreeSet::new();
        let mut out = Vec::new();
        for op in self.ops() {
            let OpKind::Apply { to, desired, .. } = &op.kind else {
                continue;
            };
            let readable = desired.is_readable() && self.can(to, Capability::ReadBack);
            if let Some(target) = desired.target()
                && readable
                && seen.insert((to, target))
            {
                out.push(Inspection {
                    number: seen.len().try_into().unwrap_or(u64::MAX),
                    to: to.clone(),
                    desired: desired.clone(),
                    before: None,
                });
            }
        }
        for one in &self.scaling {
            out.push(Inspection {
                number: out.len().try_into().unwrap_or(u64::MAX),
                to: one.to.clone(),
                desired: Desired::Scale {
                    target: one.target.clone(),
                    count: one.min,
                },
                before: None,
            });
        }
        out
    }

    /// How many triggers and stops have a `confidence`. Any one of them stops or turns back a rollout, so they share
    /// the chance of a false alarm: each is decided at an n-th of it, and the finding says at which level.
    pub fn alarms_with_confidence(&self) -> u32 {
        let stops = self.ops().flat_map(|op| op.stops());
        let stops = stops.map(|stop| &stop.criterion);
        let alarms = self.triggers.iter().map(|trigger| &trigger.criterion);
        let shown = alarms
            .chain(stops)
            .filter(|criterion| criterion.has_confidence());
        u32::try_from(shown.count()).unwrap_or(u32::MAX)
    }

    /// All operations, of phases, of their ways back and of procedures.
    pub fn ops(&self) -> impl Iterator<Item = &Op> {
        let phases = self.phases.iter();
        let procedures = self.procedures.iter();
        phases
            .flat_map(|phase| phase.ops.iter().chain(&phase.rollback.ops))
            .chain(procedures.flat_map(|procedure| &procedure.rollback.ops))
    }
}

/// Takes the question to the new version away where there is another one: for what is asked once nobody sees the new
/// version any more.
pub(crate) fn ask_the_rest(kpi: &mut Kpi) {
    for queries in kpi.parts.values_mut().chain([&mut kpi.queries]) {
        if queries.whole.is_some() || queries.stable.is_some() {
            queries.canary = None;
        }
    }
}

/// The query of a need.
pub(crate) fn query(need: &Need, window: Window) -> Query {
    Query {
        to: need.to.clone(),
        kpi: need.kpi.clone(),
        text: need.text.clone(),
        arm: need.arm,
        window,
        unit: need.unit.clone(),
        wants: need.wants,
    }
}
