//! What goes to Statuspage, and what its answers mean: the rules of its schema, held by a server that keeps incidents.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests, and helpers beside them"
)]

use std::sync::{Arc, Mutex};

use phasegate_core::{ChannelId, EffectClass, EffectKey, Span, Timestamp};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::{
    Call, ErrorKind, HttpTransport, Message, Notifier as _, Retry, SecretSource,
};
use phasegate_provider_statuspage::{
    ComponentStatus, Entry, Status, StatusPage, StatusPageConfig, default_policy,
};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::{Folder, Reaction, Received, Receiver, withstand};
use serde_json::{Value, json};

const SECRET: &str = "marked-secret-7f3a";
const PAGE: &str = "kctbh9vrtdwd";

type Incidents = Arc<Mutex<Vec<Value>>>;

fn http() -> Arc<dyn HttpTransport> {
    let mut config = HttpConfig::default();
    config.read_within = Span::from_millis(500);
    config.total_within = Span::from_secs(2);
    Arc::new(HttpClient::new(config).expect("a client"))
}

fn call() -> Call {
    Call::new(Timestamp::EPOCH, Span::from_secs(5))
}

fn effect(rollout: &str, number: u64) -> Call {
    let key = EffectKey::new(&rollout.parse().expect("an id"), number);
    call().with_effect(key, EffectClass::FireAndForget)
}

fn message(channel: &str, body: &str) -> Message {
    Message {
        channel: channel.parse().expect("an id"),
        subject: "Checkout fails".to_owned(),
        body: body.to_owned(),
    }
}

fn answer(status: u16, body: &Value) -> Reaction {
    let json = vec![("content-type".to_owned(), "application/json".to_owned())];
    (status, json, body.to_string())
}

/// `postPagesPageIdIncidents` and `patchPagesPageIdIncidents`: their fields, lengths and words.
fn breaks_schema(incident: &Value, is_new: bool) -> bool {
    let chars = |field: &str| {
        incident[field]
            .as_str()
            .map_or(0, |text| text.chars().count())
    };
    let statuses = ["investigating", "identified", "monitoring", "resolved"];
    let parts = [
        "degraded_performance",
        "major_outage",
        "operational",
        "partial_outage",
        "under_maintenance",
    ];
    let is_one =
        |words: &[&str], value: &Value| value.as_str().is_some_and(|text| words.contains(&text));
    let metadata = incident["metadata"].as_object();
    (is_new && !(1..=255).contains(&chars("name")))
        || chars("body") > 25_000
        || !is_one(&statuses, &incident["status"])
        || !metadata.is_some_and(|all| all.values().all(Value::is_object))
        || !incident["components"]
            .as_object()
            .is_none_or(|all| all.values().all(|one| is_one(&parts, one)))
}

fn page(incidents: &Incidents, request: &Received) -> Reaction {
    if request.header("authorization") != Some(&format!("OAuth {SECRET}")) {
        return answer(401, &json!({"error": "Could not authenticate"}));
    }
    let base = format!("/v1/pages/{PAGE}/incidents");
    let Some(under) = request.target.strip_prefix(&base) else {
        return answer(404, &json!({"error": "not found"}));
    };
    let mut all = incidents.lock().expect("no panic");
    let sent: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let sent = &sent["incident"];
    match (request.method.as_str(), under) {
        ("GET", "/unresolved") => {
            let open = all
                .iter()
                .filter(|one| one["status"] != "resolved")
                .cloned();
            answer(200, &open.collect())
        }
        ("POST" | "PATCH", _) if breaks_schema(sent, request.method == "POST") => {
            answer(422, &json!({"error": ["unprocessable"]}))
        }
        ("POST", "") => {
            let mut made = sent.clone();
            made["id"] = format!("inc{}", all.len()).into();
            made["updates"] = json!([sent["body"]]);
            all.push(made.clone());
            answer(201, &made)
        }
        ("PATCH", id) => {
            let found = all
                .iter_mut()
                .find(|one| one["id"].as_str() == id.strip_prefix('/'));
            let Some(found) = found else {
                return answer(404, &json!({"error": "not found"}));
            };
            for (name, value) in sent.as_object().expect("checked") {
                found[name] = value.clone();
            }
            found["updates"]
                .as_array_mut()
                .expect("made so")
                .push(sent["body"].clone());
            answer(200, found)
        }
        _ => answer(404, &json!({"error": "not found"})),
    }
}

fn with_key(folder: &Folder, url: &str, key: &str) -> StatusPage {
    let entry = |status| {
        let key = SecretSource::File(folder.write("key", key).expect("written"));
        Entry::new(PAGE, key, status)
    };
    let channel = |name: &str| -> ChannelId { name.parse().expect("an id") };
    let broken = entry(Status::Investigating).with_component("c1", ComponentStatus::PartialOutage);
    let mended = entry(Status::Resolved).with_component("c1", ComponentStatus::Operational);
    let mut astray = entry(Status::Identified);
    astray.page = "../../other".to_owned();
    let config = StatusPageConfig::default()
        .with_api(url)
        .with_channel(channel("broken"), broken)
        .with_channel(
            channel("watched"),
            entry(Status::Monitoring).with_deliver(false),
        )
        .with_channel(channel("astray"), astray)
        .with_channel(channel("mended"), mended);
    StatusPage::new(http(), config)
}

async fn served() -> (Receiver, Incidents) {
    let incidents = Incidents::default();
    let kept = Arc::clone(&incidents);
    let server = Receiver::start(move |request: &Received| page(&kept, request)).await;
    (server.expect("a server"), incidents)
}

