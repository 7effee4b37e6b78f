//! What goes to Teams: the rules of its documentation, held by a server of our own.

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
use phasegate_provider_teams::{Teams, TeamsConfig};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::{Folder, MISBEHAVIOURS, Reaction, Received, Receiver, withstand};
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

/// A workflow's webhook as documented: one card under 28 KB, its text in runs that are not empty.
fn workflow(request: &Received) -> Reaction {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let card = &body["attachments"][0];
    let blocks = card["content"]["body"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let run = |block: &Value| {
        let text = block["inlines"][0]["text"].as_str().unwrap_or_default();
        block["type"] == "RichTextBlock"
            && block["inlines"][0]["type"] == "TextRun"
            && !text.is_empty()
            && !text.contains('\0')
    };
    let holds = body["type"] == "message"
        && card["contentType"] == "application/vnd.microsoft.card.adaptive"
        && card["content"]["type"] == "AdaptiveCard"
        && !blocks.is_empty()
        && blocks.iter().all(run)
        && request.body.len() < 28 * 1024;
    if holds {
        (202, vec![], String::new())
    } else {
        (400, vec![], json!({"error": "bad"}).to_string())
    }
}

fn notifier(folder: &Folder, url: &str) -> Teams {
    let url = folder
        .write("url", &format!("{url}/workflows/1?sig={SECRET}"))
        .expect("written");
    Teams::new(
        http(),
        TeamsConfig::default().with_channel(ops(), SecretSource::File(url)),
    )
}

#[tokio::test]
async fn any_text_is_carried_and_a_long_one_is_cut() {
    let (server, folder) = (
        Receiver::start(workflow).await.expect("a server"),
        Folder::new().expect("a folder"),
    );
    let teams = notifier(&folder, &server.url(""));
    assert_eq!(conformance::notifier(&teams, &ops(), &call()).await, []);
    teams
        .send(&message("**s** [l](x)", &"🚀".repeat(9000)), &call())
        .await
        .expect("sent");
    let last = server.received().pop().expect("one");
    assert!(last.target.ends_with(SECRET));
    let body: Value = serde_json::from_slice(&last.body).expect("JSON");
    assert_eq!(
        body["attachments"][0]["content"]["body"][0]["inlines"][0]["text"],
        "**s** [l](x)"
    );
}

#[tokio::test]
async fn refusals_keep_their_meaning() {
    let folder = Folder::new().expect("a folder");
    for (status, kind, retry) in [
        (400, ErrorKind::Misuse, Retry::Never),
        (401, ErrorKind::Denied, Retry::Never),
        (404, ErrorKind::NotFound, Retry::Never),
        (429, ErrorKind::Throttled, Retry::After(Span::from_secs(17))),
        (
            502,
            ErrorKind::Unavailable,
            Retry::After(Span::from_secs(17)),
        ),
    ] {
        let wait = vec![("retry-after".to_owned(), "17".to_owned())];
        let server = Receiver::start(move |_| (status, wait.clone(), String::new()))
            .await
            .expect("a server");
        let error = notifier(&folder, &server.url(""))
            .send(&message("s", "b"), &call())
            .await
            .expect_err("refused");
        assert_eq!((error.kind(), error.retry()), (kind, retry), "{status}");
    }
    let mut elsewhere = message("s", "b");
    elsewhere.channel = "nope".parse().expect("an id");
    let error = notifier(&folder, "http://127.0.0.1:1")
        .send(&elsewhere, &call())
        .await
        .expect_err("unknown");
    assert_eq!(error.kind(), ErrorKind::Misuse);
}

#[tokio::test]
async fn every_misbehaviour_ends_in_time_and_tells_no_secret() {
    // The workflow's answer has no body to look at, so what has a good status and an end is taken.
    let whole = |way: &&str| way.starts_with("/json") || way.starts_with("/text");
    let may_pass: Vec<&str> = MISBEHAVIOURS.into_iter().filter(whole).collect();
    let folder = Folder::new().expect("a folder");
    let violations = withstand(&may_pass, async |url| {
        let teams = notifier(&folder, &url);
        let sent = teams.send(&message("s", "b"), &call()).await;
        assert!(!format!("{sent:?} {teams:?}").contains(SECRET), "{sent:?}");
        sent
    });
    assert_eq!(violations.await.expect("a port"), []);
}
