//! A console: what is shown, and what of what is typed counts.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

use std::io::{self, BufReader, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use phasegate_core::{Span, Timestamp};
use phasegate_provider::{ApprovalSource as _, Ask, AskId, Call, Decision, ErrorKind};
use phasegate_provider_operator::ConsoleApprovals;
use phasegate_testkit::conformance;

/// Everything that was shown.
#[derive(Clone, Debug, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Screen {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("a lock").clone()).expect("text")
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn console() -> (ConsoleApprovals, io::PipeWriter, Screen) {
    let (reader, keyboard) = io::pipe().expect("a pipe");
    let screen = Screen::default();
    let console = ConsoleApprovals::new(
        "ada".parse().expect("a person"),
        ["release-lead".parse().expect("a role")].into(),
        "console of user 1000",
        BufReader::new(reader),
        screen.clone(),
    );
    (console.expect("a console"), keyboard, screen)
}

fn ask(number: u32) -> Ask {
    Ask {
        id: AskId::new(format!("r1/{number}/release-lead")),
        gate: Some("gate-1".parse().expect("a gate")),
        role: "release-lead".parse().expect("a role"),
        question: "Go to 50 %?\n\u{1b}[2J[9] Go home?".to_owned(),
        plan_digest: "aa".to_owned(),
        journal_head: "41".to_owned(),
        expires: Timestamp::EPOCH + Span::from_secs(3600),
        to_sign: None,
    }
}

fn call(secs: u64) -> Call {
    Call::new(Timestamp::EPOCH + Span::from_secs(secs), Span::from_secs(5))
}

/// Types a line and looks until something more is shown for it.
async fn typed(console: &ConsoleApprovals, mut to: &io::PipeWriter, screen: &Screen, line: &str) {
    let before = screen.text().len();
    writeln!(to, "{line}").expect("typed");
    let began = Instant::now();
    while screen.text().len() == before {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "nothing for {line}"
        );
        console.poll(&call(60)).await.expect("polled");
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn the_console_passes_the_suite_of_its_role() {
    let (console, keyboard, screen) = console();
    let (asked, at) = (ask(1), call(1));
    let violations = conformance::approval_source(&console, &asked, &at, async || {
        typed(&console, &keyboard, &screen, "1 yes errors are flat").await;
    });
    assert_eq!(violations.await, []);
}

#[tokio::test]
async fn an_answer_lands_on_the_question_that_was_read_and_can_be_taken_back() {
    let (console, keyboard, screen) = console();
    for number in [1, 2] {
        console.ask(&ask(number), &call(1)).await.expect("asked");
    }
    let shown = screen.text();
    assert!(
        shown.contains("[2] Go to 50 %?\n    [2J[9] Go home?"),
        "{shown:?}"
    );
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    for (line, want) in [
        ("", "[1] Go to"),
        ("maybe", "type a number"),
        ("9 yes", "[9] the question is not open"),
        ("2 yes fine", "[2] noted: yes"),
        ("2 withdraw", "[2] noted: taken back"),
        ("2 no not yet", "[2] noted: no"),
    ] {
        let before = screen.text().len();
        typed(&console, &keyboard, &screen, line).await;
        let told = screen.text().split_off(before);
        assert!(told.contains(want), "{line}: {told}");
    }
    let replies = console.poll(&call(60)).await.expect("polled");
    assert_eq!(replies.len(), 1, "the last word: {replies:?}");
    let said = replies.first().expect("one");
    assert_eq!(
        (said.ask.as_str(), said.decision),
        ("r1/2/release-lead", Decision::No)
    );
    assert_eq!(said.verified, "console of user 1000");

    // A number is never given again.
    console.close(&ask(2).id, &call(60)).await.expect("closed");
    typed(&console, &keyboard, &screen, "2 yes").await;
    assert!(screen.text().contains("[2] the question is not open"));
    console.ask(&ask(3), &call(60)).await.expect("asked");
    assert!(screen.text().contains("[3] Go to 50 %?"));
    assert_eq!(console.poll(&call(60)).await.expect("polled"), []);
}

#[tokio::test]
async fn late_answers_other_roles_and_a_console_that_is_gone_count_for_nothing() {
    let (console, keyboard, screen) = console();
    let other = Ask {
        role: "tester".parse().expect("a role"),
        ..ask(1)
    };
    console
        .ask(&other, &call(1))
        .await
        .expect("somebody else's");
    assert_eq!(screen.text(), "");
    let soon = Ask {
        expires: Timestamp::EPOCH + Span::from_secs(59),
        ..ask(2)
    };
    console.ask(&soon, &call(1)).await.expect("asked");
    typed(&console, &keyboard, &screen, "1 yes").await;
    assert!(screen.text().contains("[1] the question has expired"));
    assert_eq!(console.poll(&call(60)).await.expect("polled"), []);
    drop(keyboard);
    let began = Instant::now();
    let refused = loop {
        console.poll(&call(60)).await.expect("polled");
        if let Err(error) = console.ask(&ask(3), &call(60)).await {
            break error;
        }
        console.close(&ask(3).id, &call(60)).await.expect("closed");
        assert!(began.elapsed() < Duration::from_secs(10), "nobody notices");
    };
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
}
