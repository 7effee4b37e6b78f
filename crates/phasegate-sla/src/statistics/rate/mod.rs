//! Rates: one against a threshold, two arms against each other, shares against a split.
//!
//! Why not a z-test or a confidence interval of the textbook: asked every minute they alarm in 20 to
//! 30 % of healthy rollouts (see the simulation). The e-processes here alarm in at most α, for any
//! number of looks, and need two integers of state.

mod arms;
mod csm;
mod monitor;
mod prior;
mod process;
mod rate_test;
mod share;
mod stream;

pub use arms::ArmsTest;
pub use csm::SloTest;
pub use monitor::RateMonitor;
pub use prior::PriorStrength;
pub use process::RateProcess;
pub use rate_test::RateTest;
pub use share::ShareTest;
pub use stream::RateStream;
