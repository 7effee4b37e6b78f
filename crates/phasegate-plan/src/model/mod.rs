//! The model: what a plan says, as types. Any combination of values can be written down here; which
//! ones make sense is for the checks. Each record has `new` for what it must have and a method of
//! the same name for each other field, so that a plan can be written in Rust as in YAML: both take a
//! value or its text ([`Given`]), and [`PlanDraft::build`] tells all that is wrong at once.

mod communication;
mod condition;
mod document;
mod gate;
mod ids;
mod kpi;
mod people;
mod phase;
mod plan;
mod response;
mod risk;
mod rollback;
mod signatures;
mod slo;
mod step;
mod strategy;
mod trigger;
mod weeks;

pub use communication::{Communication, Escalation, IncidentPlan, Occasion};
pub use condition::{Checklist, Condition, Evaluation, Item, OnInconclusive};
pub use document::{
    Access, AccessPolicy, FactNote, Goal, Inspection, Lessons, Level, LifeCycle, OnCall, Parameter,
    ParameterType, Permission, Protection, Resource, Review, Team, TimelineEntry, Transition,
    TurnLength, Turns, Watch,
};
pub use gate::{Approval, Gate, GateWhen, TimeoutAnswer};
pub use ids::{MessageId, ParameterId, RiskId, ScenarioId, TeamId};
pub use kpi::{Kpi, KpiDirection, KpiShape, Queries};
pub use people::{Channel, Message, PlanRole};
pub use phase::{Activity, Environment, Phase, Slot};
pub use plan::{Freeze, PlanDraft, PlanFormat, Reference, Status};
pub use response::{Response, RollbackTarget};
pub use risk::{
    Alert, Backup, BackupKind, Contingency, Experiment, Maintenance, Recovery, Risk, Scaling,
    TestMoment, TestRun,
};
pub use rollback::{Procedure, ReEnable, Rollback, RollbackStep};
pub use signatures::{Signatures, SignedActs};
pub use slo::Slo;
pub(crate) use step::Laid;
pub use step::{
    Action, CommandRun, Curve, CurveShape, FlagRamp, Measure, Notify, Stage, Step, Task,
    TrafficRamp, Wait,
};
pub use strategy::{
    BlueGreen, Cohort, ConfigChange, Deprecation, DeprecationStage, ExperimentRun, ParallelRun,
    Shadow, Wave, Waves, WorkflowRun,
};
pub use trigger::{DecisionPoint, MatrixRow, Severity, Trigger};
pub use weeks::{Weeks, WeeksError};

pub use crate::form::given::{Given, Part};
