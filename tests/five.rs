//! The five plans of `examples/plans/` become programs, with bindings that have just what each needs, and
//! every step of theirs is an operation that the engine carries out or a question to a named person.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use phasegate_core::{Capability, Desired, Role};
use phasegate_engine::program::{Op, OpKind, Program};
use phasegate_engine::{Start, compile};
use phasegate_plan::{Catalog, PlanDocument, check};
use phasegate_tests::root;

const PLANS: [&str; 5] = [
    "ci-pipeline",
    "code-review",
    "enterprise-cicd",
    "fast-deployment",
    "unified-pipeline",
];

/// A word as documents write it.
fn word<T: serde::Serialize>(value: &T) -> String {
    let text = serde_json::to_string(value).expect("a word");
    text.trim_matches('"').to_owned()
}

fn program(name: &str) -> Program {
    let path = root().join(format!("examples/plans/{name}.yaml"));
    let bytes = std::fs::read(path).expect("a plan");
    let document = PlanDocument::read(&format!("{name}.yaml"), &bytes);
    let plan = check(&document, None);
    let plan = plan
        .plan
        .unwrap_or_else(|| panic!("{}", plan.faults.render()));
    let mut text = "format: phasegate-bindings/1\nbindings:\n".to_owned();
    for (binding, need) in plan.needs() {
        let roles: Vec<String> = need.roles.iter().map(word).collect();
        let mut can: Vec<String> = need.capabilities.iter().map(word).collect();
        if need.roles.contains(&Role::MetricSource) {
            let all = [
                Capability::MeasureBelow,
                Capability::MeasureDistribution,
                Capability::MeasurePerArm,
                Capability::MeasureScalar,
                Capability::MeasureShare,
            ];
            can.extend(all.iter().map(word));
            can.sort();
            can.dedup();
        }
        write!(
            text,
            "  {binding}:\n    adapter: simulated\n    roles: [{}]\n    capabilities: [{}]\n",
            roles.join(", "),
            can.join(", ")
        )
        .expect("text");
        if !need.commands.is_empty() {
            text.push_str("    commands:\n");
        }
        for command in &need.commands {
            writeln!(text, "      {command}: {{argv: [{command}]}}").expect("text");
        }
    }
    let bindings = Catalog::read("bindings.yaml", text.as_bytes());
    let catalog = bindings
        .catalog
        .unwrap_or_else(|| panic!("{}", bindings.faults.render()));
    let checked = check(&document, Some(&catalog));
    let plan = checked
        .plan
        .unwrap_or_else(|| panic!("{}", checked.faults.render()));
    let mut start = Start::new("author".parse().expect("an id"));
    // What has no default is given when the rollout starts.
    for parameter in plan.parameters.iter().filter(|one| one.default.is_none()) {
        start
            .parameters
            .insert(parameter.id.clone(), "7".to_owned());
    }
    compile(&plan, &catalog, &start).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_five_plans_become_programs() {
    for name in PLANS {
        let program = program(name);
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
