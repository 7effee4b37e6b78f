//! Conditions: tests of measures, and what people, events and time decide, joined by and, or, score.

use phasegate_core::Ratio;

use super::{
    Against, Choice, Given, Length, Measure, Name, Operand, Reference, Subject, Text, Value,
    ValueRange,
};

/// What must hold.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever evaluates has a rule for each"
)]
pub enum Condition {
    /// `a and b`.
    All(Group),
    /// `a or b`.
    Any(Group),
    /// `approve CTO`: a person in this role said yes.
    Approve(Name),
    /// `check "..."`: a person attests it.
    Check(Text),
    /// `delivered within 8w`.
    Delivered(Length),
    /// `on event(data_loss or corruption)`: one of these was declared.
    Event(Choice),
    /// `all scripts satisfy "deploy without errors" in [unit, e2e]`: a person or tool attests it of each.
    ForAll {
        /// Of what; a name, perhaps with parts.
        of: Measure,
        /// What holds of each.
        satisfy: Text,
        /// Among which kinds; empty for all.
        among: Vec<Name>,
    },
    /// `all of criteria(metrics)`: all the criteria of this group, or of the phase.
    Group(Option<Name>),
    /// `monitor for 30d`: so much time has passed under watch.
    Monitor(Length),
    /// `not check "..."`: of what people say and events show, the opposite.
    Not(Negated),
    /// `score [2: a, 1: b] >= 90% warn 75%`.
    Score(Weighted),
    /// A measure against something.
    Test(Box<Test>),
}

impl Condition {
    /// The conditions that it joins by `and`, `or` or weights, in the order of the text; of any other, none.
    ///
    /// ```
    /// use phasegate_criterion::Criterion;
    ///
    /// let criterion: Criterion = "p95(latency) < 300ms and ratio(errors) < 1%".parse()?;
    /// let parts: Vec<String> = criterion.condition.parts().map(ToString::to_string).collect();
    /// assert_eq!(parts, ["p95(latency) < 300ms", "ratio(errors) < 1%"]);
    /// # Ok::<(), phasegate_criterion::ParseError>(())
    /// ```
    pub fn parts(&self) -> impl Iterator<Item = &Self> {
        let (joined, weighted): (&[Self], &[(u32, Self)]) = match self {
            Self::All(group) | Self::Any(group) => (group.conditions(), &[]),
            Self::Score(weighted) => (&[], weighted.parts()),
            Self::Approve(_)
            | Self::Check(_)
            | Self::Delivered(_)
            | Self::Event(_)
            | Self::ForAll { .. }
            | Self::Group(_)
            | Self::Monitor(_)
            | Self::Not(_)
            | Self::Test(_) => (&[], &[]),
        };
        joined.iter().chain(weighted.iter().map(|(_, part)| part))
    }

    /// All tests in it, in the order of the text. What is negated holds none.
    pub fn tests(&self) -> impl Iterator<Item = &Test> {
        Tests {
            next: Some(self),
            behind: Vec::new(),
        }
    }
}

/// The tests of a condition; of one that is a test itself nothing is put aside.
struct Tests<'c> {
    next: Option<&'c Condition>,
    /// What comes after it, the next one last.
    behind: Vec<&'c Condition>,
}

impl<'c> Iterator for Tests<'c> {
    type Item = &'c Test;

    fn next(&mut self) -> Option<&'c Test> {
        loop {
            let condition = self.next.take().or_else(|| self.behind.pop())?;
            if let Condition::Test(test) = condition {
                return Some(test);
            }
            let known = self.behind.len();
            self.behind.extend(condition.parts());
            if let Some(parts) = self.behind.get_mut(known..) {
                parts.reverse();
            }
        }
    }
}

/// Two or more conditions.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Group(Vec<Condition>);

impl Group {
    /// Two or more conditions; `None` for fewer.
    #[must_use]
    pub fn new(conditions: Vec<Condition>) -> Option<Self> {
        (conditions.len() >= 2).then_some(Self(conditions))
    }

    /// The conditions, two or more.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        &self.0
    }
}

/// What people say or events show, and that it is not so. A comparison has an opposite of its own.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Negated(Box<Condition>);

impl Negated {
    /// The opposite of an approval, a check, an event or what all of a kind satisfy; `None` of the rest.
    #[must_use]
    pub fn new(condition: Condition) -> Option<Self> {
        match condition {
            Condition::Approve(_)
            | Condition::Check(_)
            | Condition::Event(_)
            | Condition::ForAll { .. } => Some(Self(Box::new(condition))),
            Condition::All(_)
            | Condition::Any(_)
            | Condition::Delivered(_)
            | Condition::Group(_)
            | Condition::Monitor(_)
            | Condition::Not(_)
            | Condition::Score(_)
            | Condition::Test(_) => None,
        }
    }

    /// What is not so.
    #[must_use]
    pub fn condition(&self) -> &Condition {
        &self.0
    }
}

/// Conditions with weights: a passed one counts with its weight, a warned one with half of it.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Weighted {
    parts: Vec<(u32, Condition)>,
    /// At least this share of the weights passes.
    pub pass: Ratio,
    /// At least this share warns.
    pub warn: Option<Ratio>,
}

impl Weighted {
    /// One or more conditions with weights above zero; `None` for anything else.
    #[must_use]
    pub fn new(parts: Vec<(u32, Condition)>, pass: Ratio, warn: Option<Ratio>) -> Option<Self> {
        let fits = !parts.is_empty() && parts.iter().all(|(weight, _)| *weight > 0);
        fits.then_some(Self { parts, pass, warn })
    }

