//! Criteria prepared for being looked at often: names resolved, limits converted, questions numbered. A
//! look at a threshold then is one comparison; findings with their sentences are made when somebody wants them.

use std::collections::BTreeMap;

use phasegate_core::{
    Answer, BindingId, Capability, Decimal, Fraction, Observed, Timestamp, Wants,
};
use phasegate_criterion::{
    Aggregate, Assertion, Band, Cmp, Condition, Criterion, Expects, KpiRegistry, Measure, Operand,
    Shape, Test, measured,
};

use super::read::Answers;
use super::{Inputs, Polarity, Testimony, evaluate_with};
use crate::need::{Need, NeedFault, aggregate, is_of_many, needs};
use crate::verdict::{Finding, Verdict, Why};

/// A criterion with what must be asked for it.
///
/// [`Prepared::verdict`] gives the verdict alone, [`Prepared::finding`] all that it rests on; they agree.
///
/// ```
/// use phasegate_core::{Measurement, Observed, Timestamp, Window, WindowKind};
/// use phasegate_criterion::{Kpi, KpiRegistry, Queries, Shape};
/// use phasegate_sla::{Prepared, Testimony, Verdict};
/// let mut errors = Kpi::new("errors".parse()?, "%".parse()?, Shape::Ratio, "prom".parse()?);
/// errors.queries = Queries::whole("errors / requests");
/// let mut kpis = KpiRegistry::new();
/// kpis.declare(errors)?;
/// let prepared = Prepared::new("ratio(errors) < 1%".parse()?, &kpis, &|_, _| true)?;
/// assert_eq!(prepared.needs().len(), 1);
/// let (at, observed) = (Timestamp::EPOCH, Observed::Share { matching: 1, total: 500 });
/// let window = Window { start: at, end: at, kind: WindowKind::SinceStart };
/// let answers = [Some(Ok(Measurement { window, samples: 500, observed }))];
/// assert_eq!(prepared.verdict(&kpis, &answers, &Testimony::default(), at), Verdict::Pass);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Prepared {
    criterion: Criterion,
    needs: Vec<Need>,
    node: Node,
}

#[derive(Clone, Debug)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    /// Whatever is no plain threshold goes the long way.
    General(Condition),
    Threshold(Threshold),
}

/// A number from one answer against a limit.
#[derive(Clone, Copy, Debug)]
struct Threshold {
    need: usize,
    op: Cmp,
    limit: Fraction,
    samples_min: Option<u64>,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    /// Enough values lie within a percentile's threshold, in the KPI's unit; `upper` for `<` and `<=`.
    Below { asked: Decimal, upper: bool },
    /// A ready-made number, in a unit of this factor; of a counter it needs no samples.
    Scalar { factor: Fraction, counter: bool },
    /// A share of events.
    Share,
}

impl Prepared {
    /// Resolves a criterion against KPIs and what their sources can do.
    ///
    /// # Errors
    /// [`NeedFault`] where no question could lead to a verdict.
    pub fn new(
        criterion: Criterion,
        registry: &KpiRegistry,
        can: &dyn Fn(&BindingId, Capability) -> bool,
    ) -> Result<Self, NeedFault> {
        let needs = needs(&criterion, registry, can)?;
        let node = node(&criterion.condition, registry, &needs);
        Ok(Self {
            criterion,
            needs,
            node,
        })
    }

    /// The criterion.
    #[must_use]
    pub const fn criterion(&self) -> &Criterion {
        &self.criterion
    }

    /// What must be asked, in the order in which answers are taken.
    #[must_use]
    pub fn needs(&self) -> &[Need] {
        &self.needs
    }

    /// The verdict at this moment; `answers` in the order of [`Prepared::needs`], `None` where none came yet.
    #[must_use]
    pub fn verdict(
        &self,
        registry: &KpiRegistry,
        answers: &[Option<Answer>],
        testimony: &Testimony,
        at: Timestamp,
    ) -> Verdict {
        self.node.verdict(
            &|condition| {
                let by_need = self.by_need(answers);
                let inputs = Inputs {
                    registry,
                    answers: &by_need,
                    testimony,
                    at,
                    polarity: Polarity::Requirement,
                };
                inputs.condition(condition, 1).verdict
            },
            answers,
        )
    }

    /// The finding at this moment, as [`evaluate_with`] makes it.
    #[must_use]
    pub fn finding(
        &self,
        registry: &KpiRegistry,
        answers: &[Option<Answer>],
        testimony: &Testimony,
        at: Timestamp,
    ) -> Finding {
        evaluate_with(
            &self.criterion,
            registry,
            &self.by_need(answers),
            testimony,
            at,
        )
    }

    fn by_need(&self, answers: &[Option<Answer>]) -> Answers {
        let pairs = self.needs.iter().zip(answers);
        let answered = pairs.filter_map(|(need, answer)| Some((need.clone(), answer.clone()?)));
        answered.collect::<BTreeMap<_, _>>()
    }
}

fn node(condition: &Condition, registry: &KpiRegistry, needs: &[Need]) -> Node {
    let members = |group: &phasegate_criterion::Group| {
        group
            .conditions()
            .iter()
            .map(|member| node(member, registry, needs))
            .collect()
    };
    match condition {
        // With confidence, alternatives share their chance of error: that is for the long way.
        Condition::Any(_)
            if crate::need::tests(condition)
                .iter()
                .any(|test| test.level().is_some()) =>
        {
            Node::General(condition.clone())
        }
        Condition::All(group) => Node::All(members(group)),
        Condition::Any(group) => Node::Any(members(group)),
        Condition::Test(test) => threshold(test, registry, needs)
            .map_or_else(|| Node::General(condition.clone()), Node::Threshold),
        Condition::Approve(_)
        | Condition::Check(_)
        | Condition::Delivered(_)
        | Condition::Event(_)
        | Condition::ForAll { .. }
        | Condition::Group(_)
        | Condition::Monitor(_)
        | Condition::Score(_) => Node::General(condition.clone()),
    }
}

