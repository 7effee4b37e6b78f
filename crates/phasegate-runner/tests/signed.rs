//! Acts that a plan wants signed: done when they are, once, for this rollout, plan, moment and reason alone.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may panic"
)]

mod paused;
mod planned;
mod signing;

use std::time::Duration;

use phasegate_driver::acts::verify_acts;
use phasegate_driver::{DriverError, SIGNED_WITHIN};
use phasegate_engine::Act;
use phasegate_engine::program::PlanKeys;
use phasegate_engine::record::Outcome;
use phasegate_journal::checkpoint::SignedAct;
use phasegate_journal::{Head, Journal as _};
use phasegate_runner::{Ended, Handle, RunnerError, Said};

use signing::{BINDINGS, Desk, ada, done, key, person, plan, program, signed, unsigned};

const WHY: &str = "it is quiet again";
/// Its id fits its name and its bytes, so that the plan's checks pass it; they are the second coordinate of no point.
const NO_POINT: &str = "ada+66063c15+AQIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Paused, and what ada would sign to let it go on.
async fn paused(handle: &Handle) -> SignedAct {
    unsigned(handle, Act::Pause).await.expect("stopped");
    signed(handle, &Act::Resume, WHY).await
}

async fn resume(handle: &Handle, note: &str) -> Result<(), String> {
    done(handle, &Act::Resume, WHY, note).await
}

fn text(act: &SignedAct) -> String {
    act.sign(&ada()).expect("her key")
}

#[tokio::test(start_paused = true)]
async fn what_lets_it_go_on_is_signed_and_what_stops_it_need_not_be() {
    let desk = Desk::new();
    let handle = desk.begin("checkout", "forward").await;
    let note = text(&paused(&handle).await);
    let error = unsigned(&handle, Act::Resume).await.expect_err("unsigned");
    assert!(error.contains("sign the act 'resume'"), "{error}");
    assert!(error.contains("for ada"), "{error}");
    resume(&handle, &note).await.expect("signed");
    // Signed although it need not be.
    let pause = signed(&handle, &Act::Pause, "a look").await;
    let stopped = done(&handle, &Act::Pause, "a look", &text(&pause)).await;
    stopped.expect("signed");
    let note = text(&signed(&handle, &Act::Resume, WHY).await);
    resume(&handle, &note).await.expect("signed");
    // The gate at the end.
    let mut view = handle.view();
    let asked = view.wait_for(|view| !view.state.asks.is_empty()).await;
    let seen = asked.expect("it runs").next_seq;
    let (role, plan_digest) = (
        "lead".parse().expect("an id"),
        program("forward").0.plan_digest,
    );
    let yes = Act::Answer {
        ask: 1,
        role,
        yes: true,
        plan_digest,
        seen,
    };
    let error = unsigned(&handle, yes.clone()).await.expect_err("unsigned");
    assert!(error.contains("'answer 1 as lead: yes'"), "{error}");
    let answer = signed(&handle, &yes, "all is well").await;
    assert_eq!(answer.anchor.head.next_seq, seen);
    let said = done(&handle, &yes, "all is well", &text(&answer)).await;
    said.expect("signed");
    assert_eq!(handle.ended().await, Ended::Finished(Outcome::Completed));
}

#[tokio::test(start_paused = true)]
async fn where_all_acts_are_signed_a_pause_is_too() {
    let desk = Desk::new();
    let handle = desk.begin("checkout", "all").await;
    let error = unsigned(&handle, Act::Pause).await.expect_err("unsigned");
    assert!(error.contains("sign the act 'pause'"), "{error}");
    let pause = signed(&handle, &Act::Pause, WHY).await;
    done(&handle, &Act::Pause, WHY, &text(&pause))
        .await
        .expect("signed");
}

