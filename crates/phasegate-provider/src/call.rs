//! What every call carries beside its arguments: how long it may take, under which key it repeats and
//! who may make it. Nothing here reads a clock.

use phasegate_core::{EffectClass, EffectKey, Span, Timestamp};
use phasegate_resilience::CallClass;

/// The context of one call to a provider.
///
/// ```
/// use phasegate_core::{Span, Timestamp};
/// use phasegate_provider::{Call, CallClass};
/// let call = Call::new(Timestamp::EPOCH, Span::from_secs(5)).with_class(CallClass::Safety);
/// assert_eq!(call.deadline, Span::from_secs(5));
/// assert!(call.may_repeat());
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Call {
    /// The caller's wall clock when the call was made. Adapters stamp requests with it, and sources that can only tell
    /// what is so now hold windows against it ([`answers_now`](crate::answers_now)); it decides nothing else.
    pub at: Timestamp,
    /// How much a call matters. Local limits keep room for what matters more.
    pub class: CallClass,
    /// The time that is left. What cannot be done within it must not be done at all.
    pub deadline: Span,
    /// How the effect that this call belongs to may be repeated; `None` for calls that change nothing.
    pub effect: Option<EffectClass>,
    /// The epoch of the caller's lease, for other sides that can refuse an older one.
    pub fencing: Option<u64>,
    /// The idempotency key, the same for every attempt, before and after a crash.
    pub key: Option<EffectKey>,
}

impl Call {
    /// A call that changes nothing, made at `at`, with `deadline` left.
    #[must_use]
    pub fn new(at: Timestamp, deadline: Span) -> Self {
        Self {
            at,
            class: CallClass::Read,
            deadline,
            effect: None,
            fencing: None,
            key: None,
        }
    }

    /// The same call with another class.
    #[must_use]
    pub fn with_class(mut self, class: CallClass) -> Self {
        self.class = class;
        self
    }

    /// The same call with less or more time left.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Span) -> Self {
        self.deadline = deadline;
        self
    }

    /// The same call as part of an effect: with its key and how it may be repeated.
    #[must_use]
    pub fn with_effect(mut self, key: EffectKey, class: EffectClass) -> Self {
        self.key = Some(key);
        self.effect = Some(class);
        self
    }

    /// The same call as one that only looks: it may always be repeated.
    #[must_use]
    pub fn without_effect(mut self) -> Self {
        self.key = None;
        self.effect = None;
        self
    }

    /// The same call under a lease's epoch.
    #[must_use]
    pub fn with_fencing(mut self, epoch: u64) -> Self {
        self.fencing = Some(epoch);
        self
    }

    /// May an attempt be repeated although an earlier one may have arrived?
    ///
    /// A conditional write is not repeated: the refusal of the second attempt would hide that the
    /// first one went through.
    pub fn may_repeat(&self) -> bool {
        match self.effect {
            None
            | Some(
                EffectClass::AbsoluteWithReadBack
                | EffectClass::FireAndForget
                | EffectClass::IdempotentByKey,
            ) => true,
            Some(EffectClass::AtMostOnce | EffectClass::Conditional) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_effects_that_must_not_happen_twice_are_not_repeated() {
        let call = Call::new(Timestamp::EPOCH, Span::from_secs(1));
        let key = EffectKey::new(&"r".parse().expect("an id"), 1);
        assert!(call.may_repeat());
        for (class, may) in [
            (EffectClass::AbsoluteWithReadBack, true),
            (EffectClass::AtMostOnce, false),
            (EffectClass::Conditional, false),
            (EffectClass::FireAndForget, true),
            (EffectClass::IdempotentByKey, true),
        ] {
            let call = call.clone().with_effect(key.clone(), class);
            assert_eq!(call.may_repeat(), may, "{class:?}");
        }
    }
}
