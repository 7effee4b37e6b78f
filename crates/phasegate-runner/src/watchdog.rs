//! A watchdog: dead controllers cannot roll back, so a process of its own looks whether one still lives.
//!
//! It reads the heartbeat file of a controller and needs nothing else while the heart beats: no journal, no provider. When
//! the heart has stopped, it takes over what ran there, and pauses it or rolls it back as the plan says. What it does
//! is in the journal like any other act of a person: who, when and why.
//!
//! What it does not mistake for death: a controller that has stopped in order (its last beat names no rollout), one whose
//! rollouts another controller has taken over, one that still renews its leases and only does not write its file any
//! more, and a machine that slept.

use std::path::PathBuf;

use phasegate_core::{Clock, PersonId, RolloutId, Span};
use phasegate_engine::program::Back;
use phasegate_engine::record::Outcome;
use phasegate_engine::{Act, Person};
use phasegate_journal::{Holder, LeaseError};
use tokio::task::JoinSet;

use crate::handle::{Ended, Handle};
use crate::pulse::Pulse;
use crate::runner::{FirstAct, Runner, RunnerError};

/// What a watchdog does about rollouts whose controller is dead.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "tools choose one")]
pub enum Reflex {
    /// Pause them: nothing moves forward before a person resumes. Who sees the new version goes on seeing it.
    Hold,
    /// Roll them back to the start. What has nothing to go back from is paused.
    Revert,
}

/// A heart that has stopped.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stopped {
    /// Its last beat.
    pub pulse: Pulse,
    /// For how long none had come when that was noticed.
    pub silent_for: Span,
}

/// What became of a rollout whose controller was found dead.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "tools must tell them apart")]
pub enum Bitten {
    /// Its controller still renews its lease: only the heartbeat has stopped. Nothing was done.
    Alive,
    /// It could not be taken over.
    Failed(String),
    /// It goes back and has not ended: the rollback failed, or a person must say how it goes on.
    GoneBack,
    /// It is paused.
    Held,
    /// It had ended already.
    Over,
    /// It went back and ended.
    Reverted(Outcome),
    /// Another controller carries it out by now. Nothing was done.
    TakenOver {
        /// Who.
        by: Holder,
    },
}

/// Looks after the rollouts of one controller, by its heartbeat file.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use phasegate_core::Span;
/// # use phasegate_runner::{Reflex, Runner, SystemClock, Watchdog};
/// # async fn watch(open_journal: impl Fn() -> Runner) -> Result<(), Box<dyn std::error::Error>> {
/// let by = "watchdog".parse()?;
/// let watchdog = Watchdog::new("/run/shop/heartbeat.prom", Span::from_secs(15), Reflex::Revert, by);
/// let stopped = watchdog.stopped(&SystemClock::new()).await;
/// // Only now is the journal needed, which the dead process had open.
/// for (rollout, bitten) in watchdog.bite(&open_journal(), &stopped).await {
///     println!("{rollout}: {bitten:?}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Watchdog {
    path: PathBuf,
    patience: Span,
    reflex: Reflex,
    by: PersonId,
}

/// Looks come so often within the patience.
const LOOKS: u64 = 8;
/// Between looks.
const LOOK_MIN: Span = Span::from_millis(20);
/// Between attempts to take a rollout over.
const AGAIN: Span = Span::from_secs(1);
/// How often that is tried when the store cannot be reached or refuses.
const ATTEMPTS_MAX: u32 = 60;

impl Watchdog {
    /// One for this heartbeat file. `patience`: how long no beat may come; several times what the controller was given
    /// ([`Runner::with_heartbeat`]), since a busy disk delays one. `by` stands in the journal for what it does.
    pub fn new(path: impl Into<PathBuf>, patience: Span, reflex: Reflex, by: PersonId) -> Self {
        Self {
            path: path.into(),
            patience,
            reflex,
            by,
        }
    }

