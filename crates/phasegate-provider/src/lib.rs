#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod call;
mod endpoint;
pub mod error;
pub mod file;
mod guarded;
pub mod http;
pub mod layer;
mod named;
mod outcome;
mod pace;
pub mod points;
pub mod registry;
pub mod role;
mod secret;
#[cfg(feature = "signed")]
pub mod signed;
pub mod text;

pub use call::Call;
pub use endpoint::{Credential, HttpEndpoint};
pub use error::{ErrorKind, ProviderError, Retry, Sent};
pub use guarded::{Guard, Guarded};
pub use http::{HeaderText, HttpBody, HttpRequest, HttpResponse, HttpTransport, Method, Reach};
pub use layer::{
    Exchange, Failure, Fault, Faults, Layer, Next, Recording, Replay, Request, Response, Trace,
};
pub use named::{NamedQueries, Texts};
pub use pace::Pace;
pub use phasegate_resilience::CallClass;
pub use registry::{Registry, RegistryError};
pub use role::{
    Answer, ApprovalSource, Ask, AskId, Broken, CommandRun, CommandRunner, Decision,
    DifferenceSink, Effector, EventId, EventSource, Exit, Exposure, FaultInjector, FlagStore,
    Found, Health, HealthProbe, HealthState, Message, MetricSource, Misplaced, Notifier,
    Occurrence, Provider, Receipt, Reply, Scale, ScaleLimits, Scaler, ToSign, Traffic,
    TrafficRouter, answers_now,
};
pub use secret::{Secret, SecretSource};
