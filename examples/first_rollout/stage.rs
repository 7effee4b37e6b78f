//! What is rolled out, what it is rolled out with, and what the plan's names stand for.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use phasegate::core::{Arm, Clock, RoleId, Span, TargetId};
use phasegate::plan::{Catalog, Plan, Value};
use phasegate::provider::{Decision, Registry};
use phasegate::provider_inprocess::{
    ApprovalDesk, Ended as Served, LogNotifier, Recorder, RecorderConfig, Router, RouterConfig,
    RunningRouter,
};
use phasegate::runner::SystemClock;
use phasegate_examples::load::{Load, LoadConfig, Observer};
use phasegate_examples::recent::Recent;
use phasegate_examples::service::{Service, Version};

use crate::Error;
use crate::args::Args;
use crate::documents::Documents;
use crate::fits::line;

/// Everything that is rolled out, and what it is rolled out with.
pub struct Stage {
    pub router: RunningRouter,
    pub recorder: Arc<Recorder>,
    pub load: Load,
    pub recent: Arc<Recent>,
    _stable: Service,
    pub canary: Arc<Service>,
    pub registry: Registry,
}

/// Starts the services, the router, the load, and binds the plan's names to them.
pub async fn set(
    args: &Args,
    documents: &Documents,
    clock: &Arc<SystemClock>,
) -> Result<Stage, Error> {
    let plan = &documents.plan;
    let settings = Settings::of(documents)?;
    let stable = Service::start(Version::stable()).await?;
    let canary = Arc::new(Service::start(Version::canary()).await?);
    let target: TargetId = "greeter".parse()?;
    let quiet = Arc::new(Recorder::new(RecorderConfig::default())?);
    let mut config = RouterConfig::new(
        target,
        stable.address().to_string(),
        canary.address().to_string(),
    );
    // Before the load loses patience, so that each answer says whose it is.
    config.answer_within = Span::from_secs(1);
    config.connect_within = Span::from_millis(500);
    let router = Router::start(config, settings.listen, quiet, clock.clone()).await?;

    // What counts is what the client sees, from the moment a request was meant to leave.
    let mut config = RecorderConfig::default();
    config.slot = Span::from_millis(100);
    config.thresholds = [100, 250].map(Span::from_millis).into();
    let recorder = Arc::new(Recorder::new(config)?);
    let mut load = LoadConfig::new(router.address());
    load.per_second = args.rate;
    let recent = Arc::new(Recent::new()?);
    let (told, seen, now) = (recorder.clone(), recent.clone(), clock.clone());
    load.observer = Some(Observer(Arc::new(move |answer, latency| {
        let arm = match answer.arm.as_deref() {
            Some("canary") => Arm::Canary,
            // Without an answer of the router nobody knows whose it was; the router then was at fault.
            _ => Arm::Stable,
        };
        let ended = if answer.ok {
            Served::Served
        } else {
            Served::Failed
        };
        seen.record(arm, latency, answer.ok);
        told.record(arm, now.now().wall, Span::from(latency), ended);
    })));

    let mut desk = ApprovalDesk::new("standing order of the example");
    for role in &plan.roles {
        if let Some(member) = role.members.first() {
            let (role, member) = (&role.id, member);
            desk = desk.with_standing_order(role.clone(), member.clone(), Decision::Yes);
            if settings.refusing.contains(role) {
                desk = desk.with_order_at_gates(role.clone(), member.clone(), Decision::No);
            }
        }
    }
    let registry = bind(&documents.catalog, &router, &recorder, Arc::new(desk))?;
    let load = Load::start(load);
    Ok(Stage {
        router,
        recorder,
        load,
        recent,
        _stable: stable,
        canary,
        registry,
    })
}

const ROUTER: &str = "in-process-router";
const PEOPLE: &str = "in-process-approvals";
const MESSAGES: &str = "in-process-messages";
const METRICS: &str = "in-process-metrics";
const ADAPTERS: [&str; 4] = [PEOPLE, MESSAGES, METRICS, ROUTER];

