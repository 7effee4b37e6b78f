//! Tables of comma-separated values, as series by the heads of their columns.

use std::collections::BTreeMap;

use phasegate_core::Timestamp;
use phasegate_table::{TableError, read, shown};

use super::ReadError;
use crate::series::Series;

/// The columns of a table, by their heads. The first column is the time: seconds since 1970, or RFC 3339. An empty cell
/// is a gap. Line breaks within quotation marks are not taken.
///
/// # Errors
/// [`ReadError::Line`] for the first line that does not fit.
///
/// ```
/// let text = "time,errors,\"requests, all\"\n1757408400,3,500\n2025-09-09T09:00:15Z,,1000\n";
/// let series = phasegate_backtest::read_csv(text)?;
/// assert_eq!((series["errors"].len(), series["requests, all"].len()), (1, 2));
/// # Ok::<(), phasegate_backtest::ReadError>(())
/// ```
pub fn read_csv(text: &str) -> Result<BTreeMap<String, Series>, ReadError> {
    let table = read(text)?;
    let mut values: Vec<Vec<(Timestamp, f64)>> = vec![Vec::new(); table.columns.len()];
    for row in &table.rows {
        for (cell, column) in row.cells.iter().zip(&mut values) {
            if cell.is_empty() {
                continue;
            }
            let value = cell.parse().map_err(|_no: std::num::ParseFloatError| {
                let what = format!("{} is no number", shown(cell));
                let help = "write it with a point and without a unit, or leave it empty for a gap";
                let line = row.line;
                ReadError::Line { line, what, help }
            })?;
            column.push((row.at, value));
        }
    }
    let series = values.into_iter().map(Series::new);
    Ok(table.columns.into_iter().zip(series).collect())
}

impl From<TableError> for ReadError {
    fn from(error: TableError) -> Self {
        let TableError { line, what, help } = error;
        Self::Line { line, what, help }
    }
}
