//! Plans over recordings whose answer is known beforehand: when a bad version is found out, who met it, how often a good
//! one is taken for bad, and what is said where nothing was recorded.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "what cannot be built must stop the test"
)]

mod support;

use phasegate_backtest::{
    Alarm, Backtest, BacktestError, Recorded, Recording, Series, comparison, ramp_of, what_if,
    with_ramp, without_confidence,
};
use phasegate_core::{Arm, PhaseId, Ratio, Span, Timestamp, Window, WindowKind};
use phasegate_engine::program::{Program, Response};
use phasegate_engine::record::{Body, Outcome, Record, TriggerProgress};

use support::{BACK, STEP, at, for_hours, load, program, run, series, traffic, worse_from};

fn found(one: &Backtest) -> &Alarm {
    one.detection()
        .unwrap_or_else(|| panic!("it is not found out: {:?}", one.verdicts))
}

#[test]
fn a_regression_is_found_out_at_the_look_that_follows() {
    // Between two looks, on one, and right after one.
    for moment in [2000, 1995, 2011] {
        let recording = load(2 * 3600, |second| {
            Some(if second >= moment { 120.0 } else { 20.0 })
        });
        let options = for_hours(2).bad_from(at(moment));
        let done = run(&program(&[BACK]), &recording, &options);
        assert_eq!(done.false_alarms(), 0);
        let look = moment + (STEP - moment % STEP) % STEP;
        assert_eq!(found(&done).at, at(look), "bad from {moment} on");
        assert_eq!(
            done.time_to_detect(),
            Some(Span::from_secs(
                u64::try_from(look - moment).expect("later")
            ))
        );
        assert!(matches!(found(&done).response, Response::Rollback(_)));
        assert_eq!(
            done.ends.first().map(|end| end.1),
            Some(Outcome::RolledBack)
        );
        // The share was 50% from the half hour on, and is nothing again.
        let shares: Vec<String> = done.exposure.iter().map(|(_, s)| s.to_string()).collect();
        assert_eq!(shares, ["0%", "10%", "50%", "0%"]);
    }
}

#[test]
fn a_clean_stretch_has_the_false_alarms_that_were_put_into_it() {
    let spikes = [1200, 1800, 2700];
    let recording = load(3600, |second| {
        Some(if spikes.contains(&second) {
            120.0
        } else {
            20.0
        })
    });
    let hold = "criterion: load > 80, severity: high, respond: [hold]";
    let options = for_hours(1).going_on();
    let done = run(&program(&[hold]), &recording, &options);
    let alarms: Vec<Timestamp> = done.alarms.iter().map(|alarm| alarm.at).collect();
    assert_eq!(alarms, spikes.map(at));
    assert_eq!((done.false_alarms(), done.detection()), (3, None));
    assert_eq!((done.bad_since, done.exposed.requests), (None, 0));
    // The first one ends it, where nobody lets it go on.
    let done = run(&program(&[hold]), &recording, &for_hours(1));
    assert_eq!(done.alarms.len(), 1);
    // A trigger that waits for a second look fires at none of them.
    let patient = "criterion: load > 80 for 30s, severity: high, respond: [hold]";
    let done = run(&program(&[patient]), &recording, &options);
    assert_eq!(done.false_alarms(), 0, "{:?}", done.alarms);
}

#[test]
fn requests_and_users_that_met_the_bad_version_are_those_of_its_share() {
    let slow = "criterion: load > 80 for 15m, severity: critical, respond: [{rollback: start}]";
    let bad = 20 * 60;
    let recording = worse_from(bad, 2);
    let options = for_hours(2).bad_from(at(bad)).with_traffic(traffic(2));
    let done = run(&program(&[slow]), &recording, &options);
    assert_eq!(found(&done).at, at(35 * 60));
    // Ten minutes at 10% and five at 50%, of 100 requests a second.
    assert_eq!(done.exposed.requests, 600 * 100 / 10 + 300 * 100 / 2);
    // The largest share was a half, of 40,000.
    assert_eq!(done.exposed.users, 20_000);
    assert_eq!(done.exposed.share.to_string(), "50%");
    assert_eq!(done.bad_since, Some(at(bad)));
    // Nobody meets what nobody is shown.
    let early = for_hours(2).with_traffic(traffic(2));
    let unhurt = run(&program(&[slow]), &recording, &early);
    assert_eq!((unhurt.exposed.requests, unhurt.bad_since), (0, None));
}

