//! Answers from people who stand at this process: a console, a test, an example. Who may answer is decided
//! by whoever holds the desk; nothing comes from a network.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use phasegate_core::{Capability, PersonId, RoleId, Timestamp};
use phasegate_provider::{
    ApprovalSource, Ask, AskId, Call, Decision, Provider, ProviderError, Receipt, Reply,
};

/// Why an answer was not taken.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DeskError {
    /// Nobody asked this, or it is closed.
    #[error("question '{}' is not open", ask.as_str())]
    NotOpen {
        /// The question.
        ask: AskId,
    },
    /// Somebody may not answer in this role.
    #[error("{person} may not answer as {role}")]
    NotInRole {
        /// Who.
        person: PersonId,
        /// The role that is asked for.
        role: RoleId,
    },
}

/// A desk where questions lie and people answer them.
///
/// The desk knows who may answer in which role. A reply is bound to the plan and the journal's head that the
/// question showed. Standing orders answer a role's questions at once; they are for tests and examples.
///
/// ```
/// use phasegate_core::{PersonId, RoleId};
/// use phasegate_provider::Decision;
/// use phasegate_provider_inprocess::ApprovalDesk;
/// let (ada, lead): (PersonId, RoleId) = ("ada".parse()?, "release-lead".parse()?);
/// let desk = ApprovalDesk::new("console of the build machine").with_member(lead, ada);
/// assert!(desk.open().is_empty());
/// # Ok::<(), phasegate_core::IdError>(())
/// ```
#[derive(Debug, Default)]
pub struct ApprovalDesk {
    /// How it is known who answers.
    verified: String,
    members: BTreeSet<(RoleId, PersonId)>,
    orders: BTreeMap<RoleId, (PersonId, Decision)>,
    /// What goes before them where a gate asks.
    at_gates: BTreeMap<RoleId, (PersonId, Decision)>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: BTreeMap<AskId, Ask>,
    replies: Vec<Reply>,
}

impl ApprovalDesk {
    /// An empty desk; `verified` says in replies how it is known who answered.
    pub fn new(verified: impl Into<String>) -> Self {
        Self {
            verified: verified.into(),
            ..Self::default()
        }
    }

    /// The same desk, at which this person may answer in this role.
    #[must_use]
    pub fn with_member(mut self, role: RoleId, person: PersonId) -> Self {
        self.members.insert((role, person));
        self
    }

    /// The same desk, at which every question to this role is answered at once, in the name of a member.
    #[must_use]
    pub fn with_standing_order(
        mut self,
        role: RoleId,
        person: PersonId,
        decision: Decision,
    ) -> Self {
        self.members.insert((role.clone(), person.clone()));
        self.orders.insert(role, (person, decision));
        self
    }

    /// The same desk, at which every gate's question to this role is answered at once, in the name of a
    /// member, whatever else stands for other questions.
    #[must_use]
    pub fn with_order_at_gates(
        mut self,
        role: RoleId,
        person: PersonId,
        decision: Decision,
    ) -> Self {
        self.members.insert((role.clone(), person.clone()));
        self.at_gates.insert(role, (person, decision));
        self
    }

    /// The questions that are open, by id.
    pub fn open(&self) -> Vec<Ask> {
        self.state().open.values().cloned().collect()
    }

    /// Answers a question; an earlier answer of the same person is replaced, or taken back by
    /// [`Withdraw`](Decision::Withdraw).
    ///
    /// # Errors
    /// [`DeskError`] when it is not open, or the person may not answer in its role.
    pub fn answer(
        &self,
        ask: &AskId,
        person: &PersonId,
        decision: Decision,
        comment: &str,
        at: Timestamp,
    ) -> Result<(), DeskError> {
        let mut state = self.state();
        let Some(question) = state.open.get(ask) else {
            return Err(DeskError::NotOpen { ask: ask.clone() });
        };
        let member = (question.role.clone(), person.clone());
        if !self.members.contains(&member) {
            let (role, person) = member;
            return Err(DeskError::NotInRole { person, role });
        }
        let reply = self.reply(question, person, decision, comment, at);
        reply.supersede(&mut state.replies);
        Ok(())
    }

    fn reply(
        &self,
        question: &Ask,
        person: &PersonId,
        decision: Decision,
        comment: &str,
        at: Timestamp,
    ) -> Reply {
        Reply {
            ask: question.id.clone(),
            person: person.clone(),
            role: question.role.clone(),
            decision,
            comment: comment.to_owned(),
            plan_digest: question.plan_digest.clone(),
            journal_head: question.journal_head.clone(),
            at,
            verified: self.verified.clone(),
            note: None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Provider for ApprovalDesk {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::new()
    }
}

#[async_trait]
impl ApprovalSource for ApprovalDesk {
    async fn ask(&self, ask: &Ask, call: &Call) -> Result<Receipt, ProviderError> {
        let mut state = self.state();
        match state.open.get(&ask.id) {
            Some(open) if open == ask => return Ok(Receipt::new("lies on the desk")),
            Some(_) => {
                let told = format!("ask '{}': another question has this id", ask.id);
                return Err(ProviderError::misuse(told));
            }
            None => {}
        }
        let at_gate = ask.gate.as_ref().and(self.at_gates.get(&ask.role));
        if let Some((person, decision)) = at_gate.or_else(|| self.orders.get(&ask.role)) {
            let reply = self.reply(ask, person, *decision, "standing order", call.at);
            state.replies.push(reply);
        }
        state.open.insert(ask.id.clone(), ask.clone());
        Ok(Receipt::new("laid on the desk"))
    }

    async fn poll(&self, _call: &Call) -> Result<Vec<Reply>, ProviderError> {
        Ok(self.state().replies.clone())
    }

    async fn close(&self, ask: &AskId, _call: &Call) -> Result<(), ProviderError> {
        let mut state = self.state();
        state.open.remove(ask);
        state.replies.retain(|reply| reply.ask != *ask);
        Ok(())
    }
}
