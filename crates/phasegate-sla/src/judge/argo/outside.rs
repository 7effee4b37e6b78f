//! What of the language is left out, and why: refused by name, so that nobody takes it for a slip.

use super::ConditionError;

const NO_CLOCK: &str = "a verdict depends on its inputs alone, and there is no clock";
const NO_LENGTHS: &str = "results are numbers, and lengths of time are none";
const NO_PAIRS: &str = "no condition on a result needs groups or pairs";
const NO_CODING: &str = "a result is a value already";

/// The error for a name that is left out; none for all others.
pub(super) fn refusal(name: &str) -> Option<ConditionError> {
    let (name, why) = match name {
        "now" => ("now", NO_CLOCK),
        "date" => ("date", NO_CLOCK),
        "duration" => ("duration", NO_LENGTHS),
        "timezone" => ("timezone", NO_CLOCK),
        "sortBy" => ("sortBy", NO_PAIRS),
        "groupBy" => ("groupBy", NO_PAIRS),
        "toPairs" => ("toPairs", NO_PAIRS),
        "fromPairs" => ("fromPairs", NO_PAIRS),
        "toBase64" => ("toBase64", NO_CODING),
        "fromBase64" => ("fromBase64", NO_CODING),
        "$env" => ("$env", "there is no environment"),
        _ => return None,
    };
    Some(ConditionError::Unsupported { name, why })
}
