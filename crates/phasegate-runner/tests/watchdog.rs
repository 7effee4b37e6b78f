//! What a watchdog does when the process that carries a rollout out is dead, and what it does not take for death.
#![expect(clippy::expect_used, reason = "helpers of tests may panic")]

mod planned;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use phasegate_core::{Capability, PersonId, Ratio, RolloutId, Span, TargetId};
use phasegate_engine::record::Outcome;
use phasegate_journal::{Holder, Journal, MemoryJournal};
use phasegate_provider::{
    Call, Provider, ProviderError, Receipt, Registry, Traffic, TrafficRouter,
};
use phasegate_runner::{Bitten, Handle, Pulse, Reflex, Runner, SystemClock, Watchdog};

use planned::planned;

/// A router that outlives every process.
#[derive(Debug, Default)]
struct Router(Mutex<Ratio>);

impl Router {
    fn share(&self) -> Ratio {
        *self.0.lock().expect("a lock")
    }
}

impl Provider for Router {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::ReadBack, Capability::Weights])
    }
}

#[async_trait]
impl TrafficRouter for Router {
    async fn read(&self, _: &TargetId, _: &Call) -> Result<Traffic, ProviderError> {
        let canary = self.share();
        let native = canary.to_string();
        Ok(Traffic { canary, native })
    }

    async fn set(&self, _: &TargetId, canary: Ratio, _: &Call) -> Result<Receipt, ProviderError> {
        *self.0.lock().expect("a lock") = canary;
        Ok(Receipt::new("set"))
    }
}

const PLAN: &str = "format: phasegate-plan/1
id: shop
title: Shop
phases:
  - id: try
    title: Try
    steps:
      - {id: some, traffic: {binding: edge, target: shop, stages: [25%]}}
      - {id: watch, wait: WAIT}
      - {id: all, traffic: {binding: edge, target: shop, stages: [100%]}}
      - {id: rest, wait: 1h}
    rollback:
      steps: [{id: off, budget: 10s, traffic: {binding: edge, target: shop, stages: [0%]}}]
";
const BINDINGS: &str = "format: phasegate-bindings/1
bindings:
  edge: {adapter: own, roles: [traffic-router], capabilities: [weights, read-back]}
";
const LEASE: Span = Span::from_millis(400);

struct Scene {
    router: Arc<Router>,
    journal: Arc<MemoryJournal>,
    folder: tempfile::TempDir,
    rollout: RolloutId,
}

impl Scene {
    fn new() -> Self {
        let clock = Arc::new(SystemClock::new());
        Self {
            router: Arc::new(Router::default()),
            journal: Arc::new(MemoryJournal::new(clock)),
            folder: tempfile::tempdir().expect("a folder"),
            rollout: "shop".parse().expect("an id"),
        }
    }

    fn heart(&self) -> std::path::PathBuf {
        self.folder.path().join("heart.prom")
    }

    fn runner(&self, name: &str) -> Runner {
        let mut registry = Registry::new();
        let edge = "edge".parse().expect("an id");
        registry
            .bind_traffic_router(edge, Arc::clone(&self.router) as Arc<dyn TrafficRouter>)
            .expect("a registry");
        let journal = Arc::clone(&self.journal) as Arc<dyn Journal>;
        let holder = Holder::new(name).expect("a name");
        let clock = Arc::new(SystemClock::new());
        Runner::new(journal, Arc::new(registry), clock, holder).with_lease(LEASE)
    }

