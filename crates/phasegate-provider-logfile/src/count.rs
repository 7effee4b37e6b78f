//! What the events of a window come to.

use phasegate_core::{Decimal, Observed, Wants};
use phasegate_provider::ProviderError;

use crate::measure::Event;

/// Which number of the events' values is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Of {
    Count,
    Max,
    Mean,
    Min,
    Sum,
}

impl Of {
    /// `mean(latency)`, or a name alone: how many match.
    pub(crate) fn parse(text: &str) -> Option<(Self, &str)> {
        let Some((of, rest)) = text.split_once('(') else {
            return Some((Self::Count, text.trim()));
        };
        let name = rest.strip_suffix(')')?.trim();
        let of = match of.trim() {
            "count" => Self::Count,
            "max" => Self::Max,
            "mean" => Self::Mean,
            "min" => Self::Min,
            "sum" => Self::Sum,
            _ => return None,
        };
        Some((of, name))
    }
}

/// Counts of the events so far.
#[derive(Debug, Default)]
pub(crate) struct Count {
    total: u64,
    matching: u64,
    values: u64,
    below: u64,
    sum: Decimal,
    least: Option<Decimal>,
    most: Option<Decimal>,
    /// Was there an event that must have a number and has none, or a sum that is too large?
    fault: Option<&'static str>,
}

impl Count {
    /// Counts an event. Numbers are those of matching events.
    pub(crate) fn add(&mut self, event: &Event, has_value: bool, wants: Wants) {
        self.total += 1;
        if !event.is_matching {
            return;
        }
        self.matching += 1;
        let Some(value) = event.value else {
            if has_value {
                self.fault = Some("an event has no number");
            }
            return;
        };
        self.values += 1;
        if let Wants::Below {
            threshold,
            inclusive,
        } = wants
        {
            self.below += u64::from(value < threshold || (inclusive && value == threshold));
        }
        match self.sum.checked_add(value) {
            Some(sum) => self.sum = sum,
            None => self.fault = Some("the sum of the numbers is too large"),
        }
        self.least = Some(self.least.map_or(value, |least| least.min(value)));
        self.most = Some(self.most.map_or(value, |most| most.max(value)));
    }

    /// The answer, and of how many samples it is made.
    pub(crate) fn observed(
        &self,
        of: Of,
        wants: Wants,
        act: &str,
    ) -> Result<(u64, Observed), ProviderError> {
        let invalid = |why: &str| ProviderError::invalid(format!("{act}: {why}"));
        let needs_values = matches!(wants, Wants::Below { .. }) || of != Of::Count;
        if let Some(fault) = self.fault.filter(|_| needs_values) {
            return Err(invalid(fault));
        }
        let samples = if needs_values {
            self.values
        } else {
            self.total
        };
        if samples == 0 {
            return Err(ProviderError::no_data(format!("{act}: no events")));
        }
        let observed = match wants {
            Wants::Below { threshold, .. } => Observed::Below {
                threshold,
                below: self.below,
                total: self.values,
            },
            Wants::Share => Observed::Share {
                matching: self.matching,
                total: self.total,
            },
            Wants::Distribution | Wants::Scalar | _ => {
                let value = match of {
                    Of::Count => Some(Decimal::from(self.matching)),
                    Of::Max => self.most,
                    Of::Mean => self.sum.checked_div(Decimal::from(self.values)),
                    Of::Min => self.least,
                    Of::Sum => Some(self.sum),
                };
                let value = value.ok_or_else(|| invalid("the number is out of range"))?;
                Observed::Scalar { value }
            }
        };
        Ok((samples, observed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_name_or_a_number_of_its_values() {
        for (text, want) in [
            ("errors", Some((Of::Count, "errors"))),
            ("count(errors)", Some((Of::Count, "errors"))),
            ("mean( latency )", Some((Of::Mean, "latency"))),
            ("max(latency", None),
            ("p99(latency)", None),
        ] {
            assert_eq!(Of::parse(text), want, "{text}");
        }
    }
}
