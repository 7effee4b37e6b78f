//! Questions go to every approval source that is bound, and replies come back from them.

use std::collections::BTreeSet;

use phasegate_core::{Now, RoleId, Span, Timestamp};
use phasegate_driver::Driver;
use phasegate_engine::record::AskAbout;
use phasegate_engine::{Act, Person};
use phasegate_provider::{Ask, AskId, Call, Decision, Reply};
use tokio::task::JoinSet;

use crate::actor::Work;
use crate::runner::Runner;

/// How long one round of asking and collecting may take.
const ROUND_WITHIN: Span = Span::from_secs(10);

pub(crate) struct People {
    runner: Runner,
    /// Questions that were put to the sources.
    put: BTreeSet<(u64, RoleId)>,
    under_way: bool,
    next: Option<Timestamp>,
}

/// A reply with the question it answers.
pub(crate) struct Answer {
    ask: u64,
    reply: Reply,
    seen: u64,
}

impl Answer {
    /// The identity is the source's: it has verified the person and the role.
    pub(crate) fn into_act(self) -> (Person, String, Act) {
        let Self { ask, reply, seen } = self;
        let by = Person {
            id: reply.person,
            roles: vec![reply.role.clone()],
        };
        let act = Act::Answer {
            ask,
            role: reply.role,
            yes: reply.decision == Decision::Yes,
            plan_digest: reply.plan_digest,
            seen,
        };
        (by, reply.comment, act)
    }
}

impl People {
    pub(crate) fn new(runner: &Runner) -> Self {
        Self {
            runner: runner.clone(),
            put: BTreeSet::new(),
            under_way: false,
            next: None,
        }
    }

    pub(crate) fn due(&self) -> Option<Timestamp> {
        if self.under_way { None } else { self.next }
    }

    pub(crate) fn came_back(&mut self) {
        self.under_way = false;
    }

    /// Puts new questions and collects replies, when it is time.
    pub(crate) fn look(&mut self, driver: &Driver, work: &mut JoinSet<Work>, now: Now) {
        let asks = &driver.state().asks;
        let any_source = self.runner.registry.approval_sources().next().is_some();
        if asks.is_empty() || !any_source {
            self.next = None;
            return;
        }
        if self.under_way || self.next.is_some_and(|next| now.wall < next) {
            return;
        }
        let mut questions = Vec::new();
        for state in asks.values() {
            for role in &state.ask.roles {
                if self.put.insert((state.ask.number, role.clone())) {
                    questions.push(question(driver, state, role, now));
                }
            }
        }
        self.under_way = true;
        self.next = Some(now.wall + self.runner.poll_people);
        let (runner, rollout) = (self.runner.clone(), driver.state().rollout.to_string());
        work.spawn(async move {
            let round = round(&runner, &rollout, questions, now.wall);
            let answers = tokio::time::timeout(ROUND_WITHIN.to_duration(), round).await;
            Work::People(answers.unwrap_or_default())
        });
    }
}

/// The id says which rollout and which question; a reply's seen sequence comes back in the head.
fn question(
    driver: &Driver,
    state: &phasegate_engine::state::AskState,
    role: &RoleId,
    now: Now,
) -> Ask {
    let rollout = &driver.state().rollout;
    let gate = match &state.ask.about {
        AskAbout::Approval { gate, .. } => Some(gate.clone()),
        AskAbout::Attestation { .. }
        | AskAbout::Difference { .. }
        | AskAbout::Effect { .. }
        | AskAbout::Incident { .. }
        | AskAbout::Task { .. } => None,
    };
    let number = state.ask.number;
    Ask {
        id: AskId::new(format!("{rollout}/{number}/{role}")),
        gate,
        role: role.clone(),
        question: state.ask.text.clone(),
        plan_digest: driver.state().program.plan_digest.clone(),
        journal_head: driver.durable_seq().to_string(),
        expires: now.wall + Span::from_secs(30 * 86_400),
    }
}

async fn round(runner: &Runner, rollout: &str, questions: Vec<Ask>, at: Timestamp) -> Vec<Answer> {
    let call = Call::new(at, ROUND_WITHIN);
    let mut answers = Vec::new();
    for (binding, source) in runner.registry.approval_sources() {
        for question in &questions {
            if let Err(error) = source.ask(question, &call).await {
                tracing::warn!(%binding, %error, "a question could not be put");
            }
        }
        match source.poll(&call).await {
            Ok(replies) => answers.extend(replies.into_iter().filter_map(|r| answer(rollout, r))),
            Err(error) => tracing::warn!(%binding, %error, "replies could not be collected"),
        }
    }
    answers
}

/// A reply to a question of this rollout; replies to others are theirs.
fn answer(rollout: &str, reply: Reply) -> Option<Answer> {
    let rest = reply
        .ask
        .as_str()
        .strip_prefix(rollout)?
        .strip_prefix('/')?;
    let (number, _) = rest.split_once('/')?;
    let ask = number.parse().ok()?;
    let seen = reply.journal_head.parse().ok()?;
    Some(Answer { ask, reply, seen })
}
