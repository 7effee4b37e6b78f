//! Burn rates against tabled values, attainment by the three ways of counting, KPI standing, derived KPIs.
#![expect(
    clippy::too_many_lines,
    reason = "tables of cases are long, and a case that is not meant is a failure"
)]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may stop the test"
)]

use phasegate_core::{Fraction, Quantity, Ratio, Span, Timestamp};
use phasegate_criterion::{Direction, Kpi, Shape, Slo, SloMethod};
use phasegate_sla::kpi::{
    DeliveryPerformance, Deployment, Incident, KpiStatus, Savings, automated_recovery_rate,
    breaker_effectiveness, cost_per_item, false_positive_rate, manual_interventions_per_day,
    on_budget, on_time, recovery_time, standing,
};
use phasegate_sla::slo::{
    Attainment, BurnAlert, BurnLint, BurnPair, BurnSeverity, Slice, standard_pairs,
};
use phasegate_sla::{Verdict, Why};
use serde_json::Value;

const DAY: u64 = 86_400;

fn days(n: u64) -> Span {
    Span::from_secs(n * DAY)
}

fn day(n: u64) -> Timestamp {
    Timestamp::EPOCH + days(n)
}

fn percent(text: &str) -> Ratio {
    text.parse().expect("a share")
}

fn near(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() <= 1e-12 * wanted.abs().max(1.0)
}

/// The pairs in the order of the table's names.
fn pair(name: &str) -> BurnPair {
    let index = ["page_quick", "page_slow", "ticket_quick", "ticket_slow"]
        .iter()
        .position(|one| *one == name);
    standard_pairs()[index.expect("a pair")]
}

#[test]
fn burn_rates_have_their_tabled_values() {
    let table: Value =
        serde_json::from_str(include_str!("data/burn_rate.json")).expect("the table");
    let rows = table["rows"].as_array().expect("rows");
    assert!(rows.len() >= 12);
    for row in rows {
        let pair = pair(row["name"].as_str().expect("a name"));
        let period = days(row["period_days"].as_u64().expect("days"));
        let number = |value: &Value| value.as_f64().expect("a number");
        assert!(near(
            pair.spent.to_f64() * 100.0,
            number(&row["budget_pct"])
        ));
        assert!(near(
            pair.long.as_secs_f64(),
            number(&row["long_h"]) * 3_600.0
        ));
        assert!(near(
            pair.short.as_secs_f64(),
            number(&row["short_h"]) * 3_600.0
        ));
        let alert = |objective: &str| {
            BurnAlert::new(percent(&format!("{objective}%")), period).expect("a budget")
        };
        let factor = alert("99.9").factor(&pair).expect("a factor");
        assert!(near(factor.to_f64(), number(&row["factor"])), "{row}");
        for (objective, wanted) in row["error_threshold"].as_object().expect("objectives") {
            let threshold = alert(objective)
                .error_threshold(&pair)
                .expect("a threshold");
            assert!(
                near(threshold.to_f64(), number(wanted)),
                "{objective} {row}"
            );
        }
        for (objective, wanted) in row["time_to_fire_at_100pct_errors_min"]
            .as_object()
            .expect("objectives")
        {
            let time = alert(objective)
                .time_to_fire(&pair, Fraction::ONE)
                .expect("it fires");
            assert!(
                (time.as_secs_f64() / 60.0 - number(wanted)).abs() < 1e-9,
                "{objective} {row}"
            );
        }
        let lasts = alert("99.9").exhaustion(factor).expect("a time");
        let wanted = number(&row["exhaustion_days"]) * 86_400.0;
        assert!((lasts.as_secs_f64() - wanted).abs() < 1e-6, "{row}");
        let below_one = alert("99.9")
            .lint(&pair)
            .contains(&BurnLint::FactorBelowOne);
        assert_eq!(below_one, number(&row["factor"]) < 1.0 - 1e-9, "{row}");
    }
}

