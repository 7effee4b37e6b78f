//! What people have signed, checked again with an exported journal and the plan alone: whoever rewrites the journal,
//! its whole chain with it, is found out, and so is the record.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may panic"
)]

mod paused;
mod planned;
mod signing;

use phasegate_core::{Clock as _, Span};
use phasegate_driver::acts::{Doubts, SignedRecord, verify_acts};
use phasegate_driver::{Driver, DriverError, Request};
use phasegate_engine::program::PlanKeys;
use phasegate_engine::record::{Body, Record};
use phasegate_engine::{Act, Engine, EventError};
use phasegate_journal::{Chain, Draft, Journal as _, Record as Stored, Transcript};
use phasegate_runner::Ended;

use signing::{Desk, ada, done, person, program, signed, unsigned};

/// A rollout that ada paused, let go on and, a while later, ended; exported and read again.
async fn exported(acts: &str) -> Vec<Stored> {
    let desk = Desk::new();
    let handle = desk.begin("checkout", acts).await;
    for act in [Act::Pause, Act::Resume, Act::Abort] {
        let note = signed(&handle, &act, "as I say").await;
        let note = note.sign(&ada()).expect("her key");
        done(&handle, &act, "as I say", &note)
            .await
            .expect("signed");
    }
    handle.ended().await;
    let rollout = "checkout".parse().expect("an id");
    let records = desk.journal.read(&rollout, 0).await.expect("records");
    let mut lines = Vec::new();
    let written = Transcript::new(rollout, records).expect("a chain");
    written.write_to(&mut lines).expect("lines");
    let read = Transcript::read_from(lines.as_slice()).expect("lines");
    read.records().to_vec()
}

fn verified(records: &[Stored], acts: &str) -> Result<Vec<SignedRecord>, Doubts> {
    verify_acts(records, &[PlanKeys::from(&program(acts).0)])
}

/// The record of a kind, and its place.
fn find(records: &[Stored], kind: &str) -> (usize, Record) {
    let found = records.iter().position(|one| one.kind == kind);
    let seq = found.expect(kind);
    let stored = records.get(seq).expect("it is there");
    (
        seq,
        Record::decode(&stored.kind, &stored.payload).expect("a record"),
    )
}

/// The journal with another record in the place of one, and a chain that holds.
fn rewritten(records: &[Stored], seq: usize, by: &Record) -> Vec<Stored> {
    let rollout = "checkout".parse().expect("an id");
    let mut chain = Chain::start(&rollout);
    let all = records.iter().enumerate().map(|(number, one)| {
        let draft = match number == seq {
            true => Draft {
                at: by.at(),
                kind: by.kind().to_owned(),
                payload: by.encode().expect("JSON"),
            },
            false => Draft {
                at: one.at,
                kind: one.kind.clone(),
                payload: one.payload.clone(),
            },
        };
        chain.link(&draft)
    });
    let all: Vec<Stored> = all.collect();
    assert!(
        Chain::start(&rollout).verify(&all).is_ok(),
        "its chain holds"
    );
    all
}

/// What is found of the record that was changed.
fn doubt(records: &[Stored], seq: usize, by: &Record) -> String {
    let found = verified(&rewritten(records, seq, by), "all").expect_err("it was changed");
    let seq = u64::try_from(seq).expect("small");
    let first = found.0.first().expect("a doubt");
    assert_eq!(first.seq, seq, "{found}");
    first.why.clone()
}

