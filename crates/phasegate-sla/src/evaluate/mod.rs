//! Evaluates criteria at one moment, without their holds. Pure: the same answers give the same findings.

mod amount;
mod arms;
mod confidence;
mod mean;
mod near;
mod people;
mod prepared;
mod read;
mod reference;
mod service_level;
mod shares;
mod test;
mod window;
mod words;
mod written;

use phasegate_core::{Fraction, Ratio, Timestamp};
use phasegate_criterion::{Condition, Criterion, KpiRegistry, Weighted};

use crate::verdict::{Finding, Verdict, Why};
use read::{Answers, Lookup};
use window::Now;

pub use people::Testimony;
pub use prepared::Prepared;
pub use window::ANSWER_AGE_MAX;

/// Evaluates a criterion from what sources answered. What people, events or time decide is
/// inconclusive; [`evaluate_with`] takes that too.
///
/// Pass means that the condition is true at this moment; its hold is [`crate::Hold`]'s. An answer is taken for its
/// window: one that is longer than asked for, that ended more than [`ANSWER_AGE_MAX`] before `at`, or of two sides
/// one that is of another time than the other, is inconclusive ([`Why::Window`]).
///
/// ```
/// use std::collections::BTreeMap;
/// use phasegate_core::{Measurement, Observed, Span, Timestamp, Window, WindowKind};
/// use phasegate_criterion::{Criterion, Kpi, KpiRegistry, Queries, Shape};
/// use phasegate_sla::{Verdict, Why, evaluate, needs};
///
/// let mut errors = Kpi::new("errors".parse()?, "%".parse()?, Shape::Ratio, "prom".parse()?);
/// errors.queries = Queries::whole("errors / requests");
/// let mut kpis = KpiRegistry::new();
/// kpis.declare(errors)?;
/// let criterion: Criterion = "ratio(errors) < 1% min 300 samples".parse()?;
///
/// let end = Timestamp::EPOCH + Span::from_secs(300);
/// let window = Window { start: Timestamp::EPOCH, end, kind: WindowKind::SinceStart };
/// let need = needs(&criterion, &kpis, &|_, _| true)?.remove(0);
/// let mut answers = BTreeMap::new();
/// assert_eq!(evaluate(&criterion, &kpis, &answers, end).verdict, Verdict::Inconclusive(Why::NoData));
/// let observed = Observed::Share { matching: 3, total: 500 };
/// answers.insert(need, Ok(Measurement { window, samples: 500, observed }));
/// let finding = evaluate(&criterion, &kpis, &answers, end);
/// assert_eq!(finding.verdict, Verdict::Pass);
/// assert_eq!(finding.sentence, "ratio(errors) is 0.6% (3 of 500) over 5m, must be < 1%: pass");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn evaluate(
    criterion: &Criterion,
    registry: &KpiRegistry,
    answers: &Answers,
    at: Timestamp,
) -> Finding {
    evaluate_with(criterion, registry, answers, &Testimony::default(), at)
}

/// Evaluates a criterion from what sources answered, and from what people said and events showed.
#[must_use]
pub fn evaluate_with(
    criterion: &Criterion,
    registry: &KpiRegistry,
    answers: &Answers,
    testimony: &Testimony,
    at: Timestamp,
) -> Finding {
    let inputs = Inputs {
        registry,
        answers: Lookup::all(answers, Now::new(at)),
        testimony,
        at,
        polarity: Polarity::Requirement,
    };
    inputs.condition(&criterion.condition, 1)
}

/// Evaluates the criterion of a trigger. Verdicts are those of [`evaluate`]: Pass means that the condition
/// is true, and of a trigger that is what fires. Sentences are worded for that: they say what it fires at
/// and whether that is reached, never that it "passes".
///
/// ```
/// use std::collections::BTreeMap;
/// use phasegate_core::{Measurement, Observed, Span, Timestamp, Window, WindowKind};
/// use phasegate_criterion::{Criterion, Kpi, KpiRegistry, Queries, Shape};
/// use phasegate_sla::{evaluate_trigger, needs};
///
/// let mut errors = Kpi::new("errors".parse()?, "%".parse()?, Shape::Ratio, "prom".parse()?);
/// errors.queries = Queries::whole("errors / requests");
/// let mut kpis = KpiRegistry::new();
/// kpis.declare(errors)?;
/// let criterion: Criterion = "ratio(errors) > 5%".parse()?;
/// let end = Timestamp::EPOCH + Span::from_secs(300);
/// let window = Window { start: Timestamp::EPOCH, end, kind: WindowKind::Rolling };
/// let need = needs(&criterion, &kpis, &|_, _| true)?.remove(0);
/// let observed = Observed::Share { matching: 60, total: 500 };
/// let answers = BTreeMap::from([(need, Ok(Measurement { window, samples: 500, observed }))]);
/// let finding = evaluate_trigger(&criterion, &kpis, &answers, end);
/// assert_eq!(finding.sentence, "ratio(errors) is 12% (60 of 500) over 5m, fires at > 5%: reached");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn evaluate_trigger(
    criterion: &Criterion,
    registry: &KpiRegistry,
    answers: &Answers,
    at: Timestamp,
) -> Finding {
    let inputs = Inputs {
        registry,
        answers: Lookup::all(answers, Now::new(at)),
        testimony: &Testimony::default(),
        at,
        polarity: Polarity::Trigger,
    };
    inputs.condition(&criterion.condition, 1)
}

/// What it means that a condition is true: something that must hold, or something that fires.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Polarity {
    Requirement,
    Trigger,
}

/// Everything an evaluation may look at.
pub(crate) struct Inputs<'i> {
    registry: &'i KpiRegistry,
    answers: Lookup<'i>,
    testimony: &'i Testimony,
    at: Timestamp,
    polarity: Polarity,
}

