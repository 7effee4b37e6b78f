//! An exact sum of non-negative floats, whatever their order.
//!
//! A running `f64` sum depends on the order of its terms, so merging it is not associative, and it
//! is a slow chain of dependent additions. Here each octave has an integer that adds up the
//! mantissas; a carry out of it goes to a long integer that spans the whole range of `f64`. The
//! result is the true sum, rounded once. Merging and subtracting are exact as well.
#![expect(
    clippy::cast_possible_truncation,
    reason = "limbs and octaves are split on purpose; places are far below 2^32"
)]

use alloc::vec::Vec;

/// The unit of the long integer is the least subnormal, `2^-1074`.
const UNIT_EXPONENT: u32 = 1;
const MANTISSA: u64 = (1 << 52) - 1;

/// A sum of non-negative finite values, held exactly.
#[derive(Debug, Default)]
pub(crate) struct ExactSum {
    /// The biased exponent that `octaves[0]` belongs to.
    first: u32,
    /// Sums of mantissas (with the hidden bit), one per octave.
    octaves: Vec<u64>,
    /// What carried out of the octaves, and all that is added rarely.
    rest: Limbs,
}

/// An unsigned integer in units of `2^-1074`: `limbs[i]` weighs `2^(64·(first+i))`.
#[derive(Debug, Default)]
struct Limbs {
    first: usize,
    limbs: Vec<u64>,
}

impl ExactSum {
    /// Adds a positive normal value whose octave is covered; otherwise answers false and adds
    /// nothing.
    #[inline(always)]
    pub(crate) fn add_covered(&mut self, bits: u64) -> bool {
        let octave = ((bits >> 52) as usize).wrapping_sub(self.first as usize);
        let Some(cell) = self.octaves.get_mut(octave) else {
            return false;
        };
        let (sum, carried) = cell.overflowing_add(bits & MANTISSA | (MANTISSA + 1));
        *cell = sum;
        if carried {
            self.carry(octave);
        }
        true
    }

    /// Adds `high + low` (both finite), which is not negative although `low` may be.
    pub(crate) fn add_parts(&mut self, high: f64, low: f64) {
        self.add_times(high, 1);
        if low < 0.0 {
            let bits = low.to_bits();
            let exponent = (bits >> 52) as u32 & 0x7FF;
            let hidden = if exponent == 0 { 0 } else { MANTISSA + 1 };
            self.rest.take(
                bits & MANTISSA | hidden,
                exponent.max(UNIT_EXPONENT) - UNIT_EXPONENT,
            );
        } else {
            self.add_times(low, 1);
        }
    }

    /// Adds a sum of mantissas that a batch made for one octave.
    pub(crate) fn add_octave(&mut self, exponent: u32, mantissas: u128) {
        self.rest
            .add(mantissas, exponent.max(UNIT_EXPONENT) - UNIT_EXPONENT);
    }

    /// Adds `n` times a non-negative finite value.
    #[cold]
    #[inline(never)]
    pub(crate) fn add_times(&mut self, value: f64, n: u64) {
        let bits = value.to_bits();
        let exponent = (bits >> 52) as u32 & 0x7FF;
        let hidden = if exponent == 0 { 0 } else { MANTISSA + 1 };
        let mantissa = bits & MANTISSA | hidden;
        self.add_octave(exponent, u128::from(mantissa) * u128::from(n));
    }

    /// Adds a positive normal value and makes its octave cheap to add to from now on.
    #[cold]
    #[inline(never)]
    pub(crate) fn add_and_cover(&mut self, bits: u64) {
        let exponent = (bits >> 52) as u32;
        self.cover(exponent, exponent);
        self.add_times(f64::from_bits(bits), 1);
    }

    /// Makes the octaves from `low` to `high` (biased exponents) cheap to add to.
    pub(crate) fn cover(&mut self, low: u32, high: u32) {
        if self.octaves.is_empty() {
            self.first = low;
        } else if low < self.first {
            let added = (self.first - low) as usize;
            self.octaves.splice(0..0, core::iter::repeat_n(0, added));
            self.first = low;
        }
        let wanted = (high - self.first) as usize + 1;
        if self.octaves.len() < wanted {
            self.octaves.reserve_exact(wanted - self.octaves.len());
            self.octaves.resize(wanted, 0);
        }
    }

