//! ln Γ and the pieces from which differences of ln Γ are made without losing digits.

use super::elementary::{ln, ln_1p};

/// ½ ln 2π.
pub(crate) const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_8;
/// 1 − Euler's constant.
const ONE_MINUS_EULER: f64 = 0.422_784_335_098_467_13;
/// From here on Stirling's series with eight terms is exact to the last place.
const STIRLING_FROM: f64 = 10.0;

/// ζ(k) − 1 for k = 2, 3, … 31: the Taylor coefficients of ln Γ(2 + z), each to be divided by k.
const ZETA_MINUS_ONE: [f64; 30] = [
    0.644_934_066_848_226_4,
    0.202_056_903_159_594_3,
    0.082_323_233_711_138_19,
    0.036_927_755_143_369_93,
    0.017_343_061_984_449_14,
    0.008_349_277_381_922_827,
    0.004_077_356_197_944_34,
    0.002_008_392_826_082_214_3,
    0.000_994_575_127_818_085_3,
    0.000_494_188_604_119_464_5,
    0.000_246_086_553_308_048_3,
    0.000_122_713_347_578_489_15,
    6.124_813_505_870_483e-5,
    3.058_823_630_702_049e-5,
    1.528_225_940_865_187e-5,
    7.637_197_637_899_763e-6,
    3.817_293_264_999_84e-6,
    1.908_212_716_553_939e-6,
    9.539_620_338_727_962e-7,
    4.769_329_867_878_064e-7,
    2.384_505_027_277_33e-7,
    1.192_199_259_653_110_6e-7,
    5.960_818_905_125_948e-8,
    2.980_350_351_465_228e-8,
    1.490_155_482_836_504_3e-8,
    7.450_711_789_835_43e-9,
    3.725_334_024_788_457e-9,
    1.862_659_723_513_049e-9,
    9.313_274_324_196_682e-10,
    4.656_629_065_033_784e-10,
];

/// The same, each divided by its k: thirty divisions fewer a call.
const TAYLOR: [f64; 30] = divided(ZETA_MINUS_ONE);

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler alone")]
const fn divided(mut coefficients: [f64; 30]) -> [f64; 30] {
    let (mut index, mut k) = (0, 2.0);
    while index < coefficients.len() {
        coefficients[index] /= k;
        index += 1;
        k += 1.0;
    }
    coefficients
}

/// The natural logarithm of Γ(x) for x > 0.
///
/// Relative error at most 1e-14 everywhere, the zeros at 1 and 2 included (Taylor series there,
/// Stirling's series from 10 on, recurrence between). NaN for `x` ≤ 0 and NaN.
///
/// ```
/// use phasegate_sla::statistics::numeric::ln_gamma;
/// assert!((ln_gamma(5.0) - 24.0_f64.ln()).abs() < 1e-15 * 24.0_f64.ln() * 10.0);
/// ```
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    if x.is_infinite() {
        return x;
    }
    if x >= STIRLING_FROM {
        return (x - 0.5) * ln(x) - x + HALF_LN_TWO_PI + stirling_series(x);
    }
    if x < 0.5 {
        // Γ(x) = Γ(1 + x)/x keeps the digits of a small x.
        return ln_gamma_one_plus(x) - ln(x);
    }
    if x < 1.5 {
        return ln_gamma_one_plus(x - 1.0);
    }
    let mut base = x;
    let mut product = 1.0;
    while base > 2.5 {
        base -= 1.0;
        product *= base;
    }
    ln_gamma_two_plus(base - 2.0) + if product > 1.0 { ln(product) } else { 0.0 }
}

/// ln Γ(1 + z), |z| ≤ ½.
fn ln_gamma_one_plus(z: f64) -> f64 {
    ln_gamma_two_plus(z) - ln_1p(z)
}

