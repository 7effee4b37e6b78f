//! Failure limits: how often a criterion may fail before the whole counts as failed.

use phasegate_criterion::Criterion;
use serde::{Deserialize, Serialize};

/// How often a criterion may fail. Where neither limit stands, the first failure is one too many.
///
/// ```
/// use phasegate_sla::{FailureLimit, LimitState};
/// let limit = FailureLimit::of(&"ratio(errors) < 1% throughout at most 1 failures".parse()?);
/// let mut state = LimitState::default();
/// assert!(!limit.observe(&mut state, Some(false)).is_exceeded());
/// assert!(!limit.observe(&mut state, Some(true)).is_exceeded());
/// assert!(limit.observe(&mut state, Some(false)).is_exceeded());
/// # Ok::<(), phasegate_criterion::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FailureLimit {
    /// So many failures in all are allowed.
    pub total: Option<u32>,
    /// So many failures on end are allowed.
    pub consecutive: Option<u32>,
}

/// What a failure limit remembers; serialise it, and a restart changes nothing.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LimitState {
    total: u32,
    consecutive: u32,
    inconclusive: u32,
    exceeded: bool,
}

impl LimitState {
    /// Failures so far.
    #[must_use]
    pub const fn total(&self) -> u32 {
        self.total
    }

    /// Failures on end, as of the last evaluation.
    #[must_use]
    pub const fn consecutive(&self) -> u32 {
        self.consecutive
    }

    /// Evaluations without result so far.
    #[must_use]
    pub const fn inconclusive(&self) -> u32 {
        self.inconclusive
    }

    /// Was a limit exceeded, now or before? It stays so.
    #[must_use]
    pub const fn is_exceeded(&self) -> bool {
        self.exceeded
    }
}

impl FailureLimit {
    /// The limits of a criterion.
    #[must_use]
    pub const fn of(criterion: &Criterion) -> Self {
        Self {
            total: criterion.limits.total,
            consecutive: criterion.limits.consecutive,
        }
    }

    /// Takes in one evaluation. One without result is neither a failure nor the end of a run of them.
    pub fn observe(&self, state: &mut LimitState, condition: Option<bool>) -> LimitState {
        match condition {
            None => state.inconclusive = state.inconclusive.saturating_add(1),
            Some(true) => state.consecutive = 0,
            Some(false) => {
                state.total = state.total.saturating_add(1);
                state.consecutive = state.consecutive.saturating_add(1);
            }
        }
        let none = self.total.is_none() && self.consecutive.is_none();
        let total = if none { Some(0) } else { self.total };
        state.exceeded |= total.is_some_and(|most| state.total > most)
            || self
                .consecutive
                .is_some_and(|most| state.consecutive > most);
        *state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_count_in_all_and_on_end() {
        for (total, consecutive, evaluations, exceeded_at) in [
            (None, None, "ttf", Some(2)),
            (None, None, "tt-t", None),
            (Some(2), None, "ftftf", Some(4)),
            (None, Some(1), "ftftff", Some(5)),
            (None, Some(1), "f-f", Some(2)),
            (Some(1), Some(5), "ff", Some(1)),
            (Some(0), None, "---", None),
        ] {
            let limit = FailureLimit { total, consecutive };
            let mut state = LimitState::default();
            let mut first = None;
            for (index, evaluation) in evaluations.chars().enumerate() {
                let condition = match evaluation {
                    't' => Some(true),
                    'f' => Some(false),
                    _ => None,
                };
                if limit.observe(&mut state, condition).is_exceeded() && first.is_none() {
                    first = Some(index);
                }
            }
            assert_eq!(first, exceeded_at, "{evaluations}");
        }
    }

    #[test]
    fn what_was_exceeded_stays_exceeded() {
        let (limit, mut state) = (FailureLimit::default(), LimitState::default());
        limit.observe(&mut state, Some(false));
        assert!(limit.observe(&mut state, Some(true)).is_exceeded());
    }
}
