//! A test that is a plain threshold on one answer: resolved once, then one comparison a look.

use phasegate_core::{
    Answer, Decimal, Fraction, Measurement, Observed, Quantity, Span, Unit, Wants,
};
use phasegate_criterion::{
    Aggregate, Assertion, Band, Cmp, Expects, KpiRegistry, Measure, Operand, Possible, Shape,
    Source, Test, Value, measured,
};

use super::Seen;
use crate::evaluate::Polarity;
use crate::evaluate::amount::{Amount, Extent};
use crate::evaluate::read::{self, Read};
use crate::evaluate::window::Now;
use crate::evaluate::words::{self, Said, Sentence, Worded};
use crate::need::{Need, aggregate, is_of_many};
use crate::verdict::{Finding, Means, Verdict, Why};

/// A number from one answer against a limit.
#[derive(Clone, Debug)]
pub(super) struct Threshold {
    need: usize,
    /// The window that is asked for, if any.
    over: Option<Span>,
    op: Cmp,
    limit: Fraction,
    samples_min: Option<u64>,
    form: Form,
    texts: Box<Texts>,
}

/// What of a finding does not depend on the answer.
#[derive(Clone, Debug)]
struct Texts {
    worded: Worded,
    bound: Quantity,
    /// The unit in which what was seen is shown.
    shown: Unit,
}

#[derive(Clone, Debug)]
enum Form {
    /// Enough values lie within a percentile's threshold, in the KPI's unit; `upper` for `<` and `<=`.
    Below { asked: Decimal, upper: bool },
    /// The mean, an extreme or the sum of a whole distribution: what a sketch holds exactly.
    Function { by: Aggregate, unit: Unit },
    /// A ready-made number, in a unit of this factor; of a counter it needs no samples.
    Scalar {
        factor: Fraction,
        counter: bool,
        possible: Possible,
    },
    /// A share of events.
    Share,
}

/// The test as a plain threshold on one answer, if it is one.
pub(super) fn of(test: &Test, registry: &KpiRegistry, needs: &[Need]) -> Option<Threshold> {
    let Assertion::Compare(Band {
        op,
        value: Operand::Value(value),
    }) = &test.assertion
    else {
        return None;
    };
    let plain = matches!(
        test.subject.measure,
        Measure::Aggregate { .. } | Measure::Plain { .. }
    );
    // What a baseline is shown beside is for the long way.
    let plain = plain && test.against.is_none();
    if !plain || test.level().is_some() || value.is_approximate() || is_of_many(test) {
        return None;
    }
    let measured = measured(&test.subject.measure, registry).ok()?;
    let [source] = measured.sources.as_slice() else {
        return None;
    };
    let bound = value.quantity().clone();
    if !measured.expects.takes(&bound.dimension()) {
        return None;
    }
    let mut questions = crate::need::questions(test, registry).ok()?;
    let question = questions.pop().filter(|_| questions.is_empty())?;
    let (index, need) = question
        .candidates
        .iter()
        .find_map(|need| needs.iter().enumerate().find(|(_, asked)| *asked == need))?;
    let (form, limit) = form((test, *op, value), source, &measured.expects, need)?;
    let shown = match form {
        Form::Below { .. } => Unit::PERCENT,
        Form::Function { .. } | Form::Scalar { .. } | Form::Share => {
            words::unit_of(test, &measured, Some(&bound))
        }
    };
    let worded = Worded::of(test);
    Some(Threshold {
        need: index,
        over: need.over,
        op: *op,
        limit,
        samples_min: test.samples_min,
        form,
        texts: Box::new(Texts {
            worded,
            bound,
            shown,
        }),
    })
}

/// In what form the answer comes, and with what it is compared.
fn form(
    (test, op, limit): (&Test, Cmp, &Value),
    source: &Source<'_>,
    expects: &Expects,
    need: &Need,
) -> Option<(Form, Fraction)> {
    let by = aggregate(&test.subject.measure);
    let limit = limit.quantity().base()?;
    Some(
        match (need.wants, by.and_then(Aggregate::quantile), expects) {
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
            (Wants::Distribution, None, Expects::Quantity(_)) => {
                let by = by.filter(|by| {
                    matches!(
                        by,
                        Aggregate::Average | Aggregate::Max | Aggregate::Min | Aggregate::Sum
                    )
                })?;
                let unit = source.kpi.unit.clone();
                (Form::Function { by, unit }, limit)
            }
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
                        possible: Possible::of(source.kpi),
                    },
                    limit,
                )
            }
            (_, _, _) => return None,
        },
    )
}

