//! Who is exposed: a share of actors, those with a label, those on a list.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::Ratio;
use serde::{Deserialize, Serialize};

use crate::Scheme;

/// Somebody or something that may be exposed.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Actor {
    /// As the flag system knows it: `User;1`.
    pub id: String,
    /// What is known of it: `team` is `search`.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// Who is exposed.
///
/// ```
/// use std::collections::BTreeMap;
/// use phasegate_bucketing::{Actor, Cohort};
/// let early = Cohort::Label { name: "ring".to_owned(), value: "early".to_owned() };
/// let labels = BTreeMap::from([("ring".to_owned(), "early".to_owned())]);
/// assert!(early.contains(&Actor { id: "7".to_owned(), labels }));
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Cohort {
    /// Those in any of these.
    AnyOf(Vec<Cohort>),
    /// Those whose label has this value.
    Label {
        /// The label's name.
        name: String,
        /// Its value, exactly.
        value: String,
    },
    /// Those with these ids.
    List(BTreeSet<String>),
    /// This share of all, as the flag system counts.
    Percent {
        /// How many.
        share: Ratio,
        /// Whose bucketing.
        scheme: Scheme,
    },
}

impl Cohort {
    /// Is this actor exposed?
    pub fn contains(&self, actor: &Actor) -> bool {
        match self {
            Self::AnyOf(parts) => parts.iter().any(|part| part.contains(actor)),
            Self::Label { name, value } => actor.labels.get(name) == Some(value),
            Self::List(ids) => ids.contains(&actor.id),
            Self::Percent { share, scheme } => scheme.exposes(&actor.id, *share),
        }
    }
}
