//! Which values of a measure a criterion holds for, as stretches of numbers: so that two criteria can be laid side
//! by side. What is compared with anything but values that stand in the criterion has none.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use phasegate_core::{Dimension, Fraction};

use super::together::Purpose;
use crate::tree::{Assertion, Band, Cmp, Condition, Measure, Operand, Reference, Subject, Test};

/// What two thresholds must share to be compared: the measure, what a change is against, and the dimension.
pub(super) type Key<'c> = (&'c Subject, Option<&'c Reference>, Dimension);

/// The values of each measure for which conditions hold.
pub(super) type Held<'c> = BTreeMap<Key<'c>, Values<'c>>;

/// So many comparisons of one measure are named in a fault.
const NAMED_MAX: usize = 4;

/// Some values of a measure, and how they are written.
#[derive(Clone)]
pub(super) struct Values<'c> {
    pub(super) stretches: Vec<Stretch>,
    pub(super) asserted: Vec<&'c Assertion>,
}

/// All numbers between two ends; an end that is `None` is open to that side.
#[derive(Clone, Copy)]
pub(super) struct Stretch {
    pub(super) low: Option<End>,
    pub(super) high: Option<End>,
}

/// An end of a stretch, itself in it or not.
#[derive(Clone, Copy)]
pub(super) struct End {
    pub(super) at: Fraction,
    pub(super) closed: bool,
}

impl Stretch {
    /// What lies in both, if anything does.
    pub(super) fn with(self, other: Self) -> Option<Self> {
        // Of two ends the one further in; of two at one place the open one.
        let further = |one: Option<End>, other: Option<End>, inwards: Ordering| match (one, other) {
            (Some(one), Some(other)) => Some(match one.at.cmp(&other.at) {
                Ordering::Equal => End {
                    closed: one.closed && other.closed,
                    ..one
                },
                order if order == inwards => one,
                Ordering::Greater | Ordering::Less => other,
            }),
            (one, other) => one.or(other),
        };
        let low = further(self.low, other.low, Ordering::Greater);
        let high = further(self.high, other.high, Ordering::Less);
        let holds_any = match (low, high) {
            (Some(low), Some(high)) => match low.at.cmp(&high.at) {
                Ordering::Less => true,
                Ordering::Equal => low.closed && high.closed,
                Ordering::Greater => false,
            },
            (_, _) => true,
        };
        holds_any.then_some(Self { low, high })
    }

    /// Does it begin where another one ends, without a value between them? They share none.
    pub(super) fn follows(self, before: Self) -> bool {
        match (before.high, self.low) {
            (Some(end), Some(start)) => end.at == start.at && (end.closed || start.closed),
            (_, _) => false,
        }
    }
}

impl Values<'_> {
    /// What lies in both.
    fn with(&self, other: &Self) -> Self {
        let pairs = self
            .stretches
            .iter()
            .flat_map(|one| other.stretches.iter().map(move |two| one.with(*two)));
        Self {
            stretches: pairs.flatten().collect(),
            asserted: self
                .asserted
                .iter()
                .chain(&other.asserted)
                .copied()
                .collect(),
        }
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let mut pairs = self
            .stretches
            .iter()
            .flat_map(|one| other.stretches.iter().map(move |two| one.with(*two)));
        pairs.any(|both| both.is_some())
    }

    /// As it is written, of many comparisons the first ones.
    pub(super) fn text(&self) -> String {
        let written = self.asserted.iter().take(NAMED_MAX);
        let texts: Vec<String> = written.map(ToString::to_string).collect();
        let more = self.asserted.len().saturating_sub(NAMED_MAX);
        let joined = texts.join(" and ");
        if more == 0 {
            joined
        } else {
            format!("{joined} and {more} more")
        }
    }
}

