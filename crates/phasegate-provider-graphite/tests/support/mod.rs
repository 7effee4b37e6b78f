//! What the tests of this crate share: a client, a call, questions.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::expect_used,
    reason = "shared by test binaries that each use a part"
)]

use std::sync::Arc;

use phasegate_core::{Arm, Query, Span, Timestamp, Wants, Window, WindowKind};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::Call;

pub(crate) fn client(total: Span) -> Arc<HttpClient> {
    let mut config = HttpConfig::default();
    config.read_within = total;
    config.total_within = total;
    Arc::new(HttpClient::new(config).expect("a client"))
}

pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let millis = since.expect("after 1970").as_millis();
    Timestamp::from_unix_millis(i64::try_from(millis).expect("before the year 292 million"))
}

/// A question of `at` about so much time before it.
pub(crate) fn query(text: &str, unit: &str, at: Timestamp, back: Span, wants: Wants) -> Query {
    Query {
        to: "graphite".parse().expect("an id"),
        kpi: "k".parse().expect("an id"),
        text: text.to_owned(),
        arm: Arm::Canary,
        window: Window {
            start: at.before(back),
            end: at,
            kind: WindowKind::Rolling,
        },
        unit: unit.to_owned(),
        wants,
    }
}

pub(crate) fn call(at: Timestamp) -> Call {
    Call::new(at, Span::from_secs(10))
}