#[test]
fn the_allowed_downtime_is_the_tabled_one() {
    let table: Value =
        serde_json::from_str(include_str!("data/burn_rate.json")).expect("the table");
    for (objective, periods) in table["allowed_downtime_min"]
        .as_object()
        .expect("objectives")
    {
        for (period, minutes) in periods.as_object().expect("periods") {
            let period = days(period.trim_end_matches('d').parse().expect("days"));
            let alert =
                BurnAlert::new(percent(&format!("{objective}%")), period).expect("a budget");
            let found = alert.downtime_allowed().expect("a time").as_secs_f64() / 60.0;
            assert!(
                (found - minutes.as_f64().expect("minutes")).abs() < 1e-9,
                "{objective} {found}"
            );
        }
    }
}

#[test]
fn factors_for_a_month_are_exact_and_become_criteria() {
    let alert = BurnAlert::new(percent("99.9%"), days(30)).expect("a budget");
    let factors: Vec<String> = standard_pairs()
        .iter()
        .filter_map(|pair| alert.factor(pair))
        .map(|factor| factor.to_string())
        .collect();
    assert_eq!(factors, ["14.4", "6", "3", "1"]);
    let slo = "availability".parse().expect("a name");
    let criterion = alert
        .criterion(&slo, &standard_pairs()[0])
        .expect("a criterion");
    assert_eq!(
        criterion.to_string(),
        "burn_rate(availability, 1h) > 14.4 and burn_rate(availability, 5m) > 14.4"
    );
    let four_weeks = BurnAlert::new(percent("99.9%"), days(28)).expect("a budget");
    let slow = four_weeks
        .criterion(&slo, &standard_pairs()[3])
        .expect("a criterion");
    assert!(slow.to_string().contains("> 0.933334 and"), "{slow}");
}

#[test]
fn both_windows_must_burn_and_what_is_not_measured_neither_fires_nor_resolves() {
    let alert = BurnAlert::new(percent("99.9%"), days(30)).expect("a budget");
    let page = standard_pairs()[0];
    let slice = |good, total| Slice { good, total };
    for (long, short, expected) in [
        (slice(98_559, 100_000), slice(0, 1), Some(true)),
        // A burn rate of exactly 14.4 does not lie above it.
        (slice(98_560, 100_000), slice(0, 1), Some(false)),
        (slice(0, 1), slice(98_560, 100_000), Some(false)),
        (slice(0, 0), slice(0, 1), None),
        (slice(0, 1), slice(0, 0), None),
        (slice(0, 0), slice(1, 1), Some(false)),
    ] {
        assert_eq!(
            alert.fires(&page, long, short),
            expected,
            "{long:?} {short:?}"
        );
    }
    assert!(BurnAlert::new(Ratio::ONE, days(30)).is_none());
}

#[test]
fn pairs_that_make_poor_alerts_are_pointed_out() {
    let hours = |n: u64| Span::from_secs(n * 3_600);
    let of = |spent: &str, long: Span, short: Span| BurnPair {
        severity: BurnSeverity::Page,
        spent: percent(spent),
        long,
        short,
    };
    for (objective, period, pair, expected) in [
        ("99.9%", days(30), standard_pairs()[0], vec![]),
        (
            "99.9%",
            days(7),
            standard_pairs()[2],
            vec![BurnLint::FactorBelowOne],
        ),
        (
            "99.9%",
            days(1),
            of("100%", hours(48), hours(1)),
            vec![BurnLint::FactorBelowOne, BurnLint::LongerThanPeriod],
        ),
        (
            "99.9%",
            days(30),
            of("2%", hours(1), hours(1)),
            vec![BurnLint::ShortNotShorter],
        ),
        (
            "90%",
            days(30),
            standard_pairs()[0],
            vec![BurnLint::Unreachable],
        ),
    ] {
        let alert = BurnAlert::new(percent(objective), period).expect("a budget");
        assert_eq!(alert.lint(&pair), expected, "{objective} {pair:?}");
    }
}

fn slo(objective: &str, method: SloMethod) -> Slo {
    Slo {
        id: "availability".parse().expect("an id"),
        kpi: "good".parse().expect("an id"),
        objective: percent(objective),
        period: days(30),
        method,
    }
}

