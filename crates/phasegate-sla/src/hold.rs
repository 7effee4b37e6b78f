//! Holds: for how long a condition must have held, and how long it goes on counting. The semantics are
//! those of Prometheus' `for` and `keep_firing_for`, to the evaluation.

use phasegate_core::{Span, Timestamp};
use phasegate_criterion::{Criterion, GapPolicy, Length};
use serde::{Deserialize, Serialize};

/// For how long a condition must hold.
///
/// It begins to count at the first evaluation that is true, and fires at the first one at which it has
/// held for at least `for_` and in at least `points_min` evaluations. With an interval I between
/// evaluations, that takes ⌈F/I⌉ + 1 of them. One evaluation that is false ends a pending hold at once;
/// a firing one goes on firing for less than `keep` after the first false one.
///
/// ```
/// use phasegate_core::{Span, Timestamp};
/// use phasegate_sla::{Alert, Hold, HoldState};
/// let hold = Hold::of(&"ratio(errors) > 10% for 5m".parse()?);
/// let mut state = HoldState::default();
/// let minute = |n: u64| Timestamp::EPOCH + Span::from_secs(60 * n);
/// assert_eq!(hold.observe(&mut state, Some(true), minute(0)), Alert::Pending);
/// assert_eq!(hold.observe(&mut state, Some(true), minute(4)), Alert::Pending);
/// assert_eq!(hold.observe(&mut state, Some(true), minute(5)), Alert::Firing);
/// assert_eq!(hold.observe(&mut state, Some(false), minute(6)), Alert::Inactive);
/// # Ok::<(), phasegate_criterion::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Hold {
    /// It fires once it has held this long; zero fires at once.
    pub for_: Span,
    /// It goes on firing until it has not held for this long.
    pub keep: Span,
    /// What an evaluation without result does.
    pub gap: Gap,
    /// It fires once it has held in so many evaluations.
    pub points_min: u32,
}

/// What an evaluation without result does to a hold.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "the language has these three")]
pub enum Gap {
    /// Nothing changes, and the time from the last result to the next one does not count.
    Freeze,
    /// It counts as false, as in Prometheus.
    #[default]
    Reset,
    /// So many on end change nothing and their time counts; the next one counts as false.
    Tolerate(u32),
}

/// How a hold stands. The order is that of getting worse.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever reacts must have a rule for each"
)]
pub enum Alert {
    /// The condition does not hold.
    #[default]
    Inactive,
    /// It holds, not for long enough yet.
    Pending,
    /// It has held long enough.
    Firing,
}

/// What a hold remembers. Serialise it, and a restart changes nothing.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HoldState {
    alert: Alert,
    /// The first evaluation of this run of true ones, moved on by frozen time.
    active_since: Option<Timestamp>,
    /// How many evaluations of this run were true.
    points: u32,
    /// The first false evaluation since it fired.
    absent_since: Option<Timestamp>,
    /// How many evaluations on end had no result.
    gaps: u32,
    /// The last evaluation with a result.
    covered: Option<Timestamp>,
}

impl HoldState {
    /// How it stands.
    #[must_use]
    pub const fn alert(&self) -> Alert {
        self.alert
    }

    /// Since when the condition has held, less frozen time.
    #[must_use]
    pub const fn active_since(&self) -> Option<Timestamp> {
        self.active_since
    }

    /// How many evaluations on end it has held.
    #[must_use]
    pub const fn points(&self) -> u32 {
        self.points
    }
}

impl Hold {
    /// No hold: fires at once, stops at once.
    pub const NONE: Self = Self {
        for_: Span::ZERO,
        keep: Span::ZERO,
        gap: Gap::Reset,
        points_min: 0,
    };

    /// The hold of a criterion.
    #[must_use]
    pub fn of(criterion: &Criterion) -> Self {
        let span = |length: &Option<Length>| length.as_ref().and_then(Length::span);
        let clause = &criterion.hold;
        Self {
            for_: span(&clause.for_).unwrap_or(Span::ZERO),
            keep: span(&clause.keep).unwrap_or(Span::ZERO),
            gap: match clause.gap {
                None | Some(GapPolicy::Reset) => Gap::Reset,
                Some(GapPolicy::Freeze) => Gap::Freeze,
                Some(GapPolicy::Tolerate(points)) => Gap::Tolerate(points),
            },
            points_min: clause.points_min.unwrap_or(0),
        }
    }

    /// Takes in one evaluation: whether the condition holds at this moment, `None` where that cannot be
    /// said. Moments must not go back; one that does counts as the moment before it.
    pub fn observe(&self, state: &mut HoldState, condition: Option<bool>, at: Timestamp) -> Alert {
        match (condition, self.gap) {
            (Some(holds), gap) => {
                if gap == Gap::Freeze && state.gaps > 0 {
                    state.skip_frozen(at);
                }
                state.gaps = 0;
                state.covered = Some(at);
                if holds {
                    self.present(state, at);
                } else {
                    self.absent(state, at);
                }
            }
            (None, Gap::Reset) => {
                state.covered = Some(at);
                self.absent(state, at);
            }
            (None, Gap::Freeze) => state.gaps = state.gaps.saturating_add(1),
            (None, Gap::Tolerate(most)) => {
                state.gaps = state.gaps.saturating_add(1);
                if state.gaps > most {
                    self.absent(state, at);
                }
            }
        }
        state.alert
    }

    fn present(&self, state: &mut HoldState, at: Timestamp) {
        state.absent_since = None;
        state.points = state.points.saturating_add(1);
        let since = *state.active_since.get_or_insert(at);
        let long = at.since(since) >= self.for_ && state.points >= self.points_min;
        state.alert = if long { Alert::Firing } else { Alert::Pending };
    }

    fn absent(&self, state: &mut HoldState, at: Timestamp) {
        if state.alert == Alert::Firing && !self.keep.is_zero() {
            let since = *state.absent_since.get_or_insert(at);
            if at.since(since) < self.keep {
                return;
            }
        }
        let HoldState { covered, gaps, .. } = *state;
        *state = HoldState {
            covered,
            gaps,
            ..HoldState::default()
        };
    }
}

impl HoldState {
    /// The time since the last result did not count.
    fn skip_frozen(&mut self, at: Timestamp) {
        let Some(covered) = self.covered else {
            return;
        };
        let frozen = at.since(covered);
        self.active_since = self.active_since.map(|since| since + frozen);
        self.absent_since = self.absent_since.map(|since| since + frozen);
    }
}
