//! What phases share: two that can run at the same time must not move the same thing.

use std::collections::BTreeMap;

use phasegate_core::{BindingId, TargetId};

use super::edges::Edges;
use super::{At, Scope};
use crate::fault::Code;
use crate::model::{Action, Step};

/// What a phase does to one thing.
struct Moves<'d> {
    phase: usize,
    /// The first step that moves it, and its number in the phase.
    first: &'d Step,
    number: usize,
    last: &'d Step,
}

impl<'d> Moves<'d> {
    fn new(phase: usize, number: usize, step: &'d Step) -> Self {
        Self {
            phase,
            number,
            first: step,
            last: step,
        }
    }
}

impl Edges<'_> {
    /// Two phases that can run at the same time must not move the same thing. Those that move it must
    /// form a chain; in topological order it is enough to look at neighbours.
    pub(super) fn shared_targets(&self, scope: &mut Scope<'_>) {
        let order = scope.order();
        let mut movers: BTreeMap<(&BindingId, &TargetId), Vec<Moves<'_>>> = BTreeMap::new();
        let mut falls = Vec::new();
        for &index in order.iter() {
            let steps = self.draft.phases.get(index).map(|phase| &phase.steps);
            for (number, step) in steps.into_iter().flatten().enumerate() {
                let Some(key) = step.action.moved() else {
                    continue;
                };
                let list = movers.entry(key).or_default();
                match list.last_mut().filter(|moves| moves.phase == index) {
                    Some(moves) => {
                        falls.push((Moves { ..*moves }, Moves::new(index, number, step), key.1));
                        moves.last = step;
                    }
                    None => list.push(Moves::new(index, number, step)),
                }
            }
        }
        for (before, after, target) in falls {
            self.starts_lower(scope, &before, &after, target);
        }
        let phases = At::ROOT.key("phases");
        for ((binding, target), list) in movers {
            for pair in list.windows(2) {
                let [before, after] = pair else { continue };
                let (earlier, later) = (before.phase, after.phase);
                let unclear = self.unclear.contains(&later) || self.unclear.contains(&earlier);
                if unclear {
                    continue;
                }
                if self.reach.leads_to(earlier, &[later]) {
                    self.starts_lower(scope, before, after, target);
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
    /// A phase or step that begins to move something by less than an earlier one has left it at: whoever had it loses it.
    fn starts_lower(
        &self,
        scope: &mut Scope<'_>,
        before: &Moves<'_>,
        after: &Moves<'_>,
        target: &TargetId,
    ) {
        let environment = |moves: &Moves<'_>| {
            let phase = self.draft.phases.get(moves.phase);
            let own = phase.and_then(|phase| phase.environment);
            own.or(self.draft.environment)
        };
        if environment(before) != environment(after) {
            return;
        }
        let (left, begins) = (
            before.last.action.last_rung(),
            after.first.action.first_rung(),
        );
        if let (Some(left), Some(begins)) = (left, begins)
            && begins < left
        {
            let earlier = if before.phase == after.phase {
                before.last.id.as_str()
            } else {
                self.name(before.phase)
            };
            let message =
                format!("'{earlier}' leaves '{target}' at {left}, and this begins at {begins}");
            let help = format!("begin at {left} or more; a way back stands under 'rollback'");
            let here = At::ROOT.key("phases");
            let here = here.index(after.phase);
            let here = here.key("steps");
            let here = here.index(after.number);
            scope.report(
                Code::RampStartsLower,
                here.key(after.first.action.key()),
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
