//! An adapter against everything that a server can do wrong, one way after the other.

use std::io;
use std::time::{Duration, Instant};

use phasegate_provider::ProviderError;

use super::{Hostile, MISBEHAVIOURS};
use crate::conformance::Violation;

/// How long one call may take beside a misbehaving server. Give the call a deadline well below it.
const TIME_MAX: Duration = Duration::from_secs(5);

/// Lets an adapter ask a server that misbehaves in each of [`MISBEHAVIOURS`], and one that redirects
/// elsewhere. `ask` is given the server's URL and does one call. Every call must end in a typed error in
/// bounded time, but for the ways in `may_pass`, for adapters to which a status says all: those may succeed.
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
