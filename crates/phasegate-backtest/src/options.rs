//! How a backtest is carried out, and why it cannot be.

use phasegate_core::{IdError, PhaseId, Timestamp};
use phasegate_engine::{EventError, Misfit};

use crate::series::Series;

/// How a backtest is carried out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// When the rollout begins.
    pub start: Timestamp,
    /// When it is broken off; what is due at that very moment is still done.
    pub until: Timestamp,
    /// From when on the new version is bad; every alarm before that is false. `None` where it never was.
    pub bad_from: Option<Timestamp>,
    /// Go on until the end, as a person would who saw nothing wrong: what a false alarm held is released, and what has
    /// ended, well or taken back, begins again. Else the first end or alarm ends it.
    pub goes_on: bool,
    /// Who could meet the new version.
    pub traffic: Option<Traffic>,
}

/// Everybody who could meet the new version.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "whoever records writes it out")]
pub struct Traffic {
    /// A counter of all requests.
    pub requests: Series,
    /// So many different users.
    pub users: u64,
}

impl Options {
    /// From `start` to `until`, nothing is bad, and the first alarm ends it.
    #[must_use]
    pub fn new(start: Timestamp, until: Timestamp) -> Self {
        Self {
            start,
            until,
            bad_from: None,
            goes_on: false,
            traffic: None,
        }
    }

    /// From then on it is bad.
    #[must_use]
    pub fn bad_from(mut self, moment: Timestamp) -> Self {
        self.bad_from = Some(moment);
        self
    }

    /// It goes on after false alarms, and begins again as long as nothing is bad.
    #[must_use]
    pub fn going_on(mut self) -> Self {
        self.goes_on = true;
        self
    }

    /// These could meet it.
    #[must_use]
    pub fn with_traffic(mut self, traffic: Traffic) -> Self {
        self.traffic = Some(traffic);
        self
    }
}

/// Why a backtest cannot be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BacktestError {
    /// The program does not begin: it is not one that was compiled.
    #[error("the rollout cannot begin: {0}")]
    Begin(#[from] Misfit),
    /// A role of the program makes no name of a person.
    #[error(transparent)]
    Id(#[from] IdError),
    /// Ramps are compared by how they meet a fault, and nothing says since when it is bad.
    #[error("nothing says from when on the bad recording is bad: say it with Options::bad_from")]
    NeverBad,
    /// Other shares were to be tried in a phase that has none.
    #[error("phase {0} has no ramp with a bake whose shares could be others")]
    NoRamp(PhaseId),
    /// The engine refused what it had asked for: a defect.
    #[error("the engine refused an answer: {0}")]
    Refused(#[from] EventError),
    /// It did so much at one moment that it will never end: a defect.
    #[error("the engine does not come to rest at {0}")]
    Restless(Timestamp),
}
