//! What is known beside measurements: what people answered, attested and declared, and what is delivered.
//! Criteria of gates, bakes and triggers are evaluated with it.

use phasegate_core::{Now, PhaseId};
use phasegate_criterion::{Condition, Text};

use super::{PhaseState, State};
use crate::program::ACCEPTANCE;
use crate::record::{Answered, AskAbout, Statement};

impl State {
    /// The last word of a role, and about a check, counts.
    pub(super) fn hear(&mut self, statement: &Statement, yes: bool) {
        let testimony = &mut self.testimony;
        match statement {
            Statement::Approval { role } => {
                testimony.approvals.insert(role.clone(), yes);
            }
            Statement::Check { condition } => {
                testimony.attested.insert(condition.clone(), yes);
            }
            Statement::Event { name } if yes => {
                testimony.events.insert(name.clone());
            }
            Statement::Event { name } => {
                testimony.events.remove(name);
            }
        }
    }

    /// A gate's approval is its role's; an item of a checklist is the check of the same words.
    pub(super) fn hear_answer(&mut self, answered: &Answered) {
        let Some(state) = self.asks.get(&answered.ask) else {
            return;
        };
        let statement = match &state.ask.about {
            AskAbout::Approval { .. } => Statement::Approval {
                role: answered.role.to_string(),
            },
            AskAbout::Task { .. } => match Text::new(state.ask.text.clone()) {
                Ok(text) => Statement::Check {
                    condition: Condition::Check(text).to_string(),
                },
                Err(_) => return,
            },
            AskAbout::Effect { .. } => return,
        };
        self.hear(&statement, answered.yes);
    }

    /// Delivered is what has nothing left but its acceptance.
    pub(super) fn hear_delivered(&mut self, finished: &PhaseId, now: Now) {
        let is_acceptance = |phase: &PhaseId| phase.as_str() == ACCEPTANCE;
        let left = self.phases.iter();
        let mut left = left.filter(|(id, state)| **state != PhaseState::Done && !is_acceptance(id));
        if !is_acceptance(finished) && left.next().is_none() {
            self.testimony.delivered = Some(now.wall);
        }
    }
}
