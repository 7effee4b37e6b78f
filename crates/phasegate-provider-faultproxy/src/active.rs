//! Which fault is on, and what that means for one connection.

use phasegate_core::Ratio;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::config::Fault;

/// The fault that is on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Active {
    pub(crate) experiment: String,
    pub(crate) name: String,
    pub(crate) fault: Fault,
    pub(crate) share: Ratio,
    /// When it ends by itself.
    pub(crate) until: Instant,
}

/// The fault as one connection sees it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    active: watch::Receiver<Option<Active>>,
    /// Counts the connections from 0.
    number: u64,
}

impl Seen {
    pub(crate) fn new(active: watch::Receiver<Option<Active>>, number: u64) -> Self {
        Self { active, number }
    }

    /// What is done to this connection now.
    pub(crate) fn fault(&mut self) -> Option<Fault> {
        let active = self.active.borrow_and_update();
        let active = active.as_ref()?;
        active.share.picks(self.number).then_some(active.fault)
    }

    /// Waits for another fault than was last seen, or for none. Dropping the future loses nothing.
    pub(crate) async fn changed(&mut self) {
        if self.active.changed().await.is_err() {
            // The proxy is gone, and its connections go with it.
            std::future::pending::<()>().await;
        }
    }

    /// Waits until connections are reset.
    pub(crate) async fn reset(&mut self) {
        while self.fault() != Some(Fault::Reset) {
            self.changed().await;
        }
    }
}
