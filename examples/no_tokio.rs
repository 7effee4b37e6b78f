//! Question: does phasegate need tokio? No: this drives a rollout with threads and channels only.
//!
//! The driver says what it wants; here each wish is done on a thread of its own and the answer comes
//! back over a channel. The runner crate does the same with tokio tasks.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use phasegate::core::{
    Absence, BootId, Clock, Desired, EffectOutcome, Measurement, Now, Observed, PersonId, Ratio,
    Reading, RolloutId, Span, Standing, TargetId, Timestamp, Wants,
};
use phasegate::driver::{Creation, Driver, Input, Request, Stop};
use phasegate::engine::record::Outcome;
use phasegate::engine::{Sources, Start, compile};
use phasegate::journal::{Holder, Journal, MemoryJournal};
use phasegate::plan::{Catalog, PlanDocument, check};

const BINDINGS: &str = "
format: phasegate-bindings/1
bindings:
  edge: {adapter: threads, roles: [traffic-router], capabilities: [weights, read-back]}
  metrics: {adapter: threads, roles: [metric-source], capabilities: [measure-share, measure-per-arm]}
";

const PLAN: &str = "
format: phasegate-plan/1
id: threads
title: A rollout on threads
kpis:
  - {id: errors, shape: ratio, unit: '%', source: metrics, query: {canary: errors, stable: errors}}
evaluation: {every: 100ms}
phases:
  - id: canary
    title: Canary
    steps:
      - id: ramp
        traffic:
          binding: edge
          target: shop
          stages:
            - {weight: 10%, bake: 300ms, criteria: [ratio(errors) < 1%]}
            - {weight: 100%, bake: 300ms, criteria: [ratio(errors) < 1%]}
    rollback:
      steps:
        - {id: back, budget: 1s, traffic: {binding: edge, target: shop, stages: [0%]}}
";

/// The system's clocks, read with the standard library alone.
#[derive(Debug)]
struct StdClock(Instant);

impl Clock for StdClock {
    fn now(&self) -> Now {
        let wall = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Now {
            wall: Timestamp::EPOCH + Span::from(wall),
            boot: BootId(std::process::id().into()),
            since_boot: Span::from(self.0.elapsed()),
        }
    }
}

/// Everything outside: routes and their weights.
type World = Arc<Mutex<BTreeMap<TargetId, Ratio>>>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let catalog = Catalog::read("bindings.yaml", BINDINGS.as_bytes())
        .catalog
        .ok_or("bindings")?;
    let checked = check(
        &PlanDocument::read("plan.yaml", PLAN.as_bytes()),
        Some(&catalog),
    );
    let plan = checked.plan.ok_or_else(|| checked.faults.render())?;
    let by: PersonId = "ana".parse()?;
    let program = compile(&plan, &catalog, &Start::new(by.clone()))?;

    let clock = Arc::new(StdClock(Instant::now()));
    let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new(clock.clone()));
    let (rollout, holder, ttl) = (
        "r1".parse::<RolloutId>()?,
        "me".parse::<Holder>()?,
        Span::from_secs(30),
    );
    let sources = Sources::of(&plan, &catalog);
    let creation = Creation::new(rollout.clone(), program, sources, by, clock.now())?;
    let create = journal.create(&rollout, &holder, ttl, creation.claims(), creation.batch());
    let (lease, head) = pollster::block_on(create)?;
    let mut driver = creation.created(lease, head, ttl);

    let (world, (answers, inbox)) = (World::default(), channel());
    let outcome = drive(&mut driver, &clock, &journal, &world, &answers, &inbox)?;
    let weight = world
        .lock()
        .expect("no thread broke")
        .get(&"shop".parse()?)
        .copied();
    println!(
        "the rollout ended: {outcome:?}, weight {}",
        weight.unwrap_or_default()
    );
    assert_eq!((outcome, weight), (Outcome::Completed, Some(Ratio::ONE)));
    Ok(())
}

fn drive(
    driver: &mut Driver,
    clock: &StdClock,
    journal: &Arc<dyn Journal>,
    world: &World,
    answers: &Sender<Input>,
    inbox: &Receiver<Input>,
) -> Result<Outcome, Box<dyn std::error::Error>> {
    loop {
        while let Some(request) = driver.poll() {
            match request {
                Request::Stop(Stop::Finished(outcome)) => return Ok(outcome),
                Request::Stop(other) => return Err(format!("{other:?}").into()),
                Request::Rebuild => return Err("the memory journal never loses an answer".into()),
                request => {
                    let (journal, lease) = (journal.clone(), driver.lease().clone());
                    let (world, answers) = (world.clone(), answers.clone());
                    std::thread::spawn(move || {
                        let input = serve(request, &*journal, &lease, &world);
                        // The main thread may have finished.
                        let _gone = answers.send(input);
                    });
                }
            }
        }
        let due = driver.poll_timeout().map_or(Duration::from_secs(1), |due| {
            due.since(clock.now().wall).to_duration()
        });
        match inbox.recv_timeout(due) {
            Ok(input) => driver.handle(&clock.now(), input),
            Err(RecvTimeoutError::Timeout) => driver.handle_timeout(&clock.now()),
            Err(RecvTimeoutError::Disconnected) => return Err("nobody answers".into()),
        }
    }
}

/// Does what the driver wants, on whatever thread this is.
fn serve(
    request: Request,
    journal: &dyn Journal,
    lease: &phasegate::journal::Lease,
    world: &World,
) -> Input {
    match request {
        Request::Append {
            expected_next_seq,
            batch,
        } => Input::Appended(pollster::block_on(journal.append(
            lease,
            expected_next_seq,
            batch,
        ))),
        Request::Renew { ttl } => Input::Renewed(pollster::block_on(journal.renew(lease, ttl))),
        Request::Perform { effect, .. } => {
            if let Desired::Traffic { target, canary } = &effect.desired {
                println!("{} -> {canary}", effect.desired);
                world
                    .lock()
                    .expect("no thread broke")
                    .insert(target.clone(), *canary);
            }
            let outcome = EffectOutcome::Applied {
                evidence: "set".to_owned(),
            };
            Input::Performed {
                number: effect.number,
                outcome,
            }
        }
        Request::Inspect(inspection) => {
            let target = inspection.desired.target().cloned();
            let found = target.map(|target| {
                let canary = world.lock().expect("no thread broke").get(&target).copied();
                Desired::Traffic {
                    target,
                    canary: canary.unwrap_or_default(),
                }
            });
            let standing = match &found {
                Some(found) if *found == inspection.desired => Standing::AsDesired,
                Some(found) if Some(found) == inspection.before.as_ref() => Standing::AsBefore,
                Some(_) => Standing::Resting,
                None => Standing::Unknown,
            };
            Input::Inspected {
                number: inspection.number,
                reading: Some(Reading {
                    found,
                    standing,
                    unread: None,
                }),
            }
        }
        Request::Measure { ticket, query } => {
            let answer = match query.wants {
                Wants::Share => Ok(Measurement {
                    window: query.window,
                    samples: 1000,
                    observed: Observed::Share {
                        matching: 2,
                        total: 1000,
                    },
                }),
                _ => Err(Absence::NoData),
            };
            Input::Measured { ticket, answer }
        }
        Request::Rebuild | Request::Stop(_) => unreachable!("the loop has these"),
    }
}
