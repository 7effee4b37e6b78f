//! Graphs of phases, and what leads back in them.

use serde_json::{Value, json};

use super::{Kind, list, plan};

pub(super) const KINDS: &[Kind] = &[
    Kind::plan("phases after all before them, going back", 1_350, after_all),
    Kind::plan("layers of phases, going back", 7_600, layers_back),
    Kind::plan(
        "narrow layers of phases, going back",
        24_500,
        narrow_layers_back,
    ),
    Kind::plan("layers of phases that move the same", 7_900, layers_shared),
    Kind::plan("parallel phases", 42_000, parallel),
    Kind::plan("a chain, each back to its first", 49_000, chain),
    Kind::plan("triggers that go back from anywhere", 44_000, triggers),
    Kind::plan("ways back to the start", 49_000, procedures),
    Kind::plan("what goes, phase by phase", 41_000, deprecations),
];

fn name(phase: usize) -> String {
    format!("p{phase}")
}

/// One in many phases does something that cannot be undone.
fn step(phase: usize) -> Value {
    json!([{"id": "s", "wait": "1h", "irreversible": phase % 97 == 5}])
}

fn after_all(items: usize) -> String {
    plan(json!({"phases": list(items, |phase| json!({
        "id": name(phase), "title": "P", "no-way-back": "x", "steps": step(phase),
        "after": (0..phase).map(name).collect::<Vec<_>>(),
        "on-fail": [{"rollback": {"phase": name(phase / 2)}}, {"return-to": name(phase / 3)}],
    }))}))
}

/// Which phases are before one, in layers of so many.
fn before(phase: usize, width: usize) -> Vec<String> {
    let layer = phase / width * width;
    (layer.saturating_sub(width)..layer).map(name).collect()
}

fn back(items: usize, width: usize) -> String {
    plan(json!({"phases": list(items, |phase| json!({
        "id": name(phase), "title": "P", "no-way-back": "x", "steps": step(phase),
        "after": before(phase, width),
        "on-fail": [{"rollback": {"phase": name(phase / 2)}}, {"return-to": "p1"}],
    }))}))
}

fn layers_back(items: usize) -> String {
    back(items, 100)
}

fn narrow_layers_back(items: usize) -> String {
    back(items, 10)
}

fn layers_shared(items: usize) -> String {
    plan(json!({"phases": list(items, |phase| json!({
        "id": name(phase), "title": "P", "no-way-back": "x", "after": before(phase, 100),
        "steps": [{"id": "s", "traffic": {"binding": "e", "target": name(phase % 100), "stages": ["100%"]}}],
    }))}))
}

fn parallel(items: usize) -> String {
    plan(json!({"phases": list(items, |phase| json!({
        "id": name(phase), "title": "P", "no-way-back": "x", "after": [],
        "steps": [{"id": "s", "traffic": {"binding": "e", "target": "t", "stages": ["100%"]}}],
    }))}))
}

fn chain(items: usize) -> String {
    plan(json!({"phases": list(items, |phase| json!({
        "id": name(phase), "title": "P", "no-way-back": "x", "steps": [{"id": "s", "wait": "1h"}],
        "on-fail": [{"return-to": "p0"}],
    }))}))
}

fn triggers(items: usize) -> String {
    let phases = items / 2;
    plan(json!({
        "phases": list(phases, |phase| json!({
            "id": name(phase), "title": "P", "no-way-back": "x", "steps": step(phase),
        })),
        "triggers": list(items, |trigger| json!({
            "id": name(trigger), "criterion": "load > 5",
            "respond": [{"rollback": {"phase": name(trigger % phases)}}],
        })),
    }))
}

fn procedures(items: usize) -> String {
    plan(json!({
        "phases": list(20_000.min(items), |phase| json!({
            "id": name(phase), "title": "P", "steps": [{"id": "s", "wait": "1h"}],
        })),
        "procedures": list(items, |procedure| json!({
            "id": name(procedure), "title": "T", "rollback": {"target": "start"},
        })),
    }))
}

fn deprecations(items: usize) -> String {
    plan(json!({"phases": list(items, |phase| {
        let stage = if phase == 0 { "warn" } else { "removed" };
        let end = json!({"binding": "e", "target": "t", "stage": stage, "notice": "1d"});
        json!({"id": name(phase), "title": "P", "length": "2d", "no-way-back": "x",
            "steps": [{"id": "s", "deprecation": end}]})
    })}))
}
