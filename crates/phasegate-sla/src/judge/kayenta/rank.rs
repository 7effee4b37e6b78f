//! The Mann–Whitney interval as Kayenta (and R) finds it: by root search on the shift.

use crate::statistics::numeric::normal_quantile;

/// Absolute tolerance of the search, in the metric's unit.
const TOLERANCE: f64 = 1e-4;
/// Steps after which the search gives up and answers where it is.
const MAX_STEPS: u32 = 1000;

/// The shift of the experiment against the control.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "an estimate and its interval")]
pub struct RankShift {
    /// The estimate of the shift.
    pub estimate: f64,
    /// The lower end of the interval.
    pub lower: f64,
    /// The upper end of the interval.
    pub upper: f64,
}

/// The shift of `x` against `y` with its interval at `confidence`; none when all observations are
/// tied at an end of the search, or a side is empty.
///
/// The roots in μ of W(μ) = ∓z, where W is the standardised rank sum of x − μ among y, corrected for
/// ties and continuity; the estimate is the root of W(μ) = 0.
#[must_use]
pub fn rank_shift(x: &[f64], y: &[f64], confidence: f64) -> Option<RankShift> {
    let extreme = |values: &[f64], pick: fn(f64, f64) -> f64| values.iter().copied().reduce(pick);
    let low = extreme(x, f64::min)? - extreme(y, f64::max)?;
    let high = extreme(x, f64::max)? - extreme(y, f64::min)?;
    let z = normal_quantile((1.0 - confidence) / 2.0);
    let mut search = Search {
        x,
        y,
        scratch: Vec::with_capacity(x.len() + y.len()),
    };
    let (at_low, at_high) = (search.statistic(low)?, search.statistic(high)?);
    let mut end = |quantile: f64| {
        let (f_low, f_high) = (at_low - quantile, at_high - quantile);
        if f_low <= 0.0 {
            Some(low)
        } else if f_high >= 0.0 {
            Some(high)
        } else {
            search.root((low, f_low), (high, f_high), quantile)
        }
    };
    let (lower, upper) = (end(-z)?, end(z)?);
    let estimate = search.root((low, at_low), (high, at_high), 0.0)?;
    Some(RankShift {
        estimate,
        lower,
        upper,
    })
}

struct Search<'a> {
    x: &'a [f64],
    y: &'a [f64],
    /// Values with whether they are of x; kept between calls to save the allocation.
    scratch: Vec<(f64, bool)>,
}

impl Search<'_> {
    /// W(μ); none when its variance is zero.
    fn statistic(&mut self, shift: f64) -> Option<f64> {
        self.scratch.clear();
        self.scratch
            .extend(self.x.iter().map(|value| (value - shift, true)));
        self.scratch
            .extend(self.y.iter().map(|value| (*value, false)));
        self.scratch.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (n, m) = (self.x.len() as f64, self.y.len() as f64);
        let (mut rank_sum, mut ties, mut before) = (0.0, 0.0, 0.0);
        for group in self.scratch.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
            let size = group.len() as f64;
            let of_x = group.iter().filter(|(_, of_x)| *of_x).count() as f64;
            rank_sum += of_x * (before + (size + 1.0) / 2.0);
            ties += size * size * size - size;
            before += size;
        }
        let excess = rank_sum - n * (n + 1.0) / 2.0 - n * m / 2.0;
        let correction = if excess == 0.0 || excess.is_nan() {
            0.0
        } else {
            0.5 * excess.signum()
        };
        let total = n + m;
        let variance = (n * m / 12.0) * (total + 1.0 - ties / (total * (total - 1.0)));
        if variance == 0.0 {
            return None;
        }
        Some((excess - correction) / variance.sqrt())
    }

    /// Brent's root of W(μ) = `quantile` between two places where the difference has two signs.
    ///
    /// `b` is the best place so far, `c` one on the other side of the root, `a` the place before.
    fn root(&mut self, from: (f64, f64), to: (f64, f64), quantile: f64) -> Option<f64> {
        let ((mut a, mut f_a), (mut b, mut f_b)) = (from, to);
        let (mut c, mut f_c) = (a, f_a);
        if is_zero(f_a) {
            return Some(a);
        }
        if is_zero(f_b) {
            return Some(b);
        }
        for _ in 0..=MAX_STEPS {
            let previous = b - a;
            if f_c.abs() < f_b.abs() {
                (a, b, c) = (b, c, b);
                (f_a, f_b, f_c) = (f_b, f_c, f_b);
            }
            let tolerance = 2.0 * f64::EPSILON * b.abs() + TOLERANCE / 2.0;
            let halving = (c - b) / 2.0;
            if halving.abs() <= tolerance || is_zero(f_b) {
                return Some(b);
            }
            let mut step = halving;
            if previous.abs() >= tolerance && f_a.abs() > f_b.abs() {
                let (p, q) = interpolated((a, f_a), (b, f_b), (c, f_c));
                if p < 0.75 * (c - b) * q - (tolerance * q).abs() / 2.0
                    && p < (previous * q / 2.0).abs()
                {
                    step = p / q;
                }
            }
            if step.abs() < tolerance {
                step = if step > 0.0 { tolerance } else { -tolerance };
            }
            (a, f_a) = (b, f_b);
            b += step;
            f_b = self.statistic(b)? - quantile;
            if (f_b > 0.0 && f_c > 0.0) || (f_b < 0.0 && f_c < 0.0) {
                (c, f_c) = (a, f_a);
            }
        }
        Some(b)
    }
}

/// The step of secant or inverse quadratic interpolation as p/q with p ≥ 0.
#[expect(clippy::float_cmp, reason = "whether two places of the search are one")]
fn interpolated(a: (f64, f64), b: (f64, f64), c: (f64, f64)) -> (f64, f64) {
    let across = c.0 - b.0;
    let (p, q) = if a.0 == c.0 {
        let ratio = b.1 / a.1;
        (across * ratio, 1.0 - ratio)
    } else {
        let (q, t_1, t_2) = (a.1 / c.1, b.1 / c.1, b.1 / a.1);
        (
            t_2 * (across * q * (q - t_1) - (b.0 - a.0) * (t_1 - 1.0)),
            (q - 1.0) * (t_1 - 1.0) * (t_2 - 1.0),
        )
    };
    if p > 0.0 { (p, -q) } else { (-p, q) }
}

/// Zero or the least number beside it.
fn is_zero(x: f64) -> bool {
    x.abs() <= f64::from_bits(1)
}
