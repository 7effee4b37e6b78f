//! Conditions as `PromQL` that is true (has a result) where the condition holds.
//!
//! Every test becomes a comparison without labels, so that `and` and `or` join them. What has no data, a
//! NaN or too few samples has no result: it does not fire, as it is no pass with us.

use phasegate_core::{Arm, BaseUnit, Decimal, Fraction, Wants};
use phasegate_criterion::{
    Aggregate, Assertion, Band, Baseline, Cmp, Condition, Criterion, Direction, Given, Measure,
    Measured, Operand, Test, Value, measured,
};
use phasegate_sla::{Need, needs};

use super::number::{Number, Numbers};

/// An expression, or why there is none.
pub(super) type Written = Result<String, String>;

/// Writes conditions; what is left out of an `or` is kept in `left_out`.
pub(super) struct Writer<'n, 'p> {
    pub(super) numbers: &'n mut Numbers<'p>,
    pub(super) left_out: Vec<String>,
}

impl Writer<'_, '_> {
    /// The condition. Of alternatives, those that can be written suffice.
    pub(super) fn condition(&mut self, condition: &Condition) -> Written {
        match condition {
            Condition::Test(test) => self.test(test),
            Condition::All(group) => {
                let parts: Result<Vec<String>, String> = group
                    .conditions()
                    .iter()
                    .map(|one| self.condition(one))
                    .collect();
                Ok(joined(&parts?, "and"))
            }
            Condition::Any(group) => {
                let mut parts = Vec::new();
                let mut missing = Vec::new();
                for one in group.conditions() {
                    match self.condition(one) {
                        Ok(part) => parts.push(part),
                        Err(why) => missing.push(format!("without '{one}': {why}")),
                    }
                }
                if parts.is_empty() {
                    return Err(missing.join("; "));
                }
                self.left_out.extend(missing);
                Ok(joined(&parts, "or"))
            }
            Condition::Score(_) => Err("a score of weights is counted by us alone".to_owned()),
            Condition::Approve(_)
            | Condition::Check(_)
            | Condition::Delivered(_)
            | Condition::Event(_)
            | Condition::ForAll { .. }
            | Condition::Group(_)
            | Condition::Monitor(_)
            | Condition::Not(_) => {
                Err("no series tells what people, events or time decide".to_owned())
            }
        }
    }

    fn test(&mut self, test: &Test) -> Written {
        if test.level().is_some() {
            return Err("evidence at a confidence is weighed by us alone".to_owned());
        }
        match &test.assertion {
            Assertion::Bands { .. } => {
                Err("it has levels in a place where it can have none".to_owned())
            }
            Assertion::Comparable(_) | Assertion::NoWorse(_) | Assertion::Stable => self.near(test),
            Assertion::Compare(Band { op, value }) => match value {
                Operand::Value(value) => self.threshold(test, *op, value),
                Operand::Baseline | Operand::Budget | Operand::Target => {
                    let value = self.declared(test, value)?;
                    self.threshold(test, *op, &value)
                }
            },
            Assertion::Reach { op, to, .. } => {
                let direction = self.numbers.measured_direction(test)?;
                let op = op.or_else(|| direction.goal());
                let op = op.ok_or("nobody says which way is better")?;
                self.threshold(test, op, to)
            }
            Assertion::Within(_) if matches!(test.subject.measure, Measure::Change(_)) => {
                Err("a change within two ends has a warning of its own".to_owned())
            }
            Assertion::Within(range) => {
                let low = self.threshold(test, Cmp::GreaterOrEqual, &range.low)?;
                let high = self.threshold(test, Cmp::LessOrEqual, &range.high)?;
                Ok(joined(&[low, high], "and"))
            }
        }
    }

    /// What the KPI declares.
    fn declared(&self, test: &Test, operand: &Operand) -> Result<Value, String> {
        let registry = &self.numbers.registry;
        let of = measured(&test.subject.measure, registry).map_err(|fault| fault.to_string())?;
        let kpi = of.sources.first().map(|source| source.kpi);
        let found = match operand {
            Operand::Baseline => match kpi.map(|kpi| &kpi.baseline) {
                Some(Baseline::Figure(Given::Point(value))) if !value.is_approximate() => {
                    Some(value.clone())
                }
                Some(_) | None => None,
            },
            Operand::Budget => kpi.and_then(|kpi| kpi.budget.clone()).map(Value::new),
            Operand::Target => kpi
                .and_then(|kpi| kpi.target.clone())
                .map(|target| Value::new(target.value)),
            Operand::Value(value) => Some(value.clone()),
        };
        found.ok_or_else(|| {
            "what it is compared with is no number that the plan declares".to_owned()
        })
    }

