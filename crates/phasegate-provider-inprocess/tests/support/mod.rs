//! Upstreams, clients and a clock for tests of the router. The clock counts its readings, so that no test
//! depends on how fast the machine is.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "shared by test binaries that each use a part"
)]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use phasegate_core::{Arm, BootId, Clock, Now, Ratio, Span, TargetId, Timestamp};
use phasegate_provider::{Call, TrafficRouter as _};
use phasegate_provider_inprocess::{Recorder, RecorderConfig, Router, RouterConfig, RunningRouter};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Each reading is a millisecond after the one before.
#[derive(Debug, Default)]
pub(crate) struct CountingClock(AtomicU64);

impl Clock for CountingClock {
    fn now(&self) -> Now {
        let span = Span::from_millis(self.0.fetch_add(1, Ordering::Relaxed));
        Now {
            wall: Timestamp::EPOCH + span,
            boot: BootId(1),
            since_boot: span,
        }
    }
}

pub(crate) type Answer = Response<BoxBody<Bytes, hyper::Error>>;

async fn serve<F, R>(stream: TcpStream, answer: F, count: Arc<AtomicU64>)
where
    F: Fn(Request<Incoming>) -> R,
    R: Future<Output = Answer>,
{
    let service = service_fn(|request| {
        count.fetch_add(1, Ordering::Relaxed);
        let answer = answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
    drop(served);
}

/// A server that answers with `answer`. Ends with the test.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    pub(crate) served: Arc<AtomicU64>,
    pub(crate) connections: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Upstream {
    pub(crate) async fn start<F, R>(answer: F) -> Self
    where
        F: Fn(Request<Incoming>) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Answer> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let served = Arc::new(AtomicU64::new(0));
        let connections = Arc::new(AtomicU64::new(0));
        let (count, connected) = (Arc::clone(&served), Arc::clone(&connections));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connected.fetch_add(1, Ordering::Relaxed);
                stream.set_nodelay(true).expect("an open stream");
                tokio::spawn(serve(stream, answer.clone(), Arc::clone(&count)));
            }
        });
        Self {
            address,
            served,
            connections,
            task,
        }
    }

    /// One that answers with a word.
    pub(crate) async fn saying(word: &'static str) -> Self {
        Self::start(move |_| async move { text(word) }).await
    }

    pub(crate) fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn text(word: &'static str) -> Answer {
    Response::new(full(word))
}

pub(crate) fn full(word: &'static str) -> BoxBody<Bytes, hyper::Error> {
    Full::new(Bytes::from_static(word.as_bytes()))
        .map_err(|never: Infallible| match never {})
        .boxed()
}

pub(crate) type TestClient = Client<HttpConnector, BoxBody<Bytes, hyper::Error>>;

pub(crate) fn client() -> TestClient {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

pub(crate) fn get(router: &RunningRouter, path: &str) -> Request<BoxBody<Bytes, hyper::Error>> {
    let uri = format!("http://{}{path}", router.address());
    Request::get(uri).body(full("")).expect("a request")
}

pub(crate) fn arm<B>(response: &Response<B>) -> Arm {
    match response
        .headers()
        .get("x-phasegate-arm")
        .map(|v| v.as_bytes())
    {
        Some(b"canary") => Arm::Canary,
        Some(b"stable") => Arm::Stable,
        _ => Arm::Whole,
    }
}

pub(crate) fn percent(percent: u32) -> Ratio {
    Ratio::from_percent(percent).expect("a ratio")
}

pub(crate) fn target() -> TargetId {
    "checkout".parse().expect("an id")
}

pub(crate) fn call() -> Call {
    Call::new(Timestamp::EPOCH, Span::from_secs(5))
}

pub(crate) fn config(stable: SocketAddr, canary: SocketAddr) -> RouterConfig {
    RouterConfig::new(target(), stable.to_string(), canary.to_string())
}

pub(crate) async fn start(config: RouterConfig) -> RunningRouter {
    let recorder = Recorder::new(RecorderConfig::default()).expect("a recorder");
    Router::start(
        config,
        "127.0.0.1:0".parse().expect("an address"),
        Arc::new(recorder),
        Arc::new(CountingClock::default()),
    )
    .await
    .expect("a free port")
}

pub(crate) async fn set(router: &RunningRouter, weight: u32) {
    let (target, call) = (target(), call());
    let set = router.router().set(&target, percent(weight), &call);
    set.await.expect("the weight is set");
}
