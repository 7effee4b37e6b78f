//! Accepting connections, and stopping without losing a request.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use phasegate_core::{Clock, Span};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::config::{RouterConfig, RouterError};
use super::copies::Copies;
use super::proxy::serve;
use super::split::Split;
use super::upstream::Upstreams;
use super::{Counts, Router};
use crate::Recorder;

/// How long to wait before accepting again when the system refuses (no more open files): long enough
/// for connections to end, short enough not to be noticed.
const ACCEPT_AGAIN: Duration = Duration::from_millis(20);

/// Whether all requests were answered when the router stopped.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third way to stop")]
pub enum Drained {
    /// All of them.
    All,
    /// This many connections were still busy when the time was over, and were cut.
    Cut {
        /// How many.
        connections: usize,
    },
}

/// A router that serves. Dropping it cuts all connections; [`RunningRouter::stop`] does not.
#[derive(Debug)]
pub struct RunningRouter {
    address: SocketAddr,
    router: Arc<Router>,
    stop: Option<oneshot::Sender<Duration>>,
    task: JoinHandle<Drained>,
}

impl Router {
    /// Starts a router on `listen` (port 0: any free port).
    ///
    /// # Errors
    /// [`RouterError`] when the configuration cannot be meant or the address cannot be listened on.
    pub async fn start(
        config: RouterConfig,
        listen: SocketAddr,
        recorder: Arc<Recorder>,
        clock: Arc<dyn Clock>,
    ) -> Result<RunningRouter, RouterError> {
        let config = config.check()?;
        let failed = |source| RouterError::Listen {
            address: listen,
            source,
        };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let router = Arc::new(Self {
            split: Split::new(config.resting, config.seed),
            copies: Copies::new(config.seed),
            upstreams: Upstreams::new(&config),
            config,
            recorder,
            clock,
            fence: Mutex::new(0),
            counts: Counts::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(accept(Arc::clone(&router), listener, stopped));
        Ok(RunningRouter {
            address,
            router,
            stop: Some(stop),
            task,
        })
    }
}

impl RunningRouter {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The router itself: a traffic router to bind.
    pub fn router(&self) -> &Arc<Router> {
        &self.router
    }

    /// Accepts nothing more, lets requests that have begun end within a time, then ends.
    pub async fn stop(mut self, within: Span) -> Drained {
        if let Some(stop) = self.stop.take() {
            // The other end is gone only when the task has ended.
            let told = stop.send(within.to_duration());
            debug_assert!(told.is_ok() || self.task.is_finished(), "it still listens");
        }
        (&mut self.task).await.unwrap_or(Drained::All)
    }
}

impl Drop for RunningRouter {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(
    router: Arc<Router>,
    listener: TcpListener,
    mut stop: oneshot::Receiver<Duration>,
) -> Drained {
    let places = Arc::new(Semaphore::new(router.config.connections_max));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let within = loop {
        let accepted = async {
            // The semaphore is never closed.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        tokio::select! {
            told = &mut stop => break told.unwrap_or_default(),
            (place, accepted) = accepted => match accepted {
                Ok((stream, _)) => {
                    let connection = connection(&router, stream);
                    let watched = graceful.watch(connection);
                    connections.spawn(async move {
                        // A connection that breaks has told its request's tally.
                        drop(watched.await);
                        drop(place);
                    });
                }
                Err(_) => sleep(ACCEPT_AGAIN).await,
            },
            Some(_) = connections.join_next() => {}
        }
    };
    drop(listener);
    let drained = timeout(within, graceful.shutdown()).await;
    while connections.try_join_next().is_some() {}
    let drained = match drained {
        Ok(()) => Drained::All,
        Err(_) => Drained::Cut {
            connections: connections.len(),
        },
    };
    connections.shutdown().await;
    router.copies.close().await;
    router.upstreams.close().await;
    drained
}

fn connection(
    router: &Arc<Router>,
    stream: TcpStream,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + Send + 'static {
    // Without it small answers may wait; a stream that refuses works all the same.
    drop(stream.set_nodelay(true));
    let served = Arc::clone(router);
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(router.config.head_within.to_duration())
        .serve_connection(
            TokioIo::new(stream),
            service_fn(move |request| serve(Arc::clone(&served), request)),
        )
}
