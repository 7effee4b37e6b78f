//! From errors of providers to what the engine records. The one place where it is decided what a failed
//! call says about the world.

use phasegate_core::{
    Absence, EffectOutcome, Measurement, Observed, Query, Timestamp, Wants, Window,
};

use crate::{ErrorKind, ProviderError, Retry};

/// What a failed change says: a refusal certainly did not happen, everything else is unknown.
pub(crate) fn outcome_of(error: &ProviderError) -> EffectOutcome {
    let reason = error.to_string();
    if error.is_refusal() {
        EffectOutcome::NotApplied { reason }
    } else {
        EffectOutcome::Unknown { reason }
    }
}

/// What a failed query says: why there is no measurement. Never a value.
pub(crate) fn absence_of(error: &ProviderError, at: Timestamp) -> Absence {
    let until = match error.retry() {
        Retry::After(wait) => Some(at + wait),
        Retry::Maybe | Retry::Never => None,
    };
    match error.kind() {
        ErrorKind::NoData => Absence::NoData,
        ErrorKind::Throttled => Absence::Throttled { until },
        ErrorKind::Invalid => Absence::Invalid {
            detail: error.to_string(),
        },
        ErrorKind::Denied | ErrorKind::Misuse | ErrorKind::NotFound => Absence::Refused {
            detail: error.to_string(),
        },
        ErrorKind::Conflict | ErrorKind::Rejected | ErrorKind::Timeout | ErrorKind::Unavailable => {
            Absence::Unavailable {
                detail: error.to_string(),
            }
        }
    }
}

/// Checks an answer against its question: an adapter's mistake must not become a verdict.
pub(crate) fn checked(query: &Query, found: Measurement) -> Result<Measurement, Absence> {
    match fault(query, &found) {
        None => Ok(found),
        Some(detail) => Err(Absence::Invalid {
            detail: detail.to_owned(),
        }),
    }
}

fn fault(query: &Query, found: &Measurement) -> Option<&'static str> {
    if !lies_in(&found.window, &query.window) {
        return Some("the answer covers another window than was asked for");
    }
    match (query.wants, &found.observed) {
        (
            Wants::Below { threshold, .. },
            Observed::Below {
                threshold: counted,
                below,
                total,
            },
        ) => {
            if *counted != threshold {
                Some("the answer counts against another threshold than was asked for")
            } else if below > total {
                Some("the answer counts more below the threshold than there are")
            } else {
                None
            }
        }
        (Wants::Share, Observed::Share { matching, total }) => {
            (matching > total).then_some("the answer counts more matches than there are")
        }
        (Wants::Distribution, Observed::Distribution { sketch }) => sketch
            .is_empty()
            .then_some("the answer's distribution is empty of any encoding"),
        (Wants::Scalar, Observed::Scalar { .. }) => None,
        _ => Some("the answer has another form than was asked for"),
    }
}

fn lies_in(part: &Window, whole: &Window) -> bool {
    part.kind == whole.kind
        && part.start >= whole.start
        && part.end <= whole.end
        && part.start <= part.end
}
