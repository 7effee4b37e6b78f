//! The roles: one small, object-safe trait for each thing that a rollout needs from the outside.

mod approval;
mod command;
mod difference;
mod effector;
mod event;
mod fault;
mod flag;
mod health;
mod metric;
mod notifier;
mod provider;
mod scaler;
mod traffic;

pub use approval::{Answer, ApprovalSource, Ask, AskId, Decision, Misplaced, Reply, ToSign};
pub use command::{CommandRun, CommandRunner, Exit};
pub use difference::{DifferenceSink, Found};
pub use effector::Effector;
pub use event::{EventId, EventSource, Occurrence};
pub use fault::{Broken, FaultInjector};
pub use flag::{Exposure, FlagStore};
pub use health::{Health, HealthProbe, HealthState};
pub use metric::{MetricSource, answers_now};
pub use notifier::{Message, Notifier};
pub use provider::{Provider, Receipt};
pub use scaler::{Scale, ScaleLimits, Scaler};
pub use traffic::{Traffic, TrafficRouter};
