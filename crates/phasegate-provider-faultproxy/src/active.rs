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
        is_hit(self.number, active.share).then_some(active.fault)
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

/// Is a connection among so many of all? Evenly spread: of any `n` that follow each other, `n` times the share are hit,
/// give or take one.
fn is_hit(number: u64, share: Ratio) -> bool {
    const WHOLE: u128 = 1_000_000;
    let before = |count: u128| count * u128::from(share.ppm()) / WHOLE;
    let number = u128::from(number);
    before(number + 1) > before(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_connections_is_hit_evenly() {
        for (percent, want) in [(0, 0), (1, 1), (25, 25), (50, 50), (99, 99), (100, 100)] {
            let share = Ratio::from_percent(percent).expect("a share");
            let hit = (0..100).filter(|number| is_hit(*number, share)).count();
            assert_eq!(hit, want, "{percent}");
        }
        let half = Ratio::from_percent(50).expect("a share");
        let first: Vec<bool> = (0..4).map(|number| is_hit(number, half)).collect();
        assert_eq!(first, [false, true, false, true]);
    }
}
