//! Unleash: gradual and flexible rollouts, variants.
//!
//! Source: Unleash's client specification 6.1.0 and its clients: `murmur3_x86_32("{group}:{id}") % n + 1`
//! over UTF-8. Rollouts have n = 100 and seed 0; variants have n = the sum of weights and a seed of their
//! own, so that a variant does not follow from the rollout's bucket.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::hash::murmur3_x86_32;

/// The seed of variants.
pub const VARIANT_SEED: u32 = 86_028_157;

/// The normalised value, 1 to `normalizer`; `None` when `normalizer` is 0.
///
/// ```
/// use phasegate_bucketing::unleash::normalized;
/// assert_eq!(normalized("gr1", "123", 100, 0), Some(73)); // the specification's own
/// ```
pub fn normalized(group: &str, id: &str, normalizer: u32, seed: u32) -> Option<u32> {
    let hash = murmur3_x86_32(format!("{group}:{id}").as_bytes(), seed);
    Some(hash.checked_rem(normalizer)? + 1)
}

/// Is the rollout on for this id? Always from 100 %, never at 0 % or for an empty id.
///
/// Percentages are whole: clients disagree about what they do with others.
pub fn is_enabled(group: &str, id: &str, rollout_percent: u32) -> bool {
    let within = |value| value <= rollout_percent;
    !id.is_empty() && rollout_percent > 0 && normalized(group, id, 100, 0).is_some_and(within)
}

/// Which of the variants with these weights an id gets, as its place; `None` when they weigh nothing.
///
/// `group` is the feature's name for a feature's variants and the strategy's group for those of a strategy.
///
/// ```
/// use phasegate_bucketing::unleash::variant;
/// assert_eq!(variant("Feature.Variants.D", "525", &[1, 49, 50]), Some(1));
/// assert_eq!(variant("Feature.Variants.D", "525", &[0, 0]), None);
/// ```
pub fn variant(group: &str, id: &str, weights: &[u32]) -> Option<usize> {
    let total = weights
        .iter()
        .try_fold(0_u32, |sum, w| sum.checked_add(*w))?;
    let target = normalized(group, id, total, VARIANT_SEED)?;
    let mut counter = 0;
    weights.iter().position(|weight| {
        counter += weight;
        *weight > 0 && counter >= target
    })
}

/// What an id is taken from.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "clients know these and fields by name"
)]
pub enum Stickiness {
    /// The user's id, else the session's, else by chance.
    #[default]
    Default,
    /// By chance, each time anew.
    Random,
    /// A field of the context; who lacks it is out.
    Field(String),
}

/// What is known of whoever asks.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Context {
    /// `userId`.
    pub user_id: Option<String>,
    /// `sessionId`.
    pub session_id: Option<String>,
    /// Everything else by name.
    pub properties: BTreeMap<String, String>,
}

impl Stickiness {
    /// The id that is hashed; `None` leaves the asker out. `drawn` is used where chance decides: clients
    /// take a number from 1 to 100 as text.
    ///
    /// ```
    /// use phasegate_bucketing::unleash::{Context, Stickiness};
    /// let context = Context { session_id: Some("s1".to_owned()), ..Context::default() };
    /// assert_eq!(Stickiness::Default.id(&context, "7"), Some("s1"));
    /// assert_eq!(Stickiness::Field("tenant".to_owned()).id(&context, "7"), None);
    /// ```
    pub fn id<'a>(&self, context: &'a Context, drawn: &'a str) -> Option<&'a str> {
        let filled = |text: &'a Option<String>| text.as_deref().filter(|text| !text.is_empty());
        match self {
            Self::Default => filled(&context.user_id)
                .or(filled(&context.session_id))
                .or(Some(drawn)),
            Self::Random => Some(drawn),
            Self::Field(name) => match name.as_str() {
                "userId" => filled(&context.user_id),
                "sessionId" => filled(&context.session_id),
                other => context
                    .properties
                    .get(other)
                    .map(String::as_str)
                    .filter(|text| !text.is_empty()),
            },
        }
    }
}
