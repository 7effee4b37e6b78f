//! Prints trees as canonical text: clauses in a fixed order, single spaces.

use std::fmt::{self, Display, Formatter};

use super::{
    Action, Against, Aggregate, Assertion, Band, Choice, Condition, Criterion, Deadline, Fact,
    GapPolicy, Given, Measure, Operand, Policy, Reference, Scope, Statement, Subject, Test, Value,
    ValueRange, Weighted,
};

fn joined<T: Display>(
    f: &mut Formatter<'_>,
    items: impl Iterator<Item = T>,
    by: &str,
) -> fmt::Result {
    for (index, item) in items.enumerate() {
        if index > 0 {
            f.write_str(by)?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

fn optional<T: Display>(f: &mut Formatter<'_>, before: &str, item: Option<T>) -> fmt::Result {
    match item {
        Some(item) => write!(f, " {before} {item}"),
        None => Ok(()),
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let approximate = if self.is_approximate() { "~" } else { "" };
        let plus = if self.has_plus() { "+" } else { "" };
        write!(f, "{approximate}{plus}{}", self.quantity())
    }
}

impl Display for ValueRange {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.low, self.high)
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Baseline => f.write_str("baseline"),
            Self::Budget => f.write_str("budget"),
            Self::Target => f.write_str("target"),
            Self::Value(value) => value.fmt(f),
        }
    }
}

impl Display for Against {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Baseline => "baseline",
            Self::Control => "control",
            Self::Old => "old",
            Self::Previous => "previous",
        })
    }
}

impl Display for Given {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Point(value) => value.fmt(f),
            Self::Range(range) => range.fmt(f),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl Display for Reference {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.given {
            Some(given) => write!(f, "{} {given}", self.against),
            None => write!(f, "{}", self.against),
        }
    }
}

impl Display for Choice {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        joined(f, self.names(), " or ")
    }
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Self::Percentile(share) = self {
            return write!(f, "p{}", share.to_string().trim_end_matches('%'));
        }
        let named = Self::NAMED.iter().find(|(_, aggregate)| aggregate == self);
        f.write_str(named.map_or("", |(name, _)| name))
    }
}

fn call(f: &mut Formatter<'_>, name: &dyn Display, parts: &[Choice]) -> fmt::Result {
    write!(f, "{name}(")?;
    joined(f, parts.iter(), ", ")?;
    f.write_str(")")
}

impl Display for Measure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aggregate { by, of, parts } => {
                write!(f, "{by}({of}")?;
                for part in parts {
                    write!(f, ", {part}")?;
                }
                f.write_str(")")
            }
            Self::Apdex { of, threshold } => write!(f, "apdex({of}, {threshold})"),
            Self::Below { of, threshold } => write!(f, "below({of}, {threshold})"),
            Self::BudgetLeft { slo } => write!(f, "budget_left({slo})"),
            Self::BurnRate { slo, window } => write!(f, "burn_rate({slo}, {window})"),
            Self::Change(of) => write!(f, "change({of})"),
            Self::Plain { kpi, parts } if parts.is_empty() => kpi.fmt(f),
            Self::Plain { kpi, parts } => call(f, kpi, parts),
            Self::Query(text) => write!(f, "query {text}"),
        }
    }
}

impl Display for Subject {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.measure.fmt(f)?;
        optional(f, "per", self.per.as_ref())
    }
}

impl<V: Display> Display for Band<V> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.op.text(), self.value)
    }
}

impl Display for Assertion {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bands { warn, crit } => {
                let sides = [("warn", warn), ("crit", crit)];
                let written = sides
                    .iter()
                    .filter_map(|(word, band)| Some((word, band.as_ref()?)));
                joined(f, written.map(|(word, band)| format!("{word} {band}")), " ")
            }
            Self::Comparable(reference) => write!(f, "comparable to {reference}"),
            Self::Compare(band) => band.fmt(f),
            Self::NoWorse(reference) => write!(f, "no worse than {reference}"),
            Self::Reach { from, op, to } => {
                if let Some(from) = from {
                    write!(f, "{from} ")?;
                }
                f.write_str("->")?;
                if let Some(op) = op {
                    write!(f, " {}", op.text())?;
                }
                write!(f, " {to}")
            }
            Self::Stable => f.write_str("stable"),
            Self::Within(range) => write!(f, "in {range}"),
        }
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.subject, self.assertion)?;
        optional(f, "vs", self.against.as_ref())?;
        optional(f, "margin", self.margin.as_ref())?;
        if self.significant {
            f.write_str(" significant")?;
        }
        optional(f, "cap", self.cap.as_ref())?;
        optional(f, "confidence", self.confidence)?;
        if let Some(count) = self.samples_min {
            write!(f, " min {count} samples")?;
        }
        optional(f, "over", self.over.as_ref())?;
        optional(f, "derived change =", self.derived.as_ref())?;
        if self.actual_unknown {
            f.write_str(" actual unknown")?;
        }
        Ok(())
    }
}

