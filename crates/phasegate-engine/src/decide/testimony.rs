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

    /// The statement as the criterion of the program writes it that turns on it: one in the same letters
    /// before one in others.
    fn turns_on(&self, statement: &Statement) -> Option<Statement> {
        let program = &self.state.program;
        let triggers = program.triggers.iter().map(|trigger| &trigger.criterion);
        let phases = program.phases.iter();
        let ops = phases.flat_map(|phase| phase.ops.iter().chain(&phase.rollback.ops));
        let checks = ops.flat_map(|op| op.checks().iter().map(|check| &check.criterion));
        let conditions = triggers.chain(checks).map(|criterion| &criterion.condition);
        let exactly = |own: &Statement| own == statement;
        let in_other_letters = |own: &Statement| is_same(own, statement);
        let mut same = conditions.clone();
        same.find_map(|condition| held(condition, &exactly))
            .or_else(|| conditions.clone().find_map(|c| held(c, &in_other_letters)))
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

/// What a part of the condition states, if that is it.
fn held(condition: &Condition, is_it: &impl Fn(&Statement) -> bool) -> Option<Statement> {
    match condition {
        Condition::All(_) | Condition::Any(_) | Condition::Score(_) => {
            condition.parts().find_map(|part| held(part, is_it))
        }
        Condition::Not(negated) => held(negated.condition(), is_it),
        Condition::Event(events) => {
            let names = events.names().map(Name::to_string);
            names.map(|name| Statement::Event { name }).find(is_it)
        }
        Condition::Approve(_)
        | Condition::Check(_)
        | Condition::Delivered(_)
        | Condition::ForAll { .. }
        | Condition::Group(_)
        | Condition::Monitor(_)
        | Condition::Test(_) => statement(condition).filter(is_it),
    }
}

/// Do these texts state the same?
pub(crate) fn is_same_statement(one: &str, other: &str) -> bool {
    let read = |text: &str| {
        let stated: Option<Criterion> = text.parse().ok();
        statement(&stated?.condition)
    };
    let both = read(one).zip(read(other));
    both.is_some_and(|(one, other)| is_same(&one, &other))
}

/// Do both state the same? Names of roles and events are the same in any letters, as evaluation has it; a
/// check is the same whatever the case of its letters and the space between its words.
fn is_same(one: &Statement, other: &Statement) -> bool {
    match (one, other) {
        (Statement::Approval { role: one }, Statement::Approval { role: other })
        | (Statement::Event { name: one }, Statement::Event { name: other }) => {
            Name::new(one).is_ok_and(|name| name.means(other))
        }
        (Statement::Check { condition: one }, Statement::Check { condition: other }) => {
            words(one).eq(words(other))
        }
        (
            Statement::Approval { .. } | Statement::Check { .. } | Statement::Event { .. },
            Statement::Approval { .. } | Statement::Check { .. } | Statement::Event { .. },
        ) => false,
    }
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let between = |c: char| c.is_whitespace() || c == '"';
    let words = text.split(between).filter(|word| !word.is_empty());
    words.map(str::to_lowercase)
}