#[test]
fn two_plans_stand_beside_each_other() {
    let bad = 40 * 60;
    let recording = worse_from(bad, 2);
    let options = for_hours(2).bad_from(at(bad)).with_traffic(traffic(2));
    let patient = "criterion: load > 80 for 10m, severity: critical, respond: [{rollback: start}]";
    let (one, other) = (
        run(&program(&[BACK]), &recording, &options),
        run(&program(&[patient]), &recording, &options),
    );
    let table = comparison(&[("at once", &one), ("patient | slow", &other)]);
    assert_eq!(
        table.lines().skip(2).collect::<Vec<_>>(),
        [
            "| at once | 0s | 0 | 0 | 20000 | 50% | 0 | - |",
            "| patient \\| slow | 10m | 30000 | 20000 | 20000 | 50% | 0 | - |",
        ]
    );
    // Nobody is counted where nobody has said who could meet it.
    let uncounted = for_hours(2).bad_from(at(bad));
    let uncounted = run(&program(&[BACK]), &recording, &uncounted);
    let table = comparison(&[("as it is", &uncounted)]);
    assert!(
        table.ends_with("| as it is | 0s | - | - | - | 50% | 0 | - |\n"),
        "{table}"
    );
    // Where nothing was bad nobody met it, at no share.
    let good = run(&program(&[BACK]), &worse_from(3 * 3600, 2), &for_hours(2));
    let table = comparison(&[("good", &good)]);
    assert!(
        table.ends_with("| good | - | - | - | - | - | 0 | 1h |\n"),
        "{table}"
    );
}

#[test]
fn no_more_users_than_requests_have_met_it() {
    let bad = 2000;
    let recording = worse_from(bad, 2);
    let options = for_hours(2).bad_from(at(bad)).with_traffic(traffic(2));
    let done = run(&program(&[BACK]), &recording, &options);
    // Ten seconds of a hundred requests, of which the half; of 40,000 users the half is assigned.
    let met = done.exposed.requests;
    assert!((1..=1500).contains(&met), "{met}");
    assert_eq!((done.exposed.users, done.exposed.assigned), (met, 20_000));
}

/// A program that goes back when the load has been high for two minutes, and its phase with a ramp.
fn slow_canary() -> (Program, PhaseId) {
    let slow = "criterion: load > 80 for 2m, severity: critical, respond: [{rollback: start}]";
    (program(&[slow]), "canary".parse().expect("an id"))
}

fn percent(share: u32) -> Ratio {
    Ratio::from_percent(share).expect("a share")
}

fn minutes(minutes: u64) -> Span {
    Span::from_secs(60 * minutes)
}

#[test]
fn each_ramp_meets_the_fault_with_its_first_share() {
    let bad = 60 * 60;
    let (program, phase) = slow_canary();
    let (good, worse) = (load(4 * 3600, |_| Some(20.0)), worse_from(bad, 4));
    let ramps =
        [10, 50].map(|share| vec![(percent(share), minutes(30)), (percent(50), minutes(30))]);
    let options = for_hours(4).bad_from(at(bad)).with_traffic(traffic(4));
    let tried = what_if(
        &program,
        &phase,
        &ramps,
        (&good, &for_hours(4)),
        (&worse, &options),
    )
    .expect("no defect");
    let told = tried.iter().map(|one| {
        let bad = one.bad.as_ref().expect("it gets there");
        let shares = bad.exposure.iter().map(|(_, share)| share.to_string());
        let shares: Vec<String> = shares.collect();
        (bad.bad_from, bad.exposed.requests, shares.join(" "))
    });
    // It would have been over when the fault began, had both begun with the recording.
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            (Some(at(0)), 1350, "0% 10% 0%".to_owned()),
            (Some(at(0)), 6750, "0% 50% 0%".to_owned()),
        ]
    );
}