    async fn start(&self, wait: &str) -> Handle {
        let (program, sources, by) = planned(&PLAN.replace("WAIT", wait), BINDINGS);
        let runner = self
            .runner("dead")
            .with_heartbeat(self.heart(), Span::from_millis(50));
        let handle = runner
            .start(self.rollout.clone(), program, sources, by)
            .await;
        let handle = handle.expect("a rollout");
        while self.router.share() == Ratio::ZERO {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // The first beat has been written by now, or will be.
        while !self.heart().exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        handle
    }

    /// A process that begins a rollout and dies: everything of it stops where it is.
    fn dead(&self, wait: &str) {
        let process = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let handle = process.block_on(self.start(wait));
        std::mem::forget(handle);
        process.shutdown_timeout(Duration::from_secs(5));
    }

    fn watchdog(&self, reflex: Reflex) -> Watchdog {
        let by = PersonId::new("watchdog").expect("an id");
        Watchdog::new(self.heart(), Span::from_millis(600), reflex, by)
    }

    async fn bite(&self, reflex: Reflex) -> Bitten {
        let watchdog = self.watchdog(reflex);
        let clock = SystemClock::new();
        let wait = watchdog.stopped(&clock);
        let stopped = tokio::time::timeout(Duration::from_secs(20), wait).await;
        let stopped = stopped.expect("it stopped");
        assert_eq!(stopped.pulse.holder.as_str(), "dead");
        let mut bitten = watchdog.bite(&self.runner("watchdog"), &stopped).await;
        assert_eq!(bitten.len(), 1);
        bitten.remove(0).1
    }

    async fn kinds(&self) -> Vec<String> {
        let records = self.journal.read(&self.rollout, 0).await;
        let records = records.expect("a journal");
        records.into_iter().map(|record| record.kind).collect()
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(future)
}

fn percent(percent: u32) -> Ratio {
    Ratio::from_percent(percent).expect("a ratio")
}

#[test]
fn what_a_dead_process_left_is_rolled_back() {
    let scene = Scene::new();
    // Its wait is over when the watchdog takes it up: the next step must not begin all the same.
    scene.dead("500ms");
    assert_eq!(scene.router.share(), percent(25));
    assert_eq!(
        block_on(scene.bite(Reflex::Revert)),
        Bitten::Reverted(Outcome::RolledBack)
    );
    assert_eq!(scene.router.share(), Ratio::ZERO);
    let kinds = block_on(scene.kinds());
    let recovered = kinds.iter().position(|kind| kind == "recovered");
    let after = &kinds[recovered.expect("it was taken up") + 1..];
    assert_eq!(after.first().map(String::as_str), Some("rollback-started"));
    assert!(!after.iter().any(|kind| kind == "phase-finished"));
}

#[test]
fn what_a_dead_process_left_is_held() {
    let scene = Scene::new();
    scene.dead("500ms");
    assert_eq!(block_on(scene.bite(Reflex::Hold)), Bitten::Held);
    assert_eq!(scene.router.share(), percent(25), "nothing went on");
    let kinds = block_on(scene.kinds());
    assert_eq!(kinds.last().map(String::as_str), Some("paused"));
}

#[test]
fn a_process_that_stopped_in_order_is_not_missed() {
    let scene = Scene::new();
    block_on(async {
        scene.start("1h").await.shutdown().await;
        let pulse = std::fs::read_to_string(scene.heart()).expect("a file");
        let pulse = Pulse::read(&pulse).expect("a pulse");
        assert!(pulse.heads.is_empty(), "{pulse:?}");
        let watchdog = scene.watchdog(Reflex::Revert);
        let clock = SystemClock::new();
        let wait = tokio::time::timeout(Duration::from_secs(2), watchdog.stopped(&clock));
        assert!(wait.await.is_err(), "it was bitten");
    });
    assert_eq!(scene.router.share(), percent(25));
}

#[test]
fn a_process_whose_heartbeat_alone_has_stopped_is_left_alone() {
    let scene = Scene::new();
    block_on(async {
        let handle = scene.start("1h").await;
        // Nothing can be written there any more.
        let beats = std::fs::read_to_string(scene.heart()).expect("a file");
        let stale = scene.folder.path().join("stale.prom");
        std::fs::write(&stale, beats).expect("a file");
        let by = PersonId::new("watchdog").expect("an id");
        let watchdog = Watchdog::new(&stale, Span::from_millis(300), Reflex::Revert, by);
        let stopped = watchdog.stopped(&SystemClock::new()).await;
        let bitten = watchdog.bite(&scene.runner("watchdog"), &stopped).await;
        assert_eq!(bitten[0].1, Bitten::Alive);
        assert_eq!(scene.router.share(), percent(25));
        handle.shutdown().await;
    });
}

#[test]
fn what_another_one_has_taken_over_is_left_alone() {
    let scene = Scene::new();
    scene.dead("1h");
    block_on(async {
        let watchdog = scene.watchdog(Reflex::Revert);
        let stopped = watchdog.stopped(&SystemClock::new()).await;
        let other = loop {
            match scene.runner("other").resume(&scene.rollout).await {
                Ok(handle) => break handle,
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        };
        let bitten = watchdog.bite(&scene.runner("watchdog"), &stopped).await;
        let by = Holder::new("other").expect("a name");
        assert_eq!(bitten[0].1, Bitten::TakenOver { by });
        other.shutdown().await;
    });
    assert_eq!(scene.router.share(), percent(25));
}

#[test]
fn a_heartbeat_that_was_never_there_is_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let path: &Path = folder.path();
    let by = PersonId::new("watchdog").expect("an id");
    let watchdog = Watchdog::new(path.join("none"), Span::from_millis(100), Reflex::Hold, by);
    block_on(async {
        let clock = SystemClock::new();
        let wait = tokio::time::timeout(Duration::from_millis(500), watchdog.stopped(&clock));
        assert!(wait.await.is_err());
    });
}
