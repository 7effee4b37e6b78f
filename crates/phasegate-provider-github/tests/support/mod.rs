//! What the tests of this crate share.
#![allow(
    dead_code,
    unused_imports,
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "shared by test binaries that each use a part"
)]

mod described;
mod issues;
mod stateful;

use std::sync::Arc;

use phasegate_core::{Arm, Query, Span, Timestamp, Wants, Window, WindowKind};
use phasegate_http::{HttpClient, HttpConfig};
use phasegate_provider::{Call, Credential, HttpEndpoint, SecretSource};
use phasegate_provider_github::{Github, GithubConfig, WorkflowConfig};

pub(crate) use described::Description;
pub(crate) use stateful::{Hub, Trouble, at};

/// Cargo sets this variable for every test.
pub(crate) const TOKEN: &str = "CARGO_PKG_NAME";

pub(crate) fn client(total: Span) -> Arc<HttpClient> {
    let mut config = HttpConfig::default();
    config.read_within = total;
    config.total_within = total;
    Arc::new(HttpClient::new(config).expect("a client"))
}

pub(crate) fn deploy() -> WorkflowConfig {
    WorkflowConfig::new("deploy.yml").with_correlation("rollout")
}

pub(crate) fn github(url: String, workflow: WorkflowConfig) -> Github {
    let secret = SecretSource::Env(TOKEN.to_owned());
    let endpoint = HttpEndpoint::new(url).with_credential(Credential::Bearer(secret.clone()));
    let config = GithubConfig::new("octo-org", "shop", secret)
        .with_endpoint(endpoint)
        .with_workflow("deploy", workflow)
        .with_poll(Span::from_millis(20))
        .with_apart(Span::from_millis(5));
    Github::new(config, client(Span::from_millis(1000)))
}

pub(crate) fn call() -> Call {
    Call::new(at(), Span::from_secs(5))
}

/// A question about so many seconds from noon on, asked an hour later.
pub(crate) fn query(text: &str, unit: &str, secs: u64, wants: Wants) -> Query {
    Query {
        to: "github".parse().expect("an id"),
        kpi: "k".parse().expect("an id"),
        text: text.to_owned(),
        arm: Arm::Whole,
        window: Window {
            start: at(),
            end: at() + Span::from_secs(secs),
            kind: WindowKind::Increment,
        },
        unit: unit.to_owned(),
        wants,
    }
}

pub(crate) fn later() -> Call {
    let hour: Timestamp = at() + Span::from_secs(3600);
    Call::new(hour, Span::from_secs(5))
}
