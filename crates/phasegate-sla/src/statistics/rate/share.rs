//! The Dirichlet-multinomial e-process: do shares match the split they should have?

use serde::{Deserialize, Serialize};

use super::PriorStrength;
use crate::statistics::numeric::{deviance, ln, stirling_error};
use crate::statistics::{LogE, StatisticsError};

/// An anytime-valid test that counts of m kinds follow given shares: sample-ratio mismatch.
///
/// E = B(α₀ + x)/B(α₀) · Π θᵢ^−xᵢ with α₀ = kθ. A traffic split of 10:90 whose requests arrive 12:88
/// is broken measurement or broken routing, and voids any comparison of the arms.
///
/// - **Assumes** each unit is assigned independently with the stated probabilities.
/// - **Guarantees** P(ever rejects a true split) ≤ α. **Cost** O(m), 40 ns a share; **state** m
///   integers; **merge** adds counts. **Source**: Lindon and Malek, `NeurIPS` 2022.
///
/// ```
/// use phasegate_sla::statistics::rate::ShareTest;
/// use phasegate_sla::statistics::Alpha;
/// let split = ShareTest::new(&[0.5, 0.5])?;
/// assert!(split.evidence(&[821_588, 815_482])?.rejects(Alpha::new(0.05)?));
/// assert!(!split.evidence(&[50_120, 49_880])?.rejects(Alpha::new(0.05)?));
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ShareTest {
    shares: Vec<f64>,
    prior: PriorStrength,
}

impl ShareTest {
    /// For `shares`, each above 0, adding up to 1 (to a billionth; they are scaled to add up exactly).
    ///
    /// # Errors
    /// With fewer than two shares, a share that is not positive, or another sum.
    pub fn new(shares: &[f64]) -> Result<Self, StatisticsError> {
        if shares.len() < 2 {
            return Err(StatisticsError::TooFewSamples {
                needed: 2,
                given: shares.len(),
            });
        }
        if let Some(bad) = shares
            .iter()
            .find(|share| !(**share > 0.0 && **share < 1.0))
        {
            return Err(StatisticsError::Rate { value: *bad });
        }
        let sum: f64 = shares.iter().sum();
        if (sum - 1.0).abs() > 1e-9 {
            return Err(StatisticsError::Parameter {
                name: "the sum of the shares",
                wanted: "1",
                value: sum,
            });
        }
        let shares = shares.iter().map(|share| share / sum).collect();
        Ok(Self {
            shares,
            prior: PriorStrength::DEFAULT,
        })
    }

    /// With another prior. To be chosen before the data.
    #[must_use]
    pub fn with_prior(self, prior: PriorStrength) -> Self {
        Self { prior, ..self }
    }

    /// Evidence against the split.
    ///
    /// # Errors
    /// When the number of counts differs from the number of shares.
    pub fn evidence(&self, counts: &[u64]) -> Result<LogE, StatisticsError> {
        if counts.len() != self.shares.len() {
            return Err(StatisticsError::Lengths {
                left: counts.len(),
                right: self.shares.len(),
            });
        }
        let k = self.prior.value();
        let total = k + counts.iter().map(|count| *count as f64).sum::<f64>();
        let mut log_e = 0.5 * ln(total / k) - stirling_error(total) + stirling_error(k);
        for (share, count) in self.shares.iter().zip(counts) {
            let (start, end) = (k * share, k * share + *count as f64);
            log_e += deviance(end, total * share) - 0.5 * ln(end / start) + stirling_error(end)
                - stirling_error(start);
        }
        Ok(LogE::from_nats(log_e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::rate::RateTest;
    use crate::statistics::{Counts, Rate};

    #[test]
    fn two_shares_are_the_two_sided_rate_test() {
        let counts = Counts::new(70, 100).unwrap();
        let rate = RateTest::new(Rate::new(0.25).unwrap())
            .two_sided(counts)
            .nats();
        let share = ShareTest::new(&[0.25, 0.75])
            .unwrap()
            .evidence(&[70, 30])
            .unwrap()
            .nats();
        assert!((rate - share).abs() < 1e-10, "{rate} {share}");
    }

    #[test]
    fn broken_splits_are_refused() {
        assert!(ShareTest::new(&[1.0]).is_err());
        assert!(ShareTest::new(&[0.5, 0.6]).is_err());
        assert!(ShareTest::new(&[1.0, 0.0]).is_err());
        assert!(ShareTest::new(&[0.5, 0.5]).unwrap().evidence(&[1]).is_err());
    }
}