impl Threshold {
    pub(super) fn look(&self, (answers, now): (&[Option<&Answer>], Now)) -> Seen {
        let answer = answers.get(self.need).copied().flatten();
        let amount = match answer {
            None => Err(Why::NoData),
            Some(Err(absence)) => Err(Why::from(absence)),
            Some(Ok(measurement)) => self.amount(measurement, now),
        };
        let judged =
            amount.and_then(|(amount, samples)| Ok((self.verdict(amount, samples)?, samples)));
        let (verdict, samples) = match judged {
            Err(why) => (Verdict::Inconclusive(why), None),
            Ok((verdict, samples)) => (verdict, Some(samples)),
        };
        Seen {
            verdict,
            samples,
            scalar: matches!(self.form, Form::Scalar { .. }),
        }
    }

    /// The finding of an answer that decides; none where there is no such answer.
    pub(super) fn finding(
        &self,
        (answers, now): (&[Option<&Answer>], Now),
        polarity: Polarity,
    ) -> Option<Finding> {
        let measurement = answers.get(self.need).copied().flatten()?.as_ref().ok()?;
        let (value, samples) = self.amount(measurement, now).ok()?;
        let verdict = self.verdict(value, samples).ok()?;
        let (counts, means) = match (&measurement.observed, &self.form) {
            (Observed::Share { matching, total }, _) => (Some((*matching, *total)), Means::Share),
            (Observed::Below { below, total, .. }, _) => {
                (Some((*below, *total)), Means::CountBelow)
            }
            (_, Form::Function { .. }) => (None, Means::Distribution),
            (_, Form::Below { .. } | Form::Scalar { .. } | Form::Share) => (None, Means::Scalar),
        };
        let amount = Amount {
            extent: Extent::exact(value),
            counts,
            samples,
            window: measurement.window,
            means,
        };
        let Texts {
            worded,
            bound,
            shown,
        } = &*self.texts;
        let observed = words::quantity(value, shown);
        let said = match self.form {
            Form::Below { .. } => Said::Within {
                amount: &amount,
                share: observed.as_ref(),
                threshold: bound,
            },
            Form::Function { .. } | Form::Scalar { .. } | Form::Share => {
                Said::Value(&amount, observed.as_ref())
            }
        };
        let sentence = Sentence {
            worded,
            said,
            against: None,
            limit: Some(bound).filter(|_| !matches!(self.form, Form::Below { .. })),
            confidence: None,
            verdict: &verdict,
            polarity,
        }
        .to_string();
        let mut finding = Finding::new(worded.rule.clone(), verdict, now.at, sentence);
        finding.observed = observed;
        finding.counts = counts;
        finding.bound = Some(bound.clone());
        finding.samples = Some(samples);
        finding.window = Some(measurement.window);
        finding.means = Some(means);
        Some(finding)
    }

    fn verdict(&self, amount: Fraction, samples: u64) -> Read<Verdict> {
        match self.samples_min {
            Some(need) if samples < need => {
                let have = samples;
                return Err(Why::TooFewSamples { have, need });
            }
            Some(_) | None => {}
        }
        let holds = match self.form {
            Form::Below { upper, .. } => (amount >= self.limit) == upper,
            Form::Function { .. } | Form::Scalar { .. } | Form::Share => {
                self.op.holds(amount.cmp(&self.limit))
            }
        };
        Ok(if holds { Verdict::Pass } else { Verdict::Fail })
    }

    /// The number, and how many values stand behind it.
    fn amount(&self, measurement: &Measurement, now: Now) -> Read<(Fraction, u64)> {
        now.fits(self.over, measurement.window)?;
        match (&measurement.observed, &self.form) {
            (Observed::Below { threshold, .. }, Form::Below { asked, .. })
                if threshold != asked =>
            {
                Err(Why::Invalid)
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
            ) => share(*part, *total),
            (
                Observed::Scalar { value },
                Form::Scalar {
                    factor,
                    counter,
                    possible,
                },
            ) => {
                if measurement.samples == 0 && !counter {
                    return Err(Why::NoData);
                }
                let base = Fraction::from_decimal(*value)
                    .and_then(|value| value.checked_mul(*factor))
                    .filter(|base| possible.holds(*base));
                Ok((base.ok_or(Why::OutOfRange)?, measurement.samples))
            }
            (Observed::Distribution { sketch }, Form::Function { by, unit }) => {
                let histogram = read::sketch(sketch)?;
                let found = read::function(Some(*by), &histogram, unit)?;
                Ok((found.value, histogram.count()))
            }
            (_, _) => Err(Why::Invalid),
        }
    }
}

fn share(part: u64, total: u64) -> Read<(Fraction, u64)> {
    if total == 0 {
        return Err(Why::NoData);
    }
    if part > total {
        return Err(Why::Invalid);
    }
    let share = Fraction::of_counts(part, total).ok_or(Why::OutOfRange)?;
    Ok((share, total))
}
