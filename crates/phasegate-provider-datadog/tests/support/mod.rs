//! What the tests of this crate share: a source, a call, questions, and what Datadog itself has answered.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::expect_used,
    reason = "shared by test binaries that each use a part"
)]

use std::sync::Arc;

use phasegate_core::{Arm, Query, Span, Timestamp, Wants, Window, WindowKind};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::{Call, HttpEndpoint, SecretSource};
use phasegate_provider_datadog::{DatadogConfig, DatadogSource, Gaps};

/// Requests and answers of Datadog, recorded for the tests of its client for Python, version 2.62.0 (Apache-2.0), in
/// `tests/v2/cassettes/test_scenarios/`: of `test_scalar_cross_product_query_returns_ok_response.yaml`, …
pub(crate) const ASKED: &str = r#"{"data":{"attributes":{"formulas":[{"formula":"a","limit":{"count":10,"order":"desc"}}],"from":1711391280000,"queries":[{"aggregator":"avg","data_source":"metrics","name":"a","query":"avg:system.cpu.user{*}"}],"to":1711394880000},"type":"scalar_request"}}"#;
pub(crate) const ANSWERED: &str = r#"{"data":{"type":"scalar_response","attributes":{"columns":[{"values":[6.368151928283307],"name":"a","meta":{"unit":[{"short_name":"%","id":17,"plural":"percent","name":"percent","family":"percentage","scale_factor":1.0},null]},"type":"number"}]}}}"#;
/// … of `test_scalar_cross_product_query_with_logs_data_source_returns_ok_response.yaml`, as `application/vnd.api+json`, …
pub(crate) const NOTHING: &str = r#"{"data":{"id":"0","type":"scalar_response","attributes":{"columns":[{"name":"a","values":[],"type":"number","meta":{"unit":null}}]}}}"#;
/// … and of `test_scalar_cross_product_query_returns_bad_request_response.yaml`, with status 400.
pub(crate) const REFUSED: &str =
    r#"{"errors":["Queries ending outside the retention date are invalid"]}"#;

pub(crate) const SCALAR: &str = r#"{"value": "avg:system.cpu.user{*}", "reduce": "average"}"#;
pub(crate) const SHARE: &str =
    r#"{"matching": "sum:shop.errors{*}.as_count()", "total": "sum:shop.requests{*}.as_count()"}"#;
pub(crate) const COUNTED: &str = r#"{"value": "p95:shop.latency{*}", "reduce": "percentile", "samples": "count:shop.latency{*}.as_count()"}"#;

pub(crate) const API_KEY: &str = env!("CARGO_PKG_NAME");
pub(crate) const APPLICATION_KEY: &str = env!("CARGO_PKG_DESCRIPTION");

pub(crate) fn source(url: String, total: Span) -> DatadogSource {
    let mut config = HttpConfig::default();
    config.read_within = total;
    config.total_within = total;
    let http = Arc::new(HttpClient::new(config).expect("a client"));
    DatadogSource::new(datadog(url), http)
}

/// Cargo sets these variables for every test.
pub(crate) fn datadog(url: String) -> DatadogConfig {
    let [api, application] = ["CARGO_PKG_NAME", "CARGO_PKG_DESCRIPTION"];
    let endpoint = HttpEndpoint::new(url).with_response_bytes_max(1 << 20);
    let key = |name: &str| SecretSource::Env(name.to_owned());
    DatadogConfig::new(endpoint, key(api), key(application)).with_gaps(Gaps::NoData)
}

/// The hour of the recording.
pub(crate) fn query(text: &str, wants: Wants) -> Query {
    Query {
        to: "datadog".parse().expect("an id"),
        kpi: "k".parse().expect("an id"),
        text: text.to_owned(),
        arm: Arm::Canary,
        window: Window {
            start: Timestamp::from_unix_millis(1_711_391_280_000),
            end: Timestamp::from_unix_millis(1_711_394_880_000),
            kind: WindowKind::Rolling,
        },
        unit: String::new(),
        wants,
    }
}

pub(crate) fn call() -> Call {
    let at = Timestamp::from_unix_millis(1_711_394_880_000);
    Call::new(at, Span::from_secs(10))
}

/// An answer in JSON.
pub(crate) fn json(status: u16, body: &str) -> (u16, Vec<(String, String)>, String) {
    let kind = (
        "content-type".to_owned(),
        "application/vnd.api+json".to_owned(),
    );
    (status, vec![kind], body.to_owned())
}

/// An answer with a column for each value.
pub(crate) fn columns(values: &[&str]) -> String {
    let column = |(name, value): (&str, &&str)| {
        format!(r#"{{"name":"{name}","values":[{value}],"type":"number","meta":{{"unit":null}}}}"#)
    };
    let columns: Vec<String> = ["a", "b"].into_iter().zip(values).map(column).collect();
    let columns = columns.join(",");
    format!(
        r#"{{"data":{{"id":"0","type":"scalar_response","attributes":{{"columns":[{columns}]}}}}}}"#
    )
}