impl Inputs<'_> {
    /// `split`: among how many alternatives the chance of a false pass is shared. Of alternatives each one
    /// may pass wrongly, so they share it; of what must all hold, only a false pass of all would be one.
    fn condition(&self, condition: &Condition, split: u32) -> Finding {
        match condition {
            Condition::All(group) => self.group(condition, group.conditions(), (Join::All, split)),
            Condition::Any(group) => {
                let members = u32::try_from(group.conditions().len()).unwrap_or(u32::MAX);
                self.group(
                    condition,
                    group.conditions(),
                    (Join::Any, split.saturating_mul(members)),
                )
            }
            Condition::Score(weighted) => self.score(condition, weighted, split),
            Condition::Test(test) => self.test(test, split),
            Condition::Approve(_)
            | Condition::Check(_)
            | Condition::Delivered(_)
            | Condition::Event(_)
            | Condition::ForAll { .. }
            | Condition::Group(_)
            | Condition::Monitor(_)
            | Condition::Not(_) => self.testimony.finding(condition, self.polarity, self.at),
        }
    }

    fn group(
        &self,
        condition: &Condition,
        members: &[Condition],
        (join, split): (Join, u32),
    ) -> Finding {
        let parts: Vec<Finding> = members
            .iter()
            .map(|member| self.condition(member, split))
            .collect();
        self.joined(condition, join, parts)
    }

    fn joined(&self, condition: &Condition, join: Join, parts: Vec<Finding>) -> Finding {
        let verdict = join.verdict(parts.iter().map(|part| &part.verdict));
        self.of_parts(condition, verdict, parts, |said| said.join(join.word()))
    }

    fn of_parts(
        &self,
        condition: &Condition,
        verdict: Verdict,
        parts: Vec<Finding>,
        sentence: impl FnOnce(&[&str]) -> String,
    ) -> Finding {
        let said: Vec<&str> = parts.iter().map(|part| part.sentence.as_str()).collect();
        let sentence = sentence(&said);
        let mut finding = Finding::new(condition.to_string(), verdict, self.at, sentence);
        finding.samples = parts.iter().filter_map(|part| part.samples).min();
        finding.parts = parts;
        finding
    }

    /// A passed part counts with its weight, a warned one with half of it. What is inconclusive is
    /// counted both ways; the verdict stands where both ways lead to it.
    fn score(&self, condition: &Condition, weighted: &Weighted, split: u32) -> Finding {
        let members = u32::try_from(weighted.parts().len()).unwrap_or(u32::MAX);
        let split = split.saturating_mul(members);
        let parts: Vec<Finding> = weighted
            .parts()
            .iter()
            .map(|(_, part)| self.condition(part, split))
            .collect();
        let weights = weighted
            .parts()
            .iter()
            .map(|(weight, _)| u64::from(*weight) * 2);
        let (mut least, mut most, mut total) = (0u64, 0u64, 0u64);
        for (double, part) in weights.zip(&parts) {
            let (low, high) = match part.verdict {
                Verdict::Pass => (double, double),
                Verdict::Warn => (double / 2, double / 2),
                Verdict::Fail => (0, 0),
                Verdict::Inconclusive(_) => (0, double),
            };
            least = least.saturating_add(low);
            most = most.saturating_add(high);
            total = total.saturating_add(double);
        }
        let worst = scored(least, total, weighted);
        let verdict = if worst == scored(most, total, weighted) {
            worst
        } else {
            first_why(&parts)
        };
        let outcome = words::outcome(&verdict, self.polarity).to_string();
        let sentence = |said: &[&str]| format!("{outcome}: {}", said.join("; "));
        let mut finding = self.of_parts(condition, verdict, parts, sentence);
        finding.observed = words::percent(Fraction::of_counts(least, total));
        finding
    }
}

fn scored(points: u64, total: u64, weighted: &Weighted) -> Verdict {
    let reached = |share: Ratio| {
        let needed = u128::from(share.ppm()) * u128::from(total);
        u128::from(points) * 1_000_000 >= needed
    };
    match (reached(weighted.pass), weighted.warn.is_some_and(reached)) {
        (true, _) => Verdict::Pass,
        (false, true) => Verdict::Warn,
        (false, false) => Verdict::Fail,
    }
}

fn first_why(parts: &[Finding]) -> Verdict {
    let first = parts.iter().find(|part| part.condition().is_none());
    first.map_or(Verdict::Inconclusive(Why::Undecided), |part| {
        part.verdict.clone()
    })
}

/// How the verdicts of a group's members make its own.
#[derive(Clone, Copy, Debug)]
enum Join {
    /// One fail is enough to fail; without it, one that is inconclusive is enough to be so.
    All,
    /// One pass is enough to pass; without it, one that is inconclusive keeps it from failing.
    Any,
}

impl Join {
    const fn word(self) -> &'static str {
        match self {
            Self::All => "; and ",
            Self::Any => "; or ",
        }
    }

    fn verdict<'v>(self, members: impl Iterator<Item = &'v Verdict>) -> Verdict {
        let (decides, otherwise) = match self {
            Self::All => (Verdict::Fail, Verdict::Pass),
            Self::Any => (Verdict::Pass, Verdict::Fail),
        };
        let (mut open, mut warned) = (None, false);
        for verdict in members {
            if *verdict == decides {
                return decides;
            }
            warned |= *verdict == Verdict::Warn;
            if open.is_none() && verdict.condition().is_none() {
                open = Some(verdict.clone());
            }
        }
        match (open, warned, self) {
            (Some(open), _, Self::All) | (Some(open), false, Self::Any) => open,
            (None, true, _) | (Some(_), true, Self::Any) => Verdict::Warn,
            (None, false, _) => otherwise,
        }
    }
}