/// ln Γ(2 + z), |z| ≤ ½.
fn ln_gamma_two_plus(z: f64) -> f64 {
    // Σ cₙ (−z)ⁿ as three sums by powers of z³, which do not wait for each other.
    let cube = -z * z * z;
    let mut sums = [0.0; 3];
    for three in TAYLOR.rchunks_exact(3) {
        for (sum, coefficient) in sums.iter_mut().zip(three) {
            *sum = *sum * cube + coefficient;
        }
    }
    let [first, second, third] = sums;
    z * (ONE_MINUS_EULER + z * (first - z * (second - z * third)))
}

/// ln Γ(x) − [(x − ½) ln x − x + ½ ln 2π]: what Stirling's formula leaves out, for x > 0.
///
/// Between 1/(12x + 1) and 1/(12x) for large `x` (Robbins 1955).
#[must_use]
pub fn stirling_error(x: f64) -> f64 {
    if x >= STIRLING_FROM {
        stirling_series(x)
    } else {
        ln_gamma(x) - ((x - 0.5) * ln(x) - x + HALF_LN_TWO_PI)
    }
}

/// The asymptotic series Σ B₂ₖ / (2k (2k−1) x²ᵏ⁻¹), eight terms.
fn stirling_series(x: f64) -> f64 {
    let z = 1.0 / (x * x);
    (1.0 / 12.0
        - z * (1.0 / 360.0
            - z * (1.0 / 1260.0
                - z * (1.0 / 1680.0
                    - z * (1.0 / 1188.0
                        - z * (691.0 / 360_360.0
                            - z * (1.0 / 156.0 - z * (3617.0 / 122_400.0))))))))
        / x
}

/// x ln(x/m) + m − x for x ≥ 0, m > 0: how far a count lies from its expectation, in nats.
///
/// Computed by Loader's series where `x` and `m` are close, so that the small difference of large
/// numbers keeps its digits (C. Loader, "Fast and accurate computation of binomial probabilities",
/// 2000).
#[must_use]
pub fn deviance(x: f64, m: f64) -> f64 {
    if x == 0.0 {
        return m;
    }
    let difference = x - m;
    if difference.abs() >= 0.1 * (x + m) {
        return x * ln(x / m) - difference;
    }
    let v = difference / (x + m);
    let square = v * v;
    let mut sum = 0.0;
    for odd in LOADER.iter().rev() {
        sum = (sum + odd) * square;
    }
    difference * v + 2.0 * x * v * sum
}

/// 1/3, 1/5, 1/7 …: with |v| below a tenth the first term left out is below 10⁻²⁰ of the sum.
const LOADER: [f64; 9] = [
    1.0 / 3.0,
    1.0 / 5.0,
    1.0 / 7.0,
    1.0 / 9.0,
    1.0 / 11.0,
    1.0 / 13.0,
    1.0 / 15.0,
    1.0 / 17.0,
    1.0 / 19.0,
];

/// ln of the binomial coefficient "`n` over `s`", `s` ≤ `n`.
#[must_use]
pub fn ln_choose(n: u64, s: u64) -> f64 {
    if s == 0 || s >= n {
        return 0.0;
    }
    let (total, chosen, rest) = (n as f64, s as f64, (n - s) as f64);
    let entropy = chosen * ln(total / chosen) + rest * ln_1p(chosen / rest);
    entropy + 0.5 * ln(total / chosen / rest) - HALF_LN_TWO_PI + stirling_of_factorial(total)
        - stirling_of_factorial(chosen)
        - stirling_of_factorial(rest)
}

/// ln n! − [(n + ½) ln n − n + ½ ln 2π] for n ≥ 1; equals [`stirling_error`] since n! = n Γ(n).
fn stirling_of_factorial(n: f64) -> f64 {
    stirling_error(n)
}

