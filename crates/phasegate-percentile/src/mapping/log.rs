//! Logarithms and powers of two without a mathematical library: the crate is `no_std`, and the same
//! on every machine.
#![expect(clippy::cast_possible_truncation, reason = "exponents are small")]

const MANTISSA_BITS: u32 = 52;
const MANTISSA: u64 = (1 << MANTISSA_BITS) - 1;
const ONE: u64 = 1023 << MANTISSA_BITS;

/// The exponent and the significand, 1.0 to 2.0, of a positive normal number.
#[inline(always)]
pub(crate) fn split(value: f64) -> (f64, f64) {
    let bits = value.to_bits();
    let exponent = (bits >> MANTISSA_BITS) as i32 - 1023;
    (f64::from(exponent), f64::from_bits(bits & MANTISSA | ONE))
}

/// `significand · 2^exponent`, at most the greatest float and at least the least normal one.
pub(crate) fn join(exponent: i64, significand: f64) -> f64 {
    if exponent > 1023 {
        f64::MAX
    } else if exponent < -1022 {
        f64::MIN_POSITIVE
    } else {
        significand * f64::from_bits(((exponent + 1023).cast_unsigned()) << MANTISSA_BITS)
    }
}

/// The binary logarithm of a positive normal number, within a few units of the last place.
pub(crate) fn log2(value: f64) -> f64 {
    let (mut exponent, mut significand) = split(value);
    if significand > core::f64::consts::SQRT_2 {
        significand /= 2.0;
        exponent += 1.0;
    }
    // ln x = 2 artanh((x-1)/(x+1)); the argument is at most 0.1716, so 11 terms reach 2^-57.
    let s = (significand - 1.0) / (significand + 1.0);
    let square = s * s;
    let series = (0..11_u32).rev().fold(0.0, |sum, term| {
        sum * square + 1.0 / f64::from(2 * term + 1)
    });
    exponent + 2.0 * core::f64::consts::LOG2_E * s * series
}

/// Two to the power of a number; at most the greatest float, at least the least normal one.
pub(crate) fn exp2(power: f64) -> f64 {
    let whole = floor(power);
    let rest = (power - whole) * core::f64::consts::LN_2;
    // The series of e^x for x below 0.7: 18 terms reach 2^-60.
    let series = (1..18_u32)
        .rev()
        .fold(1.0, |sum, term| 1.0 + sum * rest / f64::from(term));
    join(whole.clamp(-2000.0, 2000.0) as i64, series)
}

/// The next whole number not above, for magnitudes below 2^52. A call into a mathematical library
/// on plain x86-64, if left to the standard one.
#[inline(always)]
pub(crate) fn floor(value: f64) -> f64 {
    let cut = value as i64 as f64;
    if cut > value { cut - 1.0 } else { cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_and_powers_are_those_of_the_standard_library() {
        for i in -2000..2000_i32 {
            let value = f64::from(i).mul_add(0.01, 0.003).exp();
            assert!(
                (log2(value) - value.log2()).abs() <= 1e-15 * value.log2().abs().max(1.0),
                "{value}"
            );
            let power = f64::from(i) * 0.5;
            assert!((exp2(power) / power.exp2() - 1.0).abs() < 1e-15, "{power}");
        }
        let whole = [-1.5, -1.0, 0.0, 0.7, 2.0].map(|value| floor(value).to_bits());
        assert_eq!(whole, [-2.0_f64, -1.0, 0.0, 0.0, 2.0].map(f64::to_bits));
    }
}
