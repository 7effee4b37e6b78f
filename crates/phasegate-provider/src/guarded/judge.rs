//! How a policy sees our calls and errors.

use phasegate_core::EffectClass;
use phasegate_resilience::{self as resilience, Judgement, Origin, Tick};

use crate::layer::Response;
use crate::{Call, ErrorKind, ProviderError, Retry, Sent};

/// A call in the policy's words.
pub(super) fn described(call: &Call, deadline: Tick) -> resilience::Call {
    let told = match (call.effect, &call.key) {
        (None, _) => resilience::Call::read(),
        (Some(EffectClass::IdempotentByKey), Some(key)) => resilience::Call::keyed(key.as_str()),
        (Some(EffectClass::AbsoluteWithReadBack | EffectClass::FireAndForget), _) => {
            resilience::Call::idempotent()
        }
        (
            Some(EffectClass::AtMostOnce | EffectClass::Conditional | EffectClass::IdempotentByKey),
            _,
        ) => resilience::Call::at_most_once(),
    };
    told.class(call.class).deadline(deadline)
}

/// What an answer says about the other side's health, and whether another attempt could help.
pub(super) fn judged(answer: &Result<Response, ProviderError>) -> Judgement {
    let Err(error) = answer else {
        return Judgement::success();
    };
    let judgement = match error.kind() {
        // The other side works; it is we, or the world, who are wrong.
        ErrorKind::Conflict
        | ErrorKind::Denied
        | ErrorKind::Misuse
        | ErrorKind::NoData
        | ErrorKind::NotFound => Judgement::ignored(),
        ErrorKind::Rejected => Judgement::ignored().from_origin(Origin::Local),
        ErrorKind::Throttled => Judgement::throttled(),
        ErrorKind::Invalid | ErrorKind::Timeout | ErrorKind::Unavailable => match error.retry() {
            Retry::Never => Judgement::permanent(),
            Retry::After(_) | Retry::Maybe => Judgement::failure(),
        },
    };
    let judgement = judgement.because(cause(error.kind()));
    let judgement = match error.retry() {
        Retry::After(wait) => judgement.after(wait.to_duration()),
        Retry::Maybe | Retry::Never => judgement,
    };
    match error.sent() {
        Sent::Nothing if error.kind() != ErrorKind::Rejected => judgement.not_sent(),
        Sent::Maybe => judgement.from_origin(Origin::Transport),
        Sent::Nothing | Sent::Answered => judgement,
    }
}

fn cause(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Conflict => "conflict",
        ErrorKind::Denied => "denied",
        ErrorKind::Invalid => "invalid answer",
        ErrorKind::Misuse => "misuse",
        ErrorKind::NoData => "no data",
        ErrorKind::NotFound => "not found",
        ErrorKind::Rejected => "rejected locally",
        ErrorKind::Throttled => "throttled",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Unavailable => "unavailable",
    }
}
