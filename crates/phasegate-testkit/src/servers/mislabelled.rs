//! An adapter against an answer that is right in all but its type: a login page's, a proxy's.

use std::io;

use phasegate_provider::{ErrorKind, ProviderError};

use super::Hostile;
use crate::conformance::Violation;

/// Lets an adapter ask a server whose every answer is `body`, once as JSON and once as HTML. `ask` is given the
/// server's URL and does one call. As JSON it must be taken, or nothing is shown; as HTML it must be refused as
/// [`Invalid`](ErrorKind::Invalid).
///
/// # Errors
/// When there is no free port.
pub async fn mislabelled<T, F>(body: &str, mut ask: F) -> io::Result<Vec<Violation>>
where
    F: AsyncFnMut(String) -> Result<T, ProviderError>,
{
    let mut violations = Vec::new();
    let server = Hostile::always(&format!("/json?{body}")).await?;
    if let Err(error) = ask(server.url("")).await {
        let (rule, found) = ("the answer is taken as JSON", error.to_string());
        violations.push(Violation { rule, found });
    }
    let server = Hostile::always(&format!("/text?{body}")).await?;
    let kind = ask(server.url("")).await.err().map(|error| error.kind());
    if kind != Some(ErrorKind::Invalid) {
        let (rule, found) = ("the same as HTML is invalid", format!("{kind:?}"));
        violations.push(Violation { rule, found });
    }
    Ok(violations)
}