/// Riemann's ζ(s) for s > 1, by Euler and Maclaurin with 20 terms.
#[must_use]
pub fn zeta(s: f64) -> f64 {
    let cut = 20.0;
    let mut sum = 0.0;
    let mut n = 1.0;
    while n < cut {
        sum += super::elementary::pow(n, -s);
        n += 1.0;
    }
    let tail = super::elementary::pow(cut, -s);
    let mut rising = s / cut;
    let mut correction = rising / 12.0;
    for (step, factor) in [
        (1.0, -1.0 / 720.0),
        (3.0, 1.0 / 30_240.0),
        (5.0, -1.0 / 1_209_600.0),
    ] {
        rising *= (s + step) * (s + step + 1.0) / (cut * cut);
        correction += factor * rising;
    }
    sum + tail * (cut / (s - 1.0) + 0.5 + correction)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values to 25 digits from an arbitrary precision library (mpmath, loggamma).
    const REFERENCE: [(f64, f64); 22] = [
        (1e-9, 20.723_265_836_369_194),
        (0.001, 6.907_178_885_383_853),
        (0.1, 2.252_712_651_734_206),
        (0.3, 1.095_797_994_818_075_6),
        (0.499_9, 0.572_561_318_604_118_4),
        (0.5, 0.572_364_942_924_700_1),
        (0.75, 0.203_280_951_431_295_38),
        (0.9, 0.066_376_239_734_742_95),
        (0.999_9, 5.772_979_156_119_386_6e-5),
        (1.000_000_1, -5.772_155_829_918_507e-8),
        (1.1, -0.049_872_441_259_839_764),
        (1.499_9, -0.120_785_881_958_493_93),
        (1.9, -0.038_984_275_923_083_36),
        (1.999_999, -4.227_840_125_965_854e-7),
        (2.000_01, 4.227_875_597_648_36e-6),
        (2.49, 0.277_675_861_415_170_2),
        (2.51, 0.291_738_915_492_867_96),
        (3.7, 1.428_072_326_665_388),
        (6.5, 5.662_562_059_857_142),
        (9.99, 12.779_315_214_350_193),
        (10.5, 13.940_625_219_403_763),
        (1e9, 19_723_265_827.503_716),
    ];

    #[test]
    fn ln_gamma_is_accurate_to_1e_14_relatively() {
        for (x, expected) in REFERENCE {
            let error = (ln_gamma(x) - expected).abs();
            assert!(
                error <= 1e-14 * expected.abs(),
                "{x}: {error:e} of {expected}"
            );
        }
        assert_eq!(ln_gamma(1.0), 0.0);
        assert_eq!(ln_gamma(2.0), 0.0);
        assert!(ln_gamma(0.0).is_nan() && ln_gamma(-3.0).is_nan());
    }

    #[test]
    fn the_library_beside_it_is_not_accurate_enough_near_the_zeros() {
        // The reason for having our own; delete ours when this fails.
        let worst = REFERENCE
            .iter()
            .map(|(x, y)| (statrs::function::gamma::ln_gamma(*x) - y).abs() / y.abs())
            .fold(0.0, f64::max);
        assert!(worst > 1e-14, "{worst:e}");
    }

    #[test]
    fn stirlings_error_lies_between_robbins_bounds() {
        let mut x = 1.0;
        while x < 1e9 {
            let error = stirling_error(x);
            // Equal up to the last place where the difference is smaller than that.
            assert!(error <= (1.0 / (12.0 * x)).next_up().next_up(), "{x}");
            assert!(error > 1.0 / (12.0 * x + 1.0), "{x}");
            x *= 1.21;
        }
    }

    #[test]
    fn deviance_is_zero_only_at_the_expectation() {
        assert_eq!(deviance(7.0, 7.0), 0.0);
        assert_eq!(deviance(0.0, 2.5), 2.5);
        // 1e9 against 1e9 + 1: 1/(2e9), which the plain formula cannot see.
        let far = deviance(1e9, 1e9 + 1.0);
        assert!((far - 5e-10).abs() < 1e-18, "{far:e}");
    }

    #[test]
    fn binomial_coefficients_and_zeta_have_their_known_values() {
        assert!((ln_choose(4, 2) - 6.0_f64.ln()).abs() < 1e-15);
        assert!((ln_choose(50, 25) - 126_410_606_437_752.0_f64.ln()).abs() < 1e-13);
        assert_eq!(ln_choose(9, 0), 0.0);
        assert!((zeta(2.0) - std::f64::consts::PI.powi(2) / 6.0).abs() < 1e-14);
        assert!((zeta(1.4) - 3.105_547_277_977_580_6).abs() < 1e-13);
    }
}
