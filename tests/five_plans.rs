//! The five plans of `examples/plans/` from start to end: in a world in which their criteria hold each is completed,
//! and with a fault in a phase each does what it says about that fault.

use std::collections::BTreeSet;

use phasegate_core::Timestamp;
use phasegate_engine::program::{Op, OpKind, Program};
use phasegate_engine::record::{Body, Finish, Place};
use phasegate_testkit::rehearsal::{Rehearsal, faults, rehearse, supply_baselines};
use phasegate_tests::{FIVE, five};

/// The first of the days on which the plan's phases may begin, or a Monday.
fn start(program: &Program) -> Timestamp {
    let days = program.phases.iter().filter_map(|phase| phase.not_before);
    let monday = "2026-09-07T09:00:00Z".parse().expect("a moment");
    days.min().unwrap_or(monday)
}

/// A bake ends well only after each of its criteria was looked at and held.
fn passed_unseen(rehearsal: &Rehearsal) -> Vec<String> {
    let mut held = BTreeSet::new();
    let mut unseen = Vec::new();
    for record in &rehearsal.records {
        match &record.body {
            Body::Evaluated { judged, .. } => {
                let good = judged
                    .iter()
                    .filter(|one| one.finding.verdict.condition() == Some(true));
                held.extend(good.map(|one| (one.place.clone(), one.check.clone())));
            }
            Body::OpFinished {
                place: place @ Place::Phase { phase, op },
                finish: Finish::Done,
            } => {
                let op = rehearsal
                    .program
                    .phase(phase)
                    .and_then(|phase| phase.ops.get(*op));
                let checks = op.map(Op::checks).unwrap_or_default();
                let missed = checks
                    .iter()
                    .filter(|check| !held.contains(&(place.clone(), check.id.clone())));
                unseen.extend(missed.map(|check| format!("{place:?}: {}", check.criterion)));
            }
            _ => {}
        }
    }
    unseen
}

#[test]
fn each_of_the_five_plans_is_completed() {
    for name in FIVE {
        let mut program = five(name);
        let open = supply_baselines(&mut program);
        let rehearsal = rehearse(&program, start(&program), None).expect("no defect");
        println!("{name}: baselines to be found out: {open:?}");
        for line in rehearsal.phases() {
            println!("  {line:?}");
        }
        println!("  {:?} {:?}", rehearsal.done(), rehearsal.length());
        assert!(
            rehearsal.is_completed(),
            "{name}: {:?}, held by {:?}",
            rehearsal.outcome,
            rehearsal.held
        );
        assert_eq!(rehearsal.phases().len(), program.phases.len(), "{name}");
        assert_eq!(passed_unseen(&rehearsal), [""; 0], "{name}");
        let done = rehearsal.done();
        assert_eq!(done.not_executed, [""; 0], "{name}");
        let ops = program.phases.iter().flat_map(|phase| &phase.ops);
        let by_machine =
            ops.filter(|op| matches!(op.kind, OpKind::Apply { .. } | OpKind::Wait { .. }));
        let executed: u32 = done.executed.values().sum();
        assert_eq!(usize::try_from(executed), Ok(by_machine.count()), "{name}");
    }
}

#[test]
fn a_fault_in_a_phase_is_answered_as_the_plan_says() {
    let mut wrong = Vec::new();
    for name in FIVE {
        let mut program = five(name);
        supply_baselines(&mut program);
        for fault in faults(&program) {
            let rehearsal = rehearse(&program, start(&program), Some(&fault)).expect("no defect");
            let answer = rehearsal.answer(&fault);
            println!("{name}: {} -> {answer}", fault.words(&program));
            if !answer.is_as_planned() {
                wrong.push(format!(
                    "{name}: {}: {answer} {answer:?} {:?}",
                    fault.words(&program),
                    rehearsal.held
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
