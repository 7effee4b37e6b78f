//! The error of all layers.

use core::fmt;

use crate::rejection::Rejection;

/// Why a request through a layer has no response.
///
/// ```
/// use phasegate_resilience::tower::LayerError;
///
/// let nested: LayerError<LayerError<&str>> = LayerError::Inner(LayerError::TimedOut);
/// assert_eq!(LayerError::flatten(nested), LayerError::TimedOut);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "judges treat every case")]
pub enum LayerError<E> {
    /// A local piece refused; nothing was sent.
    Rejected(Rejection),
    /// No response in time.
    TimedOut,
    /// The service's own error.
    Inner(E),
}

impl<E> LayerError<E> {
    /// Joins the error of a layer inside with that of a layer outside.
    pub fn flatten(nested: LayerError<Self>) -> Self {
        match nested {
            LayerError::Rejected(rejection) => Self::Rejected(rejection),
            LayerError::TimedOut => Self::TimedOut,
            LayerError::Inner(inner) => inner,
        }
    }
}

impl<E: fmt::Display> fmt::Display for LayerError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(rejection) => rejection.fmt(f),
            Self::TimedOut => f.write_str("no response in time"),
            Self::Inner(error) => error.fmt(f),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for LayerError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Rejected(rejection) => Some(rejection),
            Self::TimedOut => None,
            Self::Inner(error) => Some(error),
        }
    }
}
