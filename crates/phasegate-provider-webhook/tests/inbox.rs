//! Webhooks that come in: forged, replayed, across restarts and torn writes.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::path::{Path, PathBuf};

use base64::Engine as _;
use phasegate_core::{Span, Timestamp};
use phasegate_provider::signed::{Key, Rejected, sign};
use phasegate_provider::{Call, EventId, EventSource as _, Secret, SecretSource};
use phasegate_provider_webhook::{BODY_BYTES_MAX, InboxConfig, NotTaken, Taken, WebhookInbox};
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

fn body(scenario: &str) -> Vec<u8> {
    format!(r#"{{"type":"phasegate.scenario","timestamp":"2023-11-14T22:13:20Z","data":{{"scenario":"{scenario}","severity":"critical","evidence":"CVE-1"}}}}"#).into_bytes()
}

/// A folder of a test's own, and a file in it.
fn scratch() -> (Folder, PathBuf) {
    let folder = Folder::new().expect("a folder");
    let path = folder.path().join("inbox");
    (folder, path)
}

/// With the keys 1 and 2, in files beside it.
fn config(path: &Path) -> InboxConfig {
    [1, 2]
        .into_iter()
        .fold(InboxConfig::new("scanner", path), |config, byte| {
            let file = path.with_extension(format!("key{byte}"));
            std::fs::write(&file, written(byte)).expect("written");
            config.with_key(SecretSource::File(file))
        })
}

fn open(path: &Path, at: Timestamp) -> WebhookInbox {
    WebhookInbox::open(config(path), at).expect("an inbox")
}

fn take(
    inbox: &WebhookInbox,
    id: &str,
    scenario: &str,
    signed_at: Timestamp,
    at: Timestamp,
) -> Result<Taken, NotTaken> {
    let body = body(scenario);
    let secs = (signed_at.as_unix_millis() / 1000).to_string();
    inbox.take(id, &secs, &sign(&[key(2)], id, signed_at, &body), &body, at)
}

#[tokio::test]
async fn the_inbox_passes_the_suite_of_its_role() {
    let (_folder, path) = scratch();
    let inbox = open(&path, now());
    let call = call();
    let violations = conformance::event_source(&inbox, &call, async || {
        for id in ["b", "a"] {
            take(&inbox, id, "data-loss", now(), now()).expect("taken");
        }
    });
    assert_eq!(violations.await, []);
}

/// A sender that heard nothing tries again for a day, and signs each attempt anew.
#[test]
fn a_late_attempt_of_the_same_webhook_is_no_new_one() {
    let (_folder, path) = scratch();
    let taken = take(&open(&path, now()), "a", "data-loss", now(), now());
    assert_eq!(taken.expect("taken"), Taken::New);
    let later = now() + Span::from_secs(28 * 3600);
    let again = take(&open(&path, later), "a", "data-loss", later, later);
    assert_eq!(again.expect("there"), Taken::Repeated);
}

/// Months of webhooks, each acknowledged: what no longer matters is no longer there.
#[tokio::test]
async fn the_file_of_an_inbox_does_not_grow_for_ever() {
    let (_folder, path) = scratch();
    let inbox = open(&path, now());
    let mut at = now();
    // Four kilobytes in the file for each.
    let scenario = "🚀".repeat(2000);
    for n in 0..600 {
        at = at + Span::from_secs(3600);
        take(&inbox, &format!("m{n}"), &scenario, at, at).expect("taken");
        if n % 20 == 19 {
            let told = inbox.poll(&call()).await.expect("polled");
            let ids: Vec<EventId> = told.into_iter().map(|told| told.id).collect();
            let acknowledged = inbox.acknowledge(&ids, &call()).await;
            acknowledged.expect("acknowledged");
        }
    }
    let length = std::fs::metadata(&path).expect("there").len();
    assert!(length < 3 << 19, "{length} bytes left of 2.4 MB");
    drop(inbox);
    let inbox = open(&path, at);
    assert_eq!(inbox.poll(&call()).await.expect("polled"), []);
    let again = take(&inbox, "m599", "data-loss", at, at).expect("there");
    assert_eq!(again, Taken::Repeated);
}

#[tokio::test]
async fn what_was_taken_counts_once_also_after_a_restart() {
    let (_folder, path) = scratch();
    let inbox = open(&path, now());
    assert_eq!(
        take(&inbox, "a", "data-loss", now(), now()).expect("taken"),
        Taken::New
    );
    assert_eq!(
        take(&inbox, "b", "vulnerability", now(), now()).expect("taken"),
        Taken::New
    );
    assert_eq!(
        take(&inbox, "a", "data-loss", now(), now()).expect("taken"),
        Taken::Repeated
    );
    let found = inbox.poll(&call()).await.expect("polled");
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].by.as_str(), found[0].scenario.as_str()),
        ("scanner", "data-loss")
    );
    inbox
        .acknowledge(&[found[0].id.clone()], &call())
        .await
        .expect("acknowledged");
    inbox
        .acknowledge(&[found[0].id.clone()], &call())
        .await
        .expect("twice is harmless");
    drop(inbox);
    // A crash in the middle of a write.
    let mut text = std::fs::read_to_string(&path).expect("there");
    text.push_str("{\"taken\":{\"id\":\"c\",");
    std::fs::write(&path, text).expect("torn");
    let inbox = open(&path, now());
    assert_eq!(inbox.poll(&call()).await.expect("polled"), found[1..]);
    for id in ["a", "b"] {
        assert_eq!(
            take(&inbox, id, "data-loss", now(), now()).expect("taken"),
            Taken::Repeated,
            "{id}"
        );
    }
    assert_eq!(
        take(&inbox, "c", "data-loss", now(), now()).expect("taken"),
        Taken::New
    );
    assert_eq!(
        open(&path, now())
            .poll(&call())
            .await
            .expect("polled")
            .len(),
        2
    );
}

