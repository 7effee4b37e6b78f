//! The few things about a store that its owner may choose.

use phasegate_core::Span;

/// PostgreSQL cuts longer names.
const SCHEMA_LEN_MAX: usize = 48;

/// How to use a server.
///
/// ```
/// use phasegate_core::Span;
/// use phasegate_journal_postgres::PostgresOptions;
/// let options = PostgresOptions::default()
///     .with_schema("rollouts")?
///     .with_call_time_max(Span::from_secs(5));
/// # let _ = options;
/// # Ok::<(), phasegate_journal_postgres::SchemaNameError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PostgresOptions {
    pub(crate) schema: String,
    pub(crate) call_time_max: Span,
}

/// Why a text is no name of a schema.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a schema's name is 1 to {SCHEMA_LEN_MAX} of a-z, 0-9 and '_', and begins with a letter")]
pub struct SchemaNameError;

impl Default for PostgresOptions {
    /// The schema `phasegate`; 10 seconds for each call.
    fn default() -> Self {
        Self {
            schema: "phasegate".to_owned(),
            call_time_max: Span::from_secs(10),
        }
    }
}

impl PostgresOptions {
    /// The schema that holds the tables; made if it is not there. One schema is one store: it has its own
    /// rollouts, claims and fencing tokens.
    pub fn with_schema(self, schema: impl Into<String>) -> Result<Self, SchemaNameError> {
        let schema = schema.into();
        let fits = schema.len() <= SCHEMA_LEN_MAX
            && schema.starts_with(|c: char| c.is_ascii_lowercase())
            && schema
                .chars()
                .all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'));
        if fits {
            Ok(Self { schema, ..self })
        } else {
            Err(SchemaNameError)
        }
    }

    /// How long a call may take, connecting included. It should be well below the time that leases run.
    /// The server gives up at the same time, so that a call that timed out does not land much later.
    #[must_use]
    pub fn with_call_time_max(self, call_time_max: Span) -> Self {
        Self {
            call_time_max,
            ..self
        }
    }

    /// The name under which the server tells of changes.
    pub(crate) fn channel(&self) -> String {
        format!("{}_journal", self.schema)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_name_cannot_carry_a_statement() {
        for (name, fits) in [
            ("phasegate", true),
            ("a1_b", true),
            ("", false),
            ("1a", false),
            ("A", false),
            ("a\"; DROP TABLE x; --", false),
            ("a b", false),
            (&"a".repeat(48), true),
            (&"a".repeat(49), false),
        ] {
            let named = PostgresOptions::default().with_schema(name);
            assert_eq!(named.is_ok(), fits, "{name:?}");
        }
    }
}
