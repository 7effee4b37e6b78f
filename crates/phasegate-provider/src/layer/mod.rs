//! Layers: what every call to a provider passes, whatever its role. A call is a value here, so that one
//! layer serves all roles.

mod exchange;
mod fault;
mod record;
mod trace;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{Call, ProviderError};

pub use exchange::{Request, Response};
pub use fault::{Fault, Faults};
pub use record::{Exchange, Failure, Recording, Replay};
pub use trace::Trace;

/// Something that every attempt of every call passes.
///
/// ```
/// use async_trait::async_trait;
/// use phasegate_provider::{Call, Layer, Next, ProviderError, Request, Response};
///
/// /// Lets nothing change anything.
/// #[derive(Debug)]
/// struct LookOnly;
///
/// #[async_trait]
/// impl Layer for LookOnly {
///     async fn pass(
///         &self,
///         request: &Request,
///         call: &Call,
///         next: Next<'_>,
///     ) -> Result<Response, ProviderError> {
///         match call.effect {
///             None => next.run(request, call).await,
///             Some(_) => Err(ProviderError::misuse("this is a rehearsal")),
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait Layer: fmt::Debug + Send + Sync {
    /// Passes the call on, or answers it. What happens between is the layer's own.
    async fn pass(
        &self,
        request: &Request,
        call: &Call,
        next: Next<'_>,
    ) -> Result<Response, ProviderError>;
}

/// The rest of the way to the provider.
#[derive(Clone, Copy)]
pub struct Next<'a> {
    layers: &'a [Arc<dyn Layer>],
    end: &'a dyn Endpoint,
}

impl<'a> Next<'a> {
    pub(crate) fn new(layers: &'a [Arc<dyn Layer>], end: &'a dyn Endpoint) -> Self {
        Self { layers, end }
    }

    /// Goes the rest of the way. Dropping the future is dropping the provider's own.
    pub async fn run(self, request: &Request, call: &Call) -> Result<Response, ProviderError> {
        match self.layers.split_first() {
            Some((layer, rest)) => {
                let next = Next {
                    layers: rest,
                    end: self.end,
                };
                layer.pass(request, call, next).await
            }
            None => self.end.answer(request, call).await,
        }
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next")
            .field("layers", &self.layers)
            .finish_non_exhaustive()
    }
}

/// The provider at the end of the way, for requests of its role.
#[async_trait]
pub(crate) trait Endpoint: Send + Sync {
    async fn answer(&self, request: &Request, call: &Call) -> Result<Response, ProviderError>;
}
