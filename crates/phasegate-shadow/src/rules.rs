//! What counts as different. Everything does unless a rule says otherwise.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::Span;
use serde::{Deserialize, Serialize};

use crate::json::{Path, Tolerance};

/// Rules for comparing answers.
///
/// ```
/// use phasegate_shadow::Rules;
/// let rules: Rules = serde_json::from_str(r#"{
///   "status": "class",
///   "headers": {"only": ["content-type"]},
///   "body": {
///     "ignore": ["/meta/took", "/items/*/updated_at"],
///     "tolerances": {"/items/*/score": {"relative": "0.1%"}},
///     "unordered": [{"at": "/items", "key": "/id"}]
///   },
///   "latency": {"percent_max": 120, "grace": "5ms"}
/// }"#)?;
/// assert_eq!(rules.body.ignore.len(), 2);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Rules {
    /// When statuses differ.
    pub status: StatusRule,
    /// Which headers are compared. Default: none, since most carry dates and ids.
    pub headers: HeaderRules,
    /// How bodies are compared.
    pub body: BodyRules,
    /// When the new side is too slow. Default: never.
    pub latency: Option<LatencyRule>,
}

/// When statuses differ.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum StatusRule {
    /// When their hundreds differ: 200 and 204 are the same.
    Class,
    /// When they are not equal.
    #[default]
    Exact,
    /// Never.
    Ignore,
}

/// Which headers are compared, by name in any case. Values are compared as text, without spaces around.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "there are no others")]
pub enum HeaderRules {
    /// All but these.
    AllBut(BTreeSet<String>),
    /// These.
    Only(BTreeSet<String>),
}

impl Default for HeaderRules {
    fn default() -> Self {
        Self::Only(BTreeSet::new())
    }
}

/// How bodies are compared. Two bodies that are JSON are compared by meaning, others byte by byte.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct BodyRules {
    /// What is not looked at; `/` alone cannot be said, use `ignore_all` for it.
    pub ignore: Vec<Path>,
    /// Is the body not looked at at all?
    pub ignore_all: bool,
    /// How far numbers may lie apart. Default: not at all; `1.0` and `1` and `1e0` are one number.
    pub tolerances: BTreeMap<Path, Tolerance>,
    /// Arrays whose order says nothing.
    pub unordered: Vec<Unordered>,
}

/// An array whose order says nothing.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Unordered {
    /// Which arrays.
    pub at: Path,
    /// What pairs the elements of both sides, within an element. Without one the elements are a bag, and
    /// compared exactly.
    #[serde(default)]
    pub key: Option<Path>,
}

/// When the new side is too slow: above `percent_max` of the old side's time plus `grace`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct LatencyRule {
    /// 150 allows half as much again.
    pub percent_max: u32,
    /// What is allowed on top: short answers are mostly noise.
    pub grace: Span,
}

impl LatencyRule {
    pub(crate) fn allows(self, old: Span, new: Span) -> bool {
        let limit = u128::from(old.as_nanos()) * u128::from(self.percent_max) / 100
            + u128::from(self.grace.as_nanos());
        u128::from(new.as_nanos()) <= limit
    }
}
