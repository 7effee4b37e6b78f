//! Contingencies that a number tells: who is concerned is told what to do, and the rollout goes on.

use phasegate_core::{Role, Span, TriggerId};
use phasegate_criterion::Criterion;
use phasegate_plan::model;

use super::{CompileError, Compiler};
use crate::program::{Blind, Channel, Reaction, Telling, Trigger};

impl Compiler<'_> {
    /// The trigger of a contingency.
    pub(super) fn contingency(
        &self,
        id: TriggerId,
        contingency: &model::Contingency,
        criterion: &Criterion,
    ) -> Result<Trigger, CompileError> {
        let tell = self.emergency_channel()?.map(|via| Telling {
            via,
            subject: format!("{{{{plan}}}}: {}", contingency.title),
            body: measures(contingency),
        });
        Ok(only_told(id, criterion, tell.into_iter().collect()))
    }

    /// Where trouble is told: the first channel to which a way back escalates, else the first that can carry messages.
    pub(super) fn emergency_channel(&self) -> Result<Option<Channel>, CompileError> {
        let phases = self.plan.phases.iter();
        let mut escalated =
            phases.filter_map(|phase| phase.rollback.as_ref()?.escalate_via.as_ref());
        let channels = self.plan.channels.iter();
        let mut carry = channels.filter(|one| self.has_role(&one.binding, Role::Notifier));
        let first = escalated.next().or_else(|| carry.next().map(|one| &one.id));
        first.map(|id| self.channel(id)).transpose()
    }
}

/// A trigger, watched in all phases, of which people are told once. It neither holds nor goes back, not even when nothing is
/// known of its number.
pub(super) fn only_told(id: TriggerId, criterion: &Criterion, tell: Vec<Telling>) -> Trigger {
    Trigger {
        id,
        criterion: criterion.clone(),
        during: Vec::new(),
        reaction: Reaction { act: None, tell },
        blind: Blind {
            after: Span::MAX,
            reaction: Reaction::default(),
        },
    }
}

/// Why, and what is to be done, in order.
fn measures(contingency: &model::Contingency) -> String {
    let mut text = "{{reason}}".to_owned();
    for (number, measure) in (1..).zip(&contingency.measures) {
        let by = measure.role.as_ref().map(|role| format!(" ({role})"));
        let by = by.unwrap_or_default();
        text += &format!("\n{number}. {}{by}", measure.statement);
    }
    text
}
