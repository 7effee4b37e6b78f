//! Answers that come in: by the right person, in the right role, to the right question, once.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::path::{Path, PathBuf};

use base64::Engine as _;
use phasegate_core::{Span, Timestamp};
use phasegate_provider::signed::{Key, sign};
use phasegate_provider::{
    Answer, ApprovalSource as _, Ask, AskId, Call, Decision, Secret, SecretSource,
};
use phasegate_provider_webhook::{Approver, CallbackApprovals, CallbackConfig, NotTaken, Taken};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::Folder;

fn written(byte: u8) -> String {
    base64::engine::general_purpose::STANDARD.encode([byte; 32])
}

fn key(byte: u8) -> Key {
    Key::new(&Secret::new(written(byte))).expect("a key")
}

fn now() -> Timestamp {
    Timestamp::from_unix_millis(1_700_000_000_000)
}

fn call() -> Call {
    Call::new(now(), Span::from_secs(5))
}

/// A folder of a test's own, and a file in it.
fn scratch() -> (Folder, PathBuf) {
    let folder = Folder::new().expect("a folder");
    let path = folder.path().join("approvals");
    (folder, path)
}

fn open(path: &Path) -> CallbackApprovals {
    let approver = |byte: u8, role: &str| {
        let file = path.with_extension(format!("key{byte}"));
        std::fs::write(&file, written(byte)).expect("written");
        Approver {
            keys: vec![SecretSource::File(file)],
            roles: [role.parse().expect("a role")].into(),
        }
    };
    let config = CallbackConfig::new(path)
        .with_person(
            "ada".parse().expect("a person"),
            approver(1, "release-lead"),
        )
        .with_person("bob".parse().expect("a person"), approver(2, "tester"));
    CallbackApprovals::open(config, now()).expect("a source")
}

fn ask() -> Ask {
    Ask {
        id: AskId::new("r1/gate-1"),
        gate: Some("gate-1".parse().expect("a gate")),
        role: "release-lead".parse().expect("a role"),
        question: "Go to 50 %?".to_owned(),
        plan_digest: "aa".to_owned(),
        journal_head: "bb".to_owned(),
        expires: now() + Span::from_secs(3600),
        to_sign: None,
    }
}

fn answer(person: &str) -> Answer {
    Answer {
        ask: ask().id,
        person: person.parse().expect("a person"),
        decision: Decision::Yes,
        comment: "fine".to_owned(),
        plan_digest: "aa".to_owned(),
        journal_head: "bb".to_owned(),
        note: None,
    }
}

fn send(
    source: &CallbackApprovals,
    id: &str,
    answer: &Answer,
    signer: u8,
    at: Timestamp,
) -> Result<Taken, NotTaken> {
    let body = serde_json::to_vec(answer).expect("JSON");
    let secs = (at.as_unix_millis() / 1000).to_string();
    source.take(id, &secs, &sign(&[key(signer)], id, at, &body), &body, at)
}

#[tokio::test]
async fn the_source_passes_the_suite_of_its_role() {
    let (_folder, path) = scratch();
    let source = open(&path);
    let violations = conformance::approval_source(&source, &ask(), &call(), async || {
        assert_eq!(
            send(&source, "m1", &answer("ada"), 1, now()).expect("taken"),
            Taken::New
        );
    })
    .await;
    assert_eq!(violations, []);
}

