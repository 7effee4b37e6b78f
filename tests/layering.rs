//! Who may know whom: the table of ARCHITECTURE.md against the manifests.

use std::process::Command;

use phasegate_tests::{crates, dependencies, manifest, root};

/// What each crate may depend on, of ours. Adapters have one rule for all of them.
const MAY: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("percentile", &[]),
    ("resilience", &[]),
    ("criterion", &["core"]),
    ("plan", &["core", "criterion"]),
    ("sla", &["core", "criterion", "percentile"]),
    ("bucketing", &["core"]),
    ("shadow", &["core"]),
    ("table", &["core"]),
    ("engine", &["core", "criterion", "plan", "sla"]),
    ("driver", &["core", "engine", "journal"]),
    ("journal", &["core"]),
    ("journal-sqlite", &["core", "journal"]),
    ("journal-postgres", &["core", "journal"]),
    ("provider", &["core", "resilience"]),
    ("http", &["core", "provider", "resilience"]),
    ("tcp", &["provider"]),
    (
        "backtest",
        &["core", "criterion", "engine", "percentile", "sla", "table"],
    ),
    (
        "runner",
        &[
            "core",
            "criterion",
            "driver",
            "engine",
            "journal",
            "percentile",
            "plan",
            "provider",
            "resilience",
            "sla",
        ],
    ),
    ("report", &["core", "criterion", "engine", "plan", "sla"]),
];
const ADAPTERS_MAY: &[&str] = &[
    "core",
    "percentile",
    "provider",
    "resilience",
    "shadow",
    "table",
    "tcp",
];
/// Everything but the facade and the adapters.
const TESTKIT_MAY_NOT: &[&str] = &["provider-"];

/// Crates that decide and never act: nothing asynchronous, no clock, no socket.
const PURE: &[&str] = &[
    "core",
    "criterion",
    "percentile",
    "bucketing",
    "shadow",
    "plan",
    "sla",
    "engine",
    "driver",
    "report",
    "backtest",
    "table",
];
const NEVER_IN_PURE: &[&str] = &[
    "tokio",
    "reqwest",
    "hyper",
    "async-trait",
    "rusqlite",
    "tokio-postgres",
    "rand",
    "getrandom",
    "futures",
];

fn short(name: &str) -> &str {
    name.strip_prefix("phasegate-").unwrap_or(name)
}

fn allowed(of: &str, on: &str) -> bool {
    if of == "phasegate" {
        return true;
    }
    if of == "testkit" {
        return on != "phasegate" && !TESTKIT_MAY_NOT.iter().any(|prefix| on.starts_with(prefix));
    }
    if of.starts_with("provider-") {
        return ADAPTERS_MAY.contains(&on);
    }
    let rule = MAY.iter().find(|(name, _)| *name == of);
    let (_, may) =
        rule.unwrap_or_else(|| panic!("{of}: add it to the table here and in ARCHITECTURE.md"));
    may.contains(&on)
}

#[test]
fn dependencies_point_one_way() {
    let mut wrong = Vec::new();
    for name in crates() {
        for on in dependencies(&manifest(&name)) {
            if on.starts_with("phasegate") && !allowed(short(&name), short(&on)) {
                wrong.push(format!("{name} must not depend on {on}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_can_say_no() {
    assert!(!allowed("core", "plan"));
    assert!(!allowed("provider", "engine"));
    assert!(!allowed("provider-inprocess", "runner"));
    assert!(!allowed("provider-inprocess", "provider-command"));
    assert!(!allowed("testkit", "provider-inprocess"));
    assert!(!allowed("percentile", "core"));
}

#[test]
fn pure_crates_name_nothing_that_acts() {
    for name in crates().iter().filter(|name| PURE.contains(&short(name))) {
        for on in dependencies(&manifest(name)) {
            assert!(
                !NEVER_IN_PURE.contains(&on.as_str()),
                "{name} depends on {on}"
            );
        }
    }
}

#[test]
fn what_people_embed_pulls_in_neither_runtime_nor_http_client() {
    for name in [
        "phasegate-plan",
        "phasegate-sla",
        "phasegate-engine",
        "phasegate-percentile",
    ] {
        let output = Command::new(env!("CARGO"))
            .args([
                "tree",
                "--offline",
                "--edges",
                "normal",
                "--all-features",
                "--prefix",
                "none",
                "-p",
                name,
            ])
            .current_dir(root())
            .output()
            .expect("cargo runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let tree = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(
            tree.lines().any(|line| line.starts_with(name)),
            "{name} is in its own tree"
        );
        for never in ["tokio v", "reqwest v", "hyper v"] {
            assert!(
                !tree.lines().any(|line| line.starts_with(never)),
                "{name} pulls in {never}"
            );
        }
    }
}

#[test]
fn the_testkit_is_never_a_normal_dependency() {
    for name in crates() {
        assert!(
            !dependencies(&manifest(&name)).contains(&"phasegate-testkit".to_owned()),
            "{name}"
        );
    }
}
