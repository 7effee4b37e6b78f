//! What goes over the wire, and what becomes of what comes back.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use phasegate_core::{EffectClass, EffectKey, Span, Timestamp};
use phasegate_provider::signed::{Key, verify};
use phasegate_provider::{
    Call, ErrorKind, HeaderText, HttpRequest, HttpResponse, HttpTransport, Message, Notifier as _,
    ProviderError, Secret, SecretSource,
};
use phasegate_provider_webhook::{Delivery, WebhookConfig, WebhookNotifier};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::Folder;

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

/// Keeps requests and answers with a status.
#[derive(Debug)]
struct Wire {
    status: u16,
    sent: Mutex<Vec<HttpRequest>>,
}

#[async_trait]
impl HttpTransport for Wire {
    async fn send(&self, request: HttpRequest, _: &Call) -> Result<HttpResponse, ProviderError> {
        self.sent.lock().expect("no panic").push(request);
        Ok(HttpResponse {
            status: self.status,
            headers: Vec::new(),
            body: Vec::new(),
        })
    }
}

fn key() -> Key {
    Key::new(&Secret::new(KEY)).expect("a key")
}

fn secret(folder: &Folder, name: &str, text: &str) -> SecretSource {
    SecretSource::File(folder.write(name, text).expect("written"))
}

fn at() -> Timestamp {
    Timestamp::from_unix_millis(1_700_000_000_000)
}

fn call() -> Call {
    Call::new(at(), Span::from_secs(5))
}

fn message(body: &str) -> Message {
    Message {
        channel: "ops".parse().expect("an id"),
        subject: "s".to_owned(),
        body: body.to_owned(),
    }
}

fn notifier(folder: &Folder, status: u16) -> (Arc<Wire>, WebhookNotifier) {
    let wire = Arc::new(Wire {
        status,
        sent: Mutex::default(),
    });
    let url = secret(folder, "url", "https://hooks.example/in?x=1\n");
    let config = WebhookConfig::default()
        .with_channel("ops".parse().expect("an id"), url)
        .with_key(secret(folder, "key", KEY));
    let transport: Arc<dyn HttpTransport> = Arc::<Wire>::clone(&wire);
    (wire, WebhookNotifier::new(transport, config))
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> &'a str {
    let found = request.headers.iter().find(|(found, _)| found == name);
    match found {
        Some((_, HeaderText::Plain(text))) => text,
        _ => "",
    }
}

#[tokio::test]
async fn a_receiver_can_check_what_was_sent() {
    let folder = Folder::new().expect("a folder");
    let (wire, notifier) = notifier(&folder, 204);
    let hostile = message("\"},\n{\"type\":\"forged\"} <b>");
    notifier.send(&hostile, &call()).await.expect("taken");
    let sent = wire.sent.lock().expect("no panic");
    let request = &sent[0];
    let body = request.body.as_ref().expect("a body");
    let [id, time, signature] =
        ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| header(request, name));
    assert_eq!(
        verify(&[key()], id, time, signature, &body.bytes, at()),
        Ok(())
    );
    let delivery: Delivery = serde_json::from_slice(&body.bytes).expect("one delivery");
    assert_eq!(
        (delivery.kind.as_str(), delivery.data),
        ("phasegate.message", hostile)
    );
    assert_eq!(body.content_type, "application/json");
    assert!(!format!("{request:?} {notifier:?}").contains("MfKQ9r8"));
}

#[tokio::test]
async fn a_repeated_message_keeps_its_id() {
    let folder = Folder::new().expect("a folder");
    let (wire, notifier) = notifier(&folder, 200);
    let key = EffectKey::new(&"r1".parse().expect("an id"), 9);
    let effect = call().with_effect(key, EffectClass::FireAndForget);
    for (text, call) in [
        ("a", call()),
        ("a", call()),
        ("b", call()),
        ("a", effect.clone()),
        ("b", effect),
    ] {
        notifier.send(&message(text), &call).await.expect("taken");
    }
    let sent = wire.sent.lock().expect("no panic");
    let ids: Vec<&str> = sent
        .iter()
        .map(|request| header(request, "webhook-id"))
        .collect();
    assert!(ids[0] == ids[1] && ids[1] != ids[2], "{ids:?}");
    assert_eq!(ids[3..], ["msg_r1_9", "msg_r1_9"]);
}

