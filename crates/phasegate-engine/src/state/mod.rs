//! What is so: the fold of all records. It changes in [`State::apply`] only, live or replayed.

mod amended;
mod apply;
mod effects;
mod incidents;
mod parts;
mod people;
mod released;
mod rollback;
mod stage;
mod testimony;
mod turns;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use phasegate_core::{
    BindingId, CriterionId, GateId, Now, PhaseId, RolloutId, StepId, TargetId, Timestamp, TriggerId,
};
use phasegate_criterion::{Baseline, Kpi, KpiRegistry};
use phasegate_sla::Testimony;

pub use apply::Misfit;
pub use incidents::{CalledState, IncidentState};
pub use parts::{
    Applied, AskState, BakeState, CheckState, DifferenceState, DrillState, EffectState, Failures,
    PhaseState, RollbackState, ScaledState, Stage, TriggerState, is_blind,
};
pub(crate) use parts::{exposure, sees_nothing};

use crate::program::{Gate, Op, OpKind, Program, ask_the_rest};
use crate::record::{Baselined, HoldReason, MaintenanceStep, Outcome, Place};

/// The state of a rollout. Fields are read by decisions, reports and tests; nobody outside writes them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct State {
    /// Which rollout.
    pub rollout: RolloutId,
    /// What it does.
    pub program: Arc<Program>,
    /// When it was created.
    pub created: Now,
    /// Sequence of the next record.
    pub next_seq: u64,
    /// When the last record was written.
    pub last: Now,
    /// A person stopped forward movement.
    pub paused: bool,
    /// A person wants it ended: it goes back to the start.
    pub aborted: bool,
    /// What holds it until a person says so.
    pub holds: Vec<HoldReason>,
    /// Each phase.
    pub phases: BTreeMap<PhaseId, PhaseState>,
    /// The rollback under way, or that failed.
    pub rollback: Option<RollbackState>,
    /// Effects without a known outcome.
    pub effects: BTreeMap<u64, EffectState>,
    /// How many effects there have been.
    pub effect_count: u64,
    /// Open questions to people.
    pub asks: BTreeMap<u64, AskState>,
    /// How many questions there have been.
    pub ask_count: u64,
    /// Triggers that have been evaluated.
    pub triggers: BTreeMap<TriggerId, TriggerState>,
    /// How criteria stood when last recorded.
    pub checks: BTreeMap<Place, BTreeMap<CriterionId, CheckState>>,
    /// Gates that decided go and wait until they may act.
    pub decided: BTreeSet<Place>,
    /// Bakes under way.
    pub bakes: BTreeMap<Place, BakeState>,
    /// What the rollout has set outside.
    pub applied: BTreeMap<(BindingId, TargetId), Applied>,
    /// When anything outside was last changed.
    pub last_change: Option<Now>,
    /// Operations whose overrun was told already.
    pub overruns: BTreeSet<Place>,
    /// Procedures that undid no phase and were taken since a person let it go on: they are not taken again
    /// before the next word of a person, whatever still fires.
    pub taken: BTreeSet<CriterionId>,
    /// Places where a person accepted what somebody else had set.
    pub drift_accepted: BTreeSet<Place>,
    /// What is known beside measurements: what people said, what was declared.
    pub testimony: Testimony,
    /// What was measured to be compared with, by measure.
    pub baselines: BTreeMap<String, Baselined>,
    /// Baseline steps under way whose figures are recorded.
    pub measured: BTreeSet<Place>,
    /// What comparisons have found, by what was compared and the difference's id.
    pub differences: BTreeMap<(TargetId, String), DifferenceState>,
    /// Attestations that do not hold for ever, and when they were given.
    pub attested: BTreeMap<Place, Now>,
    /// How many targets of a step have failed and were passed over, by wave.
    pub passed_over: BTreeMap<(PhaseId, StepId), BTreeMap<u32, u32>>,
    /// Operations of a wave that are under way, or over, before those whose turn comes first: how far each is, nothing
    /// where it is over.
    pub ahead: BTreeMap<Place, Option<Stage>>,
    /// When each phase began last.
    pub begun: BTreeMap<PhaseId, Now>,
    /// When each announcement of the program was made last.
    pub announced: BTreeMap<usize, Timestamp>,
    /// Of each work that comes again and again: when it began, or begins, last, and what of that is recorded.
    pub maintenance: BTreeMap<usize, (Timestamp, MaintenanceStep)>,
    /// What policies scale: what was done last, or told.
    pub scaled: BTreeMap<(BindingId, TargetId), ScaledState>,
    /// What was declared.
    pub incidents: BTreeMap<u64, IncidentState>,
    /// Gates before the start whose approval the revised plan needs anew: nothing moves forward before.
    pub renewing: BTreeSet<Place>,
    /// Rollbacks that were rehearsed.
    pub drills: Vec<DrillState>,
    /// How many revised plans were adopted.
    pub amended: u32,
    /// The digests of what people have signed and was done: each is good once.
    pub signed: BTreeSet<phasegate_plan::Digest>,
    /// How it ended, if it did.
    pub outcome: Option<Outcome>,
}

