//! The executable program: what a checked plan becomes when a rollout is created.
//!
//! It stands whole in record 0, so that a later version of the plan checker or compiler can never
//! change how an old journal replays. It holds no prose that a decision depends on and no adapter.

mod announcement;
mod asked;
mod gate;
mod goal;
mod incident;
mod on_call;
mod op;
mod scaling;
mod signatures;
mod way_back;

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{
    BindingId, Capability, ChannelId, CriterionId, KpiId, PhaseId, PlanId, Role, RoleId, Span,
    TargetId, Timestamp, TriggerId,
};
use phasegate_criterion::{Criterion, Kpi, KpiRegistry, Slo};
use serde::{Deserialize, Serialize};

use crate::record::Place;

pub use announcement::{Announcement, Cadence, Maintenance, Occasion};
pub(crate) use asked::{ask_the_rest, query};
pub use gate::{Approvals, Gate, OnInconclusive, TimeoutDecision};
pub use goal::{Goal, PlanLessons};
pub use incident::{IncidentClocks, MatrixRow, Severity};
pub use on_call::{OnCall, Turns, WorkTime};
pub use op::{Check, Figure, MayFail, Op, OpKind};
pub use scaling::{ScaleStep, Scaling};
pub use signatures::{PlanKeys, Signatures, SignedActs};
pub(crate) use way_back::{Together, together};

/// The version of the program format that this crate writes. Older ones stay readable.
pub const PROGRAM_FORMAT: u32 = 1;

/// The phase that holds the plan's own gates before the start.
pub(crate) const START: &str = "plan-start";

/// The phase that holds the plan's own gates at acceptance.
pub(crate) const ACCEPTANCE: &str = "plan-acceptance";

/// Does the phase hold gates of the whole plan? Whoever wrote the plan counts it as no phase.
///
/// ```
/// use phasegate_engine::program::holds_plan_gates;
/// assert!(holds_plan_gates(&"plan-acceptance".parse()?));
/// assert!(!holds_plan_gates(&"canary".parse()?));
/// # Ok::<(), phasegate_core::IdError>(())
/// ```
pub fn holds_plan_gates(phase: &PhaseId) -> bool {
    [START, ACCEPTANCE].contains(&phase.as_str())
}

/// A plan, compiled for one rollout: everything the engine needs and nothing it has to look up.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Program {
    /// [`PROGRAM_FORMAT`] of the writer.
    pub format: u32,
    /// Which plan it came from.
    pub plan: PlanId,
    /// The plan's title, for people.
    pub title: String,
    /// What it is about, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// SHA-256 of the plan document, as hex. Approvals are bound to it.
    pub plan_digest: String,
    /// SHA-256 of the bindings document, as hex.
    pub bindings_digest: String,
    /// The numbers that criteria speak of.
    pub kpis: Vec<Kpi>,
    /// Whose baselines the plan leaves open and somebody gave when the rollout began: who, for reports.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub given_baselines: BTreeMap<KpiId, String>,
    /// Objectives made of them.
    #[serde(default)]
    pub slos: Vec<Slo>,
    /// What is known of each binding.
    pub bindings: BTreeMap<BindingId, Binding>,
    /// The phases; dependencies come before dependents.
    pub phases: Vec<Phase>,
    /// What starts a response while the rollout runs.
    pub triggers: Vec<Trigger>,
    /// When nothing moves forward.
    pub freezes: Vec<Freeze>,
    /// How often is looked.
    pub timing: Timing,
    /// Who is asked when the rollout cannot go on by itself.
    pub escalate_to: RoleId,
    /// What may be declared, and what is done then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matrix: Vec<MatrixRow>,
    /// The clocks of every incident.
    #[serde(default)]
    pub incidents: IncidentClocks,
    /// Who is called when something is declared, in the order in which they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_call: Vec<OnCall>,
    /// When people work, where somebody is on call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work_time: Option<WorkTime>,
    /// How long a recovery may take, by the plan's recovery target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_time: Option<Span>,
    /// Ways back beside those of the phases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub procedures: Vec<Procedure>,
    /// Who is told what, and when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub announcements: Vec<Announcement>,
    /// Work that comes again and again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maintenance: Vec<Maintenance>,
    /// What grows and shrinks by policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scaling: Vec<Scaling>,
    /// What the whole is to reach, for reports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub goals: Vec<Goal>,
    /// What the plan itself says of lessons, for reports.
    #[serde(default, skip_serializing_if = "PlanLessons::is_empty")]
    pub lessons: PlanLessons,
    /// What people must sign; nothing if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signatures: Option<Signatures>,
}

