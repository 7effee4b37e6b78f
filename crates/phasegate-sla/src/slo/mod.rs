//! Service level objectives: what was attained, what is left of the budget, how fast it burns. All of it
//! exact: counts and objectives are fractions, and nothing is rounded before it is compared.

mod alert;
mod apdex;
mod attainment;

pub use alert::{BurnAlert, BurnLint, BurnPair, BurnSeverity, standard_pairs};
pub use apdex::{Apdex, ApdexRating};
pub use attainment::{Attainment, Slice};
