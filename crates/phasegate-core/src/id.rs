//! Ids: one newtype per kind of thing, checked when built. What an id refers to is for others.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

/// The longest id, in bytes. File names and metric labels of every system we met can hold it.
pub const ID_LEN_MAX: usize = 63;

/// Why a text is no id.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// The text is empty.
    #[error("an id must not be empty")]
    Empty,
    /// A character that ids cannot hold.
    #[error(
        "'{found}' at byte {at} of id '{text}': use letters, digits, '_' and '-', and begin with a letter or digit"
    )]
    Character {
        /// The offending text, shortened to 80 characters.
        text: String,
        /// Byte offset of the character.
        at: usize,
        /// The character.
        found: char,
    },
    /// More than [`ID_LEN_MAX`] bytes.
    #[error("an id has at most {ID_LEN_MAX} bytes, this one has {len}")]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
}

fn check(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > ID_LEN_MAX {
        return Err(IdError::TooLong { len: text.len() });
    }
    let fits = |at: usize, byte: u8| {
        byte.is_ascii_alphanumeric() || (at > 0 && matches!(byte, b'_' | b'-'))
    };
    let mut bytes = text.bytes().enumerate();
    let Some((at, _)) = bytes.find(|(at, byte)| !fits(*at, *byte)) else {
        return Ok(());
    };
    // Whatever fits is one byte long, so that a character begins here.
    let found = text.get(at..).and_then(|rest| rest.chars().next());
    let found = found.unwrap_or(char::REPLACEMENT_CHARACTER);
    let text = text.chars().take(80).collect();
    Err(IdError::Character { text, at, found })
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// ```
        #[doc = concat!("use phasegate_core::", stringify!($name), ";")]
        #[doc = concat!("let id: ", stringify!($name), " = \"some-id_1\".parse()?;")]
        /// assert_eq!(id.as_str(), "some-id_1");
        #[doc = concat!("assert!(\"no spaces\".parse::<", stringify!($name), ">().is_err());")]
        /// # Ok::<(), phasegate_core::IdError>(())
        /// ```
        /// Copies share the text.
        #[derive(Clone, Debug, Deserialize, Eq, Hash)]
        #[expect(clippy::derived_hash_with_manual_eq, reason = "equal ids have equal texts")]
        #[serde(try_from = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks a text and makes it an id.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                let text = text.into();
                check(&text)?;
                Ok(Self(text.into()))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                // Most of those that are looked for are copies of what they are held against.
                Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                if Arc::ptr_eq(&self.0, &other.0) {
                    return Ordering::Equal;
                }
                self.0.cmp(&other.0)
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                check(text)?;
                Ok(Self(text.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.as_str().to_owned()
            }
        }
    )*};
}

ids! {
    /// A logical name in a plan that the bindings document maps to an adapter.
    BindingId;
    /// A place messages go to.
    ChannelId;
    /// A named criterion.
    CriterionId;
    /// A go/no-go decision point.
    GateId;
    /// A named number with unit, source and target.
    KpiId;
    /// A person, as the edge that verified them names them.
    PersonId;
    /// A stretch of a plan.
    PhaseId;
    /// A plan document.
    PlanId;
    /// What a person acts as when they approve.
    RoleId;
    /// One carrying-out of a plan.
    RolloutId;
    /// One thing a phase does.
    StepId;
    /// What a binding moves: a route, a flag, a service.
    TargetId;
    /// A criterion that starts a response while the rollout runs.
    TriggerId;
}

/// The idempotency key of an effect: `rollout/number`, the same before and after a crash.
///
/// ```
/// use phasegate_core::{EffectKey, RolloutId};
/// let key = EffectKey::new(&"r1".parse::<RolloutId>()?, 7);
/// assert_eq!(key.as_str(), "r1/7");
/// # Ok::<(), phasegate_core::IdError>(())
/// ```
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct EffectKey(String);

impl EffectKey {
    /// The key of effect `number` of a rollout.
    pub fn new(rollout: &RolloutId, number: u64) -> Self {
        Self(format!("{rollout}/{number}"))
    }

    /// The key as text: what goes into an `Idempotency-Key` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EffectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_checked_when_built() {
        let long = "a".repeat(64);
        for (text, fits) in [
            ("a", true),
            ("9lives", true),
            ("VP_Engineering", true),
            ("a-b_c", true),
            ("", false),
            ("-a", false),
            ("_a", false),
            ("a b", false),
            ("a/b", false),
            ("ä", false),
            (long.as_str(), false),
        ] {
            assert_eq!(PhaseId::new(text).is_ok(), fits, "{text:?}");
        }
    }

    #[test]
    fn a_bad_id_is_refused_by_serde_too() {
        assert!(serde_json::from_str::<PhaseId>("\"a b\"").is_err());
        assert_eq!(
            serde_json::to_string(&PhaseId::new("x").expect("an id")).expect("json"),
            "\"x\""
        );
    }
}
