//! Workflows against a small GitHub whose every answer is held against GitHub's own description.

#![expect(clippy::expect_used, reason = "tests, and helpers beside them")]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use phasegate_core::{Desired, EffectClass, EffectKey, Ratio, Role, RolloutId, Span};
use phasegate_provider::{
    Call, Effector as _, ErrorKind, ProviderError, Receipt, Registry, Retry, Sent,
};
use phasegate_provider_github::{Github, Until, WorkflowConfig};
use phasegate_testkit::conformance;
use phasegate_testkit::servers::{Hostile, withstand};
use serde_json::Value;

use support::{Description, Hub, Trouble, call, deploy, github};

fn desired(inputs: &[(&str, &str)]) -> Desired {
    let inputs = inputs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Desired::Workflow {
        name: "deploy".to_owned(),
        inputs: inputs.collect(),
    }
}

/// A call of the effect with this number, in so many milliseconds.
fn effect(number: u64, millis: u64) -> Call {
    let rollout: RolloutId = "shop-2".parse().expect("an id");
    let key = EffectKey::new(&rollout, number);
    call()
        .with_deadline(Span::from_millis(millis))
        .with_effect(key, EffectClass::IdempotentByKey)
}

async fn run(github: &Github, number: u64) -> Result<Receipt, ProviderError> {
    let desired = desired(&[("environment", "production")]);
    github.perform(&desired, &effect(number, 3000)).await
}

fn check(hub: &Hub) {
    assert_eq!(hub.state().faults, [""; 0]);
}

#[tokio::test]
async fn a_workflow_is_dispatched_watched_and_done_when_it_has_ended_well() {
    let hub = Hub::start().await;
    hub.state().looks = 4;
    let github = github(hub.server.url(""), deploy());
    let receipt = run(&github, 7).await.expect("done");
    let evidence = &receipt.evidence;
    for part in [
        "run 1000 of deploy ended with success",
        "/actions/runs/1000,",
        "1000/logs",
    ] {
        assert!(evidence.contains(part), "{evidence}");
    }
    let received = hub.server.received();
    let posted = received
        .iter()
        .find(|one| one.method == "POST")
        .expect("a dispatch");
    let body: Value = serde_json::from_slice(&posted.body).expect("JSON");
    assert_eq!(
        (&body["ref"], &body["inputs"]["environment"]),
        (&"main".into(), &"production".into())
    );
    let id = body["inputs"]["rollout"]
        .as_str()
        .expect("a correlation id");
    assert!(id.starts_with("phasegate-") && id.len() == 34, "{id}");
    assert_eq!(posted.header("x-github-api-version"), Some("2022-11-28"));
    assert_eq!(posted.header("accept"), Some("application/vnd.github+json"));
    // Looks without news cost nothing of the limit.
    assert!(hub.state().not_modified >= 1);
    check(&hub);
}

#[tokio::test]
async fn the_same_effect_is_one_run_whoever_sends_it_again() {
    let hub = Hub::start().await;
    let first = github(hub.server.url(""), deploy());
    run(&first, 7).await.expect("done");
    run(&first, 7).await.expect("the same");
    // Another process, after a crash.
    let second = github(hub.server.url(""), deploy());
    let receipt = run(&second, 7).await.expect("found again");
    assert!(receipt.evidence.contains("run 1000"), "{receipt:?}");
    assert_eq!(hub.asked("POST", "dispatches"), 1);
    run(&second, 70).await.expect("another effect");
    assert_eq!(hub.asked("POST", "dispatches"), 2);
    check(&hub);
}

#[tokio::test]
async fn a_dispatch_whose_answer_is_lost_is_found_and_not_repeated() {
    let hub = Hub::start().await;
    hub.trouble("POST", Trouble::LoseAnswer);
    let github_a = github(hub.server.url(""), deploy());
    let receipt = run(&github_a, 1).await.expect("found");
    assert!(receipt.evidence.contains("run 1000"), "{receipt:?}");
    // A server that tells no run of a dispatch.
    hub.state().tells = false;
    run(&github_a, 2).await.expect("found");
    assert_eq!(hub.asked("POST", "dispatches"), 2);
    // Without a correlation id nobody can tell, so it stays in doubt.
    hub.trouble("POST", Trouble::LoseAnswer);
    let blind = github(hub.server.url(""), WorkflowConfig::new("deploy.yml"));
    let error = run(&blind, 3).await.expect_err("in doubt");
    assert!(!error.is_refusal(), "{error}");
    let error = run(&blind, 4).await.expect_err("which run is it");
    assert!(
        error.sent() == Sent::Maybe && error.to_string().contains("which run"),
        "{error}"
    );
    // Nor can it where the workflow does not show the id.
    hub.state().shows = false;
    let error = run(&github_a, 5).await.expect_err("not seen");
    assert!(error.to_string().contains("was not seen"), "{error}");
    check(&hub);
}

