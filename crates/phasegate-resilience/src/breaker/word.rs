//! The state of a breaker in 64 bits: kind 3, clean 1, probe permits 10, generation 14, deadline 36.
//!
//! The deadline is in milliseconds modulo 2^36 (2.2 years) and compared modulo 2^36, so the origin
//! of the clock does not matter.

use core::fmt;

const KIND_BITS: u64 = 0b111;
const CLEAN: u64 = 1 << 3;
const PERMITS_SHIFT: u32 = 4;
const PERMITS_BITS: u64 = 0x3ff;
const GENERATION_SHIFT: u32 = 14;
const GENERATION_BITS: u64 = 0x3fff;
const DEADLINE_SHIFT: u32 = 28;
const DEADLINE_BITS: u64 = (1 << 36) - 1;

/// The most probes that a half-open state can admit.
pub(super) const PERMITS_MAX: u32 = 1023;

/// What a breaker does with calls.
///
/// ```
/// use phasegate_resilience::{Breaker, BreakerConfig, State, Tick};
///
/// let breaker = Breaker::new(BreakerConfig::default())?;
/// assert_eq!(breaker.state(), State::Closed);
/// breaker.disable(&Tick::ZERO);
/// assert_eq!(breaker.state().to_string(), "disabled");
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[expect(
    clippy::exhaustive_enums,
    reason = "a state machine: callers treat every state"
)]
pub enum State {
    /// Admits all and watches.
    Closed,
    /// Rejects all but safety calls, until a time.
    Open,
    /// Admits a bounded number of probes and judges them.
    HalfOpen,
    /// Rejects all until told otherwise.
    ForcedOpen,
    /// Admits all and watches nothing.
    Disabled,
    /// Admits all, watches, and counts what it would have rejected.
    MetricsOnly,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
            Self::ForcedOpen => "forced open",
            Self::Disabled => "disabled",
            Self::MetricsOnly => "metrics-only",
        })
    }
}

/// The kind bits. The shadow kinds run the same machine without enforcing it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Closed,
    Open,
    HalfOpen,
    ForcedOpen,
    Disabled,
    ShadowClosed,
    ShadowOpen,
    ShadowHalfOpen,
}

impl Kind {
    const fn bits(self) -> u64 {
        match self {
            Self::Closed => 0,
            Self::Open => 1,
            Self::HalfOpen => 2,
            Self::ForcedOpen => 3,
            Self::Disabled => 4,
            Self::ShadowClosed => 5,
            Self::ShadowOpen => 6,
            Self::ShadowHalfOpen => 7,
        }
    }

    pub(super) const fn state(self) -> State {
        match self {
            Self::Closed => State::Closed,
            Self::Open => State::Open,
            Self::HalfOpen => State::HalfOpen,
            Self::ForcedOpen => State::ForcedOpen,
            Self::Disabled => State::Disabled,
            Self::ShadowClosed | Self::ShadowOpen | Self::ShadowHalfOpen => State::MetricsOnly,
        }
    }

    pub(super) const fn is_shadow(self) -> bool {
        matches!(
            self,
            Self::ShadowClosed | Self::ShadowOpen | Self::ShadowHalfOpen
        )
    }

    /// The same place in the machine, enforced or not as `shadow` says.
    pub(super) const fn closed(shadow: bool) -> Self {
        if shadow {
            Self::ShadowClosed
        } else {
            Self::Closed
        }
    }

    pub(super) const fn open(shadow: bool) -> Self {
        if shadow { Self::ShadowOpen } else { Self::Open }
    }

    pub(super) const fn half_open(shadow: bool) -> Self {
        if shadow {
            Self::ShadowHalfOpen
        } else {
            Self::HalfOpen
        }
    }
}

/// One consistent view of a breaker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Word(pub(super) u64);

impl Word {
    pub(super) const START: Self = Self(0);

    /// The first word of a new state.
    pub(super) const fn new(kind: Kind, generation: u64, permits: u32, deadline: u64) -> Self {
        Self(
            kind.bits()
                | (((permits as u64) & PERMITS_BITS) << PERMITS_SHIFT)
                | ((generation & GENERATION_BITS) << GENERATION_SHIFT)
                | ((deadline & DEADLINE_BITS) << DEADLINE_SHIFT),
        )
    }