#[test]
fn forgeries_and_late_replays_are_refused() {
    let (_folder, path) = scratch();
    let inbox = open(&path, now());
    let (body, secs) = (body("data-loss"), "1700000000");
    let good = sign(&[key(1)], "a", now(), &body);
    let other = sign(&[key(9)], "a", now(), &body);
    let forged = |id: &str, secs: &str, signature: &str, body: &[u8], at| {
        matches!(
            inbox.take(id, secs, signature, body, at),
            Err(NotTaken::Rejected(_))
        )
    };
    let late = now() + Span::from_secs(301);
    assert!(forged("a", secs, &other, &body, now()), "another key");
    assert!(forged("b", secs, &good, &body, now()), "another id");
    assert!(
        forged("a", "1700000001", &good, &body, now()),
        "another time"
    );
    assert!(forged("a", secs, &good, b"{}", now()), "another body");
    assert!(forged("a", secs, "", &body, now()), "none");
    assert!(forged("a", secs, &good, &body, late), "too late");
    let long = vec![b' '; BODY_BYTES_MAX + 1];
    for bad in [&b"{}"[..], b"not json", &long] {
        let found = inbox.take("x", secs, &sign(&[key(1)], "x", now(), bad), bad, now());
        assert!(
            matches!(found, Err(NotTaken::Malformed { .. })),
            "{found:?}"
        );
    }
    // Taken from a sender whose clock is ahead, it is remembered for as long as it could come again.
    let ahead = now() + Span::from_secs(299);
    assert_eq!(
        take(&inbox, "ahead", "data-loss", ahead, now()).expect("taken"),
        Taken::New
    );
    let last = ahead + Span::from_secs(300);
    assert_eq!(
        take(&inbox, "ahead", "data-loss", ahead, last).expect("taken"),
        Taken::Repeated
    );
    let after = take(
        &inbox,
        "ahead",
        "data-loss",
        ahead,
        last + Span::from_secs(1),
    );
    assert!(matches!(after, Err(NotTaken::Rejected(Rejected::Time))));
    assert!(!format!("{inbox:?}").contains("AQEB"), "keys are not shown");
}

#[test]
fn a_file_that_is_no_inbox_is_refused_and_left_alone() {
    let (_folder, path) = scratch();
    std::fs::write(&path, "precious\n").expect("written");
    assert!(WebhookInbox::open(config(&path), now()).is_err());
    assert_eq!(std::fs::read_to_string(&path).expect("there"), "precious\n");
}

#[test]
fn a_key_is_changed_without_a_restart() {
    let (folder, path) = scratch();
    let inbox = open(&path, now());
    let file = path.with_extension("key2");
    std::fs::write(&file, written(3)).expect("written");
    let old = take(&inbox, "a", "data-loss", now(), now());
    assert!(matches!(old, Err(NotTaken::Rejected(Rejected::Signature))));
    std::fs::write(&file, written(2)).expect("written");
    let new = take(&inbox, "a", "data-loss", now(), now());
    assert_eq!(new.expect("taken"), Taken::New);
    // A key that cannot be read is told, and nothing is taken.
    std::fs::remove_file(&file).expect("removed");
    let unread = take(&inbox, "b", "data-loss", now(), now());
    assert!(matches!(unread, Err(NotTaken::Unavailable { .. })));
    // Without a key nothing is.
    let keyless = InboxConfig::new("scanner", folder.path().join("keyless"));
    let keyless = WebhookInbox::open(keyless, now()).expect("an inbox");
    let refused = take(&keyless, "c", "data-loss", now(), now());
    assert!(matches!(
        refused,
        Err(NotTaken::Rejected(Rejected::Signature))
    ));
}