#[tokio::test]
async fn a_run_that_ends_badly_is_known_not_to_have_done_it() {
    for conclusion in [
        "failure",
        "cancelled",
        "timed_out",
        "skipped",
        "startup_failure",
    ] {
        let hub = Hub::start().await;
        hub.state().conclusion = conclusion.to_owned();
        let github = github(hub.server.url(""), deploy());
        let error = run(&github, 1).await.expect_err(conclusion);
        assert!(
            error.is_refusal() && error.retry() == Retry::Never,
            "{error}"
        );
        assert!(error.to_string().contains(conclusion), "{error}");
        check(&hub);
    }
}

#[tokio::test]
async fn a_run_that_takes_longer_is_in_doubt_and_is_found_by_the_next_attempt() {
    let hub = Hub::start().await;
    hub.state().looks = 1000;
    let github_a = github(hub.server.url(""), deploy());
    let began = Instant::now();
    let error = github_a
        .perform(&desired(&[]), &effect(1, 300))
        .await
        .expect_err("not yet");
    assert!(began.elapsed() < Duration::from_millis(600));
    assert_eq!(
        (error.kind(), error.sent()),
        (ErrorKind::Timeout, Sent::Maybe)
    );
    assert!(error.to_string().contains("run 1000 is queued"), "{error}");
    hub.state().looks = 1;
    let after = github(hub.server.url(""), deploy());
    after
        .perform(&desired(&[]), &effect(1, 3000))
        .await
        .expect("done");
    assert_eq!(hub.asked("POST", "dispatches"), 1);
    // Where it is enough that it is there, nobody waits.
    hub.state().looks = 1000;
    let started = github(hub.server.url(""), deploy().with_until(Until::Started));
    let receipt = started
        .perform(&desired(&[]), &effect(2, 3000))
        .await
        .expect("there");
    assert!(receipt.evidence.contains("is there"), "{receipt:?}");
    check(&hub);
}

#[tokio::test]
async fn limits_are_kept_and_waited_out_where_there_is_time() {
    let hub = Hub::start().await;
    let github_a = github(hub.server.url(""), deploy());
    hub.trouble("POST", Trouble::Secondary(1));
    let began = Instant::now();
    run(&github_a, 1).await.expect("after a second");
    assert!(began.elapsed() >= Duration::from_millis(950));
    assert_eq!(hub.asked("POST", "dispatches"), 2);
    // An hour is not waited for, and until then nothing more is asked.
    hub.trouble("GET", Trouble::Primary(3600));
    let error = run(&github_a, 2).await.expect_err("an hour");
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert!(error.is_refusal());
    assert_eq!(error.retry(), Retry::After(Span::from_secs(3600)));
    let asked = hub.server.received().len();
    let error = run(&github_a, 3).await.expect_err("still");
    assert!(
        error.sent() == Sent::Nothing && matches!(error.retry(), Retry::After(_)),
        "{error}"
    );
    assert_eq!(hub.server.received().len(), asked);
    check(&hub);
}

