//! What GitHub's answers say. Decoding is pure.

use phasegate_core::{Span, Timestamp};
use phasegate_provider::text::one_line;
use phasegate_provider::{ErrorKind, HttpResponse, ProviderError, Retry, Sent};
use serde::Deserialize;

/// How long a limit is waited for where GitHub does not say how long: "wait for at least one minute".
const UNTOLD: Span = Span::from_secs(60);

/// One run of a workflow: what is used of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub(crate) struct Run {
    pub(crate) id: u64,
    pub(crate) display_title: String,
    pub(crate) status: Option<String>,
    pub(crate) conclusion: Option<String>,
    pub(crate) html_url: String,
    pub(crate) logs_url: String,
    pub(crate) created_at: Timestamp,
    pub(crate) run_started_at: Option<Timestamp>,
    pub(crate) updated_at: Timestamp,
}

impl Run {
    pub(crate) fn has_ended(&self) -> bool {
        self.status.as_deref() == Some("completed")
    }

    /// How long its last attempt took, from its start to the last change.
    pub(crate) fn took(&self) -> Span {
        self.updated_at
            .since(self.run_started_at.unwrap_or(self.created_at))
    }
}

/// A page of runs.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Runs {
    pub(crate) total_count: u64,
    pub(crate) workflow_runs: Vec<Run>,
}

/// What a workflow says about itself.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Workflow {
    pub(crate) state: String,
}

/// What a dispatch answers where it tells the run.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Dispatched {
    pub(crate) workflow_run_id: u64,
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

/// The answer if it is one, else the error that it means. That nothing has changed (304) is an answer.
pub(crate) fn checked(answer: HttpResponse, act: &str) -> Result<HttpResponse, ProviderError> {
    if answer.is_success() || answer.status == 304 {
        return Ok(answer);
    }
    let refusal: Option<Refusal> = serde_json::from_slice(&answer.body).ok();
    let said = refusal.map(|refusal| one_line(&refusal.message, 200));
    let wait = limited(&answer, said.as_deref());
    let status = answer.status;
    let usual = match answer.or_error(act) {
        // Cannot be: it is no success.
        Ok(answer) => return Ok(answer),
        Err(error) => error,
    };
    let told = match said {
        Some(said) => format!("{act}: HTTP {status}: {said}"),
        None => usual.detail().to_owned(),
    };
    Err(match wait {
        Some(wait) => ProviderError::new(ErrorKind::Throttled, Sent::Answered, told)
            .with_retry(Retry::After(wait)),
        None => ProviderError::new(usual.kind(), usual.sent(), told).with_retry(usual.retry()),
    })
}

/// How long a limit asks to wait, if this is one. Both the primary and the secondary limit come as 403 or 429.
fn limited(answer: &HttpResponse, said: Option<&str>) -> Option<Span> {
    if answer.status != 403 && answer.status != 429 {
        return None;
    }
    if let Some(wait) = answer.retry_after() {
        return Some(wait);
    }
    if answer.header("x-ratelimit-remaining") == Some("0") {
        // The other side's clock against itself: the difference to its own date.
        let reset = answer
            .header("x-ratelimit-reset")
            .and_then(|text| text.parse::<i64>().ok());
        let reset = reset
            .and_then(|secs| secs.checked_mul(1000))
            .map(Timestamp::from_unix_millis);
        let wait = reset
            .zip(answer.date())
            .map(|(reset, now)| reset.since(now));
        return Some(wait.unwrap_or(UNTOLD).max(Span::from_secs(1)));
    }
    let is_secondary = said.is_some_and(|said| {
        let said = said.to_ascii_lowercase();
        said.contains("rate limit") || said.contains("abuse")
    });
    (answer.status == 429 || is_secondary).then_some(UNTOLD)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: (&str, &str) = ("date", "Mon, 07 Sep 2026 12:00:00 GMT");

    fn refused(status: u16, headers: &[(&str, &str)], message: &str) -> ProviderError {
        let headers = headers.iter();
        let headers = headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let body = format!(r#"{{"message": "{message}"}}"#).into_bytes();
        let answer = HttpResponse {
            status,
            headers: headers.collect(),
            body,
        };
        checked(answer, "ask").expect_err("a refusal")
    }

    #[test]
    fn both_limits_are_waits_and_a_refusal_is_none() {
        use ErrorKind::{Denied, Misuse, NotFound, Throttled};
        let after = |secs| Retry::After(Span::from_secs(secs));
        let zero = ("x-ratelimit-remaining", "0");
        // 2026-09-07T12:05:00Z.
        let reset = ("x-ratelimit-reset", "1788782700");
        let secondary = "You have exceeded a secondary rate limit.";
        for (status, headers, message, kind, retry) in [
            (
                403,
                vec![zero, reset, DATE],
                "API rate limit exceeded",
                Throttled,
                after(300),
            ),
            (429, vec![zero, reset, DATE], "x", Throttled, after(300)),
            (403, vec![zero, reset], "no date", Throttled, after(60)),
            (
                403,
                vec![zero, ("x-ratelimit-reset", "1"), DATE],
                "x",
                Throttled,
                after(1),
            ),
            (
                403,
                vec![("retry-after", "30")],
                secondary,
                Throttled,
                after(30),
            ),
            (403, vec![], secondary, Throttled, after(60)),
            (429, vec![], "x", Throttled, after(60)),
            (
                403,
                vec![("x-ratelimit-remaining", "17")],
                "Resource not accessible",
                Denied,
                Retry::Never,
            ),
            (404, vec![zero], "Not Found", NotFound, Retry::Never),
            (
                422,
                vec![],
                "Unexpected inputs provided",
                Misuse,
                Retry::Never,
            ),
        ] {
            let error = refused(status, &headers, message);
            assert_eq!(
                (error.kind(), error.retry()),
                (kind, retry),
                "{status} {headers:?} {message}"
            );
            assert!(error.to_string().contains(message), "{error}");
            assert!(error.is_refusal());
        }
    }
}