#[tokio::test(start_paused = true)]
async fn what_was_signed_holds_in_an_exported_journal_and_is_replayed() {
    let records = exported("all").await;
    let signed = verified(&records, "all").expect("all holds");
    let acts: Vec<_> = signed.iter().map(|one| one.act.as_str()).collect();
    assert_eq!(acts, ["pause", "resume", "abort"]);
    assert!(signed.iter().all(|one| one.by.as_str() == "ada"));
    let pairs = records
        .iter()
        .map(|one| (one.kind.as_str(), one.payload.as_slice()));
    let engine = Engine::replay(pairs).expect("it replays");
    assert_eq!(engine.state().signed.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn each_thing_that_is_changed_afterwards_is_told_with_its_record() {
    let records = exported("all").await;
    let (seq, resumed) = find(&records, "resumed");
    let Body::Resumed { by, reason } = &resumed.body else {
        panic!("{resumed:?}");
    };
    let body = |body| Record {
        body,
        ..resumed.clone()
    };
    let note = |note: Option<String>| Record {
        note,
        ..resumed.clone()
    };
    let bob = "bob".parse().expect("an id");
    let reason = reason.clone();
    let (_, pause) = find(&records, "paused");
    let text = resumed.note.clone().expect("signed");
    for (changed, why) in [
        (
            body(Body::Resumed {
                by: bob,
                reason: reason.clone(),
            }),
            "ada has signed it, and it is bob's",
        ),
        (
            body(Body::Resumed {
                by: by.clone(),
                reason: "another".to_owned(),
            }),
            "another reason is signed",
        ),
        (
            body(Body::Released {
                by: by.clone(),
                reason,
            }),
            "'resume' is signed, and it is 'release' or 'take-over'",
        ),
        (
            body(Body::Recovered {
                in_doubt: Vec::new(),
            }),
            "says nothing that a person did",
        ),
        (note(None), "'resume' of ada is not signed"),
        (note(pause.note), "'pause' is signed, and it is 'resume'"),
        (
            note(Some(text.replace("as I say", "as I said"))),
            "signature",
        ),
        (
            note(Some(text.replace("checkout@", "checkin@"))),
            "signature",
        ),
    ] {
        let found = doubt(&records, seq, &changed);
        assert!(found.contains(why), "{found}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_beginning_and_another_plan_are_told() {
    let records = exported("all").await;
    // Whoever wrote record 0 anew has given the plan keys of their own.
    let (_, mut created) = find(&records, "created");
    let Body::Created { program, .. } = &mut created.body else {
        panic!("{created:?}");
    };
    program.signatures.as_mut().expect("keys").keys.clear();
    let found = verified(&rewritten(&records, 0, &created), "all").expect_err("it was changed");
    let told = found.to_string();
    assert!(told.contains("record 0: plan "), "{told}");
    assert!(told.contains("in hand wants other signatures"), "{told}");
    // All that was signed later names a head that is not in this journal.
    assert!(told.contains("which is not before it"), "{told}");
    let other = verified(&records, "forward").expect_err("another plan");
    assert!(other.to_string().contains("is not in hand"), "{other}");
}

#[tokio::test(start_paused = true)]
async fn a_record_that_stands_twice_under_one_note_is_told() {
    let records = exported("all").await;
    let (_, pause) = find(&records, "paused");
    let (seq, _) = find(&records, "resumed");
    let found = doubt(&records, seq, &pause);
    assert!(
        found.contains("stands under an earlier record too"),
        "{found}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_plan_lets_go_unsigned_is_no_fault() {
    let desk = Desk::new();
    let handle = desk.begin("checkout", "forward").await;
    unsigned(&handle, Act::Pause)
        .await
        .expect("it stops the rollout");
    unsigned(&handle, Act::Abort).await.expect("it goes back");
    handle.ended().await;
    let rollout = "checkout".parse().expect("an id");
    let records = desk.journal.read(&rollout, 0).await.expect("records");
    assert_eq!(verified(&records, "forward"), Ok(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_signed_is_written_as_it_was_before_anybody_could() {
    let desk = Desk::new();
    let handle = desk.begin("checkout", "forward").await;
    unsigned(&handle, Act::Pause)
        .await
        .expect("it stops the rollout");
    unsigned(&handle, Act::Abort).await.expect("it goes back");
    handle.ended().await;
    let rollout = "checkout".parse().expect("an id");
    let records = desk.journal.read(&rollout, 0).await.expect("records");
    for stored in &records {
        let text = String::from_utf8_lossy(&stored.payload);
        assert!(!text.contains("\"note\""), "{text}");
        // A record from before there were signatures is read.
        let mut old: serde_json::Value = serde_json::from_slice(&stored.payload).expect("JSON");
        if let Some(program) = old.pointer_mut("/body/created/program") {
            let signatures = program
                .as_object_mut()
                .expect("an object")
                .remove("signatures");
            assert!(signatures.is_some(), "{text}");
        }
        let bytes = serde_json::to_vec(&old).expect("JSON");
        let record = Record::decode(&stored.kind, &bytes).expect("a record");
        if let Body::Created { program, .. } = &record.body {
            assert_eq!(program.signatures, None);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_watchdog_stops_unsigned_what_it_takes_up_and_lets_nothing_go_on() {
    let desk = Desk::new();
    let handle = desk.begin("checkout", "all").await;
    let stopped = handle.ended_unless(std::future::ready(())).await;
    assert_eq!(stopped, Ended::Stopped);
    let rollout = "checkout".parse().expect("an id");
    let (dog, ttl) = ("dog".parse().expect("a name"), Span::from_secs(30));
    let lease = desk.journal.acquire(&rollout, &dog, ttl).await;
    let lease = lease.expect("nobody has it");
    let records = desk.journal.read(&rollout, 0).await.expect("records");
    let now = paused::Paused(tokio::time::Instant::now()).now();
    let take_up = |act: Act| {
        let why = (&person("dog"), "no heartbeat", &[act][..]);
        Driver::resume_by(lease.clone(), ttl, &records, (now, &now), why)
    };
    match take_up(Act::Release) {
        Err(DriverError::Refused(EventError::SignatureMissing { act, .. })) => {
            assert_eq!(act, "release");
        }
        other => panic!("{other:?}"),
    }
    let mut driver = take_up(Act::Pause).expect("it stops the rollout");
    let Some(Request::Append {
        expected_next_seq,
        batch,
    }) = driver.poll()
    else {
        panic!("it was paused");
    };
    let appended = desk.journal.append(&lease, expected_next_seq, batch).await;
    appended.expect("durable");
    let records = desk.journal.read(&rollout, 0).await.expect("records");
    let (seq, mut paused) = find(&records, "paused");
    assert_eq!(verified(&records, "all"), Ok(Vec::new()));
    // Behind anything else it would have to be signed.
    let before = seq.checked_sub(1).expect("it was taken up");
    paused.body = Body::ClockDisagreed { by: ttl };
    let found = verified(&rewritten(&records, before, &paused), "all");
    let found = found.expect_err("nobody signed it").to_string();
    assert!(found.contains("'pause' of dog is not signed"), "{found}");
}