impl Display for Weighted {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("score [")?;
        joined(
            f,
            self.parts()
                .iter()
                .map(|(weight, part)| format!("{weight}: {part}")),
            ", ",
        )?;
        write!(f, "] >= {}", self.pass)?;
        optional(f, "warn", self.warn)
    }
}

/// A condition inside a group: another group of the same or a looser kind stands in brackets.
fn member(f: &mut Formatter<'_>, condition: &Condition, in_all: bool) -> fmt::Result {
    let brackets = match condition {
        Condition::Any(_) => true,
        Condition::All(_) => in_all,
        Condition::Approve(_)
        | Condition::Check(_)
        | Condition::Delivered(_)
        | Condition::Event(_)
        | Condition::ForAll { .. }
        | Condition::Group(_)
        | Condition::Monitor(_)
        | Condition::Not(_)
        | Condition::Score(_)
        | Condition::Test(_) => false,
    };
    if brackets {
        write!(f, "({condition})")
    } else {
        condition.fmt(f)
    }
}

fn group(f: &mut Formatter<'_>, members: &[Condition], in_all: bool) -> fmt::Result {
    for (index, condition) in members.iter().enumerate() {
        if index > 0 {
            f.write_str(if in_all { " and " } else { " or " })?;
        }
        member(f, condition, in_all)?;
    }
    Ok(())
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(members) => group(f, members.conditions(), true),
            Self::Any(members) => group(f, members.conditions(), false),
            Self::Approve(role) => write!(f, "approve {role}"),
            Self::Check(text) => write!(f, "check {text}"),
            Self::Delivered(length) => write!(f, "delivered within {length}"),
            Self::Event(events) => write!(f, "on event({events})"),
            Self::ForAll { of, satisfy, among } => {
                write!(f, "all {of} satisfy {satisfy}")?;
                if !among.is_empty() {
                    f.write_str(" in [")?;
                    joined(f, among.iter(), ", ")?;
                    f.write_str("]")?;
                }
                Ok(())
            }
            Self::Group(None) => f.write_str("all of criteria"),
            Self::Group(Some(name)) => write!(f, "all of criteria({name})"),
            Self::Monitor(length) => write!(f, "monitor for {length}"),
            Self::Not(negated) => write!(f, "not {}", negated.condition()),
            Self::Score(weighted) => weighted.fmt(f),
            Self::Test(test) => test.fmt(f),
        }
    }
}

impl Display for Action {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => name.fmt(f),
            Self::Said(text) => text.fmt(f),
        }
    }
}

impl Display for Deadline {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::In(length) => length.fmt(f),
            Self::On(date) => date.fmt(f),
        }
    }
}

impl Display for GapPolicy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Freeze => f.write_str("freeze"),
            Self::Reset => f.write_str("reset"),
            Self::Tolerate(points) => write!(f, "tolerate {points}"),
        }
    }
}

impl Display for Criterion {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.condition.fmt(f)?;
        match &self.scope {
            Scope::AtGate => {}
            Scope::During(name) => write!(f, " during {name}")?,
            Scope::Throughout => f.write_str(" throughout")?,
        }
        optional(f, "every", self.every.as_ref())?;
        optional(f, "for", self.hold.for_.as_ref())?;
        optional(f, "keep", self.hold.keep.as_ref())?;
        optional(f, "gap", self.hold.gap)?;
        if let Some(points) = self.hold.points_min {
            write!(f, " min {points} points")?;
        }
        if let Some(total) = self.limits.total {
            write!(f, " at most {total} failures")?;
        }
        if let Some(consecutive) = self.limits.consecutive {
            write!(f, " at most {consecutive} consecutive failures")?;
        }
        optional(f, "by", self.by.as_ref())?;
        optional(f, "severity", self.response.severity.as_ref())?;
        for action in &self.response.actions {
            write!(f, " do {action}")?;
        }
        optional(f, "decide within", self.response.decide_within.as_ref())?;
        optional(f, "within", self.response.within.as_ref())
    }
}

impl Display for Fact {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.text(), self.subject)?;
        match &self.figure {
            Given::Unknown => f.write_str(" unknown"),
            figure @ (Given::Point(_) | Given::Range(_)) => {
                write!(f, " {} {figure}", self.op.text())
            }
        }
    }
}

impl Display for Policy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ladder { subject, steps } => {
                write!(f, "{subject} steps ")?;
                joined(f, steps.iter(), " -> ")
            }
            Self::Limits {
                subject,
                range,
                target,
            } => {
                write!(f, "{subject} limits {range}")?;
                optional(f, "target", target.as_ref())
            }
            Self::Scaling {
                subject,
                target,
                up,
                down,
            } => {
                write!(f, "{subject} target {target}")?;
                for (word, step) in [("up", up), ("down", down)] {
                    if let Some(step) = step {
                        write!(
                            f,
                            " {word} {} {} by {}",
                            step.op.text(),
                            step.value,
                            step.by
                        )?;
                    }
                }
                Ok(())
            }
        }
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Criterion(criterion) => criterion.fmt(f),
            Self::Fact(fact) => fact.fmt(f),
            Self::Policy(policy) => policy.fmt(f),
        }
    }
}
