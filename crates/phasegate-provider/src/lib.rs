#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod call;
pub mod error;
pub mod http;
mod outcome;
pub mod registry;
pub mod role;
mod secret;

pub use call::{Call, CallClass};
pub use error::{ErrorKind, ProviderError, Retry, Sent};
pub use http::{HeaderText, HttpBody, HttpRequest, HttpResponse, HttpTransport, Method, Reach};
pub use registry::{Registry, RegistryError};
pub use role::{
    ApprovalSource, Ask, AskId, CommandRun, CommandRunner, Decision, EventId, EventSource, Exit,
    Exposure, FlagStore, Health, HealthProbe, HealthState, Message, MetricSource, Notifier,
    Occurrence, Provider, Receipt, Reply, Traffic, TrafficRouter,
};
pub use secret::Secret;
