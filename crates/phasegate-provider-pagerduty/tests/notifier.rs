//! What goes to PagerDuty, and what its answers mean: the rules of its documentation, held by a server of our own.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests, and helpers beside them"
)]

use std::sync::Arc;

use phasegate_core::{ChannelId, EffectClass, EffectKey, Span, Timestamp};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::{
    Call, ErrorKind, HttpTransport, Message, Notifier as _, Retry, SecretSource,
};
use phasegate_provider_pagerduty::{PagerDuty, PagerDutyConfig, Service, Severity};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::{Folder, Reaction, Received, Receiver, mislabelled, withstand};
use serde_json::{Value, json};

const SECRET: &str = "marked-secret-7f3a";

fn http() -> Arc<dyn HttpTransport> {
    let mut config = HttpConfig::default();
    config.read_within = Span::from_millis(500);
    config.total_within = Span::from_secs(2);
    Arc::new(HttpClient::new(config).expect("a client"))
}

fn call() -> Call {
    Call::new(Timestamp::EPOCH, Span::from_secs(5))
}

fn ops() -> ChannelId {
    "ops".parse().expect("an id")
}

fn message(subject: &str, body: &str) -> Message {
    Message {
        channel: ops(),
        subject: subject.to_owned(),
        body: body.to_owned(),
    }
}

/// `/v2/enqueue` as documented: required fields, their lengths, their words.
fn enqueue(request: &Received) -> Reaction {
    let kind = vec![("content-type".to_owned(), "application/json".to_owned())];
    let bad = |why: &str| {
        (400, kind.clone(), json!({"status": "invalid event", "message": "Event object is invalid", "errors": [why]}).to_string())
    };
    if request.target != "/v2/enqueue" {
        return (404, vec![], String::new());
    }
    let event: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let payload = &event["payload"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if text(&event["routing_key"]) != SECRET {
        return bad("routing_key");
    }
    if event["event_action"] != "trigger" || !(1..=255).contains(&text(&event["dedup_key"]).len()) {
        return bad("event_action, dedup_key");
    }
    if !(1..=1024).contains(&text(&payload["summary"]).chars().count())
        || text(&payload["source"]).is_empty()
    {
        return bad("summary, source");
    }
    if !["critical", "error", "warning", "info"].contains(&text(&payload["severity"]).as_str()) {
        return bad("severity");
    }
    (
        202,
        kind.clone(),
        json!({"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]})
            .to_string(),
    )
}

fn with_key(folder: &Folder, url: &str, key: &str) -> PagerDuty {
    let routing_key = SecretSource::File(folder.write("key", key).expect("written"));
    let service = Service {
        routing_key,
        severity: Severity::Critical,
    };
    PagerDuty::new(
        http(),
        PagerDutyConfig::default()
            .with_api(url)
            .with_channel(ops(), service),
    )
}

fn notifier(folder: &Folder, url: &str) -> PagerDuty {
    with_key(folder, url, SECRET)
}

#[tokio::test]
async fn any_text_is_carried_and_one_message_is_one_alert() {
    let (server, folder) = (
        Receiver::start(enqueue).await.expect("a server"),
        Folder::new().expect("a folder"),
    );
    let pagerduty = notifier(&folder, &server.url(""));
    assert_eq!(conformance::notifier(&pagerduty, &ops(), &call()).await, []);
    let keys = || -> Vec<String> {
        let events = server
            .received()
            .into_iter()
            .map(|one| serde_json::from_slice::<Value>(&one.body).expect("JSON"));
        events
            .map(|event| event["dedup_key"].as_str().expect("a key").to_owned())
            .collect()
    };
    // The suite sends each of its texts twice.
    assert!(keys().chunks(2).all(|pair| pair[0] == pair[1]));
    let key = EffectKey::new(&"r1".parse().expect("an id"), 7);
    let effect = call().with_effect(key, EffectClass::IdempotentByKey);
    pagerduty
        .send(&message(&"s".repeat(5000), &"b".repeat(50_000)), &effect)
        .await
        .expect("sent");
    assert_eq!(keys().pop().as_deref(), Some("phasegate/r1/7"));
}

#[tokio::test]
async fn refusals_keep_their_meaning() {
    let (server, folder) = (
        Receiver::start(enqueue).await.expect("a server"),
        Folder::new().expect("a folder"),
    );
    let wrong = with_key(&folder, &server.url(""), "not-it")
        .send(&message("s", "b"), &call())
        .await;
    assert_eq!(wrong.expect_err("refused").kind(), ErrorKind::Misuse);
    let limited = Receiver::start(|_| (429, vec![], String::new()))
        .await
        .expect("a server");
    let error = notifier(&folder, &limited.url(""))
        .send(&message("s", "b"), &call())
        .await
        .expect_err("limited");
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Throttled, Retry::After(Span::from_secs(30)))
    );
    let mut elsewhere = message("s", "b");
    elsewhere.channel = "nope".parse().expect("an id");
    let error = notifier(&folder, &server.url(""))
        .send(&elsewhere, &call())
        .await
        .expect_err("unknown");
    assert_eq!(error.kind(), ErrorKind::Misuse);
}

#[tokio::test]
async fn every_misbehaviour_is_a_typed_error_and_tells_no_secret() {
    let folder = Folder::new().expect("a folder");
    let violations = withstand(&[], async |url| {
        let pagerduty = notifier(&folder, &url);
        let sent = pagerduty.send(&message("s", "b"), &call()).await;
        assert!(
            !format!("{sent:?} {pagerduty:?}").contains(SECRET),
            "{sent:?}"
        );
        sent
    });
    assert_eq!(violations.await.expect("a port"), []);
    let violations = mislabelled(r#"{"status":"success","dedup_key":"x"}"#, async |url| {
        notifier(&folder, &url)
            .send(&message("s", "b"), &call())
            .await
    });
    assert_eq!(violations.await.expect("a port"), []);
}
