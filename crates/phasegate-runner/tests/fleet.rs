//! What a fleet does with many rollouts, on a clock that only moves when everybody waits.
#![expect(clippy::expect_used, reason = "helpers of tests may panic")]

mod paused;
mod planned;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use phasegate_core::{Capability, Clock, PersonId, Ratio, RoleId, RolloutId, Span, TargetId};
use phasegate_driver::Creation;
use phasegate_engine::program::Program;
use phasegate_engine::record::{Body, Outcome, Record};
use phasegate_engine::{Act, Person, Sources};
use phasegate_journal::{Holder, Journal, MemoryJournal};
use phasegate_provider::{
    Call, ErrorKind, Provider, ProviderError, Receipt, Registry, Sent, Traffic, TrafficRouter,
};
use phasegate_runner::{Controller, Fleet, Runner};
use tokio::time::Instant;

use paused::Paused;
use planned::planned;

const LEASE: Span = Span::from_secs(20);

/// A router that takes a moment, remembers who wrote, and refuses stale tokens.
#[derive(Debug, Default)]
struct Router {
    held: Mutex<BTreeMap<TargetId, (Ratio, u64)>>,
    writes: Mutex<Vec<(String, u64)>>,
}

impl Provider for Router {
    fn capabilities(&self) -> BTreeSet<Capability> {
        BTreeSet::from([Capability::ReadBack, Capability::Weights])
    }
}

#[async_trait]
impl TrafficRouter for Router {
    async fn read(&self, target: &TargetId, _call: &Call) -> Result<Traffic, ProviderError> {
        let held = self.held.lock().expect("a lock");
        let canary = held.get(target).map_or(Ratio::ZERO, |held| held.0);
        let native = canary.to_string();
        Ok(Traffic { canary, native })
    }

    async fn set(
        &self,
        target: &TargetId,
        canary: Ratio,
        call: &Call,
    ) -> Result<Receipt, ProviderError> {
        tokio::time::sleep(Span::from_millis(300).to_duration()).await;
        let token = call.fencing.expect("the driver stamps the token");
        let mut held = self.held.lock().expect("a lock");
        let newest = held.get(target).map_or(0, |held| held.1);
        if token < newest {
            return Err(ProviderError::new(
                ErrorKind::Conflict,
                Sent::Answered,
                "stale",
            ));
        }
        held.insert(target.clone(), (canary, token));
        let key = call.key.as_ref().expect("a key").to_string();
        self.writes.lock().expect("a lock").push((key, token));
        Ok(Receipt::new("set"))
    }
}

/// A journal, a router and a clock that several fleets share.
struct World {
    journal: Arc<MemoryJournal>,
    router: Arc<Router>,
    clock: Arc<Paused>,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(Paused(Instant::now()));
        Self {
            journal: Arc::new(MemoryJournal::new(Arc::<Paused>::clone(&clock))),
            router: Arc::default(),
            clock,
        }
    }

    fn runner(&self, name: &str) -> Runner {
        let mut registry = Registry::new();
        let router = Arc::<Router>::clone(&self.router);
        registry
            .bind_traffic_router("edge".parse().expect("an id"), router)
            .expect("free");
        let journal = Arc::<MemoryJournal>::clone(&self.journal);
        let clock = Arc::<Paused>::clone(&self.clock);
        Runner::new(journal, Arc::new(registry), clock, holder(name)).with_lease(LEASE)
    }

    fn fleet(&self, name: &str, running_max: usize) -> Controller {
        Fleet::new(self.runner(name))
            .with_running_max(running_max)
            .start()
    }

    /// A rollout that somebody began who has died since, or who has given it back.
    async fn plant(&self, shop: &str, first: &str, dead: bool) -> RolloutId {
        let (program, sources) = program(shop, first);
        let rollout: RolloutId = shop.parse().expect("an id");
        let by: PersonId = "author".parse().expect("an id");
        let creation = Creation::new(rollout.clone(), program, sources, by, self.clock.now());
        let creation = creation.expect("a creation");
        let (claims, batch) = (creation.claims().to_vec(), creation.batch());
        let made = self
            .journal
            .create(&rollout, &holder("first"), LEASE, &claims, batch)
            .await;
        let (lease, _) = made.expect("a rollout");
        if !dead {
            self.journal.release(&lease).await.expect("a release");
        }
        rollout
    }

    async fn bodies(&self, rollout: &RolloutId) -> Vec<Body> {
        let records = self.journal.read(rollout, 0).await.expect("records");
        let decode = |r: &phasegate_journal::Record| Record::decode(&r.kind, &r.payload);
        let bodies = records.iter().map(|r| decode(r).expect("a record").body);
        bodies.collect()
    }

    async fn is_complete(&self, rollout: &RolloutId) -> bool {
        let found = self.journal.summary(rollout).await.expect("a rollout");
        if !found.finished {
            return false;
        }
        let last = self.bodies(rollout).await.pop();
        matches!(
            last,
            Some(Body::Finished {
                outcome: Outcome::Completed
            })
        )
    }

    async fn wait_until_complete(&self, rollouts: &[RolloutId], within: Span) {
        let start = Instant::now();
        for rollout in rollouts {
            while !self.is_complete(rollout).await {
                assert!(
                    start.elapsed() < within.to_duration(),
                    "{rollout} did not end"
                );
                tokio::time::sleep(Span::from_millis(100).to_duration()).await;
            }
        }
    }
}

