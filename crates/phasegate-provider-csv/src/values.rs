//! From cells to numbers, or to the reason why there is none. Decimals, so nothing is rounded but a mean.

use phasegate_core::{Decimal, Timestamp, Window};
use phasegate_provider::ProviderError;
use phasegate_provider::text::one_line;
use phasegate_table::{Table, shown};

use crate::config::Gaps;
use crate::text::Reduce;

/// The values of one column in a window, oldest first.
#[derive(Debug)]
pub(crate) struct Values(Vec<Option<Decimal>>);

impl Values {
    /// The cells of the rows that lie in the window.
    pub(crate) fn within(
        table: &Table,
        column: &str,
        window: Window,
        act: &str,
    ) -> Result<Self, ProviderError> {
        let Some(at) = table.columns.iter().position(|name| name == column) else {
            let (name, known) = (one_line(column, 80), table.columns.join(", "));
            let told = format!("{act}: no column is called '{name}', there are: {known}");
            return Err(ProviderError::misuse(told));
        };
        let mut values: Vec<(Timestamp, Option<Decimal>)> = Vec::new();
        for row in &table.rows {
            if row.at < window.start || row.at >= window.end {
                continue;
            }
            let cell = row.cells.get(at).map(String::as_str).unwrap_or_default();
            let value = match cell {
                "" => None,
                cell => Some(cell.parse::<Decimal>().map_err(|_error| {
                    let line = row.line;
                    invalid(&format!("line {line}: {} is no number", shown(cell)), act)
                })?),
            };
            values.push((row.at, value));
        }
        values.sort_by_key(|(at, _)| *at);
        let twice = values.iter().zip(values.iter().skip(1));
        if let Some(((at, _), _)) = twice.clone().find(|((one, _), (next, _))| one == next) {
            return Err(invalid(&format!("two rows are of {at}"), act));
        }
        Ok(Self(values.into_iter().map(|(_, value)| value).collect()))
    }

    /// One number, and how many rows it is made of.
    pub(crate) fn reduced(
        &self,
        reduce: Reduce,
        gaps: Gaps,
        act: &str,
    ) -> Result<(Decimal, u64), ProviderError> {
        let known: Vec<Decimal> = self.0.iter().copied().flatten().collect();
        let Some(last) = known.last().copied() else {
            return no_data("no row of the window has a value", act);
        };
        if reduce == Reduce::Sum && gaps == Gaps::NoData && known.len() < self.0.len() {
            return no_data("a row has no value, so the sum is not whole", act);
        }
        let count = u64::try_from(known.len()).unwrap_or(u64::MAX);
        let sum = || {
            let mut all = known.iter().copied();
            all.try_fold(Decimal::ZERO, Decimal::checked_add)
        };
        let value = match reduce {
            Reduce::Average => sum().and_then(|sum| sum.checked_div(Decimal::from(count))),
            Reduce::Last => Some(last),
            Reduce::Max => known.iter().copied().max(),
            Reduce::Min => known.iter().copied().min(),
            Reduce::Sum => sum(),
        };
        let too_large = || invalid("the number has more digits than can be judged", act);
        Ok((value.ok_or_else(too_large)?, count))
    }

    /// How many events matched, of how many.
    pub(crate) fn share(
        matching: &Self,
        total: &Self,
        gaps: Gaps,
        act: &str,
    ) -> Result<(u64, u64), ProviderError> {
        let (mut some, mut all) = (0u64, 0u64);
        for pair in matching.0.iter().zip(&total.0) {
            let (part, of) = match pair {
                // Nobody was there.
                (None, None) => continue,
                (Some(part), Some(of)) => (count(*part, act)?, count(*of, act)?),
                (None, Some(of)) if gaps == Gaps::Zero => (0, count(*of, act)?),
                (None, Some(_)) => return no_data("a row has a total and no matching", act),
                (Some(_), None) => return no_data("a row has no total", act),
            };
            some = some.saturating_add(part);
            all = all.saturating_add(of);
        }
        if all == 0 {
            return no_data("no events", act);
        }
        if some > all {
            return Err(invalid(&format!("{some} matched, of {all}"), act));
        }
        Ok((some, all))
    }
}

fn count(number: Decimal, act: &str) -> Result<u64, ProviderError> {
    let why = || invalid(&format!("{number} is no count of events"), act);
    number.to_u64().ok_or_else(why)
}

fn no_data<T>(why: &str, act: &str) -> Result<T, ProviderError> {
    Err(ProviderError::no_data(format!("{act}: {why}")))
}

pub(crate) fn invalid(why: &str, act: &str) -> ProviderError {
    ProviderError::invalid(format!("{act}: {why}"))
}
