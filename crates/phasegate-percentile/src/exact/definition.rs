//! The nine definitions of a sample quantile, as positions between two ranks.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions are between 1 and the length of a slice; shares are in 0..=1"
)]

/// A definition of the quantile `q` of `n` values, numbered as by Hyndman and Fan.
///
/// With `h` the position, counted from 1: definitions 1 to 3 take a value (or, at a jump, the mean of
/// two), 4 to 9 go in a straight line from the value at `⌊h⌋` to the next.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[expect(
    clippy::exhaustive_enums,
    reason = "the nine are all that the paper numbers"
)]
pub enum Definition {
    /// 1: the value at `⌈nq⌉`, the least for which at least `q` of the values are no greater.
    InverseCdf,
    /// 2: as 1, but the mean of the two where `nq` is whole.
    AveragedInverseCdf,
    /// 3: the value nearest to `nq`, the even one of two (SAS).
    NearestEven,
    /// 4: `h = nq`.
    InterpolatedInverseCdf,
    /// 5: `h = nq + 1/2` (Hazen).
    Hazen,
    /// 6: `h = (n+1)q` (Weibull, NIST, Minitab).
    Weibull,
    /// 7: `h = (n-1)q + 1` (R, numpy, spreadsheets, Prometheus).
    #[default]
    Linear,
    /// 8: `h = (n+1/3)q + 1/3` (recommended by Hyndman and Fan).
    MedianUnbiased,
    /// 9: `h = (n+1/4)q + 3/8`.
    NormalUnbiased,
}

/// All definitions in the order of their numbers.
const ALL: [Definition; 9] = [
    Definition::InverseCdf,
    Definition::AveragedInverseCdf,
    Definition::NearestEven,
    Definition::InterpolatedInverseCdf,
    Definition::Hazen,
    Definition::Weibull,
    Definition::Linear,
    Definition::MedianUnbiased,
    Definition::NormalUnbiased,
];

/// Where between two values (ranks from 0) a quantile lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Position {
    pub(crate) low: usize,
    pub(crate) high: usize,
    /// 0 for the low one, towards 1 for the high one.
    share: f64,
}

impl Position {
    /// The value at this position between the values of the two ranks.
    pub(crate) fn between(self, low: f64, high: f64) -> f64 {
        if self.share <= 0.0 || low >= high {
            return low;
        }
        if low.is_infinite() && high.is_infinite() {
            // From end to end of the numbers there is no line: the nearer one.
            return if self.share < 0.5 { low } else { high };
        }
        // Halved, so that the distance of two great values cannot overflow.
        let half = high / 2.0 - low / 2.0;
        if half.is_finite() && half < f64::MAX / 2.0 {
            low + (high - low) * self.share
        } else {
            (low * (1.0 - self.share)) + high * self.share
        }
    }
}

/// Shares are counted in parts of this.
const UNIT: u128 = 1_000_000_000_000;
/// Halves, thirds, quarters and eighths are whole multiples of one 24th.
const PARTS: u128 = 24;

impl Definition {
    /// The definition with a number from 1 to 9.
    ///
    /// ```
    /// use phasegate_percentile::exact::Definition;
    ///
    /// assert_eq!(Definition::from_number(7), Some(Definition::Linear));
    /// assert_eq!(Definition::from_number(10), None);
    /// ```
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// The number, 1 to 9.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// Where the quantile lies among `n` sorted values; `None` unless `q` is in `0.0 ..= 1.0` and
    /// `n` above zero.
    pub(crate) fn position(self, q: f64, n: usize) -> Option<Position> {
        if !(0.0..=1.0).contains(&q) || n == 0 {
            return None;
        }
        let share = (q * UNIT as f64 + 0.5) as u128;
        let count = n as u128;
        // `h` in parts of UNIT·PARTS.
        let whole = UNIT * PARTS;
        let position = match self {
            Self::InverseCdf => {
                return Some(single((count * share).div_ceil(UNIT), n));
            }
            Self::AveragedInverseCdf => {
                let (rank, rest) = (count * share / UNIT, count * share % UNIT);
                if rest != 0 {
                    return Some(single(rank + 1, n));
                }
                let (low, high) = (single(rank, n).low, single(rank + 1, n).low);
                return Some(Position {
                    low,
                    high,
                    share: 0.5,
                });
            }
            Self::NearestEven => {
                let (rank, rest) = (count * share / UNIT, count * share % UNIT);
                let up = rest * 2 > UNIT || (rest * 2 == UNIT && rank % 2 == 1);
                return Some(single(rank + u128::from(up), n));
            }
            Self::InterpolatedInverseCdf => PARTS * count * share,
            Self::Hazen => PARTS * count * share + whole / 2,
            Self::Weibull => PARTS * (count + 1) * share,
            Self::Linear => PARTS * (count - 1) * share + whole,
            Self::MedianUnbiased => (PARTS * count + PARTS / 3) * share + whole / 3,
            Self::NormalUnbiased => (PARTS * count + PARTS / 4) * share + whole * 3 / 8,
        };
        let position = position.clamp(whole, whole * count);
        let (low, rest) = (position / whole, position % whole);
        Some(Position {
            low: single(low, n).low,
            high: single(low + 1, n).low,
            share: rest as f64 / whole as f64,
        })
    }
}

/// The value at a rank counted from 1, moved into `1 ..= n`.
fn single(rank: u128, n: usize) -> Position {
    let rank = rank.clamp(1, n as u128) as usize - 1;
    Position {
        low: rank,
        high: rank,
        share: 0.0,
    }
}
