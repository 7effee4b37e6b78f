//! Configuration: pieces as documents describe them, and registries that make them by name.

mod duration;
mod pieces;
mod registry;
mod saved;
mod settings;

pub use duration::Span;
pub use pieces::{AdaptiveSettings, BudgetSettings, HedgeSettings, ThrottleSettings};
pub use registry::{BreakerKey, Registry};
pub use saved::{SavedPolicy, SavedRegistry, SavedWait};
pub use settings::{
    BackoffSettings, BreakerSettings, BulkheadSettings, JitterSettings, LimiterSettings,
    ModeSettings, PolicySettings, RegistrySettings, RetrySettings, ScheduleSettings, SlowSettings,
    WindowSettings,
};