#[test]
fn other_steps_and_bakes_show_detection_against_duration() {
    let bad = 5 * 60;
    let (program, phase) = slow_canary();
    let (good, worse) = (load(3 * 3600, |_| Some(20.0)), worse_from(bad, 3));
    let as_it_is = ramp_of(&program, &phase).expect("a ramp");
    assert_eq!(
        as_it_is,
        [(percent(10), minutes(30)), (percent(50), minutes(30))]
    );
    let quick = vec![(percent(50), minutes(20))];
    let ramps = [as_it_is, quick];
    let options = for_hours(3).bad_from(at(bad)).with_traffic(traffic(3));
    let tried = what_if(
        &program,
        &phase,
        &ramps,
        (&good, &for_hours(3)),
        (&worse, &options),
    )
    .expect("no defect");
    let told: Vec<_> = tried
        .iter()
        .map(|one| {
            (
                one.good.duration(),
                one.bad.as_ref().and_then(Backtest::time_to_detect),
                one.bad.as_ref().map(|bad| bad.exposed.requests),
            )
        })
        .collect();
    // Two minutes at 10%, or at 50%, of 100 requests a second, from the first look on that has a window.
    let found = Some(Span::from_secs(135));
    assert_eq!(
        told,
        [
            (Some(minutes(60)), found, Some(1350)),
            (Some(minutes(20)), found, Some(6750)),
        ]
    );
    let unknown = "nowhere".parse().expect("an id");
    let both = ((&good, &options), (&worse, &options));
    let error = what_if(&program, &unknown, &ramps, both.0, both.1).expect_err("no such phase");
    assert!(
        matches!(error, BacktestError::NoRamp(ref phase) if *phase == unknown),
        "{error}"
    );
    assert_eq!(with_ramp(&program, &unknown, &[]), None);
}

#[test]
fn what_was_not_recorded_is_never_good() {
    // No point for ten minutes; one of them says something that is no number.
    let recording = load(3600, |second| match second {
        900..=1500 => (second == 1200).then_some(f64::NAN),
        _ => Some(20.0),
    });
    let done = run(&program(&[BACK]), &recording, &for_hours(1));
    let told: Vec<(Timestamp, &str)> = done
        .verdicts
        .iter()
        .map(|change| (change.at, change.verdict.as_str()))
        .collect();
    // The last number stands for five minutes; the minute after that the trigger has been blind for too long.
    let blind = at(885 + 300 + STEP);
    // At the first moment there is no window yet.
    let none = "inconclusive: no data";
    assert_eq!(told, [(at(0), none), (at(STEP), "fail"), (blind, none)]);
    let [alarm] = done.alarms.as_slice() else {
        panic!("{:?}", done.alarms);
    };
    assert_eq!(
        (alarm.at, alarm.is_false),
        (blind + Span::from_secs(60), true)
    );
    assert!(alarm.cause.contains("could be measured"), "{}", alarm.cause);
    // Going on, it is seen again when there are points again, and is done in the end.
    let options = for_hours(2).going_on();
    let done = run(&program(&[BACK]), &recording, &options);
    assert_eq!(done.verdicts.get(3).map(|change| change.at), Some(at(1515)));
}

