//! Labels that are switched on issues and pull requests, against a small GitHub that GitHub's own description checks.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests, and helpers beside them"
)]

mod support;

use phasegate_core::{Ratio, Span, TargetId};
use phasegate_provider::{Credential, ErrorKind, FlagStore as _, HttpEndpoint, SecretSource, Sent};
use phasegate_provider_github::{Github, GithubConfig, LabelConfig, WorkflowConfig};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::withstand;
use serde_json::json;

use support::{Description, Hub, TOKEN, Trouble, call, client};

fn id(name: &str) -> TargetId {
    name.parse().expect("an id")
}

fn github(url: String) -> Github {
    let secret = SecretSource::Env(TOKEN.to_owned());
    let endpoint = HttpEndpoint::new(url).with_credential(Credential::Bearer(secret.clone()));
    let label = |issue, label: &str| LabelConfig {
        issue,
        label: label.to_owned(),
    };
    let config = GithubConfig::new("octo-org", "shop", secret)
        .with_endpoint(endpoint)
        .with_workflow("both", WorkflowConfig::new("deploy.yml"))
        .with_label(id("both"), label(1, "both"))
        .with_label(id("beta"), label(1, "rollout:beta"))
        .with_label(id("nowhere"), label(7, "rollout:beta"))
        .with_label(id("bad"), label(1, "a b"))
        .with_apart(Span::from_millis(1));
    Github::new(config, client(Span::from_millis(1000)))
}

/// A small GitHub with one issue, as its description shows one.
async fn hub() -> Hub {
    let hub = Hub::start().await;
    let mut issue = Description::read().example("issue");
    issue["number"] = json!(1);
    hub.state().issues.push(issue);
    hub
}

fn names(hub: &Hub) -> Vec<String> {
    let state = hub.state();
    let labels = state.issues[0]["labels"].as_array().expect("labels");
    let names = labels.iter().filter_map(|one| one["name"].as_str());
    names.map(str::to_owned).collect()
}

fn check(hub: &Hub) {
    assert_eq!(hub.state().faults, [""; 0]);
}

#[tokio::test]
async fn a_label_is_a_flag_that_is_there_or_not() {
    let hub = hub().await;
    let github = github(hub.server.url(""));
    let before = names(&hub);
    let beta = id("beta");
    let read = github.read(&beta, &call()).await.expect("read");
    assert_eq!(
        (read.share, read.native.as_str()),
        (Ratio::ZERO, "issue 1 lacks 'rollout:beta'")
    );
    for _ in 0..2 {
        let set = github.set(&beta, Ratio::ONE, &call()).await;
        assert_eq!(set.expect("set").evidence, "issue 1 has 'rollout:beta'");
        let read = github.read(&beta, &call()).await.expect("read");
        assert_eq!(read.share, Ratio::ONE);
    }
    assert_eq!(names(&hub).len(), before.len() + 1);
    // Taking off what is not there is harmless.
    for _ in 0..2 {
        github.set(&beta, Ratio::ZERO, &call()).await.expect("set");
        assert_eq!(names(&hub), before);
    }
    check(&hub);
}

#[tokio::test]
async fn a_label_passes_the_suite_of_its_role() {
    let hub = hub().await;
    let github = github(hub.server.url(""));
    let (beta, nowhere) = (id("beta"), id("nowhere"));
    let violations = conformance::flag_switch(&github, &beta, Some(&nowhere), &call()).await;
    assert_eq!(violations, []);
    check(&hub);
}

#[tokio::test]
async fn what_cannot_be_is_an_error() {
    let hub = hub().await;
    let github = github(hub.server.url(""));
    let half: Ratio = "0.5".parse().expect("a ratio");
    for (flag, share, kind) in [
        ("beta", half, ErrorKind::Misuse),
        ("nowhere", Ratio::ONE, ErrorKind::NotFound),
        // No label there and no issue there are told apart.
        ("nowhere", Ratio::ZERO, ErrorKind::NotFound),
        ("both", Ratio::ONE, ErrorKind::Misuse),
        ("bad", Ratio::ONE, ErrorKind::Misuse),
        ("unknown", Ratio::ONE, ErrorKind::Misuse),
    ] {
        let error = github.set(&id(flag), share, &call()).await;
        let error = error.expect_err(flag);
        assert_eq!(error.kind(), kind, "{flag}: {error}");
        assert!(error.is_refusal(), "{flag}: {error}");
    }
    hub.state().dropped_labels.push("rollout:beta".to_owned());
    let error = github.set(&id("beta"), Ratio::ONE, &call()).await;
    let error = error.expect_err("left off");
    assert_eq!(
        (error.kind(), error.sent()),
        (ErrorKind::Conflict, Sent::Answered)
    );
    hub.trouble("DELETE", Trouble::LoseAnswer);
    let error = github.set(&id("beta"), Ratio::ZERO, &call()).await;
    assert!(!error.expect_err("lost").is_refusal());
    hub.trouble("POST", Trouble::Secondary(30));
    let error = github.set(&id("beta"), Ratio::ONE, &call()).await;
    assert_eq!(error.expect_err("limited").kind(), ErrorKind::Throttled);
    check(&hub);
}

#[tokio::test]
async fn misbehaviour_is_a_typed_error_in_bounded_time() {
    let call = || call().with_deadline(Span::from_secs(2));
    let read = async |url: String| github(url).read(&id("beta"), &call()).await;
    assert_eq!(withstand(&[], read).await.expect("ports"), []);
    let set = async |url: String| github(url).set(&id("beta"), Ratio::ONE, &call()).await;
    assert_eq!(withstand(&[], set).await.expect("ports"), []);
}