/// The test as a plain threshold on one answer, if it is one.
fn threshold(test: &Test, registry: &KpiRegistry, needs: &[Need]) -> Option<Threshold> {
    let Assertion::Compare(Band {
        op,
        value: Operand::Value(value),
    }) = &test.assertion
    else {
        return None;
    };
    let by = aggregate(&test.subject.measure);
    let plain = matches!(
        test.subject.measure,
        Measure::Aggregate { .. } | Measure::Plain { .. }
    );
    if !plain || test.level().is_some() || value.is_approximate() || is_of_many(test) {
        return None;
    }
    let measured = measured(&test.subject.measure, registry).ok()?;
    let [source] = measured.sources.as_slice() else {
        return None;
    };
    let mut questions = crate::need::questions(test, registry).ok()?;
    let question = questions.pop().filter(|_| questions.is_empty())?;
    let (index, need) = question
        .candidates
        .iter()
        .find_map(|need| needs.iter().enumerate().find(|(_, asked)| *asked == need))?;
    let limit = value.quantity().base()?;
    let (form, limit) = match (
        need.wants,
        by.and_then(Aggregate::quantile),
        &measured.expects,
    ) {
        (
            Wants::Below {
                threshold: asked, ..
            },
            Some(quantile),
            _,
        ) => {
            let upper = matches!(op, Cmp::Less | Cmp::LessOrEqual);
            (
                Form::Below { asked, upper },
                Fraction::from_decimal(quantile.to_decimal())?,
            )
        }
        (Wants::Share, None, Expects::Share) => (Form::Share, limit),
        (
            Wants::Scalar,
            None,
            Expects::Count | Expects::Quantity(_) | Expects::Rating(_) | Expects::Share,
        ) => {
            let counter = source.kpi.shape == Shape::Counter;
            (
                Form::Scalar {
                    factor: source.kpi.unit.factor()?,
                    counter,
                },
                limit,
            )
        }
        (_, _, _) => return None,
    };
    Some(Threshold {
        need: index,
        op: *op,
        limit,
        samples_min: test.samples_min,
        form,
    })
}

impl Node {
    fn verdict(
        &self,
        general: &dyn Fn(&Condition) -> Verdict,
        answers: &[Option<Answer>],
    ) -> Verdict {
        match self {
            Self::All(nodes) => joined(
                nodes.iter().map(|node| node.verdict(general, answers)),
                true,
            ),
            Self::Any(nodes) => joined(
                nodes.iter().map(|node| node.verdict(general, answers)),
                false,
            ),
            Self::General(condition) => general(condition),
            Self::Threshold(threshold) => {
                let answer = answers.get(threshold.need).and_then(Option::as_ref);
                threshold
                    .verdict(answer)
                    .unwrap_or_else(Verdict::Inconclusive)
            }
        }
    }
}

/// As the findings of groups are joined.
fn joined(verdicts: impl Iterator<Item = Verdict>, all: bool) -> Verdict {
    let (decides, otherwise) = if all {
        (Verdict::Fail, Verdict::Pass)
    } else {
        (Verdict::Pass, Verdict::Fail)
    };
    let (mut open, mut warned) = (None, false);
    for verdict in verdicts {
        if verdict == decides {
            return decides;
        }
        warned |= verdict == Verdict::Warn;
        if open.is_none() && verdict.condition().is_none() {
            open = Some(verdict);
        }
    }
    match (open, warned, all) {
        (Some(open), _, true) | (Some(open), false, false) => open,
        (None, true, _) | (Some(_), true, false) => Verdict::Warn,
        (None, false, _) => otherwise,
    }
}

impl Threshold {
    fn verdict(&self, answer: Option<&Answer>) -> Result<Verdict, Why> {
        let measurement = match answer {
            None => return Err(Why::NoData),
            Some(Err(absence)) => return Err(Why::from(absence)),
            Some(Ok(measurement)) => measurement,
        };
        let (amount, samples) = match (&measurement.observed, self.form) {
            (Observed::Below { threshold, .. }, Form::Below { asked, .. })
                if *threshold != asked =>
            {
                return Err(Why::Invalid);
            }
            (
                Observed::Share {
                    matching: part,
                    total,
                },
                Form::Share,
            )
            | (
                Observed::Below {
                    below: part, total, ..
                },
                Form::Below { .. },
            ) => {
                if *total == 0 {
                    return Err(Why::NoData);
                }
                if part > total {
                    return Err(Why::Invalid);
                }
                (Fraction::of_counts(*part, *total), *total)
            }
            (Observed::Scalar { value }, Form::Scalar { factor, counter }) => {
                if measurement.samples == 0 && !counter {
                    return Err(Why::NoData);
                }
                let base =
                    Fraction::from_decimal(*value).and_then(|value| value.checked_mul(factor));
                (base, measurement.samples)
            }
            (_, _) => return Err(Why::Invalid),
        };
        let amount = amount.ok_or(Why::OutOfRange)?;
        match self.samples_min {
            Some(need) if samples < need => {
                return Err(Why::TooFewSamples {
                    have: samples,
                    need,
                });
            }
            Some(_) | None => {}
        }
        let holds = match self.form {
            Form::Below { upper, .. } => (amount >= self.limit) == upper,
            Form::Scalar { .. } | Form::Share => self.op.holds(amount.cmp(&self.limit)),
        };
        Ok(if holds { Verdict::Pass } else { Verdict::Fail })
    }
}
