//! What the workspace tests share: where the workspace is, its manifests and its plans, when simulated
//! rollouts begin, who acts in them and how their numbers behave.

use std::path::{Path, PathBuf};

use phasegate_core::{Span, Timestamp};
use phasegate_engine::program::Program;
use phasegate_engine::{Person, Start, compile};
use phasegate_plan::{Catalog, PlanDocument, check};
use phasegate_testkit::world::{Metric, World};

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the workspace")
        .to_path_buf()
}

/// The names of all folders under `crates/`, sorted.
pub fn crates() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(root().join("crates"))
        .expect("crates/ is there")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    names.sort();
    names
}

/// The manifest of a crate.
pub fn manifest(name: &str) -> toml::Table {
    let path = root().join("crates").join(name).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.parse()
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The names of a manifest's normal dependencies.
pub fn dependencies(manifest: &toml::Table) -> Vec<String> {
    let table = manifest.get("dependencies").and_then(toml::Value::as_table);
    table
        .map(|table| table.keys().cloned().collect())
        .unwrap_or_default()
}

/// All files with this ending under a folder, sorted.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_path_buf()];
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .and_then(|n| n.to_str())
                .unwrap_or_default();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                left.push(path);
            } else if name.ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// So many minutes after the simulated rollouts begin, on a Monday at nine.
pub fn at(minutes: u64) -> Timestamp {
    const START: &str = "2026-09-07T09:00:00Z";
    START.parse::<Timestamp>().expect("a moment") + Span::from_secs(60 * minutes)
}

/// A person who has one role.
pub fn person(id: &str, role: &str) -> Person {
    Person {
        id: id.parse().expect("an id"),
        roles: vec![role.parse().expect("an id")],
    }
}

/// A hundred events a second, of which this share match.
pub fn errors(share: &str) -> Metric {
    Metric::Share {
        matching: share.parse().expect("a ratio"),
        per_second: 100,
    }
}

/// A hundred values a second, evenly spread from `scale` to a hundred times that.
pub fn latency(scale: f64) -> Metric {
    Metric::Distribution {
        points: (1..=100).map(|n| scale * f64::from(n)).collect(),
        per_second: 100,
    }
}

/// From now on this gauge shows so much.
pub fn set(world: &mut World, kpi: &str, value: u64) {
    let value = value.into();
    let kpi = kpi.parse().expect("an id");
    world.metrics.insert(kpi, Metric::Scalar { value });
}

/// The text of a plan of `tests/plans/`.
pub fn text(name: &str) -> String {
    let path = root().join("tests/plans").join(format!("{name}.yaml"));
    std::fs::read_to_string(path).expect("a file")
}

/// A plan of `tests/plans/`, checked with its bindings and compiled.
pub fn program(name: &str, roll_up: Option<Span>) -> Program {
    program_of(&text(name), roll_up)
}

/// The same from a text.
pub fn program_of(plan: &str, roll_up: Option<Span>) -> Program {
    let bindings = Catalog::read("bindings.yaml", text("bindings").as_bytes());
    let catalog = bindings
        .catalog
        .unwrap_or_else(|| panic!("{}", bindings.faults.render()));
    let document = PlanDocument::read("plan.yaml", plan.as_bytes());
    let checked = check(&document, Some(&catalog));
    let plan = checked
        .plan
        .unwrap_or_else(|| panic!("{}", checked.faults.render()));
    let start = Start {
        roll_up,
        ..Start::new("author".parse().expect("an id"))
    };
    compile(&plan, &catalog, &start).expect("compiles")
}

/// The plans that were written from the five source plans.
pub const FIVE: [&str; 5] = [
    "ci-pipeline",
    "code-review",
    "enterprise-cicd",
    "fast-deployment",
    "unified-pipeline",
];

/// One of the five plans of `examples/plans/`, checked with its bindings and compiled. What has no default is given.
pub fn five(name: &str) -> Program {
    let read = |ending: &str| {
        let path = root().join(format!("examples/plans/{name}{ending}"));
        std::fs::read(&path).expect("a document")
    };
    let document = PlanDocument::read(&format!("{name}.yaml"), &read(".yaml"));
    let bindings = Catalog::read("bindings.yaml", &read(".bindings.yaml"));
    let catalog = bindings
        .catalog
        .unwrap_or_else(|| panic!("{}", bindings.faults.render()));
    let checked = check(&document, Some(&catalog));
    let plan = checked
        .plan
        .unwrap_or_else(|| panic!("{}", checked.faults.render()));
    let mut start = Start::new("author".parse().expect("an id"));
    for parameter in plan.parameters.iter().filter(|one| one.default.is_none()) {
        start
            .parameters
            .insert(parameter.id.clone(), "7".to_owned());
    }
    compile(&plan, &catalog, &start).unwrap_or_else(|error| panic!("{name}: {error}"))
}