#[test]
fn an_slo_is_attained_by_events_by_slices_or_by_the_mean_of_slices() {
    let slice = |good, total| Slice { good, total };
    let minute = Span::from_secs(60);
    let slices = SloMethod::TimeSlices {
        slice: minute,
        target: percent("95%"),
    };
    let mean = SloMethod::RatioOfSlices { slice: minute };
    for (method, objective, counts, met, left) in [
        (
            SloMethod::Occurrences,
            "99%",
            vec![slice(99, 100)],
            Some(true),
            Some("0"),
        ),
        (
            SloMethod::Occurrences,
            "99%",
            vec![slice(98, 100)],
            Some(false),
            Some("-1"),
        ),
        (
            SloMethod::Occurrences,
            "99%",
            vec![slice(100, 100), slice(0, 0)],
            Some(true),
            Some("1"),
        ),
        (SloMethod::Occurrences, "99%", vec![slice(0, 0)], None, None),
        (
            SloMethod::Occurrences,
            "100%",
            vec![slice(1, 1)],
            Some(true),
            None,
        ),
        // One busy bad minute weighs as much as a quiet good one.
        (
            slices,
            "50%",
            vec![slice(0, 1_000), slice(1, 1)],
            Some(true),
            Some("0"),
        ),
        (
            slices,
            "50%",
            vec![slice(95, 100), slice(94, 100)],
            Some(true),
            Some("0"),
        ),
        (
            slices,
            "60%",
            vec![slice(95, 100), slice(94, 100)],
            Some(false),
            Some("-0.25"),
        ),
        (slices, "50%", vec![slice(0, 0), slice(0, 0)], None, None),
        (
            mean,
            "50%",
            vec![slice(0, 1_000), slice(1, 1)],
            Some(true),
            Some("0"),
        ),
        (
            mean,
            "75%",
            vec![slice(1, 2), slice(1, 1), slice(0, 0)],
            Some(true),
            Some("0"),
        ),
        (
            mean,
            "76%",
            vec![slice(1, 2), slice(1, 1)],
            Some(false),
            None,
        ),
        // More good events than events is no measurement.
        (mean, "50%", vec![slice(2, 1)], None, None),
    ] {
        let attained = Attainment::of(&slo(objective, method), &counts);
        assert_eq!(attained.met(), met, "{method:?} {counts:?}");
        if met.is_some() && left.is_some() {
            assert_eq!(
                attained
                    .budget_left()
                    .map(|left| left.to_string())
                    .as_deref(),
                left,
                "{method:?}"
            );
        }
        assert_eq!(
            attained.measured() + attained.unmeasured(),
            counts.len() as u64
        );
    }
}

#[test]
fn a_month_of_uneven_minutes_is_summed_without_overflow() {
    let counts: Vec<Slice> = (0..43_200u64)
        .map(|n| Slice {
            good: 1_000 + n % 7,
            total: 1_009 + n % 11,
        })
        .collect();
    let attained = Attainment::of(
        &slo(
            "99%",
            SloMethod::RatioOfSlices {
                slice: Span::from_secs(60),
            },
        ),
        &counts,
    );
    let float: f64 = counts
        .iter()
        .map(|s| s.good as f64 / s.total as f64)
        .sum::<f64>()
        / 43_200.0;
    assert!((attained.share().expect("measured").to_f64() - float).abs() < 1e-12);
    assert_eq!(attained.met(), Some(false));
}

