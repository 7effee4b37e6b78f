//! Alarms that last: what holds again for the same is one alarm, and one that was false finds nothing out by lasting.

mod support;

use phasegate_backtest::{Options, Recorded, alarms, comparison};
use phasegate_core::{Arm, Span, Timestamp};
use phasegate_engine::program::Program;
use phasegate_engine::record::Outcome;

use support::{BACK, STEP, at, for_hours, load, program, program_of, run, series, traffic};

/// A share of 10%, and a gate that asks for a low load.
fn gated() -> Program {
    program_of(
        "    steps: [{id: ramp, traffic: {binding: edge, target: shop, stages: [{weight: 10%, bake: 10m}]}}]
    gates:
      - {id: go, title: Go on, criteria: [load < 80], no-go: [hold]}
    rollback: {target: start, limit: 5m, steps: [{id: none, traffic: {binding: edge, target: shop, stages: [0%]}}]}
",
        &[],
    )
}

const HOLD: &str = "criterion: load > 80, severity: high, respond: [hold]";

fn each(found: &[phasegate_backtest::Alarm]) -> Vec<(Timestamp, Timestamp, bool)> {
    let each = found.iter();
    each.map(|one| (one.at, one.until, one.is_false)).collect()
}

fn high(ranges: &'static [(i64, i64)]) -> phasegate_backtest::Recording {
    load(3 * 3600, move |second| {
        let high = ranges
            .iter()
            .any(|(from, to)| (*from..*to).contains(&second));
        Some(if high { 120.0 } else { 20.0 })
    })
}

#[test]
fn a_gate_that_goes_on_saying_no_is_one_false_alarm() {
    let done = run(&gated(), &high(&[(590, 1200)]), &for_hours(1).going_on());
    assert_eq!(each(&done.alarms), [(at(615), at(1200), true)]);
    assert_eq!(done.ends.first(), Some(&(at(1200), Outcome::Completed)));
}

#[test]
fn a_gate_that_said_no_before_finds_nothing_out_by_saying_it_again() {
    let options = for_hours(2)
        .bad_from(at(900))
        .with_traffic(traffic(2))
        .going_on();
    let done = run(&gated(), &high(&[(590, 1200)]), &options);
    assert_eq!(done.false_alarms(), 1, "{:?}", done.alarms);
    assert_eq!(done.time_to_detect(), None, "{:?}", done.alarms);
    // It is let through when the load is low again.
    assert_eq!(done.ends.first(), Some(&(at(1200), Outcome::Completed)));
    assert!(comparison(&[("gate", &done)]).contains("| gate | never |"));
    let told = alarms(&done);
    assert!(told.contains("that it lasts finds nothing out"), "{told}");
}

#[test]
fn a_trigger_that_goes_on_firing_finds_nothing_out_until_it_was_quiet() {
    let options = || for_hours(2).bad_from(at(2000)).going_on();
    let lasting = high(&[(1200, 2400), (3000, 3300)]);
    let done = run(&program(&[HOLD]), &lasting, &options());
    // Over at 2400, it fires again at 3000.
    assert_eq!(
        each(&done.alarms),
        [(at(1200), at(2400), true), (at(3000), at(3000), false)]
    );
    assert_eq!(done.time_to_detect(), Some(Span::from_secs(1000)));
    // What sends it back is begun again and sent back again: that is one alarm, too.
    let done = run(&program(&[BACK]), &lasting, &options());
    assert_eq!(
        each(&done.alarms),
        [(at(1200), at(2400), true), (at(3000), at(3000), false)]
    );
    assert!(done.records.len() > 50, "{}", done.records.len());
    // One look at which it is quiet makes it another.
    let flapping = high(&[(1200, 1995), (2010, 2400)]);
    let done = run(&program(&[HOLD]), &flapping, &options());
    assert_eq!(
        each(&done.alarms),
        [(at(1200), at(1995), true), (at(2010), at(2010), false)]
    );
}