    #[cold]
    fn carry(&mut self, octave: usize) {
        self.rest
            .add(1 << 64, self.first + octave as u32 - UNIT_EXPONENT);
    }

    /// Everything in one long integer.
    fn total(&self) -> Limbs {
        let mut all = self.rest.clone();
        for (exponent, &octave) in (self.first..).zip(&self.octaves) {
            all.add(
                u128::from(octave),
                exponent.max(UNIT_EXPONENT) - UNIT_EXPONENT,
            );
        }
        all
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (exponent, &octave) in (other.first..).zip(&other.octaves) {
            if octave != 0 {
                self.add_octave(exponent, u128::from(octave));
            }
        }
        self.rest.merge(&other.rest);
    }

    /// Takes a part away. `false`, and nothing changed, if the part is greater than the whole.
    pub(crate) fn subtract(&mut self, part: &Self) -> bool {
        let mut whole = self.total();
        if !whole.subtract(&part.total()) {
            return false;
        }
        self.octaves.fill(0);
        self.rest = whole;
        true
    }

    pub(crate) fn clear(&mut self) {
        self.octaves.fill(0);
        self.rest.limbs.clear();
    }

    /// `self - other` rounded to the nearest float.
    pub(crate) fn minus(&self, other: &Self) -> f64 {
        let (mut left, mut right) = (self.total(), other.total());
        if right.limbs.is_empty() {
            return left.rounded();
        }
        if left.subtract(&right) {
            return left.rounded();
        }
        // Not a part: then the other direction works, and the sign is negative.
        right.subtract(&left);
        -right.rounded()
    }

    /// The limb at which the number starts and its limbs, without zeros at either end.
    pub(crate) fn to_parts(&self) -> (usize, Vec<u64>) {
        let total = self.total().trimmed();
        (total.first, total.limbs)
    }

    /// The inverse of [`to_parts`](Self::to_parts). `None` if it is out of range.
    pub(crate) fn from_parts(first: usize, limbs: Vec<u64>) -> Option<Self> {
        if first.checked_add(limbs.len())? > LIMBS {
            return None;
        }
        Some(Self {
            rest: Limbs { first, limbs },
            ..Self::default()
        })
    }

    /// Heap bytes in use.
    pub(crate) fn heap_bytes(&self) -> usize {
        (self.octaves.capacity() + self.rest.limbs.capacity()) * size_of::<u64>()
    }
}

impl Clone for ExactSum {
    fn clone(&self) -> Self {
        Self {
            first: self.first,
            octaves: self.octaves.clone(),
            rest: self.rest.clone(),
        }
    }

    fn clone_from(&mut self, source: &Self) {
        self.first = source.first;
        self.octaves.clone_from(&source.octaves);
        self.rest.clone_from(&source.rest);
    }
}

impl Clone for Limbs {
    fn clone(&self) -> Self {
        Self {
            first: self.first,
            limbs: self.limbs.clone(),
        }
    }

    fn clone_from(&mut self, source: &Self) {
        self.first = source.first;
        self.limbs.clone_from(&source.limbs);
    }
}

impl PartialEq for ExactSum {
    fn eq(&self, other: &Self) -> bool {
        self.to_parts() == other.to_parts()
    }
}

/// `2^64` times the greatest float, in units of `2^-1074`, has 2162 bits.
pub(crate) const LIMBS: usize = 35;

impl Limbs {
    /// Adds `amount · 2^shift` units.
    fn add(&mut self, amount: u128, shift: u32) {
        if amount == 0 {
            return;
        }
        let (place, bit) = ((shift / 64) as usize, shift % 64);
        let low = amount << bit;
        let high = if bit == 0 { 0 } else { amount >> (128 - bit) };
        self.add_limb(place, low as u64);
        self.add_limb(place + 1, (low >> 64) as u64);
        self.add_limb(place + 2, high as u64);
    }

    fn add_limb(&mut self, place: usize, amount: u64) {
        let (mut place, mut amount) = (place, amount);
        while amount != 0 {
            self.reach(place);
            let Some(cell) = self.limbs.get_mut(place - self.first) else {
                return;
            };
            let (sum, carried) = cell.overflowing_add(amount);
            *cell = sum;
            amount = u64::from(carried);
            place += 1;
        }
    }

