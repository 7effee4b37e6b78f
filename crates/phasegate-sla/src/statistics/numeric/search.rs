//! Root and minimum search on a bracket. No derivative, no failure: the bracket only shrinks.

/// Steps after which a bisection stops: the bracket is then 2⁻⁶⁰ of what it was.
const STEPS: u32 = 60;

/// The point in `[low, high]` where `holds` turns from true to false.
///
/// `holds(low)` should be true and `holds(high)` false; else the end that breaks the rule is
/// approached. Stops after 60 halvings or when the bracket has no number inside.
pub(crate) fn bisect(low: f64, high: f64, mut holds: impl FnMut(f64) -> bool) -> f64 {
    let (mut low, mut high) = (low, high);
    for _ in 0..STEPS {
        let middle = 0.5 * (low + high);
        if middle <= low.min(high) || middle >= low.max(high) {
            break;
        }
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The argument in `[low, high]` where a function with one valley is least, by golden sections.
pub(crate) fn golden_minimum(low: f64, high: f64, mut value: impl FnMut(f64) -> f64) -> f64 {
    let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut low, mut high) = (low, high);
    let mut left = high - ratio * (high - low);
    let mut right = low + ratio * (high - low);
    let (mut at_left, mut at_right) = (value(left), value(right));
    for _ in 0..STEPS {
        if at_left <= at_right {
            high = right;
            right = left;
            at_right = at_left;
            left = high - ratio * (high - low);
            at_left = value(left);
        } else {
            low = left;
            left = right;
            at_left = at_right;
            right = low + ratio * (high - low);
            at_right = value(right);
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_and_a_valley_are_found() {
        assert!((bisect(0.0, 2.0, |x| x * x < 2.0) - std::f64::consts::SQRT_2).abs() < 1e-15);
        assert!((bisect(2.0, 0.0, |x| x * x > 2.0) - std::f64::consts::SQRT_2).abs() < 1e-15);
        assert!((golden_minimum(-5.0, 9.0, |x| (x - 1.5) * (x - 1.5)) - 1.5).abs() < 1e-7);
    }
}
