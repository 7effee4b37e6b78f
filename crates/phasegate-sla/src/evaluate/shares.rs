//! Shares and percentiles against a limit, with `confidence`: two integers decide both.

use phasegate_core::{Fraction, Quantity};
use phasegate_criterion::{Aggregate, Cmp, Shape};

use super::Inputs;
use super::amount::{Amount, Extent};
use super::confidence::{Shown, agree, since_start, towards_op};
use super::read::Read;
use super::test::{Case, Seen};
use crate::need::aggregate;
use crate::statistics::quantile::PercentileTest;
use crate::statistics::rate::{PriorStrength, RateTest};
use crate::statistics::{Alpha, Counts, Decision, Interval, Rate};
use crate::verdict::{Method, Why};

impl Inputs<'_> {
    /// The share of values a percentile measure looks at, if it is one of a distribution.
    pub(super) fn percentile_of(&self, case: &Case<'_>) -> Option<Rate> {
        let quantile = aggregate(&case.test.subject.measure).and_then(Aggregate::quantile)?;
        let distribution = case
            .measured
            .sources
            .iter()
            .all(|one| one.kpi.shape == Shape::Distribution);
        if distribution {
            Rate::from_ratio(quantile).ok()
        } else {
            None
        }
    }

    /// A percentile against a threshold: how many values lie below it.
    pub(super) fn percentile(
        &self,
        case: &Case<'_>,
        op: Cmp,
        limit: &Quantity,
        (quantile, alpha): (Rate, Alpha),
    ) -> Read<Shown> {
        let inclusive = matches!(op, Cmp::LessOrEqual | Cmp::Greater);
        let amount = self
            .within_threshold(case, limit, inclusive)
            .ok_or(Why::NoData)??;
        since_start(&amount)?;
        let prior = PriorStrength::for_criteria(alpha);
        let test = PercentileTest::new(quantile).with_prior(prior);
        let of = |share: Fraction| -> Read<Decision> {
            Ok(test.decide_below(counts(share, amount.samples)?, alpha))
        };
        let below = agree(of(amount.extent.low)?, of(amount.extent.high)?);
        let interval = amount.counts.and_then(|(below, total)| {
            let counts = Counts::new(below, total).ok()?;
            Some(RateTest::interval(counts, alpha, prior))
        });
        let shown = Shown::of(towards_op(op, below), amount, Method::Percentile);
        Ok(Shown {
            seen: Some(Seen {
                amount,
                share_within: true,
            }),
            interval,
            ..shown
        })
    }
}

/// The counts behind a share of so many.
fn counts(share: Fraction, total: u64) -> Read<Counts> {
    let matching = share
        .checked_mul(Fraction::from(total))
        .ok_or(Why::OutOfRange)?;
    let (matching, 1) = matching.parts() else {
        return Err(Why::Undecided);
    };
    let Ok(matching) = u64::try_from(matching) else {
        return Err(Why::OutOfRange);
    };
    Counts::new(matching, total).map_err(|_fault| Why::Invalid)
}

/// A share against a limit at an end of all shares, or beyond. One event shows that the rate is not at the
/// end, and no number of them that it is: what holds of each rate that the counts leave open is shown.
fn at_end(op: Cmp, limit: Fraction, (matching, total): (u64, u64)) -> Decision {
    let none = (matching == 0).then_some(Fraction::ZERO);
    let all = (matching == total).then_some(Fraction::ONE);
    let open = [none, Fraction::new(1, 2), all];
    let mut holds = open
        .into_iter()
        .flatten()
        .map(|rate| op.holds(rate.cmp(&limit)));
    match (holds.clone().all(|holds| holds), holds.any(|holds| holds)) {
        (true, _) => Decision::Holds,
        (false, true) => Decision::Undecided,
        (false, false) => Decision::Violated,
    }
}

/// A share against a limit. Against 0 % and 100 % no number of samples shows anything but the contrary.
pub(super) fn rate_decision(
    amount: &Amount,
    op: Cmp,
    limit: Extent,
    alpha: Alpha,
) -> Read<(Decision, Option<Interval>)> {
    let (matching, total) = amount.counts.ok_or(Why::Undecided)?;
    let Ok(counts) = Counts::new(matching, total) else {
        return Err(Why::Invalid);
    };
    let at = |op: Cmp, limit: Fraction| match Rate::new(limit.to_f64()) {
        Ok(rate) => {
            let test = RateTest::new(rate).with_prior(PriorStrength::for_criteria(alpha));
            towards_op(op, test.decide(counts, alpha))
        }
        Err(_) => at_end(op, limit, (matching, total)),
    };
    // Shown to lie below all of the limit, or above all of it. The decision is two-sided, so α is not split.
    let elsewhere = || {
        let below = at(Cmp::Less, limit.low) == Decision::Holds;
        below || at(Cmp::Greater, limit.high) == Decision::Holds
    };
    let decision = match op {
        Cmp::Equal if elsewhere() => Decision::Violated,
        Cmp::NotEqual if elsewhere() => Decision::Holds,
        Cmp::Equal | Cmp::NotEqual => Decision::Undecided,
        Cmp::Greater | Cmp::GreaterOrEqual | Cmp::Less | Cmp::LessOrEqual => {
            agree(at(op, limit.low), at(op, limit.high))
        }
    };
    Ok((
        decision,
        Some(RateTest::interval(
            counts,
            alpha,
            PriorStrength::for_criteria(alpha),
        )),
    ))
}
