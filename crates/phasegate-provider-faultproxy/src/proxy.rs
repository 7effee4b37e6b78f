//! The proxy itself: takes connections, carries them, and mends what was broken when its time is over.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

use crate::active::{Active, Seen};
use crate::config::ProxyConfig;
use crate::connection::carry;
use crate::injector::ProxyFaults;

/// The most connections at a time, as many as a service with a thousand open files would take. More wait to be
/// accepted.
pub const CONNECTIONS_MAX: usize = 1000;
/// How long nothing is accepted after the system could not accept: it is out of files.
const ACCEPT_PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// A TCP proxy that can break what passes. Faults live in its memory alone: where it ends, they end.
///
/// ```
/// use phasegate_core::{Span, Timestamp};
/// use phasegate_provider::{Call, FaultInjector as _};
/// use phasegate_provider_faultproxy::{Fault, FaultConfig, FaultProxy, ProxyConfig};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
/// # runtime.block_on(async {
/// let slow = FaultConfig::new(Fault::Latency(Span::from_millis(200)));
/// let config = ProxyConfig::new("127.0.0.1:0".parse()?, "127.0.0.1:6379").with_fault("slow", slow);
/// let proxy = FaultProxy::start(config).await?;
/// // Clients connect to proxy.address(); a registry gets proxy.faults().
/// let (faults, call) = (proxy.faults(), Call::new(Timestamp::EPOCH, Span::from_secs(5)));
/// faults.start("chaos-monday", "slow", &call).await?;
/// assert!(faults.read("chaos-monday", &call).await?.is_some());
/// faults.stop("chaos-monday", &call).await?;
/// proxy.shutdown().await;
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    config: Arc<ProxyConfig>,
    active: Arc<watch::Sender<Option<Active>>>,
    task: JoinHandle<()>,
}

impl FaultProxy {
    /// Begins to listen and to carry, with nothing broken.
    ///
    /// # Errors
    /// When it cannot listen there.
    pub async fn start(config: ProxyConfig) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let address = listener.local_addr()?;
        let (config, active) = (Arc::new(config), Arc::new(watch::Sender::new(None)));
        let changes = active.subscribe();
        let task = serve(listener, Arc::clone(&config), Arc::clone(&active), changes);
        Ok(Self {
            address,
            config,
            active,
            task: tokio::spawn(task),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its faults, as the role of a fault injector.
    pub fn faults(&self) -> ProxyFaults {
        ProxyFaults::new(
            Arc::clone(&self.config),
            Arc::clone(&self.active),
            self.address,
        )
    }

    /// Ends it and all its connections. Dropping it does so too, and does not wait.
    pub async fn shutdown(mut self) {
        self.task.abort();
        // It was ended, or broke before that.
        let _ended = (&mut self.task).await;
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Accepts, carries and mends until it is aborted; its connections go with it.
async fn serve(
    listener: TcpListener,
    config: Arc<ProxyConfig>,
    active: Arc<watch::Sender<Option<Active>>>,
    mut changes: watch::Receiver<Option<Active>>,
) {
    let mut connections = JoinSet::new();
    let mut number = 0;
    loop {
        let until = changes
            .borrow_and_update()
            .as_ref()
            .map(|active| active.until);
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => {
                let Ok((client, _)) = accepted else {
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                };
                let seen = Seen::new(active.subscribe(), number);
                number += 1;
                let config = Arc::clone(&config);
                connections.spawn(async move {
                    carry(client, &config.upstream, config.connect_within, seen).await;
                });
            }
            Some(_ended) = connections.join_next() => {}
            _changed = changes.changed() => {}
            () = end(until) => {
                active.send_if_modified(|active| {
                    let is_over = active.as_ref().is_some_and(|a| a.until <= Instant::now());
                    is_over && active.take().is_some()
                });
            }
        }
    }
}

/// Waits until then, for ever if there is no such moment.
async fn end(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}
