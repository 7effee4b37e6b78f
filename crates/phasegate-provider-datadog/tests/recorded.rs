//! What Datadog has answered, and the rules of metric sources beside a server that answers in its forms.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests, and helpers beside them"
)]

mod support;

use std::sync::Arc;

use phasegate_core::{Observed, Span, Wants};
use phasegate_provider::{ErrorKind, MetricSource};
use phasegate_provider_datadog::{DatadogSource, Gaps};
use phasegate_testkit::conformance::metric_source;
use phasegate_testkit::servers::{Reaction, Received, Receiver};
use serde_json::Value;

use support::{
    ANSWERED, ASKED, COUNTED, NOTHING, REFUSED, SCALAR, SHARE, call, columns, datadog, json, query,
    source,
};

async fn serve(status: u16, body: &str) -> Receiver {
    let body = body.to_owned();
    let server = Receiver::start(move |_: &Received| json(status, &body)).await;
    server.expect("a port")
}

#[tokio::test]
async fn recorded_answers_are_read_and_the_recorded_request_is_sent() {
    let question = query(SCALAR, Wants::Scalar);
    let server = serve(200, ANSWERED).await;
    let source = |server: &Receiver| source(server.url(""), Span::from_secs(5));
    let found = source(&server)
        .measure(&question, &call())
        .await
        .expect("a number");
    let value = "6.368151928283307".parse().expect("a decimal");
    assert_eq!(
        (found.observed, found.samples),
        (Observed::Scalar { value }, 1)
    );
    let received = server.received();
    let sent: Value = serde_json::from_slice(&received[0].body).expect("JSON");
    let mut recorded: Value = serde_json::from_str(ASKED).expect("JSON");
    // The client's test limits groups, of which there are none.
    recorded["data"]["attributes"]["formulas"][0]
        .as_object_mut()
        .expect("a formula")
        .remove("limit");
    assert_eq!(sent, recorded);

    let error = source(&serve(200, NOTHING).await)
        .measure(&question, &call())
        .await;
    assert_eq!(error.expect_err("nothing").kind(), ErrorKind::NoData);
    let error = source(&serve(400, REFUSED).await)
        .measure(&question, &call())
        .await;
    let error = error.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(error.to_string().contains("retention date"), "{error}");
}

#[tokio::test]
async fn what_was_not_counted_is_zero_only_where_that_is_said() {
    let server = serve(200, &columns(&["null", "40.0"])).await;
    let (question, http) = (
        query(SHARE, Wants::Share),
        phasegate_http::HttpClient::new(Default::default()),
    );
    let http = Arc::new(http.expect("a client"));
    let config = datadog(server.url(""));
    let strict = DatadogSource::new(
        config.clone(),
        Arc::<phasegate_http::HttpClient>::clone(&http),
    );
    let error = strict.measure(&question, &call()).await.expect_err("a gap");
    assert_eq!(error.kind(), ErrorKind::NoData);
    let found = DatadogSource::new(config.with_gaps(Gaps::Zero), http)
        .measure(&question, &call())
        .await;
    let (matching, total) = (0, 40);
    assert_eq!(
        found.expect("a share").observed,
        Observed::Share { matching, total }
    );
}

/// In the forms of Datadog: a query that is none is refused, and tomorrow has no points.
fn answered(request: &Received) -> Reaction {
    let asked: Value = serde_json::from_slice(&request.body).expect("JSON");
    let attributes = &asked["data"]["attributes"];
    let queries = attributes["queries"].as_array().expect("queries");
    if queries.iter().any(|query| query["query"] == "nonsense") {
        return json(400, r#"{"errors":["Error parsing query"]}"#);
    }
    let late = attributes["to"].as_i64() > Some(1_711_400_000_000);
    let values = match (late, queries.len()) {
        (true, 1) => columns(&["null"]),
        (true, _) => columns(&["null", "null"]),
        (false, 1) => columns(&["7.5"]),
        (false, _) => columns(&["12.0", "480.0"]),
    };
    json(200, &values)
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
    for unknown in [r#"{"value": "nonsense", "reduce": "last"}"#, "nonsense"] {
        let found = metric_source(&source, &questions, unknown, &call()).await;
        assert_eq!(found, []);
    }
}
