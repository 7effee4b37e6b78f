//! Questions go to every approval source that is bound, and replies come back from them.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{BindingId, Now, PersonId, RoleId, RolloutId, Span, Timestamp};
use phasegate_driver::{Driver, Said};
use phasegate_engine::record::AskAbout;
use phasegate_engine::state::{AskState, State};
use phasegate_engine::{Act, Person};
use phasegate_journal::{Anchor, Head};
use phasegate_provider::{ApprovalSource, Ask, AskId, Call, Decision, Reply, Retry, ToSign};
use tokio::task::JoinSet;

use crate::actor::Work;
use crate::runner::Runner;

/// How long one round of asking and collecting may take.
const ROUND_WITHIN: Span = Span::from_secs(10);

pub(crate) struct People {
    runner: Runner,
    /// Questions that were put to the sources.
    put: BTreeSet<AskId>,
    /// Those of the round that is under way.
    putting: Vec<AskId>,
    /// What was passed on of each person's replies: one that comes again says nothing new, and must not undo what
    /// they have said elsewhere since.
    heard: BTreeMap<(AskId, PersonId), Word>,
    under_way: bool,
    next: Option<Timestamp>,
}

/// A reply with the question it answers.
pub(crate) struct Answer {
    ask: u64,
    reply: Reply,
    seen: u64,
}

/// When, what they say, and the note under it.
type Word = (Timestamp, Decision, Option<String>);

/// Who answers what, and their word.
pub(crate) type Heard = ((AskId, PersonId), Word);

impl Answer {
    pub(crate) fn said(&self) -> Heard {
        let reply = &self.reply;
        let key = (reply.ask.clone(), reply.person.clone());
        (key, (reply.at, reply.decision, reply.note.clone()))
    }

    /// Has the person said something else since, elsewhere? A source whose replies come again after a restart knows
    /// nothing of that. Only a yes is so left: a no and a withdrawal count, whatever a source's clock says.
    fn is_overtaken(&self, state: &State) -> bool {
        let (by, at) = (&self.reply.person, self.reply.at);
        let Some(asked) = state.asks.get(&self.ask) else {
            return false;
        };
        let answers = asked.answers.iter().filter(|(answer, _)| answer.by == *by);
        let said = answers.map(|(_, said)| said).chain(asked.withdrawn.get(by));
        self.reply.decision == Decision::Yes && said.into_iter().any(|said| said.wall >= at)
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
        let said = Said::new(by, reply.comment);
        match reply.note {
            Some(note) => (said.with_note(note), act),
            None => (said, act),
        }
    }
}

impl People {
    pub(crate) fn new(runner: &Runner) -> Self {
        Self {
            runner: runner.clone(),
            put: BTreeSet::new(),
            putting: Vec::new(),
            heard: BTreeMap::new(),
            under_way: false,
            next: None,
        }
    }

    pub(crate) fn due(&self) -> Option<Timestamp> {
        if self.under_way { None } else { self.next }
    }

    /// A round has ended; `unput` are the questions that are to be put again, all of them where it broke.
    pub(crate) fn came_back(&mut self, unput: Option<&[AskId]>) {
        self.under_way = false;
        let putting = std::mem::take(&mut self.putting);
        for one in unput.unwrap_or(&putting) {
            self.put.remove(one);
        }
    }

    /// What was under way is gone, and the engine may have lost what it had not made durable.
    pub(crate) fn start_over(&mut self) {
        self.under_way = false;
        self.put.clear();
        self.putting.clear();
        self.heard.clear();
    }

    /// The rollout has ended: nobody need answer any more. What a source does not take now stays open there.
    pub(crate) async fn leave(&mut self, now: Timestamp) {
        let over = std::mem::take(&mut self.put);
        let call = Call::new(now, ROUND_WITHIN);
        let closed = async {
            for (binding, source) in self.runner.registry.approval_sources() {
                close(binding, &**source, &over, &call).await;
            }
        };
        let closed = tokio::time::timeout(ROUND_WITHIN.to_duration(), closed).await;
        if closed.is_err() {
            tracing::warn!("not all questions were closed in time");
        }
    }

