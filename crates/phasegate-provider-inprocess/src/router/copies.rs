//! Copies of requests for a shadow: sent beside, after the request itself, and never waited for.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::Request;
use http::header::{CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::request::Parts;
use http_body_util::{BodyExt as _, Either, Full};
use phasegate_core::{Arm, Capability, Desired, Ratio};
use phasegate_provider::{Call, Effector, Provider, ProviderError, Receipt, Sent};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Router;
use super::config::CheckedShadow;
use super::split::Split;

/// By this header a shadow knows a copy.
pub(super) const COPY: HeaderName = HeaderName::from_static("x-phasegate-copy");

/// What is copied, and the copies that are under way.
pub(super) struct Copies {
    pub(super) split: Split,
    under_way: Mutex<JoinSet<()>>,
    sent: AtomicU64,
    left_out: AtomicU64,
}

impl Copies {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            // Another sequence than that of the weight, lest only requests of one version be copied.
            split: Split::new(Ratio::ZERO, !seed),
            under_way: Mutex::default(),
            sent: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
        }
    }

    fn under_way(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends what is under way.
    pub(super) async fn close(&self) {
        let mut under_way = std::mem::take(&mut *self.under_way());
        under_way.shutdown().await;
    }
}

impl fmt::Debug for Copies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Copies")
            .field("share", &self.split.now().0)
            .field("sent", &self.sent)
            .field("left_out", &self.left_out)
            .finish_non_exhaustive()
    }
}

impl Router {
    /// How many copies were sent to the shadow.
    pub fn copied(&self) -> u64 {
        self.copies.sent.load(Ordering::Relaxed)
    }

    /// How many requests were to be copied and were not: their body was longer than
    /// [`ShadowConfig::body_max`](super::ShadowConfig::body_max) or broke off, or as many copies as may be were under way.
    pub fn left_out(&self) -> u64 {
        self.copies.left_out.load(Ordering::Relaxed)
    }

    /// The share of requests that are copied now.
    pub fn copying(&self) -> Ratio {
        self.copies.split.now().0
    }

    /// The router as the effector that sends copies: bind it in the role of a traffic router, beside the router itself.
    pub fn mirror(self: &Arc<Self>) -> RouterMirror {
        RouterMirror(Arc::clone(self))
    }

    /// The copy of a request as it is passed on, if it is one of those that are copied.
    pub(super) fn copy(self: &Arc<Self>, head: &Parts) -> Option<Copy> {
        let shadow = self.config.shadow.as_ref()?;
        if self.copies.split.decide(None) != Arm::Canary {
            return None;
        }
        let uri = super::proxy::upstream_uri(&head.uri, shadow.to.clone())?;
        let mut copied = Request::new(());
        *copied.method_mut() = head.method.clone();
        *copied.uri_mut() = uri;
        *copied.headers_mut() = head.headers.clone();
        let headers = copied.headers_mut();
        headers.insert(COPY, HeaderValue::from_static("1"));
        // The length is that of the body which is sent, in one piece.
        headers.remove(CONTENT_LENGTH);
        headers.remove(TRANSFER_ENCODING);
        Some(Copy {
            head: Some(copied.into_parts().0),
            body: BytesMut::new(),
            router: Arc::clone(self),
        })
    }

    fn send(self: &Arc<Self>, head: Parts, body: Bytes, shadow: &CheckedShadow) {
        let mut under_way = self.copies.under_way();
        while under_way.try_join_next().is_some() {}
        if under_way.len() >= shadow.at_once {
            self.copies.left_out.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.copies.sent.fetch_add(1, Ordering::Relaxed);
        let request = Request::from_parts(head, Either::Right(Full::new(body)));
        let answer = self.upstreams.client.request(request);
        let within = self.config.answer_within.to_duration();
        under_way.spawn(async move {
            let whole = async {
                // Read to its end so that the connection is kept; what it says is for a comparer, not for the router.
                if let Ok(mut answer) = answer.await {
                    while let Some(Ok(_)) = answer.body_mut().frame().await {}
                }
            };
            // A shadow that is late or broken is the shadow's to show.
            let _in_time = timeout(within, whole).await;
        });
    }
}

/// The copy of one request, until its body is complete. Dropped before that, it is left out.
pub(super) struct Copy {
    /// Nothing when it was sent or given up.
    head: Option<Parts>,
    body: BytesMut,
    router: Arc<Router>,
}

impl Copy {
    /// A piece of the body was passed on.
    pub(super) fn push(&mut self, piece: &Bytes) {
        let most = self.router.config.shadow.as_ref().map_or(0, |s| s.body_max);
        if self.head.is_none() {
            return;
        }
        if self.body.len().saturating_add(piece.len()) > most {
            self.give_up();
        } else {
            self.body.extend_from_slice(piece);
        }
    }

    /// The body is complete.
    pub(super) fn complete(mut self) {
        if let (Some(head), Some(shadow)) = (self.head.take(), &self.router.config.shadow) {
            let body = std::mem::take(&mut self.body).freeze();
            self.router.send(head, body, shadow);
        }
    }

    fn give_up(&mut self) {
        if self.head.take().is_some() {
            self.body = BytesMut::new();
            self.router.copies.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl fmt::Debug for Copy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Copy")
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Sends copies of a router's requests to its shadow: [`Router::mirror`].
#[derive(Clone, Debug)]
pub struct RouterMirror(Arc<Router>);

impl Provider for RouterMirror {
    fn capabilities(&self) -> BTreeSet<Capability> {
        let shadow = self.0.config.shadow.as_ref();
        shadow.map(|_| Capability::Mirror).into_iter().collect()
    }
}

#[async_trait]
impl Effector for RouterMirror {
    /// Refuses the write of a holder whose lease is older than the one that wrote last.
    async fn perform(&self, desired: &Desired, call: &Call) -> Result<Receipt, ProviderError> {
        let Desired::Mirror { target, share } = desired else {
            let told = format!("set {desired}: this sends copies and does nothing else");
            return Err(ProviderError::invalid(told).with_sent(Sent::Nothing));
        };
        self.0.check_target(target)?;
        if self.0.config.shadow.is_none() {
            let told = format!("set {desired}: the router has no shadow: name where it listens");
            return Err(ProviderError::misuse(told));
        }
        let _alone = self.0.fenced(target, call)?;
        let generation = self.0.copies.split.set(*share);
        Ok(Receipt::new(format!(
            "{share} copied, generation {generation}"
        )))
    }
}
