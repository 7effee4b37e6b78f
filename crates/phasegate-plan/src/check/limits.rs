//! Ways back against the time that they may take and are expected to take.

use phasegate_core::Span;

use super::walk::ways_back;
use super::{At, Scope};
use crate::fault::Code;
use crate::model::Rollback;

pub(super) fn check(scope: &mut Scope<'_>) {
    ways_back(scope.draft, &mut |here, rollback| {
        budgets(scope, rollback, here);
        estimate(scope, rollback, here);
    });
}

/// How long it may take at most. That nothing can be done in no time at all is told already.
fn limit(rollback: &Rollback) -> Option<Span> {
    rollback.limit.filter(|limit| !limit.is_zero())
}

/// The budgets of steps, and the time for validation, against the limit of the whole.
fn budgets(scope: &mut Scope<'_>, rollback: &Rollback, here: At<'_>) {
    let Some(limit) = limit(rollback) else { return };
    let steps = rollback.steps.iter().fold(Span::ZERO, |sum, step| {
        sum.saturating_add(step.budget.unwrap_or(Span::ZERO))
    });
    // Of stages all but the last are looked at before the next begins.
    let looks = match (rollback.staged, rollback.validate_within) {
        (true, Some(within)) => {
            let between = rollback.steps.len().saturating_sub(1);
            within.saturating_mul(between.try_into().unwrap_or(u64::MAX))
        }
        (true, None) | (false, _) => Span::ZERO,
    };
    let sum = steps.saturating_add(looks);
    if sum > limit {
        let with = if looks.is_zero() {
            String::new()
        } else {
            format!(", with {looks} to look after each stage but the last")
        };
        let message = format!("the steps may take {sum}{with}, the whole may take {limit}");
        let help = "shorten the steps' budgets or raise the limit";
        scope.report(Code::BudgetExceedsLimit, here.key("limit"), message, help);
    } else if sum == limit && !rollback.steps.is_empty() {
        let message = format!("the steps may take {sum}: all of the limit, with nothing to spare");
        let help = "leave time between the steps";
        scope.report(Code::BudgetFillsLimit, here.key("limit"), message, help);
    } else if let Some(last) = rollback.validate_within
        && sum.saturating_add(last) > limit
        && !rollback.validation.is_empty()
    {
        let message = format!(
            "the steps may take {sum} and validation {last}: together more than the limit of {limit}"
        );
        let help = "raise the limit, which ends with the validation, or shorten one of the two";
        scope.report(Code::BudgetFillsLimit, here.key("limit"), message, help);
    }
}

fn estimate(scope: &mut Scope<'_>, rollback: &Rollback, here: At<'_>) {
    let waits = rollback.steps.iter().map(|step| step.action.machine_time());
    let waits = waits.fold(Span::ZERO, Span::saturating_add);
    if let Some(estimate) = rollback.estimate
        && waits > estimate
        && !rollback.staged
    {
        let message =
            format!("its steps wait for {waits} alone, and it is expected to take {estimate}");
        let help = "expect as long as the steps take, or longer";
        scope.report(Code::EstimateTooShort, here.key("estimate"), message, help);
    }
    if let (Some(estimate), Some(limit)) = (rollback.estimate, limit(rollback))
        && estimate > limit
    {
        let message = format!("it is expected to take {estimate}, and may take {limit}");
        scope.report(
            Code::EstimateExceedsLimit,
            here.key("estimate"),
            message,
            "expect less, or allow more",
        );
    }
}
