//! What goes to Slack, and what its answers mean: the rules of its documentation, held by a server of our own.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests, and helpers beside them"
)]

use std::sync::Arc;

use phasegate_core::{ChannelId, Span, Timestamp};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::{
    Call, ErrorKind, HttpTransport, Message, Notifier as _, Retry, SecretSource,
};
use phasegate_provider_slack::{Slack, SlackChannel, SlackConfig};
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

/// `chat.postMessage` as documented: a token, a channel, rich text elements with text in them.
fn api(request: &Received) -> Reaction {
    let kind = "application/json; charset=utf-8".to_owned();
    let json = vec![("content-type".to_owned(), kind)];
    let no = |error: &str| {
        (
            200,
            json.clone(),
            json!({"ok": false, "error": error}).to_string(),
        )
    };
    if request.target != "/chat.postMessage" || request.method != "POST" {
        return (404, vec![], String::new());
    }
    if request.header("authorization") != Some(&format!("Bearer {SECRET}")) {
        return no("invalid_auth");
    }
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return no("invalid_json");
    };
    match body["channel"].as_str() {
        Some("C1") => {}
        Some("C-LIMITED") => {
            return (
                429,
                vec![("retry-after".to_owned(), "30".to_owned())],
                String::new(),
            );
        }
        Some("C-SLOW") => return no("ratelimited"),
        _ => return no("channel_not_found"),
    }
    if !well_formed(&body) {
        return no("invalid_blocks");
    }
    (
        200,
        json.clone(),
        json!({"ok": true, "channel": "C1", "ts": "1503435956.000247"}).to_string(),
    )
}

fn well_formed(body: &Value) -> bool {
    let fallback = body["text"].as_str().unwrap_or_default();
    let elements = body["blocks"][0]["elements"][0]["elements"].as_array();
    let texts = elements.map(|all| {
        all.iter()
            .map(|one| one["text"].as_str().unwrap_or_default())
            .collect::<Vec<_>>()
    });
    let fits = |text: &&str| {
        !text.is_empty() && text.chars().count() <= 3001 && !text.contains(['\0', '\u{1b}'])
    };
    !fallback.is_empty()
        && !fallback.contains(['<', '>'])
        && texts.is_some_and(|all| !all.is_empty() && all.iter().all(fits))
}

fn token(folder: &Folder) -> SecretSource {
    SecretSource::File(folder.write("token", SECRET).expect("written"))
}

fn in_channel(folder: &Folder, url: &str, channel: &str) -> Slack {
    let channel = SlackChannel::Api {
        token: token(folder),
        channel: channel.to_owned(),
    };
    Slack::new(
        http(),
        SlackConfig::default()
            .with_api(url)
            .with_channel(ops(), channel),
    )
}

fn notifier(folder: &Folder, url: &str) -> Slack {
    in_channel(folder, url, "C1")
}

fn by_webhook(folder: &Folder, url: &str) -> Slack {
    let url = folder
        .write("url", &format!("{url}/services/T0/B0/{SECRET}"))
        .expect("written");
    let channel = SlackChannel::Webhook {
        url: SecretSource::File(url),
    };
    Slack::new(http(), SlackConfig::default().with_channel(ops(), channel))
}

#[tokio::test]
async fn any_text_is_carried_and_nothing_in_it_is_interpreted() {
    let (server, folder) = (
        Receiver::start(api).await.expect("a server"),
        Folder::new().expect("a folder"),
    );
    let violations =
        conformance::notifier(&notifier(&folder, &server.url("")), &ops(), &call()).await;
    assert_eq!(violations, []);
    let slack = notifier(&folder, &server.url(""));
    slack
        .send(&message("<!channel> a & b", &"x".repeat(9000)), &call())
        .await
        .expect("sent");
    let last = server.received().pop().expect("one");
    let body: Value = serde_json::from_slice(&last.body).expect("JSON");
    assert_eq!(body["text"], "&lt;!channel&gt; a &amp; b");
    let section = &body["blocks"][0]["elements"][0];
    assert_eq!(
        (
            section["type"].as_str(),
            section["elements"][0]["text"].as_str()
        ),
        (Some("rich_text_section"), Some("<!channel> a & b"))
    );
}

#[tokio::test]
async fn refusals_keep_their_meaning() {
    let (server, folder) = (
        Receiver::start(api).await.expect("a server"),
        Folder::new().expect("a folder"),
    );
    for (channel, kind, retry) in [
        (
            "C-LIMITED",
            ErrorKind::Throttled,
            Retry::After(Span::from_secs(30)),
        ),
        (
            "C-SLOW",
            ErrorKind::Throttled,
            Retry::After(Span::from_secs(1)),
        ),
        ("C-NONE", ErrorKind::NotFound, Retry::Never),
    ] {
        let error = in_channel(&folder, &server.url(""), channel)
            .send(&message("s", "b"), &call())
            .await
            .expect_err(channel);
        assert_eq!((error.kind(), error.retry()), (kind, retry), "{channel}");
    }
    let wrong = SlackChannel::Api {
        token: SecretSource::File(folder.write("t", "no").expect("written")),
        channel: "C1".to_owned(),
    };
    let denied = Slack::new(
        http(),
        SlackConfig::default()
            .with_api(server.url(""))
            .with_channel(ops(), wrong),
    );
    assert_eq!(
        denied
            .send(&message("s", "b"), &call())
            .await
            .expect_err("denied")
            .kind(),
        ErrorKind::Denied
    );
    let mut elsewhere = message("s", "b");
    elsewhere.channel = "nope".parse().expect("an id");
    assert_eq!(
        denied
            .send(&elsewhere, &call())
            .await
            .expect_err("unknown")
            .kind(),
        ErrorKind::Misuse
    );
}

#[tokio::test]
async fn a_webhook_is_carried_and_its_url_is_told_to_nobody() {
    let folder = Folder::new().expect("a folder");
    let server = Receiver::start(|request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if well_formed(&body) {
            (200, vec![], "ok".to_owned())
        } else {
            (400, vec![], "invalid_payload".to_owned())
        }
    });
    let server = server.await.expect("a server");
    let violations =
        conformance::notifier(&by_webhook(&folder, &server.url("")), &ops(), &call()).await;
    assert_eq!(violations, []);
    let violations = withstand(&[], async |url| {
        let slack = by_webhook(&folder, &url);
        let sent = slack.send(&message("s", "b"), &call()).await;
        assert!(!format!("{sent:?} {slack:?}").contains(SECRET), "{sent:?}");
        sent
    });
    assert_eq!(violations.await.expect("a port"), []);
    let nobody = by_webhook(&folder, "http://127.0.0.1:1");
    let error = nobody
        .send(&message("s", "b"), &call())
        .await
        .expect_err("nobody");
    assert!(!format!("{error:?}").contains(SECRET), "{error:?}");
    assert!(error.is_refusal(), "nothing was sent");
}

#[tokio::test]
async fn every_misbehaviour_is_a_typed_error_and_tells_no_secret() {
    let folder = Folder::new().expect("a folder");
    let violations = withstand(&[], async |url| {
        let slack = notifier(&folder, &url);
        let sent = slack.send(&message("s", "b"), &call()).await;
        assert!(!format!("{sent:?} {slack:?}").contains(SECRET), "{sent:?}");
        sent
    });
    assert_eq!(violations.await.expect("a port"), []);
    let violations = mislabelled(r#"{"ok":true,"ts":"1"}"#, async |url| {
        notifier(&folder, &url)
            .send(&message("s", "b"), &call())
            .await
    });
    assert_eq!(violations.await.expect("a port"), []);
}
