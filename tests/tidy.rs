//! House rules that no compiler checks.

use phasegate_tests::{crates, files, manifest, root};

const STRICT: &[&str] = &[
    "core",
    "criterion",
    "percentile",
    "resilience",
    "bucketing",
    "shadow",
    "plan",
    "sla",
    "engine",
    "driver",
    "report",
    "table",
];

#[test]
fn pure_crates_carry_the_same_strict_clippy_configuration() {
    let read = |name: &str| {
        let path = root()
            .join("crates")
            .join(format!("phasegate-{name}"))
            .join("clippy.toml");
        std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    let model = read("core");
    assert!(
        model.contains("std::time::Instant::now"),
        "the strict one bans clocks"
    );
    for name in STRICT {
        if root()
            .join("crates")
            .join(format!("phasegate-{name}"))
            .exists()
        {
            assert_eq!(
                read(name),
                model,
                "phasegate-{name}/clippy.toml differs from core's"
            );
        }
    }
}

#[test]
fn every_crate_inherits_the_workspace_lints_and_forbids_unsafe_code() {
    for name in crates() {
        let inherits = manifest(&name)["lints"]["workspace"].as_bool();
        assert_eq!(inherits, Some(true), "{name}");
        let lib = root().join("crates").join(&name).join("src/lib.rs");
        let text = std::fs::read_to_string(&lib).expect("a library");
        let word = if name == "phasegate-percentile" {
            "deny"
        } else {
            "forbid"
        };
        assert!(
            text.contains(&format!("#![{word}(unsafe_code)]")),
            "{name} does not {word} unsafe code"
        );
    }
}

#[test]
fn every_source_file_says_what_it_is_for() {
    for file in files(&root().join("crates"), ".rs") {
        let text = std::fs::read_to_string(&file).expect("readable");
        // A crate's own documentation may be its README.
        let told = text
            .lines()
            .take(12)
            .any(|line| line.starts_with("//!") || line.starts_with("#![doc"));
        assert!(told, "{} does not open with //!", file.display());
    }
}

#[test]
fn every_crate_has_a_readme_of_its_own() {
    for name in crates() {
        let path = root().join("crates").join(&name).join("README.md");
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert!(text.lines().count() > 5, "{name}'s README is a placeholder");
    }
}

#[test]
fn nothing_is_allowed_without_a_reason_and_nothing_is_left_for_later() {
    for folder in ["crates", "examples", "benches", "tests"] {
        for file in files(&root().join(folder), ".rs") {
            if file.ends_with("tests/tidy.rs") {
                continue;
            }
            let text = std::fs::read_to_string(&file).expect("readable");
            for never in ["todo!(", "unimplemented!(", "FIXME", "#[ignore"] {
                assert!(!text.contains(never), "{}: {never}", file.display());
            }
        }
    }
}

#[test]
fn every_example_is_listed() {
    let list =
        std::fs::read_to_string(root().join("examples/README.md")).expect("examples/README.md");
    for file in files(&root().join("examples"), ".rs") {
        let in_root = file.parent() == Some(&root().join("examples"));
        let name = file
            .file_stem()
            .and_then(|s| s.to_str())
            .unwrap_or_default()
            .to_owned();
        assert!(
            !in_root || list.contains(&name),
            "examples/README.md does not list {name}"
        );
    }
}
