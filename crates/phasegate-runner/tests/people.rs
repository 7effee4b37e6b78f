//! Questions and replies through the runner: the last word of a person counts, once, and a question that is
//! decided is closed at its source, also where another process had put it.
#![expect(clippy::expect_used, reason = "helpers of tests may panic")]

mod asking;
mod paused;
mod planned;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use phasegate_engine::record::Outcome;
use phasegate_engine::{Act, Person};
use phasegate_provider::Decision;
use phasegate_runner::Ended;

use asking::{BINDINGS, Desk, PLAN, answered, begin};

fn person(id: &str) -> Person {
    Person {
        id: id.parse().expect("an id"),
        roles: vec!["lead".parse().expect("an id")],
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_word_of_a_person_counts_once_and_what_is_decided_is_closed() {
    let desk = Arc::new(Desk::default());
    let (_, runner, handle) = begin(PLAN, &desk).await;
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

    desk.say("ada", Decision::Yes, None);
    answered(&mut view, &["ada"]).await;
    desk.say("ada", Decision::Withdraw, None);
    answered(&mut view, &[]).await;
    desk.say("ada", Decision::Yes, None);
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
    let mut view = handle.view();
    // Not even by that one.
    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    answered(&mut view, &[]).await;
    desk.say("ada", Decision::Yes, None);
    desk.say("bob", Decision::Yes, None);
    assert_eq!(handle.ended().await, Ended::Finished(Outcome::Completed));
    assert!(desk.open.lock().expect("a lock").is_empty(), "{desk:?}");
    assert_eq!(desk.closed.lock().expect("a lock").len(), 1, "{desk:?}");
}

#[tokio::test(start_paused = true)]
async fn a_question_that_could_not_be_put_is_put_again() {
    let desk = Arc::new(Desk::default());
    desk.away.store(3, Ordering::SeqCst);
    let (_, _, handle) = begin(PLAN, &desk).await;
    let mut view = handle.view();
    let asked = view.wait_for(|view| !view.state.asks.is_empty()).await;
    asked.expect("it runs");
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    desk.say("ada", Decision::Yes, None);
    answered(&mut view, &["ada"]).await;
}

/// At a gate that waits for two.
#[tokio::test(start_paused = true)]
async fn who_has_said_yes_may_say_no_while_the_question_is_open() {
    let desk = Arc::new(Desk::default());
    let (_, _, handle) = begin(PLAN, &desk).await;
    let mut view = handle.view();
    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    desk.say("ada", Decision::Yes, None);
    answered(&mut view, &["ada"]).await;
    desk.say("ada", Decision::No, None);
    let held = view.wait_for(|view| !view.state.holds.is_empty());
    let held = tokio::time::timeout(std::time::Duration::from_secs(60), held).await;
    assert!(held.is_ok(), "{:?}", handle.view().borrow().state);
}

/// A thing to be done about which people are asked while the plan is revised.
#[tokio::test(start_paused = true)]
async fn under_a_revised_plan_and_after_it_has_expired_a_question_is_put_anew() {
    let plan = PLAN.replace(
        "      - {id: rest, wait: 1s}\n    gates",
        "      - {id: look, task: {role: lead, instructions: Look around}}\n    gates",
    );
    let desk = Arc::new(Desk::default());
    let (_, runner, handle) = begin(&plan, &desk).await;
    let a_while = || tokio::time::sleep(std::time::Duration::from_secs(30));
    a_while().await;
    let first = desk.question();

    let (program, sources, by) = planned::planned(&plan.replace("wait: 1m", "wait: 2m"), BINDINGS);
    let author = Person {
        id: by,
        roles: Vec::new(),
    };
    let taken = handle.amend(author, "later".to_owned(), program, sources);
    taken.await.expect("adopted");
    a_while().await;
    let second = desk.question();
    assert_ne!(
        (&second.id, &second.plan_digest),
        (&first.id, &first.plan_digest)
    );
    assert_eq!(second.expires, first.expires);

    tokio::time::sleep(std::time::Duration::from_secs(31 * 86_400)).await;
    let third = desk.question();
    assert_ne!(third.id, second.id);
    assert!(third.expires > second.expires);
    let closed = desk.closed.lock().expect("a lock").clone();
    assert_eq!(closed, [first.id, second.id].into());

    // Another process puts the same, and takes what is said to it.
    let rollout = "asked".parse().expect("an id");
    let stopped = handle.ended_unless(std::future::ready(())).await;
    assert_eq!(stopped, Ended::Stopped);
    let handle = runner.resume(&rollout).await.expect("taken up");
    a_while().await;
    assert_eq!(desk.question(), third);
    let mut view = handle.view();
    desk.say("ada", Decision::Yes, None);
    let done = view.wait_for(|view| view.state.asks.keys().all(|ask| *ask != 1));
    let done = tokio::time::timeout(std::time::Duration::from_secs(60), done).await;
    assert!(done.is_ok(), "{:?}", handle.view().borrow().state.asks);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_any_more_when_the_rollout_has_ended() {
    let desk = Arc::new(Desk::default());
    let (_, _, handle) = begin(PLAN, &desk).await;
    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    let question = desk.question();
    let aborted = handle.operate(person("ada"), "it is off".to_owned(), Act::Abort);
    aborted.await.expect("aborted");
    assert_eq!(handle.ended().await, Ended::Finished(Outcome::Aborted));
    assert!(desk.open.lock().expect("a lock").is_empty(), "{desk:?}");
    let closed = desk.closed.lock().expect("a lock").clone();
    assert_eq!(closed, [question.id].into());
}