    /// The conditions and their weights.
    #[must_use]
    pub fn parts(&self) -> &[(u32, Condition)] {
        &self.parts
    }
}

/// A measure, what is asserted of it, and how it is looked at.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Test {
    /// What is measured.
    pub subject: Subject,
    /// What is asserted.
    pub assertion: Assertion,
    /// `vs baseline`: what a change is against; on other measures, what is shown beside.
    pub against: Option<Reference>,
    /// `margin 5%`: how much worse, or how far apart, may be.
    pub margin: Option<Value>,
    /// `significant`: a difference counts only if it is established; 95 % where no confidence stands.
    pub significant: bool,
    /// `cap 2s`: of a mean with confidence, values above count as this. What is judged is the mean of the
    /// capped values, and that needs no assumption on how values are spread.
    pub cap: Option<Value>,
    /// `confidence 99%`: evidence that stays valid under continuous looking. Above 0 %, below 100 %.
    pub confidence: Option<Ratio>,
    /// `min 500 samples`.
    pub samples_min: Option<u64>,
    /// `over 5m`: aggregated over this time.
    pub over: Option<Length>,
    /// `derived change = -30%`: a figure that must follow from the others.
    pub derived: Option<Value>,
    /// `actual unknown`: nothing has been measured yet.
    pub actual_unknown: bool,
}

impl Test {
    /// A test without further clauses.
    #[must_use]
    pub const fn new(subject: Subject, assertion: Assertion) -> Self {
        Self {
            subject,
            assertion,
            against: None,
            margin: None,
            significant: false,
            cap: None,
            confidence: None,
            samples_min: None,
            over: None,
            derived: None,
            actual_unknown: false,
        }
    }

    /// What it compares with, and the figure for that if one stands in it; `None` if it compares with a value alone.
    /// A change and `stable` that do not say against what are against the baseline.
    ///
    /// ```
    /// use phasegate_criterion::{Against, Criterion};
    /// let criterion: Criterion = "change(p95(latency)) < 10%".parse()?;
    /// assert_eq!(criterion.condition.tests().next().and_then(|test| test.reference()), Some((Against::Baseline, None)));
    /// let criterion: Criterion = "p95(latency) < 200ms".parse()?;
    /// assert_eq!(criterion.condition.tests().next().and_then(|test| test.reference()), None);
    /// # Ok::<(), phasegate_criterion::ParseError>(())
    /// ```
    #[must_use]
    pub fn reference(&self) -> Option<(Against, Option<&Given>)> {
        let reference = match &self.assertion {
            Assertion::Comparable(reference) | Assertion::NoWorse(reference) => Some(reference),
            Assertion::Stable => self.against.as_ref(),
            Assertion::Compare(Band {
                value: Operand::Baseline,
                ..
            }) => None,
            Assertion::Compare(_)
            | Assertion::Bands { .. }
            | Assertion::Reach { .. }
            | Assertion::Within(_) => {
                if !matches!(self.subject.measure, Measure::Change(_)) {
                    return None;
                }
                self.against.as_ref()
            }
        };
        Some(match reference {
            Some(reference) => (reference.against, reference.given.as_ref()),
            None => (Against::Baseline, None),
        })
    }

    /// The confidence asked for, `None` for literal evaluation.
    #[must_use]
    pub fn level(&self) -> Option<Ratio> {
        match (self.confidence, self.significant) {
            (Some(level), _) => Some(level),
            (None, true) => Ratio::from_percent(95).ok(),
            (None, false) => None,
        }
    }
}

/// What is asserted of a measure.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever evaluates has a rule for each"
)]
pub enum Assertion {
    /// `warn > 15s crit > 30s`: at least one of the two.
    Bands {
        /// From here on, a warning.
        warn: Option<Band>,
        /// From here on, a failure.
        crit: Option<Band>,
    },
    /// `comparable to old`: neither better nor worse by more than the margin.
    Comparable(Reference),
    /// `< 5%`, `= 5/5`, `<= budget`.
    Compare(Band<Operand>),
    /// `no worse than control`: not worse by more than the margin.
    NoWorse(Reference),
    /// `25% -> > 80%`: from here to there; without a comparison, at least or at most by the KPI's direction.
    Reach {
        /// Where it stood.
        from: Option<Given>,
        /// How it must compare with the goal.
        op: Option<Cmp>,
        /// The goal.
        to: Value,
    },
    /// `stable`: no worse than the baseline.
    Stable,
    /// `in -60%..-40%`. Of a change: the end nearer to zero is required, the other one is hoped for.
    Within(ValueRange),
}

/// One side of a threshold.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Band<V = Value> {
    /// How it compares.
    pub op: Cmp,
    /// With what.
    pub value: V,
}

/// A comparison.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "there are six")]
pub enum Cmp {
    /// `=`
    Equal,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `!=`
    NotEqual,
}

impl Cmp {
    /// As it is written.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::NotEqual => "!=",
        }
    }

    /// Does an ordering of left and right satisfy it?
    #[must_use]
    pub const fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::NotEqual => ordering.is_ne(),
        }
    }

    /// Does it hold for small values: `<` and `<=`?
    #[must_use]
    pub const fn is_upper_bound(self) -> bool {
        matches!(self, Self::Less | Self::LessOrEqual)
    }

    /// Does it hold for large values: `>` and `>=`?
    #[must_use]
    pub const fn is_lower_bound(self) -> bool {
        matches!(self, Self::Greater | Self::GreaterOrEqual)
    }
}
