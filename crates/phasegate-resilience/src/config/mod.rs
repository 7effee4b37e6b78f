//! Configuration: pieces as documents describe them, and registries that make them by name.

mod duration;
mod registry;
mod settings;

pub use duration::Span;
pub use registry::{BreakerKey, Registry};
pub use settings::{
    BackoffSettings, BreakerSettings, BulkheadSettings, JitterSettings, LimiterSettings,
    PolicySettings, RegistrySettings, RetrySettings, ScheduleSettings, SlowSettings,
    WindowSettings,
};