impl State {
    /// The operation at a place.
    pub fn op(&self, place: &Place) -> Option<&Op> {
        match place {
            Place::Aside => None,
            Place::Phase { phase, op } => self.program.phase(phase)?.ops.get(*op),
            Place::Rollback { op } => self.rollback.as_ref()?.ops.get(*op),
        }
    }

    /// The gate at a place, where one is.
    pub(crate) fn gate(&self, place: &Place) -> Option<&Gate> {
        let Some(OpKind::Gate(gate)) = self.op(place).map(|op| &op.kind) else {
            return None;
        };
        Some(gate)
    }

    /// How far the operation at a place is.
    pub fn stage(&self, place: &Place) -> Option<&Stage> {
        match place {
            Place::Aside => None,
            Place::Phase { phase, op } => match self.phases.get(phase)? {
                PhaseState::Running { op: at, stage } if at == op => Some(stage),
                PhaseState::Running { .. } => self.stage_ahead(place),
                PhaseState::Done | PhaseState::Idle | PhaseState::Undone | PhaseState::Waiting => {
                    None
                }
            },
            Place::Rollback { op } => {
                let rollback = self.rollback.as_ref()?;
                if rollback.op == *op {
                    Some(&rollback.stage)
                } else {
                    self.stage_ahead(place)
                }
            }
        }
    }

    /// How a criterion of a place stood when last recorded.
    pub fn check(&self, place: &Place, check: &CriterionId) -> Option<&CheckState> {
        self.checks.get(place)?.get(check)
    }

    /// The numbers that criteria speak of, for evaluation: those that were measured in this rollout compare with what
    /// was measured.
    pub fn registry(&self) -> KpiRegistry {
        self.program.registry_with(|kpi| self.set_baseline(kpi))
    }

    /// The same when nobody sees the new version any more: what can be asked of the rest, or of the old version, is
    /// not asked of the new one.
    pub(crate) fn registry_without_canary(&self) -> KpiRegistry {
        self.program.registry_with(|kpi| {
            self.set_baseline(kpi);
            ask_the_rest(kpi);
        })
    }

    fn set_baseline(&self, kpi: &mut Kpi) {
        if self.baselines.values().any(|figure| figure.kpi == kpi.id) {
            kpi.baseline = Baseline::Previous;
        }
    }

    /// The places that are being worked on, phases in program order, the rollback last.
    pub fn places(&self) -> Vec<Place> {
        let phases = self.program.phases.iter();
        let of_phases = phases.flat_map(|phase| self.turns_of_phase(&phase.id));
        of_phases.chain(self.turns_of_rollback()).collect()
    }

    /// Is the canary exposed to anyone, as far as is known?
    pub fn exposed(&self) -> bool {
        self.applied.values().any(Applied::is_exposed)
    }

    /// Has this gate said no, so that only a person lets it go on?
    pub fn is_held_by_gate(&self, gate: &GateId) -> bool {
        let of_gate =
            |hold: &HoldReason| matches!(hold, HoldReason::Gate { gate: id } if id == gate);
        self.holds.iter().any(of_gate)
    }

    /// Is a rollback being carried out?
    pub fn is_rolling_back(&self) -> bool {
        self.rollback
            .as_ref()
            .is_some_and(|rollback| !rollback.failed)
    }
}
