//! Tables of comma-separated values: <https://www.rfc-editor.org/rfc/rfc4180>.

use std::collections::BTreeMap;

use phasegate_core::Timestamp;

use super::ReadError;
use super::prometheus::moment;
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
    let mut lines = text.lines().enumerate();
    let fault = |line: usize, what: &str| ReadError::Line {
        line: line + 1,
        what: what.to_owned(),
    };
    let (_, head) = lines.next().ok_or_else(|| fault(0, "there is no head"))?;
    let head = cells(head).ok_or_else(|| fault(0, "a quotation mark is not closed"))?;
    let mut columns: Vec<Vec<(Timestamp, f64)>> = vec![Vec::new(); head.len().saturating_sub(1)];
    for (number, line) in lines {
        if line.is_empty() {
            continue;
        }
        let cells = cells(line).ok_or_else(|| fault(number, "a quotation mark is not closed"))?;
        if cells.len() != head.len() {
            return Err(fault(number, "it has not as many cells as the head"));
        }
        let mut cells = cells.iter();
        let at = cells.next().and_then(|text| time(text));
        let at = at.ok_or_else(|| fault(number, "the first cell is no time"))?;
        for (cell, column) in cells.zip(&mut columns) {
            if cell.is_empty() {
                continue;
            }
            let value = cell
                .parse()
                .map_err(|_no: std::num::ParseFloatError| fault(number, "a cell is no number"))?;
            column.push((at, value));
        }
    }
    let names = head.into_iter().skip(1);
    let series = columns.into_iter().map(Series::new);
    Ok(names.zip(series).collect())
}

fn time(text: &str) -> Option<Timestamp> {
    match text.parse::<f64>() {
        Ok(seconds) => moment(seconds),
        Err(_) => text.parse().ok(),
    }
}

fn cells(line: &str) -> Option<Vec<String>> {
    if !line.contains('"') {
        return Some(line.split(',').map(|cell| cell.trim().to_owned()).collect());
    }
    let (mut cells, mut cell, mut inside) = (Vec::new(), String::new(), false);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, inside) {
            ('"', true) if characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            ('"', _) => inside = !inside,
            (',', false) => cells.push(std::mem::take(&mut cell)),
            (other, _) => cell.push(other),
        }
    }
    cells.push(cell);
    (!inside).then_some(cells)
}
