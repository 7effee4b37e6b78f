//! What the tests of this crate share: a source, a call, questions, and answers in the form of NerdGraph.
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
use phasegate_provider_newrelic::{NewRelicConfig, NewRelicSource};
use phasegate_testkit::servers::Reaction;

pub(crate) const SCALAR: &str =
    "SELECT average(duration) AS 'value' FROM Transaction WHERE track = 'canary'";
pub(crate) const COUNTED: &str =
    "SELECT percentile(duration, 95) AS 'value', count(duration) AS 'samples' FROM Transaction";
pub(crate) const SHARE: &str = "SELECT filter(count(*), WHERE error IS true) AS 'matching', count(*) AS 'total' FROM Transaction";

pub(crate) const KEY: &str = env!("CARGO_PKG_DESCRIPTION");
pub(crate) const ACCOUNT: u32 = 1_234_567;

/// The window of an answer that New Relic's client for Go has in its tests (`pkg/nrdb/nrdb_query_unit_test.go`).
pub(crate) const BEGIN: i64 = 1_709_442_593_550;
pub(crate) const END: i64 = 1_709_446_193_550;

pub(crate) fn source(url: String, total: Span) -> NewRelicSource {
    let mut config = HttpConfig::default();
    config.read_within = total;
    config.total_within = total;
    let http = Arc::new(HttpClient::new(config).expect("a client"));
    let endpoint = HttpEndpoint::new(url).with_response_bytes_max(1 << 20);
    // Cargo sets this variable for every test.
    let key = SecretSource::Env("CARGO_PKG_DESCRIPTION".to_owned());
    NewRelicSource::new(NewRelicConfig::new(endpoint, ACCOUNT, key), http)
}

pub(crate) fn query(text: &str, wants: Wants) -> Query {
    Query {
        to: "newrelic".parse().expect("an id"),
        kpi: "k".parse().expect("an id"),
        text: text.to_owned(),
        arm: Arm::Canary,
        window: Window {
            start: Timestamp::from_unix_millis(BEGIN),
            end: Timestamp::from_unix_millis(END),
            kind: WindowKind::Rolling,
        },
        unit: String::new(),
        wants,
    }
}

pub(crate) fn call() -> Call {
    Call::new(Timestamp::from_unix_millis(END), Span::from_secs(10))
}

/// An answer in JSON.
pub(crate) fn json(status: u16, body: &str) -> Reaction {
    let kind = (
        "content-type".to_owned(),
        "application/json; charset=utf-8".to_owned(),
    );
    (status, vec![kind], body.to_owned())
}

/// An answer with these results, of a window.
pub(crate) fn results(results: &str, [begin, end]: [i64; 2]) -> String {
    let window = format!(r#"{{"timeWindow":{{"begin":{begin},"end":{end}}}}}"#);
    let nrql = format!(r#"{{"results":{results},"metadata":{window}}}"#);
    format!(r#"{{"data":{{"actor":{{"account":{{"nrql":{nrql}}}}}}}}}"#)
}

/// An answer with one result, of the window that was asked about.
pub(crate) fn row(attributes: &str) -> String {
    results(&format!("[{{{attributes}}}]"), [BEGIN, END])
}