#[tokio::test]
async fn forged_replayed_and_misplaced_answers_do_not_count() {
    let (_folder, path) = scratch();
    let source = open(&path);
    let early = send(&source, "m0", &answer("ada"), 1, now());
    assert!(
        matches!(early, Err(NotTaken::Malformed { .. })),
        "nobody has asked"
    );
    source.ask(&ask(), &call()).await.expect("asked");
    let rejected = |id: &str, answer: &Answer, signer: u8| {
        matches!(
            send(&source, id, answer, signer, now()),
            Err(NotTaken::Rejected(_))
        )
    };
    let malformed = |id: &str, answer: &Answer, signer: u8, at| {
        matches!(
            send(&source, id, answer, signer, at),
            Err(NotTaken::Malformed { .. })
        )
    };
    assert!(rejected("m1", &answer("ada"), 2), "bob signs for ada");
    assert!(rejected("m2", &answer("eve"), 1), "nobody known");
    assert!(malformed("m3", &answer("bob"), 2, now()), "not his role");
    let other_plan = Answer {
        plan_digest: "ab".to_owned(),
        ..answer("ada")
    };
    assert!(malformed("m4", &other_plan, 1, now()), "another plan");
    let old_head = Answer {
        journal_head: "ba".to_owned(),
        ..answer("ada")
    };
    assert!(malformed("m5", &old_head, 1, now()), "an earlier state");
    let late = now() + Span::from_secs(3601);
    assert!(malformed("m6", &answer("ada"), 1, late), "expired");
    assert_eq!(source.poll(&call()).await.expect("polled"), []);

    assert_eq!(
        send(&source, "m7", &answer("ada"), 1, now()).expect("taken"),
        Taken::New
    );
    assert_eq!(
        send(&source, "m7", &answer("ada"), 1, now()).expect("there"),
        Taken::Repeated
    );
    let found = source.poll(&call()).await.expect("polled");
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].person.as_str(), found[0].decision),
        ("ada", Decision::Yes)
    );
    drop(source);
    let source = open(&path);
    assert_eq!(
        source.poll(&call()).await.expect("polled"),
        found,
        "after a restart"
    );
    assert_eq!(
        send(&source, "m7", &answer("ada"), 1, now()).expect("there"),
        Taken::Repeated
    );
    source.close(&ask().id, &call()).await.expect("closed");
    drop(source);
    let source = open(&path);
    assert_eq!(
        source.poll(&call()).await.expect("polled"),
        [],
        "closed is closed"
    );
    assert!(malformed_after_close(&source), "and takes no more answers");
}

/// The last word counts, whatever order they come in, and stays so over a restart.
#[tokio::test]
async fn an_answer_is_withdrawn_or_replaced_by_a_later_one_of_the_same_person_only() {
    let (_folder, path) = scratch();
    let source = open(&path);
    source.ask(&ask(), &call()).await.expect("asked");
    let said = |decision| Answer {
        decision,
        ..answer("ada")
    };
    let at = |secs| now() + Span::from_secs(secs);
    let taken = send(&source, "m1", &said(Decision::Yes), 1, at(0));
    assert_eq!(taken.expect("taken"), Taken::New);
    let taken = send(&source, "m3", &said(Decision::Withdraw), 1, at(20));
    assert_eq!(taken.expect("taken"), Taken::New);
    let late = send(&source, "m2", &said(Decision::No), 1, at(10));
    assert!(matches!(late, Err(NotTaken::Malformed { .. })), "{late:?}");
    for source in [source.clone(), open(&path)] {
        let found = source.poll(&call()).await.expect("polled");
        let found: Vec<_> = found.iter().map(|r| (r.decision, r.at)).collect();
        assert_eq!(found, [(Decision::Withdraw, at(20))]);
    }
    let again = send(&source, "m4", &said(Decision::Yes), 1, at(30));
    assert_eq!(again.expect("taken"), Taken::New);
    let found = source.poll(&call()).await.expect("polled");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].decision, Decision::Yes);
}

fn malformed_after_close(source: &CallbackApprovals) -> bool {
    matches!(
        send(source, "m8", &answer("ada"), 1, now()),
        Err(NotTaken::Malformed { .. })
    )
}

#[tokio::test]
async fn a_key_of_a_person_is_changed_without_a_restart() {
    let (_folder, path) = scratch();
    let source = open(&path);
    source.ask(&ask(), &call()).await.expect("asked");
    let file = path.with_extension("key1");
    std::fs::write(&file, written(3)).expect("written");
    let old = send(&source, "m1", &answer("ada"), 1, now());
    assert!(matches!(old, Err(NotTaken::Rejected(_))));
    let new = send(&source, "m1", &answer("ada"), 3, now());
    assert_eq!(new.expect("taken"), Taken::New);
    std::fs::remove_file(&file).expect("removed");
    let unread = send(&source, "m2", &answer("ada"), 3, now());
    assert!(matches!(unread, Err(NotTaken::Unavailable { .. })));
}