#[test]
fn a_kpi_is_met_on_track_off_track_or_not_measured() {
    let kpi = |unit: &str, direction: Direction, baseline: &str, target: &str| {
        let id = "lead_time".parse().expect("an id");
        let source = "engine".parse().expect("an id");
        let mut kpi = Kpi::new(id, unit.parse().expect("a unit"), Shape::Gauge, source);
        kpi.direction = direction;
        kpi.baseline = baseline.parse().expect("a baseline");
        kpi.target = target.parse().ok();
        kpi
    };
    use Direction::{HigherIsBetter as Higher, LowerIsBetter as Lower, Neither};
    use KpiStatus::{Met, NotMeasured, OffTrack, OnTrack};
    for (kpi, actual, at, expected) in [
        (kpi("d", Lower, "5d", "1d"), Some("1d"), 30, Met),
        (kpi("d", Lower, "5d", "1d"), Some("24h"), 30, Met),
        (kpi("d", Lower, "5d", "1d"), Some("3d"), 45, OnTrack),
        (kpi("d", Lower, "5d", "1d"), Some("3d"), 46, OffTrack),
        (kpi("d", Lower, "5d", "1d"), Some("1.1d"), 91, OffTrack),
        (kpi("d", Lower, "5d", "1d"), Some("6d"), 1, OffTrack),
        (kpi("d", Lower, "5d", "1d"), None, 30, NotMeasured),
        (
            kpi("d", Lower, "5d", "nothing"),
            Some("1d"),
            30,
            NotMeasured,
        ),
        (kpi("d", Lower, "5d", "1d"), Some("5%"), 30, NotMeasured),
        (kpi("%", Higher, "25%", "80%"), Some("80%"), 30, Met),
        (kpi("%", Higher, "25%", "> 80%"), Some("80%"), 90, OnTrack),
        (kpi("%", Higher, "unknown", "80%"), Some("79%"), 1, OffTrack),
        (kpi("%", Neither, "25%", "80%"), Some("79%"), 1, NotMeasured),
        // From 40 the way is longer than from 30: less of it is done.
        (kpi("m", Lower, "30m..40m", "20m"), Some("25m"), 45, OnTrack),
        (
            kpi("m", Lower, "30m..40m", "20m"),
            Some("26m"),
            45,
            OffTrack,
        ),
    ] {
        let actual: Option<Quantity> = actual.and_then(|actual| actual.parse().ok());
        let stands = standing(&kpi, actual.as_ref(), day(0), Some(day(90)), day(at));
        assert_eq!(stands.status, expected, "{}", stands.sentence);
    }
    let stands = standing(
        &kpi("d", Lower, "5d", "1d"),
        "3d".parse().ok().as_ref(),
        day(0),
        Some(day(90)),
        day(30),
    );
    assert_eq!(
        stands.sentence,
        "lead_time on track at 3d, target 1d, 50% of the way in 33.33% of the time"
    );
}

#[test]
fn derived_kpis_are_made_of_their_records_or_not_at_all() {
    let shown = |quantity: Option<Quantity>| quantity.map(|quantity| quantity.to_string());
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(shown(breaker_effectiveness(9, 1)), text("90%"));
    assert_eq!(shown(breaker_effectiveness(u64::MAX, 1)), None);
    assert_eq!(shown(automated_recovery_rate(4, 1)), text("80%"));
    assert_eq!(shown(automated_recovery_rate(0, 0)), None);
    assert_eq!(shown(false_positive_rate(1, 20)), text("5%"));
    assert_eq!(shown(false_positive_rate(2, 1)), None);
    assert_eq!(
        shown(manual_interventions_per_day(3, days(2))),
        text("1.5/day")
    );
    assert_eq!(shown(manual_interventions_per_day(3, Span::ZERO)), None);
    assert_eq!(
        shown(cost_per_item(&"$12".parse().expect("money"), 400)),
        text("$0.03")
    );
    assert_eq!(
        shown(cost_per_item(&"$12".parse().expect("money"), 0)),
        None
    );
    assert_eq!(
        recovery_time(&[
            (day(0), Some(day(2))),
            (day(1), Some(day(2))),
            (day(3), None)
        ]),
        (Some(Span::from_secs(DAY * 3 / 2)), 1)
    );
    assert_eq!(recovery_time(&[]), (None, 0));
    // What ended before it began did not take no time: nobody knows how long it took.
    assert_eq!(
        recovery_time(&[(day(0), Some(day(2))), (day(5), Some(day(4)))]),
        (Some(days(2)), 1)
    );
    assert_eq!(recovery_time(&[(day(5), Some(day(4)))]), (None, 1));
    assert_eq!(
        recovery_time(&[(day(5), Some(day(5)))]),
        (Some(Span::ZERO), 0)
    );
    let not_yet = Verdict::Inconclusive(Why::NotYet { remaining: days(1) });
    assert_eq!(on_time(day(5), Some(day(5)), day(9)), Verdict::Pass);
    assert_eq!(on_time(day(5), Some(day(6)), day(9)), Verdict::Fail);
    assert_eq!(on_time(day(5), None, day(4)), not_yet);
    assert_eq!(on_time(day(5), None, day(6)), Verdict::Fail);
    let money = |text: &str| text.parse::<Quantity>().ok();
    for (spent, budget, expected) in [
        ("$5", "$5", Verdict::Pass),
        ("$5.01", "$5", Verdict::Fail),
        ("€5", "$5", Verdict::Inconclusive(Why::Invalid)),
        ("", "$5", Verdict::Inconclusive(Why::HumanAnswerMissing)),
    ] {
        assert_eq!(
            on_budget(money(spent).as_ref(), money(budget).as_ref()),
            expected
        );
    }
}

