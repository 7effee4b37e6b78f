//! The demonstration: two weeks of a good version, two days of a bad one, and a plan with confidence and without: false
//! alarms, time to detect, and who met the bad version until then. Then the same for other shares and bakes.

use std::error::Error;
use std::fmt::Write as _;

use phasegate::backtest::{
    Options, Recorded, Recording, Traffic, alarms, backtest, comparison, ramp_of, read_csv,
    read_openmetrics, what_if, without_confidence,
};
use phasegate::core::{Arm, Ratio, Span, Timestamp};
use phasegate::engine::program::Program;
use phasegate::engine::{Start, compile};
use phasegate_examples::say;
use phasegate_plan::{Catalog, PlanDocument, check};

const PLAN: &str = "
format: phasegate-plan/1
id: shop
title: A new shop
roles: [{id: lead, title: Lead, members: [ann]}]
kpis:
  - id: errors
    title: Errors
    shape: ratio
    unit: '%'
    direction: lower
    source: metrics
    query: {canary: errors, stable: errors}
    window: 5m
evaluation: {every: 1m, settle: 30s}
phases:
  - id: canary
    title: Canary
    steps:
      - id: ramp
        traffic:
          binding: edge
          target: shop
          stages: [{weight: 5%, bake: 4h}, {weight: 25%, bake: 4h}, {weight: 50%, bake: 4h}]
    rollback:
      target: start
      limit: 5m
      steps: [{id: none, traffic: {binding: edge, target: shop, stages: [0%]}}]
triggers:
  - id: worse
    title: The new version fails more often than the old
    criterion: ratio(errors) > 1.5% confidence 99%
    severity: critical
    respond: [{rollback: start}]
";

const BINDINGS: &str = "
format: phasegate-bindings/1
bindings:
  metrics: {adapter: prometheus, roles: [metric-source], capabilities: [measure-share, measure-per-arm]}
  edge: {adapter: haproxy, roles: [traffic-router], capabilities: [weights, read-back]}
";

const START: i64 = 1_757_322_000;
const STEP: i64 = 15;
/// Requests of both versions in a step.
const REQUESTS: u64 = 300;

pub(super) fn run() -> Result<(), Box<dyn Error>> {
    let program = program()?;
    let literal = without_confidence(&program);
    // Two formats, as they come from two systems.
    let (good, until) = recording(14 * 5_760, None, Format::OpenMetrics)?;
    let start = Timestamp::from_unix_millis(START * 1000);
    let clean = Options::new(start, until).going_on();
    let quiet = backtest(&program, &good, &clean)?;
    let loud = backtest(&literal, &good, &clean)?;
    say::line(format_args!("Two weeks in which nothing was bad:\n"));
    let rows = [("with confidence", &quiet), ("without", &loud)];
    say::line(format_args!("{}", comparison(&rows)));

    let bad_from = start + Span::from_secs(2 * 3600);
    let (bad, until) = recording(2 * 5_760, Some(480), Format::Csv)?;
    let traffic = Traffic {
        requests: all_requests(2 * 5_760)?,
        users: 100_000,
    };
    let options = Options::new(start, until)
        .bad_from(bad_from)
        .going_on()
        .with_traffic(traffic);
    let found = backtest(&program, &bad, &options)?;
    let found_literally = backtest(&literal, &bad, &options)?;
    say::line(format_args!(
        "One error in twenty-five from the second hour on:\n"
    ));
    let rows = [("with confidence", &found), ("without", &found_literally)];
    say::line(format_args!("{}", comparison(&rows)));
    say::line(format_args!("{}", alarms(&found)));
    super::over_time(&found);

    let phase = "canary".parse()?;
    let as_it_is = ramp_of(&program, &phase).ok_or("no ramp")?;
    let (hour, percent) = (Span::from_secs(3600), Ratio::from_percent);
    let ramps = [
        as_it_is,
        vec![
            (percent(1)?, hour),
            (percent(10)?, hour),
            (percent(50)?, hour),
        ],
        vec![(percent(50)?, hour.saturating_mul(3))],
    ];
    let tried = what_if(&program, &phase, &ramps, (&good, &clean), (&bad, &options))?;
    say::line(format_args!(
        "With other shares and bakes, each bad from its first share on:\n"
    ));
    for one in &tried {
        say::line(format_args!("  {}", super::tried(one)));
    }
    assert_eq!(quiet.false_alarms(), 0);
    assert!(loud.false_alarms() > 0, "thin numbers cry wolf");
    assert!(found.detection().is_some() && found.exposed.requests > 0);
    // A larger share is found out with more requests behind it, and sooner.
    let after = |index: usize| {
        tried
            .get(index)
            .and_then(|one| one.bad.as_ref()?.time_to_detect())
    };
    assert!(after(2) < after(0), "{:?} {:?}", after(2), after(0));
    Ok(())
}

