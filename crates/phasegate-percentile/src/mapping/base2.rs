//! The mapping of OpenTelemetry and Prometheus: bounds at powers of `2^(2^-scale)`, each bucket
//! including its upper bound.
//!
//! No logarithm is taken. A table holds, for each linear part of an octave, the logarithmic bucket
//! that its start falls into and the one bound that may lie inside it; one comparison decides. The
//! bounds come from integer square roots, so they are the true ones, the same on every machine.
#![expect(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "bits are cut on purpose; indexing only while compiling, where a wrong one does not build"
)]

use crate::{
    error::ConfigError,
    mapping::{Mapping, MappingId},
};

/// The greatest scale: 256 buckets per octave.
pub(crate) const SCALE_MAX: i8 = 8;
/// The least scale: one bucket for 16 octaves.
pub(crate) const SCALE_MIN: i8 = -4;
/// Bounds of one octave at the greatest scale.
const FINEST: usize = 1 << SCALE_MAX;
const MANTISSA_BITS: u32 = 52;
const MANTISSA: u64 = (1 << MANTISSA_BITS) - 1;

/// Buckets `(2^(i/2^scale), 2^((i+1)/2^scale)]`, scale -4 to 8.
///
/// The relative error is about `ln 2 / 2^(scale+1)`: 1.08 % at scale 5, 0.54 % at 6, 0.27 % at 7.
/// The default is 6.
///
/// ```
/// use phasegate_percentile::{MappedHistogram, mapping::{Base2, Mapping}};
///
/// let mapping = Base2::new(3)?;
/// // Upper bounds belong to their bucket.
/// assert_eq!(mapping.upper(mapping.key(2.0)), 2.0);
/// assert_eq!(mapping.lower(mapping.key(2.0_f64.next_up())), 2.0);
/// # Ok::<(), phasegate_percentile::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Base2 {
    scale: i8,
}

impl Base2 {
    /// The mapping with a scale.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Scale`] outside -4 ..= 8.
    pub const fn new(scale: i8) -> Result<Self, ConfigError> {
        if scale < SCALE_MIN || scale > SCALE_MAX {
            return Err(ConfigError::Scale);
        }
        Ok(Self { scale })
    }

    /// The scale: `2^scale` buckets per octave.
    #[must_use]
    pub const fn scale(self) -> i8 {
        self.scale
    }

    /// The index that OpenTelemetry gives to a key's bucket.
    #[must_use]
    pub fn index(self, key: u32) -> i32 {
        key.cast_signed() - self.bias()
    }

    /// The key of the bucket with an index of OpenTelemetry; `None` outside the floats.
    #[must_use]
    pub fn key_of_index(self, index: i32) -> Option<u32> {
        let key = u32::try_from(index.checked_add(self.bias())?).ok()?;
        (self.first_key()..=self.last_key())
            .contains(&key)
            .then_some(key)
    }

    /// Keys are indices moved above zero. The least index is that of `2^-1022`, which ends the
    /// bucket before `-1022·2^scale`.
    const fn bias(self) -> i32 {
        if self.scale >= 0 {
            1024 << self.scale
        } else {
            1024 >> -self.scale
        }
    }

    /// `2^(index/2^scale)` for an index moved above zero.
    fn bound(self, key: u32) -> f64 {
        let index = key.cast_signed() - self.bias();
        let (octave, part) = if self.scale >= 0 {
            let parts = 1 << self.scale;
            (
                index.div_euclid(parts),
                index.rem_euclid(parts).cast_unsigned() << (SCALE_MAX - self.scale),
            )
        } else {
            (index << -self.scale, 0)
        };
        if octave > 1023 {
            return f64::MAX;
        }
        if octave < -1022 {
            return f64::MIN_POSITIVE;
        }
        let mantissa = BOUNDS.get(part as usize).copied().unwrap_or(0);
        f64::from_bits(u64::from((octave + 1023).cast_unsigned()) << MANTISSA_BITS | mantissa)
    }
}

impl Default for Base2 {
    fn default() -> Self {
        Self { scale: 6 }
    }
}

impl Mapping for Base2 {
    #[inline]
    fn key(&self, value: f64) -> u32 {
        let bits = value.to_bits();
        // The value before has the same key but for bounds, which belong to the bucket below.
        let below = bits.wrapping_sub(1);
        let exponent = (below >> MANTISSA_BITS) as i32;
        // Zero, negative, subnormal, infinite and NaN.
        if bits < f64::MIN_POSITIVE.to_bits() || bits >= f64::INFINITY.to_bits() {
            return u32::MAX;
        }
        // The least normal number: the value before it is subnormal.
        let octave = exponent - 1023;
        if self.scale <= 0 {
            return ((octave >> -self.scale) + self.bias()).cast_unsigned();
        }
        let mantissa = below & MANTISSA;
        let cell = CELLS.get((mantissa >> (MANTISSA_BITS - CELL_BITS)) as usize);
        let part = cell.map_or(0, |cell| {
            // At most one bound lies inside a cell. The value is above it if the float before is not
            // below it.
            u32::from(cell.part) + u32::from(mantissa >= cell.next)
        });
        let index = (octave << self.scale) + (part >> (SCALE_MAX - self.scale)).cast_signed();
        (index + self.bias()).cast_unsigned()
    }