#[test]
fn the_totals_of_the_cost_table_are_the_true_ones() {
    let mut savings = Savings::default();
    for (name, before, after, change) in [
        ("compute", "$500", "$350", "-30%"),
        ("database", "$200", "$150", "-25%"),
        ("storage", "$100", "$80", "-20%"),
        ("bandwidth", "$300", "$200", "-33.33%"),
        ("monitoring", "$150", "$150", "0%"),
    ] {
        savings
            .add(
                name,
                before.parse().expect("money"),
                after.parse().expect("money"),
            )
            .expect("one currency");
        let line = savings.lines().last().expect("a line");
        assert_eq!(
            line.change().map(|change| change.to_string()).as_deref(),
            Some(change)
        );
    }
    let total = savings.total().expect("lines");
    assert_eq!(
        (total.before.to_string(), total.after.to_string()),
        ("$1250".to_owned(), "$930".to_owned())
    );
    assert_eq!(
        total.change().map(|change| change.to_string()).as_deref(),
        Some("-25.6%")
    );
    assert_eq!(total.saves(percent("25.6%")), Some(true));
    assert_eq!(total.saves(percent("26%")), Some(false));
    assert_eq!(
        savings.add(
            "other",
            "€1".parse().expect("money"),
            "€1".parse().expect("money")
        ),
        None
    );
    assert_eq!(Savings::default().total(), None);
}

#[test]
fn delivery_performance_comes_from_deployments_and_incidents() {
    let deployed = |at: u64, lead: Option<u64>, failed: bool, rework: bool| Deployment {
        at: day(at),
        committed: lead.map(|lead| day(at - lead)),
        failed,
        rework,
    };
    let deployments = [
        deployed(10, Some(1), false, false),
        deployed(11, Some(3), true, false),
        deployed(12, None, false, true),
        deployed(13, Some(9), false, false),
        // Outside.
        deployed(20, Some(9), true, true),
    ];
    let incident = |began: u64, hours: Option<u64>, from_change: bool| Incident {
        began: day(began),
        restored: hours.map(|hours| day(began) + Span::from_secs(hours * 3_600)),
        from_change,
    };
    let incidents = [
        incident(11, Some(1), true),
        incident(12, Some(4), true),
        incident(12, None, true),
        incident(13, Some(90), false),
    ];
    let found = DeliveryPerformance::over(day(10), day(20), &deployments, &incidents);
    assert_eq!(found.lead_time, Some(days(3)));
    assert_eq!(found.deployments_per_day, Fraction::new(4, 10));
    assert_eq!(found.recovery_time, Some(Span::from_secs(9_000)));
    assert_eq!(found.unrestored, 1);
    assert_eq!(found.change_fail_rate, Fraction::new(1, 4));
    assert_eq!(found.rework_rate, Fraction::new(1, 4));
    assert_eq!(found.impossible, 0);
    // Records that cannot be so make nothing faster: they are counted, and no figure is made of them.
    let wrong = [Deployment {
        committed: Some(day(16)),
        ..deployed(15, None, false, false)
    }];
    let ended_first = [Incident {
        restored: Some(day(10)),
        ..incident(11, None, true)
    }];
    let with = |a: &[Deployment], b: &[Incident]| {
        let both = ([&deployments[..], a].concat(), [&incidents[..], b].concat());
        DeliveryPerformance::over(day(10), day(20), &both.0, &both.1)
    };
    let doubtful = with(&wrong, &ended_first);
    assert_eq!(doubtful.lead_time, found.lead_time);
    assert_eq!(doubtful.recovery_time, found.recovery_time);
    assert_eq!((doubtful.unrestored, doubtful.impossible), (1, 2));
    assert_eq!(doubtful.deployments_per_day, Fraction::new(5, 10));
    let nothing = DeliveryPerformance::over(day(30), day(40), &deployments, &incidents);
    assert_eq!(nothing.deployments_per_day, Some(Fraction::ZERO));
    assert_eq!(
        (
            nothing.change_fail_rate,
            nothing.lead_time,
            nothing.recovery_time
        ),
        (None, None, None)
    );
}