/// A gap at which it holds again and again is one alarm, and finds nothing out.
#[test]
fn a_gap_is_one_false_alarm_and_no_detection() {
    let gap = |second: i64| (!(1200..12_000).contains(&second)).then_some(20.0);
    let recording = load(4 * 3600, gap);
    let bake = program_of(
        "    steps: [{id: ramp, traffic: {binding: edge, target: shop, stages: [{weight: 10%, bake: 1h, criteria: [load < 80]}]}}]
    rollback: {target: start, limit: 5m, steps: [{id: none, traffic: {binding: edge, target: shop, stages: [0%]}}]}
",
        &[],
    );
    let done = run(&bake, &recording, &for_hours(4).going_on());
    let [alarm] = done.alarms.as_slice() else {
        panic!("{:?}", done.alarms);
    };
    assert!(
        alarm.is_blind && alarm.is_false && alarm.until > alarm.at,
        "{alarm:?}"
    );
    // It went bad meanwhile: held blind it stays, and nothing is found out.
    let bad = for_hours(4).bad_from(at(6900)).going_on();
    let done = run(&bake, &recording, &bad);
    let sorts: Vec<_> = done
        .alarms
        .iter()
        .map(|one| (one.is_blind, one.is_false))
        .collect();
    assert_eq!(sorts, [(true, true), (true, false)], "{:?}", done.alarms);
    assert_eq!(done.time_to_detect(), None);
}

/// What is seen again after a hold because of blindness was released is known at that look.
#[test]
fn what_is_seen_again_ends_the_blindness() {
    let patient =
        "criterion: load > 80, severity: high, respond: [hold], blind-for: 3m, when-blind: [hold]";
    let seen = |second: i64| (!(900..2400).contains(&second)).then_some(20.0);
    let done = run(
        &program(&[patient]),
        &load(2 * 3600, seen),
        &for_hours(2).going_on(),
    );
    let told = done
        .verdicts
        .iter()
        .map(|change| (change.at, change.verdict.as_str()));
    let told: Vec<_> = told.skip(2).take(2).collect();
    // The last number stands for five minutes.
    let blind = (at(885 + 300 + STEP), "inconclusive: no data");
    assert_eq!(told, [blind, (at(2400), "fail")]);
    let [alarm] = done.alarms.as_slice() else {
        panic!("{:?}", done.alarms);
    };
    assert_eq!(alarm.until, at(2400), "{alarm:?}");
}

/// A way back that is under way when it goes bad: what it took back is rolled out again, and found out.
#[test]
fn what_was_taken_back_is_rolled_out_again() {
    let slow_back = program_of(
        "    steps: [{id: ramp, traffic: {binding: edge, target: shop, stages: [{weight: 10%, bake: 30m}, {weight: 50%, bake: 30m}]}}]
    rollback: {target: start, limit: 30m, steps: [{id: none, traffic: {binding: edge, target: shop, stages: [0%]}}, {id: drain, wait: 10m}]}
",
        &[BACK],
    );
    let recording = high(&[(1800, 1900), (3600, 3 * 3600)]);
    let options = Options::new(at(0), at(3 * 3600))
        .bad_from(at(2000))
        .going_on();
    let done = run(&slow_back, &recording, &options);
    assert_eq!(
        done.ends.first(),
        Some(&(at(1800 + 600), Outcome::RolledBack))
    );
    assert_eq!(done.records.len(), 2, "{:?}", done.ends);
    let ats: Vec<_> = done
        .alarms
        .iter()
        .map(|one| (one.at, one.is_false))
        .collect();
    assert_eq!(ats, [(at(1800), true), (at(3600), false)]);
    // Nobody could meet it before the second rollout showed it to somebody.
    assert_eq!(done.bad_since, Some(at(2400)));
    assert_eq!(done.time_to_detect(), Some(Span::from_secs(1200)));
}

/// Load from a quarter of an hour on, until `cool`, and errors of both sides from `failing` on.
fn two_faults(cool: i64, failing: i64) -> phasegate_backtest::Recording {
    let recording = load(3 * 3600, move |second| {
        Some(if (900..cool).contains(&second) {
            120.0
        } else {
            20.0
        })
    });
    [Arm::Canary, Arm::Stable]
        .into_iter()
        .fold(recording, |all, arm| {
            let failed = series(3 * 3600, move |second| {
                let steps = (second - failing).max(0) / STEP;
                Some(f64::from(i32::try_from(steps).ok()?) * 10.0)
            });
            let total = series(3 * 3600, |second| {
                Some(f64::from(i32::try_from(second / STEP).ok()?) * 100.0)
            });
            let share = Recorded::Share {
                matching: failed,
                total,
            };
            all.with("errors", Some(arm), share)
        })
}

