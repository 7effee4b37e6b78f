//! Replies through approval sources where the plan wants answers signed: by the person's own key, in the words and over the
//! head that the question shows, however long ago it was put; and whoever has the plan checks it again offline.
#![cfg(feature = "signed")]
#![expect(clippy::expect_used, reason = "helpers of tests may panic")]

mod asking;
mod paused;
mod planned;

use std::sync::Arc;
use std::time::Duration;

use phasegate_driver::acts::verify_acts;
use phasegate_engine::program::PlanKeys;
use phasegate_engine::record::Outcome;
use phasegate_journal::Journal as _;
use phasegate_journal::checkpoint::{SignedAct, Signer};
use phasegate_provider::{Ask, Decision};
use phasegate_runner::Ended;

use asking::{BINDINGS, Desk, PLAN, answered, begin};

fn key(name: &str, seed: u8) -> Signer {
    Signer::new(name, &[seed; 32]).expect("a name")
}

/// The plan of the other tests, which wants every act signed that moves the rollout forward.
fn plan() -> String {
    let keys = [key("ada", 1), key("bob", 2)].map(|key| format!("\"{}\"", key.verifier()));
    let keys = keys.join(", ");
    let asked = format!("signatures: {{acts: forward, keys: [{keys}]}}\nphases:");
    PLAN.replace("phases:", &asked)
}

/// What a person signs, with nothing but the question in hand.
fn act(ask: &Ask, person: &str, decision: Decision) -> SignedAct {
    let to_sign = ask.to_sign.as_ref().expect("the plan wants it");
    SignedAct {
        anchor: to_sign.anchor.parse().expect("an anchor"),
        plan_digest: ask.plan_digest.clone(),
        by: person.parse().expect("an id"),
        act: to_sign.act(decision).to_owned(),
        reason: String::new(),
    }
}

async fn a_while() {
    tokio::time::sleep(Duration::from_secs(30)).await;
}

#[tokio::test(start_paused = true)]
async fn a_reply_is_taken_as_it_is_signed_days_after_the_question_and_by_another_process() {
    let desk = Arc::new(Desk::default());
    let (journal, runner, handle) = begin(&plan(), &desk).await;
    let mut view = handle.view();
    let open = view.wait_for(|view| !view.state.asks.is_empty()).await;
    open.expect("it runs");
    a_while().await;
    let question = desk.question();
    assert!(question.question.contains("must be signed"), "{question:?}");

    // Unsigned, by another's key, for a no, over the journal's beginning: none of it counts.
    let yes = act(&question, "ada", Decision::Yes);
    let mut early = yes.clone();
    early.anchor.head = phasegate_journal::Head::genesis(&early.anchor.rollout);
    let no = act(&question, "ada", Decision::No);
    let bad = [
        None,
        yes.sign(&key("ada", 9)).ok(),
        no.sign(&key("ada", 1)).ok(),
        early.sign(&key("ada", 1)).ok(),
        act(&question, "bob", Decision::Yes)
            .sign(&key("bob", 2))
            .ok(),
    ];
    for note in bad {
        desk.say("ada", Decision::Yes, note);
        a_while().await;
        answered(&mut view, &[]).await;
    }

    // Two days later the question is what it was, and its signature good.
    tokio::time::sleep(Duration::from_secs(2 * 86_400)).await;
    desk.say("ada", Decision::Yes, yes.sign(&key("ada", 1)).ok());
    answered(&mut view, &["ada"]).await;

    // Another process puts the same question, and takes what is signed over it.
    let rollout = "asked".parse().expect("an id");
    let stopped = handle.ended_unless(std::future::ready(())).await;
    assert_eq!(stopped, Ended::Stopped);
    let handle = runner.resume(&rollout).await.expect("taken up");
    a_while().await;
    assert_eq!(desk.question(), question);
    let bobs = act(&question, "bob", Decision::Yes);
    desk.say("bob", Decision::Yes, bobs.sign(&key("bob", 2)).ok());
    assert_eq!(handle.ended().await, Ended::Finished(Outcome::Completed));

    let records = journal.read(&rollout, 0).await.expect("records");
    let (program, ..) = planned::planned(&plan(), BINDINGS);
    let signed = verify_acts(&records, &[PlanKeys::from(&program)]).expect("it holds");
    let signed: Vec<_> = signed.iter().map(|one| one.by.as_str()).collect();
    assert_eq!(signed, ["ada", "bob"]);
}
