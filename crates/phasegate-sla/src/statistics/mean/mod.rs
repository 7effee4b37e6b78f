//! Means: of values in a known range, and of values without bounds.
//!
//! For a mean in a known range (Apdex, a score, latency capped at a stated maximum) the betting test
//! needs no assumption on the distribution; where only count and sum are known, the bounded-mean test
//! takes its place. For unbounded values there is no anytime-valid method
//! without assumptions; the asymptotic one here is exact only in the limit, and says so.

mod asymptotic;
mod bernstein;
mod betting;
mod bounded;
mod grid;
mod moments;
mod race;

pub use asymptotic::{AsymptoticComparison, AsymptoticMean, AsymptoticOutcome, Scale, msprt};
pub use bernstein::{HoeffdingBound, MixtureBernstein, PredictableBernstein, PredictableHoeffding};
pub use betting::{BettingTest, Beyond, ValueRange};
pub use bounded::BoundedMeanTest;
pub use grid::{Bets, BettingInterval};
pub use moments::Moments;
pub use race::ConversionRace;
