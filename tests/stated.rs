//! Triggers and criteria that turn on what people say: declared events, approvals, checks, and the time that
//! has passed under watch. Silence fires nothing and blinds nobody.

use std::collections::BTreeMap;

use phasegate_core::{Clock as _, Now, Span};
use phasegate_engine::program::Back;
use phasegate_engine::record::{Body, Cause, HoldReason, Outcome, Record, Statement};
use phasegate_engine::{Act, Engine, Event, EventError, Person, Sources};
use phasegate_testkit::simulation::{Setup, Simulation};
use phasegate_testkit::world::{People, Reply, World};
use phasegate_tests::{at, person, program};

fn testify(condition: &str, yes: bool) -> Act {
    Act::Testify {
        condition: condition.to_owned(),
        yes,
    }
}

/// The journal of the plan an hour and a half on; olga answers whether the smoke test passes.
fn run(smoke: bool, acts: Vec<(u64, Person, Act)>) -> (Vec<Record>, Simulation) {
    let olga = Reply {
        by: "olga".parse().expect("an id"),
        yes: smoke,
        after: Span::from_secs(60),
    };
    let role = "operator".parse().expect("an id");
    let world = World {
        people: People {
            replies: BTreeMap::from([(role, vec![olga])]),
        },
        ..World::default()
    };
    let mut setup = Setup::new(program("stated", None), world, at(0));
    let acts = acts.into_iter();
    setup
        .acts
        .extend(acts.map(|(minutes, by, act)| (at(minutes), by, act)));
    let mut simulation = Simulation::new(setup).expect("a rollout");
    let span = at(90).since(simulation.clock.now().wall);
    simulation.run(span).expect("no defect");
    let records = simulation.records().expect("a whole journal");
    (records, simulation)
}

fn fired(records: &[Record]) -> Vec<(String, u64)> {
    let fired = records.iter().filter_map(|record| match &record.body {
        Body::TriggerFired { trigger, .. } => {
            let since = record.at().since(at(0));
            Some((trigger.to_string(), since.as_millis() / 60_000))
        }
        _ => None,
    });
    fired.collect()
}

fn outcome(records: &[Record]) -> Option<Outcome> {
    match &records.last()?.body {
        Body::Finished { outcome } => Some(*outcome),
        _ => None,
    }
}

/// What the bake at the end asks for, said by olga.
fn ready() -> (u64, Person, Act) {
    let support = testify("check \"Support is ready\"", true);
    (20, person("olga", "operator"), support)
}

#[test]
fn silence_fires_nothing_and_the_rollout_completes() {
    let (records, _) = run(true, vec![ready()]);
    assert_eq!(fired(&records), []);
    assert_eq!(outcome(&records), Some(Outcome::Completed));
}

#[test]
fn a_declared_event_fires_its_trigger_in_the_same_turn() {
    let said = testify("on event(corruption)", true);
    let (records, _) = run(true, vec![(10, person("sam", "security"), said)]);
    assert_eq!(fired(&records), [("leak".to_owned(), 10)]);
    let is_start = |record: &Record| {
        matches!(&record.body, Body::RollbackStarted { cause: Cause::Trigger { sentence, .. }, back: Back::Start, .. }
            if sentence.contains("on event(data_loss or corruption): reached"))
    };
    assert!(records.iter().any(is_start));
    assert_eq!(outcome(&records), Some(Outcome::RolledBack));
}

#[test]
fn an_event_is_the_same_in_any_letters() {
    let said = testify("on event(Corruption)", true);
    let (records, _) = run(true, vec![(10, person("sam", "security"), said)]);
    assert_eq!(fired(&records), [("leak".to_owned(), 10)]);
    // It is recorded in the plan's own letters, so that a withdrawal is of the same event.
    let own = |record: &Record| matches!(&record.body, Body::Testified { statement: Statement::Event { name }, .. } if name == "corruption");
    assert!(records.iter().any(own));
}

#[test]
fn a_check_is_the_same_in_any_letters_and_the_last_word_counts() {
    let olga = || person("olga", "operator");
    let say = |minute, text: &str, yes| (minute, olga(), testify(text, yes));
    let first = say(10, "check \"support  is READY\"", true);
    let (records, _) = run(true, vec![first]);
    assert_eq!(outcome(&records), Some(Outcome::Completed));
    let own = |record: &Record| matches!(&record.body, Body::Testified { statement: Statement::Check { condition }, .. } if condition == "check \"Support is ready\"");
    assert!(records.iter().any(own));
    let (first, second) = (
        say(10, "check \"Support is ready\"", true),
        say(15, "check \" SUPPORT is   ready \"", false),
    );
    let (records, _) = run(true, vec![first, second]);
    assert_eq!(outcome(&records), Some(Outcome::RolledBack));
}

