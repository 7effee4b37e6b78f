//! A sum of many terms that keeps what the additions lose.

use serde::{Deserialize, Serialize};

use crate::statistics::state;

/// A sum by Neumaier's addition: what each addition drops is summed beside it.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Sum {
    #[serde(with = "state::number")]
    rounded: f64,
    /// What the additions to `rounded` have lost.
    #[serde(with = "state::number")]
    lost: f64,
}

impl Sum {
    /// A sum that begins with one term.
    pub(crate) const fn of(term: f64) -> Self {
        Self {
            rounded: term,
            lost: 0.0,
        }
    }

    pub(crate) const fn total(self) -> f64 {
        self.rounded + self.lost
    }

    pub(crate) fn add(&mut self, term: f64) {
        let sum = self.rounded + term;
        self.lost += if self.rounded.abs() >= term.abs() {
            (self.rounded - sum) + term
        } else {
            (term - sum) + self.rounded
        };
        self.rounded = sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_large_term_hides_is_there_when_it_is_taken_back() {
        let mut sum = Sum::of(1.0);
        for term in [1e100, 1.0, -1e100] {
            sum.add(term);
        }
        assert!((sum.total() - 2.0).abs() < f64::EPSILON);
    }
}
