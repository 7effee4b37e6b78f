//! Calls and answers of all roles as values.

use phasegate_core::{Desired, Measurement, Query, Ratio, TargetId};
use serde::{Deserialize, Serialize};

use crate::{
    Ask, AskId, Broken, CommandRun, EventId, Exposure, Health, Message, Occurrence, Receipt, Reply,
    Scale, Traffic,
};

/// A call to a provider.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Request {
    /// [`EventSource::acknowledge`](crate::EventSource::acknowledge).
    Acknowledge(Vec<EventId>),
    /// [`ApprovalSource::ask`](crate::ApprovalSource::ask).
    Ask(Ask),
    /// [`ApprovalSource::close`](crate::ApprovalSource::close).
    CloseAsk(AskId),
    /// [`MetricSource::measure`](crate::MetricSource::measure).
    Measure(Query),
    /// [`Effector::perform`](crate::Effector::perform).
    Perform(Desired),
    /// [`EventSource::poll`](crate::EventSource::poll).
    PollEvents,
    /// [`ApprovalSource::poll`](crate::ApprovalSource::poll).
    PollReplies,
    /// [`HealthProbe::probe`](crate::HealthProbe::probe).
    Probe(TargetId),
    /// [`FaultInjector::read`](crate::FaultInjector::read).
    ReadFault(String),
    /// [`FlagStore::read`](crate::FlagStore::read).
    ReadFlag(TargetId),
    /// [`Scaler::read`](crate::Scaler::read).
    ReadScale(TargetId),
    /// [`TrafficRouter::read`](crate::TrafficRouter::read).
    ReadTraffic(TargetId),
    /// [`CommandRunner::run`](crate::CommandRunner::run).
    Run(String),
    /// [`Notifier::send`](crate::Notifier::send).
    Send(Message),
    /// [`FlagStore::set`](crate::FlagStore::set).
    SetFlag(TargetId, Ratio),
    /// [`Scaler::set`](crate::Scaler::set).
    SetScale(TargetId, u32),
    /// [`TrafficRouter::set`](crate::TrafficRouter::set).
    SetTraffic(TargetId, Ratio),
    /// [`FaultInjector::start`](crate::FaultInjector::start): the experiment, the fault.
    StartFault(String, String),
    /// [`FaultInjector::stop`](crate::FaultInjector::stop): the experiment.
    StopFault(String),
}

impl Request {
    /// A fixed name for logs and metrics: `set-traffic`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Acknowledge(_) => "acknowledge",
            Self::Ask(_) => "ask",
            Self::CloseAsk(_) => "close-ask",
            Self::Measure(_) => "measure",
            Self::Perform(_) => "perform",
            Self::PollEvents => "poll-events",
            Self::PollReplies => "poll-replies",
            Self::Probe(_) => "probe",
            Self::ReadFault(_) => "read-fault",
            Self::ReadFlag(_) => "read-flag",
            Self::ReadScale(_) => "read-scale",
            Self::ReadTraffic(_) => "read-traffic",
            Self::Run(_) => "run",
            Self::Send(_) => "send",
            Self::SetFlag(..) => "set-flag",
            Self::SetScale(..) => "set-scale",
            Self::SetTraffic(..) => "set-traffic",
            Self::StartFault(..) => "start-fault",
            Self::StopFault(_) => "stop-fault",
        }
    }
}

/// What a provider answered.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Response {
    /// To a reading of a fault.
    Broken(Option<Broken>),
    /// Nothing but that it is done.
    Done,
    /// To a reading of a flag.
    Exposure(Exposure),
    /// To a probe.
    Health(Health),
    /// To a query.
    Measurement(Measurement),
    /// To polling for events.
    Occurrences(Vec<Occurrence>),
    /// To a change.
    Receipt(Receipt),
    /// To polling for replies.
    Replies(Vec<Reply>),
    /// To a command.
    Run(CommandRun),
    /// To a reading of a count.
    Scale(Scale),
    /// To a reading of a route.
    Traffic(Traffic),
}
