//! People: whoever is asked says yes, as many as are needed.

use phasegate_core::{PersonId, RoleId};
use phasegate_engine::program::OpKind;
use phasegate_engine::record::AskAbout;
use phasegate_engine::state::State;
use phasegate_engine::{Act, Person};

use crate::options::BacktestError;

/// The answers that are still to be given to what is asked.
pub(crate) fn answers(state: &State) -> Result<Vec<(Person, Act)>, BacktestError> {
    let (digest, seen) = (&state.program.plan_digest, state.next_seq);
    let mut answers = Vec::new();
    for (number, ask) in &state.asks {
        for role in &ask.ask.roles {
            for one in 1..=needed(state, &ask.ask.about, role) {
                let who = person(&format!("{role}-{one}"), vec![role.clone()])?;
                let given = ask.answers.iter().any(|(answer, _)| answer.by == who.id);
                if !given {
                    let act = Act::Answer {
                        ask: *number,
                        role: role.clone(),
                        yes: true,
                        plan_digest: digest.clone(),
                        seen,
                    };
                    answers.push((who, act));
                }
            }
        }
    }
    Ok(answers)
}

/// How many of a role must say yes.
fn needed(state: &State, about: &AskAbout, role: &RoleId) -> u32 {
    let quorum = match about {
        AskAbout::Approval { place, .. } => match state.op(place).map(|op| &op.kind) {
            Some(OpKind::Gate(gate)) => gate.approvals.quorum.get(role).copied(),
            _ => None,
        },
        _ => None,
    };
    quorum.unwrap_or(1)
}

/// Somebody with these roles.
pub(crate) fn person(id: &str, roles: Vec<RoleId>) -> Result<Person, BacktestError> {
    let id = PersonId::new(id)?;
    Ok(Person { id, roles })
}