/// What the bindings' `config` says.
struct Settings {
    /// Where the router listens; any free port if nothing is said.
    listen: SocketAddr,
    /// Roles that say no at gates. Whatever else they are asked they say yes to.
    refusing: BTreeSet<RoleId>,
}

impl Settings {
    /// Takes in every setting. Adapters and settings that nobody knows are refused, all at once.
    fn of(documents: &Documents) -> Result<Self, Error> {
        let mut settings = Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            refusing: BTreeSet::new(),
        };
        let mut faults = Vec::new();
        for (name, binding) in documents.catalog.bindings() {
            let mut fault = |within: &str, told: String| {
                let at = line(&documents.bindings, &format!("/bindings/{name}/{within}"));
                faults.push(format!("{at}binding {name}: {told}"));
            };
            if !ADAPTERS.contains(&&*binding.adapter) {
                let (adapter, known) = (&binding.adapter, ADAPTERS.join(", "));
                let told = format!("this program has no adapter '{adapter}': it has {known}");
                fault("adapter", told);
                continue;
            }
            let all = match &binding.config {
                Value::Map(all) => &all[..],
                Value::Null => &[],
                _ => {
                    fault("config", "'config' is no map of settings".to_owned());
                    continue;
                }
            };
            for (key, value) in all {
                let taken = match (&*binding.adapter, &**key, value) {
                    (ROUTER, "listen", Value::Text(listen)) => settings.listen_on(listen),
                    (PEOPLE, "answers", Value::Map(answers)) => {
                        settings.answer(answers, &documents.plan)
                    }
                    _ => Err(format!(
                        "{} has no such setting: {ROUTER} has 'listen: ADDRESS', {PEOPLE} has \
                         'answers: {{ROLE: go or no-go}}'",
                        binding.adapter
                    )),
                };
                if let Err(error) = taken {
                    fault(&format!("config/{key}"), format!("'{key}': {error}"));
                }
            }
        }
        if faults.is_empty() {
            Ok(settings)
        } else {
            Err(faults.join("\n").into())
        }
    }

    fn listen_on(&mut self, address: &str) -> Result<(), String> {
        let parsed = address.parse();
        self.listen =
            parsed.map_err(|error| format!("'{address}' is no address to listen on: {error}"))?;
        Ok(())
    }

    fn answer(&mut self, answers: &[(String, Value)], plan: &Plan) -> Result<(), String> {
        for (role, answer) in answers {
            let known = plan.roles.iter().find(|known| known.id.as_str() == role);
            let known = known.ok_or_else(|| format!("the plan has no role '{role}'"))?;
            match answer {
                Value::Text(answer) if answer == "go" => {}
                Value::Text(answer) if answer == "no-go" => {
                    self.refusing.insert(known.id.clone());
                }
                _ => return Err(format!("the answer of '{role}' is 'go' or 'no-go'")),
            }
        }
        Ok(())
    }
}

/// Gives each name of the bindings document what its `adapter` says.
fn bind(
    catalog: &Catalog,
    router: &RunningRouter,
    recorder: &Arc<Recorder>,
    desk: Arc<ApprovalDesk>,
) -> Result<Registry, Error> {
    let mut registry = Registry::new();
    for (name, binding) in catalog.bindings() {
        let name = name.clone();
        match &*binding.adapter {
            PEOPLE => registry.bind_approval_source(name, desk.clone())?,
            MESSAGES => {
                registry.bind_notifier(name, Arc::new(LogNotifier::new(std::io::sink())))?;
            }
            METRICS => registry.bind_metric_source(name, recorder.clone())?,
            ROUTER => registry.bind_traffic_router(name, router.router().clone())?,
            // Refused before.
            _ => {}
        }
    }
    Ok(registry)
}
