//! What phases share: two that can run at the same time must not move the same thing.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{BindingId, TargetId};

use super::edges::Edges;
use super::graph::order;
use super::{At, Scope};
use crate::fault::Code;
use crate::model::Action;

impl Edges<'_> {
    /// Two phases that can run at the same time must not move the same thing. Those that move it must
    /// form a chain; in topological order it is enough to look at neighbours.
    pub(super) fn shared_targets(&self, scope: &mut Scope<'_>) {
        let order = order(&self.before);
        let mut movers: BTreeMap<(&BindingId, &TargetId), Vec<usize>> = BTreeMap::new();
        for &index in &order {
            let steps = self.draft.phases.get(index).map(|phase| &phase.steps);
            let keys: BTreeSet<_> = steps
                .into_iter()
                .flatten()
                .filter_map(|step| step.action.moved())
                .collect();
            for key in keys {
                movers.entry(key).or_default().push(index);
            }
        }
        let phases = At::ROOT.key("phases");
        for ((binding, target), list) in movers {
            for pair in list.windows(2) {
                let [earlier, later] = *pair else { continue };
                let unclear = self.unclear.contains(&later) || self.unclear.contains(&earlier);
                if unclear {
                    continue;
                }
                if self.reach.leads_to(earlier, &[later]) {
                    self.starts_lower(scope, earlier, later, (binding, target));
                    continue;
                }
                let message = format!(
                    "the phases '{}' and '{}' can run at the same time, and both move '{target}' of '{binding}'",
                    self.name(earlier),
                    self.name(later)
                );
                let help = format!("add 'after: [{}]' to one of them", self.name(earlier));
                let here = phases.index(later);
                scope.report(Code::SharedTarget, here.key("id"), message, &help);
            }
        }
    }
}

impl Edges<'_> {
    /// A phase that begins to move something by less than an earlier one has left it at: whoever had it loses it.
    fn starts_lower(
        &self,
        scope: &mut Scope<'_>,
        earlier: usize,
        later: usize,
        key: (&BindingId, &TargetId),
    ) {
        let steps = |index: usize| {
            let phase = self.draft.phases.get(index);
            let steps = phase.map_or(&[][..], |phase| phase.steps.as_slice());
            steps
                .iter()
                .enumerate()
                .filter(move |(_, step)| step.action.moved() == Some(key))
        };
        let environment = |index: usize| {
            let phase = self.draft.phases.get(index);
            phase
                .and_then(|phase| phase.environment)
                .or(self.draft.environment)
        };
        if environment(earlier) != environment(later) {
            return;
        }
        let left = steps(earlier)
            .next_back()
            .and_then(|(_, step)| step.action.last_rung());
        let first = steps(later).next();
        if let (Some(left), Some((number, step))) = (left, first)
            && let Some(begins) = step.action.first_rung()
            && begins < left
        {
            let message = format!(
                "'{}' leaves '{}' at {left}, and this begins at {begins}",
                self.name(earlier),
                key.1
            );
            let help = format!("begin at {left} or more; a way back stands under 'rollback'");
            let here = At::ROOT.key("phases");
            let here = here.index(later);
            let here = here.key("steps");
            let here = here.index(number);
            scope.report(
                Code::RampStartsLower,
                here.key(step.action.key()),
                message,
                &help,
            );
        }
    }
}

impl Action {
    /// What it moves outside, that only one phase at a time may.
    pub(super) fn moved(&self) -> Option<(&BindingId, &TargetId)> {
        match self {
            Self::Traffic(ramp) => Some((&ramp.binding, &ramp.target)),
            Self::Flag(ramp) => Some((&ramp.binding, &ramp.flag)),
            Self::Cohort(cohort) => Some((&cohort.binding, &cohort.flag)),
            Self::BlueGreen(switch) => Some((&switch.binding, &switch.target)),
            Self::Config(change) => Some((&change.binding, &change.target)),
            Self::Wait(_)
            | Self::Task(_)
            | Self::Command(_)
            | Self::Notify(_)
            | Self::Workflow(_)
            | Self::Shadow(_)
            | Self::Parallel(_)
            | Self::Deprecation(_)
            | Self::Experiment(_)
            | Self::Measure(_)
            | Self::Waves(_) => None,
        }
    }
}
