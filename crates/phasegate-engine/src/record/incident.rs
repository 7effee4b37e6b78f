//! What becomes of an incident, one record a step.

use phasegate_core::{PersonId, RoleId};
use serde::{Deserialize, Serialize};

/// A step of an incident.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "apply must know every step")]
pub enum IncidentStep {
    /// Somebody looks at it.
    Acknowledged {
        /// Who.
        by: PersonId,
    },
    /// Whoever is on call was called.
    Called {
        /// The place of their team in the order.
        order: u32,
        /// Their role.
        role: RoleId,
        /// Who was on call at that moment.
        people: Vec<PersonId>,
    },
    /// It was decided whether the plan's response is carried out.
    Decided {
        /// Is it?
        respond: bool,
        /// Who decided; nobody, where the plan decides at once or nobody did in time.
        by: Option<PersonId>,
    },
    /// It happened.
    Declared {
        /// Which scenario of the plan.
        scenario: String,
        /// Who says so.
        by: PersonId,
        /// On what that rests; of a drill, why it is rehearsed.
        evidence: String,
        /// It has not happened: what is done when it does is rehearsed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        drill: bool,
    },
    /// What was to be done afterwards is done.
    FollowedUp {
        /// Who says so.
        by: PersonId,
        /// What was done.
        text: String,
    },
    /// A clock ran out.
    Late {
        /// Which.
        clock: IncidentClock,
    },
    /// It is over.
    Resolved {
        /// Who says so.
        by: PersonId,
        /// How.
        text: String,
    },
    /// There is news.
    Updated {
        /// From whom.
        by: PersonId,
        /// What.
        text: String,
    },
}

/// A clock of an incident.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "each has a rule of its own")]
pub enum IncidentClock {
    /// Until somebody looks at it.
    Acknowledge,
    /// Until the response is complete.
    Complete,
    /// Until it is decided.
    Decide,
    /// Until there is news.
    Update,
}
