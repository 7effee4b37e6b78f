//! Ids of things that only a plan knows. Those that other crates name too are core's.

use std::fmt;
use std::str::FromStr;

use phasegate_core::{IdError, TargetId};

use crate::document::Node;
use crate::fault::Code;
use crate::form::{Form, Lowering, Schema};
use crate::value::Value;

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident;)*) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(TargetId);

        impl $name {
            /// Checks a text by the rules of all ids and makes it one.
            pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
                // Core's rules, by way of one of core's ids.
                TargetId::new(text).map(Self)
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl Form for $name {
            fn read(node: &Node, cx: &mut Lowering<'_>) -> Option<Self> {
                cx.parsed(node, "an id", Code::InvalidId)
            }
            fn write(&self) -> Value {
                Value::text(self.as_str())
            }
            fn schema(schema: &mut Schema) -> Value {
                TargetId::schema(schema)
            }
        }
    )*};
}

ids! {
    /// A message template.
    MessageId;
    /// A value that is given when the rollout starts.
    ParameterId;
    /// Something that may go wrong.
    RiskId;
    /// A group of people.
    TeamId;
    /// Something that may happen and that nobody can measure.
    ScenarioId;
}
