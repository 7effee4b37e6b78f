//! What is sent and read, held against NerdGraph's own schema; and the rules of metric sources.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use phasegate_core::{Observed, Span, Timestamp, Wants};
use phasegate_provider::{ErrorKind, MetricSource};
use phasegate_testkit::conformance::metric_source;
use phasegate_testkit::servers::{Reaction, Received, Receiver, python, skipped};
use serde_json::{Value, json};

use support::{
    ACCOUNT, BEGIN, COUNTED, END, KEY, SCALAR, SHARE, call, query, results, row, source,
};

async fn serve(answer: &str) -> Receiver {
    let answer = answer.to_owned();
    let server = Receiver::start(move |_: &Received| support::json(200, &answer)).await;
    server.expect("a port")
}

/// Lets the schema judge requests beside their answers: what is wrong with each.
fn judged(python: &Path, asked: &Value) -> Value {
    let mut child = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schema.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut input = child.stdin.take().expect("piped");
    input
        .write_all(asked.to_string().as_bytes())
        .expect("written");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A text, what is answered, and what that means.
type Case = (&'static str, Wants, String, Observed, u64);

fn cases() -> [Case; 4] {
    let scalar = |text: &str| Observed::Scalar {
        value: text.parse().expect("a decimal"),
    };
    let share = Observed::Share {
        matching: 3,
        total: 1000,
    };
    let percentile = row(r#""value":{"95":0.25},"samples":120"#);
    let median = row(r#""value":0.25,"samples":120"#);
    [
        (
            SCALAR,
            Wants::Scalar,
            row(r#""value":0.125"#),
            scalar("0.125"),
            1,
        ),
        (COUNTED, Wants::Scalar, percentile, scalar("0.25"), 120),
        (COUNTED, Wants::Scalar, median, scalar("0.25"), 120),
        (
            SHARE,
            Wants::Share,
            row(r#""matching":3,"total":1000"#),
            share,
            1000,
        ),
    ]
}

/// Asks, looks at what was sent, and says what the schema has to judge.
async fn asked((text, wants, answer, observed, samples): Case) -> Value {
    let server = serve(&answer).await;
    let question = query(text, wants);
    let source = source(server.url(""), Span::from_secs(5));
    let found = source.measure(&question, &call()).await.expect("a number");
    assert_eq!(
        (found.observed, found.samples),
        (observed, samples),
        "{text}"
    );
    assert_eq!(found.window, question.window);
    let received = server.received();
    let sent = received.first().expect("a request");
    assert_eq!((&*sent.method, &*sent.target), ("POST", "/graphql"));
    assert_eq!(sent.header("api-key"), Some(KEY));
    assert_eq!(sent.header("content-type"), Some("application/json"));
    let body: Value = serde_json::from_slice(&sent.body).expect("JSON");
    let nrql = format!("{text}\nSINCE {BEGIN} UNTIL {END}");
    let variables = json!({"accountId": ACCOUNT, "query": nrql});
    assert_eq!(body.get("variables"), Some(&variables));
    let data: Value = serde_json::from_str(&answer).expect("JSON");
    json!({"query": body.get("query"), "variables": variables, "data": data.get("data")})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_and_answers_fit_the_schema() {
    let mut all = Vec::new();
    for case in cases() {
        all.push(asked(case).await);
    }
    let Some(python) = python("newrelic_sb_sdk") else {
        skipped("NerdGraph's schema for Python is not installed (newrelic-sb-sdk)");
        return;
    };
    let all = Value::Array(all);
    assert_eq!(judged(&python, &all), json!([[], [], [], []]));
    // The schema can say no: to a field, to a variable, to an answer.
    let text = all.to_string();
    for (old, new) in [
        ("results metadata", "resuls metadata"),
        (r#""accountId":1234567"#, r#""accountId":"shop""#),
        (r#""end":1709446193550"#, r#""end":1709446193550,"more":1"#),
    ] {
        assert!(text.contains(old), "{text}");
        let wrong = serde_json::from_str(&text.replace(old, new)).expect("JSON");
        let found = judged(&python, &wrong);
        let each = found.as_array().expect("a list");
        assert!(each.iter().all(|one| *one != json!([])), "{old}: {found}");
    }
}

#[tokio::test]
async fn an_answer_is_of_the_window_that_it_names() {
    let minute = 60_000;
    for (window, kind) in [
        ([BEGIN, END], None),
        ([BEGIN + minute, END - minute], None),
        ([BEGIN - minute, END], Some(ErrorKind::Invalid)),
        ([BEGIN, END + 1], Some(ErrorKind::Invalid)),
        ([END, BEGIN], Some(ErrorKind::Invalid)),
        ([BEGIN, BEGIN], Some(ErrorKind::Invalid)),
    ] {
        let server = serve(&results(r#"[{"value":1.5}]"#, window)).await;
        let source = source(server.url(""), Span::from_secs(5));
        let found = source.measure(&query(SCALAR, Wants::Scalar), &call()).await;
        assert_eq!(
            found.as_ref().err().map(|error| error.kind()),
            kind,
            "{window:?}"
        );
        let bounds = window.map(Timestamp::from_unix_millis);
        let covers = found
            .ok()
            .map(|found| [found.window.start, found.window.end]);
        assert_eq!(covers, kind.is_none().then_some(bounds), "{window:?}");
    }
}

/// In the forms of NerdGraph: a text that is none is an error with status 200, and of tomorrow nothing is counted.
fn answered(request: &Received) -> Reaction {
    let asked: Value = serde_json::from_slice(&request.body).expect("JSON");
    let nrql = asked
        .pointer("/variables/query")
        .and_then(Value::as_str)
        .expect("a text");
    let (text, bounds) = nrql.rsplit_once("\nSINCE ").expect("bounds");
    let mut bounds = bounds
        .split(" UNTIL ")
        .map(|at| at.parse::<i64>().expect("a number"));
    let window = [
        bounds.next().expect("a start"),
        bounds.next().expect("an end"),
    ];
    let late = window[1] > END;
    let body = match (text, late) {
        (SCALAR, false) => results(r#"[{"value":0.5}]"#, window),
        (SCALAR, true) => results(r#"[{"value":null}]"#, window),
        (COUNTED, false) => results(r#"[{"value":{"95":0.5},"samples":12}]"#, window),
        (COUNTED, true) => results(r#"[{"value":{"95":null},"samples":0}]"#, window),
        (SHARE, false) => results(r#"[{"matching":1,"total":12}]"#, window),
        (SHARE, true) => results(r#"[{"matching":0,"total":0}]"#, window),
        _ => r#"{"data":{"actor":{"account":{"nrql":null}}},"errors":[{"message":"NRQL Syntax Error"}]}"#.to_owned(),
    };
    support::json(200, &body)
}

#[tokio::test]
async fn it_keeps_the_rules_of_metric_sources() {
    let server = Receiver::start(answered).await.expect("a port");
    let source: Arc<dyn MetricSource> = Arc::new(source(server.url(""), Span::from_secs(5)));
    let questions = [
        query(SCALAR, Wants::Scalar),
        query(COUNTED, Wants::Scalar),
        query(SHARE, Wants::Share),
    ];
    for unknown in ["SELECT nonsense", "nonsense"] {
        let found = metric_source(&source, &questions, unknown, &call()).await;
        assert_eq!(found, []);
    }
}
