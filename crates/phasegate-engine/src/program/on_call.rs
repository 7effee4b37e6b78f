//! Who is called when something is declared, in which order, and when people work.

use phasegate_core::{PersonId, RoleId};
use serde::{Deserialize, Serialize};

/// A team that can be called. Teams are called in their order, until somebody looks at it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct OnCall {
    /// The place in the order.
    pub order: u32,
    /// The role of its people.
    pub role: RoleId,
    /// Its people, in the order in which they take turns.
    pub people: Vec<PersonId>,
    /// Only while people work.
    pub working_hours: bool,
    /// How they take turns; all of them are called if they do not.
    pub turns: Option<Turns>,
}

/// How people take turns.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Turns {
    /// How many days a turn has; one, if it says none.
    pub days: u32,
    /// The day on which the first one's first turn begins, as plans write it.
    pub from: String,
    /// The time of day at which one hands over to the next, as plans write it.
    pub at: String,
}

/// When people work, as plans write it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct WorkTime {
    /// The zone in which days and hours are meant.
    pub zone: String,
    /// On which days of the week.
    pub days: Vec<String>,
    /// At which hours.
    pub hours: Vec<String>,
    /// On which days not.
    pub holidays: Vec<String>,
}