    fn first_key(&self) -> u32 {
        self.key(f64::MIN_POSITIVE)
    }

    fn last_key(&self) -> u32 {
        self.key(f64::MAX)
    }

    fn lower(&self, key: u32) -> f64 {
        self.bound(key)
    }

    fn upper(&self, key: u32) -> f64 {
        self.bound(key.saturating_add(1))
    }

    fn relative_error(&self) -> f64 {
        // (u-l)/(u+l) of a bucket with u/l = 2^(2^-scale), a little up for the rounding of bounds.
        let ratio = if self.scale > 0 {
            f64::from_bits(BOUNDS.get(FINEST >> self.scale).copied().unwrap_or(0) | ONE)
        } else {
            f64::from_bits(u64::from(1023 + (1_u32 << -self.scale)) << MANTISSA_BITS)
        };
        (ratio - 1.0) / (ratio + 1.0) * (1.0 + 1e-12)
    }

    fn id(&self) -> MappingId {
        MappingId::Base2 { scale: self.scale }
    }

    fn from_id(id: MappingId) -> Option<Self> {
        match id {
            MappingId::Base2 { scale } => Self::new(scale).ok(),
            MappingId::LogLinear { .. }
            | MappingId::Logarithmic { .. }
            | MappingId::Cubic { .. } => None,
        }
    }
}

/// The bits of 1.0.
const ONE: u64 = 1023 << MANTISSA_BITS;

/// The mantissa bits of the greatest float that is not above `2^(i/256)`: a value is at most the true
/// bound if and only if it is at most this.
static BOUNDS: [u64; FINEST] = bounds();

/// An octave in `2^CELL_BITS` equal cells: narrow enough that none holds two bounds.
const CELL_BITS: u32 = 9;

#[derive(Clone, Copy)]
struct Cell {
    /// The mantissa of the next bound after the cell's start; beyond the mantissas if there is none.
    next: u64,
    /// The bucket of the cell's start.
    part: u8,
}

static CELLS: [Cell; 1 << CELL_BITS] = cells();

/// `2^(i/256)` for all `i`, by square roots of square roots: `2^(1/2)`, `2^(1/4)`, ... and products.
const fn bounds() -> [u64; FINEST] {
    // Roots and products are cut at 126 bits, so what is lost is below 2^-120. No power in question
    // comes that near to a float, so cutting gives the greatest float that is not above.
    let mut roots = [0_u128; SCALE_MAX as usize];
    let mut root = 2_u128 << POINT;
    let mut level = 0;
    while level < roots.len() {
        root = square_root(root);
        roots[level] = root;
        level += 1;
    }
    let mut bounds = [0_u64; FINEST];
    let mut part = 0;
    while part < FINEST {
        let mut product = 1_u128 << POINT;
        let mut level = 0;
        while level < roots.len() {
            if part >> (roots.len() - 1 - level) & 1 == 1 {
                let (high, low) = wide_product(product, roots[level]);
                product = high << (128 - POINT) | low >> POINT;
            }
            level += 1;
        }
        bounds[part] = (product >> (POINT - MANTISSA_BITS)) as u64 & MANTISSA;
        part += 1;
    }
    bounds
}

/// Fixed point: so many bits after the point.
const POINT: u32 = 126;

/// The root of a fixed-point number, bit by bit.
const fn square_root(value: u128) -> u128 {
    let (high, low) = (value >> (128 - POINT), value << POINT);
    let mut root = 0_u128;
    let mut bit = 1_u128 << 127;
    while bit != 0 {
        let candidate = root | bit;
        let square = wide_product(candidate, candidate);
        if square.0 < high || (square.0 == high && square.1 <= low) {
            root = candidate;
        }
        bit >>= 1;
    }
    root
}

/// The upper and lower half of a product.
const fn wide_product(left: u128, right: u128) -> (u128, u128) {
    const HALF: u128 = u64::MAX as u128;
    let (a, b) = (left >> 64, left & HALF);
    let (c, d) = (right >> 64, right & HALF);
    let low = b * d;
    let (first, second) = (a * d, b * c);
    let middle = (low >> 64) + (first & HALF) + (second & HALF);
    let high = a * c + (first >> 64) + (second >> 64) + (middle >> 64);
    (high, middle << 64 | low & HALF)
}

const fn cells() -> [Cell; 1 << CELL_BITS] {
    let bounds = bounds();
    let mut cells = [Cell { next: 0, part: 0 }; 1 << CELL_BITS];
    let mut part = 0;
    let mut index = 0;
    while index < cells.len() {
        let start = (index as u64) << (MANTISSA_BITS - CELL_BITS);
        while part + 1 < FINEST && bounds[part + 1] <= start {
            part += 1;
        }
        let next = if part + 1 < FINEST {
            bounds[part + 1]
        } else {
            u64::MAX
        };
        cells[index] = Cell {
            next,
            part: part as u8,
        };
        index += 1;
    }
    cells
}
