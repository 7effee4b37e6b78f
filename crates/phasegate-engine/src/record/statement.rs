//! What people state.

use serde::{Deserialize, Serialize};

/// What a person stated that nothing measures.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the engine must have a rule for each"
)]
pub enum Statement {
    /// Their role approves.
    Approval {
        /// Which, as the criterion names it.
        role: String,
    },
    /// A check is fulfilled.
    Check {
        /// The criterion's text.
        condition: String,
    },
    /// Something happened.
    Event {
        /// Its name.
        name: String,
    },
}
