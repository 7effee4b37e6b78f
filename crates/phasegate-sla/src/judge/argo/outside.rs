//! What of the language is left out, and why: refused by name, so that nobody takes it for a slip.

use super::ConditionError;

const NO_CLOCK: &str = "a verdict depends on its inputs alone, and there is no clock";
const NO_ORDER: &str = "lists keep the order that they have";
const NO_CODING: &str = "a result is a value already";

/// The error for a name that is left out; none for all others.
pub(super) fn refusal(name: &str) -> Option<ConditionError> {
    let (name, why) = match name {
        "now" => ("now", NO_CLOCK),
        "date" => ("date", NO_CLOCK),
        "duration" => ("duration", NO_CLOCK),
        "timezone" => ("timezone", NO_CLOCK),
        "sort" => ("sort", NO_ORDER),
        "sortBy" => ("sortBy", NO_ORDER),
        "groupBy" => ("groupBy", NO_ORDER),
        "toPairs" => ("toPairs", NO_ORDER),
        "fromPairs" => ("fromPairs", NO_ORDER),
        "toJSON" => ("toJSON", NO_CODING),
        "fromJSON" => ("fromJSON", NO_CODING),
        "toBase64" => ("toBase64", NO_CODING),
        "fromBase64" => ("fromBase64", NO_CODING),
        "$env" => ("$env", "there is no environment"),
        _ => return None,
    };
    Some(ConditionError::Unsupported { name, why })
}
