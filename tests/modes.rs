//! What goes on in which mode: each cell of the table in the engine's documentation, tried.
//!
//! A plan with a bake of an hour, a gate that nobody answers within the hour and three triggers is brought
//! into each mode after ten minutes, and out of it after ninety. What happened in between, and right after,
//! is compared with the table, which is read from the documentation itself.

use phasegate_core::{Clock as _, Decimal, Desired, Ratio, Span, Timestamp};
use phasegate_engine::program::{Back, Freeze};
use phasegate_engine::record::Body;
use phasegate_engine::{Act, Person};
use phasegate_testkit::simulation::{Kill, Setup, Simulation};
use phasegate_testkit::world::{Metric, World};
use phasegate_tests::{at, errors, person, program, root};

const MODES: [&str; 6] = [
    "running",
    "paused",
    "frozen",
    "held",
    "rolling back",
    "down",
];

fn olga() -> Person {
    person("olga", "operator")
}

fn gauge(value: u64) -> Metric {
    Metric::Scalar {
        value: Decimal::from(value),
    }
}

/// A rollout that is run until a moment, whatever it waits for.
struct Run {
    simulation: Simulation,
}

impl Run {
    fn until(&mut self, minutes: u64) {
        let span = at(minutes).since(self.simulation.clock.now().wall);
        self.simulation.run(span).expect("no defect");
        self.simulation.clock.advance_to(at(minutes));
    }

    fn set(&mut self, kpi: &str, metric: Metric) {
        let kpi = kpi.parse().expect("an id");
        self.simulation.world.metrics.insert(kpi, metric);
    }

    /// Did the journal take that in while the mode lasted?
    fn recorded(&self, what: impl Fn(&Body) -> bool) -> bool {
        let records = self.simulation.records().expect("a whole journal");
        let during = |at_: Timestamp| at_ > at(13) && at_ < at(89);
        records
            .iter()
            .any(|record| during(record.at()) && what(&record.body))
    }

    fn is_at_full_weight(&self) -> bool {
        let full = |desired: &Desired| matches!(desired, Desired::Traffic { canary, .. } if *canary == Ratio::ONE);
        let applied = &self.simulation.state().expect("it runs").applied;
        applied.values().any(|applied| full(&applied.desired))
    }

    fn back(&self) -> Option<Back> {
        let rollback = self.simulation.state()?.rollback.as_ref()?;
        Some(rollback.back.clone())
    }
}

/// The rollout ten minutes in, in that mode; `acts` of olga follow.
fn enter(mode: &str, acts: &[(u64, Act)]) -> Run {
    let mut world = World::default();
    for (kpi, metric) in [
        ("errors", errors("0.1%")),
        ("queue", gauge(5)),
        ("backlog", gauge(5)),
    ] {
        world.metrics.insert(kpi.parse().expect("an id"), metric);
    }
    let mut program = program("modes", Some(Span::from_secs(30)));
    if mode == "frozen" {
        program.freezes.push(Freeze {
            title: "Closing of the books".to_owned(),
            from: at(10),
            until: at(90),
        });
    }
    let mut setup = Setup::new(program.clone(), world, at(0));
    let act = |(minutes, act): &(u64, Act)| (at(*minutes), olga(), act.clone());
    setup.acts.extend(acts.iter().map(act));
    match mode {
        "paused" => setup
            .acts
            .extend([(10, Act::Pause), (90, Act::Resume)].iter().map(act)),
        "held" => setup.acts.push(act(&(90, Act::Release))),
        "down" => {
            let plain = Setup::new(
                program,
                World {
                    metrics: setup.world.metrics.clone(),
                    ..World::default()
                },
                at(0),
            );
            let mut plain = Run {
                simulation: Simulation::new(plain).expect("a rollout"),
            };
            plain.until(10);
            let next = plain.simulation.crash_points().len() as u64;
            // Something is recorded every half minute, so it dies at once.
            setup.kills.push(Kill {
                at: next,
                down_millis: 79 * 60_000,
                reboot: false,
            });
        }
        _ => {}
    }
    let mut run = Run {
        simulation: Simulation::new(setup).expect("a rollout"),
    };
    match mode {
        "held" => {
            run.until(8);
            run.set("queue", gauge(95));
        }
        "rolling back" => {
            run.until(8);
            run.set("backlog", gauge(95));
        }
        _ => {}
    }
    run.until(11);
    let state = run.simulation.state();
    let is_in = match mode {
        "held" => state.is_some_and(|state| !state.holds.is_empty()),
        "paused" => state.is_some_and(|state| state.paused),
        "rolling back" => state.is_some_and(|state| state.is_rolling_back()),
        _ => true,
    };
    assert!(is_in, "not {mode} after eleven minutes");
    run.set("queue", gauge(5));
    run
}

