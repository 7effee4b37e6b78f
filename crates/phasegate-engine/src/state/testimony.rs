//! What is known beside measurements: what people answered, attested and declared, and what is delivered.
//! Criteria of gates, bakes and triggers are evaluated with it.

use phasegate_core::{Now, PersonId, PhaseId};
use phasegate_criterion::{Condition, Name, Text};

use super::State;
use crate::program::ACCEPTANCE;
use crate::record::{Answered, AskAbout, Statement};

impl State {
    /// The last word of a role, about a check and about an event counts, in whatever letters roles and events
    /// are written.
    pub(super) fn hear(&mut self, statement: &Statement, yes: bool) {
        let testimony = &mut self.testimony;
        match statement {
            Statement::Approval { role } => {
                testimony.approvals.retain(|of, _| !is_same(of, role));
                testimony.approvals.insert(role.clone(), yes);
            }
            Statement::Check { condition } => {
                testimony.attested.insert(condition.clone(), yes);
            }
            Statement::Event { name } if yes => {
                testimony.events.insert(name.clone());
            }
            Statement::Event { name } => {
                testimony.events.retain(|seen| !is_same(seen, name));
            }
        }
    }

    /// A gate's approval is its role's; an item of a checklist is the check of the same words.
    pub(super) fn hear_answer(&mut self, answered: &Answered) {
        if let Some(statement) = self.stated_by(answered) {
            self.hear(&statement, answered.yes);
        }
    }

    /// An answer that is taken back was not given.
    pub(super) fn unhear_answer(&mut self, ask: u64, by: &PersonId) {
        let answers = self.asks.get(&ask).map(|ask| &ask.answers);
        let taken_back = answers.into_iter().flatten();
        let taken_back = taken_back.filter(|(answer, _)| answer.by == *by);
        let stated: Vec<Statement> = taken_back
            .filter_map(|(answer, _)| self.stated_by(answer))
            .collect();
        for statement in stated {
            match statement {
                Statement::Approval { role } => {
                    let approvals = &mut self.testimony.approvals;
                    approvals.retain(|of, _| !is_same(of, &role));
                }
                Statement::Check { condition } => {
                    self.testimony.attested.remove(&condition);
                }
                Statement::Event { .. } => {}
            }
        }
    }

    fn stated_by(&self, answered: &Answered) -> Option<Statement> {
        let asked = &self.asks.get(&answered.ask)?.ask;
        match &asked.about {
            AskAbout::Approval { .. } => Some(Statement::Approval {
                role: answered.role.to_string(),
            }),
            AskAbout::Task { place } | AskAbout::Attestation { place } => {
                let title = self.op(place).map(|op| op.title.clone());
                let text = Text::new(title.unwrap_or_else(|| asked.text.clone())).ok()?;
                Some(Statement::Check {
                    condition: Condition::Check(text).to_string(),
                })
            }
            AskAbout::Difference { .. } | AskAbout::Effect { .. } | AskAbout::Incident { .. } => {
                None
            }
        }
    }

    /// Delivered is what has nothing left but its acceptance.
    pub(super) fn hear_delivered(&mut self, finished: &PhaseId, now: Now) {
        let is_acceptance = |phase: &PhaseId| phase.as_str() == ACCEPTANCE;
        let left = self.phases.iter();
        let mut left = left.filter(|(id, state)| !state.is_done() && !is_acceptance(id));
        if !is_acceptance(finished) && left.next().is_none() {
            self.testimony.delivered = Some(now.wall);
        }
    }
}

/// Is it the same role or event?
fn is_same(one: &str, other: &str) -> bool {
    one == other || Name::new(one).is_ok_and(|name| name.means(other))
}
