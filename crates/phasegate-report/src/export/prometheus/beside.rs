//! Tests that compare with something beside the measure: changes, "no worse than", "comparable to" and
//! "stable", against the other arm or a figure of the plan.

use phasegate_core::{Arm, Dimension, Fraction, Quantity};
use phasegate_criterion::{
    Against, Assertion, Baseline, Cmp, Direction, Given, Test, Value, measured,
};

use super::expression::{Writer, Written, compared, enough, joined, literal, sign};

/// What a test is compared with.
enum Referred {
    Arm,
    Figure(Fraction),
}

impl Writer<'_, '_> {
    pub(super) fn changed(&mut self, test: &Test, op: Cmp, limit: &Quantity) -> Written {
        let asked = self.asked(test)?;
        let number = self.sum(test, &asked, Arm::Whole)?;
        let by = limit.base().ok_or("the threshold is too large")?;
        let points = limit.dimension() == Dimension::POINTS;
        match (self.referred(test)?, points) {
            (Referred::Figure(figure), true) => {
                let limit = figure.checked_add(by).ok_or("the threshold is too large")?;
                compared(&number, op, limit, test)
            }
            (Referred::Figure(figure), false) if figure > Fraction::ZERO => {
                let times = Fraction::ONE
                    .checked_add(by)
                    .and_then(|times| times.checked_mul(figure));
                compared(
                    &number,
                    op,
                    times.ok_or("the threshold is too large")?,
                    test,
                )
            }
            (Referred::Figure(_), false) => {
                Err("from nothing there is no change in percent".to_owned())
            }
            (Referred::Arm, points) => {
                let other = self.sum(test, &asked, Arm::Stable)?;
                let right = if points {
                    let by = by.checked_div(number.factor).and_then(literal);
                    format!(
                        "({} + {})",
                        other.expr,
                        by.ok_or("the threshold is too large")?
                    )
                } else {
                    let times = Fraction::ONE.checked_add(by).and_then(literal);
                    format!(
                        "({} * {})",
                        other.expr,
                        times.ok_or("the threshold is too large")?
                    )
                };
                let positive = if points {
                    String::new()
                } else {
                    format!(" and {} > 0", other.expr)
                };
                let mut expr = format!("{} {} {right}{positive}", number.expr, sign(op));
                enough(&mut expr, &[&number, &other], test)?;
                Ok(expr)
            }
        }
    }

    /// No worse than, comparable to, stable: within the margin of a figure or of the other arm.
    pub(super) fn near(&mut self, test: &Test) -> Written {
        let direction = self.numbers.measured_direction(test)?;
        let asked = self.asked(test)?;
        let number = self.sum(test, &asked, Arm::Whole)?;
        let margin = test.margin.as_ref().map(Value::quantity);
        let size = margin.map_or(Some(Fraction::ZERO), Quantity::base);
        let size = size.ok_or("the margin is too large")?;
        let relative = margin.is_none_or(|margin| margin.dimension() == Dimension::SHARE);
        let both = matches!(test.assertion, Assertion::Comparable(_));
        let sides: &[(Cmp, &str)] = match (both, direction) {
            (true, _) => &[(Cmp::LessOrEqual, "+"), (Cmp::GreaterOrEqual, "-")],
            (false, Direction::LowerIsBetter) => &[(Cmp::LessOrEqual, "+")],
            (false, Direction::HigherIsBetter) => &[(Cmp::GreaterOrEqual, "-")],
            (false, Direction::Neither) => return Err("nobody says which way is better".to_owned()),
        };
        let referred = self.referred(test)?;
        let mut parts = Vec::new();
        for (op, side) in sides {
            let text = match &referred {
                Referred::Figure(figure) => {
                    let size = if relative {
                        size.checked_mul(figure.abs())
                    } else {
                        Some(size)
                    };
                    let limit = size.and_then(|size| match *side {
                        "+" => figure.checked_add(size),
                        _ => figure.checked_sub(size),
                    });
                    compared(&number, *op, limit.ok_or("the margin is too large")?, test)?
                }
                Referred::Arm => {
                    let other = self.sum(test, &asked, Arm::Stable)?;
                    let size = if relative {
                        Some(size)
                    } else {
                        size.checked_div(number.factor)
                    };
                    let size = size.and_then(literal).ok_or("the margin is too large")?;
                    let far = if relative {
                        format!("abs({}) * {size}", other.expr)
                    } else {
                        size
                    };
                    let mut expr = format!(
                        "{} {} ({} {side} {far})",
                        number.expr,
                        sign(*op),
                        other.expr
                    );
                    enough(&mut expr, &[&number, &other], test)?;
                    expr
                }
            };
            parts.push(text);
        }
        Ok(joined(&parts, "and"))
    }

    fn referred(&self, test: &Test) -> Result<Referred, String> {
        let registry = &self.numbers.registry;
        let of = measured(&test.subject.measure, registry).map_err(|fault| fault.to_string())?;
        let declared = of.sources.first().map(|source| &source.kpi.baseline);
        let (against, given) = test.reference().unwrap_or((Against::Baseline, None));
        let given = match (against, given, declared) {
            (Against::Control | Against::Old, ..)
            | (Against::Baseline, None, Some(Baseline::Control)) => return Ok(Referred::Arm),
            (_, Some(given), _) => given,
            (Against::Baseline, None, Some(Baseline::Figure(given))) => given,
            (Against::Baseline | Against::Previous, None, _) => {
                return Err("the run before is known to the rollout alone".to_owned());
            }
        };
        match given {
            Given::Point(value) if !value.is_approximate() => {
                let base = value.quantity().base();
                Ok(Referred::Figure(base.ok_or("the baseline is too large")?))
            }
            Given::Point(_) | Given::Range(_) => {
                Err("a baseline that is a range or approximate is weighed by us alone".to_owned())
            }
            Given::Unknown => Err("its baseline is measured by the rollout itself".to_owned()),
        }
    }
}
