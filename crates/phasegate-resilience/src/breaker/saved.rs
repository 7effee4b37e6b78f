//! A breaker's state over a restart and between processes.
//!
//! Sharing is by openings, never by a remote call on the way of a request: every process keeps its
//! own breaker and opens it when enough others report that they opened theirs.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::backoff::BackoffState;
use crate::rng::Seed;
use crate::sync::{Mutex, Ordering, lock};
use crate::time::{Clock, Tick};
use crate::trip::Trip;

use super::core::Breaker;
use super::word::{Kind, State};

/// The version of [`SavedBreaker`] that this crate writes.
const VERSION: u32 = 1;
/// No more openings in a row than this are taken from a saved state: all schedules with a cap have
/// reached it by then.
const OPENINGS_MAX: u32 = 64;

/// What is worth keeping of a breaker. Times are durations, so no clock is in it; whoever saves
/// notes the wall time beside it.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{Breaker, BreakerConfig, SavedBreaker, State, Tick};
///
/// let before = Breaker::new(BreakerConfig::default())?;
/// before.open_now(Some(Duration::from_secs(30)), &Tick::ZERO);
/// let saved: SavedBreaker = before.save(&Tick::ZERO);
///
/// // Ten seconds later, in another process, on another clock.
/// let after = Breaker::new(BreakerConfig::default())?;
/// assert!(after.restore(&saved, Duration::from_secs(10), &Tick::ZERO));
/// assert_eq!(after.state(), State::Open);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[non_exhaustive]
pub struct SavedBreaker {
    /// The version of this form.
    pub version: u32,
    /// The state.
    pub state: State,
    /// Openings in a row.
    pub openings: u32,
    /// For how many more milliseconds it is open.
    pub open_left_millis: u64,
    /// Why it opened last.
    pub trip: Option<Trip>,
}

impl Breaker {
    /// What is worth keeping.
    pub fn save<C: Clock>(&self, clock: &C) -> SavedBreaker {
        let core = self.locked();
        let word = self.load();
        let open = matches!(word.kind(), Kind::Open | Kind::ShadowOpen);
        let left = word.remaining(clock.now().as_millis()).filter(|_| open);
        SavedBreaker {
            version: VERSION,
            state: word.kind().state(),
            openings: core.left.as_ref().map_or(0, |left| left.opening.taken()),
            open_left_millis: left.unwrap_or(0),
            trip: Trip::unpack(self.trip.load(Ordering::Relaxed)),
        }
    }

    /// Takes up a saved state. `since_saved` is the wall time since then, as the caller knows it.
    ///
    /// What was open stays open for what is left, at most for the longest opening of *this*
    /// configuration: a wrong clock or a changed file cannot hold it open. What was probing probes
    /// anew. Windows are not kept: what they held is from before the restart. A state of an unknown
    /// version is ignored; `false` says so.
    pub fn restore<C: Clock>(
        &self,
        saved: &SavedBreaker,
        since_saved: Duration,
        clock: &C,
    ) -> bool {
        static SEED: Seed = Seed::fixed(0x7361_7665_6421_2121);
        if saved.version != VERSION {
            return false;
        }
        let left = Duration::from_millis(saved.open_left_millis).saturating_sub(since_saved);
        let openings = saved.openings.min(OPENINGS_MAX);
        // A schedule without a cap is bounded by what it would give for this opening.
        let left = left.min(self.rules.open.plain(openings.saturating_sub(1)).max(
            if self.rules.open.longest_nanos() == u64::MAX {
                Duration::ZERO
            } else {
                self.rules.open.longest()
            },
        ));
        match saved.state {
            State::Closed => self.close(clock),
            State::Open => self.open_now(Some(left), clock),
            State::HalfOpen => self.begin_half_open(clock),
            State::ForcedOpen => self.force_open(clock),
            State::Disabled => self.disable(clock),
            State::MetricsOnly => self.metrics_only(clock),
        }
        let mut core = self.locked();
        let mut opening = BackoffState::new(&self.rules.open, SEED.stream());
        for _ in 0..openings {
            let _taken = opening.next(&self.rules.open);
        }
        core.left(&self.rules).opening = opening;
        if let Some(trip) = saved.trip {
            self.trip.store(trip.pack(), Ordering::Relaxed);
        }
        true
    }
}

/// Opens a breaker when enough peers report that theirs opened.
///
/// One bad node must not open all: `needed` different peers have to agree, and a report counts only
/// for the time that it names, at most the breaker's longest opening.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{Breaker, BreakerConfig, OpeningQuorum, State, Tick};
///
/// let breaker = Breaker::new(BreakerConfig::default())?;
/// let quorum = OpeningQuorum::new(2);
/// let now = Tick::from_secs(1);
/// quorum.report("node-a", Duration::from_secs(30), &breaker, &now);
/// quorum.report("node-a", Duration::from_secs(30), &breaker, &now);
/// assert_eq!(breaker.state(), State::Closed);
/// quorum.report("node-b", Duration::from_secs(30), &breaker, &now);
/// assert_eq!(breaker.state(), State::Open);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[derive(Debug)]
pub struct OpeningQuorum {
    needed: usize,
    until: Mutex<BTreeMap<String, Tick>>,
}

/// More peers than this are not kept: the names come from outside.
const PEERS_MAX: usize = 1024;

impl OpeningQuorum {
    /// A quorum of `needed` peers; zero is read as one.
    pub fn new(needed: usize) -> Self {
        Self {
            needed: needed.max(1),
            until: Mutex::new(BTreeMap::new()),
        }
    }

    /// `peer` has its breaker open for `left` more. Opens `breaker`, if it is closed, for the
    /// shortest time that still has a quorum. True if it opened.
    pub fn report<C: Clock>(
        &self,
        peer: &str,
        left: Duration,
        breaker: &Breaker,
        clock: &C,
    ) -> bool {
        let now = clock.now();
        let agreed = {
            let mut until = lock(&self.until);
            until.retain(|_, at| *at > now);
            if until.len() < PEERS_MAX || until.contains_key(peer) {
                let longest = Duration::from_millis(breaker.rules.open_longest_millis());
                until.insert(String::from(peer), now + left.min(longest));
            }
            let mut ends: Vec<Tick> = until.values().copied().collect();
            ends.sort_unstable_by(|a, b| b.cmp(a));
            ends.get(self.needed - 1).copied()
        };
        match agreed {
            Some(end) if breaker.state() == State::Closed => {
                breaker.open_now(Some(end.saturating_since(now)), &now);
                true
            }
            Some(_) | None => false,
        }
    }
}
