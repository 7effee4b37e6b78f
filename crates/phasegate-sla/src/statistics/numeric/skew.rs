//! How a side of the beta integral differs from the normal distribution's: the terms of the expansion in
//! [`edge`](super::edge).

/// The terms. From weights of 40 on and up to three standard deviations from the mean, what they leave out is at
/// most 10⁻¹² of either side.
const TERMS: usize = 14;

/// Σ Fₘ qₘ, for a mean `z` standard deviations above the point.
pub(super) fn skewed(a: f64, b: f64, z: f64) -> f64 {
    let skew = (b - a) / (a * b).sqrt();
    let (square, mut factors) = (skew * skew, [0.0; TERMS]);
    for powers in POLYNOMIALS.iter().rev() {
        for (factor, coefficient) in factors.iter_mut().zip(powers) {
            *factor = *factor * square + coefficient;
        }
    }
    let variance = 1.0 / (a + b);
    let unit = variance.sqrt();
    let (step, mut power, mut last) = (-z * unit, unit, [0.0, 0.0]);
    let (mut sum, mut odd, mut before) = (0.0, true, 0.0);
    for factor in factors {
        let moment = power + before * variance * last[0];
        sum += moment * if odd { factor * skew } else { factor };
        last = [last[1], moment];
        (power, odd, before) = (power * step, !odd, before + 1.0);
    }
    sum
}

/// Row k holds the coefficients of C²ᵏ, C²ᵏ⁺¹ for odd m, of F₁, F₂ …
const POLYNOMIALS: [[f64; TERMS]; TERMS / 2 + 1] = polynomials();

/// F = u/W, where W(u), the mean's shift in standard deviations, follows W W′ = (1 + CW − W²)u, as θ(1 − θ) is
/// the slope of θ over its logit.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler alone")]
const fn polynomials() -> [[f64; TERMS]; TERMS / 2 + 1] {
    // shift[n][k]: the coefficient of Cᵏ in that of uⁿ⁺¹.
    let mut shift = [[0.0; TERMS + 1]; TERMS + 1];
    shift[0][0] = 1.0;
    let (mut n, mut size) = (1, 2.0);
    while n <= TERMS {
        let mut next = [0.0; TERMS + 1];
        let mut k = 0;
        while k < TERMS {
            next[k + 1] = shift[n - 1][k];
            k += 1;
        }
        let (mut i, mut above) = (0, size - 1.0);
        while i + 2 <= n {
            next = less_product(next, &shift[i], &shift[n - 2 - i], 1.0);
            // W_(i+2) times the slope of W_(n−i).
            next = less_product(next, &shift[i + 1], &shift[n - 1 - i], above);
            i += 1;
            above -= 1.0;
        }
        k = 0;
        while k <= TERMS {
            shift[n][k] = next[k] / (size + 1.0);
            k += 1;
        }
        n += 1;
        size += 1.0;
    }
    reciprocal(&shift)
}

/// The coefficients of 1/Σ shift, sorted by their powers of C.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler alone")]
const fn reciprocal(shift: &[[f64; TERMS + 1]; TERMS + 1]) -> [[f64; TERMS]; TERMS / 2 + 1] {
    let mut f = [[0.0; TERMS + 1]; TERMS + 1];
    f[0][0] = 1.0;
    let mut sorted = [[0.0; TERMS]; TERMS / 2 + 1];
    let mut m = 1;
    while m <= TERMS {
        let mut i = 1;
        while i <= m {
            f[m] = less_product(f[m], &shift[i], &f[m - i], 1.0);
            i += 1;
        }
        let mut k = m % 2;
        while k <= m {
            sorted[k / 2][m - 1] = f[m][k];
            k += 2;
        }
        m += 1;
    }
    sorted
}

/// `sum` − `factor` · `x` · `y`, as polynomials.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler alone")]
const fn less_product(
    mut sum: [f64; TERMS + 1],
    x: &[f64; TERMS + 1],
    y: &[f64; TERMS + 1],
    factor: f64,
) -> [f64; TERMS + 1] {
    let mut i = 0;
    while i <= TERMS {
        let mut k = 0;
        while i + k <= TERMS {
            sum[i + k] -= factor * x[i] * y[k];
            k += 1;
        }
        i += 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_polynomials_begin_as_written_out_by_hand() {
        let [row, next, ..] = POLYNOMIALS;
        let by_hand = [
            (row[0], -1.0 / 3.0),
            (row[1], 1.0 / 4.0),
            (next[1], 1.0 / 12.0),
            (row[2], -1.0 / 15.0),
            (next[2], -2.0 / 135.0),
            (row[5], -1.0 / 384.0),
            (POLYNOMIALS[4][7], -571.0 / 261_273_600.0),
        ];
        for (computed, exact) in by_hand {
            assert!((computed / exact - 1.0).abs() < 1e-12, "{computed} {exact}");
        }
    }
}
