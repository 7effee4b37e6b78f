//! Question: how does the same plan run against real servers?
//!
//! The plan of the first rollout, as it stands, with HAProxy as the router and Prometheus as the source: only
//! the bindings are other ones. HAProxy and Prometheus must be installed (`tests/setup` does that); both are
//! started on free loopback ports and end with the example.
//!
//!     cargo run --release --example haproxy_canary              # goes bad at 25 %, and is rolled back
//!     cargo run --release --example haproxy_canary -- --healthy # completes

mod stage;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use phasegate::core::{Clock as _, PersonId, RolloutId, Span};
use phasegate::engine::record::Outcome;
use phasegate::engine::{Sources, Start, compile};
use phasegate::http::{HttpClient, HttpConfig};
use phasegate::journal::{Holder, Journal};
use phasegate::journal_sqlite::SqliteJournal;
use phasegate::plan::{Catalog, Plan, PlanDocument, check};
use phasegate::provider::{
    Decision, Guard, Guarded, HttpEndpoint, MetricSource, NamedQueries, Registry, Texts,
    TrafficRouter,
};
use phasegate::provider_haproxy::{HaproxyConfig, HaproxyRouter, Route, Socket};
use phasegate::provider_inprocess::{ApprovalDesk, LogNotifier};
use phasegate::provider_prometheus::{PrometheusConfig, PrometheusSource, default_policy};
use phasegate::report::{View, html, summary};
use phasegate::resilience::TokioTimer;
use phasegate::runner::{Ended, Handle, Runner, SystemClock, preflight};
use phasegate_examples::say;
use phasegate_examples::service::Regression;
use serde::Deserialize;

use stage::Stage;

type Error = Box<dyn std::error::Error>;

/// Carries the plan of the first rollout out against HAProxy and Prometheus.
#[derive(Debug, Parser)]
struct Args {
    /// The new version stays good.
    #[arg(long)]
    healthy: bool,
    /// Where the report is written.
    #[arg(long, default_value = "haproxy-canary.html")]
    report: PathBuf,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let args = Args::parse();
    if let Some(program) = stage::missing() {
        say::line(format_args!("SKIPPED: {program} is not installed"));
        return Ok(());
    }
    let (plan, catalog) = documents()?;
    let by: PersonId = "author".parse()?;
    let mut start = Start::new(by.clone());
    start.roll_up = Some(Span::from_secs(1));
    let program = compile(&plan, &catalog, &start)?;
    let stage = Stage::set().await?;
    let registry = bind(&plan, &catalog, &stage)?;
    let clock = Arc::new(SystemClock::new());
    for refusal in preflight(&program, &registry, clock.now().wall).await {
        assert!(!refusal.is_final, "{refusal}");
        say::aside(format_args!("warning: {refusal}"));
    }

    let journal = SqliteJournal::open(stage.folder.path().join("journal.sqlite"), clock.clone())?;
    let journal: Arc<dyn Journal> = Arc::new(journal);
    let holder = Holder::new("haproxy_canary")?;
    let runner = Runner::new(journal.clone(), Arc::new(registry), clock, holder)
        .with_people_polled_every(Span::from_millis(250));
    let rollout = RolloutId::new(plan.id.as_str())?;
    let sources = Sources::of(&plan, &catalog);
    let handle = runner.start(rollout.clone(), program, sources, by).await?;
    let ended = watch(&stage, handle, args.healthy).await;

    let records = journal.read(&rollout, 0).await?;
    let view = View::read(records.iter().map(|one| (&*one.kind, &*one.payload)))?;
    say::text(&summary(&view));
    std::fs::write(&args.report, html(&view))?;
    say::line(format_args!("report:  {}", args.report.display()));

    let weights = stage.weights()?;
    say::line(format_args!("HAProxy has {weights:?}"));
    let served = stage.load.stop().await;
    assert_eq!(served.lost(), 0, "every request came to an end");
    let (outcome, server) = if args.healthy {
        (Outcome::Completed, "stable")
    } else {
        (Outcome::RolledBack, "canary")
    };
    assert_eq!(ended, Ended::Finished(outcome));
    assert_eq!(weights.get(server), Some(&0), "nothing goes there any more");
    Ok(())
}