#[tokio::test]
async fn a_failure_while_a_run_is_watched_changes_nothing() {
    let hub = Hub::start().await;
    let github = github(hub.server.url(""), deploy().with_until(Until::Ended));
    hub.state().looks = 3;
    // The first GET looks for the run: a failure there is before anything happened.
    hub.trouble("GET", Trouble::Fail);
    let error = run(&github, 1).await.expect_err("it cannot look");
    assert!(error.is_refusal() && hub.asked("POST", "") == 0, "{error}");
    hub.trouble("POST", Trouble::LoseAnswer);
    hub.trouble("GET", Trouble::Fail);
    hub.trouble("GET", Trouble::Fail);
    run(&github, 2).await.expect("done all the same");
    check(&hub);
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_before_it_is_sent() {
    let hub = Hub::start().await;
    let github_a = github(hub.server.url(""), deploy());
    let name = |name: &str| Desired::Workflow {
        name: name.to_owned(),
        inputs: BTreeMap::new(),
    };
    let many: Vec<String> = (0..25).map(|number| format!("i{number}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "x")).collect();
    for (desired, kind) in [
        (name("build"), ErrorKind::Misuse),
        (desired(&[("rollout", "mine")]), ErrorKind::Misuse),
        (desired(&many), ErrorKind::Misuse),
        (
            Desired::Mirror {
                target: "shop".parse().expect("an id"),
                share: Ratio::ONE,
            },
            ErrorKind::Invalid,
        ),
    ] {
        let error = github_a
            .perform(&desired, &effect(1, 1000))
            .await
            .expect_err("refused");
        assert_eq!(
            (error.kind(), error.sent()),
            (kind, Sent::Nothing),
            "{error}"
        );
    }
    let odd = github(hub.server.url(""), WorkflowConfig::new("../../secrets"));
    let error = run(&odd, 1).await.expect_err("no name");
    assert_eq!(error.kind(), ErrorKind::Misuse);
    assert!(hub.server.received().is_empty());
    // What GitHub refuses is told in its words.
    let other = github(hub.server.url(""), deploy().with_ref("other"));
    let error = run(&other, 1).await.expect_err("no such branch");
    assert!(
        error.is_refusal() && error.to_string().contains("No ref found"),
        "{error}"
    );
    let gone = github(hub.server.url(""), WorkflowConfig::new("gone.yml"));
    let error = run(&gone, 1).await.expect_err("no such file");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_workflow_is_a_switch() {
    let hub = Hub::start().await;
    let github = github(hub.server.url(""), deploy());
    let (flag, unknown) = (
        "deploy".parse().expect("an id"),
        "build".parse().expect("an id"),
    );
    let violations = conformance::flag_switch(&github, &flag, Some(&unknown), &call()).await;
    assert_eq!(violations, []);
    assert!(hub.state().enabled);
    hub.state().enabled = false;
    let error = run(&github, 1).await.expect_err("it is off");
    assert!(error.to_string().contains("disabled workflow"), "{error}");
    check(&hub);
}

#[tokio::test]
async fn misbehaviour_is_a_typed_error_in_bounded_time() {
    let ask = async |url: String| {
        let github = github(url, deploy());
        github.perform(&desired(&[]), &effect(1, 1500)).await
    };
    assert_eq!(withstand(&[], ask).await.expect("ports"), []);
    let blind = async |url: String| {
        let github = github(url, WorkflowConfig::new("deploy.yml"));
        github.perform(&desired(&[]), &effect(1, 1500)).await
    };
    assert_eq!(withstand(&[], blind).await.expect("ports"), []);
}

#[tokio::test]
async fn a_token_is_on_the_wire_and_nowhere_else() {
    let server = Hostile::always("/status?401").await.expect("a port");
    let github = github(server.url(""), deploy());
    let error = run(&github, 1).await.expect_err("denied");
    assert_eq!(error.kind(), ErrorKind::Denied);
    let marked = format!("Bearer {}", env!("CARGO_PKG_NAME"));
    assert!(server.asked()[0].contains(&marked));
    assert!(!format!("{error:?} {error} {github:?}").contains(&marked));
}

#[tokio::test]
async fn a_registry_takes_it_as_a_workflow_host() {
    let hub = Hub::start().await;
    let github = github(hub.server.url(""), deploy());
    let mut registry = Registry::new();
    let bound = registry.bind_effector(
        "actions".parse().expect("an id"),
        Role::WorkflowHost,
        Arc::new(github),
    );
    assert!(bound.is_ok());
}

#[tokio::test]
async fn the_description_finds_what_does_not_fit() {
    let hub = Hub::start().await;
    let github = github(hub.server.url(""), deploy());
    run(&github, 1).await.expect("done");
    let received = hub.server.received();
    let look = received
        .iter()
        .find(|one| one.target.contains("/actions/runs/1000"));
    let look = look.expect("a look");
    let description = Description::read();
    let answer = |change: &dyn Fn(&mut Value)| {
        let mut run = description.example("workflow-run");
        change(&mut run);
        description.faults(look, &(200, vec![], run.to_string()))
    };
    assert_eq!(answer(&|_| {}), [""; 0]);
    assert_ne!(answer(&|run| run["id"] = "seven".into()), [""; 0]);
    assert_ne!(
        answer(&|run| drop(run.as_object_mut().map(|run| run.remove("status")))),
        [""; 0]
    );
    assert_ne!(
        description.faults(look, &(204, vec![], String::new())),
        [""; 0]
    );
    let mut odd = look.clone();
    odd.target.push_str("?sort=up");
    assert_ne!(
        description.faults(&odd, &(404, vec![], String::new())),
        [""; 0]
    );
}
