//! An adapter against everything that a server can do wrong, one way after the other.

use std::io;
use std::time::{Duration, Instant};

use phasegate_core::Span;
use phasegate_provider::{ErrorKind, ProviderError, Retry};

use super::{Hostile, MISBEHAVIOURS};
use crate::conformance::Violation;

/// How long one call may take beside a misbehaving server. Give the call a deadline well below it.
const TIME_MAX: Duration = Duration::from_secs(5);
/// What the server says in `Retry-After`.
const WAIT: Span = Span::from_secs(7);

/// Lets an adapter ask a server that misbehaves in each of [`MISBEHAVIOURS`], and one that redirects
/// elsewhere. `ask` is given the server's URL and does one call. Every call must end in a typed error in
/// bounded time, but for the ways in `may_pass`, for adapters to which a status says all: those may succeed.
/// That there is too much (429) must be told as throttled, with the wait that the server asked for; that it failed
/// (500, 503) as unavailable.
///
/// # Errors
/// When there is no free port.
pub async fn withstand<T, F>(may_pass: &[&str], mut ask: F) -> io::Result<Vec<Violation>>
where
    F: AsyncFnMut(String) -> Result<T, ProviderError>,
{
    let mut violations = Vec::new();
    let mut check = |rule: &'static str, holds: bool, found: String| {
        if !holds {
            violations.push(Violation { rule, found });
        }
    };
    for way in MISBEHAVIOURS {
        let server = Hostile::always(way).await?;
        let started = Instant::now();
        let outcome = ask(server.url("")).await;
        let took = started.elapsed();
        check(
            "time is bounded",
            took < TIME_MAX,
            format!("{way}: {took:?}"),
        );
        match outcome {
            Ok(_) => {
                let rule = "a misbehaving server leads to an error";
                check(rule, may_pass.contains(&way), way.to_owned());
            }
            Err(error) => {
                let length = error.detail().chars().count();
                let rule = "an error says what was tried, in bounded length";
                check(rule, (1..=401).contains(&length), format!("{way}: {error}"));
                let rule = "a status is told as what it means";
                let found = format!("{way}: {error}, {:?}", error.retry());
                check(rule, tells(way, &error), found);
            }
        }
    }
    let elsewhere = Hostile::start().await?;
    let server = Hostile::always(&format!("/to?{}", elsewhere.url("/fine"))).await?;
    let outcome = ask(server.url("")).await;
    let told = outcome.err().map(|error| error.to_string());
    check("a redirect is an error", told.is_some(), "/to".to_owned());
    let rule = "a redirect is followed nowhere";
    check(rule, elsewhere.asked().is_empty(), format!("{told:?}"));
    Ok(violations)
}

/// Does the error tell what this way of misbehaving says of itself?
fn tells(way: &str, error: &ProviderError) -> bool {
    match way {
        "/status?429" => {
            let wait = Retry::After(WAIT);
            (error.kind(), error.retry()) == (ErrorKind::Throttled, wait)
        }
        "/status?500" | "/status?503" => error.kind() == ErrorKind::Unavailable,
        _ => true,
    }
}