    fn threshold(&mut self, test: &Test, op: Cmp, value: &Value) -> Written {
        if matches!(op, Cmp::Equal | Cmp::NotEqual) && value.is_approximate() {
            return Err("what is about equal is decided by us alone".to_owned());
        }
        let limit = value.quantity();
        if matches!(limit.unit().base(), BaseUnit::OutOf(_))
            && matches!(
                &test.subject.measure,
                Measure::Aggregate {
                    by: Aggregate::Count,
                    ..
                }
            )
        {
            return Err("so many of so many is counted by us alone".to_owned());
        }
        if matches!(test.subject.measure, Measure::Change(_)) {
            return self.changed(test, op, limit);
        }
        // One threshold, so that there is one need for it.
        let single = Test {
            assertion: Assertion::Compare(Band {
                op,
                value: Operand::Value(value.clone()),
            }),
            ..test.clone()
        };
        let asked = self.asked(&single)?;
        let base = limit.base().ok_or("the threshold is too large")?;
        match &test.subject.measure {
            Measure::BurnRate { slo, .. } => {
                let budget = self.budget(slo)?;
                let bad = base
                    .checked_mul(budget)
                    .ok_or("the threshold is too large")?;
                self.bad(&single, &asked, (op, bad))
            }
            Measure::BudgetLeft { slo } => {
                let budget = self.budget(slo)?;
                let spent = Fraction::ONE
                    .checked_sub(base)
                    .and_then(|spent| spent.checked_mul(budget));
                self.bad(
                    &single,
                    &asked,
                    (flipped(op), spent.ok_or("the threshold is too large")?),
                )
            }
            Measure::Apdex { .. } => self.apdex(&single, &asked, (op, base)),
            Measure::Aggregate { .. }
            | Measure::Below { .. }
            | Measure::Change(_)
            | Measure::Plain { .. }
            | Measure::Query(_) => match asked.as_slice() {
                [need] if matches!(need.wants, Wants::Below { .. }) => {
                    self.counted(&single, need, (op, base))
                }
                _ => {
                    let number = self.sum(&single, &asked, Arm::Whole)?;
                    compared(&number, op, base, &single)
                }
            },
        }
    }

    /// Counts below a threshold: of a percentile, whether enough values lie below it.
    fn counted(&mut self, test: &Test, need: &Need, (op, base): (Cmp, Fraction)) -> Written {
        let Wants::Below { threshold, .. } = &need.wants else {
            return Err("it is not counted".to_owned());
        };
        let number = self.numbers.below(need, *threshold)?;
        let quantile = by(&test.subject.measure).and_then(Aggregate::quantile);
        let Some(quantile) = quantile else {
            return compared(&number, op, base, test);
        };
        let wanted = Fraction::from_decimal(quantile.to_decimal()).ok_or("no such percentile")?;
        let op = if op.is_upper_bound() {
            Cmp::GreaterOrEqual
        } else {
            Cmp::Less
        };
        compared(&number, op, wanted, test)
    }

    /// The share of bad events against one, exactly: of what counts good events, the other way round.
    fn bad(&mut self, test: &Test, asked: &[Need], (op, bad): (Cmp, Fraction)) -> Written {
        let number = self.sum(test, asked, Arm::Whole)?;
        if self.numbers.measured_counts_bad(test)? {
            return compared(&number, op, bad, test);
        }
        let good = Fraction::ONE
            .checked_sub(bad)
            .ok_or("the threshold is too large")?;
        compared(&number, flipped(op), good, test)
    }

    fn apdex(&mut self, test: &Test, asked: &[Need], (op, base): (Cmp, Fraction)) -> Written {
        let mut parts = Vec::new();
        let mut samples = None;
        for need in asked {
            let Wants::Below { threshold, .. } = &need.wants else {
                return Err("its source does not count below a threshold".to_owned());
            };
            let number = self.numbers.below(need, *threshold)?;
            samples = number.samples;
            parts.push(number.expr);
        }
        let expr = format!("({}) / 2", parts.join(" + "));
        compared(
            &Number {
                expr,
                factor: Fraction::ONE,
                samples,
            },
            op,
            base,
            test,
        )
    }

    pub(super) fn asked(&self, test: &Test) -> Result<Vec<Need>, String> {
        let criterion = Criterion::from(Condition::Test(Box::new(test.clone())));
        let options = self.numbers.options;
        let can = |binding: &_, capability| options.can(binding, capability);
        let found = needs(&criterion, &self.numbers.registry, &can);
        let found = found.map_err(|fault| fault.to_string())?;
        if found.is_empty() {
            return Err("it asks for nothing".to_owned());
        }
        Ok(found)
    }