/// What holds it names only the first of all that is wrong: which one that is must not decide.
#[test]
fn a_false_alarm_that_lasts_hides_nothing() {
    let hot = "criterion: load > 80, severity: high, respond: [{rollback: start}]";
    let errors = "criterion: ratio(errors) > 5%, severity: high, respond: [{rollback: start}]";
    for triggers in [[hot, errors], [errors, hot]] {
        // It goes bad later, while the load is high: found out by its errors.
        let options = for_hours(3).bad_from(at(3600)).going_on();
        let done = run(&program(&triggers), &two_faults(9000, 3600), &options);
        let found = done.detection().map(|alarm| alarm.at);
        let soon = at(3600)..at(3600 + 300);
        assert!(
            found.is_some_and(|at| soon.contains(&at)),
            "{triggers:?}: {:?}",
            done.alarms
        );
        assert_eq!(done.false_alarms(), 1, "{:?}", done.alarms);
        // Errors of long before are no detection when the load is low again.
        let options = for_hours(3).bad_from(at(7200)).going_on();
        let done = run(&program(&triggers), &two_faults(9000, 2400), &options);
        assert_eq!(
            done.time_to_detect(),
            None,
            "{triggers:?}: {:?}",
            done.alarms
        );
        assert_eq!(done.false_alarms(), 2, "{:?}", done.alarms);
    }
}

/// An alarm that was over, in a rollout that went on, is not alive when the next one begins.
#[test]
fn an_alarm_that_was_over_is_another_in_the_next_rollout() {
    let back = "criterion: load > 80, severity: critical, respond: [{rollback: start}]";
    // High for a minute; the rollout after that is completed, and the next one is bad from its beginning.
    let done = run(
        &program(&[back]),
        &high(&[(600, 660), (4300, 10_000)]),
        &for_hours(3).bad_from(at(4290)).going_on(),
    );
    assert_eq!(
        done.time_to_detect(),
        Some(Span::from_secs(15)),
        "{:?}",
        done.alarms
    );
}

/// A way back of ten minutes to the phase before, under way when it goes bad: people let it go on as after any false alarm.
#[test]
fn a_way_back_to_the_phase_before_goes_on_too() {
    let phases = "    steps: [{id: before, wait: 1m}]
    rollback: {target: start, limit: 5m, steps: [{id: nothing, wait: 1s}]}
  - id: ramp
    title: Ramp
    after: [canary]
    steps: [{id: ramp, traffic: {binding: edge, target: shop, stages: [{weight: 10%, bake: 30m}, {weight: 50%, bake: 30m}]}}]
    criteria: [load < 80 throughout]
    on-fail: [{rollback: previous-phase}]
    rollback: {target: previous-phase, limit: 30m, steps: [{id: none, traffic: {binding: edge, target: shop, stages: [0%]}}, {id: drain, wait: 10m}]}
";
    let recording = high(&[(1800, 1900), (3600, 3 * 3600)]);
    let options = for_hours(3).bad_from(at(2000)).going_on();
    let done = run(&program_of(phases, &[]), &recording, &options);
    let found = done.detection().map(|alarm| alarm.at);
    assert_eq!(found, Some(at(3600)), "{:?}", done.alarms);
}

