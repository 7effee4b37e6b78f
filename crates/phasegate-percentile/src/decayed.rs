//! A histogram that forgets: the weight of a value halves with every half-life.
//!
//! Weights grow with time instead of shrinking ("forward decay"), so recording is as cheap as ever;
//! from time to time all counts are shifted down. A weight is an integer, in units of `2^-20` at the
//! time of the last shift.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "weights are positive and bounded by 2^41"
)]

use core::time::Duration;

use crate::{
    error::ConfigError,
    estimate::Estimate,
    histogram::MappedHistogram,
    mapping::{LogLinear, Mapping, log},
};

/// The weight of a value at the landmark is `2^UNIT_BITS`.
const UNIT_BITS: u32 = 20;
/// After so many half-lives counts are shifted down by as many bits: `2^40` per value is the most,
/// and leaves room for `2^24` values per bucket.
const SHIFT: u32 = 20;

/// Quantiles over all values, where a value that is one half-life old counts half.
///
/// Time is a duration since any fixed point and is passed in. A late value gets the weight that its
/// own time deserves; one that is more than about 20 half-lives older than the newest has none and
/// is counted in [`too_late`](Self::too_late).
///
/// Weights are rounded to a part in a million at least, so shares are exact to that.
///
/// ```
/// use core::time::Duration;
/// use phasegate_percentile::{Decayed, Histogram};
///
/// let minute = Duration::from_secs(60);
/// let mut recent = Decayed::new(Histogram::new(), minute)?;
/// for _ in 0..100 {
///     recent.record(Duration::ZERO, 10.0);
/// }
/// for _ in 0..100 {
///     recent.record(minute * 5, 500.0);
/// }
/// let median = recent.quantile(0.5).expect("not empty");
/// assert!((median.value - 500.0).abs() < 4.0);
/// assert!((recent.weight(minute * 5) - 103.125).abs() < 0.01);
/// # Ok::<(), phasegate_percentile::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Decayed<M: Mapping = LogLinear> {
    half_life: f64,
    /// The time at which a value weighs one unit, in seconds.
    landmark: Option<Duration>,
    weights: MappedHistogram<M, false>,
    too_late: u64,
}

impl<M: Mapping> Decayed<M> {
    /// An empty one. `like` gives mapping and range; its values are not taken over.
    ///
    /// # Errors
    ///
    /// [`ConfigError::HalfLife`] if the half-life is zero.
    pub fn new<const SUM: bool>(
        like: MappedHistogram<M, SUM>,
        half_life: Duration,
    ) -> Result<Self, ConfigError> {
        if half_life.is_zero() {
            return Err(ConfigError::HalfLife);
        }
        let weights = MappedHistogram::with_keys(like.mapping, like.range);
        Ok(Self {
            half_life: half_life.as_secs_f64(),
            landmark: None,
            weights,
            too_late: 0,
        })
    }

    /// Records a value that belongs to the time `at`. Whether it has any weight left.
    pub fn record(&mut self, at: Duration, value: f64) -> bool {
        self.move_landmark(at);
        let weight = (self.growth(at) * f64::from(1_u32 << UNIT_BITS) + 0.5) as u64;
        if weight == 0 {
            self.too_late = self.too_late.saturating_add(1);
            return false;
        }
        self.weights.record_n(value, weight);
        true
    }

    /// The value below which a share `q` of the weight lies, as
    /// [`MappedHistogram::quantile`] gives it. It does not depend on the time of asking.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<Estimate> {
        self.weights.quantile(q)
    }

    /// Several quantiles in one pass: see [`MappedHistogram::quantiles`].
    pub fn quantiles(&self, qs: &[f64], answers: &mut [Option<Estimate>]) {
        self.weights.quantiles(qs, answers);
    }

    /// The share of the weight that lies below a bound; `None` if empty.
    #[must_use]
    pub fn share_below(&self, bound: f64) -> Option<Estimate> {
        self.weights.share_below(bound)
    }

    /// The weight of all values at a time: fresh ones count one each.
    #[must_use]
    pub fn weight(&self, now: Duration) -> f64 {
        let units = self.weights.count() as f64 / f64::from(1_u32 << UNIT_BITS);
        units / self.growth(now)
    }

    /// How many values were so late that no weight was left.
    #[must_use]
    pub fn too_late(&self) -> u64 {
        self.too_late
    }

    /// How much more a value of a time weighs than one of the landmark.
    fn growth(&self, at: Duration) -> f64 {
        let landmark = self.landmark.unwrap_or(at);
        let age = if at >= landmark {
            (at - landmark).as_secs_f64()
        } else {
            -(landmark - at).as_secs_f64()
        };
        let half_lives = age / self.half_life;
        if half_lives < -1000.0 {
            0.0
        } else {
            log::exp2(half_lives)
        }
    }

    /// Brings the landmark within [`SHIFT`] half-lives of a time.
    fn move_landmark(&mut self, at: Duration) {
        let landmark = *self.landmark.get_or_insert(at);
        let Some(age) = at.checked_sub(landmark) else {
            return;
        };
        let half_lives = age.as_secs_f64() / self.half_life;
        let shifts = log::floor(half_lives / f64::from(SHIFT));
        if shifts < 1.0 {
            return;
        }
        let step = Duration::try_from_secs_f64(shifts * f64::from(SHIFT) * self.half_life);
        let moved = step
            .ok()
            .and_then(|step| landmark.checked_add(step))
            .unwrap_or(at)
            .min(at);
        self.landmark = Some(moved);
        self.weights
            .shift_down((shifts * f64::from(SHIFT)).min(64.0) as u32);
    }
}
