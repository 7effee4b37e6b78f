//! The model: what a plan says, as types. Any combination of values can be written down here; which
//! ones make sense is for the checks. Each record has `new` for what it must have and a method of
//! the same name for each other field, so that a plan can be written in Rust as in YAML.

mod condition;
mod gate;
mod ids;
mod kpi;
mod people;
mod phase;
mod plan;
mod response;
mod rollback;
mod step;
mod trigger;

pub use condition::{Checklist, Condition, Evaluation, Item, OnInconclusive};
pub use gate::{Approval, Gate, GateWhen, TimeoutAnswer};
pub use ids::{MessageId, ScenarioId};
pub use kpi::{Kpi, KpiDirection, KpiShape, Queries};
pub use people::{Channel, Message, PlanRole};
pub use phase::{Environment, Phase};
pub use plan::{Freeze, PlanDraft, PlanFormat, Reference, Status};
pub use response::{Response, RollbackTarget};
pub use rollback::{Rollback, RollbackStep};
pub use step::{Action, CommandRun, FlagRamp, Notify, Stage, Step, Task, TrafficRamp, Wait};
pub use trigger::{MatrixRow, Severity, Trigger};
