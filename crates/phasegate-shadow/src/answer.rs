//! What one side answered.

use phasegate_core::Span;

/// One side's answer to one request.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "callers write it out")]
pub struct Answer {
    /// The status: of HTTP, or of a command.
    pub status: u16,
    /// Names in any case, and values, in order.
    pub headers: Vec<(String, String)>,
    /// The body, complete.
    pub body: Vec<u8>,
    /// From the request to the last byte.
    pub latency: Span,
}

impl Answer {
    /// The values of a header in order, joined as HTTP joins them; `name` in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self
            .headers
            .iter()
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}
