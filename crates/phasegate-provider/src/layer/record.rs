//! Record and replay: fixtures from a live system. What is recorded holds no credentials, because calls
//! and answers of roles hold none.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{Layer, Next, Request, Response};
use crate::{Call, ErrorKind, ProviderError, Retry, Sent};

/// A failed answer as it can be stored.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "tests write it out")]
pub struct Failure {
    /// What went wrong.
    pub kind: ErrorKind,
    /// Whether to try again.
    pub retry: Retry,
    /// How far the request came.
    pub sent: Sent,
    /// The act, the thing and the cause.
    pub detail: String,
}

impl From<&ProviderError> for Failure {
    fn from(error: &ProviderError) -> Self {
        Self {
            kind: error.kind(),
            retry: error.retry(),
            sent: error.sent(),
            detail: error.detail().to_owned(),
        }
    }
}

impl From<Failure> for ProviderError {
    fn from(failure: Failure) -> Self {
        Self::new(failure.kind, failure.sent, failure.detail).with_retry(failure.retry)
    }
}

/// A call and what came back.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "tests write it out")]
pub struct Exchange {
    /// The call.
    pub request: Request,
    /// What came back.
    pub response: Result<Response, Failure>,
}

/// Keeps what passes, up to a limit.
#[derive(Debug)]
pub struct Recording {
    exchanges: Mutex<Vec<Exchange>>,
    max: usize,
}

impl Recording {
    /// Keeps the first `max` exchanges.
    pub fn new(max: usize) -> Self {
        Self {
            exchanges: Mutex::default(),
            max,
        }
    }

    /// Takes out what was kept so far.
    pub fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut *lock(&self.exchanges))
    }
}

#[async_trait]
impl Layer for Recording {
    async fn pass(
        &self,
        request: &Request,
        call: &Call,
        next: Next<'_>,
    ) -> Result<Response, ProviderError> {
        let response = next.run(request, call).await;
        let mut exchanges = lock(&self.exchanges);
        if exchanges.len() < self.max {
            exchanges.push(Exchange {
                request: request.clone(),
                response: response.as_ref().map_err(Failure::from).cloned(),
            });
        }
        response
    }
}

/// Answers from a recording; the provider behind it is never called.
///
/// Each exchange is used once, the first that fits. A call without one is a misuse, not weather.
#[derive(Debug)]
pub struct Replay {
    exchanges: Mutex<Vec<Exchange>>,
}

impl Replay {
    /// Answers from these.
    pub fn new(exchanges: Vec<Exchange>) -> Self {
        Self {
            exchanges: Mutex::new(exchanges),
        }
    }

    /// How many are not used yet.
    pub fn left(&self) -> usize {
        lock(&self.exchanges).len()
    }
}

#[async_trait]
impl Layer for Replay {
    async fn pass(
        &self,
        request: &Request,
        _call: &Call,
        _next: Next<'_>,
    ) -> Result<Response, ProviderError> {
        let mut exchanges = lock(&self.exchanges);
        let found = exchanges.iter().position(|one| one.request == *request);
        match found {
            Some(at) => Ok(exchanges.remove(at).response?),
            None => Err(ProviderError::misuse(format!(
                "replay {}: not in the recording",
                request.name()
            ))),
        }
    }
}

fn lock(exchanges: &Mutex<Vec<Exchange>>) -> MutexGuard<'_, Vec<Exchange>> {
    exchanges.lock().unwrap_or_else(PoisonError::into_inner)
}
