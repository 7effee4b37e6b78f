//! What a test compares with: the other arm, a figure, the run before.

use phasegate_core::{Arm, Fraction, Quantity};
use phasegate_criterion::{Given, Measured, Test, Value};

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
