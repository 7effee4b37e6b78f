//! Values on the right-hand side: quantities as written, ranges, and references to what is compared with.

use phasegate_core::Quantity;

/// A quantity as written: perhaps approximate (`~20%`), perhaps with its plus sign (`+40%`).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Value {
    quantity: Quantity,
    approximate: bool,
    plus: bool,
}

impl Value {
    /// The quantity itself.
    #[must_use]
    pub const fn new(quantity: Quantity) -> Self {
        Self {
            quantity,
            approximate: false,
            plus: false,
        }
    }

    /// The same, said to be approximate.
    #[must_use]
    pub fn approximately(self) -> Self {
        Self {
            approximate: true,
            ..self
        }
    }

    /// The same, written with its plus sign; a negative quantity keeps its minus.
    #[must_use]
    pub fn with_plus(self) -> Self {
        Self {
            plus: !self.quantity.number().is_negative(),
            ..self
        }
    }

    /// The quantity.
    #[must_use]
    pub const fn quantity(&self) -> &Quantity {
        &self.quantity
    }

    /// Is it approximate?
    #[must_use]
    pub const fn is_approximate(&self) -> bool {
        self.approximate
    }

    /// Is the plus sign written out?
    #[must_use]
    pub const fn has_plus(&self) -> bool {
        self.plus
    }
}

impl From<Quantity> for Value {
    fn from(quantity: Quantity) -> Self {
        Self::new(quantity)
    }
}

/// From one value to another, both included. The order is checked with the units, not here.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ValueRange {
    /// The first, meant to be the lower one.
    pub low: Value,
    /// The last.
    pub high: Value,
}

/// What a value is compared with.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever evaluates has a rule for each"
)]
pub enum Operand {
    /// The KPI's declared baseline.
    Baseline,
    /// The KPI's declared budget.
    Budget,
    /// The KPI's declared target.
    Target,
    /// A value that stands in the criterion.
    Value(Value),
}

/// What something is compared against: `baseline ~85%`, `control`, `old`, `previous`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Reference {
    /// Which.
    pub against: Against,
    /// What the criterion itself says about it; it goes before what the KPI declares.
    pub given: Option<Given>,
}

/// What there is to compare with.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever evaluates has a rule for each"
)]
pub enum Against {
    /// The figure recorded before the rollout.
    Baseline,
    /// The stable arm, at the same time.
    Control,
    /// The old system, running beside the new one: the stable arm by another name.
    Old,
    /// The run before.
    Previous,
}

/// What a criterion or fact says about a figure.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever evaluates has a rule for each"
)]
pub enum Given {
    /// One value.
    Point(Value),
    /// Somewhere between two values.
    Range(ValueRange),
    /// Said to be unknown.
    Unknown,
}
