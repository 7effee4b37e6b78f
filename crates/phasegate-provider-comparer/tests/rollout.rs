//! A rollout that compares: what differs reaches its ledger before the comparison has ended, and a person explains it.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::sync::Arc;

use phasegate_core::{PersonId, Role, Span};
use phasegate_engine::program::Program;
use phasegate_engine::record::{AskAbout, Outcome};
use phasegate_engine::{Act, Person, Sources, Start, compile};
use phasegate_journal::MemoryJournal;
use phasegate_plan::{Catalog, PlanDocument, check};
use phasegate_provider::Registry;
use phasegate_provider_comparer::{Comparer, ComparerConfig, RecordsConfig, RecordsFrom};
use phasegate_runner::{Ended, Runner, SystemClock};

const PLAN: &[u8] = b"format: phasegate-plan/1
id: twice
title: Twice
roles:
  - {id: operator, members: [olga]}
evaluation: {every: 200ms}
phases:
  - id: both
    title: Both
    steps:
      - {id: calm, wait: 2s}
      - {id: compare, parallel-run: {binding: compare, target: labels, sample: 2, compare: [labels]}}
    no-way-back: Nobody sees the labels of the new one.
";
const BINDINGS: &[u8] = b"format: phasegate-bindings/1
bindings:
  compare: {adapter: comparer, roles: [comparer]}
";

fn planned() -> (Program, Sources, PersonId) {
    let catalog = Catalog::read("bindings.yaml", BINDINGS).catalog;
    let catalog = catalog.expect("bindings");
    let checked = check(&PlanDocument::read("plan.yaml", PLAN), Some(&catalog));
    let told = checked.faults.render();
    let plan = checked.plan.expect(&told);
    let by: PersonId = "ana".parse().expect("an id");
    let program = compile(&plan, &catalog, &Start::new(by.clone())).expect("a program");
    (program, Sources::of(&plan, &catalog), by)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_differs_is_explained_before_the_rollout_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    let both = "{\"issue\": 1, \"labels\": [\"bug\"]}\n{\"issue\": 2, \"labels\": [\"bug\"]}\n";
    std::fs::write(&old, both).expect("written");
    std::fs::write(&new, both.replacen("bug", "ui", 1)).expect("written");
    let key = "/issue".parse().expect("a place");
    let records = RecordsConfig::new(RecordsFrom::File(old), RecordsFrom::File(new), key);
    let target = "labels".parse().expect("an id");
    let comparer = Comparer::new(ComparerConfig::default().with_records(target, records));

    let (program, sources, by) = planned();
    let mut registry = Registry::new();
    let bound = registry.bind_effector(
        "compare".parse().expect("an id"),
        Role::Comparer,
        Arc::new(comparer.clone()),
    );
    assert!(bound.is_ok());
    let clock = Arc::new(SystemClock::new());
    let journal = Arc::new(MemoryJournal::new(Arc::<SystemClock>::clone(&clock)));
    let holder = "one".parse().expect("a name");
    let runner = Runner::new(journal, Arc::new(registry), clock, holder);
    let rollout = "twice".parse().expect("an id");
    let handle = runner
        .start(rollout, program, sources, by)
        .await
        .expect("a rollout");
    // Before the step that compares: what it finds before that nobody could be told.
    comparer.tell(Arc::new(handle.operator()));

    let is_difference = |about: &AskAbout| matches!(about, AskAbout::Difference { .. });
    let mut view = handle.view();
    let asked = view.wait_for(|view| {
        let mut asks = view.state.asks.values();
        asks.any(|ask| is_difference(&ask.ask.about))
    });
    let asked = tokio::time::timeout(Span::from_secs(30).to_duration(), asked).await;
    let asked = asked.expect("in time").expect("it runs").clone();
    let ids: Vec<&str> = asked
        .state
        .differences
        .keys()
        .map(|(_, id)| id.as_str())
        .collect();
    assert_eq!(ids, ["1: body/labels/0"]);
    let ask = asked
        .state
        .asks
        .values()
        .find(|ask| is_difference(&ask.ask.about));
    let ask = &ask.expect("a question").ask;
    assert!(ask.text.contains("\"bug\" became \"ui\""), "{}", ask.text);
    let olga = Person {
        id: "olga".parse().expect("an id"),
        roles: vec!["operator".parse().expect("an id")],
    };
    let yes = Act::Answer {
        ask: ask.number,
        role: "operator".parse().expect("an id"),
        yes: true,
        plan_digest: asked.state.program.plan_digest.clone(),
        seen: asked.next_seq,
    };
    let reason = "it is a matter of the surface".to_owned();
    handle.operate(olga, reason, yes).await.expect("an answer");
    assert_eq!(handle.ended().await, Ended::Finished(Outcome::Completed));
}
