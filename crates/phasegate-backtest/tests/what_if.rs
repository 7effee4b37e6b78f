//! Other shares and bakes: each meets the fault with the first share of its own phase, whatever comes before it.
#![expect(
    clippy::expect_used,
    reason = "what cannot be built must stop the test"
)]

mod support;

use phasegate_backtest::{BacktestError, WhatIf, what_if};
use phasegate_core::{PhaseId, Ratio, Span};
use phasegate_engine::program::Program;

use support::{BACK, at, for_hours, load, program, program_of, traffic, worse_from};

const BAD: i64 = 3600;

fn rungs(rungs: &[(u32, u64)]) -> Vec<(Ratio, Span)> {
    let rung = |(share, minutes): &(u32, u64)| {
        let share = Ratio::from_percent(*share).expect("a share");
        (share, Span::from_secs(60 * minutes))
    };
    rungs.iter().map(rung).collect()
}

/// These ramps of a phase, with a load that is high from the first share on.
fn tried(program: &Program, phase: &str, ramps: &[&[(u32, u64)]]) -> Vec<WhatIf> {
    let phase: PhaseId = phase.parse().expect("an id");
    let (good, worse) = (load(4 * 3600, |_| Some(20.0)), worse_from(BAD, 4));
    let clean = for_hours(4).with_traffic(traffic(4));
    let options = clean.clone().bad_from(at(BAD));
    let ramps: Vec<_> = ramps.iter().map(|ramp| rungs(ramp)).collect();
    what_if(program, &phase, &ramps, (&good, &clean), (&worse, &options)).expect("no defect")
}

/// When it is found out, from the first share on, and how many requests met it, of a hundred a second.
fn found(one: &WhatIf) -> (Option<u64>, u64) {
    let bad = one.bad.as_ref().expect("it gets there");
    let after = bad.time_to_detect().map(|after| after.as_millis() / 1000);
    (after, bad.exposed.requests)
}

const ROLLBACK: &str = "    rollback: {target: start, limit: 5m, steps: [{id: none, traffic: {binding: edge, target: shop, stages: [0%]}}]}\n";

fn ramp(stages: &str) -> String {
    format!("{{id: ramp, traffic: {{binding: edge, target: shop, stages: [{stages}]}}}}")
}

#[test]
fn what_comes_before_the_first_share_is_as_in_the_good_recording() {
    let ramp = ramp("{weight: 10%, bake: 30m}");
    let steps = format!("    steps: [{{id: rest, wait: 30m}}, {ramp}]\n{ROLLBACK}");
    let tried = tried(
        &program_of(&steps, &[BACK]),
        "canary",
        &[&[(10, 30)], &[(50, 10)]],
    );
    // At the look after it; nobody could meet it before, and nothing found it out there.
    assert_eq!(
        tried.iter().map(found).collect::<Vec<_>>(),
        [(Some(15), 150), (Some(15), 750)]
    );
    let shown = tried
        .iter()
        .map(|one| one.bad.as_ref().and_then(|bad| bad.bad_since));
    assert_eq!(shown.collect::<Vec<_>>(), [Some(at(1800)); 2]);
}

#[test]
fn a_later_phase_meets_it_with_its_own_first_share() {
    let (first, second) = (
        ramp("{weight: 10%, bake: 30m}"),
        ramp("{weight: 50%, bake: 30m}"),
    );
    let back = "    rollback: {target: start, limit: 5m, steps: [{id: none2, traffic: {binding: edge, target: shop, stages: [0%]}}]}\n";
    let second = second.replace("id: ramp", "id: ramp2");
    let phases = format!(
        "    steps: [{first}]\n{ROLLBACK}  - id: rest\n    title: Rest\n    after: [canary]\n    steps: [{second}]\n{back}"
    );
    let tried = tried(
        &program_of(&phases, &[BACK]),
        "rest",
        &[&[(50, 30)], &[(20, 10)]],
    );
    let since = tried
        .iter()
        .map(|one| one.bad.as_ref().and_then(|bad| bad.bad_since));
    assert_eq!(since.collect::<Vec<_>>(), [Some(at(1800)); 2]);
    assert_eq!(
        tried.iter().map(found).collect::<Vec<_>>(),
        [(Some(15), 750), (Some(15), 300)]
    );
}

#[test]
fn a_share_is_judged_as_the_plan_judges_it() {
    // Only from 50% on the load matters.
    let ramp = ramp("{weight: 10%, bake: 30m}, {weight: 50%, bake: 30m, criteria: [load < 80]}");
    let program = program_of(
        &format!("    steps: [{ramp}]\n    on-fail: [hold]\n{ROLLBACK}"),
        &[],
    );
    let ramps: [&[(u32, u64)]; 3] = [
        &[(10, 30), (50, 30)],
        &[(10, 10), (60, 10)],
        &[(20, 10), (40, 10)],
    ];
    let found: Vec<_> = tried(&program, "canary", &ramps)
        .iter()
        .map(found)
        .collect();
    let looks = found.iter().map(|(after, _)| *after).collect::<Vec<_>>();
    assert_eq!(looks, [Some(1815), Some(615), None]);
}

#[test]
fn nothing_is_compared_where_nobody_says_since_when_it_is_bad() {
    let (good, phase) = (load(3600, |_| Some(20.0)), "canary".parse().expect("an id"));
    let both = (&good, &for_hours(1));
    let ramps = [rungs(&[(10, 10)])];
    let error = what_if(&program(&[BACK]), &phase, &ramps, both, both).expect_err("never bad");
    assert!(matches!(error, BacktestError::NeverBad), "{error}");
}

#[test]
fn a_ramp_that_the_good_version_never_reaches_meets_nothing() {
    let ramp = ramp("{weight: 10%, bake: 30m}");
    let steps = format!("    steps: [{{id: rest, wait: 5h}}, {ramp}]\n{ROLLBACK}");
    let tried = tried(&program_of(&steps, &[BACK]), "canary", &[&[(10, 30)]]);
    assert!(tried.iter().all(|one| one.bad.is_none()));
    assert_eq!(
        tried.iter().filter_map(|one| one.good.duration()).count(),
        0
    );
    assert_eq!(
        tried.first().map(|one| one.good.stands_at.clone()),
        Some(vec!["rest".to_owned()])
    );
}
