//! A desk at which people are asked, as the tests of questions have it.
#![expect(clippy::expect_used, reason = "helpers of tests may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use phasegate_core::{Capability, Clock as _};
use phasegate_journal::MemoryJournal;
use phasegate_provider::{
    Answer, ApprovalSource, Ask, AskId, Call, Decision, ErrorKind, Provider, ProviderError,
    Receipt, Registry, Reply, Sent,
};
use phasegate_runner::{Handle, Runner, View};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::paused::Paused;
use crate::planned::planned;

pub(crate) const PLAN: &str = "format: phasegate-plan/1
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

pub(crate) const BINDINGS: &str = "format: phasegate-bindings/1
bindings:
  desk: {adapter: test, roles: [approval-source]}
";

/// The moment at which it was opened.
#[derive(Debug)]
pub(crate) struct Since(Instant);

impl Default for Since {
    fn default() -> Self {
        Self(Instant::now())
    }
}

/// What was put and is open, what was closed, what people say.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) open: Mutex<BTreeMap<AskId, Ask>>,
    pub(crate) closed: Mutex<BTreeSet<AskId>>,
    pub(crate) replies: Mutex<Vec<Reply>>,
    /// So many times more it cannot be reached.
    pub(crate) away: AtomicU32,
    /// Its clock shows what the rollout's does.
    since: Since,
}

impl Desk {
    /// The question that is open.
    pub(crate) fn question(&self) -> Ask {
        let open = self.open.lock().expect("a lock");
        open.values().next().expect("a question").clone()
    }

    /// Says something to the question that is open, and to no other, under a note where there is one.
    pub(crate) fn say(&self, person: &str, decision: Decision, note: Option<String>) {
        let ask = self.question();
        let answer = Answer {
            ask: ask.id.clone(),
            person: person.parse().expect("an id"),
            decision,
            comment: String::new(),
            plan_digest: ask.plan_digest.clone(),
            journal_head: ask.journal_head.clone(),
            note,
        };
        let at = Paused(self.since.0).now().wall;
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
        let less = |away: u32| away.checked_sub(1);
        if self
            .away
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
            .is_ok()
        {
            let told = "the desk cannot be reached";
            return Err(ProviderError::new(
                ErrorKind::Unavailable,
                Sent::Nothing,
                told,
            ));
        }
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

/// A rollout of this plan whose questions are put at the desk.
pub(crate) async fn begin(plan: &str, desk: &Arc<Desk>) -> (Arc<MemoryJournal>, Runner, Handle) {
    let clock = Arc::new(Paused(Instant::now()));
    let (program, sources, by) = planned(plan, BINDINGS);
    let mut registry = Registry::new();
    let bound =
        registry.bind_approval_source("desk".parse().expect("an id"), Arc::<Desk>::clone(desk));
    bound.expect("free");
    let journal = Arc::new(MemoryJournal::new(Arc::<Paused>::clone(&clock)));
    let holder = "one".parse().expect("a name");
    let store = Arc::<MemoryJournal>::clone(&journal);
    let runner = Runner::new(store, Arc::new(registry), clock, holder);
    let rollout = "asked".parse().expect("an id");
    let started = runner.start(rollout, program, sources, by).await;
    (journal, runner, started.expect("a rollout"))
}

/// Who has answered, once these have.
pub(crate) async fn answered(view: &mut watch::Receiver<View>, who: &[&str]) {
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