    /// Takes away `amount · 2^shift` units, no more than there are.
    fn take(&mut self, amount: u64, shift: u32) {
        let (place, bit) = ((shift / 64) as usize, shift % 64);
        let wide = u128::from(amount) << bit;
        let mut borrow = false;
        let mut parts = [wide as u64, (wide >> 64) as u64].into_iter();
        self.reach(place);
        for cell in self.limbs.iter_mut().skip(place - self.first) {
            let part = parts.next();
            if part.is_none() && !borrow {
                return;
            }
            let (step, first) = cell.overflowing_sub(part.unwrap_or(0));
            let (step, second) = step.overflowing_sub(u64::from(borrow));
            *cell = step;
            borrow = first || second;
        }
    }

    fn reach(&mut self, place: usize) {
        if self.limbs.is_empty() {
            self.first = place;
        }
        if place < self.first {
            let added = self.first - place;
            self.limbs.splice(0..0, core::iter::repeat_n(0, added));
            self.first = place;
        }
        let wanted = place - self.first + 1;
        if self.limbs.len() < wanted {
            self.limbs.reserve_exact(wanted - self.limbs.len());
            self.limbs.resize(wanted, 0);
        }
    }

    fn merge(&mut self, other: &Self) {
        for (place, &limb) in (other.first..).zip(&other.limbs) {
            self.add_limb(place, limb);
        }
    }

    fn limb(&self, place: usize) -> u64 {
        place
            .checked_sub(self.first)
            .and_then(|i| self.limbs.get(i))
            .copied()
            .unwrap_or(0)
    }

    fn end(&self) -> usize {
        self.first + self.limbs.len()
    }

    /// Takes `part` away if it is not greater; otherwise answers false and changes nothing.
    fn subtract(&mut self, part: &Self) -> bool {
        let end = self.end().max(part.end());
        let greater = (0..end).rev().find_map(|place| {
            let (own, others) = (self.limb(place), part.limb(place));
            (own != others).then_some(own > others)
        });
        match greater {
            None => self.limbs.clear(),
            Some(false) => return false,
            Some(true) => {
                let mut difference = Vec::with_capacity(end);
                let mut borrow = false;
                for place in 0..end {
                    let (step, first) = self.limb(place).overflowing_sub(part.limb(place));
                    let (step, second) = step.overflowing_sub(u64::from(borrow));
                    borrow = first || second;
                    difference.push(step);
                }
                *self = Self {
                    first: 0,
                    limbs: difference,
                }
                .trimmed();
            }
        }
        true
    }

    fn trimmed(mut self) -> Self {
        while self.limbs.last() == Some(&0) {
            self.limbs.pop();
        }
        let zeros = self.limbs.iter().take_while(|limb| **limb == 0).count();
        self.limbs.drain(..zeros);
        self.first = if self.limbs.is_empty() {
            0
        } else {
            self.first + zeros
        };
        self.limbs.shrink_to_fit();
        self
    }

    /// The nearest float, ties to even.
    fn rounded(&self) -> f64 {
        let Some(top) = self.limbs.iter().rposition(|limb| *limb != 0) else {
            return 0.0;
        };
        let top = top + self.first;
        let length = top as u32 * 64 + 64 - self.limb(top).leading_zeros();
        if length <= 53 {
            // A subnormal or a number of the first octaves: the bits are the float.
            return f64::from_bits(self.limb(0));
        }
        let shift = length - 53;
        let (place, bit) = ((shift / 64) as usize, shift % 64);
        let window = u128::from(self.limb(place)) | u128::from(self.limb(place + 1)) << 64;
        let mantissa = (window >> bit) as u64 & (2 * MANTISSA + 1);
        let half = {
            let (place, bit) = (((shift - 1) / 64) as usize, (shift - 1) % 64);
            (self.limb(place) >> bit) & 1 == 1
        };
        let below = {
            let (place, bit) = (((shift - 1) / 64) as usize, (shift - 1) % 64);
            self.limb(place) & ((1 << bit) - 1) != 0 || (0..place).any(|i| self.limb(i) != 0)
        };
        // Adding one to the bit pattern carries into the exponent as rounding must.
        let bits = (u64::from(shift) << 52) + mantissa;
        let rounded = bits + u64::from(half && (below || mantissa & 1 == 1));
        if rounded >= f64::INFINITY.to_bits() {
            f64::INFINITY
        } else {
            f64::from_bits(rounded)
        }
    }
}
