//! The five plans of `examples/plans/` become programs with the bindings beside them, and every step of theirs is an operation that the engine carries out or a question to a named person.

use std::collections::BTreeMap;

use phasegate_core::Desired;
use phasegate_engine::program::{Op, OpKind, Program};
use phasegate_engine::{CompileError, Start, compile};
use phasegate_plan::{Catalog, PlanDocument, check};
use phasegate_tests::{FIVE, five, root};

#[test]
fn the_five_plans_become_programs() {
    for name in FIVE {
        let program = five(name);
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        for op in program.phases.iter().flat_map(|phase| &phase.ops) {
            let kind = match &op.kind {
                OpKind::Apply { .. } => "executed",
                OpKind::Ask { .. } => "attested",
                OpKind::Bake { .. } | OpKind::Measure { .. } | OpKind::Validate { .. } => {
                    "measured"
                }
                OpKind::Gate(_) => "gates",
                OpKind::Ledger { .. } => "ledgers",
                OpKind::Wait { .. } => "waits",
            };
            *counts.entry(kind).or_default() += 1;
        }
        println!("{name}: {} phases, {counts:?}", program.phases.len());
        // One of the five has only people and measurements.
        let by_machine = counts.contains_key("executed") || counts.contains_key("measured");
        assert!(by_machine, "{name}: nothing is executed");
        let inputs = |op: &Op| match &op.kind {
            OpKind::Apply {
                desired: Desired::Workflow { inputs, .. },
                ..
            } => Some(inputs.clone()),
            _ => None,
        };
        let ops = program.phases.iter().flat_map(|phase| &phase.ops);
        for value in ops.filter_map(inputs).flatten().map(|(_, value)| value) {
            assert!(!value.contains("{{"), "{name}: '{value}' is not filled in");
        }
        let stored = serde_json::to_vec(&program).expect("a program is JSON");
        let read: Program = serde_json::from_slice(&stored).expect("it reads back");
        assert_eq!(read, program, "{name}");
    }
}

#[test]
fn a_criterion_that_its_source_cannot_decide_is_told_before_the_start() {
    let read = |name: &str| {
        let path = root().join("examples/plans").join(name);
        std::fs::read_to_string(path).expect("a document")
    };
    let bindings = read("first-rollout.bindings.yaml");
    for (capability, criteria) in [
        // Distributions tell as much, one criterion after the other.
        ("measure-below", &[][..]),
        (
            "measure-distribution",
            &[
                "'p95(latency) no worse than control",
                "'p99(latency) no worse than control",
                "'p95(latency) < 100ms or p95(latency) no worse than control",
                "'p99(latency) < 250ms or p99(latency) no worse than control",
                "'p95(latency) > 100ms and change(p95(latency)) > 100% vs control",
            ],
        ),
    ] {
        let without = bindings.replacen(&format!("      - {capability}\n"), "", 1);
        assert_ne!(without, bindings);
        let catalog = Catalog::read("bindings.yaml", without.as_bytes()).catalog;
        let catalog = catalog.expect("no fault");
        let document = PlanDocument::read("plan.yaml", read("first-rollout.yaml").as_bytes());
        let checked = check(&document, Some(&catalog));
        let plan = checked.plan.expect("each KPI can be told");
        let start = Start::new("author".parse().expect("an id"));
        let told = match compile(&plan, &catalog, &start) {
            Ok(_) => String::new(),
            Err(error @ CompileError::Unmeasurable(_)) => error.to_string(),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(told.lines().count(), criteria.len(), "{told}");
        for criterion in criteria {
            assert!(told.contains(criterion), "{told}");
        }
    }
}
