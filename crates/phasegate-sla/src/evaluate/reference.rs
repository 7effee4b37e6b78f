//! What a test compares with: the other arm, a figure, the run before.

use phasegate_core::{Arm, Fraction, Quantity};
use phasegate_criterion::{Against, Baseline, Given, Measure, Measured, Test, Value, measured};

use super::Inputs;
use super::amount::{Amount, Extent};
use super::read::{self, Read};
use crate::need::{Compared, compared, inner, span_of};
use crate::verdict::Why;

/// Something to compare with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Referred {
    pub(super) extent: Extent,
    /// Is it a figure that is only approximate?
    pub(super) approximate: bool,
    /// The other arm's measurement, where it is one.
    pub(super) arm: Option<Amount>,
}

/// Approximate figures lie within this part of their value.
fn tenth() -> Read<Fraction> {
    Fraction::new(1, 10).ok_or(Why::OutOfRange)
}

/// The base amount of a quantity.
pub(super) fn base(quantity: &Quantity) -> Read<Fraction> {
    quantity.base().ok_or(Why::OutOfRange)
}

/// A value as an extent: an approximate one reaches a tenth of itself to each side.
pub(super) fn extent_of(value: &Value) -> Read<Extent> {
    let exact = Extent::exact(base(value.quantity())?);
    if !value.is_approximate() {
        return Ok(exact);
    }
    let part = exact.times(tenth()?)?;
    let (low, high) = (exact.minus(part)?.value, exact.plus(part)?.value);
    Ok(Extent {
        value: exact.value,
        ..Extent::between(low, high)
    })
}

/// A figure as an extent; from end to end for ranges.
pub(super) fn figure(given: &Given) -> Read<Referred> {
    let extent = match given {
        Given::Unknown => return Err(Why::BaselineMissing),
        Given::Point(value) => extent_of(value)?,
        Given::Range(range) => {
            Extent::between(base(range.low.quantity())?, base(range.high.quantity())?)
        }
    };
    Ok(Referred {
        extent,
        approximate: !extent.is_exact(),
        arm: None,
    })
}

impl Inputs<'_> {
    /// Is it a value of what is measured itself, not of a change of it?
    pub(super) fn is_of_measure(
        &self,
        quantity: &Quantity,
        test: &Test,
        of: &Measured<'_>,
    ) -> bool {
        let dimension = quantity.dimension();
        let own = match &test.subject.measure {
            Measure::Change(of) => match measured(of, self.registry) {
                Ok(own) => own.expects,
                Err(_) => return false,
            },
            Measure::Aggregate { .. }
            | Measure::Apdex { .. }
            | Measure::Below { .. }
            | Measure::BudgetLeft { .. }
            | Measure::BurnRate { .. }
            | Measure::Plain { .. }
            | Measure::Query(_) => of.expects.clone(),
        };
        own.takes(&dimension)
    }

    /// The baseline that a plain threshold names: it decides nothing, and is shown beside what was measured.
    pub(super) fn shown_beside(&self, test: &Test, of: &Measured<'_>) -> Option<Referred> {
        let reference = test.against.as_ref()?;
        let declared = match of.sources.first().map(|source| &source.kpi.baseline) {
            Some(Baseline::Figure(given)) => Some(given),
            Some(Baseline::Control | Baseline::Previous) | None => None,
        };
        let given = reference.given.as_ref().or(declared)?;
        let fits = |value: &Value| self.is_of_measure(value.quantity(), test, of);
        let all = match given {
            Given::Unknown => false,
            Given::Point(value) => fits(value),
            Given::Range(range) => fits(&range.low) && fits(&range.high),
        };
        let plain = reference.against == Against::Baseline
            && matches!(compared(test, of), Compared::Nothing);
        figure(given).ok().filter(|_| all && plain)
    }

    /// What the test compares with; `None` where it compares with nothing but the values in it.
    pub(super) fn referred(&self, test: &Test, measured: &Measured<'_>) -> Read<Option<Referred>> {
        match compared(test, measured) {
            Compared::Nothing => Ok(None),
            Compared::Figure(given) => figure(&given).map(Some),
            Compared::Previous => {
                let measure = inner(&test.subject.measure).to_string();
                let previous = self
                    .testimony
                    .previous
                    .get(&measure)
                    .ok_or(Why::BaselineMissing)?;
                if !self.is_of_measure(previous, test, measured) {
                    return Err(Why::Invalid);
                }
                let extent = Extent::exact(base(previous)?);
                Ok(Some(Referred {
                    extent,
                    approximate: false,
                    arm: None,
                }))
            }
            Compared::Arm => {
                let asked = |source: &phasegate_criterion::Source<'_>| {
                    (Arm::Stable, span_of(test, source, self.registry))
                };
                let arm = read::value(test, measured, &asked, self.answers)?;
                Ok(Some(Referred {
                    extent: arm.extent,
                    approximate: false,
                    arm: Some(arm),
                }))
            }
        }
    }
}