const PLAN: &str = include_str!("../plans/first-rollout.yaml");
const BINDINGS: &str = include_str!("bindings.yaml");

fn documents() -> Result<(Plan, Catalog), Error> {
    let bound = Catalog::read("bindings.yaml", BINDINGS.as_bytes());
    let catalog = bound.catalog.ok_or_else(|| bound.faults.render())?;
    let document = PlanDocument::read("first-rollout.yaml", PLAN.as_bytes());
    let checked = check(&document, Some(&catalog));
    let plan = checked.plan.ok_or_else(|| checked.faults.render())?;
    Ok((plan, catalog))
}

/// What the bindings' `config` of the source says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Queries {
    queries: BTreeMap<String, Texts>,
}

/// What the bindings' `config` of the router says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Routes {
    routes: BTreeMap<String, Route>,
}

/// The `config` of a binding, read into what its adapter wants.
fn config<T: for<'d> Deserialize<'d>>(catalog: &Catalog, name: &str) -> Result<T, Error> {
    let binding = catalog.binding(&name.parse()?);
    let binding = binding.ok_or_else(|| format!("the bindings have no '{name}'"))?;
    let config = serde_json::to_value(&binding.config)?;
    Ok(serde_json::from_value(config).map_err(|error| format!("binding {name}: {error}"))?)
}

fn bind(plan: &Plan, catalog: &Catalog, stage: &Stage) -> Result<Registry, Error> {
    let timer = TokioTimer::new();
    let http = Arc::new(HttpClient::new(HttpConfig::default())?);
    let endpoint = HttpEndpoint::new(format!("http://{}", stage.prometheus));
    let prometheus = PrometheusConfig::new(endpoint).with_step(Span::from_millis(500));
    let prometheus = Arc::new(PrometheusSource::new(prometheus, http)?);
    let guard = Guard::new(default_policy()?, Vec::new(), timer);
    let prometheus = Guarded::<dyn MetricSource, _>::new(prometheus, guard);
    let Queries { queries } = config(catalog, "metrics")?;
    let metrics = NamedQueries::new(Arc::new(prometheus), queries);

    let socket = Socket::Unix(stage.folder.path().join("admin.sock"));
    let mut haproxy = HaproxyConfig::new(socket);
    let Routes { routes } = config(catalog, "edge")?;
    for (name, route) in routes {
        haproxy = haproxy.with_route(name.parse()?, route);
    }
    let guard = Guard::new(
        phasegate::provider_haproxy::default_policy()?,
        Vec::new(),
        TokioTimer::new(),
    );
    let router = Arc::new(HaproxyRouter::new(haproxy)?);
    let router = Guarded::<dyn TrafficRouter, _>::new(router, guard);

    let mut desk = ApprovalDesk::new("standing order of the example");
    for role in &plan.roles {
        if let Some(member) = role.members.first() {
            desk = desk.with_standing_order(role.id.clone(), member.clone(), Decision::Yes);
        }
    }
    let mut registry = Registry::new();
    registry.bind_metric_source("metrics".parse()?, Arc::new(metrics))?;
    registry.bind_traffic_router("edge".parse()?, Arc::new(router))?;
    registry.bind_approval_source("people".parse()?, Arc::new(desk))?;
    let chat = Arc::new(LogNotifier::new(std::io::sink()));
    registry.bind_notifier("chat".parse()?, chat)?;
    Ok(registry)
}

/// Lets the new version go bad once HAProxy gives it a quarter, and says when weights change.
async fn watch(stage: &Stage, handle: Handle, healthy: bool) -> Ended {
    let ended = handle.ended();
    tokio::pin!(ended);
    let mut shown = None;
    loop {
        tokio::select! {
            ended = &mut ended => return ended,
            () = tokio::time::sleep(Duration::from_millis(200)) => {}
        }
        let Ok(weights) = stage.weights() else {
            continue;
        };
        let share = |name: &str| weights.get(name).copied().unwrap_or_default();
        if !healthy && share("canary") * 3 >= share("stable") && share("canary") > 0 {
            stage.canary.regress(Regression::Latency);
        }
        if shown.as_ref() != Some(&weights) {
            say::aside(format_args!("HAProxy has {weights:?}"));
            shown = Some(weights);
        }
    }
}
