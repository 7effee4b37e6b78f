//! What a rehearsal came to: each phase in a line, and who did what was done.

use std::collections::BTreeMap;

use phasegate_core::{Desired, EffectOutcome, PhaseId, Ratio, Span, Timestamp};
use phasegate_engine::program::{OpKind, holds_plan_gates};
use phasegate_engine::record::{Body, Finish, Place, Record};

use super::Rehearsal;

/// How a phase ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever prints has a word for each"
)]
pub enum PhaseEnd {
    /// All of it was done.
    Done,
    /// It was begun, and is not done.
    Open,
    /// It was taken back.
    Undone,
}

/// A phase of a rehearsal.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct PhaseLine {
    /// Its id.
    pub id: PhaseId,
    /// When it began.
    pub entered: Timestamp,
    /// When it ended, if it did.
    pub left: Option<Timestamp>,
    /// How it ended.
    pub end: PhaseEnd,
    /// The largest share to which it showed the new version.
    pub exposure: Ratio,
}

impl PhaseLine {
    /// How long it took; `None` if it has not ended.
    pub fn length(&self) -> Option<Span> {
        self.left.map(|left| left.since(self.entered))
    }
}

/// Who did what was done in the phases of a plan.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Done {
    /// Operations that were carried out, by what they are: `command`, `flag`, `traffic`.
    pub executed: BTreeMap<&'static str, u32>,
    /// Operations that rest on what was measured: bakes, baselines, criteria of gates and items.
    pub measured: u32,
    /// What people did and said, with nothing that measures it.
    pub attested: u32,
    /// Gates with approvals.
    pub approved: u32,
    /// Messages beside the steps: announcements, alerts, escalations.
    pub told: u32,
    /// Operations that a machine should have carried out and that were left out or failed, by their titles.
    pub not_executed: Vec<String>,
}

impl Done {
    /// How many operations were carried out or measured.
    pub fn by_machine(&self) -> u32 {
        self.executed.values().sum::<u32>() + self.measured
    }
}

impl Rehearsal {
    /// Each phase that was begun, in the order of beginning. Gates of the whole plan are phases of their own.
    pub fn phases(&self) -> Vec<PhaseLine> {
        let mut lines: Vec<PhaseLine> = Vec::new();
        let mut shown = BTreeMap::new();
        for record in &self.records {
            let open = |line: &&mut PhaseLine| line.left.is_none();
            match &record.body {
                Body::PhaseStarted { phase } => lines.push(PhaseLine {
                    id: phase.clone(),
                    entered: record.at(),
                    left: None,
                    end: PhaseEnd::Open,
                    exposure: Ratio::ZERO,
                }),
                Body::PhaseFinished { phase } => {
                    for line in lines
                        .iter_mut()
                        .filter(|line| line.id == *phase)
                        .filter(open)
                    {
                        (line.left, line.end) = (Some(record.at()), PhaseEnd::Done);
                    }
                }
                Body::RollbackStarted { phases, .. } => {
                    for line in lines.iter_mut().filter(|line| phases.contains(&line.id)) {
                        line.left = line.left.or(Some(record.at()));
                        line.end = PhaseEnd::Undone;
                    }
                }
                Body::Intended {
                    place: Place::Phase { phase, .. },
                    effect,
                    ..
                } => {
                    if let Some(share) = effect.desired.exposure() {
                        shown.insert(effect.number, (phase.clone(), share));
                    }
                }
                Body::Concluded {
                    effect,
                    outcome: EffectOutcome::Applied { .. },
                    ..
                } => {
                    let shown = shown.get(effect);
                    for line in lines.iter_mut().filter(open) {
                        if let Some((phase, share)) = shown
                            && *phase == line.id
                        {
                            line.exposure = line.exposure.max(*share);
                        }
                    }
                }
                _ => {}
            }
        }
        lines
    }

    /// Who did what was done in the phases. What was taken back counts as well.
    pub fn done(&self) -> Done {
        let mut done = Done::default();
        for record in &self.records {
            self.count(record, &mut done);
        }
        done
    }

    fn count(&self, record: &Record, done: &mut Done) {
        let (place, finish) = match &record.body {
            Body::OpFinished { place, finish } => (place, finish),
            Body::Intended {
                place: Place::Aside,
                effect,
                ..
            } if matches!(effect.desired, Desired::Message { .. }) => {
                done.told += 1;
                return;
            }
            Body::Intended {
                place: Place::Aside,
                effect,
                ..
            } if matches!(effect.desired, Desired::Scale { .. }) => {
                *done.executed.entry(kind(&effect.desired)).or_default() += 1;
                return;
            }
            _ => return,
        };
        let Place::Phase { phase, op } = place else {
            return;
        };
        let Some(op) = self
            .program
            .phase(phase)
            .and_then(|phase| phase.ops.get(*op))
        else {
            return;
        };
        match &op.kind {
            OpKind::Apply { desired, .. } if *finish == Finish::Done => {
                *done.executed.entry(kind(desired)).or_default() += 1;
            }
            OpKind::Apply { .. } => done.not_executed.push(op.title.clone()),
            OpKind::Ask { .. } => done.attested += 1,
            OpKind::Bake { .. } | OpKind::Measure { .. } | OpKind::Validate { .. } => {
                done.measured += 1;
            }
            OpKind::Gate(gate) => {
                done.measured += u32::from(!gate.checks.is_empty());
                done.approved += u32::from(!gate.approvals.quorum.is_empty());
            }
            OpKind::Ledger { .. } => done.measured += 1,
            OpKind::Wait { .. } => *done.executed.entry("wait").or_default() += 1,
        }
    }

    /// The phases that the plan's author wrote, of those that were done.
    pub fn own_phases_done(&self) -> usize {
        let lines = self.phases();
        let own = lines.iter().filter(|line| !holds_plan_gates(&line.id));
        own.filter(|line| line.end == PhaseEnd::Done).count()
    }
}

fn kind(desired: &Desired) -> &'static str {
    match desired {
        Desired::Cohort { .. } => "cohort",
        Desired::Command { .. } => "command",
        Desired::Comparison { .. } => "comparison",
        Desired::Config { .. } => "configuration",
        Desired::Fault { .. } => "experiment",
        Desired::Flag { .. } => "flag",
        Desired::Message { .. } => "message",
        Desired::Mirror { .. } => "mirror",
        Desired::Scale { .. } => "scale",
        Desired::Traffic { .. } => "traffic",
        Desired::Workflow { .. } => "workflow",
        _ => "other",
    }
}