    /// Does this reply say nothing that is new after what the same person has said to the question?
    pub(crate) fn has_heard(&mut self, answer: &Answer, state: &State) -> bool {
        let (key, said) = answer.said();
        match self.heard.get(&key) {
            Some(heard) => *heard == said,
            None if answer.is_overtaken(state) => {
                self.heard.insert(key, said);
                true
            }
            None => false,
        }
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
        let rollout = driver.state().rollout.clone();
        // What decided a question must be durable before its replies are let go.
        let durable = driver.durable_seq() >= driver.state().next_seq;
        let told = |state: &&AskState| state.seq < driver.durable_seq();
        let mut questions = Vec::new();
        let mut current = BTreeSet::new();
        for state in asks.values().filter(told) {
            for role in &state.ask.roles {
                let id = ask_id(driver.state(), state, role, now.wall);
                if self.put.insert(id.clone()) {
                    self.putting.push(id.clone());
                    questions.push(question(driver, state, role, id.clone(), now.wall));
                }
                current.insert(id);
            }
        }
        let is_over = |id: &&AskId| durable && !current.contains(*id);
        let over: BTreeSet<AskId> = self.put.iter().filter(is_over).cloned().collect();
        self.put.retain(|id| !over.contains(id));
        self.heard.retain(|(ask, _), _| !over.contains(ask));
        let round = Round {
            questions,
            are_signed: driver.state().program.signatures.is_some(),
            open: asks.keys().copied().collect(),
            current,
            is_all_durable: durable,
            over,
        };
        self.under_way = true;
        self.next = Some(now.wall + self.runner.poll_people);
        let runner = self.runner.clone();
        work.spawn(async move {
            let made = round.make(&runner, &rollout, now.wall);
            let came = tokio::time::timeout(ROUND_WITHIN.to_duration(), made).await;
            Work::People(came.ok())
        });
    }
}

/// What is said where an answer must be signed.
const SIGNED: &str =
    "(The answer must be signed with your own key: an unsigned reply is not taken.)";

/// How long an answer is waited for before the question is put once more.
const OPEN_FOR: Span = Span::from_secs(30 * 86_400);

/// A question as it is put under this id; a reply's seen sequence comes back in the head.
fn question(
    driver: &Driver,
    state: &AskState,
    role: &RoleId,
    id: AskId,
    now: Timestamp,
) -> Question {
    let gate = match &state.ask.about {
        AskAbout::Approval { gate, .. } => Some(gate.clone()),
        AskAbout::Attestation { .. }
        | AskAbout::Difference { .. }
        | AskAbout::Effect { .. }
        | AskAbout::Incident { .. }
        | AskAbout::Task { .. } => None,
    };
    let program = &driver.state().program;
    let question = match program.signatures {
        Some(_) => format!("{} {SIGNED}", state.ask.text),
        None => state.ask.text.clone(),
    };
    let open_for = OPEN_FOR.saturating_mul(expired(state, now).saturating_add(1));
    let ask = Ask {
        id,
        gate,
        role: role.clone(),
        question,
        plan_digest: program.plan_digest.clone(),
        journal_head: state.seq.saturating_add(1).to_string(),
        expires: state.asked.wall + open_for,
        to_sign: None,
    };
    Question {
        ask,
        number: state.ask.number,
        seq: state.seq,
    }
}

/// What is signed: the words of what each decision does, over the journal as it was with the question.
fn to_sign(rollout: &RolloutId, head: Head, question: &Question) -> ToSign {
    let anchor = Anchor {
        rollout: rollout.clone(),
        head,
    };
    let ask = question.number;
    let answer = |yes| Act::Answer {
        ask,
        role: question.ask.role.clone(),
        yes,
        plan_digest: question.ask.plan_digest.clone(),
        seen: head.next_seq,
    };
    ToSign {
        anchor: anchor.to_string(),
        yes: answer(true).to_string(),
        no: answer(false).to_string(),
        withdraw: Act::Withdraw { ask }.to_string(),
    }
}

/// How often a question has expired.
fn expired(state: &AskState, now: Timestamp) -> u64 {
    now.since(state.asked.wall).as_nanos() / OPEN_FOR.as_nanos()
}

/// Which rollout and which question; and which revision of the plan it is about and how often it has expired, where any of it
/// is not 0. It is the same whenever it is put, so that a source that knows it from before a restart takes it for the
/// same. Under a revised plan and after it has expired it is another: answers are bound to what was shown.
fn ask_id(of: &State, state: &AskState, role: &RoleId, now: Timestamp) -> AskId {
    let (rollout, number) = (&of.rollout, state.ask.number);
    AskId::new(match (of.amended, expired(state, now)) {
        (0, 0) => format!("{rollout}/{number}/{role}"),
        (amended, expired) => format!("{rollout}/{number}-{amended}-{expired}/{role}"),
    })
}