fn holder(name: &str) -> Holder {
    name.parse().expect("a name")
}

/// A plan that begins with `first` and then shifts traffic twice.
fn program(shop: &str, first: &str) -> (Program, Sources) {
    let plan = format!(
        "format: phasegate-plan/1
id: {shop}
title: A wave over {shop}
roles:
  - {{id: operator, members: [olga]}}
evaluation: {{every: 500ms}}
phases:
  - id: ramp
    title: Ramp
    steps:
      - {{id: first, {first}}}
      - {{id: one, traffic: {{binding: edge, target: {shop}, stages: [1%]}}}}
      - {{id: rest, wait: 1s}}
      - {{id: all, traffic: {{binding: edge, target: {shop}, stages: [100%]}}}}
    rollback:
      steps:
        - {{id: off, budget: 10s, traffic: {{binding: edge, target: {shop}, stages: [0%]}}}}
"
    );
    let bindings = "format: phasegate-bindings/1
bindings:
  edge: {adapter: test, roles: [traffic-router], capabilities: [weights, read-back]}
";
    let (program, sources, _) = planned(&plan, bindings);
    (program, sources)
}

#[tokio::test(start_paused = true)]
async fn two_controllers_carry_out_everything_and_share_the_work() {
    let world = World::new();
    let mut rollouts = Vec::new();
    for n in 0..10 {
        rollouts.push(world.plant(&format!("shop-{n}"), "wait: 2s", false).await);
    }
    let (a, b) = (world.fleet("a", 3), world.fleet("b", 3));
    world
        .wait_until_complete(&rollouts, Span::from_secs(300))
        .await;
    // Each token stands for one claim, so both have claimed.
    a.shutdown().await;
    b.shutdown().await;
    let writes = world.router.writes.lock().expect("a lock");
    let keys: BTreeSet<&str> = writes.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!((keys.len(), writes.len()), (20, 20), "each effect once");
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_controller_had_is_taken_over_when_its_lease_ends() {
    let world = World::new();
    let rollout = world.plant("shop", "wait: 1s", true).await;
    let start = Instant::now();
    let controller = world.fleet("a", 8);
    let mut view = controller.view();
    let found = view.wait_for(|view| view.running.contains_key(&rollout));
    found.await.expect("a controller that works");
    let after = Span::from(start.elapsed());
    assert!(after >= LEASE, "taken from the living after {after}");
    assert!(
        after <= LEASE.saturating_add(Span::from_secs(1)),
        "only after {after}"
    );
    world
        .wait_until_complete(&[rollout], Span::from_secs(60))
        .await;
    controller.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_only_waits_is_put_away_and_taken_up_in_time() {
    let world = World::new();
    let rollout = world.plant("shop", "wait: 3h", false).await;
    let controller = world.fleet("a", 8);
    let mut view = controller.view();
    let put_away = view.wait_for(|view| view.running.is_empty() && view.waiting == 1);
    put_away.await.expect("a controller that works");
    let found = world.journal.summary(&rollout).await.expect("a rollout");
    assert_eq!(found.holder, None, "nobody holds it meanwhile");
    let wake = found.wake_at.expect("a moment");
    let left = wake.since(world.clock.now().wall);
    assert!(
        left > Span::from_secs(10_700) && left <= Span::from_secs(10_800),
        "{left}"
    );

    // A person's act takes it up before its time; it is put away again.
    let olga = Person {
        id: "olga".parse().expect("an id"),
        roles: vec![RoleId::new("operator").expect("an id")],
    };
    let done = controller
        .operate(rollout.clone(), olga, "a look".to_owned(), Act::Pause)
        .await;
    let seq = done.expect("an act");
    assert!(world.journal.head(&rollout).await.expect("a head").next_seq >= seq);
    let olga = Person {
        id: "olga".parse().expect("an id"),
        roles: vec![RoleId::new("operator").expect("an id")],
    };
    let again = controller.operate(rollout.clone(), olga, "go on".to_owned(), Act::Resume);
    again.await.expect("an act");
    world
        .wait_until_complete(std::slice::from_ref(&rollout), Span::from_secs(11_000))
        .await;
    let waited = world.clock.now().since_boot;
    assert!(waited >= Span::from_secs(10_800), "it ended after {waited}");
    controller.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn what_another_controller_has_ended_is_forgotten_before_it_would_have_been_due() {
    let world = World::new();
    let rollout = world.plant("shop", "wait: 3h", false).await;
    let a = world.fleet("a", 8);
    let mut view = a.view();
    let put_away = view.wait_for(|view| view.running.is_empty() && view.waiting == 1);
    put_away.await.expect("a controller that works");
    let b = world.fleet("b", 8);
    let mut view = b.view();
    let known = view.wait_for(|view| view.waiting == 1);
    known.await.expect("a controller that works");
    tokio::time::sleep(Span::from_secs(600).to_duration()).await;
    let olga = Person {
        id: "olga".parse().expect("an id"),
        roles: vec![RoleId::new("operator").expect("an id")],
    };
    let abort = a.operate(rollout.clone(), olga, "no more".to_owned(), Act::Abort);
    abort.await.expect("an act");
    while !world.journal.summary(&rollout).await.expect("it").finished {
        tokio::time::sleep(Span::from_secs(1).to_duration()).await;
    }
    // What is due in hours is not asked for again and again.
    tokio::time::sleep(Span::from_secs(600).to_duration()).await;
    assert_eq!(b.view().borrow().waiting, 1);
    let until_due = Span::from_secs(10_800).saturating_sub(world.clock.now().since_boot);
    let a_moment_before = until_due.saturating_sub(Span::from_secs(2));
    tokio::time::sleep(a_moment_before.to_duration()).await;
    assert_eq!(b.view().borrow().waiting, 0);
    a.shutdown().await;
    b.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_under_load_hands_over_without_a_doubt() {
    let world = World::new();
    let mut rollouts = Vec::new();
    for n in 0..12 {
        rollouts.push(
            world
                .plant(&format!("shop-{n}"), "wait: 100ms", false)
                .await,
        );
    }
    // Stopped at another moment each time, mostly with effects under way.
    for round in 0..6 {
        let controller = world.fleet(&format!("c{round}"), 64);
        tokio::time::sleep(Span::from_millis(250 + 70 * round).to_duration()).await;
        controller.shutdown().await;
        for rollout in &rollouts {
            let found = world.journal.summary(rollout).await.expect("a rollout");
            assert_eq!(found.holder, None, "{rollout} was given back");
        }
    }
    let last = world.fleet("last", 64);
    world
        .wait_until_complete(&rollouts, Span::from_secs(120))
        .await;
    last.shutdown().await;
    let mut hand_overs = 0;
    for rollout in &rollouts {
        for body in world.bodies(rollout).await {
            if let Body::Recovered { in_doubt } = body {
                hand_overs += 1;
                assert!(in_doubt.is_empty(), "{rollout}: {in_doubt:?} in doubt");
            } else if let Body::Repeated { effect, .. } = body {
                panic!("{rollout}: {effect} was repeated");
            }
        }
    }
    assert!(hand_overs > 20, "{hand_overs}");
}

#[tokio::test(start_paused = true)]
async fn what_is_handed_over_in_the_middle_of_its_work_goes_on_at_once() {
    let world = World::new();
    let rollout = world.plant("shop", "wait: 1s", false).await;
    let a = world.fleet("a", 8);
    let intended = |body: &Body| matches!(body, Body::Intended { .. });
    while !world.bodies(&rollout).await.iter().any(intended) {
        tokio::time::sleep(Span::from_millis(20).to_duration()).await;
    }
    // The router is still at it: its answer comes when nothing new is decided any more.
    a.shutdown().await;
    let found = world.journal.summary(&rollout).await.expect("a rollout");
    assert!(found.wake_at <= Some(world.clock.now().wall), "{found:?}");
    let b = world.fleet("b", 8);
    world
        .wait_until_complete(&[rollout], Span::from_secs(20))
        .await;
    b.shutdown().await;
}
