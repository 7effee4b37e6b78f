//! The five plans of `examples/plans/` from start to end: in a world in which their criteria hold each is completed,
//! and with a fault in a phase each does what it says about that fault.

use std::collections::BTreeSet;

use phasegate_core::Timestamp;
use phasegate_engine::program::{Op, OpKind, Program};
use phasegate_engine::record::{Body, Finish, Place};
use phasegate_report::View;
use phasegate_report::view::{Evidence, Moment, MomentSort};
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

/// Each go of a gate shows on what it rests: measurements, approvals, or what people attested for its checklist.
#[test]
fn a_gate_that_is_passed_shows_on_what_it_rests() {
    let mut attested = 0;
    for name in FIVE {
        let mut program = five(name);
        supply_baselines(&mut program);
        let rehearsal = rehearse(&program, start(&program), None).expect("no defect");
        let view = View::of(&rehearsal.records).expect("a journal");
        for gate in view.gates.iter().filter(|gate| gate.decision.is_some()) {
            let items = program.items_of(&gate.place).len();
            if items == 0 && gate.checks.is_empty() && gate.quorum.is_empty() {
                continue;
            }
            let at = gate.decision.as_ref().map(|decided| decided.at);
            let is_it = |moment: &&Moment| {
                moment.sort == MomentSort::GateGo
                    && Some(moment.at) == at
                    && moment.text.starts_with(gate.gate.as_str())
            };
            let moment = view.moments.iter().find(is_it).expect("a moment");
            let shown = moment.evidence.iter();
            let shown = shown.filter(|one| !matches!(one, Evidence::Clock { .. }));
            let approvals: u32 = gate.quorum.values().sum();
            let expected = items + gate.checks.len() + usize::try_from(approvals).expect("few");
            assert!(
                shown.count() >= expected,
                "{name}, {}: {:?}",
                gate.gate,
                moment.evidence
            );
            attested += gate.items.len();
            assert!(gate.items.iter().all(|item| item.said.yes), "{gate:?}");
        }
    }
    assert!(attested > 10, "{attested} items were attested");
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
