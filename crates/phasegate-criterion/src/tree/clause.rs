//! A whole criterion: a condition, when it must hold, for how long, and what is to be done about it.

use super::{Condition, Date, Length, Name, Severity, Text};

/// A condition with everything that is said about the whole of it.
///
/// Its text form is the criterion language; reading what it prints gives the same tree.
///
/// ```
/// use phasegate_criterion::Criterion;
/// let criterion: Criterion = "ratio(errors) over 1m > 10%   for 5m do rollback".parse()?;
/// assert_eq!(criterion.to_string(), "ratio(errors) > 10% over 1m for 5m do rollback");
/// # Ok::<(), phasegate_criterion::ParseError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Criterion {
    /// What must hold.
    pub condition: Condition,
    /// When.
    pub scope: Scope,
    /// `every 30s`: how often to look.
    pub every: Option<Length>,
    /// For how long, and what gaps do.
    pub hold: HoldClause,
    /// How often it may fail.
    pub limits: FailureLimits,
    /// By when.
    pub by: Option<Deadline>,
    /// What follows from it; the names are given meaning by the plan.
    pub response: Response,
}

impl Criterion {
    /// Is any of its tests to be shown with a confidence?
    ///
    /// ```
    /// use phasegate_criterion::Criterion;
    /// let literal: Criterion = "ratio(errors) < 2%".parse()?;
    /// let shown: Criterion = "ratio(errors) < 2% confidence 95%".parse()?;
    /// assert!(!literal.has_confidence() && shown.has_confidence());
    /// # Ok::<(), phasegate_criterion::ParseError>(())
    /// ```
    #[must_use]
    pub fn has_confidence(&self) -> bool {
        let mut tests = self.condition.tests();
        tests.any(|test| test.level().is_some())
    }
}

impl From<Condition> for Criterion {
    fn from(condition: Condition) -> Self {
        Self {
            condition,
            scope: Scope::AtGate,
            every: None,
            hold: HoldClause::default(),
            limits: FailureLimits::default(),
            by: None,
            response: Response::default(),
        }
    }
}

/// When a criterion must hold.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever evaluates has a rule for each"
)]
pub enum Scope {
    /// When it is asked: at the gate, or, for a trigger, now.
    #[default]
    AtGate,
    /// `during deployment`: whenever it is looked at during this stretch.
    During(Name),
    /// `throughout`: whenever it is looked at during the phase.
    Throughout,
}

/// `for 10m keep 5m gap freeze min 3 points`.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct HoldClause {
    /// It counts once it has held this long.
    pub for_: Option<Length>,
    /// It counts until it has not held for this long.
    pub keep: Option<Length>,
    /// What an evaluation without result does; where nothing stands, `reset`.
    pub gap: Option<GapPolicy>,
    /// It counts once it has held in so many evaluations.
    pub points_min: Option<u32>,
}

/// What an evaluation without result does to a hold.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever evaluates has a rule for each"
)]
pub enum GapPolicy {
    /// Nothing changes; the time does not count.
    Freeze,
    /// As if the condition were false.
    Reset,
    /// So many on end change nothing, the next one resets.
    Tolerate(u32),
}

/// How often a criterion may fail before the whole counts as failed. `at most 3 failures`,
/// `at most 2 consecutive failures`; where nothing stands, never.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct FailureLimits {
    /// In all.
    pub total: Option<u32>,
    /// On end.
    pub consecutive: Option<u32>,
}

/// By when a goal is to be reached.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "time from the start, or a date")]
pub enum Deadline {
    /// So long after the start.
    In(Length),
    /// On a day.
    On(Date),
}

/// What follows. The language does not interpret it.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Response {
    /// `severity critical`, `severity p1`.
    pub severity: Option<Severity>,
    /// `do rollback do "Scale build servers"`.
    pub actions: Vec<Action>,
    /// `decide within 1h`: how long the decision may take.
    pub decide_within: Option<Length>,
    /// `within 30m`: how long carrying it out may take.
    pub within: Option<Length>,
}

/// Something to do.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "a name, or words for people")]
pub enum Action {
    /// A response the plan knows by this name.
    Named(Name),
    /// Words for people.
    Said(Text),
}
