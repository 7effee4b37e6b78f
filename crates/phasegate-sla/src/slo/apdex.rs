//! The Apdex index: one number from 0 to 1 for how satisfied users are with response times.

use std::fmt;

use phasegate_core::{Fraction, Quantity};

/// An Apdex score: (satisfied + tolerating / 2) / total. Answers up to the threshold satisfy, answers up to
/// four times as long are tolerated; all others frustrate, and so does every error.
///
/// ```
/// use phasegate_sla::slo::{Apdex, ApdexRating};
/// let apdex = Apdex::new("4s".parse()?, 800, 140, 1000);
/// assert_eq!(apdex.to_string(), "0.87 [4.0]");
/// assert_eq!(apdex.rating(), Some(ApdexRating::Good));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Apdex {
    threshold: Quantity,
    satisfied: u64,
    tolerating: u64,
    total: u64,
}

/// What a score means in words.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "the index has these five")]
pub enum ApdexRating {
    /// Below 0.50.
    Unacceptable,
    /// From 0.50.
    Poor,
    /// From 0.70.
    Fair,
    /// From 0.85.
    Good,
    /// From 0.94.
    Excellent,
}

/// Below so many samples a score is marked.
const SMALL: u64 = 100;

impl Apdex {
    /// From counts: satisfied and tolerating ones do not overlap, errors are in neither of them.
    #[must_use]
    pub const fn new(threshold: Quantity, satisfied: u64, tolerating: u64, total: u64) -> Self {
        Self {
            threshold,
            satisfied,
            tolerating,
            total,
        }
    }

    /// The score, 0 to 1; `None` without samples, or with more satisfied and tolerating ones than samples.
    #[must_use]
    pub fn score(&self) -> Option<Fraction> {
        let content = self.satisfied.checked_add(self.tolerating)?;
        if content > self.total {
            return None;
        }
        let points = u128::from(self.satisfied) * 2 + u128::from(self.tolerating);
        Fraction::new(i128::try_from(points).ok()?, u128::from(self.total) * 2)
    }

    /// The score in words.
    #[must_use]
    pub fn rating(&self) -> Option<ApdexRating> {
        let score = self.score()?;
        let steps = [
            (94, ApdexRating::Excellent),
            (85, ApdexRating::Good),
            (70, ApdexRating::Fair),
            (50, ApdexRating::Poor),
        ];
        let reached = steps
            .into_iter()
            .find(|(percent, _)| Fraction::new(*percent, 100).is_some_and(|step| score >= step));
        Some(reached.map_or(ApdexRating::Unacceptable, |(_, rating)| rating))
    }
}

impl fmt::Display for Apdex {
    /// As the index is written: `0.87 [4.0]`, with `*` for fewer than 100 samples, `NS [4.0]` without any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self
            .threshold
            .base()
            .and_then(|base| base.to_decimal_rounded(1));
        let seconds = seconds.map_or("?".to_owned(), |seconds| format!("{:.1}", seconds.to_f64()));
        match self.score().and_then(|score| score.to_decimal_rounded(2)) {
            None => write!(f, "NS [{seconds}]"),
            Some(score) => {
                let mark = if self.total < SMALL { "*" } else { "" };
                write!(f, "{:.2} [{seconds}]{mark}", score.to_f64())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_written_as_the_index_is() {
        for (satisfied, tolerating, total, text, rating) in [
            (940, 0, 1000, "0.94 [0.5]", Some(ApdexRating::Excellent)),
            (939, 0, 1000, "0.94 [0.5]", Some(ApdexRating::Good)),
            (700, 0, 1000, "0.70 [0.5]", Some(ApdexRating::Fair)),
            (0, 1000, 1000, "0.50 [0.5]", Some(ApdexRating::Poor)),
            (0, 99, 99, "0.50 [0.5]*", Some(ApdexRating::Poor)),
            (0, 0, 1000, "0.00 [0.5]", Some(ApdexRating::Unacceptable)),
            (0, 0, 0, "NS [0.5]", None),
            (2, 0, 1, "NS [0.5]", None),
        ] {
            let apdex = Apdex::new(
                "500ms".parse().expect("a threshold"),
                satisfied,
                tolerating,
                total,
            );
            assert_eq!((apdex.to_string().as_str(), apdex.rating()), (text, rating));
        }
    }
}
