//! What goes over the wire, and what becomes of what comes back.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use phasegate_core::{EffectClass, EffectKey, Span, Timestamp};
use phasegate_provider::signed::{Key, verify};
use phasegate_provider::{
    Call, ErrorKind, HeaderText, HttpRequest, HttpResponse, HttpTransport, Message, Notifier as _,
    ProviderError, Secret,
};
use phasegate_provider_webhook::{Delivery, WebhookNotifier};

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
    Key::new(&Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).expect("a key")
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

fn notifier(status: u16) -> (Arc<Wire>, WebhookNotifier) {
    let wire = Arc::new(Wire {
        status,
        sent: Mutex::default(),
    });
    let url = "https://hooks.example/in?x=1".to_owned();
    let channels = BTreeMap::from([("ops".parse().expect("an id"), url)]);
    let transport: Arc<dyn HttpTransport> = Arc::<Wire>::clone(&wire);
    (wire, WebhookNotifier::new(transport, channels, vec![key()]))
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
    let (wire, notifier) = notifier(204);
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
    let (wire, notifier) = notifier(200);
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
    for (status, kind) in [
        (400, ErrorKind::Misuse),
        (401, ErrorKind::Denied),
        (410, ErrorKind::NotFound),
        (429, ErrorKind::Throttled),
        (503, ErrorKind::Unavailable),
    ] {
        let (_, notifier) = notifier(status);
        let error = notifier
            .send(&message("x"), &call())
            .await
            .expect_err("no success");
        assert_eq!(error.kind(), kind, "{status}");
    }
    let (wire, notifier) = notifier(200);
    let mut other = message("x");
    other.channel = "nobody".parse().expect("an id");
    let error = notifier
        .send(&other, &call())
        .await
        .expect_err("no such channel");
    assert!(error.is_refusal() && wire.sent.lock().expect("no panic").is_empty());
}
