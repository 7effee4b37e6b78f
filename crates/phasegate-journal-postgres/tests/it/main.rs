//! The PostgreSQL journal against a real server, which each test starts for itself. Where no server is
//! installed the tests say so and pass.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may panic"
)]

mod crash;
mod server;
mod suite;
mod tls;

use phasegate_core::{RolloutId, Span, Timestamp};
use phasegate_journal::{Batch, Draft, Holder};

const TTL: Span = Span::from_secs(30);

fn rollout(id: &str) -> RolloutId {
    id.parse().expect("an id")
}

fn holder(name: &str) -> Holder {
    name.parse().expect("a name")
}

fn batch(payload: &str) -> Batch {
    Batch::of([Draft {
        at: Timestamp::EPOCH,
        kind: "k".to_owned(),
        payload: payload.as_bytes().to_vec(),
    }])
}
