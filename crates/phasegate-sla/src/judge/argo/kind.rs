//! What is known of a value before the run: its type in Go, as far as the check of expr follows it
//! (`checker/nature`).
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "tables of what fits: everything that is not listed does not fit, a new kind included"
)]

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// `any`: a type that says nothing. It differs from [`Unknown`](Self::Unknown) where two are compared.
    Any,
    Bool,
    /// `uint8`: a byte of a text.
    Byte,
    /// `[]byte`.
    Bytes,
    Float,
    /// `[]float64`.
    Floats,
    /// The function of that name.
    Function(&'static str),
    Integer,
    /// `[]any`, and what is known of its elements.
    List(Box<Kind>),
    /// `int64`: what `asInt` gives.
    Long,
    Map,
    Nil,
    Text,
    /// `[]string`.
    Texts,
    /// Nothing, not even a type.
    Unknown,
}

/// The functions that the environment offers beside those of the language.
pub(super) const ENVIRONMENT: [&str; 6] =
    ["asFloat", "asInt", "default", "isInf", "isNaN", "isNil"];

impl Kind {
    /// A list of which nothing is known.
    pub(super) fn list() -> Self {
        Self::List(Box::new(Self::Any))
    }

    pub(super) const fn is_unknown(&self) -> bool {
        matches!(self, Self::Any | Self::Unknown)
    }

    pub(super) const fn is_integer(&self) -> bool {
        matches!(self, Self::Byte | Self::Integer | Self::Long)
    }

    pub(super) const fn is_number(&self) -> bool {
        matches!(self, Self::Byte | Self::Float | Self::Integer | Self::Long)
    }

    pub(super) const fn is_list(&self) -> bool {
        matches!(
            self,
            Self::Bytes | Self::Floats | Self::List(_) | Self::Texts
        )
    }

    /// What is known of the elements of a list or map.
    pub(super) fn element(&self) -> Self {
        match self {
            Self::Bytes => Self::Byte,
            Self::Floats => Self::Float,
            Self::List(element) => (**element).clone(),
            Self::Map => Self::Any,
            Self::Texts => Self::Text,
            Self::Any
            | Self::Bool
            | Self::Byte
            | Self::Float
            | Self::Function(_)
            | Self::Integer
            | Self::Long
            | Self::Nil
            | Self::Text
            | Self::Unknown => Self::Unknown,
        }
    }

    /// The bare type: of the elements of a list of anything nothing is known.
    pub(super) fn erased(self) -> Self {
        match self {
            Self::List(_) => Self::list(),
            Self::Unknown => Self::Any,
            kind => kind,
        }
    }

    fn same_type(&self, other: &Self) -> bool {
        /// `isNaN` and `isInf` take and give the same.
        fn signature(name: &str) -> &str {
            if name == "isInf" { "isNaN" } else { name }
        }
        match (self, other) {
            (Self::List(_), Self::List(_)) => true,
            (Self::Function(one), Self::Function(other)) => signature(one) == signature(other),
            (one, other) => one == other,
        }
    }

    pub(super) fn assignable_to(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nil, Self::Any | Self::Function(_) | Self::Map) => true,
            (Self::Nil, list) => list.is_list(),
            (Self::Unknown, _) | (_, Self::Nil | Self::Unknown) => false,
            (_, Self::Any) => true,
            (one, other) => one.same_type(other),
        }
    }

    pub(super) fn comparable_to(&self, other: &Self) -> bool {
        self.is_unknown()
            || other.is_unknown()
            || *self == Self::Nil
            || *other == Self::Nil
            || self.is_number() && other.is_number()
            || self.is_list() && other.is_list()
            || self.assignable_to(other)
    }

    /// Of one make in Go (`reflect.Kind`): literals of such make a list of that.
    pub(super) fn same_make(&self, other: &Self) -> bool {
        let none = |kind: &Self| matches!(kind, Self::Nil | Self::Unknown);
        let function = |kind: &Self| matches!(kind, Self::Function(_));
        none(self) && none(other)
            || self.is_list() && other.is_list()
            || function(self) && function(other)
            || self == other
    }

    /// Both unknown, or one unknown and the other of a kind that fits.
    pub(super) fn may_fit(&self, other: &Self, fits: impl Fn(&Self) -> bool) -> bool {
        match (self.is_unknown(), other.is_unknown()) {
            (true, true) => true,
            (true, false) => fits(other),
            (false, true) => fits(self),
            (false, false) => false,
        }
    }
}