/// Both have been wrong for long; a way back in which criteria are not looked at makes neither of them new.
#[test]
fn a_long_way_back_makes_nothing_new() {
    let phase = "    steps: [{id: ramp, traffic: {binding: edge, target: shop, stages: [{weight: 10%, bake: 30m}, {weight: 50%, bake: 30m}]}}]
    criteria: [load < 80 throughout, ratio(errors) < 3% throughout]
    on-fail: [{rollback: start}]
    rollback: {target: start, limit: 30m, steps: [{id: none, traffic: {binding: edge, target: shop, stages: [0%]}}, {id: drain, wait: 10m}]}
";
    let swapped = phase.replace(
        "load < 80 throughout, ratio(errors) < 3% throughout",
        "ratio(errors) < 3% throughout, load < 80 throughout",
    );
    for phase in [phase, &swapped] {
        let options = for_hours(3).bad_from(at(3420)).going_on();
        let done = run(
            &program_of(phase, &[]),
            &two_faults(3 * 3600, 900),
            &options,
        );
        assert!(done.false_alarms() > 0, "{:?}", done.alarms);
        assert_eq!(done.time_to_detect(), None, "{:?}", done.alarms);
    }
}

/// Who is only told neither holds nor goes back.
#[test]
fn a_trigger_that_only_tells_finds_nothing_out() {
    let hot = "criterion: load > 80, severity: high, respond: [{rollback: start}]";
    let tells =
        "criterion: ratio(errors) > 5%, severity: high, respond: [{notify: {channel: team}}]";
    let options = for_hours(3).bad_from(at(3600)).going_on();
    let done = run(
        &program(&[hot, tells]),
        &two_faults(3 * 3600, 3600),
        &options,
    );
    assert_eq!(done.time_to_detect(), None, "{:?}", done.alarms);
}

/// What is not seen neither lasts nor is over; after so long a time it is another alarm.
#[test]
fn what_was_not_seen_in_a_long_gap_did_not_last_through_it() {
    let high_but_for_a_gap = load(3 * 3600, |second| match second {
        1800..2400 | 7200..7800 => Some(120.0),
        2400..7200 => None,
        _ => Some(20.0),
    });
    let done = run(
        &program(&[BACK]),
        &high_but_for_a_gap,
        &for_hours(3).going_on(),
    );
    let alarms: Vec<_> = each(&done.alarms);
    // A number stands for five minutes. In between it is blind, which is an alarm of its own.
    let stands = 2385 + 300;
    let seen: Vec<_> = alarms
        .iter()
        .filter(|(_, until, _)| *until <= at(stands) || *until > at(7200))
        .collect();
    assert_eq!(
        seen,
        [&(at(1800), at(stands), true), &(at(7200), at(7800), true)],
        "{alarms:?}"
    );
}

#[test]
fn what_holds_until_the_end_lasts_until_the_last_look() {
    let done = run(
        &program(&[HOLD]),
        &high(&[(600, 11_000)]),
        &for_hours(2).going_on(),
    );
    // It has not changed for a while, so that its last record is older.
    assert_eq!(each(&done.alarms), [(at(600), at(7200), true)]);
}

/// Five in each half minute, and ten in two are too many: over less time less is counted, which is not well.
#[test]
fn a_count_over_a_window_that_begins_anew_is_not_well_for_being_small() {
    let steady = series(2 * 3600, |second| {
        Some(f64::from(i32::try_from(second / 30 * 5).expect("small")))
    });
    let recording =
        phasegate_backtest::Recording::new().with("timeouts", None, Recorded::Counter(steady));
    let many = "criterion: timeouts > 10, severity: critical, respond: [{rollback: start}]";
    let options = for_hours(2).going_on();
    let done = run(&program(&[many]), &recording, &options);
    assert_eq!(done.false_alarms(), 1, "{:?}", done.alarms);
    let done = run(&program(&[many]), &recording, &options.bad_from(at(1860)));
    assert_eq!(
        (done.false_alarms(), done.time_to_detect()),
        (1, None),
        "{:?}",
        done.alarms
    );
}

#[test]
fn a_gate_that_says_no_says_on_what_it_rests() {
    let done = run(&gated(), &high(&[(590, 1200)]), &for_hours(1).going_on());
    let causes: Vec<&str> = done
        .alarms
        .iter()
        .map(|alarm| alarm.cause.as_str())
        .collect();
    let [cause] = &*causes else {
        panic!("{causes:?}");
    };
    assert!(
        cause.starts_with("gate go is not passed: canary-go-1: load is 120 "),
        "{cause}"
    );
}