#[tokio::test]
async fn an_answer_that_is_no_success_is_an_error_of_its_kind() {
    let folder = Folder::new().expect("a folder");
    for (status, kind) in [
        (400, ErrorKind::Misuse),
        (401, ErrorKind::Denied),
        (410, ErrorKind::NotFound),
        (429, ErrorKind::Throttled),
        (503, ErrorKind::Unavailable),
    ] {
        let (_, notifier) = notifier(&folder, status);
        let error = notifier
            .send(&message("x"), &call())
            .await
            .expect_err("no success");
        assert_eq!(error.kind(), kind, "{status}");
    }
    let (wire, notifier) = notifier(&folder, 200);
    let mut other = message("x");
    other.channel = "nobody".parse().expect("an id");
    let error = notifier
        .send(&other, &call())
        .await
        .expect_err("no such channel");
    assert!(error.is_refusal() && wire.sent.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn the_notifier_passes_the_suite_of_its_role() {
    let folder = Folder::new().expect("a folder");
    let (_, notifier) = notifier(&folder, 204);
    let ops = "ops".parse().expect("an id");
    let violations = conformance::notifier(&notifier, &ops, &call()).await;
    assert_eq!(violations, []);
}

#[tokio::test]
async fn a_url_and_keys_are_changed_without_a_restart() {
    let folder = Folder::new().expect("a folder");
    let (wire, notifier) = notifier(&folder, 204);
    let told = message("x");
    notifier.send(&told, &call()).await.expect("taken");
    folder.write("key", OTHER).expect("written");
    let elsewhere = "https://hooks.example/other";
    folder.write("url", elsewhere).expect("written");
    notifier.send(&told, &call()).await.expect("taken");
    {
        let sent = wire.sent.lock().expect("no panic");
        assert_eq!(sent[0].url, "https://hooks.example/in?x=1");
        assert_eq!(sent[1].url, elsewhere);
        let new = Key::new(&Secret::new(OTHER)).expect("a key");
        for (request, key, fits) in [
            (&sent[0], key(), true),
            (&sent[1], key(), false),
            (&sent[1], new, true),
        ] {
            let [id, time, signature] = ["webhook-id", "webhook-timestamp", "webhook-signature"]
                .map(|name| header(request, name));
            let body = &request.body.as_ref().expect("a body").bytes;
            let found = verify(&[key], id, time, signature, body, at());
            assert_eq!(found.is_ok(), fits);
        }
    }
    // A key that is none is told without itself, and nothing is sent; nor is anything without a key.
    folder.write("key", "whsec_short").expect("written");
    let error = notifier.send(&told, &call()).await.expect_err("no key");
    assert!(error.is_refusal() && error.kind() == ErrorKind::Misuse);
    assert!(!format!("{error:?}").contains("whsec_short"), "{error:?}");
    let transport: Arc<dyn HttpTransport> = Arc::<Wire>::clone(&wire);
    let config = WebhookConfig::default().with_channel(
        "ops".parse().expect("an id"),
        secret(&folder, "url", elsewhere),
    );
    let unsigned = WebhookNotifier::new(transport, config);
    let error = unsigned.send(&told, &call()).await.expect_err("no key");
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert_eq!(wire.sent.lock().expect("no panic").len(), 2);
}

#[test]
fn what_no_document_may_say_is_refused() {
    for text in [
        r#"{"channels": {"ops": "https://hooks.example/in"}}"#,
        r#"{"key": [{"env": "X"}]}"#,
        r#"{"keys": ["whsec_x"]}"#,
    ] {
        assert!(
            serde_json::from_str::<WebhookConfig>(text).is_err(),
            "{text}"
        );
    }
}