    /// The sum of what is asked of one side: of the stable arm, or of the arm that is looked at.
    pub(super) fn sum(&mut self, test: &Test, asked: &[Need], side: Arm) -> Result<Number, String> {
        let by = by(&test.subject.measure);
        let paired = asked.iter().any(|need| need.arm == Arm::Canary);
        let of_side = |need: &&Need| match side {
            Arm::Stable => need.arm == Arm::Stable,
            Arm::Canary | Arm::Whole => !paired || need.arm == Arm::Canary,
        };
        let mut sum: Option<Number> = None;
        for need in asked.iter().filter(of_side) {
            let one = self.numbers.number(need, by)?;
            sum = Some(match sum {
                None => one,
                Some(before) => Number {
                    expr: format!("{} + {}", before.expr, one.expr),
                    factor: before.factor,
                    samples: before
                        .samples
                        .zip(one.samples)
                        .map(|(a, b)| format!("{a} + {b}")),
                },
            });
        }
        let mut sum = sum.ok_or("no number is asked for on this side")?;
        if sum.expr.contains(" + ") {
            sum.expr = format!("({})", sum.expr);
        }
        Ok(sum)
    }

    /// The share of events that may be bad.
    fn budget(&self, slo: &phasegate_criterion::Name) -> Result<Fraction, String> {
        let slo = self
            .numbers
            .registry
            .slo(slo.kpi())
            .ok_or("there is no such objective")?;
        if !matches!(slo.method, phasegate_criterion::SloMethod::Occurrences) {
            return Err("an objective of slices of time is counted by us alone".to_owned());
        }
        let objective = Fraction::from_decimal(slo.objective.to_decimal());
        let budget = objective.and_then(|objective| Fraction::ONE.checked_sub(objective));
        budget.ok_or_else(|| "the objective leaves no budget".to_owned())
    }
}

impl Numbers<'_> {
    fn of(&self, test: &Test) -> Result<Measured<'_>, String> {
        measured(&test.subject.measure, &self.registry).map_err(|fault| fault.to_string())
    }

    pub(super) fn measured_direction(&self, test: &Test) -> Result<Direction, String> {
        self.of(test).map(|of| of.direction)
    }

    fn measured_counts_bad(&self, test: &Test) -> Result<bool, String> {
        let of = self.of(test)?;
        let mut sources = of.sources.iter();
        Ok(sources.any(|source| source.kpi.direction == Direction::LowerIsBetter))
    }
}

/// The function behind any change.
fn by(measure: &Measure) -> Option<Aggregate> {
    match measure {
        Measure::Aggregate { by, .. } => Some(*by),
        Measure::Change(of) => by(of),
        Measure::Apdex { .. }
        | Measure::Below { .. }
        | Measure::BudgetLeft { .. }
        | Measure::BurnRate { .. }
        | Measure::Plain { .. }
        | Measure::Query(_) => None,
    }
}

pub(super) fn compared(number: &Number, op: Cmp, base: Fraction, test: &Test) -> Written {
    let limit = base.checked_div(number.factor).and_then(literal);
    let limit = limit.ok_or("the threshold cannot be written as a decimal")?;
    let mut expr = format!("{} {} {limit}", number.expr, sign(op));
    if op == Cmp::NotEqual {
        // What is no number is unequal to all.
        expr = format!("{expr} and {0} == {0}", number.expr);
    }
    enough(&mut expr, &[number], test)?;
    Ok(expr)
}

/// Only with enough samples.
pub(super) fn enough(expr: &mut String, of: &[&Number], test: &Test) -> Result<(), String> {
    for number in of {
        match (test.samples_min, &number.samples) {
            (None | Some(0), None) | (Some(1), None) => {}
            (None | Some(0), Some(_)) => {}
            (Some(least), Some(samples)) => {
                expr.push_str(&format!(" and {samples} >= {least}"));
            }
            (Some(_), None) => return Err("its number does not come with its samples".to_owned()),
        }
    }
    Ok(())
}

/// A number as exact as a float can be.
pub(super) fn literal(number: Fraction) -> Option<String> {
    let exact: Option<Decimal> = number
        .to_decimal_exact()
        .or_else(|| number.to_decimal_rounded(18));
    exact
        .or_else(|| number.to_decimal())
        .map(|number| number.normalized().to_string())
}

pub(super) const fn sign(op: Cmp) -> &'static str {
    match op {
        Cmp::Equal => "==",
        Cmp::Greater | Cmp::GreaterOrEqual | Cmp::Less | Cmp::LessOrEqual | Cmp::NotEqual => {
            op.text()
        }
    }
}

const fn flipped(op: Cmp) -> Cmp {
    match op {
        Cmp::Greater => Cmp::Less,
        Cmp::GreaterOrEqual => Cmp::LessOrEqual,
        Cmp::Less => Cmp::Greater,
        Cmp::LessOrEqual => Cmp::GreaterOrEqual,
        Cmp::Equal | Cmp::NotEqual => op,
    }
}

pub(super) fn joined(parts: &[String], word: &str) -> String {
    let parts: Vec<String> = parts.iter().map(|part| format!("({part})")).collect();
    parts.join(&format!("\n{word}\n"))
}
