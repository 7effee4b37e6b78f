//! Question: how long does a backtest of a month take, with 20 KPIs of a sample every 15 seconds?
//!
//! A table of 172,800 rows is read, and a plan whose bake lasts the month is carried out over it: at each of as many
//! looks all 20 KPIs are asked and judged, by a criterion each. Prints reading and running beside the goal.
//!
//!     cargo bench -p phasegate-benches --bench backtest

use std::fmt::Write as _;
use std::time::Instant;

use phasegate_backtest::{Options, Recorded, Recording, backtest, read_csv};
use phasegate_core::{Span, Timestamp};
use phasegate_engine::program::Program;
use phasegate_engine::record::Outcome;
use phasegate_engine::{Start, compile};
use phasegate_plan::{Catalog, PlanDocument, check};

/// A month may take so many seconds.
const GOAL: f64 = 10.0;
const KPIS: usize = 20;

const BINDINGS: &str = "
format: phasegate-bindings/1
bindings:
  edge: {adapter: recorded, roles: [traffic-router], capabilities: [weights, read-back]}
  metrics: {adapter: recorded, roles: [metric-source], capabilities: [measure-scalar]}
";

fn program(days: u64) -> Program {
    let mut text = String::from("format: phasegate-plan/1\nid: month\ntitle: A month\nkpis:\n");
    for n in 0..KPIS {
        let source = "shape: gauge, direction: lower, window: 5m, source: metrics";
        writeln!(text, "  - {{id: k{n}, {source}, query: {{whole: k{n}}}}}").unwrap();
    }
    text += "evaluation: {every: 15s, settle: 0s}\nphases:\n  - id: canary\n    title: Canary\n    steps:\n";
    let stage = format!("stages: [{{weight: 10%, bake: {days}d}}]");
    writeln!(
        text,
        "      - {{id: ramp, traffic: {{binding: edge, target: shop, {stage}}}}}"
    )
    .unwrap();
    text += "    criteria:\n";
    for n in 0..KPIS {
        writeln!(text, "      - k{n} < 80").unwrap();
    }
    text += "    rollback:\n      steps: [{id: none, budget: 2m, traffic: {binding: edge, target: shop, stages: [0%]}}]\n";
    let bindings = Catalog::read("bindings.yaml", BINDINGS.as_bytes());
    let catalog = bindings
        .catalog
        .unwrap_or_else(|| panic!("{}", bindings.faults.render()));
    let document = PlanDocument::read("month.yaml", text.as_bytes());
    let checked = check(&document, Some(&catalog));
    let plan = checked
        .plan
        .unwrap_or_else(|| panic!("{}", checked.faults.render()));
    compile(&plan, &catalog, &Start::new("author".parse().unwrap())).unwrap()
}

/// One row each 15 seconds, all values between 0 and 60.
fn table(start: Timestamp, days: u64) -> String {
    let mut text = String::from("time");
    for n in 0..KPIS {
        write!(text, ",k{n}").unwrap();
    }
    let (first, mut chance) = (start.as_unix_millis() / 1000, 1_u64);
    // A little longer than the bake.
    for row in 0..i64::try_from(days * 5760 + 240).unwrap() {
        write!(text, "\n{}", first + 15 * row).unwrap();
        for _ in 0..KPIS {
            chance = chance
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            write!(text, ",{}.{}", (chance >> 33) % 60, (chance >> 50) % 10).unwrap();
        }
    }
    text
}

fn main() {
    // `cargo test --benches` does a day.
    let days = if std::env::args().any(|argument| argument == "--bench") {
        30
    } else {
        1
    };
    let start: Timestamp = "2026-09-07T09:00:00Z".parse().unwrap();
    let (program, table) = (program(days), table(start, days));
    let began = Instant::now();
    let series = read_csv(&table).unwrap();
    let read = began.elapsed().as_secs_f64();
    let mut recording = Recording::new();
    for (name, series) in series {
        recording = recording.with(name, None, Recorded::Gauge(series));
    }
    let until = start + Span::from_secs((days * 24 + 1) * 3600);
    let began = Instant::now();
    let done = backtest(&program, &recording, &Options::new(start, until)).unwrap();
    let ran = began.elapsed().as_secs_f64();
    assert_eq!(done.false_alarms(), 0, "{:?}", done.alarms);
    assert_eq!(done.ends.first().map(|end| end.1), Some(Outcome::Completed));
    assert!(done.looks >= days * 5760, "{}", done.looks);
    println!(
        "{days} days of {KPIS} KPIs, a sample every 15 s: read in {read:.2} s ({} MB), carried out in {ran:.2} s: {} looks, \
         {:.2} us each; {:.2} of the goal of {GOAL} s",
        table.len() / 1_000_000,
        done.looks,
        ran * 1e6 / done.looks as f64,
        (read + ran) / GOAL
    );
    assert!(read + ran < GOAL, "the goal is missed");
}
