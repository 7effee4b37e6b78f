//! Questions and replies through the runner: the last word of a person counts, once, and a question that is
//! decided is closed at its source, also where another process had put it.
#![expect(clippy::expect_used, reason = "helpers of tests may panic")]

mod paused;
mod planned;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use phasegate_core::{Capability, Timestamp};
use phasegate_engine::record::Outcome;
use phasegate_engine::{Act, Person};
use phasegate_journal::MemoryJournal;
use phasegate_journal::checkpoint::Signer;
use phasegate_provider::{
    Answer, ApprovalSource, Ask, AskId, Call, Decision, Provider, ProviderError, Receipt, Registry,
    Reply,
};
use phasegate_runner::{Ended, Runner, View};
use tokio::sync::watch;
use tokio::time::Instant;

use paused::Paused;
use planned::planned;

const PLAN: &str = "format: phasegate-plan/1
id: asked
title: Asked
roles:
  - {id: lead, members: [ada, bob]}
phases:
  - id: one
    title: One
    steps:
      - {id: rest, wait: 1s}
    gates:
      - id: go
        title: Go on?
        approvals: [{role: lead, quorum: 2}]
    no-way-back: Nothing moves.
  - id: two
    title: Two
    after: [one]
    steps:
      - {id: more, wait: 1m}
    no-way-back: Nothing moves.
";

const BINDINGS: &str = "format: phasegate-bindings/1
bindings:
  desk: {adapter: test, roles: [approval-source]}
";

/// What was put and is open, what was closed, what people say.
#[derive(Debug, Default)]
struct Desk {
    open: Mutex<BTreeMap<AskId, Ask>>,
    closed: Mutex<BTreeSet<AskId>>,
    replies: Mutex<Vec<Reply>>,
}

impl Desk {
    /// Says something to the question that is open, and to no other.
    fn say(&self, person: &str, decision: Decision, at: i64) {
        let open = self.open.lock().expect("a lock");
        let ask = open.values().next().expect("a question");
        let answer = Answer {
            ask: ask.id.clone(),
            person: person.parse().expect("an id"),
            decision,
            comment: String::new(),
            plan_digest: ask.plan_digest.clone(),
            journal_head: ask.journal_head.clone(),
        };
        let at = Timestamp::from_unix_millis(at);
        let reply = answer.into_reply(ask.role.clone(), at, "a test".to_owned());
        reply.supersede(&mut self.replies.lock().expect("a lock"));
    }
}

impl Provider for Desk {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::new()
    }
}

#[async_trait]
impl ApprovalSource for Desk {
    async fn ask(&self, ask: &Ask, _: &Call) -> Result<Receipt, ProviderError> {
        let mut open = self.open.lock().expect("a lock");
        if open.get(&ask.id).is_some_and(|known| known != ask) {
            return Err(ProviderError::misuse("another question has this id"));
        }
        open.insert(ask.id.clone(), ask.clone());
        Ok(Receipt::new("put"))
    }

    async fn poll(&self, _: &Call) -> Result<Vec<Reply>, ProviderError> {
        Ok(self.replies.lock().expect("a lock").clone())
    }

    async fn close(&self, ask: &AskId, _: &Call) -> Result<(), ProviderError> {
        self.open.lock().expect("a lock").remove(ask);
        self.closed.lock().expect("a lock").insert(ask.clone());
        let mut replies = self.replies.lock().expect("a lock");
        replies.retain(|reply| reply.ask != *ask);
        Ok(())
    }
}

/// Who has answered, once these have.
async fn answered(view: &mut watch::Receiver<View>, who: &[&str]) {
    let said = |view: &View| {
        let mut asks = view.state.asks.values();
        let answers = asks.next().map(|ask| ask.answers.clone());
        let answers = answers.unwrap_or_default().into_iter();
        answers
            .map(|(answer, _)| answer.by.to_string())
            .collect::<Vec<_>>()
            == who
    };
    let seen = tokio::time::timeout(std::time::Duration::from_secs(60), view.wait_for(said));
    let seen = seen.await;
    assert!(seen.is_ok(), "never: {who:?}");
}

