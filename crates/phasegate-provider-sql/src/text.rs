//! Query texts: one statement, whose parameters and columns say what it measures.

use phasegate_core::{Query, Wants};
use phasegate_provider::ProviderError;
use tokio_postgres::types::Type;

/// The longest text, in bytes.
const BYTES_MAX: usize = 16 << 10;
/// The types of the parameters: the window's start and end, the threshold, and whether what equals it counts.
const TYPES: [Type; 4] = [
    Type::TIMESTAMPTZ,
    Type::TIMESTAMPTZ,
    Type::NUMERIC,
    Type::BOOL,
];

/// Which time a text asks about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Bounds {
    /// The window.
    Both,
    /// What was so at its end.
    End,
    /// What is so now.
    Now,
}

/// A form of answers: its columns, and how many parameters its texts have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) columns: [&'static str; 2],
    /// Can the second column be left out?
    pub(crate) optional: bool,
    parameters: usize,
}

impl Form {
    /// The form that is wanted, if there are such texts.
    pub(crate) fn of(wants: Wants) -> Option<Self> {
        let (columns, optional, parameters) = match wants {
            Wants::Below { .. } => (["below", "total"], false, 4),
            Wants::Scalar => (["value", "samples"], true, 2),
            Wants::Share => (["matching", "total"], false, 2),
            Wants::Distribution | _ => return None,
        };
        Some(Self {
            columns,
            optional,
            parameters,
        })
    }

    /// The types of its parameters.
    pub(crate) fn types(&self) -> &'static [Type] {
        TYPES.get(..self.parameters).unwrap_or(&TYPES)
    }
}

/// Looks at a text before anybody is asked. Whether it is SQL is for the server to say.
pub(crate) fn bounds(query: &Query, form: &Form, act: &str) -> Result<Bounds, ProviderError> {
    let misuse = |why: &str| Err(ProviderError::misuse(format!("{act}: {why}")));
    let text = query.text.as_str();
    if text.len() > BYTES_MAX || text.contains('\0') {
        return misuse("the text is longer than 16 KiB, or holds a zero byte");
    }
    if form.parameters == 4 && !(stands(text, 3) && stands(text, 4)) {
        return misuse(
            "counts below a threshold need $3, the threshold, and $4, whether it counts",
        );
    }
    match (stands(text, 1), stands(text, 2)) {
        (true, true) => Ok(Bounds::Both),
        _ if !form.optional => misuse("counts of events need the window's bounds, $1 and $2"),
        (false, true) => Ok(Bounds::End),
        (false, false) => Ok(Bounds::Now),
        (true, false) => misuse("$1 without $2 asks for more than the window"),
    }
}

/// Does the parameter stand in the text?
fn stands(text: &str, parameter: u8) -> bool {
    let mark = format!("${parameter}");
    let mut after = text.split(&mark).skip(1);
    after.any(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use phasegate_core::{Arm, Decimal, Timestamp, Window, WindowKind};

    use super::*;

    const BELOW: Wants = Wants::Below {
        threshold: Decimal::ONE,
        inclusive: true,
    };

    fn read(text: &str, wants: Wants) -> Result<Bounds, ProviderError> {
        let query = Query {
            to: "sql".parse().expect("an id"),
            kpi: "k".parse().expect("an id"),
            text: text.to_owned(),
            arm: Arm::Canary,
            window: Window {
                start: Timestamp::EPOCH,
                end: Timestamp::EPOCH,
                kind: WindowKind::Rolling,
            },
            unit: String::new(),
            wants,
        };
        bounds(&query, &Form::of(wants).expect("a form"), "ask")
    }

    #[test]
    fn a_text_has_the_parameters_that_its_form_needs() {
        for (text, wants, want) in [
            ("a >= $1 and a < $2", Wants::Scalar, Some(Bounds::Both)),
            ("a < $2", Wants::Scalar, Some(Bounds::End)),
            ("a", Wants::Scalar, Some(Bounds::Now)),
            ("a < $20 and b < $11", Wants::Scalar, Some(Bounds::Now)),
            ("a >= $1", Wants::Scalar, None),
            ("a\0", Wants::Scalar, None),
            ("$1 $2", Wants::Share, Some(Bounds::Both)),
            ("$2", Wants::Share, None),
            ("", Wants::Share, None),
            ("$1 $2 $3 $4", BELOW, Some(Bounds::Both)),
            ("$1 $2 $3", BELOW, None),
            ("$1 $2 $4", BELOW, None),
            ("$3 $4", BELOW, None),
        ] {
            assert_eq!(read(text, wants).ok(), want, "{text} {wants:?}");
        }
        assert!(read(&"x".repeat(BYTES_MAX + 1), Wants::Scalar).is_err());
        assert!(Form::of(Wants::Distribution).is_none());
    }
}
