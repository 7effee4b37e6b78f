//! What a row says: numbers out of its columns, or why there are none.

use phasegate_core::{Decimal, Observed, Query, Wants};
use phasegate_provider::ProviderError;
use tokio_postgres::types::FromSql as _;
use tokio_postgres::{Column, Row};

use crate::numeric::Cell;
use crate::text::Form;
use crate::trouble::chain;

/// Holds the columns of a statement against those of its form, before it runs.
pub(crate) fn check(columns: &[Column], form: &Form, act: &str) -> Result<(), ProviderError> {
    let misuse = |why: String| Err(ProviderError::misuse(format!("{act}: {why}")));
    let count = |name: &str| {
        columns
            .iter()
            .filter(|column| column.name() == name)
            .count()
    };
    let [first, second] = form.columns.map(count);
    let spare = usize::from(form.optional && second == 0);
    if first != 1 || second + spare != 1 || columns.len() != first + second {
        let names: Vec<&str> = columns.iter().map(Column::name).collect();
        let optional = if form.optional { " (optional)" } else { "" };
        let [first, second] = form.columns;
        let names = names.join(", ");
        return misuse(format!(
            "the columns must be {first} and {second}{optional}, they are: {names}"
        ));
    }
    for column in columns {
        if !Cell::accepts(column.type_()) {
            let (name, kind) = (column.name(), column.type_());
            return misuse(format!(
                "column {name} is of type {kind}, which is no number"
            ));
        }
    }
    Ok(())
}

/// What the one row says.
pub(crate) fn observed(
    rows: &[Row],
    query: &Query,
    form: &Form,
    act: &str,
) -> Result<(u64, Observed), ProviderError> {
    let row = match rows {
        [] => return Err(ProviderError::no_data(act)),
        [row] => row,
        _ => return Err(invalid("more rows than one", act)),
    };
    let [first, second] = form.columns;
    let has_second = row.columns().iter().any(|column| column.name() == second);
    let all = if has_second {
        count(row, second, act)?
    } else {
        1
    };
    // A mean of nothing is nothing, whatever the query makes of it.
    if all == 0 {
        return Err(ProviderError::no_data(act));
    }
    let part = || match count(row, first, act)? {
        part if part > all => Err(invalid(&format!("{first} is {part}, of {all}"), act)),
        part => Ok(part),
    };
    let observed = match query.wants {
        Wants::Below { threshold, .. } => Observed::Below {
            threshold,
            below: part()?,
            total: all,
        },
        Wants::Share => Observed::Share {
            matching: part()?,
            total: all,
        },
        Wants::Distribution | Wants::Scalar | _ => Observed::Scalar {
            value: number(row, first, act)?,
        },
    };
    Ok((all, observed))
}

fn number(row: &Row, column: &str, act: &str) -> Result<Decimal, ProviderError> {
    match row.try_get::<_, Cell>(column) {
        Ok(Cell::Number(number)) => Ok(number),
        Ok(Cell::Null) => Err(ProviderError::no_data(act)),
        Err(error) => Err(invalid(&format!("column {column}: {}", chain(&error)), act)),
    }
}

fn count(row: &Row, column: &str, act: &str) -> Result<u64, ProviderError> {
    let number = number(row, column, act)?;
    let whole = number.to_u64();
    whole.ok_or_else(|| invalid(&format!("column {column}: {number} is no count"), act))
}

fn invalid(why: &str, act: &str) -> ProviderError {
    ProviderError::invalid(format!("{act}: {why}"))
}
