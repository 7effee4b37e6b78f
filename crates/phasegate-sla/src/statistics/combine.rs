//! Several statements at once: when α must be split and when it must not.
//!
//! - **Triggers are OR-ed**: any one of them starts a rollback, so each false alarm counts. Split α
//!   over them ([`split`]), or average their e-values ([`average`]), which is never worse than the
//!   split and needs no independence.
//! - **Gates are AND-ed**: a false promotion needs *every* criterion to be wrong at once, which is no
//!   likelier than one of them being wrong. No split ([`all_of`]); it would only delay promotion.
//! - **Steps follow each other**: a rollout of n steps spends Σ αₛₜₑₚ; split over the steps, or carry
//!   the e-values on ([`LogE::and_independent`]).

use super::numeric::{ln, ln_add_exp};
use super::{Alpha, Decision, LogE, StatisticsError};

/// The share of α for each of several OR-ed triggers, in proportion to `weights`.
///
/// - **Assumes** nothing of how the triggers depend on each other; each keeps its own share at all its looks.
/// - **Guarantees** that the chance that any trigger ever alarms falsely is at most α: the shares add up to it
///   (to the last place of a float).
/// - **Cost** O(n); **state** none. **Source**: Bonferroni 1936 (union bound).
///
/// A plan's triggers with `confidence` have equal shares, each α/n ([`crate::Prepared::sharing`]), and so have
/// alternatives within a criterion.
///
/// ```
/// use phasegate_sla::statistics::{Alpha, combine};
/// let shares = combine::split(Alpha::new(0.05)?, &[3.0, 1.0, 1.0])?;
/// assert!((shares[0].value() - 0.03).abs() < 1e-15);
/// # Ok::<(), phasegate_sla::statistics::StatisticsError>(())
/// ```
///
/// # Errors
/// Without weights, or when one is not positive and finite.
pub fn split(alpha: Alpha, weights: &[f64]) -> Result<Vec<Alpha>, StatisticsError> {
    let sum = checked_sum(weights)?;
    weights
        .iter()
        .map(|weight| Alpha::new(alpha.value() * (weight / sum)))
        .collect()
}

/// The weighted average of e-values: again an e-value, whatever their dependence.
///
/// Use it to combine triggers or streams into one piece of evidence.
///
/// - **Assumes** that each is an e-value under the null of all of them, and weights chosen before the data; no
///   independence.
/// - **Guarantees** an expectation of at most 1 under the null, and of e-processes an e-process, so that the chance
///   of ever reaching 1/α is at most α. Never weaker than [`split`] by the same weights.
/// - **Cost** O(n) exponentials; **state** none beyond the n e-values. **Source**: Vovk and Wang, Annals of Statistics
///   2021 (averages of e-values).
///
/// # Errors
/// When the lists differ in length, are empty, or a weight is not positive and finite.
pub fn average(evidence: &[LogE], weights: &[f64]) -> Result<LogE, StatisticsError> {
    if evidence.len() != weights.len() {
        return Err(StatisticsError::Lengths {
            left: evidence.len(),
            right: weights.len(),
        });
    }
    let sum = checked_sum(weights)?;
    let log = evidence
        .iter()
        .zip(weights)
        .fold(f64::NEG_INFINITY, |log, (evidence, weight)| {
            ln_add_exp(log, evidence.nats() + ln(weight / sum))
        });
    Ok(LogE::from_nats(log))
}

/// The decision of a gate whose criteria must all hold, each decided at the full α.
///
/// Violated if one is violated, holds if all hold, else undecided. Of no criteria: undecided, since
/// nothing was shown.
///
/// - **Assumes** nothing of how the criteria depend on each other.
/// - **Guarantees** that the chance of ever holding wrongly is at most α: at least one of the criteria would have to
///   be wrong, and it is so with α at most. That it is ever violated wrongly has a chance of up to nα: use
///   [`split`] where that is to be bounded.
/// - **Cost** O(n); **state** none. **Source**: Berger 1982 (intersection–union tests).
#[must_use]
pub fn all_of(decisions: &[Decision]) -> Decision {
    if decisions.contains(&Decision::Violated) {
        Decision::Violated
    } else if decisions.is_empty() || decisions.contains(&Decision::Undecided) {
        Decision::Undecided
    } else {
        Decision::Holds
    }
}

fn checked_sum(weights: &[f64]) -> Result<f64, StatisticsError> {
    if weights.is_empty() {
        return Err(StatisticsError::TooFewSamples {
            needed: 1,
            given: 0,
        });
    }
    weights.iter().try_fold(0.0, |sum, weight| {
        super::boundary::positive("weight", *weight).map(|weight| sum + weight)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_bad_weights_are_refused() {
        let alpha = Alpha::new(0.05).unwrap();
        let shares = split(alpha, &[1.0, 2.0, 7.0]).unwrap();
        let sum: f64 = shares.iter().map(|share| share.value()).sum();
        assert!((sum - 0.05).abs() < 1e-16);
        assert!(split(alpha, &[]).is_err() && split(alpha, &[1.0, 0.0]).is_err());
        assert!(average(&[LogE::NONE], &[1.0, 1.0]).is_err());
    }

    #[test]
    fn an_average_is_never_weaker_than_the_split() {
        let alpha = Alpha::new(0.05).unwrap();
        let share = alpha.divided_by(4);
        let strong = LogE::from_nats(share.threshold());
        let others = LogE::from_nats(f64::NEG_INFINITY);
        let together = average(&[strong, others, others, others], &[1.0; 4]).unwrap();
        assert!(together.nats() >= alpha.threshold() - 1e-12);
    }

    #[test]
    fn a_gate_holds_only_when_everything_holds() {
        use Decision::{Holds, Undecided, Violated};
        for (decisions, expected) in [
            (vec![], Undecided),
            (vec![Holds, Holds], Holds),
            (vec![Holds, Undecided], Undecided),
            (vec![Undecided, Violated, Holds], Violated),
        ] {
            assert_eq!(all_of(&decisions), expected, "{decisions:?}");
        }
    }
}