/// A question as it is put.
struct Question {
    ask: Ask,
    number: u64,
    /// The sequence of its record.
    seq: u64,
}

/// What is said to every source, and heard from it.
struct Round {
    /// New questions.
    questions: Vec<Question>,
    /// Does the plan want acts signed?
    are_signed: bool,
    /// The numbers of those that are open.
    open: BTreeSet<u64>,
    /// Their ids as they are put now.
    current: BTreeSet<AskId>,
    /// Are those that are not among them over for ever?
    is_all_durable: bool,
    /// Those that need no more answers.
    over: BTreeSet<AskId>,
}

/// What came of a round.
#[derive(Default)]
pub(crate) struct Came {
    pub(crate) answers: Vec<Answer>,
    /// The heads over which answers may be signed.
    pub(crate) heads: Vec<Head>,
    /// Questions that did not get to every source, and are to be put again.
    pub(crate) unput: Vec<AskId>,
}

impl Round {
    async fn make(mut self, runner: &Runner, rollout: &RolloutId, at: Timestamp) -> Came {
        let call = Call::new(at, ROUND_WITHIN);
        let mut came = Came::default();
        if self.are_signed && !self.questions.is_empty() {
            self.anchor(runner, rollout, &mut came).await;
        }
        for (binding, source) in runner.registry.approval_sources() {
            for question in &self.questions {
                if let Err(error) = source.ask(&question.ask, &call).await {
                    tracing::warn!(%binding, %error, "a question could not be put");
                    // Whoever has it already takes it for the same.
                    let id = &question.ask.id;
                    if error.retry() != Retry::Never && !came.unput.contains(id) {
                        came.unput.push(id.clone());
                    }
                }
            }
            let mut over = self.over.clone();
            match source.poll(&call).await {
                Ok(replies) => {
                    for answer in replies.into_iter().filter_map(|r| answer(rollout, r)) {
                        // Put, and decided or revised, perhaps before this process took the rollout up.
                        if self.is_all_durable && !self.current.contains(&answer.reply.ask) {
                            over.insert(answer.reply.ask.clone());
                        }
                        if self.open.contains(&answer.ask) {
                            came.answers.push(answer);
                        }
                    }
                }
                Err(error) => tracing::warn!(%binding, %error, "replies could not be collected"),
            }
            close(binding, &**source, &over, &call).await;
        }
        came
    }

    /// Says in each question over which head the answer is signed: the one with which the question was recorded. Those of
    /// which that is not known now are left for the next round.
    async fn anchor(&mut self, runner: &Runner, rollout: &RolloutId, came: &mut Came) {
        let first = self.questions.iter().map(|question| question.seq).min();
        let read = runner
            .journal
            .read(rollout, first.unwrap_or_default())
            .await;
        let records = read.unwrap_or_else(|error| {
            tracing::warn!(%error, "the heads of questions could not be read");
            Vec::new()
        });
        for question in &mut self.questions {
            let record = records.iter().find(|record| record.seq == question.seq);
            question.ask.to_sign = record.map(|record| {
                came.heads.push(record.head());
                to_sign(rollout, record.head(), question)
            });
        }
        let (known, unknown) = std::mem::take(&mut self.questions)
            .into_iter()
            .partition(|question: &Question| question.ask.to_sign.is_some());
        self.questions = known;
        came.unput = unknown
            .into_iter()
            .map(|question: Question| question.ask.id)
            .collect();
    }
}

async fn close(
    binding: &BindingId,
    source: &dyn ApprovalSource,
    over: &BTreeSet<AskId>,
    call: &Call,
) {
    for ask in over {
        if let Err(error) = source.close(ask, call).await {
            tracing::warn!(%binding, %ask, %error, "a question could not be closed");
        }
    }
}

/// A reply to a question of this rollout; replies to others are theirs.
fn answer(rollout: &RolloutId, reply: Reply) -> Option<Answer> {
    let rest = reply
        .ask
        .as_str()
        .strip_prefix(rollout.as_str())?
        .strip_prefix('/')?;
    let (number, _) = rest.split_once('/')?;
    let ask = number.split('-').next()?.parse().ok()?;
    let seen = reply.journal_head.parse().ok()?;
    Some(Answer { ask, reply, seen })
}
