//! A whole rollout with secrets in its bindings, whose commands print them and whose other side says them back: nothing
//! that is left of it, wherever it is kept, holds one. And its journal is anchored in what was logged and measured.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use phasegate::core::{PersonId, RolloutId, Span};
use phasegate::engine::record::{Outcome, Record};
use phasegate::engine::{Act, Person, Sources, Start, compile};
use phasegate::journal::{Anchor, Holder, Journal as _, Soundness, verify};
use phasegate::journal_sqlite::SqliteJournal;
use phasegate::plan::{Catalog, PlanDocument, check};
use phasegate::provider::{
    CommandRunner, Credential, Guard, Guarded, HttpEndpoint, Layer, MetricSource, Notifier,
    Registry, Trace,
};
use phasegate::provider_prometheus::{PrometheusConfig, PrometheusSource};
use phasegate::provider_slack::{Slack, SlackChannel, SlackConfig};
use phasegate::report::{
    View, delivery_report, executive_summary, export, html, json, lessons, markdown, post_mortem,
    progress, summary,
};
use phasegate::resilience::{Policy, TokioTimer};
use phasegate::runner::{Ended, Pulse, Runner, SystemClock, preflight};
use phasegate_provider_command::{CommandConfig, Commands, CommandsConfig};
use phasegate_testkit::servers::{Folder, Receiver};

use crate::logs::Logs;
use crate::wired::{echo, http};
use crate::{MARK, Told, source};

const PLAN: &str = r#"format: phasegate-plan/1
id: secretive
title: Secrets
roles:
  - {id: operator, members: [olga]}
channels:
  - {id: ops, binding: chat}
kpis:
  - id: errors
    shape: ratio
    direction: lower
    window: 10s
    unit: "%"
    source: metrics
    query: {whole: errors}
evaluation: {every: 200ms, settle: 0s}
phases:
  - id: one
    title: One
    steps:
      - {id: warm, command: {binding: shell, name: warm}}
      - {id: break, command: {binding: shell, name: break}}
    rollback:
      escalate-to: operator
      escalate-via: ops
      steps:
        - {id: cool, budget: 5s, command: {binding: shell, name: warm}}
        - {id: fail, budget: 5s, command: {binding: shell, name: break}}
        - {id: tell, budget: 5s, notify: {channel: ops}}
triggers:
  - id: errors-high
    criterion: ratio(errors) over 10s > 5%
    respond: [hold, {notify: {channel: ops}}]
    blind-for: 1s
    when-blind: [hold, {notify: {channel: ops}}]
"#;

/// The bindings name where the secrets are, as an operator would.
fn bindings(folder: &Folder) -> String {
    let at = folder.path().display();
    format!(
        "format: phasegate-bindings/1
bindings:
  shell:
    adapter: command
    roles: [command-runner]
    config: {{secrets: {{TOKEN: {{file: {at}/token}}}}}}
    commands:
      warm: {{argv: [warm], idempotent: true}}
      break: {{argv: [break], idempotent: true}}
  metrics:
    adapter: prometheus
    roles: [metric-source]
    capabilities: [measure-share]
    config: {{credential: {{bearer: {{file: {at}/token}}}}}}
  chat: {{adapter: slack, roles: [notifier], config: {{token: {{file: {at}/token}}}}}}
"
    )
}

/// Both roles log by the one layer that does.
fn guard(binding: &str) -> Guard<TokioTimer> {
    let trace: Arc<dyn Layer> = Arc::new(Trace::new(binding.parse().expect("an id")));
    Guard::new(Policy::new(), vec![trace], TokioTimer::new())
}

