//! From the cells of a column to the values of a window.

use phasegate_core::{Decimal, Timestamp, Window};
use phasegate_provider::ProviderError;
use phasegate_provider::points::Points;
use phasegate_provider::text::one_line;
use phasegate_table::{Table, shown};

/// The cells of the rows that lie in the window, oldest first.
pub(crate) fn within(
    table: &Table,
    column: &str,
    window: Window,
    act: &str,
) -> Result<Points, ProviderError> {
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
    Ok(Points::new(values.into_iter().map(|(_, value)| value)))
}

pub(crate) fn invalid(why: &str, act: &str) -> ProviderError {
    ProviderError::invalid(format!("{act}: {why}"))
}
