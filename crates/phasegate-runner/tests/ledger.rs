//! A comparison through the runner: an effector begins and ends it, a comparer tells what differs, and the
//! rollout goes on only when a person has explained that.
#![expect(clippy::expect_used, reason = "helpers of tests may panic")]

mod paused;
mod planned;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use phasegate_core::{Capability, Desired, Ratio, Role};
use phasegate_engine::record::{AskAbout, Outcome};
use phasegate_engine::{Act, Person};
use phasegate_journal::MemoryJournal;
use phasegate_provider::{Call, Effector, Provider, ProviderError, Receipt, Registry};
use phasegate_runner::{Ended, Handle, OperateError, Runner};
use tokio::time::Instant;

use paused::Paused;
use planned::planned;

const PLAN: &str = "format: phasegate-plan/1
id: twice
title: Twice
roles:
  - {id: operator, members: [olga]}
evaluation: {every: 5s}
phases:
  - id: both
    title: Both
    steps:
      - {id: compare, parallel-run: {binding: compare, target: invoices, share: 5%, length: 1h}}
    no-way-back: Nobody sees the answers of the new one.
";
const BINDINGS: &str = "format: phasegate-bindings/1
bindings:
  compare: {adapter: test, roles: [comparer]}
";

/// Remembers which shares were compared.
#[derive(Debug, Default)]
struct Comparer(Mutex<Vec<Ratio>>);

impl Provider for Comparer {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::new()
    }
}

#[async_trait]
impl Effector for Comparer {
    async fn perform(&self, desired: &Desired, _call: &Call) -> Result<Receipt, ProviderError> {
        let Desired::Comparison { share, .. } = desired else {
            return Err(ProviderError::invalid("this compares only"));
        };
        self.0.lock().expect("a lock").push(*share);
        Ok(Receipt::new("compares"))
    }
}

async fn start(comparer: &Arc<Comparer>) -> Handle {
    let clock = Arc::new(Paused(Instant::now()));
    let (program, sources, by) = planned(PLAN, BINDINGS);
    let mut registry = Registry::new();
    let effector = Arc::<Comparer>::clone(comparer);
    registry
        .bind_effector("compare".parse().expect("an id"), Role::Comparer, effector)
        .expect("free");
    let journal = Arc::new(MemoryJournal::new(Arc::<Paused>::clone(&clock)));
    let holder = "one".parse().expect("a name");
    let runner = Runner::new(journal, Arc::new(registry), clock, holder);
    let rollout = "twice".parse().expect("an id");
    let started = runner.start(rollout, program, sources, by).await;
    started.expect("a rollout")
}

#[tokio::test(start_paused = true)]
async fn a_difference_that_a_comparer_tells_is_explained_before_the_rollout_goes_on() {
    let comparer = Arc::new(Comparer::default());
    let handle = start(&comparer).await;
    let operator = handle.operator();
    let tell = |target: &str, count: u64| {
        let target = target.parse().expect("an id");
        operator.differed(target, "rounding".to_owned(), count, "a cent".to_owned())
    };
    assert!(tell("invoices", 1).await.is_ok());
    let elsewhere = tell("orders", 1).await;
    assert!(matches!(elsewhere, Err(OperateError::Refused(_))));

    let mut view = handle.view();
    let about = |about: &AskAbout| matches!(about, AskAbout::Difference { .. });
    let asked = view
        .wait_for(|view| view.state.asks.values().any(|ask| about(&ask.ask.about)))
        .await
        .expect("it runs")
        .clone();
    let ask = asked.state.asks.values().find(|ask| about(&ask.ask.about));
    let olga = Person {
        id: "olga".parse().expect("an id"),
        roles: vec!["operator".parse().expect("an id")],
    };
    let yes = Act::Answer {
        ask: ask.expect("a question").ask.number,
        role: "operator".parse().expect("an id"),
        yes: true,
        plan_digest: asked.state.program.plan_digest.clone(),
        seen: asked.next_seq,
    };
    let reason = "the old one rounds down".to_owned();
    handle.operate(olga, reason, yes).await.expect("an answer");
    assert_eq!(handle.ended().await, Ended::Finished(Outcome::Completed));
    let five = Ratio::from_percent(5).expect("a ratio");
    assert_eq!(*comparer.0.lock().expect("a lock"), [five, Ratio::ZERO]);
}