/// What the catalog says of a binding.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Binding {
    /// The roles it has.
    pub roles: BTreeSet<Role>,
    /// What it can do.
    pub capabilities: BTreeSet<Capability>,
    /// How late its answers are: no evidence window ends after now less this.
    pub lag: Span,
    /// How long after its deadline a request may still land.
    pub quiet: Span,
}

/// One phase.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Phase {
    /// Its id.
    pub id: PhaseId,
    /// For people.
    pub title: String,
    /// The phases that must be done first.
    pub after: Vec<PhaseId>,
    /// Not before this moment.
    pub not_before: Option<Timestamp>,
    /// What it does, in order.
    pub ops: Vec<Op>,
    /// The way back, in order.
    pub rollback: Rollback,
    /// It switches on again what this procedure has switched off. Nothing is to be done before that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub re_enables: Option<CriterionId>,
}

/// The way back of one phase.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Rollback {
    /// Its steps, each with its own budget.
    pub ops: Vec<Op>,
    /// The budget of all of it.
    pub limit: Option<Span>,
    /// Where is told that a budget was blown or that it failed.
    pub escalate: Option<Channel>,
    /// It is the plan's own, which every phase has that says nothing else: where several of them are undone at
    /// once, it is carried out once, and has its limit once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
}

/// A way back beside those of the phases, which a person or a response chooses.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Procedure {
    /// Its id.
    pub id: CriterionId,
    /// For people.
    pub title: String,
    /// How far it goes. Without it no phase is undone: a part is switched off, and the rollout waits
    /// for a person.
    pub to: Option<Back>,
    /// The way, instead of those of the phases that it undoes.
    pub rollback: Rollback,
}

/// A criterion that starts a response.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Trigger {
    /// Its id.
    pub id: TriggerId,
    /// The condition; its `for` and `keep` clauses are honoured to the evaluation.
    pub criterion: Criterion,
    /// Watched only while one of these phases runs; in all phases if empty.
    pub during: Vec<PhaseId>,
    /// What it starts.
    pub reaction: Reaction,
    /// What happens when it cannot be told.
    pub blind: Blind,
}

/// What is done about something, and who is told.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Reaction {
    /// What is done; nothing if absent.
    pub act: Option<Response>,
    /// Messages.
    pub tell: Vec<Telling>,
}

impl Reaction {
    /// Only an act, and nobody is told.
    pub fn only(act: Response) -> Self {
        Self {
            act: Some(act),
            tell: Vec::new(),
        }
    }
}

/// Where messages go to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Channel {
    /// The binding that carries them.
    pub to: BindingId,
    /// The channel.
    pub channel: ChannelId,
}

/// A message.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Telling {
    /// Where to.
    pub via: Channel,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body: String,
}

/// What a trigger, a failed criterion or a no-go leads to. In the order of strength.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the engine must have an act for each"
)]
pub enum Response {
    /// Stop moving forward and ask.
    Hold,
    /// Go back.
    Rollback(Back),
}

/// How far back.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the engine must have an act for each"
)]
pub enum Back {
    /// To the state before this phase, which runs again when a person releases it: it and what waits for it is undone.
    Before(PhaseId),
    /// To the state in which this phase was done: what waits for it is undone, what runs beside it stays.
    Phase(PhaseId),
    /// To the state before the phase that failed.
    Previous,
    /// As far as this procedure of the plan goes, by its own steps.
    Procedure(CriterionId),
    /// To the state before the rollout.
    Start,
}

/// Calendar time in which nothing moves forward. Going back is always allowed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Freeze {
    /// For people.
    pub title: String,
    /// First moment inside.
    pub from: Timestamp,
    /// First moment outside.
    pub until: Timestamp,
}

/// How often is looked, and how patiently.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Timing {
    /// Between evaluations.
    pub every: Span,
    /// An answer that has not come after this is none.
    pub answer_within: Span,
    /// Unchanged findings are recorded this often.
    pub roll_up: Span,
    /// The window of criteria that name none, where one is needed.
    pub window: Span,
    /// No evidence window starts before the last applied change plus this.
    pub settle: Span,
    /// How long one attempt of an effect may take.
    pub effect_within: Span,
    /// Is the rollout held when the clocks disagree?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hold_when_clocks_disagree: bool,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            every: Span::from_secs(15),
            answer_within: Span::from_secs(10),
            roll_up: Span::from_secs(300),
            window: Span::from_secs(300),
            settle: Span::from_secs(30),
            effect_within: Span::from_secs(30),
            hold_when_clocks_disagree: false,
        }
    }
}