#[test]
fn what_was_stated_is_withdrawn_in_any_letters() {
    let mut engine = engine();
    let now = now();
    let mut say = |by: Person, condition: &str, yes: bool| {
        let event = Event::Operator {
            by,
            reason: "seen".to_owned(),
            act: testify(condition, yes),
            note: None,
        };
        let seq = engine.handle_event(&now, event).expect(condition);
        while engine.poll_record().is_some() {}
        engine.handle_durable(seq);
        let testimony = &engine.state().testimony;
        (testimony.events.len(), testimony.approvals.clone())
    };
    let sam = || person("sam", "security");
    assert_eq!(say(sam(), "on event(data_loss)", true).0, 1);
    assert_eq!(say(sam(), "on event(corruption)", true).0, 2);
    assert_eq!(say(sam(), "on  event( Data-Loss )", false).0, 1);
    assert_eq!(say(sam(), "on event(CORRUPTION)", false).0, 0);
    let said = |yes| BTreeMap::from([("Security".to_owned(), yes)]);
    assert_eq!(say(sam(), "approve Security", true).1, said(true));
    assert_eq!(say(sam(), "approve SECURITY", false).1, said(false));
}

#[test]
fn a_checklist_item_answered_with_no_fires_the_trigger_on_its_check() {
    let (records, _) = run(false, vec![]);
    assert_eq!(fired(&records), [("unsound".to_owned(), 1)]);
    assert_eq!(outcome(&records), Some(Outcome::RolledBack));
}

#[test]
fn an_approval_fires_its_trigger() {
    let said = testify("approve Security", true);
    let (records, simulation) = run(true, vec![(10, person("sam", "security"), said), ready()]);
    assert_eq!(fired(&records), [("called-off".to_owned(), 10)]);
    let state = simulation.state().expect("it runs");
    let holds = |hold: &HoldReason| matches!(hold, HoldReason::Trigger { trigger, .. } if trigger.as_str() == "called-off");
    assert!(state.holds.iter().any(holds), "{:?}", state.holds);
}

#[test]
fn an_approval_that_is_refused_fires_nothing() {
    let sam = || person("sam", "security");
    let acts = vec![(10, sam(), testify("approve Security", false)), ready()];
    let (records, _) = run(true, acts);
    assert_eq!(fired(&records), []);
    assert_eq!(outcome(&records), Some(Outcome::Completed));
}

#[test]
fn time_under_watch_and_a_check_that_nobody_confirms_keep_a_phase_from_ending() {
    let (records, simulation) = run(true, vec![]);
    assert_eq!(outcome(&records), None);
    let state = simulation.state().expect("it runs");
    let open = state.checks.values().flat_map(BTreeMap::values);
    let sentences: Vec<_> = open.map(|check| check.finding.sentence.as_str()).collect();
    assert!(
        sentences.contains(&"monitor for 10m: pass"),
        "{sentences:?}"
    );
    let waits = "check \"Support is ready\": inconclusive: a person's answer is missing";
    assert!(sentences.contains(&waits), "{sentences:?}");
}

fn now() -> Now {
    let setup = Setup::new(program("stated", None), World::default(), at(0));
    Simulation::new(setup).expect("a rollout").clock.now()
}

/// A rollout of the plan that has not begun.
fn engine() -> Engine {
    let sources = Sources {
        plan: String::new(),
        bindings: String::new(),
    };
    let id = "shop".parse().expect("an id");
    let by = "author".parse().expect("an id");
    Engine::create(id, program("stated", None), sources, by, now()).expect("a rollout")
}

#[test]
fn what_no_criterion_turns_on_and_roles_of_others_are_refused() {
    let mut engine = engine();
    let now = now();
    let mut say = |by: Person, condition: &str| {
        let event = Event::Operator {
            by,
            reason: "seen".to_owned(),
            act: testify(condition, true),
            note: None,
        };
        engine.handle_event(&now, event).map(|_| ())
    };
    for text in [
        "",
        "on event(fire)",
        "on event(data_loss or corruption)",
        "check \"Nothing of the plan\"",
        "approve operator",
        "monitor for 10m",
        "not approve Security",
        "p95(latency) < 1s",
    ] {
        let refused = say(person("sam", "security"), text);
        assert!(
            matches!(refused, Err(EventError::UnknownCondition { .. })),
            "{text}: {refused:?}"
        );
    }
    let refused = say(person("olga", "operator"), "approve Security");
    let error = refused.expect_err("not her role");
    assert_eq!(
        error.to_string(),
        "olga cannot approve for Security, which is no role of theirs"
    );
    assert_eq!(say(person("sam", "security"), "approve Security"), Ok(()));
}
