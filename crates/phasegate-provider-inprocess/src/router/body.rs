//! Bodies on their way through: passed on frame by frame, gathered only for a copy.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{Either, Full};
use hyper::body::Incoming;

use super::copies::Copy;
use super::tally::Tally;

/// What a client is answered: an upstream's body, or a few words of the router's own.
pub(super) type Answer = Either<FromUpstream, Full<Bytes>>;

/// What an upstream is sent: a client's body, or the one of a copy.
pub(super) type ToUpstream = Either<FromClient, Full<Bytes>>;

/// A request's body on its way to an upstream. Notes when the client broke it off, so that the upstream
/// is not blamed.
#[derive(Debug)]
pub(super) struct FromClient {
    inner: Incoming,
    broken: Arc<AtomicBool>,
    copy: Option<Copy>,
}

impl FromClient {
    /// The body, and the note.
    pub(super) fn new(inner: Incoming, copy: Option<Copy>) -> (Self, Arc<AtomicBool>) {
        let broken = Arc::new(AtomicBool::new(false));
        let note = Arc::clone(&broken);
        let mut body = Self {
            inner,
            broken,
            copy,
        };
        if body.inner.is_end_stream() {
            body.end_copy();
        }
        (body, note)
    }

    fn end_copy(&mut self) {
        if let Some(copy) = self.copy.take() {
            copy.complete();
        }
    }
}

impl Body for FromClient {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        match &frame {
            Some(Err(_)) => self.broken.store(true, Ordering::Release),
            Some(Ok(frame)) => {
                if let (Some(copy), Some(piece)) = (&mut self.copy, frame.data_ref()) {
                    copy.push(piece);
                }
                // It is not asked again for its end.
                if self.inner.is_end_stream() {
                    self.end_copy();
                }
            }
            None => self.end_copy(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// An answer's body on its way to the client. The request is counted when it ends.
#[derive(Debug)]
pub(super) struct FromUpstream {
    inner: Incoming,
    tally: Tally,
}

impl FromUpstream {
    pub(super) fn new(inner: Incoming, tally: Tally) -> Self {
        Self { inner, tally }
    }
}

impl Body for FromUpstream {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        match &frame {
            None => self.tally.complete(),
            Some(Err(_)) => self.tally.fail(),
            Some(Ok(_)) => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for FromUpstream {
    /// A body that is known to have ended is not asked again for its end.
    fn drop(&mut self) {
        if self.inner.is_end_stream() {
            self.tally.complete();
        }
    }
}
