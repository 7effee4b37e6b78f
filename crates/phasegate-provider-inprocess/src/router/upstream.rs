//! The connections to the upstreams: pooled, kept alive, and joined when the router stops.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioTimer;
use tokio::task::JoinSet;

use super::body::ToUpstream;
use super::config::Checked;

/// The client of both upstreams; the pool keeps their connections apart by address.
pub(super) struct Upstreams {
    pub(super) client: Client<HttpConnector, ToUpstream>,
    tasks: Tasks,
}

impl Upstreams {
    pub(super) fn new(config: &Checked) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(config.connect_within.to_duration()));
        let tasks = Tasks::default();
        let client = Client::builder(tasks.clone())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(config.keep_idle.to_duration())
            .build(connector);
        Self { client, tasks }
    }

    /// Ends all connections to upstreams and waits until they have ended.
    pub(super) async fn close(&self) {
        let mut set = {
            let mut tasks = self.tasks.lock();
            std::mem::take(&mut *tasks)
        };
        set.shutdown().await;
    }
}

impl fmt::Debug for Upstreams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstreams").finish_non_exhaustive()
    }
}

/// Runs the client's connections as tasks that are joined.
#[derive(Clone, Debug, Default)]
struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl Tasks {
    fn lock(&self) -> std::sync::MutexGuard<'_, JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        let mut tasks = self.lock();
        while tasks.try_join_next().is_some() {}
        tasks.spawn(future);
    }
}