fn person(id: &str) -> Person {
    Person {
        id: id.parse().expect("an id"),
        roles: vec!["lead".parse().expect("an id")],
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_word_of_a_person_counts_once_and_what_is_decided_is_closed() {
    let desk = Arc::new(Desk::default());
    let clock = Arc::new(Paused(Instant::now()));
    let (program, sources, by) = planned(PLAN, BINDINGS);
    let mut registry = Registry::new();
    let bound =
        registry.bind_approval_source("desk".parse().expect("an id"), Arc::<Desk>::clone(&desk));
    bound.expect("free");
    let journal = Arc::new(MemoryJournal::new(Arc::<Paused>::clone(&clock)));
    let holder = "one".parse().expect("a name");
    let runner = Runner::new(journal, Arc::new(registry), clock, holder);
    let rollout = "asked".parse().expect("an id");
    let started = runner.start(rollout, program, sources, by).await;
    let handle = started.expect("a rollout");
    let mut view = handle.view();
    let asked = view.wait_for(|view| !view.state.asks.is_empty()).await;
    let number = *asked
        .expect("it runs")
        .state
        .asks
        .keys()
        .next()
        .expect("one");
    // It is put with the next look.
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;

    desk.say("ada", Decision::Yes, 1);
    answered(&mut view, &["ada"]).await;
    desk.say("ada", Decision::Withdraw, 2);
    answered(&mut view, &[]).await;
    desk.say("ada", Decision::Yes, 3);
    answered(&mut view, &["ada"]).await;
    // Taken back by another way, the same reply that comes again and again is not heard anew.
    let back = Act::Withdraw { ask: number };
    let taken = handle.operate(person("ada"), String::new(), back).await;
    taken.expect("taken back");
    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    answered(&mut view, &[]).await;

    // Put again by a process that knows nothing of it, the question is the same.
    let rollout = "asked".parse().expect("an id");
    let stopped = handle.ended_unless(std::future::ready(())).await;
    assert_eq!(stopped, Ended::Stopped);
    let handle = runner.resume(&rollout).await.expect("taken up");
    desk.say("ada", Decision::Yes, 4);
    desk.say("bob", Decision::Yes, 5);
    assert_eq!(handle.ended().await, Ended::Finished(Outcome::Completed));
    assert!(desk.open.lock().expect("a lock").is_empty(), "{desk:?}");
    assert_eq!(desk.closed.lock().expect("a lock").len(), 1, "{desk:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reply_is_not_taken_where_the_plan_wants_it_signed_and_the_question_says_so() {
    let key = |name: &str, seed| Signer::new(name, &[seed; 32]).expect("a name");
    let keys = [key("ada", 1), key("bob", 2)].map(|key| format!("\"{}\"", key.verifier()));
    let asked = format!(
        "signatures: {{acts: forward, keys: [{}]}}\nphases:",
        keys.join(", ")
    );
    let desk = Arc::new(Desk::default());
    let clock = Arc::new(Paused(Instant::now()));
    let (program, sources, by) = planned(&PLAN.replace("phases:", &asked), BINDINGS);
    let mut registry = Registry::new();
    let bound =
        registry.bind_approval_source("desk".parse().expect("an id"), Arc::<Desk>::clone(&desk));
    bound.expect("free");
    let journal = Arc::new(MemoryJournal::new(Arc::<Paused>::clone(&clock)));
    let holder = "one".parse().expect("a name");
    let runner = Runner::new(journal, Arc::new(registry), clock, holder);
    let rollout = "asked".parse().expect("an id");
    let started = runner.start(rollout, program, sources, by).await;
    let handle = started.expect("a rollout");
    let mut view = handle.view();
    let open = view.wait_for(|view| !view.state.asks.is_empty()).await;
    open.expect("it runs");
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    desk.say("ada", Decision::Yes, 1);
    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    answered(&mut view, &[]).await;
    let open = desk.open.lock().expect("a lock");
    let question = open.values().next().expect("it is asked still");
    assert!(question.question.contains("must be signed"), "{question:?}");
}
