//! Tables of comma-separated values: <https://www.rfc-editor.org/rfc/rfc4180>.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::Timestamp;

use super::prometheus::moment;
use super::{ReadError, shown};
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
    let mut lines = text.lines().zip(1..);
    let (head, _) = lines.next().unwrap_or(("", 1));
    let head = columns(head)?;
    let mut values: Vec<Vec<(Timestamp, f64)>> = vec![Vec::new(); head.len().saturating_sub(1)];
    for (line, number) in lines.filter(|(line, _)| !line.is_empty()) {
        let cells = cells(line).ok_or_else(|| unclosed(number))?;
        if cells.len() != head.len() {
            let what = format!(
                "it has {} cells, and the head has {}",
                cells.len(),
                head.len()
            );
            let help = "leave a cell empty for a gap, and quote what holds a comma";
            return Err(fault(number, what, help));
        }
        let mut cells = cells.iter();
        let at = cells.next().map(String::as_str).unwrap_or_default();
        let at = time(at).ok_or_else(|| {
            let help = "write seconds since 1970, or 2025-09-09T09:00:00Z";
            fault(number, format!("{} is no time", shown(at)), help)
        })?;
        for (cell, column) in cells.zip(&mut values) {
            if cell.is_empty() {
                continue;
            }
            let value = cell.parse().map_err(|_no: std::num::ParseFloatError| {
                let help = "write it with a point and without a unit, or leave it empty for a gap";
                fault(number, format!("{} is no number", shown(cell)), help)
            })?;
            column.push((at, value));
        }
    }
    let names = head.into_iter().skip(1);
    let series = values.into_iter().map(Series::new);
    Ok(names.zip(series).collect())
}

fn fault(line: usize, what: String, help: &'static str) -> ReadError {
    ReadError::Line { line, what, help }
}

fn unclosed(line: usize) -> ReadError {
    let what = "a quotation mark is not closed".to_owned();
    let help = "close it in the same line, and double the ones inside";
    fault(line, what, help)
}

/// The names of the columns.
fn columns(head: &str) -> Result<Vec<String>, ReadError> {
    let names = cells(head).ok_or_else(|| unclosed(1))?;
    if names.len() < 2 {
        let what = "there is no column beside the time".to_owned();
        let help = "name the columns in the first line: time, then one for each number";
        return Err(fault(1, what, help));
    }
    let mut known = BTreeSet::new();
    match names
        .iter()
        .skip(1)
        .find(|name| !known.insert(name.as_str()))
    {
        Some(name) => {
            let what = format!("two columns are called {}", shown(name));
            Err(fault(1, what, "give each a name of its own"))
        }
        None => Ok(names),
    }
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