/// A plan that sees nothing is stopped in time, and must not look like one that found the fault.
#[test]
fn what_only_went_blind_has_found_nothing_out() {
    let recording = load(2700, |_| Some(20.0));
    let options = for_hours(2).bad_from(at(2000)).with_traffic(traffic(2));
    let done = run(&program(&[BACK]), &recording, &options);
    let [alarm] = done.alarms.as_slice() else {
        panic!("{:?}", done.alarms);
    };
    assert!(alarm.is_blind && !alarm.is_false, "{alarm:?}");
    assert_eq!((done.time_to_detect(), done.false_alarms()), (None, 0));
    let table = comparison(&[("blind", &done)]);
    assert!(table.contains("| blind | never |"), "{table}");
    // It stands held at 50% until the end, and who comes by meets the bad version: half of a hundred in each of 5,200 s.
    assert_eq!(done.exposed.requests, 260_000, "{:?}", done.exposed);
    // What it sees later still sends it back.
    let again = load(7200, |second| match second {
        2700..4200 => None,
        4200.. => Some(95.0),
        _ => Some(20.0),
    });
    let done = run(&program(&[BACK]), &again, &options);
    let found = done.detection().map(|alarm| alarm.at);
    assert!(
        found.is_some_and(|at| at >= self::at(4200)),
        "{:?}",
        done.alarms
    );
}

/// Four in two minutes, with six minutes between two points: no two minutes have twelve.
#[test]
fn what_grew_over_a_gap_is_not_all_of_the_last_window() {
    let counter = Series::new(vec![(at(0), 0.0), (at(120), 4.0), (at(480), 16.0)]);
    let window = |start: i64, end: i64| Window {
        start: at(start),
        end: at(end),
        kind: WindowKind::Rolling,
    };
    assert_eq!(counter.growth(window(360, 480)), Some(4.0));
    assert_eq!(counter.growth(window(0, 480)), Some(16.0));
    // At its end nobody knows of the next point.
    assert_eq!(counter.growth(window(120, 240)), Some(0.0));
}

/// A bad version that was let through to everybody is met until the end, and no second rollout finds it out.
#[test]
fn what_was_let_through_is_never_found_out() {
    let recording = worse_from(4000, 3);
    let patient = "criterion: load > 80 for 2h, severity: critical, respond: [{rollback: start}]";
    let options = for_hours(3).bad_from(at(1900)).going_on();
    let done = run(
        &program(&[patient]),
        &recording,
        &options.with_traffic(traffic(3)),
    );
    assert_eq!(done.ends.len(), 1, "{:?}", done.ends);
    assert_eq!((done.time_to_detect(), done.records.len()), (None, 1));
    let table = comparison(&[("let through", &done)]);
    assert!(table.contains("| let through | never |"), "{table}");
    assert!(done.exposed.requests > 440_000, "{:?}", done.exposed);
}

#[test]
fn a_question_that_was_not_recorded_has_no_data() {
    let nothing = Recording::new();
    let done = run(&program(&[BACK]), &nothing, &for_hours(1));
    assert!(
        done.verdicts
            .iter()
            .all(|change| change.verdict.contains("no data"))
    );
    assert_ne!(done.ends.first().map(|end| end.1), Some(Outcome::Completed));
    // In another form than it is asked for, it is no answer either.
    let unrecorded: Vec<_> = done.unrecorded.into_iter().collect();
    assert_eq!(unrecorded, [("load".to_owned(), Arm::Whole)]);
    let unfit = Recording::new().with("load", None, Recorded::Histogram(Vec::new()));
    let done = run(&program(&[BACK]), &unfit, &for_hours(1));
    let unusable = |verdict: &str| verdict.contains("not usable");
    let told = done.verdicts.iter().skip(1);
    assert!(
        told.clone().all(|change| unusable(&change.verdict)),
        "{:?}",
        done.verdicts
    );
    assert!(told.count() > 0);
}

#[test]
fn columns_that_were_taken_for_each_other_are_told() {
    let counted = |each: i32| {
        series(3600, move |second| {
            Some(f64::from(i32::try_from(second).expect("small") * each))
        })
    };
    let (matching, total) = (counted(100), counted(1));
    let swapped = Recording::new().with("errors", None, Recorded::Share { matching, total });
    let many = "criterion: ratio(errors) > 5%, severity: critical, respond: [{rollback: start}]";
    let done = run(&program(&[many]), &swapped, &for_hours(1));
    let told: Vec<&str> = done.unfit.iter().map(|(.., told)| told.as_str()).collect();
    assert!(
        told.contains(&"1500 events match, of 15 in all"),
        "{told:?}"
    );
    assert_eq!(done.detection(), None);
}

