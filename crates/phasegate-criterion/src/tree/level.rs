//! Conditions at one of two levels: `warn > 15s crit > 30s` says both.

use super::{Assertion, Band, Condition, Group, Operand, Test};

/// Which of two bands is meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "bands are these two")]
pub enum BandLevel {
    /// It should be seen to.
    Warning,
    /// It must be acted on.
    Critical,
}

impl Condition {
    /// When it reaches a level: the band of what has levels, and of anything else what it says. `None` if it never
    /// does.
    ///
    /// ```
    /// use phasegate_criterion::{BandLevel, Criterion};
    /// let criterion: Criterion = "p50(t) warn > 15s or ratio(e) > 1%".parse()?;
    /// let critical = criterion.condition.at_level(BandLevel::Critical);
    /// assert_eq!(critical.map(|one| one.to_string()).as_deref(), Some("ratio(e) > 1%"));
    /// # Ok::<(), phasegate_criterion::ParseError>(())
    /// ```
    #[must_use]
    pub fn at_level(&self, level: BandLevel) -> Option<Self> {
        match self {
            Self::Test(test) => test.at_level(level).map(|test| Self::Test(Box::new(test))),
            Self::All(group) => {
                let parts = group.conditions().iter().map(|one| one.at_level(level));
                Group::new(parts.collect::<Option<_>>()?).map(Self::All)
            }
            Self::Any(group) => {
                let parts = group.conditions().iter();
                let mut parts: Vec<_> = parts.filter_map(|one| one.at_level(level)).collect();
                match parts.len() {
                    0 | 1 => parts.pop(),
                    _ => Group::new(parts).map(Self::Any),
                }
            }
            Self::Approve(_)
            | Self::Check(_)
            | Self::Delivered(_)
            | Self::Event(_)
            | Self::ForAll { .. }
            | Self::Group(_)
            | Self::Monitor(_)
            | Self::Not(_)
            | Self::Score(_) => Some(self.clone()),
        }
    }
}

impl Test {
    fn at_level(&self, level: BandLevel) -> Option<Self> {
        let Assertion::Bands { warn, crit } = &self.assertion else {
            return Some(self.clone());
        };
        let band = match level {
            BandLevel::Warning => warn.as_ref()?,
            BandLevel::Critical => crit.as_ref()?,
        };
        Some(Self {
            assertion: Assertion::Compare(Band {
                op: band.op,
                value: Operand::Value(band.value.clone()),
            }),
            ..self.clone()
        })
    }
}
