//! Windows, slots, freezes and ramps.

use serde_json::{Value, json};

use super::{Kind, list, plan};

pub(super) const KINDS: &[Kind] = &[
    Kind::plan("windows of ten years among holidays", 49_000, windows),
    Kind::plan("windows of ten years among freezes", 40_000, windows_frozen),
    Kind::plan("windows in a decade of holidays and freeze", 45_000, decade),
    Kind::plan("windows within freezes of long names", 24_000, long_names),
    Kind::plan("days of one phase", 49_000, slots),
    Kind::plan("ramps by rules", 49_000, curves),
    Kind::plan("the timeline and its gates", 49_000, timeline),
];

/// A day in the years from 1990 on that each have 360.
fn day(number: usize) -> String {
    let (year, rest) = (1990 + number / 360, number % 360);
    format!("{year}-{:02}-{:02}", rest / 30 + 1, rest % 30 % 28 + 1)
}

fn phases(items: usize) -> Value {
    list(items, |phase| {
        json!({"id": format!("p{phase}"), "title": "P", "length": "2000bd",
            "window": format!("2016-01-{:02}..2025-12-31", phase % 28 + 1),
            "steps": [{"id": "s", "wait": "1h"}]})
    })
}

fn freeze(title: String, from: usize, until: usize) -> Value {
    let moment = |number| format!("{}T00:00:00Z", day(number));
    json!({"title": title, "from": moment(from), "until": moment(until)})
}

fn windows(items: usize) -> String {
    let holidays = list(30_000.min(items), |number| json!(day(number)));
    plan(json!({"phases": phases(items), "calendar": {"holidays": holidays}}))
}

fn windows_frozen(items: usize) -> String {
    let freezes = list(999, |number| {
        freeze(format!("F{number}"), 9_360 + number * 3, 9_361 + number * 3)
    });
    plan(json!({"phases": phases(items), "freezes": freezes}))
}

fn decade(items: usize) -> String {
    let holidays = list(4_000, |number| json!(day(9_000 + number)));
    let freezes = [freeze("F".to_owned(), 9_000, 18_000)];
    plan(json!({"phases": phases(items), "calendar": {"holidays": holidays}, "freezes": freezes}))
}

fn long_names(items: usize) -> String {
    let freezes = list(999, |number| {
        freeze(format!("{number}{}", "F".repeat(4_000)), 9_000, 18_000)
    });
    plan(json!({"phases": phases(items), "freezes": freezes}))
}

fn slots(items: usize) -> String {
    let activities = list(
        items,
        |number| json!({"title": "A", "slot": {"day": 3_600 + number % 50, "weekday": "monday"}}),
    );
    plan(
        json!({"phases": [{"id": "p", "title": "P", "length": "9999bd",
        "window": "2016-01-04..2055-12-31", "activities": activities}]}),
    )
}

fn curves(items: usize) -> String {
    let steps = list(items, |number| {
        let curve = json!({"shape": "exponential", "from": "0.001%", "rungs": 100, "bake": "1h"});
        json!({"id": format!("s{number}"),
            "traffic": {"binding": "e", "target": format!("t{number}"), "curve": curve}})
    });
    plan(
        json!({"phases": [{"id": "p", "title": "P", "no-way-back": "x",
        "criteria": ["load < 5"], "steps": steps}]}),
    )
}

fn timeline(items: usize) -> String {
    let gates = list(
        items,
        |gate| json!({"id": format!("g{gate}"), "checks": ["x"]}),
    );
    plan(json!({
        "phases": [{"id": "p", "title": "P", "gates": gates}],
        "timeline": list(items, |entry| json!({
            "title": "T", "weeks": "1..2", "gate": format!("g{}", items - 1 - entry % 5), "phases": ["p"],
        })),
    }))
}