fn registry(folder: &Folder, url: &str) -> Registry {
    let token = || source(folder, "token", MARK);
    let mut commands = CommandsConfig::default();
    for (name, code) in [("warm", 0), ("break", 3)] {
        let print = format!("echo token $TOKEN; echo \"bad: $TOKEN\" >&2; exit {code}");
        let mut command = CommandConfig::new("/bin/sh", ["-c", &print]);
        command.secrets.insert("TOKEN".to_owned(), token());
        commands.commands.insert(name.to_owned(), command);
    }
    let endpoint = HttpEndpoint::new(url).with_credential(Credential::Bearer(token()));
    let prometheus = PrometheusSource::new(PrometheusConfig::new(endpoint), http());
    let channel = SlackChannel::Api {
        token: token(),
        channel: "C1".to_owned(),
    };
    let config = SlackConfig::default().with_api(url);
    let config = config.with_channel("ops".parse().expect("an id"), channel);
    let shell: Arc<dyn CommandRunner> = Arc::new(Commands::new(commands));
    let shell = Guarded::<dyn CommandRunner, _>::new(shell, guard("shell"));
    let metrics: Arc<dyn MetricSource> = Arc::new(prometheus.expect("a source"));
    let metrics = Guarded::<dyn MetricSource, _>::new(metrics, guard("metrics"));
    let chat: Arc<dyn Notifier> = Arc::new(Slack::new(http(), config));
    let chat = Guarded::<dyn Notifier, _>::new(chat, guard("chat"));
    let mut registry = Registry::new();
    let id = |name: &str| name.parse().expect("an id");
    let bound = [
        registry.bind_command_runner(id("shell"), Arc::new(shell)),
        registry.bind_metric_source(id("metrics"), Arc::new(metrics)),
        registry.bind_notifier(id("chat"), Arc::new(chat)),
    ];
    assert!(bound.iter().all(Result::is_ok), "{bound:?}");
    registry
}