/// The plan's answer to seeing nothing.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Blind {
    /// How long it is borne.
    pub after: Span,
    /// What it leads to then.
    pub reaction: Reaction,
}

impl Default for Blind {
    fn default() -> Self {
        Self {
            after: Span::from_secs(600),
            reaction: Reaction::only(Response::Hold),
        }
    }
}

impl Program {
    /// The numbers that criteria speak of, for looking up. Of two with one id the first counts.
    pub fn registry(&self) -> KpiRegistry {
        self.registry_with(|_| {})
    }

    /// The same with changes to the KPIs.
    pub(crate) fn registry_with(&self, change: impl Fn(&mut Kpi)) -> KpiRegistry {
        let mut registry = KpiRegistry::new();
        for kpi in &self.kpis {
            let mut kpi = kpi.clone();
            change(&mut kpi);
            // A second one is refused, which leaves the first.
            let _duplicate = registry.declare(kpi);
        }
        for slo in &self.slos {
            let _duplicate = registry.declare_slo(slo.clone());
        }
        registry
    }

    /// The phase of that id.
    pub fn phase(&self, id: &PhaseId) -> Option<&Phase> {
        self.phases.iter().find(|phase| phase.id == *id)
    }

    /// The items of a gate's checklist: operations of its phase that stand just before it, each asked or looked at on
    /// its own. None where the place is no gate.
    pub fn items_of(&self, gate: &Place) -> Vec<Place> {
        let Place::Phase { phase: id, op } = gate else {
            return Vec::new();
        };
        let Some(ops) = self.phase(id).and_then(|phase| phase.ops.get(..=*op)) else {
            return Vec::new();
        };
        let last = ops.split_last().map(|(op, before)| (&op.kind, before));
        let Some((OpKind::Gate(gate), before)) = last else {
            return Vec::new();
        };
        let items = before.iter().rev().take_while(|op| gate.has_item(&op.step));
        let first = before.len().saturating_sub(items.count());
        let place = |op| Place::Phase {
            phase: id.clone(),
            op,
        };
        (first..before.len()).map(place).collect()
    }

    /// The procedure of that id.
    pub fn procedure(&self, id: &CriterionId) -> Option<&Procedure> {
        self.procedures.iter().find(|one| one.id == *id)
    }

    /// Can the binding do that?
    pub fn can(&self, binding: &BindingId, capability: Capability) -> bool {
        self.bindings
            .get(binding)
            .is_some_and(|facts| facts.capabilities.contains(&capability))
    }

    /// Can it, where a value is wanted and not on which side of a bound it lies?
    pub(crate) fn can_value(&self, binding: &BindingId, capability: Capability) -> bool {
        capability != Capability::MeasureBelow && self.can(binding, capability)
    }

    /// Everything outside that the rollout moves and that no other rollout may move meanwhile.
    pub fn resources(&self) -> BTreeSet<(BindingId, TargetId)> {
        let moved = self.ops().filter_map(|op| match &op.kind {
            OpKind::Apply { to, desired, .. } => {
                desired.target().map(|target| (to.clone(), target.clone()))
            }
            OpKind::Ask { .. }
            | OpKind::Bake { .. }
            | OpKind::Gate(_)
            | OpKind::Ledger { .. }
            | OpKind::Measure { .. }
            | OpKind::Validate { .. }
            | OpKind::Wait { .. } => None,
        });
        let scaled = self.scaling.iter().filter(|one| one.acts);
        let scaled = scaled.map(|one| (one.to.clone(), one.target.clone()));
        moved.chain(scaled).collect()
    }

    /// The last moment of the freeze that holds at a moment, if one does.
    pub fn frozen_until(&self, at: Timestamp) -> Option<Timestamp> {
        self.freezes
            .iter()
            .filter(|f| f.from <= at && at < f.until)
            .map(|f| f.until)
            .max()
    }

    /// The criteria of all phases, by id, for reports.
    pub fn checks(&self) -> BTreeMap<CriterionId, &Check> {
        let checks = self
            .ops()
            .flat_map(|op| op.checks().iter().chain(op.stops()));
        checks.map(|check| (check.id.clone(), check)).collect()
    }
}
