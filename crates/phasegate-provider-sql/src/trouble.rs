//! What errors of the server and of the connection mean. Asking changes nothing, so nothing is in doubt.

use std::io;

use phasegate_provider::{ErrorKind, ProviderError, Retry, Sent};
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, SqlState};

use crate::link::NoLink;

/// An error with its causes, which the client's `Display` leaves out.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// There is no connection.
pub(crate) fn unreached(trouble: NoLink, act: &str) -> ProviderError {
    let unavailable = |why: &dyn std::error::Error| {
        let told = format!("{act}: {}", chain(why));
        ProviderError::new(ErrorKind::Unavailable, Sent::Nothing, told)
    };
    match trouble {
        NoLink::Network(error) => unavailable(&error).with_source(error),
        NoLink::Postgres(error) if not_trusted(&error) => unavailable(&error)
            .with_retry(Retry::Never)
            .with_source(error),
        NoLink::Postgres(error) => failed(error, act),
        NoLink::Tls(error) => unavailable(error.as_ref()).with_source(error),
    }
}

/// Whether the handshake ended because the server has no encryption or no certificate that is trusted, and not
/// because the connection was lost. The client tells what kind its errors are by their text alone.
fn not_trusted(error: &Error) -> bool {
    let cause =
        std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    // `InvalidData` is what rustls says of bytes that it does not accept.
    let said = cause.is_none_or(|error| error.kind() == io::ErrorKind::InvalidData);
    said && error
        .to_string()
        .starts_with("error performing TLS handshake")
}

/// A request failed.
pub(crate) fn failed(error: Error, act: &str) -> ProviderError {
    let (kind, sent, why) = match error.as_db_error() {
        Some(said) => (kind(said.code()), Sent::Answered, told(said)),
        None => (ErrorKind::Unavailable, Sent::Maybe, chain(&error)),
    };
    ProviderError::new(kind, sent, format!("{act}: {why}"))
}

/// The kind of what the server said, by the classes of its documentation ("PostgreSQL Error Codes").
fn kind(code: &SqlState) -> ErrorKind {
    if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        return ErrorKind::Denied;
    }
    if *code == SqlState::QUERY_CANCELED {
        return ErrorKind::Timeout;
    }
    match code.code().get(..2) {
        // No permission to come in.
        Some("28") => ErrorKind::Denied,
        // No such database, no such schema.
        Some("3D" | "3F") => ErrorKind::NotFound,
        // Not supported, writes in a read-only transaction, not SQL or about what there is not.
        Some("0A" | "25" | "42") => ErrorKind::Misuse,
        // Lost, collided, too few resources, limits, locks, an operator, the system, a bug.
        Some("08" | "40" | "53" | "54" | "55" | "57" | "58" | "XX") => ErrorKind::Unavailable,
        Some(_) | None => ErrorKind::Invalid,
    }
}

/// The server's words where they are about the text, else the code alone: a message about a value holds it.
fn told(said: &DbError) -> String {
    let code = said.code().code();
    let about_text = ["0A", "25", "28", "3D", "3F", "42", "53", "57"];
    if code
        .get(..2)
        .is_some_and(|class| about_text.contains(&class))
    {
        format!("{} ({code})", said.message())
    } else {
        format!("the server says {code}")
    }
}
