//! Against Datadog's own client for Python: it sends what this adapter sends, and reads what this adapter reads.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::path::Path;
use std::process::Command;

use phasegate_core::{Observed, Span, Wants};
use phasegate_provider::MetricSource as _;
use phasegate_testkit::servers::{Received, Receiver, python, skipped};
use serde_json::{Value, json};

use support::{API_KEY, APPLICATION_KEY, COUNTED, SCALAR, SHARE, call, columns, query, source};

/// A question in this adapter's words and in the client's, what is answered, and what that means.
struct Case {
    text: &'static str,
    wants: Wants,
    parts: Value,
    values: &'static [&'static str],
    observed: Observed,
    samples: u64,
}

fn cases() -> [Case; 3] {
    let scalar = |text: &str| Observed::Scalar {
        value: text.parse().expect("a decimal"),
    };
    [
        Case {
            text: SCALAR,
            wants: Wants::Scalar,
            parts: json!([["a", "avg:system.cpu.user{*}", "avg"]]),
            values: &["6.368151928283307"],
            observed: scalar("6.368151928283307"),
            samples: 1,
        },
        Case {
            text: COUNTED,
            wants: Wants::Scalar,
            parts: json!([
                ["a", "p95:shop.latency{*}", "percentile"],
                ["b", "count:shop.latency{*}.as_count()", "sum"]
            ]),
            values: &["0.25", "1200.0"],
            observed: scalar("0.25"),
            samples: 1200,
        },
        Case {
            text: SHARE,
            wants: Wants::Share,
            parts: json!([
                ["a", "sum:shop.errors{*}.as_count()", "sum"],
                ["b", "sum:shop.requests{*}.as_count()", "sum"]
            ]),
            values: &["3.0", "1000.0"],
            observed: Observed::Share {
                matching: 3,
                total: 1000,
            },
            samples: 1000,
        },
    ]
}

/// What counts of a request: the client has a few headers of its own.
fn told(request: &Received) -> (String, String, Value, [Option<String>; 4]) {
    let names = ["content-type", "accept", "dd-api-key", "dd-application-key"];
    let headers = names.map(|name| request.header(name).map(str::to_owned));
    let body = serde_json::from_slice(&request.body).expect("JSON");
    let (method, target) = (request.method.clone(), request.target.clone());
    (method, target, body, headers)
}

/// Lets the client ask, and says what it has read.
fn read(python: &Path, url: &str, case: &Case) -> Value {
    let window = query(case.text, case.wants).window;
    let [start, end] = [window.start, window.end].map(|at| at.as_unix_millis().to_string());
    let parts = case.parts.to_string();
    let output = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vendor.py"))
        .args([url, API_KEY, APPLICATION_KEY, &start, &end, &parts])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", case.text);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_vendors_client_sends_and_reads_the_same() {
    let Some(python) = python("datadog_api_client") else {
        skipped("Datadog's client for Python is not installed (datadog-api-client)");
        return;
    };
    for case in cases() {
        let answer = columns(case.values);
        let server = Receiver::start(move |_: &Received| support::json(200, &answer)).await;
        let server = server.expect("a port");
        let (url, text) = (server.url(""), case.text);
        let question = query(text, case.wants);
        let source = source(url.clone(), Span::from_secs(5));
        let found = source.measure(&question, &call()).await;
        let found = found.expect("a number");
        assert_eq!(
            (&found.observed, found.samples),
            (&case.observed, case.samples),
            "{text}"
        );
        let value = |text: &&str| text.parse::<f64>().expect("a number");
        let values = case.values.iter().map(value).map(|value| json!([value]));
        let wanted: Value = ["a", "b"]
            .map(str::to_owned)
            .into_iter()
            .zip(values)
            .collect();
        assert_eq!(read(&python, &url, &case), wanted, "{text}");
        let received = server.received();
        let [ours, theirs] = received.as_slice() else {
            panic!("{received:?}")
        };
        assert_eq!(told(ours), told(theirs), "{text}");
    }
}
