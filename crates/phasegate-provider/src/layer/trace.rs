//! One span and one event for each attempt. Fields, no sentences; nothing that a plan or an answer wrote.

use async_trait::async_trait;
use phasegate_core::BindingId;
use tracing::{Instrument as _, debug, debug_span, warn};

use super::{Layer, Next, Request, Response};
use crate::{Call, ProviderError};

/// Traces attempts under the name of their binding.
#[derive(Clone, Debug)]
pub struct Trace {
    binding: BindingId,
}

impl Trace {
    /// Traces attempts to this binding.
    pub fn new(binding: BindingId) -> Self {
        Self { binding }
    }
}

#[async_trait]
impl Layer for Trace {
    async fn pass(
        &self,
        request: &Request,
        call: &Call,
        next: Next<'_>,
    ) -> Result<Response, ProviderError> {
        let span = debug_span!(
            "provider_call",
            binding = %self.binding,
            operation = request.name(),
            class = ?call.class,
            key = call.key.as_ref().map(|key| key.as_str()),
            deadline_millis = call.deadline.as_millis(),
        );
        async {
            let response = next.run(request, call).await;
            match &response {
                Ok(_) => debug!("answered"),
                Err(error) => {
                    warn!(kind = %error.kind(), sent = ?error.sent(), retry = ?error.retry(), "failed");
                }
            }
            response
        }
        .instrument(span)
        .await
    }
}