/// Of both arms one request in a hundred fails, by chance.
fn clean(hours: i64) -> Recording {
    let mut recording = Recording::new();
    let mut chance = 11_u64;
    for arm in [Arm::Canary, Arm::Stable] {
        let (mut failed, mut counts) = (0_u32, Vec::new());
        for step in 0..=hours * 3600 / STEP {
            for _ in 0..100 {
                chance = chance
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                failed += u32::from((chance >> 33).is_multiple_of(100));
            }
            counts.push((at(step * STEP), f64::from(failed)));
        }
        let total = series(hours * 3600, |second| {
            Some(f64::from(i32::try_from(second / STEP).expect("small")) * 100.0)
        });
        let share = Recorded::Share {
            matching: Series::new(counts),
            total,
        };
        recording = recording.with("errors", Some(arm), share);
    }
    recording.with_canary_share(Ratio::from_percent(50).expect("a share"))
}

/// How triggers stood at each look that was recorded.
fn judged(done: &Backtest) -> impl Iterator<Item = TriggerProgress> {
    done.records.iter().flatten().flat_map(|record: &Record| {
        let Body::Evaluated { triggers, .. } = &record.body else {
            return Vec::new();
        };
        triggers.clone()
    })
}

/// Of a share of 2% a hundred requests in five minutes were recorded. At 50% there would have been more, and nobody knows
/// how they would have gone.
#[test]
fn more_requests_than_were_recorded_are_never_counted() {
    let errors = "criterion: ratio(errors) > 50%, severity: critical, respond: [hold]";
    let program = program(&[errors]);
    let seen = |recorded: u32| {
        let share = Ratio::from_percent(recorded).expect("a share");
        let done = run(&program, &clean(2).with_canary_share(share), &for_hours(2));
        let all = judged(&done).filter_map(|judged| judged.finding.samples);
        all.max().expect("a trigger was looked at")
    };
    // 100 requests each 15 seconds, over 5 minutes.
    assert_eq!(seen(2), 2000);
    assert_eq!(seen(100), 1000);
}

/// One request in 25 fails, 100 of them in each window: a tenth of that is 10, of which now none and now one has failed.
#[test]
fn what_is_rare_is_not_rounded_away() {
    let share = Recorded::Share {
        matching: series(4 * 3600, |second| Some(second as f64 / 75.0)),
        total: series(4 * 3600, |second| Some(second as f64 / 3.0)),
    };
    let mut recording = Recording::new();
    for arm in [Arm::Canary, Arm::Stable] {
        recording = recording.with("errors", Some(arm), share.clone());
    }
    let recording = recording.with_canary_share(Ratio::ONE);
    let errors = "criterion: ratio(errors) > 90%, severity: critical, respond: [hold]";
    let done = run(&program(&[errors]), &recording, &for_hours(4));
    let counts: Vec<(u64, u64)> = judged(&done).filter_map(|one| one.finding.counts).collect();
    let sum = |of: fn(&(u64, u64)) -> u64| counts.iter().map(of).sum::<u64>() as f64;
    let ratio = sum(|one| one.0) / sum(|one| one.1);
    assert!(
        counts.len() > 10 && (0.03..0.05).contains(&ratio),
        "{ratio} {counts:?}"
    );
}

#[test]
fn with_confidence_thin_numbers_do_not_cry_wolf() {
    let sure = "criterion: ratio(errors) > 1.5% confidence 99%, severity: critical, respond: [{rollback: start}]";
    let (sure, recording) = (program(&[sure]), clean(12));
    let options = for_hours(12).going_on();
    let quiet = run(&sure, &recording, &options);
    let loud = run(&without_confidence(&sure), &recording, &options);
    assert_eq!(quiet.false_alarms(), 0, "{:?}", quiet.alarms);
    assert!(loud.false_alarms() > 3, "{:?}", loud.alarms);
    // The same input gives the same result.
    let again = run(&sure, &recording, &options);
    assert_eq!(
        (again.verdicts, again.records),
        (quiet.verdicts, quiet.records)
    );
}
