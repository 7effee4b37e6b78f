#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod decimal;
pub mod effect;
pub mod id;
pub mod measurement;
pub mod quantity;
pub mod ratio;
pub mod time;

pub use decimal::{Decimal, DecimalError};
pub use effect::{
    Capability, Desired, Effect, EffectClass, EffectOutcome, Inspection, Reading, Role, Standing,
    Unread,
};
pub use id::{
    BindingId, ChannelId, CriterionId, EffectKey, GateId, IdError, KpiId, PersonId, PhaseId,
    PlanId, RoleId, RolloutId, StepId, TargetId, TriggerId,
};
pub use measurement::{
    Absence, Answer, Arm, Measurement, Observed, Query, Wants, Window, WindowKind,
};
pub use quantity::{
    BaseDimension, BaseUnit, ByteUnit, Currency, Dimension, Fraction, Magnitude, PerKind, Period,
    Quantity, QuantityError, TimeUnit, Unit, UnitError, UnitName,
};
pub use ratio::{Ratio, RatioError};
pub use time::{BootId, Clock, Elapsed, Now, Span, SpanError, Timestamp, TimestampError};