    /// Waits until the heart stops. A file that is not there yet is waited for; one that goes away later, or cannot be
    /// read, is one that is not replaced.
    ///
    /// Must be called in a tokio runtime with time enabled. Safe to drop.
    pub async fn stopped<C: Clock>(&self, clock: &C) -> Stopped {
        let pause = Span::from_nanos(self.patience.as_nanos() / LOOKS).max(LOOK_MIN);
        let mut last = None;
        let mut looked = clock.now();
        loop {
            let now = clock.now();
            let slept = now.elapsed_since(&looked).high >= self.patience;
            looked = now;
            if let Ok(text) = std::fs::read_to_string(&self.path)
                && let Some(pulse) = Pulse::read(&text)
                && last.as_ref().is_none_or(|(known, _)| *known != pulse)
            {
                last = Some((pulse, now));
            }
            if let Some((pulse, since)) = &mut last {
                if slept {
                    // Whoever beats has slept as well, and has its turn first.
                    *since = now;
                }
                let silent_for = now.elapsed_since(since).low;
                if silent_for >= self.patience && !pulse.heads.is_empty() {
                    let pulse = pulse.clone();
                    return Stopped { pulse, silent_for };
                }
            }
            tokio::time::sleep(pause.to_duration()).await;
        }
    }

    /// Takes over what ran there, all at once, and does about each what the reflex says. The runner needs a holder of its
    /// own and providers for all that the rollouts move.
    ///
    /// Waits until each has gone back or is paused; a lease that the dead one has left must run out first.
    pub async fn bite(&self, runner: &Runner, stopped: &Stopped) -> Vec<(RolloutId, Bitten)> {
        let mut bites = JoinSet::new();
        for rollout in stopped.pulse.heads.keys() {
            let (watchdog, runner) = (self.clone(), runner.clone());
            let (rollout, stopped) = (rollout.clone(), stopped.clone());
            bites.spawn(async move {
                let bitten = watchdog.bite_one(&runner, &stopped, &rollout).await;
                (rollout, bitten)
            });
        }
        let mut all = bites.join_all().await;
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        all
    }

    async fn bite_one(&self, runner: &Runner, stopped: &Stopped, rollout: &RolloutId) -> Bitten {
        let holder = &stopped.pulse.holder;
        let first = self.first_act(stopped);
        let mut waited = false;
        let mut failure = String::new();
        for _ in 0..ATTEMPTS_MAX {
            let pause = match runner.resume_with(rollout, &first).await {
                Ok((handle, seq)) => return see_through(handle, seq).await,
                Err(RunnerError::Lease(LeaseError::Finished)) => return Bitten::Over,
                Err(RunnerError::Lease(LeaseError::HeldBy {
                    holder: other,
                    remaining,
                })) => {
                    if other != *holder {
                        return Bitten::TakenOver { by: other };
                    }
                    // A dead one's lease has run out by then: whoever has it still, or again, has renewed it.
                    if waited {
                        return Bitten::Alive;
                    }
                    waited = true;
                    remaining.saturating_add(LOOK_MIN)
                }
                Err(error) => {
                    failure = error.to_string();
                    AGAIN
                }
            };
            tokio::time::sleep(pause.to_duration()).await;
        }
        Bitten::Failed(failure)
    }

    fn first_act(&self, stopped: &Stopped) -> FirstAct {
        let reason = format!(
            "no heartbeat of {} for {}",
            stopped.pulse.holder,
            stopped.silent_for.rounded()
        );
        let by = Person {
            id: self.by.clone(),
            roles: Vec::new(),
        };
        let acts = match self.reflex {
            Reflex::Hold => vec![Act::Pause],
            Reflex::Revert => vec![Act::RollBack { back: Back::Start }, Act::Pause],
        };
        FirstAct { by, reason, acts }
    }
}

/// Until the act is durable and it has gone back, or stands still.
async fn see_through(handle: Handle, seq: u64) -> Bitten {
    let mut view = handle.view();
    let still = |view: &crate::handle::View| {
        let (state, durable) = (&view.state, view.next_seq >= seq);
        durable && (state.outcome.is_some() || !state.is_rolling_back())
    };
    while !still(&view.borrow_and_update()) {
        if view.changed().await.is_err() {
            break;
        }
    }
    let paused = view.borrow().state.paused;
    match handle.shutdown().await {
        Ended::Finished(outcome) => Bitten::Reverted(outcome),
        Ended::Failed(why) => Bitten::Failed(why),
        Ended::LostLease => Bitten::Failed("the lease was lost".to_owned()),
        Ended::Stopped if paused => Bitten::Held,
        Ended::Stopped => Bitten::GoneBack,
    }
}