#[tokio::test]
async fn any_text_is_carried() {
    let ((server, _), folder) = (served().await, Folder::new().expect("a folder"));
    let page = with_key(&folder, &server.url(""), SECRET);
    for channel in ["broken", "mended"] {
        let channel = channel.parse().expect("an id");
        assert_eq!(conformance::notifier(&page, &channel, &call()).await, []);
    }
    let mut long = message("broken", &"b".repeat(50_000));
    long.subject = "s".repeat(5000);
    page.send(&long, &effect("long", 1)).await.expect("sent");
}

#[tokio::test]
async fn a_rollout_has_one_incident_and_each_message_is_told_once() {
    let ((server, incidents), folder) = (served().await, Folder::new().expect("a folder"));
    let page = with_key(&folder, &server.url(""), SECRET);
    for (rollout, number, channel, body) in [
        ("r1", 1, "mended", "too early"),
        ("r1", 2, "broken", "one"),
        ("r1", 2, "broken", "one"),
        ("r2", 1, "broken", "another"),
        ("r1", 3, "watched", "two"),
        ("r1", 2, "broken", "one"),
        ("r1", 4, "mended", "three"),
        ("r1", 4, "mended", "three"),
    ] {
        let sent = page
            .send(&message(channel, body), &effect(rollout, number))
            .await;
        sent.expect("sent");
    }
    let all = incidents.lock().expect("no panic").clone();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0]["updates"], json!(["one", "two", "three"]));
    assert_eq!(
        (&all[0]["status"], &all[0]["name"]),
        (&json!("resolved"), &json!("Checkout fails"))
    );
    assert_eq!(all[0]["components"], json!({"c1": "operational"}));
    assert_eq!(
        all[0]["metadata"]["phasegate"],
        json!({"rollout": "r1", "told": ["r1/2", "r1/3", "r1/4"]})
    );
    assert_eq!(
        (&all[1]["status"], &all[1]["components"]),
        (&json!("investigating"), &json!({"c1": "partial_outage"}))
    );
}

#[tokio::test]
async fn messages_at_the_same_moment_share_an_incident() {
    let ((server, incidents), folder) = (served().await, Folder::new().expect("a folder"));
    let page = with_key(&folder, &server.url(""), SECRET);
    let (one, two) = (message("broken", "one"), message("broken", "two"));
    let (first, second) = (effect("r1", 1), effect("r1", 2));
    let (one, two) = tokio::join!(page.send(&one, &first), page.send(&two, &second));
    one.expect("sent");
    two.expect("sent");
    assert_eq!(incidents.lock().expect("no panic").len(), 1);
}

#[tokio::test]
async fn refusals_keep_their_meaning() {
    let ((server, _), folder) = (served().await, Folder::new().expect("a folder"));
    let wrong = with_key(&folder, &server.url(""), "not-it");
    let error = wrong
        .send(&message("broken", "b"), &call())
        .await
        .expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Denied);
    let right = with_key(&folder, &server.url(""), SECRET);
    for channel in ["nope", "astray"] {
        let error = right
            .send(&message(channel, "b"), &call())
            .await
            .expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Misuse, "{channel}");
    }
    for status in [420, 429] {
        let limited = Receiver::start(move |_| (status, vec![], String::new()))
            .await
            .expect("a server");
        let page = with_key(&folder, &limited.url(""), SECRET);
        let error = page
            .send(&message("broken", "b"), &call())
            .await
            .expect_err("limited");
        let wait = Retry::After(Span::from_secs(30));
        assert_eq!(
            (error.kind(), error.retry()),
            (ErrorKind::Throttled, wait),
            "{status}"
        );
    }
    let lying = Receiver::start(|_| answer(200, &json!([{"id": "../x"}])))
        .await
        .expect("a server");
    let page = with_key(&folder, &lying.url(""), SECRET);
    let error = page
        .send(&message("broken", "b"), &call())
        .await
        .expect_err("no id");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    default_policy().expect("its numbers fit");
}

#[tokio::test]
async fn an_answer_of_another_type_is_none() {
    let html = |(status, _, body): Reaction| {
        let kind = vec![("content-type".to_owned(), "text/html".to_owned())];
        (status, kind, body)
    };
    for wrong in ["GET", "POST"] {
        let incidents = Incidents::default();
        let server = Receiver::start(move |request| {
            let told = page(&incidents, request);
            if request.method == wrong {
                html(told)
            } else {
                told
            }
        });
        let (server, folder) = (
            server.await.expect("a server"),
            Folder::new().expect("a folder"),
        );
        let error = with_key(&folder, &server.url(""), SECRET)
            .send(&message("broken", "b"), &call())
            .await
            .expect_err(wrong);
        assert_eq!(error.kind(), ErrorKind::Invalid, "{wrong}: {error}");
        let last = server.received().pop().expect("asked");
        assert_eq!(last.method, wrong, "nothing was done after it");
    }
}

#[tokio::test]
async fn every_misbehaviour_is_a_typed_error_and_tells_no_secret() {
    let folder = Folder::new().expect("a folder");
    let violations = withstand(&[], async |url| {
        let page = with_key(&folder, &url, SECRET);
        let sent = page.send(&message("broken", "b"), &call()).await;
        assert!(!format!("{sent:?} {page:?}").contains(SECRET), "{sent:?}");
        sent
    });
    assert_eq!(violations.await.expect("a port"), []);
}
