//! Messages to a file, and answers from a desk.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use phasegate_core::{EffectClass, EffectKey, PersonId, RoleId, Span, Timestamp};
use phasegate_provider::{
    ApprovalSource as _, Ask, AskId, Call, Decision, ErrorKind, Message, Notifier as _, Sent,
};
use phasegate_provider_inprocess::{ApprovalDesk, DeskError, LogNotifier, LoggedMessage};

fn call() -> Call {
    let key = EffectKey::new(&"r".parse().expect("an id"), 4);
    Call::new(Timestamp::EPOCH, Span::from_secs(1)).with_effect(key, EffectClass::FireAndForget)
}

fn message(body: &str) -> Message {
    Message {
        channel: "ops".parse().expect("an id"),
        subject: "canary at 5%".to_owned(),
        body: body.to_owned(),
    }
}

/// Takes so many bytes.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>, usize);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut held = self.0.lock().expect("no panic");
        let room = self.1 - held.len();
        if room == 0 {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        let taken = bytes.len().min(room);
        held.extend(bytes.iter().take(taken));
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_message_is_one_line_whatever_it_says() {
    let written = Shared(Arc::default(), 10_000);
    let notifier = LogNotifier::new(written.clone());
    let bodies = ["plain", "two\nlines", "{\"at\":\"forged\"}\u{1b}[2J"];
    for body in bodies {
        notifier
            .send(&message(body), &call())
            .await
            .expect("written");
    }
    let bytes = written.0.lock().expect("no panic").clone();
    let text = String::from_utf8(bytes).expect("text");
    let lines: Vec<LoggedMessage> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("one message"))
        .collect();
    assert_eq!(lines.len(), 3);
    for (line, body) in lines.iter().zip(bodies) {
        assert_eq!(
            (line.message.body.as_str(), line.key.as_deref()),
            (body, Some("r/4"))
        );
    }
    assert!(!text.contains('\u{1b}'), "no terminal is told what to do");
}

#[tokio::test]
async fn a_full_disk_leaves_it_open_what_a_reader_has_seen() {
    let notifier = LogNotifier::new(Shared(Arc::default(), 20));
    let error = notifier
        .send(&message("x"), &call())
        .await
        .expect_err("full");
    assert_eq!(
        (error.kind(), error.sent()),
        (ErrorKind::Unavailable, Sent::Maybe)
    );
}

fn person(text: &str) -> PersonId {
    text.parse().expect("an id")
}

fn role(text: &str) -> RoleId {
    text.parse().expect("an id")
}

fn ask(id: &str, as_role: &str) -> Ask {
    Ask {
        id: AskId::new(id),
        gate: Some("go-live".parse().expect("an id")),
        role: role(as_role),
        question: "Go?".to_owned(),
        plan_digest: "aa".to_owned(),
        journal_head: "bb".to_owned(),
        expires: Timestamp::EPOCH + Span::from_secs(60),
        to_sign: None,
    }
}

#[tokio::test]
async fn a_reply_comes_with_every_poll_until_its_question_is_closed() {
    let desk = ApprovalDesk::new("console").with_member(role("lead"), person("ada"));
    let question = ask("r/1", "lead");
    for _ in 0..2 {
        desk.ask(&question, &call())
            .await
            .expect("asking twice is harmless");
    }
    assert_eq!(desk.open(), std::slice::from_ref(&question));
    let answer = |id: &str, who: &str| {
        let (id, who) = (AskId::new(id), person(who));
        desk.answer(&id, &who, Decision::Yes, "fine", Timestamp::EPOCH)
    };
    assert!(matches!(
        answer("r/2", "ada"),
        Err(DeskError::NotOpen { .. })
    ));
    assert!(matches!(
        answer("r/1", "eve"),
        Err(DeskError::NotInRole { .. })
    ));
    answer("r/1", "ada").expect("a member");
    for _ in 0..2 {
        let replies = desk.poll(&call()).await.expect("replies");
        assert_eq!(replies.len(), 1);
        let reply = &replies[0];
        assert_eq!(
            (reply.decision, &reply.person),
            (Decision::Yes, &person("ada"))
        );
        assert_eq!(
            (reply.plan_digest.as_str(), reply.journal_head.as_str()),
            ("aa", "bb")
        );
        assert_eq!(reply.verified, "console");
    }
    desk.close(&question.id, &call()).await.expect("closed");
    assert!(desk.poll(&call()).await.expect("replies").is_empty());
    assert!(matches!(
        answer("r/1", "ada"),
        Err(DeskError::NotOpen { .. })
    ));
}

#[tokio::test]
async fn an_order_for_gates_leaves_other_questions_to_the_standing_order() {
    let desk = ApprovalDesk::new("script")
        .with_standing_order(role("lead"), person("ada"), Decision::Yes)
        .with_order_at_gates(role("lead"), person("ada"), Decision::No)
        .with_order_at_gates(role("vp"), person("eve"), Decision::Yes);
    let item = |id, role| Ask {
        gate: None,
        ..ask(id, role)
    };
    let asked = [
        ask("r/1", "lead"),
        item("r/2", "lead"),
        ask("r/3", "vp"),
        item("r/4", "vp"),
    ];
    for ask in &asked {
        desk.ask(ask, &call()).await.expect("asked");
    }
    let replies = desk.poll(&call()).await.expect("replies");
    let told = replies.iter().map(|reply| {
        let person = reply.person.as_str();
        (reply.ask.as_str(), person, reply.decision)
    });
    let expected = [
        ("r/1", "ada", Decision::No),
        ("r/2", "ada", Decision::Yes),
        ("r/3", "eve", Decision::Yes),
    ];
    assert!(told.eq(expected), "{replies:?}");
}

#[tokio::test]
async fn a_standing_order_answers_its_role_once_and_no_other() {
    let desk =
        ApprovalDesk::new("script").with_standing_order(role("lead"), person("ada"), Decision::No);
    for _ in 0..2 {
        desk.ask(&ask("r/1", "lead"), &call()).await.expect("asked");
    }
    desk.ask(&ask("r/2", "vp"), &call()).await.expect("asked");
    let replies = desk.poll(&call()).await.expect("replies");
    let told: Vec<_> = replies
        .iter()
        .map(|reply| (reply.ask.as_str(), reply.decision))
        .collect();
    assert_eq!(told, [("r/1", Decision::No)]);
    let mut other = ask("r/1", "lead");
    other.journal_head = "cc".to_owned();
    let error = desk
        .ask(&other, &call())
        .await
        .expect_err("another question");
    assert_eq!(error.kind(), ErrorKind::Misuse);
}
