//! What the logarithmic and the cubic mapping share: an index from an approximate logarithm.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "indices of floats are far below 2^31 at the finest error"
)]

use crate::{error::ConfigError, mapping::log};

/// How the logarithm is approximated between powers of two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Interpolation {
    None,
    Cubic,
}

/// `index = ⌊approximation(value) · multiplier + offset⌋`; keys are indices moved above zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Indexer {
    interpolation: Interpolation,
    pub(crate) gamma: f64,
    pub(crate) multiplier: f64,
    pub(crate) offset: f64,
    /// What is added to indices to make keys.
    bias: i32,
}

/// The cubic of DDSketch: `s(s(As + B) + C)` goes from 0 to 1 as `s` does, and its slope joins.
const A: f64 = 6.0 / 35.0;
const B: f64 = -3.0 / 5.0;
const C: f64 = 10.0 / 7.0;

/// An index so near to a whole number may be on the wrong side of a bound by rounding.
const NEAR: f64 = 1e-7;

impl Indexer {
    pub(crate) fn new(
        interpolation: Interpolation,
        gamma: f64,
        multiplier: f64,
        offset: f64,
    ) -> Result<Self, ConfigError> {
        if offset.abs() < 1e6 {
            Ok(Self::fitting(interpolation, gamma, multiplier, offset))
        } else {
            Err(ConfigError::RelativeError)
        }
    }

    /// With an offset that is known to be below a million.
    pub(crate) fn fitting(
        interpolation: Interpolation,
        gamma: f64,
        multiplier: f64,
        offset: f64,
    ) -> Self {
        // The least normal number gets a key of at least 1.
        let bias = 2 - log::floor(-1022.0 * multiplier + offset) as i32;
        Self {
            interpolation,
            gamma,
            multiplier,
            offset,
            bias,
        }
    }

    #[inline(always)]
    pub(crate) fn key(&self, value: f64) -> u32 {
        if !(f64::MIN_POSITIVE..=f64::MAX).contains(&value) {
            return u32::MAX;
        }
        let logarithm = match self.interpolation {
            Interpolation::None => log::log2(value),
            Interpolation::Cubic => {
                let (exponent, significand) = log::split(value);
                let s = significand - 1.0;
                exponent + ((A * s + B) * s + C) * s
            }
        };
        // Positive, so that cutting is the same as rounding down.
        let place = logarithm * self.multiplier + self.offset + f64::from(self.bias);
        let key = place as u32;
        let rest = place - f64::from(key);
        if !(NEAR..=1.0 - NEAR).contains(&rest) {
            self.settle(key, value)
        } else {
            key
        }
    }

    /// Decides by the bounds themselves: a bucket holds its lower bound and not its upper one.
    #[cold]
    fn settle(&self, key: u32, value: f64) -> u32 {
        if value < self.lower(key) {
            key - 1
        } else if value >= self.lower(key + 1) {
            key + 1
        } else {
            key
        }
    }

    pub(crate) fn lower(&self, key: u32) -> f64 {
        let logarithm = (f64::from(self.index(key)) - self.offset) / self.multiplier;
        match self.interpolation {
            Interpolation::None => log::exp2(logarithm),
            Interpolation::Cubic => {
                let exponent = log::floor(logarithm);
                log::join(exponent as i64, 1.0 + inverse_cubic(logarithm - exponent))
            }
        }
    }

    pub(crate) fn relative_error(&self) -> f64 {
        // Neighbouring bounds differ by at most this ratio; the rest allows for their rounding.
        let power = match self.interpolation {
            Interpolation::None => 1.0 / self.multiplier,
            Interpolation::Cubic => 0.7 / self.multiplier / core::f64::consts::LN_2,
        };
        let ratio = log::exp2(power);
        (ratio - 1.0) / (ratio + 1.0) * (1.0 + 1e-9)
    }

    pub(crate) fn index(&self, key: u32) -> i32 {
        key.cast_signed().saturating_sub(self.bias)
    }

    pub(crate) fn key_of_index(&self, index: i32) -> Option<u32> {
        let key = u32::try_from(index.checked_add(self.bias)?).ok()?;
        (self.key(f64::MIN_POSITIVE)..=self.key(f64::MAX))
            .contains(&key)
            .then_some(key)
    }
}

/// The `s` in `0.0 ..= 1.0` at which the cubic has a value in `0.0 ..= 1.0`.
fn inverse_cubic(value: f64) -> f64 {
    // The slope is between 0.94 and 1.43, so Newton's steps converge from anywhere inside.
    (0..8).fold(value, |s, _| {
        let slope = (3.0 * A * s + 2.0 * B) * s + C;
        s - (((A * s + B) * s + C) * s - value) / slope
    })
}
