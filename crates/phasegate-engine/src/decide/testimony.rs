//! What people state that nothing measures: it is recorded where a criterion of the plan turns on it, and
//! looked at in the same turn.

use std::borrow::Cow;

use phasegate_core::Timestamp;
use phasegate_criterion::{Condition, Criterion, Name};
use phasegate_sla::Testimony;

use crate::engine::Engine;
use crate::event::{EventError, Person};
use crate::record::{Body, Statement};

/// How much of what was stated is shown in an error.
const SHOWN_MAX: usize = 200;

impl Engine {
    pub(crate) fn testify(
        &mut self,
        by: &Person,
        reason: String,
        text: &str,
        yes: bool,
    ) -> Result<(), EventError> {
        let unknown = || EventError::UnknownCondition {
            condition: text.chars().take(SHOWN_MAX).collect(),
        };
        let stated: Criterion = text.parse().map_err(|_unreadable| unknown())?;
        let statement = statement(&stated.condition).ok_or_else(unknown)?;
        // It is recorded in the plan's own letters, so that whoever withdraws it withdraws the same.
        let statement = self.turns_on(&statement).ok_or_else(unknown)?;
        // A person speaks for a role that they have.
        if let Condition::Approve(role) = &stated.condition
            && !by.roles.iter().any(|held| role.means(held.as_str()))
        {
            return Err(EventError::RoleNotSpokenFor {
                by: by.id.clone(),
                role: role.to_string(),
            });
        }
        self.emit(Body::Testified {
            statement,
            yes,
            by: by.id.clone(),
            reason,
        });
        // What was said is looked at now, not at the next turn.
        self.volatile.tick_due = self.now().wall;
        Ok(())
    }

    /// The statement as the criterion of the program writes it that turns on it.
    fn turns_on(&self, statement: &Statement) -> Option<Statement> {
        let program = &self.state.program;
        let triggers = program.triggers.iter().map(|trigger| &trigger.criterion);
        let phases = program.phases.iter();
        let ops = phases.flat_map(|phase| phase.ops.iter().chain(&phase.rollback.ops));
        let checks = ops.flat_map(|op| op.checks().iter().map(|check| &check.criterion));
        let mut criteria = triggers.chain(checks);
        criteria.find_map(|criterion| held(&criterion.condition, statement))
    }
}

/// What is known beside measurements to whoever has been watching since then.
pub(crate) fn watching(testimony: &Testimony, since: Option<Timestamp>) -> Cow<'_, Testimony> {
    match since {
        None => Cow::Borrowed(testimony),
        Some(_) => Cow::Owned(Testimony {
            watched_since: since,
            ..testimony.clone()
        }),
    }
}

/// Is a part of it that so much time has passed under watch?
pub(crate) fn monitors(condition: &Condition) -> bool {
    matches!(condition, Condition::Monitor(_)) || condition.parts().any(monitors)
}

/// What a condition states, if a person can state it.
fn statement(condition: &Condition) -> Option<Statement> {
    let event = |name: &Name| Statement::Event {
        name: name.to_string(),
    };
    match condition {
        Condition::Approve(role) => Some(Statement::Approval {
            role: role.to_string(),
        }),
        Condition::Check(_) | Condition::ForAll { .. } => Some(Statement::Check {
            condition: condition.to_string(),
        }),
        Condition::Event(events) => events.single().map(event),
        Condition::All(_)
        | Condition::Any(_)
        | Condition::Delivered(_)
        | Condition::Group(_)
        | Condition::Monitor(_)
        | Condition::Not(_)
        | Condition::Score(_)
        | Condition::Test(_) => None,
    }
}

/// The part of the condition that says the same, whatever the case of its names, as evaluation has it.
fn held(condition: &Condition, wanted: &Statement) -> Option<Statement> {
    match (condition, wanted) {
        (Condition::All(_) | Condition::Any(_) | Condition::Score(_), _) => {
            condition.parts().find_map(|part| held(part, wanted))
        }
        (Condition::Not(negated), _) => held(negated.condition(), wanted),
        (Condition::Event(events), Statement::Event { name }) => {
            let event = events.names().find(|event| event.means(name))?;
            Some(Statement::Event {
                name: event.to_string(),
            })
        }
        (Condition::Approve(of), Statement::Approval { role }) if of.means(role) => {
            statement(condition)
        }
        (_, wanted) => statement(condition).filter(|own| own == wanted),
    }
}
