//! Fixed-sample methods: for final reports, lints and comparison with other systems.
//!
//! **Not valid under repeated looks.** Each of them controls its error for *one* look at a sample size
//! that was fixed before the data. Looked at 50 times, a 5 % test alarms in 20 to 30 % of healthy
//! rollouts. The one exception is [`GroupSequential`], which is valid at its planned looks, and no
//! others.

mod fisher;
mod group_sequential;
mod interval;
mod kolmogorov;
mod mann_whitney;
mod shift;
mod welch;

pub use fisher::{FisherOutcome, Table, chi_squared_shares, fisher};
pub use group_sequential::GroupSequential;
pub use interval::{
    RateInterval, clean_run_lower_bound, clean_samples_needed, clopper_pearson, jeffreys, wilson,
    wilson_with_continuity,
};
pub use kolmogorov::{KolmogorovOutcome, KolmogorovTest};
pub use mann_whitney::{MannWhitney, RankOutcome};
pub use shift::{ShiftInterval, shift_interval};
pub use welch::{WelchOutcome, welch};

/// The three p-values of a two-sample test of a sample x against a sample y.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a test has these three alternatives"
)]
pub struct PValues {
    /// Against "x tends to be greater than y".
    pub greater: f64,
    /// Against "x tends to be less than y".
    pub less: f64,
    /// Against "x differs from y".
    pub two_sided: f64,
}
