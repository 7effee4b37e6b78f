//! Faults on purpose, for tests: what a network and a server can do to a call.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::{Layer, Next, Request, Response};
use crate::{Call, ErrorKind, ProviderError, Sent};

/// What happens to one attempt.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// The other side answers with an error of this kind and does nothing.
    Answer(ErrorKind),
    /// It arrives, and nobody ever answers.
    Hang,
    /// It never leaves: connection refused.
    LoseRequest,
    /// It arrives and works; the answer is lost. The fault that finds most bugs.
    LoseResponse,
    /// Nothing.
    None,
}

/// Does to the attempts that pass, one after the other, what its script says; after the script, nothing.
///
/// ```
/// use phasegate_provider::{Fault, Faults};
/// let faults = Faults::new([Fault::LoseResponse, Fault::None]);
/// assert_eq!(faults.left(), 2);
/// ```
#[derive(Debug, Default)]
pub struct Faults {
    script: Mutex<VecDeque<Fault>>,
}

impl Faults {
    /// A script, one fault for each attempt.
    pub fn new(script: impl IntoIterator<Item = Fault>) -> Self {
        Self {
            script: Mutex::new(script.into_iter().collect()),
        }
    }

    /// Adds a fault at the script's end.
    pub fn push(&self, fault: Fault) {
        self.script().push_back(fault);
    }

    /// How much of the script is left.
    pub fn left(&self) -> usize {
        self.script().len()
    }

    fn script(&self) -> std::sync::MutexGuard<'_, VecDeque<Fault>> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Layer for Faults {
    async fn pass(
        &self,
        request: &Request,
        call: &Call,
        next: Next<'_>,
    ) -> Result<Response, ProviderError> {
        let fault = self.script().pop_front().unwrap_or(Fault::None);
        let told = || format!("{}: injected fault", request.name());
        match fault {
            Fault::None => next.run(request, call).await,
            Fault::Answer(kind) => Err(ProviderError::new(kind, Sent::Answered, told())),
            Fault::LoseRequest => Err(ProviderError::new(
                ErrorKind::Unavailable,
                Sent::Nothing,
                told(),
            )),
            Fault::LoseResponse => match next.run(request, call).await {
                Ok(_) | Err(_) => Err(ProviderError::new(ErrorKind::Timeout, Sent::Maybe, told())),
            },
            Fault::Hang => {
                drop(next.run(request, call).await);
                std::future::pending().await
            }
        }
    }
}
