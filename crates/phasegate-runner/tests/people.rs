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

use asking::{Desk, PLAN, answered, begin};

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

    desk.say("ada", Decision::Yes, None, 1);
    answered(&mut view, &["ada"]).await;
    desk.say("ada", Decision::Withdraw, None, 2);
    answered(&mut view, &[]).await;
    desk.say("ada", Decision::Yes, None, 3);
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
    desk.say("ada", Decision::Yes, None, 4);
    desk.say("bob", Decision::Yes, None, 5);
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
    desk.say("ada", Decision::Yes, None, 1);
    answered(&mut view, &["ada"]).await;
}
