//! What a server says about its limits: `x-ratelimit-*`, `retry-after` and `date`, as text.
//!
//! `x-ratelimit-reset` is an epoch second of the *server's* clock, so the difference to the
//! answer's own `date` counts and the local wall clock is never asked.

use core::time::Duration;

use crate::retry_after::{HttpDate, RetryAfter};
use crate::time::Clock;

use super::gcra::RateLimiter;

/// A reset value below this is a number of seconds from now, above it an epoch second (2001).
const EPOCH_FROM: u64 = 1_000_000_000;

/// The limit as a server last told it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct RateHeaders {
    /// Cells in a period, if told.
    pub limit: Option<u64>,
    /// Cells that are left, if told.
    pub remaining: Option<u64>,
    /// When the period ends, from the moment of the answer.
    pub reset_after: Option<Duration>,
    /// How long to stay away, from the moment of the answer.
    pub retry_after: Option<Duration>,
}

impl RateHeaders {
    /// Reads the headers of one answer; names in any case, unknown ones are skipped, and a value
    /// that cannot be read counts as not told.
    ///
    /// ```
    /// use core::time::Duration;
    /// use phasegate_resilience::RateHeaders;
    ///
    /// let told = RateHeaders::read([
    ///     ("Date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ///     ("X-RateLimit-Remaining", "0"),
    ///     ("x-ratelimit-reset", "784111837"),
    /// ]);
    /// assert_eq!(told.remaining, Some(0));
    /// assert_eq!(told.reset_after, None, "before 2001 it is no epoch second");
    /// let told = RateHeaders::read([("ratelimit-reset", "60"), ("retry-after", "5")]);
    /// assert_eq!(told.reset_after, Some(Duration::from_secs(60)));
    /// assert_eq!(told.retry_after, Some(Duration::from_secs(5)));
    /// ```
    pub fn read<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut told = Self::default();
        let (mut date, mut reset, mut retry) = (None, None, None);
        for (name, value) in headers {
            let value = value.trim();
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            if is("x-ratelimit-limit") || is("ratelimit-limit") {
                told.limit = value.parse().ok();
            } else if is("x-ratelimit-remaining") || is("ratelimit-remaining") {
                told.remaining = value.parse().ok();
            } else if is("x-ratelimit-reset") || is("ratelimit-reset") {
                reset = value.parse::<u64>().ok();
            } else if is("retry-after") {
                retry = RetryAfter::parse(value);
            } else if is("date") {
                date = HttpDate::parse(value);
            }
        }
        told.reset_after = reset.and_then(|reset| match date {
            _ if reset < 86_400 * 366 => Some(Duration::from_secs(reset)),
            Some(date) if reset >= EPOCH_FROM => Some(Duration::from_secs(
                reset.saturating_sub(date.epoch_seconds()),
            )),
            Some(_) | None => None,
        });
        told.retry_after = retry.and_then(|retry| retry.wait(date));
        told
    }

    /// How long to stay away: `retry-after`, else until the reset when nothing remains.
    pub fn wait(&self) -> Option<Duration> {
        match (self.retry_after, self.remaining) {
            (Some(wait), _) => Some(wait),
            (None, Some(0)) => self.reset_after,
            (None, Some(_) | None) => None,
        }
    }
}

impl RateLimiter {
    /// Learns from the headers of an answer that came now. Only ever tightens.
    pub fn learn_headers<C: Clock>(&self, told: &RateHeaders, clock: &C) {
        let now = clock.now();
        if let Some(wait) = told.wait() {
            self.learn(0, now + wait, &now);
        } else if let Some(remaining) = told.remaining {
            self.learn(remaining.max(1), now, &now);
        }
    }
}