#[tokio::test(start_paused = true)]
async fn an_act_is_bound_to_each_thing_that_is_signed() {
    let desk = Desk::new();
    let handle = desk.begin("checkout", "forward").await;
    let good = paused(&handle).await;
    let other = |change: &dyn Fn(&mut SignedAct)| {
        let mut act = good.clone();
        change(&mut act);
        act
    };
    let elsewhere = |act: &mut SignedAct| act.anchor.rollout = "checkin".parse().expect("an id");
    let unborn = |act: &mut SignedAct| act.anchor.head.next_seq += 1;
    let genesis = |act: &mut SignedAct| act.anchor.head = Head::genesis(&act.anchor.rollout);
    let rows = [
        (
            other(&|act| act.act = "release".to_owned()),
            "what is signed is 'release'",
        ),
        (
            other(&|act| act.reason = "none".to_owned()),
            "another reason is signed",
        ),
        (
            other(&|act| act.plan_digest = "5f1c".to_owned()),
            "was signed for plan 5f1c",
        ),
        (other(&elsewhere), "was signed for rollout checkin"),
        (other(&unborn), "look and sign anew"),
        (other(&genesis), "look and sign anew"),
    ];
    for (act, why) in rows {
        let error = resume(&handle, &text(&act)).await.expect_err(why);
        assert!(error.contains(why), "{error}");
    }
    let mut bobs = good.clone();
    bobs.by = "bob".parse().expect("an id");
    let bobs = bobs.sign(&key("bob", 2)).expect("his key");
    let forged = text(&good).replace(WHY, "it is not quiet");
    let strange = good.sign(&key("ada", 9)).expect("a key of that name");
    for (note, why) in [
        (bobs.as_str(), "bob has signed it, and ada does it"),
        (forged.as_str(), "the text was changed"),
        (strange.as_str(), "nobody who is trusted has signed it"),
        ("", "no empty line"),
    ] {
        let error = resume(&handle, note).await.expect_err(why);
        assert!(
            error.starts_with("the signature does not let 'resume' be done"),
            "{error}"
        );
        assert!(error.contains(why), "{error}");
    }
    // Nothing of that was done, and what is signed still is good.
    let records = desk.journal.read(&good.anchor.rollout, 0).await;
    let (records, head) = (records.expect("records"), good.anchor.head);
    assert_eq!(
        records.last().map(phasegate_journal::Record::head),
        Some(head)
    );
    resume(&handle, &text(&good)).await.expect("signed");
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_signed_over_what_the_person_saw() {
    let desk = Desk::new();
    let handle = desk.begin("checkout", "forward").await;
    let mut view = handle.view();
    let asked = view.wait_for(|view| !view.state.asks.is_empty()).await;
    let seen = asked.expect("it runs").next_seq;
    let answer = |seen| Act::Answer {
        ask: 1,
        role: "lead".parse().expect("an id"),
        yes: true,
        plan_digest: program("forward").0.plan_digest,
        seen,
    };
    let note = text(&signed(&handle, &answer(seen), WHY).await);
    let other = done(&handle, &answer(seen + 1), WHY, &note).await;
    let error = other.expect_err("another moment");
    assert!(error.contains("the answer was given to"), "{error}");
    done(&handle, &answer(seen), WHY, &note)
        .await
        .expect("signed");
}

#[tokio::test(start_paused = true)]
async fn what_is_signed_is_good_once_and_in_one_rollout() {
    let desk = Desk::new();
    let handle = desk.begin("checkout", "forward").await;
    let other = desk.begin("checkin", "forward").await;
    let act = paused(&handle).await;
    let note = text(&act);
    unsigned(&other, Act::Pause).await.expect("stopped");
    let error = resume(&other, &note).await.expect_err("another rollout");
    assert!(error.contains("signed for rollout checkout"), "{error}");
    resume(&handle, &note).await.expect("signed");
    unsigned(&handle, Act::Pause).await.expect("stopped");
    // Another note with the same text says the same.
    let again = format!("{note}{}\n", note.lines().last().expect("a line"));
    for note in [&note, &again] {
        let error = resume(&handle, note).await.expect_err("a second time");
        assert!(error.contains("done already"), "{error}");
    }
    // Whoever takes the rollout up knows it from the journal.
    let rollout = "checkout".parse().expect("an id");
    let stopped = handle.ended_unless(std::future::ready(())).await;
    assert_eq!(stopped, Ended::Stopped);
    let handle = desk.runner.resume(&rollout).await.expect("taken up");
    let error = resume(&handle, &note).await.expect_err("a second time");
    assert!(error.contains("done already"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_head_is_good_until_an_hour_after_the_next_record() {
    let desk = Desk::new();
    let handle = desk.begin("checkout", "forward").await;
    let before = paused(&handle).await;
    let hour = SIGNED_WITHIN.to_duration();
    // However old, the present head is good.
    tokio::time::sleep(hour + hour / 2).await;
    let late = signed(&handle, &Act::Resume, WHY).await;
    assert_eq!(late.anchor, before.anchor);
    resume(&handle, &text(&late))
        .await
        .expect("the present head");
    // That was a record behind it.
    tokio::time::sleep(hour - Duration::from_secs(60)).await;
    unsigned(&handle, Act::Pause).await.expect("stopped");
    let mut again = before.clone();
    again.reason = "in time".to_owned();
    let in_time = done(&handle, &Act::Resume, "in time", &text(&again)).await;
    in_time.expect("within the hour");
    tokio::time::sleep(Duration::from_secs(120)).await;
    unsigned(&handle, Act::Pause).await.expect("stopped");
    again.reason = "too late".to_owned();
    let too_late = done(&handle, &Act::Resume, "too late", &text(&again)).await;
    let error = too_late.expect_err("after the hour");
    assert!(error.contains("look and sign anew"), "{error}");
    // The same where another process has taken it up meanwhile.
    let rollout = "checkout".parse().expect("an id");
    let stopped = handle.ended_unless(std::future::ready(())).await;
    assert_eq!(stopped, Ended::Stopped);
    let handle = desk.runner.resume(&rollout).await.expect("taken up");
    let too_late = done(&handle, &Act::Resume, "too late", &text(&again)).await;
    let error = too_late.expect_err("after the hour");
    assert!(error.contains("look and sign anew"), "{error}");
    let fresh = text(&signed(&handle, &Act::Resume, WHY).await);
    resume(&handle, &fresh).await.expect("signed");
}

#[tokio::test(start_paused = true)]
async fn a_revised_plan_is_brought_in_signed() {
    let desk = Desk::new();
    let handle = desk.begin("checkout", "forward").await;
    let revised = plan("all").replace("wait: 3h", "wait: 4h");
    let (program, sources, _) = planned::planned(&revised, BINDINGS);
    let words =
        phasegate_engine::event::amendment_words(&program.plan_digest, &program.bindings_digest);
    let bring = |said: Said| {
        let (program, sources) = (program.clone(), sources.clone());
        let operator = handle.operator();
        async move { operator.amend_as(said, program, sources).await }
    };
    let refused = bring(Said::new(person("ada"), WHY)).await;
    let error = refused.expect_err("unsigned").to_string();
    assert!(error.contains(&words), "{error}");
    let mut act = signed(&handle, &Act::Pause, WHY).await;
    act.act = words;
    let said = Said::new(person("ada"), WHY).with_note(text(&act));
    // Whether a running step may change is another matter: the signature held.
    let brought = bring(said).await.expect_err("work has begun").to_string();
    assert!(
        brought.contains("the revised plan is not adopted"),
        "{brought}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_signed_revision_is_in_force_and_its_rules_with_it() {
    let desk = Desk::new();
    let handle = desk.begin("checkout", "forward").await;
    let more =
        "  - {id: two, title: Two, steps: [{id: more, wait: 1h}], no-way-back: Nothing moves.}\n";
    let (revised, sources, _) = planned::planned(&(plan("all") + more), BINDINGS);
    let words =
        phasegate_engine::event::amendment_words(&revised.plan_digest, &revised.bindings_digest);
    let mut act = signed(&handle, &Act::Pause, WHY).await;
    act.act = words.clone();
    let said = Said::new(person("ada"), WHY).with_note(text(&act));
    let operator = handle.operator();
    let brought = operator.amend_as(said, revised.clone(), sources).await;
    brought.expect("adopted");

    // From here on every act is signed, for the plan as it is now.
    let error = unsigned(&handle, Act::Pause).await.expect_err("unsigned");
    assert!(error.contains("'pause'"), "{error}");
    let mut old = signed(&handle, &Act::Pause, WHY).await;
    old.plan_digest = program("forward").0.plan_digest;
    let error = done(&handle, &Act::Pause, WHY, &text(&old)).await;
    let error = error.expect_err("for the old plan");
    assert!(error.contains("signed for plan"), "{error}");
    let pause = text(&signed(&handle, &Act::Pause, WHY).await);
    let paused = done(&handle, &Act::Pause, WHY, &pause).await;
    paused.expect("signed");

    // With both plans in hand all of it holds, with one of them it does not.
    let rollout = &act.anchor.rollout;
    let records = desk.journal.read(rollout, 0).await.expect("records");
    let (first, _) = program("forward");
    let plans = [PlanKeys::from(&first), PlanKeys::from(&revised)];
    let held = verify_acts(&records, &plans).expect("all of it holds");
    let held: Vec<&str> = held.iter().map(|one| one.act.as_str()).collect();
    assert_eq!(held, [words.as_str(), "pause"]);
    let doubts = verify_acts(&records, &plans[..1]).expect_err("a plan is missing");
    assert!(doubts.to_string().contains("is not in hand"), "{doubts}");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_no_point_of_the_curve_is_refused_before_the_start() {
    let desk = Desk::new();
    let (mut program, sources) = program("forward");
    let asked = program.signatures.as_mut().expect("keys");
    asked.keys = vec![NO_POINT.to_owned()];
    let by = "author".parse().expect("an id");
    let rollout = "checkout".parse().expect("an id");
    let refused = desk.runner.start(rollout, program, sources, by).await;
    match refused {
        Err(RunnerError::Driver(DriverError::Keys { why })) => {
            assert!(why.contains(NO_POINT), "{why}");
        }
        other => panic!("{other:?}"),
    }
    let handle = desk.begin("checkin", "forward").await;
    let (mut revised, sources) = signing::program("all");
    revised.signatures.as_mut().expect("keys").keys = vec![NO_POINT.to_owned()];
    let said = Said::new(person("ada"), WHY);
    let brought = handle.operator().amend_as(said, revised, sources).await;
    let error = brought.expect_err("no key").to_string();
    assert!(error.contains(NO_POINT), "{error}");
}
