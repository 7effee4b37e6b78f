//! A rollout whose plan wants acts signed, as the tests of signatures have it.

use std::sync::Arc;

use phasegate_core::RolloutId;
use phasegate_engine::program::Program;
use phasegate_engine::{Act, EventError, Person, Sources};
use phasegate_journal::checkpoint::{SignedAct, Signer};
use phasegate_journal::{Anchor, MemoryJournal};
use phasegate_provider::Registry;
use phasegate_runner::{Handle, OperateError, Runner, Said};
use tokio::time::Instant;

use crate::paused::Paused;
use crate::planned::planned;

const PLAN: &str = "format: phasegate-plan/1
id: signed
title: Signed
roles:
  - {id: lead, members: [ada, bob]}
signatures:
  acts: ACTS
  keys: [KEYS]
phases:
  - id: one
    title: One
    steps: [{id: rest, wait: 3h}]
    gates: [{id: go, title: Go on?, approvals: [lead]}]
    no-way-back: Nothing moves.
";
pub(crate) const BINDINGS: &str = "format: phasegate-bindings/1\nbindings: {}\n";

pub(crate) fn key(name: &str, seed: u8) -> Signer {
    Signer::new(name, &[seed; 32]).expect("a name")
}

pub(crate) fn ada() -> Signer {
    key("ada", 1)
}

pub(crate) fn plan(acts: &str) -> String {
    let keys = [ada(), key("bob", 2)].map(|key| format!("\"{}\"", key.verifier()));
    PLAN.replace("ACTS", acts).replace("KEYS", &keys.join(", "))
}

pub(crate) fn program(acts: &str) -> (Program, Sources) {
    let (program, sources, _) = planned(&plan(acts), BINDINGS);
    (program, sources)
}

pub(crate) fn person(id: &str) -> Person {
    Person {
        id: id.parse().expect("an id"),
        roles: vec!["lead".parse().expect("an id")],
    }
}

/// A desk at which rollouts of that plan run.
pub(crate) struct Desk {
    pub(crate) journal: Arc<MemoryJournal>,
    pub(crate) runner: Runner,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(Paused(Instant::now()));
        let journal = Arc::new(MemoryJournal::new(Arc::<Paused>::clone(&clock)));
        let holder = "desk".parse().expect("a name");
        let store = Arc::<MemoryJournal>::clone(&journal);
        let runner = Runner::new(store, Arc::new(Registry::new()), clock, holder);
        Self { journal, runner }
    }

    pub(crate) async fn begin(&self, rollout: &str, acts: &str) -> Handle {
        let (program, sources) = program(acts);
        let by = "author".parse().expect("an id");
        let rollout: RolloutId = rollout.parse().expect("an id");
        let started = self.runner.start(rollout, program, sources, by).await;
        started.expect("a rollout")
    }
}

/// What ada would sign to do it now.
pub(crate) async fn signed(handle: &Handle, act: &Act, reason: &str) -> SignedAct {
    // What was told is shown with the next turn of the loop.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let view = handle.view().borrow().clone();
    SignedAct {
        anchor: Anchor {
            rollout: view.state.rollout.clone(),
            head: view.head,
        },
        plan_digest: view.state.program.plan_digest.clone(),
        by: "ada".parse().expect("an id"),
        act: act.to_string(),
        reason: reason.to_owned(),
    }
}

/// Ada does it under a note.
pub(crate) async fn done(
    handle: &Handle,
    act: &Act,
    reason: &str,
    note: &str,
) -> Result<(), String> {
    let said = Said::new(person("ada"), reason).with_note(note);
    let done = handle.operator().operate_as(said, act.clone()).await;
    told(done)
}

/// Ada does it without one.
pub(crate) async fn unsigned(handle: &Handle, act: Act) -> Result<(), String> {
    told(
        handle
            .operate(person("ada"), "as I say".to_owned(), act)
            .await,
    )
}

fn told(done: Result<u64, OperateError>) -> Result<(), String> {
    match done {
        Ok(_) => Ok(()),
        Err(OperateError::Refused(
            error @ (EventError::SignatureMissing { .. } | EventError::SignatureRefused { .. }),
        )) => Err(error.to_string()),
        Err(other) => panic!("{other}"),
    }
}
