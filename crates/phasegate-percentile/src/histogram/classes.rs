//! Values that no bucket holds, each kind counted apart.

/// How many values of each kind were recorded that have no bucket of their own.
///
/// All but NaN take part in ranks: they have a place in the order of numbers. NaN has none, so it
/// is counted here and nowhere else.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub struct Classes {
    /// Negative infinity.
    pub negative_infinite: u64,
    /// Finite negative values beyond the range's highest magnitude.
    pub negative_overflow: u64,
    /// Normal negative values nearer to zero than the range's lowest magnitude.
    pub negative_underflow: u64,
    /// Negative values too small to be normal numbers.
    pub negative_subnormal: u64,
    /// Zero of either sign.
    pub zero: u64,
    /// Positive values too small to be normal numbers.
    pub subnormal: u64,
    /// Normal positive values below the range.
    pub underflow: u64,
    /// Finite values above the range.
    pub overflow: u64,
    /// Positive infinity.
    pub infinite: u64,
    /// Not a number.
    pub nan: u64,
}

/// What kind of input a float is, given the range that is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Class {
    NegativeInfinite,
    NegativeOverflow,
    /// In a bucket of the negative store.
    Negative(u32),
    NegativeUnderflow,
    NegativeSubnormal,
    Zero,
    Subnormal,
    Underflow,
    /// In a bucket of the positive store.
    Positive(u32),
    Overflow,
    Infinite,
    NotANumber,
}

impl Classes {
    /// The counter of a class; `None` for the two that have buckets.
    pub(crate) fn counter(&mut self, class: Class) -> Option<&mut u64> {
        Some(match class {
            Class::Negative(_) | Class::Positive(_) => return None,
            Class::NegativeInfinite => &mut self.negative_infinite,
            Class::NegativeOverflow => &mut self.negative_overflow,
            Class::NegativeUnderflow => &mut self.negative_underflow,
            Class::NegativeSubnormal => &mut self.negative_subnormal,
            Class::Zero => &mut self.zero,
            Class::Subnormal => &mut self.subnormal,
            Class::Underflow => &mut self.underflow,
            Class::Overflow => &mut self.overflow,
            Class::Infinite => &mut self.infinite,
            Class::NotANumber => &mut self.nan,
        })
    }

    /// All counters in a fixed order, for the wire and for arithmetic.
    pub(crate) fn to_array(self) -> [u64; 10] {
        [
            self.negative_infinite,
            self.negative_overflow,
            self.negative_underflow,
            self.negative_subnormal,
            self.zero,
            self.subnormal,
            self.underflow,
            self.overflow,
            self.infinite,
            self.nan,
        ]
    }

    pub(crate) fn from_array(counts: [u64; 10]) -> Self {
        let [
            negative_infinite,
            negative_overflow,
            negative_underflow,
            negative_subnormal,
            zero,
            subnormal,
            underflow,
            overflow,
            infinite,
            nan,
        ] = counts;
        Self {
            negative_infinite,
            negative_overflow,
            negative_underflow,
            negative_subnormal,
            zero,
            subnormal,
            underflow,
            overflow,
            infinite,
            nan,
        }
    }

    pub(crate) fn merged(self, other: Self) -> Self {
        let mut sums = self.to_array();
        for (sum, n) in sums.iter_mut().zip(other.to_array()) {
            *sum = sum.saturating_add(n);
        }
        Self::from_array(sums)
    }

    /// `None` if the part has more of some class.
    pub(crate) fn without(self, part: Self) -> Option<Self> {
        let mut left = self.to_array();
        for (sum, n) in left.iter_mut().zip(part.to_array()) {
            *sum = sum.checked_sub(n)?;
        }
        Some(Self::from_array(left))
    }

    /// How many rank before all positive numbers that have buckets, negative buckets left out.
    pub(crate) fn ranked(self) -> u64 {
        let [ranked @ .., _nan] = self.to_array();
        ranked.into_iter().fold(0, u64::saturating_add)
    }
}