    #[inline]
    pub(super) const fn is_closed(self) -> bool {
        self.0 & KIND_BITS == Kind::Closed.bits()
    }

    #[inline]
    pub(super) const fn is_open(self) -> bool {
        self.0 & KIND_BITS == Kind::Open.bits()
    }

    #[inline]
    pub(super) const fn kind(self) -> Kind {
        match self.0 & KIND_BITS {
            0 => Kind::Closed,
            1 => Kind::Open,
            2 => Kind::HalfOpen,
            3 => Kind::ForcedOpen,
            4 => Kind::Disabled,
            5 => Kind::ShadowClosed,
            6 => Kind::ShadowOpen,
            // Three bits: nothing but 7 is left.
            _ => Kind::ShadowHalfOpen,
        }
    }

    #[inline]
    pub(super) const fn is_clean(self) -> bool {
        self.0 & CLEAN != 0
    }

    pub(super) const fn with_clean(self, clean: bool) -> Self {
        if clean {
            Self(self.0 | CLEAN)
        } else {
            Self(self.0 & !CLEAN)
        }
    }

    pub(super) const fn permits(self) -> u64 {
        (self.0 >> PERMITS_SHIFT) & PERMITS_BITS
    }

    pub(super) const fn with_permits(self, permits: u64) -> Self {
        Self(self.0 & !(PERMITS_BITS << PERMITS_SHIFT) | (permits << PERMITS_SHIFT))
    }

    #[inline]
    pub(super) const fn generation(self) -> u64 {
        (self.0 >> GENERATION_SHIFT) & GENERATION_BITS
    }

    #[inline]
    pub(super) const fn deadline(self) -> u64 {
        self.0 >> DEADLINE_SHIFT
    }

    pub(super) const fn with_deadline(self, deadline: u64) -> Self {
        Self(
            self.0 & !(DEADLINE_BITS << DEADLINE_SHIFT)
                | ((deadline & DEADLINE_BITS) << DEADLINE_SHIFT),
        )
    }

    /// Milliseconds until the deadline at `now` (in milliseconds); `None` when it has come.
    #[inline]
    pub(super) const fn remaining(self, now: u64) -> Option<u64> {
        let ahead = self.deadline().wrapping_sub(now) & DEADLINE_BITS;
        if ahead == 0 || ahead > DEADLINE_BITS / 2 {
            None
        } else {
            Some(ahead)
        }
    }

    /// Whether a result that was admitted under `ticket` still belongs to this state.
    #[inline]
    pub(super) const fn admits_result_of(self, ticket: Self) -> bool {
        const SAME: u64 = KIND_BITS | (GENERATION_BITS << GENERATION_SHIFT);
        (self.0 ^ ticket.0) & SAME == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_comes_back_and_disturbs_no_other() {
        for bits in 0..8 {
            let kind = Word(bits).kind();
            let word = Word::new(kind, 0x3abc, 1023, (1 << 36) - 2);
            assert_eq!(word.kind(), kind);
            assert_eq!(word.kind().bits(), bits);
            assert_eq!((word.generation(), word.permits()), (0x3abc, 1023));
            assert_eq!(word.deadline(), (1 << 36) - 2);
            assert!(!word.is_clean() && word.with_clean(true).is_clean());
            assert_eq!(word.with_clean(true).with_clean(false), word);
            assert_eq!(word.with_permits(3).with_permits(1023), word);
        }
    }

    #[test]
    fn deadlines_compare_across_the_wrap() {
        let rows: &[(u64, u64, Option<u64>)] = &[
            (100, 99, Some(1)),
            (100, 100, None),
            (100, 5000, None),
            ((1 << 36) + 5, (1 << 36) - 5, Some(10)),
            (1 << 36, (1 << 36) + 1, None),
        ];
        for &(deadline, now, remaining) in rows {
            let word = Word::new(Kind::Open, 1, 0, deadline);
            assert_eq!(word.remaining(now), remaining, "{deadline} at {now}");
        }
    }
}
