//! The same plan, a little different: without its confidence, or with other steps and bakes.

use phasegate_core::{Desired, PhaseId, Ratio, Span, Timestamp};
use phasegate_criterion::{Condition, Criterion, Group, Test, Weighted};
use phasegate_engine::program::{Op, OpKind, Program};
use phasegate_engine::record::{Body, Place, Record};

/// The program with every criterion decided literally: `confidence` and `significant` are gone.
#[must_use]
pub fn without_confidence(program: &Program) -> Program {
    let mut program = program.clone();
    for trigger in &mut program.triggers {
        literal(&mut trigger.criterion);
    }
    let phases = program.phases.iter_mut();
    let of_phases = phases.flat_map(|phase| phase.ops.iter_mut().chain(&mut phase.rollback.ops));
    let procedures = program.procedures.iter_mut();
    for op in of_phases.chain(procedures.flat_map(|one| &mut one.rollback.ops)) {
        let checks: Vec<&mut _> = match &mut op.kind {
            OpKind::Bake {
                checks, stop_when, ..
            } => checks.iter_mut().chain(stop_when).collect(),
            OpKind::Validate { checks, .. } => checks.iter_mut().collect(),
            OpKind::Gate(gate) => gate.checks.iter_mut().collect(),
            _ => Vec::new(),
        };
        for check in checks {
            literal(&mut check.criterion);
        }
    }
    program
}

fn literal(criterion: &mut Criterion) {
    criterion.condition = literal_condition(&criterion.condition);
}

fn literal_condition(condition: &Condition) -> Condition {
    let all =
        |group: &Group| Group::new(group.conditions().iter().map(literal_condition).collect());
    let changed = match condition {
        Condition::All(group) => all(group).map(Condition::All),
        Condition::Any(group) => all(group).map(Condition::Any),
        Condition::Score(weighted) => {
            let parts = weighted.parts().iter();
            let parts = parts.map(|(weight, part)| (*weight, literal_condition(part)));
            Weighted::new(parts.collect(), weighted.pass, weighted.warn).map(Condition::Score)
        }
        Condition::Test(test) => Some(Condition::Test(Box::new(Test {
            confidence: None,
            significant: false,
            ..(**test).clone()
        }))),
        _ => None,
    };
    changed.unwrap_or_else(|| condition.clone())
}

/// Shares, and how long each bakes.
type Rungs = Vec<(Ratio, Span)>;

/// The operations of a phase's first ramp: changes of one share, each with the bake after it. Its place, its length,
/// and its shares with their bakes.
fn ramp_at(ops: &[Op]) -> Option<(usize, usize, Rungs)> {
    let first = ops.iter().position(|op| share(op).is_some())?;
    let step = &ops.get(first)?.step;
    let (mut length, mut rungs) = (0, Vec::new());
    for op in ops.iter().skip(first).take_while(|op| op.step == *step) {
        match (&op.kind, share(op), rungs.last_mut()) {
            (_, Some(share), _) => rungs.push((share, Span::ZERO)),
            (OpKind::Bake { span, .. }, None, Some((_, bake))) => *bake = *span,
            _ => break,
        }
        length += 1;
    }
    Some((first, length, rungs))
}

fn share(op: &Op) -> Option<Ratio> {
    match &op.kind {
        OpKind::Apply { desired, .. } => match desired {
            Desired::Flag { exposure, .. } => Some(*exposure),
            Desired::Traffic { canary, .. } => Some(*canary),
            _ => None,
        },
        _ => None,
    }
}

/// The shares of a phase's first ramp and how long each bakes; `None` if it has none.
#[must_use]
pub fn ramp_of(program: &Program, phase: &PhaseId) -> Option<Vec<(Ratio, Span)>> {
    ramp_at(&program.phase(phase)?.ops).map(|(.., rungs)| rungs)
}

/// The program with other shares and bakes in a phase's first ramp. Each share is judged as the plan judges it: by the bake
/// of the largest share of the plan that is not above it, else by the first one. All else is as it was. `None` if the phase
/// has no ramp with a bake.
#[must_use]
pub fn with_ramp(program: &Program, phase: &PhaseId, ramp: &[(Ratio, Span)]) -> Option<Program> {
    let mut program = program.clone();
    let ops = &mut program.phases.iter_mut().find(|one| one.id == *phase)?.ops;
    let (first, length, _) = ramp_at(ops)?;
    let old: Vec<Op> = ops.splice(first..first + length, []).collect();
    let old = rungs_of(&old);
    let rungs = ramp.iter().map(|(to, over)| rung(&old, *to, *over));
    let rungs: Option<Vec<Vec<Op>>> = rungs.collect();
    ops.splice(first..first, rungs?.into_iter().flatten());
    Some(program)
}

/// Each share of a ramp, with what sets it and the bake after it, if it has one.
fn rungs_of(ops: &[Op]) -> Vec<(Ratio, &Op, Option<&Op>)> {
    let mut rungs: Vec<(Ratio, &Op, Option<&Op>)> = Vec::new();
    for op in ops {
        match (share(op), rungs.last_mut()) {
            (Some(share), _) => rungs.push((share, op, None)),
            (None, Some((_, _, bake))) => *bake = Some(op),
            (None, None) => {}
        }
    }
    rungs
}

/// Another share and its bake, after the plan's own.
fn rung(old: &[(Ratio, &Op, Option<&Op>)], to: Ratio, over: Span) -> Option<Vec<Op>> {
    let below = old.iter().rev().find(|(share, ..)| *share <= to);
    let (_, apply, bake) = below.or(old.first())?;
    let mut apply = (*apply).clone();
    apply.title = to.to_string();
    if let OpKind::Apply { desired, .. } = &mut apply.kind {
        match desired {
            Desired::Flag { exposure, .. } => *exposure = to,
            Desired::Traffic { canary, .. } => *canary = to,
            _ => {}
        }
    }
    let mut ops = vec![apply];
    // A share that the plan leaves without a bake is left so, unless a bake is asked for.
    let bakes = || {
        old.iter()
            .rev()
            .filter(|(share, ..)| *share <= to)
            .chain(old)
    };
    let bake = match (bake, over.is_zero()) {
        (None, true) => None,
        (Some(bake), _) => Some(*bake),
        (None, false) => Some(bakes().find_map(|(.., bake)| *bake)?),
    };
    if let Some(bake) = bake {
        let mut bake = bake.clone();
        if let OpKind::Bake { span, .. } = &mut bake.kind {
            *span = over;
        }
        ops.push(bake);
    }
    Some(ops)
}

/// When the first share of a phase's first ramp was shown first, in these records.
pub(crate) fn first_shown(
    program: &Program,
    phase: &PhaseId,
    records: &[Record],
) -> Option<Timestamp> {
    let (op, ..) = ramp_at(&program.phase(phase)?.ops)?;
    let first = Place::Phase {
        phase: phase.clone(),
        op,
    };
    let done = records
        .iter()
        .find(|record| matches!(&record.body, Body::OpFinished { place, .. } if *place == first));
    done.map(Record::at)
}
