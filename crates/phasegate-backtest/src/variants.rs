//! The same plan, a little different: without its confidence, or with other steps and bakes.

use phasegate_core::{Desired, PhaseId, Ratio, Span};
use phasegate_criterion::{Condition, Criterion, Group, Test, Weighted};
use phasegate_engine::program::{Op, OpKind, Program};

use crate::options::{BacktestError, Options};
use crate::outcome::Backtest;
use crate::recording::Recording;
use crate::run::backtest;

/// The program with every criterion decided literally: `confidence` and `significant` are gone.
#[must_use]
pub fn without_confidence(program: &Program) -> Program {
    let mut program = program.clone();
    for trigger in &mut program.triggers {
        literal(&mut trigger.criterion);
    }
    for phase in &mut program.phases {
        for op in phase.ops.iter_mut().chain(&mut phase.rollback.ops) {
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

/// The program with other shares and bakes in a phase's first ramp; criteria and all else are as they were. `None` if
/// the phase has no ramp with a bake.
#[must_use]
pub fn with_ramp(program: &Program, phase: &PhaseId, ramp: &[(Ratio, Span)]) -> Option<Program> {
    let mut program = program.clone();
    let ops = &mut program.phases.iter_mut().find(|one| one.id == *phase)?.ops;
    let (first, length, _) = ramp_at(ops)?;
    let old: Vec<Op> = ops.splice(first..first + length, []).collect();
    let apply = old.iter().find(|op| share(op).is_some())?;
    let bake = old
        .iter()
        .find(|op| matches!(op.kind, OpKind::Bake { .. }))?;
    let mut rungs = Vec::new();
    for (to, over) in ramp {
        let (mut apply, mut bake) = (apply.clone(), bake.clone());
        apply.title = format!("{to}");
        if let OpKind::Apply { desired, .. } = &mut apply.kind {
            match desired {
                Desired::Flag { exposure, .. } => *exposure = *to,
                Desired::Traffic { canary, .. } => *canary = *to,
                _ => {}
            }
        }
        if let OpKind::Bake { span, .. } = &mut bake.kind {
            *span = *over;
        }
        rungs.extend([apply, bake]);
    }
    ops.splice(first..first, rungs);
    Some(program)
}

/// What another ramp would have come to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WhatIf {
    /// Shares and bakes.
    pub ramp: Vec<(Ratio, Span)>,
    /// With what was recorded of a good version: how long it takes, and false alarms.
    pub good: Backtest,
    /// With what was recorded of a bad one, bad from the first share on: when that is found out, and who has met it
    /// until then.
    pub bad: Backtest,
}

/// Tries several ramps of a phase over a good recording and a bad one: detection against duration.
///
/// So that they can be compared, each ramp meets the fault in the same place: the rollout over the bad recording begins
/// so early that it shows its first share at [`Options::bad_from`], whenever the options say it begins. How long it takes
/// to that share is what it took over the good recording. Without `bad_from` it begins as the options say.
///
/// # Errors
/// As [`backtest`], and [`BacktestError::NoRamp`] where the phase is not there or has no ramp with a bake.
pub fn what_if(
    program: &Program,
    phase: &PhaseId,
    ramps: &[Vec<(Ratio, Span)>],
    good: (&Recording, &Options),
    bad: (&Recording, &Options),
) -> Result<Vec<WhatIf>, BacktestError> {
    let one = |ramp: &Vec<(Ratio, Span)>| {
        let program = with_ramp(program, phase, ramp);
        let program = program.ok_or_else(|| BacktestError::NoRamp(phase.clone()))?;
        let good = backtest(&program, good.0, good.1)?;
        let mut options = bad.1.clone();
        let mut shown = good.exposure.iter();
        let first = shown.find(|(_, share)| *share != Ratio::ZERO);
        if let (Some(from), Some((shown, _))) = (options.bad_from, first) {
            options.start = from.before(shown.since(good.began));
        }
        Ok(WhatIf {
            ramp: ramp.clone(),
            good,
            bad: backtest(&program, bad.0, &options)?,
        })
    };
    ramps.iter().map(one).collect()
}
