//! Criteria that cannot hold together: `ratio(errors) > 5% and ratio(errors) < 1%`, in one criterion or in a
//! list of which each must hold. What one comparison alone can never meet, the criterion language says.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use phasegate_core::{Quantity, Ratio};
use phasegate_criterion::{
    Aggregate, Assertion, Band, Choice, Cmp, Condition, Criterion, FailureLimits, Length, Measure,
    Name, Operand, Scope as When, Subject, Test,
};

use super::At;

/// What is asked so far of each number that the criteria of one list are about.
#[derive(Default)]
pub(super) struct Asked<'c> {
    ranges: BTreeMap<Key<'c>, Range<'c>>,
    /// Of the values of one KPI, which ranks are asked about.
    ranks: BTreeMap<Values<'c>, Vec<(Ratio, Key<'c>)>>,
}

type Key<'c> = (&'c Subject, Option<&'c Length>);

/// The values of a KPI, or of parts of it, over some time: their ranks have an order.
type Values<'c> = (
    &'c Choice,
    &'c [Choice],
    Option<&'c Name>,
    Option<&'c Length>,
);

/// So many ranks of the same values are compared with each other.
const RANKS_MAX: usize = 16;

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
                    *self = Self::default();
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
        let found = bounds(test).into_iter().find_map(|(op, bound)| {
            let refused = range.refuses(op, bound)?;
            let asked = format!("{} {bound}", op.text());
            let measure = &test.subject.measure;
            Some(format!(
                "no value of '{measure}' is {asked} and {refused} at once"
            ))
        });
        found.or_else(|| self.out_of_order(key))
    }

    /// A rank that is to lie above a higher one of the same values: `p50(latency) > 200ms` and
    /// `p99(latency) < 100ms`.
    fn out_of_order(&mut self, key: Key<'c>) -> Option<String> {
        let (rank, values) = rank(key)?;
        let others = self.ranks.entry(values).or_default();
        let range = self.ranges.get(&key)?;
        let found = others.iter().find_map(|(other, other_key)| {
            let its = self.ranges.get(other_key)?;
            let (low, low_key, high, high_key) = match rank.cmp(other) {
                Ordering::Less => (range, key, its, *other_key),
                Ordering::Greater => (its, *other_key, range, key),
                Ordering::Equal => return None,
            };
            let ((least, with), (most, its)) = (low.least?, high.most?);
            beyond(least, most, with && its, Ordering::Greater).then(|| {
                let (from, to) = (if with { ">=" } else { ">" }, if its { "<=" } else { "<" });
                format!(
                    "'{}' is never {from} {least} while '{}' is {to} {most}",
                    low_key.0.measure, high_key.0.measure
                )
            })
        });
        let known = others.iter().any(|(_, other)| *other == key);
        if !known && others.len() < RANKS_MAX {
            others.push((rank, key));
        }
        found
    }
}

/// Which rank of which values is measured, if it is one: at least this share of them is no larger.
fn rank<'c>((subject, over): Key<'c>) -> Option<(Ratio, Values<'c>)> {
    let Measure::Aggregate { by, of, parts } = &subject.measure else {
        return None;
    };
    let rank = match by {
        Aggregate::Min => Ratio::ZERO,
        Aggregate::Median => Ratio::from_percent(50).ok()?,
        Aggregate::Percentile(share) => *share,
        Aggregate::Max => Ratio::ONE,
        Aggregate::Age
        | Aggregate::Average
        | Aggregate::Count
        | Aggregate::Deviation
        | Aggregate::Equal
        | Aggregate::Frequency
        | Aggregate::Interval
        | Aggregate::Last
        | Aggregate::Rate
        | Aggregate::Rating
        | Aggregate::Ratio
        | Aggregate::Share
        | Aggregate::Sum
        | Aggregate::Time
        | Aggregate::Usage => return None,
    };
    Some((rank, (of, parts, subject.per.as_ref(), over)))
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