fn program() -> Result<Program, Box<dyn Error>> {
    let bindings = Catalog::read("bindings.yaml", BINDINGS.as_bytes());
    let catalog = bindings.catalog.ok_or(bindings.faults.render())?;
    let checked = check(
        &PlanDocument::read("plan.yaml", PLAN.as_bytes()),
        Some(&catalog),
    );
    let plan = checked.plan.ok_or(checked.faults.render())?;
    Ok(compile(&plan, &catalog, &Start::new("ann".parse()?))?)
}

enum Format {
    Csv,
    OpenMetrics,
}

/// What was recorded while half of the traffic went to each version: one request in a hundred fails, and of the new
/// version one in twenty-five from a step on. And the end of it.
fn recording(
    steps: i64,
    bad_from: Option<i64>,
    format: Format,
) -> Result<(Recording, Timestamp), Box<dyn Error>> {
    let mut text = match format {
        Format::Csv => "time,failed new,failed old,new,old\n".to_owned(),
        Format::OpenMetrics => String::new(),
    };
    let (mut failed, mut chance) = ([0_u64; 2], 7_u64);
    for step in 0..steps {
        let is_bad = bad_from.is_some_and(|from| step >= from);
        for (arm, failed) in failed.iter_mut().enumerate() {
            let of_a_thousand = if arm == 0 && is_bad { 40 } else { 10 };
            for _ in 0..REQUESTS / 2 {
                chance = chance
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                *failed += u64::from((chance >> 33) % 1000 < of_a_thousand);
            }
        }
        let at = START + STEP * step;
        let all = REQUESTS / 2 * u64::try_from(step + 1)?;
        let [new, old] = failed;
        match format {
            Format::Csv => writeln!(text, "{at},{new},{old},{all},{all}")?,
            Format::OpenMetrics => {
                for (version, failed) in [("new", new), ("old", old)] {
                    writeln!(text, "failed_total{{version=\"{version}\"}} {failed} {at}")?;
                    writeln!(text, "requests_total{{version=\"{version}\"}} {all} {at}")?;
                }
            }
        }
    }
    let series = match format {
        Format::Csv => read_csv(&text)?,
        Format::OpenMetrics => read_openmetrics(&text)?,
    };
    let share = |matching: &str, total: &str| -> Result<Recorded, String> {
        let of = |name: &str| series.get(name).cloned().ok_or(format!("no {name}"));
        Ok(Recorded::Share {
            matching: of(matching)?,
            total: of(total)?,
        })
    };
    let (new, old) = match format {
        Format::Csv => (share("failed new", "new")?, share("failed old", "old")?),
        Format::OpenMetrics => {
            let one = |version: &str| {
                let of = |name: &str| format!("{name}_total{{version=\"{version}\"}}");
                share(&of("failed"), &of("requests"))
            };
            (one("new")?, one("old")?)
        }
    };
    let recording = Recording::new()
        .with("errors", Some(Arm::Canary), new)
        .with("errors", Some(Arm::Stable), old)
        .with_canary_share(Ratio::from_percent(50)?);
    let (_, end) = recording.range().ok_or("nothing was recorded")?;
    Ok((recording, end))
}

fn all_requests(steps: i64) -> Result<phasegate::backtest::Series, Box<dyn Error>> {
    let point = |step: i64| -> Result<_, std::num::TryFromIntError> {
        let all = u32::try_from(step + 1)? * u32::try_from(REQUESTS)?;
        Ok((
            Timestamp::from_unix_millis((START + STEP * step) * 1000),
            f64::from(all),
        ))
    };
    let points: Result<Vec<_>, _> = (0..steps).map(point).collect();
    Ok(phasegate::backtest::Series::new(points?))
}
