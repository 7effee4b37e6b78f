//! Runs as a metric source, against a small GitHub whose every answer is held against GitHub's own description.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::sync::Arc;

use phasegate_core::{Decimal, Observed, Span, Wants};
use phasegate_provider::{ErrorKind, MetricSource};
use phasegate_provider_github::Github;
use phasegate_testkit::conformance;
use phasegate_testkit::servers::{Hostile, withstand};

use support::{Hub, Trouble, at, deploy, github, later, query};

/// Twenty runs in the first ten minutes: each fifth failed, each took as many seconds as its number.
async fn filled() -> (Hub, Github) {
    let hub = Hub::start().await;
    for number in 0..20 {
        let conclusion = if number % 5 == 4 {
            "failure"
        } else {
            "success"
        };
        hub.add(number * 30, number, Some(conclusion));
    }
    let github = github(hub.server.url(""), deploy());
    (hub, github)
}

fn below(threshold: &str) -> Wants {
    Wants::Below {
        threshold: threshold.parse().expect("a decimal"),
        inclusive: false,
    }
}

#[tokio::test]
async fn the_source_passes_the_suite_of_its_role() {
    let (hub, github) = filled().await;
    let source: Arc<dyn MetricSource> = Arc::new(github);
    let answered = [
        query("failed deploy", "%", 600, Wants::Share),
        query("mean deploy", "s", 600, Wants::Scalar),
        query("deploy", "s", 600, below("10")),
    ];
    let violations = conformance::metric_source(&source, &answered, "failed build", &later()).await;
    assert_eq!(violations, []);
    assert_eq!(hub.state().faults, [""; 0]);
}

#[tokio::test]
async fn what_ran_in_the_window_is_what_is_measured() {
    let (_hub, github) = filled().await;
    let ask = async |text: &str, unit: &str, secs: u64, wants: Wants| {
        let found = github
            .measure(&query(text, unit, secs, wants), &later())
            .await;
        let found = found.expect(text);
        (found.observed, found.samples)
    };
    let scalar = |text: &str| Observed::Scalar {
        value: text.parse().expect("a decimal"),
    };
    let share = |matching, total| (Observed::Share { matching, total }, total);
    assert_eq!(
        ask("failed deploy", "%", 600, Wants::Share).await,
        share(4, 20)
    );
    assert_eq!(
        ask("succeeded deploy", "%", 300, Wants::Share).await,
        share(8, 10)
    );
    assert_eq!(
        ask("deploy", "", 600, Wants::Scalar).await,
        (scalar("20"), 20)
    );
    assert_eq!(
        ask("failed deploy", "", 600, Wants::Scalar).await,
        (scalar("4"), 20)
    );
    // 0 to 19 seconds.
    assert_eq!(
        ask("mean deploy", "ms", 600, Wants::Scalar).await,
        (scalar("9500"), 20)
    );
    assert_eq!(
        ask("max deploy", "s", 600, Wants::Scalar).await,
        (scalar("19"), 20)
    );
    let threshold: Decimal = "10".parse().expect("a decimal");
    let want = Observed::Below {
        threshold,
        below: 10,
        total: 20,
    };
    assert_eq!(ask("deploy", "s", 600, below("10")).await, (want, 20));
}

#[tokio::test]
async fn all_pages_are_read_and_more_than_is_told_is_no_number() {
    let hub = Hub::start().await;
    for number in 0..250 {
        hub.add(number, 1, Some("success"));
    }
    let github = github(hub.server.url(""), deploy());
    let found = github
        .measure(&query("deploy", "", 600, Wants::Scalar), &later())
        .await;
    assert_eq!(found.expect("a number").samples, 250);
    assert_eq!(hub.asked("GET", "page=3"), 1);
    for number in 250..1001 {
        hub.add(number % 500, 1, Some("success"));
    }
    let found = github
        .measure(&query("deploy", "", 600, Wants::Scalar), &later())
        .await;
    let error = found.expect_err("too many");
    assert!(error.to_string().contains("shorter window"), "{error}");
    assert_eq!(hub.state().faults, [""; 0]);
}

#[tokio::test]
async fn a_run_under_way_ends_what_is_known() {
    let (hub, github) = filled().await;
    hub.add(100, 0, None);
    let found = github
        .measure(&query("failed deploy", "%", 600, Wants::Share), &later())
        .await;
    let found = found.expect("a part");
    assert_eq!(found.window.end, at() + Span::from_secs(100));
    assert_eq!(found.samples, 4);
    let hub = Hub::start().await;
    hub.add(0, 0, None);
    let github = support::github(hub.server.url(""), deploy());
    let found = github
        .measure(&query("failed deploy", "%", 600, Wants::Share), &later())
        .await;
    assert_eq!(
        found.expect_err("nothing has ended").kind(),
        ErrorKind::NoData
    );
}

#[tokio::test]
async fn what_is_not_a_number_of_runs_is_refused() {
    let (hub, github) = filled().await;
    for (text, wants) in [
        ("deploy", Wants::Distribution),
        ("deploy", Wants::Share),
        ("mean deploy", below("10")),
        ("mean build", Wants::Scalar),
    ] {
        let error = github
            .measure(&query(text, "s", 600, wants), &later())
            .await;
        assert_eq!(error.expect_err(text).kind(), ErrorKind::Misuse, "{text}");
    }
    assert!(hub.server.received().is_empty());
    let error = github
        .measure(&query("mean deploy", "B", 600, Wants::Scalar), &later())
        .await;
    assert_eq!(error.expect_err("no bytes").kind(), ErrorKind::Misuse);
    hub.trouble("GET", Trouble::Primary(300));
    let error = github
        .measure(&query("deploy", "", 600, Wants::Scalar), &later())
        .await;
    assert_eq!(error.expect_err("a limit").kind(), ErrorKind::Throttled);
}

#[tokio::test]
async fn misbehaviour_is_a_typed_error_in_bounded_time() {
    let ask = async |url: String| {
        let call = later().with_deadline(Span::from_secs(2));
        let query = query("failed deploy", "%", 600, Wants::Share);
        github(url, deploy()).measure(&query, &call).await
    };
    assert_eq!(withstand(&[], ask).await.expect("ports"), []);
    // JSON of another kind is no number either.
    for body in [
        r#"{"total_count": 1, "workflow_runs": {}}"#,
        r#"{"total_count": 1}"#,
        r#"{"total_count": 1, "workflow_runs": [{"id": 1}]}"#,
        "[]",
    ] {
        let server = Hostile::always(&format!("/json?{body}"))
            .await
            .expect("a port");
        let found = ask(server.url("")).await;
        assert_eq!(found.expect_err(body).kind(), ErrorKind::Invalid, "{body}");
    }
}
