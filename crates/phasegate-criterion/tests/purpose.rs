//! Thresholds against what they are used for.
#![expect(clippy::expect_used, reason = "helpers of tests may stop the test")]

use phasegate_criterion::{Direction, Kpi, KpiRegistry, Purpose, Shape, check_purpose};

fn registry() -> KpiRegistry {
    let mut registry = KpiRegistry::new();
    let kpis = [
        ("errors", "%", Shape::Ratio, Direction::LowerIsBetter),
        (
            "latency",
            "ms",
            Shape::Distribution,
            Direction::LowerIsBetter,
        ),
        ("sales", "", Shape::Gauge, Direction::HigherIsBetter),
        ("faults", "", Shape::Counter, Direction::LowerIsBetter),
        ("queue", "", Shape::Gauge, Direction::Neither),
    ];
    for (id, unit, shape, direction) in kpis {
        let mut kpi = Kpi::new(
            id.parse().expect("an id"),
            unit.parse().expect("a unit"),
            shape,
            "metrics".parse().expect("an id"),
        );
        kpi.direction = direction;
        registry.declare(kpi).expect("a new KPI");
    }
    registry
}

#[test]
fn thresholds_point_the_way_that_they_are_used_for() {
    // Text, faults when it must hold to go forward, faults when it sends back.
    let rows = [
        ("ratio(errors) < 2%", 0, 1),
        ("ratio(errors) > 2%", 1, 0),
        ("ratio(errors) = 2%", 0, 0),
        ("p95(latency) > 300ms", 1, 0),
        ("change(p95(latency)) > 10% vs baseline", 1, 0),
        ("sales >= 10", 0, 1),
        ("sales < 10", 1, 0),
        ("queue < 10", 0, 0),
        ("queue > 10", 0, 0),
        ("count(errors) >= 1000", 0, 0),
        ("count(faults) >= 1000", 1, 0),
        ("ratio(errors) > 0.1% and ratio(errors) < 2%", 0, 0),
        ("ratio(errors) > 2% and p95(latency) < 300ms", 1, 0),
        ("ratio(errors) < 2% or p95(latency) < 300ms", 0, 2),
        ("ratio(errors) > 2% or p95(latency) < 300ms", 1, 1),
    ];
    let registry = registry();
    for (text, pass, back) in rows {
        let criterion = text.parse().expect(text);
        let told = |purpose| check_purpose(&[&criterion], purpose, &registry).len();
        assert_eq!(told(Purpose::Pass), pass, "{text}, to go forward");
        assert_eq!(told(Purpose::Rollback), back, "{text}, to go back");
    }
}

#[test]
fn criteria_that_must_all_hold_narrow_each_other_down() {
    let registry = registry();
    let texts = ["ratio(errors) > 0.1%", "sales < 10", "ratio(errors) < 2%"];
    let all = texts.map(|text| text.parse().expect(text));
    let all: Vec<_> = all.iter().collect();
    let numbers = |purpose| -> Vec<usize> {
        let faults = check_purpose(&all, purpose, &registry);
        faults.into_iter().map(|(number, _)| number).collect()
    };
    assert_eq!(numbers(Purpose::Pass), [1]);
    // Each of these sends back by itself.
    assert_eq!(numbers(Purpose::Rollback), [2]);
}
