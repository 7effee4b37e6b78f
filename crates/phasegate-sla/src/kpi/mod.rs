//! How KPIs stand, and KPIs made of other records: delivery performance, recovery, cost.

mod delivery;
mod derived;
mod status;

pub use delivery::{DeliveryPerformance, Deployment, Incident};
pub use derived::{
    Savings, SavingsLine, automated_recovery_rate, breaker_effectiveness, cost_per_item,
    false_positive_rate, manual_interventions_per_day, on_budget, on_time, recovery_time,
};
pub use status::{KpiStanding, KpiStatus, standing};
