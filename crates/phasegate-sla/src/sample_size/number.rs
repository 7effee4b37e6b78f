//! How many samples show a goal: at one look, and when looked at continuously.

use super::goal::Goal;
use crate::statistics::fixed::{clean_samples_needed, clopper_pearson};
use crate::statistics::rate::{PriorStrength, RateTest};
use crate::statistics::{Alpha, Counts, Rate};

/// So many samples: beyond, nobody waits for them.
const SAMPLES_MAX: u64 = 1 << 40;

/// Numbers of samples.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Number {
    /// At one look.
    pub(super) once: u64,
    /// With the prior of criteria, which is tuned for about a hundred samples.
    pub(super) judged: u64,
    /// With a prior tuned for about a thousand.
    pub(super) thousand: u64,
}

impl Number {
    /// None where no number of samples shows it.
    pub(super) fn of(goal: Goal, alpha: Alpha) -> Option<Self> {
        let looking = |prior: PriorStrength| match goal {
            Goal::Clean(wrong) => {
                let test = RateTest::new(Rate::new(wrong.to_f64()).ok()?).with_prior(prior);
                test.clean_samples_needed(alpha)
            }
            Goal::Within(low, high) => {
                let middle = f64::midpoint(low.to_f64(), high.to_f64());
                let side = |limit: f64| {
                    let test = RateTest::new(Rate::new(limit).ok()?).with_prior(prior);
                    test.samples_needed_at(middle, alpha)
                };
                Some(side(low.to_f64())?.max(side(high.to_f64())?))
            }
        };
        let once = match goal {
            Goal::Clean(wrong) => clean_samples_needed(Rate::new(wrong.to_f64()).ok()?, alpha),
            Goal::Within(low, high) => once_within(low.to_f64(), high.to_f64(), alpha)?,
        };
        Some(Self {
            once,
            judged: looking(PriorStrength::for_criteria(alpha))?,
            thousand: looking(PriorStrength::tuned_for(1_000.0, alpha))?,
        })
    }
}

/// From about how many samples on, with a share in the middle, both exact bounds lie inside.
fn once_within(low: f64, high: f64, alpha: Alpha) -> Option<u64> {
    let both_sides = Alpha::new(2.0 * alpha.value()).ok()?;
    let middle = f64::midpoint(low, high);
    let shows = |trials: u64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of the trials"
        )]
        let hits = (trials as f64 * middle).round() as u64;
        Counts::new(hits, trials).is_ok_and(|counts| {
            let interval = clopper_pearson(counts, both_sides);
            interval.lower > low && interval.upper < high
        })
    };
    let mut most = 1;
    while !shows(most) {
        most *= 2;
        if most > SAMPLES_MAX {
            return None;
        }
    }
    let mut least = most / 2;
    while most - least > 1 {
        let between = least.midpoint(most);
        if shows(between) {
            most = between;
        } else {
            least = between;
        }
    }
    Some(most)
}