/// For which values all of these hold: first what they say together, then each of their alternatives, narrowed by
/// what holds beside it. `above` is what holds around them.
pub(super) fn held<'c>(
    all: &[&'c Condition],
    purpose: Purpose,
    above: &[&Held<'c>],
    out: &mut Vec<Held<'c>>,
) {
    let (mut together, mut alternatives) = (Held::new(), Vec::new());
    let mut open: Vec<&Condition> = all.iter().rev().copied().collect();
    while let Some(condition) = open.pop() {
        match condition {
            Condition::All(group) => open.extend(group.conditions().iter().rev()),
            Condition::Any(_) | Condition::Score(_) => alternatives.extend(condition.parts()),
            Condition::Test(test) => {
                if let Some((key, values)) = of_test(test, purpose) {
                    let around = || above.iter().rev().find_map(|held| held.get(&key));
                    let narrowed = match together.get(&key).or_else(around) {
                        Some(known) => known.with(&values),
                        None => values,
                    };
                    together.insert(key, narrowed);
                }
            }
            Condition::Approve(_)
            | Condition::Check(_)
            | Condition::Delivered(_)
            | Condition::Event(_)
            | Condition::ForAll { .. }
            | Condition::Group(_)
            | Condition::Monitor(_)
            | Condition::Not(_) => {}
        }
    }
    let mut around: Vec<&Held<'c>> = above.to_vec();
    around.push(&together);
    let mut inner = Vec::new();
    for alternative in alternatives {
        held(&[alternative], purpose, &around, &mut inner);
    }
    out.push(together);
    out.append(&mut inner);
}

/// For which values a test holds. Of two-level bands: to pass, what is not critical; to go back, what is.
pub(super) fn of_test(test: &Test, purpose: Purpose) -> Option<(Key<'_>, Values<'_>)> {
    let change = matches!(test.subject.measure, Measure::Change(_));
    let (stretches, dimension) = match &test.assertion {
        Assertion::Compare(Band {
            op,
            value: Operand::Value(value),
        })
        | Assertion::Reach {
            op: Some(op),
            to: value,
            ..
        } => {
            let exact = !value.is_approximate() || op.is_upper_bound() || op.is_lower_bound();
            let at = value.quantity().base().filter(|_| exact)?;
            (of_comparison(*op, at), value.quantity().dimension())
        }
        Assertion::Bands { warn, crit } => {
            let band = match purpose {
                Purpose::Pass => crit.as_ref().or(warn.as_ref()),
                Purpose::Rollback => crit.as_ref(),
            }?;
            let at = band.value.quantity().base()?;
            let op = match purpose {
                Purpose::Pass => opposite(band.op),
                Purpose::Rollback => band.op,
            };
            (of_comparison(op, at), band.value.quantity().dimension())
        }
        Assertion::Within(range) => {
            let (low, high) = (range.low.quantity(), range.high.quantity());
            let (from, to) = (low.base()?, high.base()?);
            let closed = |at| Some(End { at, closed: true });
            // Of a change the end nearer to zero is required; beyond the other one it still passes.
            let stretch = Stretch {
                low: closed(from).filter(|_| !change || to > Fraction::ZERO),
                high: closed(to)
                    .filter(|_| !change || to <= Fraction::ZERO || from < Fraction::ZERO),
            };
            let fits = low.dimension() == high.dimension();
            (vec![stretch], Some(low.dimension()).filter(|_| fits)?)
        }
        Assertion::Comparable(_)
        | Assertion::Compare(_)
        | Assertion::NoWorse(_)
        | Assertion::Reach { .. }
        | Assertion::Stable => return None,
    };
    let against = test.against.as_ref().filter(|_| change);
    Some((
        (&test.subject, against, dimension),
        Values {
            stretches,
            asserted: vec![&test.assertion],
        },
    ))
}

fn of_comparison(op: Cmp, at: Fraction) -> Vec<Stretch> {
    let end = |closed| Some(End { at, closed });
    let upwards = |closed| Stretch {
        low: end(closed),
        high: None,
    };
    let downwards = |closed| Stretch {
        low: None,
        high: end(closed),
    };
    match op {
        Cmp::Equal => vec![Stretch {
            low: end(true),
            high: end(true),
        }],
        Cmp::Greater => vec![upwards(false)],
        Cmp::GreaterOrEqual => vec![upwards(true)],
        Cmp::Less => vec![downwards(false)],
        Cmp::LessOrEqual => vec![downwards(true)],
        Cmp::NotEqual => vec![downwards(false), upwards(false)],
    }
}

const fn opposite(op: Cmp) -> Cmp {
    match op {
        Cmp::Equal => Cmp::NotEqual,
        Cmp::Greater => Cmp::LessOrEqual,
        Cmp::GreaterOrEqual => Cmp::Less,
        Cmp::Less => Cmp::GreaterOrEqual,
        Cmp::LessOrEqual => Cmp::Greater,
        Cmp::NotEqual => Cmp::Equal,
    }
}