/// Carries the plan out until it holds, and then ends it. Gives what was told, and the anchors seen outside.
async fn carried_out(folder: &Folder, url: &str, told: &mut Told) -> Vec<Anchor> {
    let catalog = Catalog::read("bindings.yaml", bindings(folder).as_bytes());
    let catalog = catalog.catalog.expect("bindings");
    let checked = check(
        &PlanDocument::read("plan.yaml", PLAN.as_bytes()),
        Some(&catalog),
    );
    let told_of_plan = checked.faults.render();
    let plan = checked.plan.expect(&told_of_plan);
    let by: PersonId = "author".parse().expect("an id");
    let program = compile(&plan, &catalog, &Start::new(by.clone())).expect("a program");
    let registry = Arc::new(registry(folder, url));
    told.add("registry", format!("{registry:?}"));
    let clock = Arc::new(SystemClock::new());
    let now = phasegate::core::Clock::now(&*clock).wall;
    for refusal in preflight(&program, &registry, now).await {
        told.add("preflight", format!("{refusal:?}"));
    }
    let journal = SqliteJournal::open(
        folder.path().join("journal.sqlite"),
        Arc::<SystemClock>::clone(&clock),
    );
    let journal = Arc::new(journal.expect("a journal"));
    let holder = Holder::new("secrets").expect("a name");
    let heart = folder.path().join("heart.prom");
    let runner = Runner::new(journal, registry, clock, holder)
        .with_heartbeat(&heart, Span::from_millis(100));
    let rollout = RolloutId::new("secretive").expect("an id");
    let sources = Sources::of(&plan, &catalog);
    let handle = runner.start(rollout, program, sources, by).await;
    let handle = handle.expect("it begins");
    let mut view = handle.view();
    // The command that failed holds it, and so does the trigger that sees nothing.
    let held = view.wait_for(|view| view.state.holds.len() >= 2);
    let held = tokio::time::timeout(Duration::from_secs(20), held).await;
    held.expect("in time").expect("it runs");
    told.add("state", format!("{:?}", view.borrow().state));
    let pulse = fs::read_to_string(heart).expect("a heartbeat");
    let pulse = Pulse::read(&pulse).expect("a whole one");
    let olga = Person {
        id: "olga".parse().expect("an id"),
        roles: vec!["operator".parse().expect("an id")],
    };
    let act = |act| handle.operate(olga.clone(), "enough".to_owned(), act);
    act(Act::Abort).await.expect("it is told to end");
    // The way back fails as well, and is taken over.
    let failed = view.wait_for(|view| view.state.rollback.as_ref().is_some_and(|back| back.failed));
    let failed = tokio::time::timeout(Duration::from_secs(20), failed).await;
    failed.expect("in time").expect("it runs");
    told.add("state", format!("{:?}", view.borrow().state));
    act(Act::TakeOver).await.expect("it is taken over");
    let ended = tokio::time::timeout(Duration::from_secs(20), handle.ended()).await;
    let ended = ended.expect("in time");
    assert_eq!(ended, Ended::Finished(Outcome::RollbackFailed));
    told.add("end", format!("{ended:?}"));
    let heads = pulse.heads.into_iter();
    heads
        .map(|(rollout, head)| Anchor { rollout, head })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_left_of_a_rollout_holds_a_secret() {
    let logs = Logs::keep();
    let folder = Folder::new().expect("a folder");
    let mut told = Told::default();
    let server = Receiver::start(|request| echo(401, request)).await;
    let server = server.expect("a port");
    let mut anchors = carried_out(&folder, &server.url(""), &mut told).await;
    for line in logs.lines() {
        let words = line.split_once(" anchor=").map(|(_, rest)| rest);
        let anchor = words.and_then(|rest| rest.split(' ').next());
        anchors.extend(anchor.and_then(|text| text.parse::<Anchor>().ok()));
        told.add("log", line);
    }
    let clock = Arc::new(SystemClock::new());
    let path = folder.path().join("journal.sqlite");
    let journal = SqliteJournal::open(&path, clock).expect("a journal");
    // Both the metric's label and the last line of the log anchor it.
    assert_eq!(anchors.len(), 2, "{anchors:?}");
    let sound = verify(&journal, &anchors).await.expect("it is read");
    assert!(
        sound.values().all(|one| matches!(one, Soundness::Sound(_))),
        "{sound:?}"
    );

    let rollout = RolloutId::new("secretive").expect("an id");
    let mut lines = Vec::new();
    let transcript = journal.export(&rollout).await.expect("a transcript");
    transcript.write_to(&mut lines).expect("written");
    told.add("transcript", String::from_utf8_lossy(&lines));
    let stored = journal.read(&rollout, 0).await.expect("records");
    let records: Result<Vec<Record>, _> = stored
        .iter()
        .map(|one| Record::decode(&one.kind, &one.payload))
        .collect();
    let records = records.expect("records");
    told.add("records", format!("{records:?}"));
    told_by_reports(&View::of(&records).expect("a view"), &mut told);
    drop(journal);
    for entry in fs::read_dir(folder.path()).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name != "token" && path.is_file() {
            let bytes = fs::read(&path).expect("a file");
            told.add(&name, String::from_utf8_lossy(&bytes));
        }
    }
    // It was there to be told: what the commands printed and what the other side answered is in all of it.
    let shown = |by: &str, text: &str| {
        let mut of_it = told.0.iter().filter(|(who, _)| who == by);
        of_it.any(|(_, told)| told.contains(text))
    };
    assert!(
        shown("records", "[masked]"),
        "the output of commands is recorded"
    );
    assert!(shown("log", "failed"), "attempts are logged");
    assert!(
        shown("journal.sqlite", "secretive"),
        "the journal is looked at"
    );
    assert_eq!(told.tellers(), [""; 0]);
}

/// Every report and export there is.
fn told_by_reports(view: &View, told: &mut Told) {
    let (from, until) = (view.header.started, view.header.last + Span::from_secs(1));
    let all = [
        ("summary", summary(view)),
        ("markdown", markdown(view)),
        ("html", html(view)),
        ("json", json(view).expect("JSON")),
        ("lessons", format!("{:?}", lessons(view))),
        ("executive summary", executive_summary(view).markdown()),
        ("progress", progress(view, from, until).html()),
        ("gantt", export::mermaid_gantt(view)),
        ("graph", export::mermaid_graph(view)),
        ("openmetrics", export::openmetrics(view)),
        ("annotations", export::grafana_annotations(view)),
    ];
    for (by, text) in all {
        told.add(by, text);
    }
    let mortem = post_mortem(view).expect("it went back");
    told.add("post-mortem", mortem.json().expect("JSON"));
    let views = std::slice::from_ref(view);
    told.add("delivery", delivery_report(views, from, until).html());
}
