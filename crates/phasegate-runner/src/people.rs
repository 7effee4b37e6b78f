//! Questions go to every approval source that is bound, and replies come back from them.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{Now, PersonId, RoleId, Span, Timestamp};
use phasegate_driver::{Driver, Said};
use phasegate_engine::record::AskAbout;
use phasegate_engine::state::AskState;
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
    /// What was passed on of each person's replies: one that comes again says nothing new, and must not undo what
    /// they have said elsewhere since.
    heard: BTreeMap<(AskId, PersonId), (Timestamp, Decision)>,
    under_way: bool,
    next: Option<Timestamp>,
}

/// A reply with the question it answers.
pub(crate) struct Answer {
    ask: u64,
    reply: Reply,
    seen: u64,
}

/// Who answers what; when, and what they say.
pub(crate) type Heard = ((AskId, PersonId), (Timestamp, Decision));

impl Answer {
    pub(crate) fn said(&self) -> Heard {
        let reply = &self.reply;
        let key = (reply.ask.clone(), reply.person.clone());
        (key, (reply.at, reply.decision))
    }

    /// The identity is the source's: it has verified the person and the role.
    pub(crate) fn into_act(self) -> (Said, Act) {
        let Self { ask, reply, seen } = self;
        let by = Person {
            id: reply.person,
            roles: vec![reply.role.clone()],
        };
        let answer = |yes| Act::Answer {
            ask,
            role: reply.role,
            yes,
            plan_digest: reply.plan_digest,
            seen,
        };
        let act = match reply.decision {
            Decision::No => answer(false),
            Decision::Withdraw => Act::Withdraw { ask },
            Decision::Yes => answer(true),
        };
        (Said::new(by, reply.comment), act)
    }
}

impl People {
    pub(crate) fn new(runner: &Runner) -> Self {
        Self {
            runner: runner.clone(),
            put: BTreeSet::new(),
            heard: BTreeMap::new(),
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

    /// What was under way is gone, and the engine may have lost what it had not made durable.
    pub(crate) fn start_over(&mut self) {
        self.under_way = false;
        self.put.clear();
        self.heard.clear();
    }

    /// Does this reply say what the same person's last one to the question said?
    pub(crate) fn has_heard(&self, answer: &Answer) -> bool {
        let (key, said) = answer.said();
        self.heard.get(&key) == Some(&said)
    }

    /// The engine has taken this reply.
    pub(crate) fn hear(&mut self, (key, said): Heard) {
        self.heard.insert(key, said);
    }

    /// Puts new questions and collects replies, when it is time.
    pub(crate) fn look(&mut self, driver: &Driver, work: &mut JoinSet<Work>, now: Now) {
        let asks = &driver.state().asks;
        let any_source = self.runner.registry.approval_sources().next().is_some();
        if (asks.is_empty() && self.put.is_empty()) || !any_source {
            self.next = None;
            return;
        }
        if self.under_way || self.next.is_some_and(|next| now.wall < next) {
            return;
        }
        let rollout = driver.state().rollout.to_string();
        // What decided a question must be durable before its replies are let go.
        let durable = driver.durable_seq() >= driver.state().next_seq;
        let is_over = |(number, _): &&(u64, RoleId)| durable && !asks.contains_key(number);
        let over: Vec<_> = self.put.iter().filter(is_over).cloned().collect();
        self.put.retain(|one| !over.contains(one));
        let over = over
            .into_iter()
            .map(|(number, role)| ask_id(&rollout, number, &role));
        let mut round = Round {
            over: over.collect(),
            open: asks.keys().copied().collect(),
            is_all_durable: durable,
            questions: Vec::new(),
        };
        self.heard.retain(|(ask, _), _| !round.over.contains(ask));
        let told = |state: &&AskState| state.seq < driver.durable_seq();
        for state in asks.values().filter(told) {
            for role in &state.ask.roles {
                if self.put.insert((state.ask.number, role.clone())) {
                    round.questions.push(question(driver, state, role));
                }
            }
        }
        self.under_way = true;
        self.next = Some(now.wall + self.runner.poll_people);
        let runner = self.runner.clone();
        work.spawn(async move {
            let made = round.make(&runner, &rollout, now.wall);
            let answers = tokio::time::timeout(ROUND_WITHIN.to_duration(), made).await;
            Work::People(answers.unwrap_or_default())
        });
    }
}

/// What is said where an answer must be signed: sources carry no signatures.
const SIGNED: &str = "(The answer must be signed with your own key: a reply here is not taken.)";

/// The id says which rollout and which question; a reply's seen sequence comes back in the head. It is the same
/// whenever it is put, so that a source that knows it from before a restart takes it for the same.
fn question(driver: &Driver, state: &AskState, role: &RoleId) -> Ask {
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
    let program = &driver.state().program;
    let question = match program.signatures {
        Some(_) => format!("{} {SIGNED}", state.ask.text),
        None => state.ask.text.clone(),
    };
    Ask {
        id: ask_id(rollout.as_str(), number, role),
        gate,
        role: role.clone(),
        question,
        plan_digest: program.plan_digest.clone(),
        journal_head: state.seq.saturating_add(1).to_string(),
        expires: state.asked.wall + Span::from_secs(30 * 86_400),
    }
}

fn ask_id(rollout: &str, number: u64, role: &RoleId) -> AskId {
    AskId::new(format!("{rollout}/{number}/{role}"))
}

/// What is said to every source, and heard from it.
struct Round {
    /// New questions.
    questions: Vec<Ask>,
    /// The numbers of those that are open.
    open: BTreeSet<u64>,
    /// Are those that are not among them over for ever?
    is_all_durable: bool,
    /// Those that need no more answers.
    over: BTreeSet<AskId>,
}

impl Round {
    async fn make(self, runner: &Runner, rollout: &str, at: Timestamp) -> Vec<Answer> {
        let call = Call::new(at, ROUND_WITHIN);
        let mut answers = Vec::new();
        for (binding, source) in runner.registry.approval_sources() {
            for question in &self.questions {
                if let Err(error) = source.ask(question, &call).await {
                    tracing::warn!(%binding, %error, "a question could not be put");
                }
            }
            let mut over = self.over.clone();
            match source.poll(&call).await {
                Ok(replies) => {
                    for answer in replies.into_iter().filter_map(|r| answer(rollout, r)) {
                        if self.open.contains(&answer.ask) {
                            answers.push(answer);
                        } else if self.is_all_durable {
                            // Put and decided before this process took the rollout up.
                            over.insert(answer.reply.ask);
                        }
                    }
                }
                Err(error) => tracing::warn!(%binding, %error, "replies could not be collected"),
            }
            for ask in &over {
                if let Err(error) = source.close(ask, &call).await {
                    tracing::warn!(%binding, %ask, %error, "a question could not be closed");
                }
            }
        }
        answers
    }
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
