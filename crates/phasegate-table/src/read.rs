//! Tables of comma-separated values: <https://www.rfc-editor.org/rfc/rfc4180>.

use std::collections::BTreeSet;

use phasegate_core::Timestamp;

use crate::words::{moment, shown};

/// A table: its columns beside the time, and its rows in the order of their lines.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "it is all that was read")]
pub struct Table {
    /// The names of the columns, each once.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// One row of a table.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "it is all that was read")]
pub struct Row {
    /// Its line, from 1.
    pub line: usize,
    /// What the first column says.
    pub at: Timestamp,
    /// What the others say, one for each column of the table. An empty one is a gap.
    pub cells: Vec<String>,
}

/// A line does not fit.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}: {what}; {help}")]
#[expect(
    clippy::exhaustive_structs,
    reason = "readers turn it into an error of their own"
)]
pub struct TableError {
    /// Which, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
    /// How to mend it.
    pub help: &'static str,
}

/// Reads a table. Empty lines are left out.
///
/// # Errors
/// [`TableError`] for the first line that does not fit.
pub fn read(text: &str) -> Result<Table, TableError> {
    let mut lines = text.lines().zip(1..);
    let (head, _) = lines.next().unwrap_or(("", 1));
    let columns = columns(head)?;
    let mut rows = Vec::new();
    for (text, line) in lines.filter(|(text, _)| !text.is_empty()) {
        let mut cells = cells(text).ok_or_else(|| unclosed(line))?.into_iter();
        let (found, wanted) = (cells.len(), columns.len() + 1);
        if found != wanted {
            let what = format!("it has {found} cells, and the head has {wanted}");
            let help = "leave a cell empty for a gap, and quote what holds a comma";
            return Err(fault(line, what, help));
        }
        let at = cells.next().unwrap_or_default();
        let at = time(&at).ok_or_else(|| {
            let help = "write seconds since 1970, or 2025-09-09T09:00:00Z";
            fault(line, format!("{} is no time", shown(&at)), help)
        })?;
        let cells = cells.collect();
        rows.push(Row { line, at, cells });
    }
    Ok(Table { columns, rows })
}

fn fault(line: usize, what: String, help: &'static str) -> TableError {
    TableError { line, what, help }
}

fn unclosed(line: usize) -> TableError {
    let what = "a quotation mark is not closed".to_owned();
    let help = "close it in the same line, and double the ones inside";
    fault(line, what, help)
}

/// The names of the columns.
fn columns(head: &str) -> Result<Vec<String>, TableError> {
    let mut names = cells(head).ok_or_else(|| unclosed(1))?;
    if names.len() < 2 {
        let what = "there is no column beside the time".to_owned();
        let help = "name the columns in the first line: time, then one for each number";
        return Err(fault(1, what, help));
    }
    names.remove(0);
    let mut known = BTreeSet::new();
    match names.iter().find(|name| !known.insert(name.as_str())) {
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
