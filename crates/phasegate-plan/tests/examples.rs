//! The plans that people are shown: they check, and they read back as they print.
#![expect(clippy::expect_used, reason = "helpers of tests fail the test")]

use std::fs;
use std::path::PathBuf;

use phasegate_plan::{Catalog, Format, PlanDocument, check};

fn plans() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/plans")
}

fn read(name: &str) -> Vec<u8> {
    fs::read(plans().join(name)).expect("the example is there")
}

#[test]
fn the_first_rollout_checks_without_a_fault() {
    let catalog = Catalog::read(
        "first-rollout.bindings.yaml",
        &read("first-rollout.bindings.yaml"),
    );
    assert!(catalog.faults.is_empty(), "{}", catalog.faults.render());
    let document = PlanDocument::read("first-rollout.yaml", &read("first-rollout.yaml"));
    let checked = check(&document, catalog.catalog.as_ref());
    assert!(checked.faults.is_empty(), "{}", checked.faults.render());
    let plan = checked.plan.expect("no fault");
    assert_eq!(
        plan.dependencies(&"canary".parse().expect("an id")).len(),
        1
    );
    assert_eq!(plan.digest(), document.digest());
}

#[test]
fn our_own_plans_check_with_their_bindings_without_a_fault() {
    let mut seen = Vec::new();
    for entry in fs::read_dir(plans()).expect("a folder") {
        let name = entry.expect("an entry").file_name();
        let name = name.to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".bindings.yaml") else {
            continue;
        };
        // Plans from elsewhere have the faults of their sources.
        if plans().join(format!("{stem}.coverage.json")).exists() {
            continue;
        }
        let catalog = Catalog::read(&name, &read(&name));
        assert!(catalog.faults.is_empty(), "{}", catalog.faults.render());
        let file = format!("{stem}.yaml");
        let document = PlanDocument::read(&file, &read(&file));
        let checked = check(&document, catalog.catalog.as_ref());
        assert!(checked.faults.is_empty(), "{}", checked.faults.render());
        seen.push(stem.to_owned());
    }
    seen.sort();
    assert_eq!(seen, ["first-rollout", "region-migration", "tool"]);
}

#[test]
fn what_is_printed_reads_back_as_the_same_plan() {
    let document = PlanDocument::read("first-rollout.yaml", &read("first-rollout.yaml"));
    let plan = check(&document, None).plan.expect("no fault");
    for (name, format) in [
        ("a.yaml", Format::Yaml),
        ("a.json", Format::Json),
        ("a.toml", Format::Toml),
    ] {
        let text = plan.to_text(format).expect("prints");
        let again = check(&PlanDocument::read(name, text.as_bytes()), None);
        assert!(again.faults.is_empty(), "{}\n{text}", again.faults.render());
        assert_eq!(
            again.plan.expect("no fault").draft(),
            plan.draft(),
            "{text}"
        );
    }
}

#[test]
fn every_strategy_checks_with_its_bindings_and_reads_back_as_it_prints() {
    let bindings = include_bytes!("data/strategies.bindings.yaml");
    let catalog = Catalog::read("strategies.bindings.yaml", bindings);
    let plan = include_bytes!("data/strategies.yaml");
    let document = PlanDocument::read("strategies.yaml", plan);
    let checked = check(&document, catalog.catalog.as_ref());
    assert!(checked.faults.is_empty(), "{}", checked.faults.render());
    let plan = checked.plan.expect("no fault");
    for (name, format) in [
        ("a.yaml", Format::Yaml),
        ("a.json", Format::Json),
        ("a.toml", Format::Toml),
    ] {
        let text = plan.to_text(format).expect("prints");
        let again = PlanDocument::read(name, text.as_bytes());
        assert_eq!(again.draft().as_ref(), Some(plan.draft()), "{text}");
    }
}
