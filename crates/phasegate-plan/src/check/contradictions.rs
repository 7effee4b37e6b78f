//! Criteria that cannot hold together: `ratio(errors) > 5% and ratio(errors) < 1%`, in one criterion or in a
//! list of which each must hold. What one comparison alone can never meet, the criterion language says.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use phasegate_core::Quantity;
use phasegate_criterion::{
    Assertion, Band, Cmp, Condition, Criterion, FailureLimits, Length, Measure, Operand,
    Scope as When, Subject, Test,
};

use super::At;

/// What is asked so far of each number that the criteria of one list are about.
#[derive(Default)]
pub(super) struct Asked<'c> {
    ranges: BTreeMap<(&'c Subject, Option<&'c Length>), Range<'c>>,
}

/// Between what a number must lie. The flag says that the end itself is enough.
#[derive(Default)]
struct Range<'c> {
    least: Option<(&'c Quantity, bool)>,
    most: Option<(&'c Quantity, bool)>,
}

impl<'c> Asked<'c> {
    /// What a criterion asks, beside those of its list that came before; if it cannot hold with them or with
    /// itself, why.
    pub(super) fn add(&mut self, criterion: &'c Criterion, at: At<'_>) -> Option<String> {
        let always =
            criterion.scope == When::AtGate && criterion.limits == FailureLimits::default();
        match at.in_conjunction() {
            Some(number) if always => {
                if number == 0 {
                    self.ranges.clear();
                }
                self.condition(&criterion.condition)
            }
            Some(_) | None => Self::default().condition(&criterion.condition),
        }
    }

    fn condition(&mut self, condition: &'c Condition) -> Option<String> {
        match condition {
            Condition::All(group) => {
                let mut parts = group.conditions().iter();
                parts.find_map(|part| self.condition(part))
            }
            // One that can hold is enough.
            Condition::Any(group) => {
                let apart = |part| Self::default().condition(part);
                let found: Option<Vec<String>> = group.conditions().iter().map(apart).collect();
                found.map(|all| all.join("; "))
            }
            Condition::Test(test) => self.test(test),
            Condition::Approve(_)
            | Condition::Check(_)
            | Condition::Delivered(_)
            | Condition::Event(_)
            | Condition::ForAll { .. }
            | Condition::Group(_)
            | Condition::Monitor(_)
            | Condition::Not(_)
            | Condition::Score(_) => None,
        }
    }

    fn test(&mut self, test: &'c Test) -> Option<String> {
        if test.against.is_some() {
            return None;
        }
        let key = (&test.subject, test.over.as_ref());
        let range = self.ranges.entry(key).or_default();
        bounds(test).into_iter().find_map(|(op, bound)| {
            let refused = range.refuses(op, bound)?;
            let asked = format!("{} {bound}", op.text());
            let measure = &test.subject.measure;
            Some(format!(
                "no value of '{measure}' is {asked} and {refused} at once"
            ))
        })
    }
}

/// Between which values a test asks for: one end or two; none where only about a value is asked for.
fn bounds(test: &Test) -> Vec<(Cmp, &Quantity)> {
    match &test.assertion {
        Assertion::Compare(Band {
            op,
            value: Operand::Value(value),
        }) => {
            let about = matches!(op, Cmp::Equal | Cmp::NotEqual)
                && (value.is_approximate() || test.margin.is_some());
            if about {
                return Vec::new();
            }
            vec![(*op, value.quantity())]
        }
        // A change is required to come as far as the nearer end; the other one is hoped for.
        Assertion::Within(range) if !matches!(test.subject.measure, Measure::Change(_)) => {
            vec![
                (Cmp::GreaterOrEqual, range.low.quantity()),
                (Cmp::LessOrEqual, range.high.quantity()),
            ]
        }
        Assertion::Bands { .. }
        | Assertion::Comparable(_)
        | Assertion::Compare(_)
        | Assertion::NoWorse(_)
        | Assertion::Reach { .. }
        | Assertion::Stable
        | Assertion::Within(_) => Vec::new(),
    }
}

impl<'c> Range<'c> {
    /// Narrows the range. If nothing is left of it, what is asked already.
    fn refuses(&mut self, op: Cmp, bound: &'c Quantity) -> Option<String> {
        let lower = match op {
            Cmp::Greater => Some(false),
            Cmp::GreaterOrEqual | Cmp::Equal => Some(true),
            Cmp::Less | Cmp::LessOrEqual | Cmp::NotEqual => None,
        };
        let upper = match op {
            Cmp::Less => Some(false),
            Cmp::LessOrEqual | Cmp::Equal => Some(true),
            Cmp::Greater | Cmp::GreaterOrEqual | Cmp::NotEqual => None,
        };
        if let (Some(with), Some((most, its))) = (lower, self.most)
            && beyond(bound, most, with && its, Ordering::Greater)
        {
            let op = if its { "<=" } else { "<" };
            return Some(format!("{op} {most}"));
        }
        if let (Some(with), Some((least, its))) = (upper, self.least)
            && beyond(bound, least, with && its, Ordering::Less)
        {
            let op = if its { ">=" } else { ">" };
            return Some(format!("{op} {least}"));
        }
        if let Some(with) = lower {
            narrow(&mut self.least, bound, with, Ordering::Greater);
        }
        if let Some(with) = upper {
            narrow(&mut self.most, bound, with, Ordering::Less);
        }
        None
    }
}

/// Does nothing lie between an end and the other? Where both are one, only that value, if both take it.
fn beyond(bound: &Quantity, other: &Quantity, both: bool, way: Ordering) -> bool {
    match bound.compare(other) {
        Some(Ordering::Equal) => !both,
        Some(order) => order == way,
        None => false,
    }
}

fn narrow<'c>(
    end: &mut Option<(&'c Quantity, bool)>,
    bound: &'c Quantity,
    with: bool,
    way: Ordering,
) {
    match end {
        None => *end = Some((bound, with)),
        Some((old, its)) => match bound.compare(old) {
            Some(Ordering::Equal) => *its &= with,
            Some(order) if order == way => *end = Some((bound, with)),
            Some(_) | None => {}
        },
    }
}
