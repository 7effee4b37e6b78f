//! Fisher's exact test of two rates, and Pearson's chi-squared test of shares.

use statrs::function::gamma::checked_gamma_ur;

use super::PValues;
use crate::statistics::numeric::{exp, ln_choose};
use crate::statistics::{Counts, StatisticsError};

/// Two arms' counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "two arms")]
pub struct Table {
    /// Events and trials of the first arm.
    pub x: Counts,
    /// Events and trials of the second arm.
    pub y: Counts,
}

/// The outcome of Fisher's test.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct FisherOutcome {
    /// The p-values; `greater` against "the first arm's rate is higher".
    pub p: PValues,
}

/// Fisher's exact test: given the margins, is the first arm's number of events unusual?
///
/// - **Assumes** independent trials. **Guarantees** a false alarm with probability at most α at one
///   look. **Not under repeated looks.** **Cost** O(events) terms of 100 ns; **state** four
///   integers; **merge** adds. **Source**: Fisher 1935.
///
/// ```
/// use phasegate_sla::statistics::Counts;
/// use phasegate_sla::statistics::fixed::{Table, fisher};
/// let table = Table { x: Counts::new(10, 1_000)?, y: Counts::new(20, 1_000)? };
/// assert!((fisher(table).p.two_sided - 0.0962164).abs() < 1e-7);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
#[must_use]
pub fn fisher(table: Table) -> FisherOutcome {
    let (n, m) = (table.x.trials(), table.y.trials());
    let events = table.x.hits() + table.y.hits();
    let lowest = events.saturating_sub(m);
    let highest = events.min(n);
    let all = ln_choose(n + m, events);
    let probability = |k: u64| exp(ln_choose(n, k) + ln_choose(m, events - k) - all);
    // Ties in probability are counted in, up to rounding, as elsewhere.
    let observed = probability(table.x.hits()) * (1.0 + 1e-7);
    let (mut less, mut greater, mut two_sided) = (0.0, 0.0, 0.0);
    for k in lowest..=highest {
        let p = probability(k);
        if k <= table.x.hits() {
            less += p;
        }
        if k >= table.x.hits() {
            greater += p;
        }
        if p <= observed {
            two_sided += p;
        }
    }
    let p = PValues {
        greater: f64::min(greater, 1.0),
        less: f64::min(less, 1.0),
        two_sided: f64::min(two_sided, 1.0),
    };
    FisherOutcome { p }
}

/// Pearson's chi-squared test of counts against shares: the statistic and its p-value.
///
/// The fixed-sample form of a sample-ratio check.
///
/// - **Assumes** each unit is assigned independently with the stated probabilities, and at least five of each kind
///   are expected.
/// - **Guarantees** a false alarm with probability of about α at one look, the nearer the more units. **Not under
///   repeated looks**; for those see [`ShareTest`](crate::statistics::rate::ShareTest).
/// - **Cost** O(m) for m kinds and one incomplete gamma function; **state** m integers; **merge** adds counts.
/// - **Source**: Pearson 1900; the tail by `statrs`, accurate to 1e-13.
///
/// # Errors
/// When the lists differ in length, have fewer than two entries, or a share is not positive.
pub fn chi_squared_shares(counts: &[u64], shares: &[f64]) -> Result<(f64, f64), StatisticsError> {
    if counts.len() != shares.len() {
        return Err(StatisticsError::Lengths {
            left: counts.len(),
            right: shares.len(),
        });
    }
    if counts.len() < 2 {
        return Err(StatisticsError::TooFewSamples {
            needed: 2,
            given: counts.len(),
        });
    }
    if let Some(bad) = shares
        .iter()
        .find(|share| !(**share > 0.0 && **share < 1.0))
    {
        return Err(StatisticsError::Rate { value: *bad });
    }
    let total: f64 = counts.iter().map(|count| *count as f64).sum();
    if total <= 0.0 {
        return Ok((0.0, 1.0));
    }
    let statistic: f64 = counts
        .iter()
        .zip(shares)
        .map(|(count, share)| (*count as f64 - total * share).powi(2) / (total * share))
        .sum();
    let degrees = (counts.len() - 1) as f64;
    let tail = checked_gamma_ur(0.5 * degrees, 0.5 * statistic).unwrap_or(1.0);
    Ok((statistic, if statistic > 0.0 { tail } else { 1.0 }))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these values are exact")]
mod tests {
    use super::*;

    #[test]
    fn empty_tables_show_nothing() {
        let empty = Table {
            x: Counts::EMPTY,
            y: Counts::EMPTY,
        };
        assert_eq!(fisher(empty).p.two_sided, 1.0);
        assert_eq!(chi_squared_shares(&[0, 0], &[0.5, 0.5]), Ok((0.0, 1.0)));
        assert_eq!(chi_squared_shares(&[5, 5], &[0.5, 0.5]), Ok((0.0, 1.0)));
        assert!(chi_squared_shares(&[5], &[0.5]).is_err());
    }
}