/// What is seen of a mode, in the words of the table.
fn row(mode: &str) -> [String; 6] {
    let yes_no = |is: bool| if is { "yes" } else { "no" };
    let run_stand = |is: bool| if is { "run" } else { "stand" };

    let mut quiet = enter(mode, &[]);
    quiet.until(90);
    let forward = quiet.is_at_full_weight();
    let evaluate = quiet.recorded(|body| matches!(body, Body::Evaluated { .. }));
    let decided = quiet.simulation.records().expect("a whole journal");
    let decided = decided
        .iter()
        .find(|record| matches!(record.body, Body::GateDecided { .. }));
    // The gate is asked after a minute and waits for an hour; nobody can act while all are down.
    let latest = if mode == "down" { 90 } else { 63 };
    let patience = decided.is_some_and(|record| record.at() <= at(latest));
    quiet.until(93);
    let evidence = quiet.is_at_full_weight();

    let mut bad = enter(mode, &[]);
    let before = bad.back();
    bad.until(12);
    bad.set("errors", errors("20%"));
    bad.until(60);
    let after = bad.back();
    bad.until(80);
    bad.set("errors", errors("0.1%"));
    bad.until(90);
    let fired = bad.recorded(|body| matches!(body, Body::RollbackStarted { .. }));
    let triggers = match (before, after) {
        (Some(Back::Previous), Some(Back::Start)) if fired => "stronger",
        _ => yes_no(fired),
    };

    let mut aborted = enter(mode, &[(20, Act::Abort)]);
    let was_on = aborted.back().is_some();
    aborted.until(90);
    let goes_back = aborted.recorded(|body| matches!(body, Body::RollbackStarted { .. }));
    let rollback = if was_on { "is on" } else { yes_no(goes_back) };
    [
        yes_no(forward),
        yes_no(evaluate),
        triggers,
        run_stand(evidence),
        run_stand(patience),
        rollback,
    ]
    .map(str::to_owned)
}

/// The rows of the table in the engine's documentation.
fn documented() -> Vec<(String, [String; 6])> {
    let path = root().join("crates/phasegate-engine/src/decide/mod.rs");
    let text = std::fs::read_to_string(path).expect("the engine's documentation");
    let mut rows = Vec::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("//! |")) {
        let mut cells = line.split('|').map(|cell| cell.trim().to_owned());
        let mode = cells.next().unwrap_or_default();
        if MODES.contains(&&*mode) {
            let cells: Vec<String> = cells.take(6).collect();
            rows.push((mode, cells.try_into().expect("six cells")));
        }
    }
    rows
}

#[test]
fn each_cell_of_the_table_of_modes_is_so() {
    let documented = documented();
    let modes: Vec<&str> = documented.iter().map(|(mode, _)| &**mode).collect();
    assert_eq!(modes, MODES);
    let seen: Vec<_> = MODES
        .iter()
        .map(|mode| ((*mode).to_owned(), row(mode)))
        .collect();
    assert_eq!(seen, documented);
}
