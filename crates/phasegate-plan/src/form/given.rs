//! What the builders of the model take: a value, or the text of one as it may stand in a document. A text
//! that cannot be read is kept where it was given, printed there, and told with its path when the plan is
//! checked, so that all faults of a plan written in Rust come at once.

use phasegate_core::{
    BindingId, ChannelId, CriterionId, Decimal, GateId, KpiId, PersonId, PhaseId, PlanId, Ratio,
    RoleId, Span, StepId, TargetId, Timestamp, TriggerId,
};
use phasegate_criterion::{Baseline, Criterion, Deadline, Fact, Name, Policy, Statement, Target};

use super::record::Pairs;
use crate::calendar::{Date, DateWindow, Length, Recurrence, TimeOfDay, TimeRange, Weekday, Zone};
use crate::form::lowering::kebab;
use crate::model::{MessageId, ParameterId, RiskId, ScenarioId, TeamId, Weeks};
use crate::value::Value;

/// What a builder takes where a `T` is wanted: a `T`, or its text.
///
/// ```
/// use phasegate_plan::model::{Phase, PlanDraft, PlanFormat, Stage};
///
/// let stage = Stage::new("25%").bake("10m").criteria(["ratio(errors) < 1%"]);
/// assert_eq!(stage.bake, "10m".parse()?);
///
/// // A text that cannot be read is told when the plan is checked, with all else that is wrong.
/// let phase = Phase::new("ramp up", "Ramp").length("5 days");
/// let faults = PlanDraft::new(PlanFormat::V1, "shop", "Shop").phases([phase]).build().unwrap_err();
/// let paths: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
/// assert_eq!(paths, ["/phases/0/id", "/phases/0/length"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Given<T> {
    /// The value, and the text that stands for it if that cannot be read.
    fn given(self) -> Part<T>;
}

impl<T> Given<T> for T {
    fn given(self) -> Part<T> {
        Part {
            value: self,
            written: None,
        }
    }
}

/// A part of a plan that a builder was given.
#[derive(Clone, Debug)]
pub struct Part<T> {
    value: T,
    /// What was given instead, if the value only stands in for it.
    written: Option<Value>,
}

impl<T> From<T> for Part<T> {
    fn from(value: T) -> Self {
        value.given()
    }
}

impl<T> Given<T> for Part<T> {
    fn given(self) -> Self {
        self
    }
}

impl<T> Part<T> {
    /// The same one as the value of a key.
    pub(crate) fn under<U>(self, key: &str, wrap: impl FnOnce(T) -> U) -> Part<U> {
        Part {
            value: wrap(self.value),
            written: self.written.map(|written| Value::map([(key, written)])),
        }
    }

    pub(crate) fn unread(text: &str, stand_in: T) -> Self {
        Self {
            value: stand_in,
            written: Some(Value::text(text)),
        }
    }
}

/// Texts of these types may be given; each with a text that stands in for one that cannot be read.
macro_rules! texts {
    ($($ty:ty = $stand_in:literal;)*) => {
        $(
            impl Given<$ty> for &str {
                fn given(self) -> Part<$ty> {
                    match self.parse::<$ty>() {
                        Ok(value) => value.given(),
                        Err(_) => Part::unread(self, stand_in($stand_in)),
                    }
                }
            }

            impl Given<$ty> for String {
                fn given(self) -> Part<$ty> {
                    self.as_str().given()
                }
            }
        )*

        #[cfg(test)]
        mod tests {
            use super::*;

            #[test]
            fn whatever_text_is_given_there_is_a_value() {
                $({
                    let part: Part<$ty> = "\u{0}".given();
                    assert_eq!(part.written, Some(Value::text("\u{0}")));
                    let part: Part<$ty> = $stand_in.to_owned().given();
                    assert_eq!(part.written, None);
                })*
            }
        }
    };
}

#[expect(
    clippy::panic,
    reason = "each text is a literal of this file, and a test reads them all"
)]
fn stand_in<T: std::str::FromStr>(text: &str) -> T {
    match text.parse() {
        Ok(value) => value,
        Err(_) => panic!("'{text}' stands in for nothing"),
    }
}

texts! {
    Baseline = "unknown";
    BindingId = "unread";
    ChannelId = "unread";
    Criterion = "unread stable";
    CriterionId = "unread";
    Date = "2000-01-01";
    DateWindow = "2000-01-01..2000-01-02";
    Deadline = "2000-01-01";
    Decimal = "0";
    Fact = "baseline unread = 0";
    GateId = "unread";
    KpiId = "unread";
    Length = "1d";
    MessageId = "unread";
    Name = "unread";
    ParameterId = "unread";
    PersonId = "unread";
    PhaseId = "unread";
    PlanId = "unread";
    Policy = "unread limits 0..1 target 50%";
    Ratio = "0%";
    Recurrence = "daily";
    RiskId = "unread";
    RoleId = "unread";
    ScenarioId = "unread";
    Span = "0s";
    Statement = "unread stable";
    StepId = "unread";
    Target = "< 0";
    TargetId = "unread";
    TeamId = "unread";
    TimeOfDay = "00:00";
    TimeRange = "00:00-01:00";
    Timestamp = "2000-01-01T00:00:00Z";
    TriggerId = "unread";
    Weekday = "monday";
    Weeks = "1..2";
    Zone = "UTC";
}

/// A list of phases: `.after(["build"])`.
impl<G: Given<PhaseId>, const N: usize> Given<Vec<PhaseId>> for [G; N] {
    fn given(self) -> Part<Vec<PhaseId>> {
        let (mut value, mut written, mut slips) = (Vec::new(), Vec::new(), false);
        for one in self {
            let part = one.given();
            slips |= part.written.is_some();
            written.push(
                part.written
                    .unwrap_or_else(|| Value::text(part.value.as_str())),
            );
            value.push(part.value);
        }
        let written = slips.then_some(Value::List(written));
        Part { value, written }
    }
}

/// What a record was given and could not read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Slips(Vec<Slip>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct Slip {
    field: &'static str,
    /// Which item, where the field is a list.
    item: Option<usize>,
    written: Value,
}

impl Slips {
    /// The value of a field that is set, perhaps anew.
    pub(crate) fn take<T>(&mut self, field: &'static str, given: impl Given<T>) -> T {
        self.0.retain(|slip| slip.field != field);
        let part = given.given();
        self.note(field, None, part.written);
        part.value
    }

    /// The value of an item that is added to a list.
    pub(crate) fn item<T>(&mut self, field: &'static str, item: usize, given: impl Given<T>) -> T {
        let part = given.given();
        self.note(field, Some(item), part.written);
        part.value
    }

    fn note(&mut self, field: &'static str, item: Option<usize>, written: Option<Value>) {
        self.0.extend(written.map(|written| Slip {
            field,
            item,
            written,
        }));
    }

    /// Puts what was given where its stand-in is printed.
    pub(crate) fn restore(&self, pairs: &mut Pairs) {
        for slip in &self.0 {
            let key = kebab(slip.field);
            let found = pairs.0.iter_mut().find(|(name, _)| *name == key);
            match (found, slip.item) {
                (Some((_, Value::List(items))), Some(item)) => {
                    if let Some(item) = items.get_mut(item) {
                        *item = slip.written.clone();
                    }
                }
                (Some((_, value)), _) => *value = slip.written.clone(),
                (None, _) => pairs.put((key, slip.written.clone())),
            }
        }
    }
}
