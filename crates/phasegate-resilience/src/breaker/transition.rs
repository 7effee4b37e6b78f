//! Changes of state. Each happens under the lock, in one store of the state word.

use core::time::Duration;

use crate::backoff::BackoffState;
use crate::rng::Seed;
use crate::sync::Ordering;
use crate::time::{Clock, Tick};
use crate::trip::{Condition, Trip};

use super::core::{Breaker, Core, Marks};
use super::event::{BreakerEvent, Transition};
use super::half::HalfOpen;
use super::slots::WATCH_NONE;
use super::word::{Kind, Word};

impl Breaker {
    /// Rejects every call until another method of this kind is called, safety calls too: it is a
    /// person's explicit word.
    pub fn force_open<C: Clock>(&self, clock: &C) {
        self.by_hand(Kind::ForcedOpen, None, clock.now());
    }

    /// Admits every call and records none.
    pub fn disable<C: Clock>(&self, clock: &C) {
        self.by_hand(Kind::Disabled, None, clock.now());
    }

    /// Admits every call, records all, and counts what would have been rejected.
    pub fn metrics_only<C: Clock>(&self, clock: &C) {
        self.by_hand(Kind::ShadowClosed, None, clock.now());
    }

    /// Closes with an empty window. Also ends a forced, disabled or metrics-only state.
    pub fn close<C: Clock>(&self, clock: &C) {
        self.by_hand(Kind::Closed, None, clock.now());
    }

    /// Begins probing now.
    pub fn begin_half_open<C: Clock>(&self, clock: &C) {
        self.by_hand(Kind::HalfOpen, None, clock.now());
    }

    /// Opens for `wait`, at most the configured longest opening; without `wait` for the time that
    /// the configuration gives the next opening.
    pub fn open_now<C: Clock>(&self, wait: Option<Duration>, clock: &C) {
        self.by_hand(Kind::Open, wait, clock.now());
    }

    fn by_hand(&self, kind: Kind, wait: Option<Duration>, now: Tick) {
        let event = {
            let mut core = self.locked();
            let word = self.load();
            let trip = Trip::new(Condition::Manual, 0, 0);
            core.totals.by_hand = core.totals.by_hand.saturating_add(1);
            match kind {
                Kind::Open | Kind::ShadowOpen => {
                    core.cause = "";
                    self.open_as(&mut core, word, Kind::Open, (trip, wait), now)
                }
                Kind::HalfOpen | Kind::ShadowHalfOpen => {
                    self.half_open_as(&mut core, word, Kind::HalfOpen, now)
                }
                Kind::Closed | Kind::ShadowClosed | Kind::ForcedOpen | Kind::Disabled => {
                    self.restart(&mut core, word, kind, now)
                }
            }
        };
        self.tell(Some(event));
    }

    /// Opens because of `trip`, for the next open time or what the server wished, if longer.
    pub(super) fn open(
        &self,
        core: &mut Core,
        word: Word,
        trip: Trip,
        hint: Option<Duration>,
        now: Tick,
    ) -> BreakerEvent {
        let own = core.opening.next(&self.config.open);
        let wait = hint.map_or(own, |hint| hint.max(own));
        let shadow = word.kind().is_shadow();
        if matches!(word.kind(), Kind::HalfOpen | Kind::ShadowHalfOpen) {
            core.totals.reopened = core.totals.reopened.saturating_add(1);
        } else {
            core.totals.opened = core.totals.opened.saturating_add(1);
        }
        self.open_as(core, word, Kind::open(shadow), (trip, Some(wait)), now)
    }

    fn open_as(
        &self,
        core: &mut Core,
        word: Word,
        kind: Kind,
        (trip, wait): (Trip, Option<Duration>),
        now: Tick,
    ) -> BreakerEvent {
        let wait = wait.unwrap_or_else(|| core.opening.next(&self.config.open));
        let wait = wait.min(Duration::from_millis(self.config.open_longest_millis()));
        self.trip.store(trip.pack(), Ordering::Relaxed);
        if kind == Kind::ShadowOpen && self.time.is_some() {
            // Slots are told apart by generation; metrics go on in those of the new one.
            self.clear_window(core, word.generation() + 1);
        }
        // The first millisecond that lies wholly after the wait: never early.
        let until = (now + wait).as_millis().wrapping_add(1);
        let next = Word::new(kind, word.generation() + 1, 0, until);
        self.publish(core, word, next, now, Some(trip))
    }

    pub(super) fn half_open(&self, core: &mut Core, word: Word, now: Tick) -> BreakerEvent {
        self.half_open_as(core, word, Kind::half_open(word.kind().is_shadow()), now)
    }

    fn half_open_as(&self, core: &mut Core, word: Word, kind: Kind, now: Tick) -> BreakerEvent {
        core.half = HalfOpen::default();
        let deadline = self.probe_deadline(now);
        let next = Word::new(kind, word.generation() + 1, self.config.probes, deadline);
        self.publish(core, word, next, now, None)
    }

    /// The end of the wait for probes that are admitted at `now`, in milliseconds.
    pub(super) fn probe_deadline(&self, now: Tick) -> u64 {
        let wait = self.config.probe_wait.min((1 << 35) * 1_000_000);
        (now + Duration::from_nanos(wait))
            .as_millis()
            .wrapping_add(1)
    }

    /// The probes are good.
    pub(super) fn recover(&self, core: &mut Core, word: Word, now: Tick) -> BreakerEvent {
        core.totals.recovered = core.totals.recovered.saturating_add(1);
        self.restart(core, word, Kind::closed(word.kind().is_shadow()), now)
    }

    /// An empty window and a fresh open time.
    fn restart(&self, core: &mut Core, word: Word, kind: Kind, now: Tick) -> BreakerEvent {
        static SEED: Seed = Seed::fixed(0x7265_636f_7665_7221);
        self.clear_window(core, word.generation() + 1);
        (core.judged, core.run, core.run_end) = (false, 0, 0);
        core.opening = BackoffState::new(&self.config.open, SEED.stream());
        let next = Word::new(kind, word.generation() + 1, 0, 0);
        self.counter(next).store(0, Ordering::Relaxed);
        self.wake.store(self.first_wake(), Ordering::Relaxed);
        self.announce(core, word, next, now, None)
    }

    fn clear_window(&self, core: &mut Core, generation: u64) {
        match &mut core.marks {
            Marks::Calls(marks) => marks.clear(),
            Marks::Slots(marks) => marks.clear(),
        }
        core.window_generation = Word::new(Kind::Closed, generation, 0, 0).generation();
        if let Some(time) = &self.time {
            time.run.store(0, Ordering::Relaxed);
            time.watch.store(WATCH_NONE, Ordering::SeqCst);
        }
    }

    /// Goes on to `next` and takes the window along, for those who look at it.
    fn publish(
        &self,
        core: &mut Core,
        word: Word,
        next: Word,
        now: Tick,
        trip: Option<Trip>,
    ) -> BreakerEvent {
        let drawn = self.counter(word).load(Ordering::Relaxed);
        self.counter(next).store(drawn, Ordering::Relaxed);
        self.announce(core, word, next, now, trip)
    }

    fn announce(
        &self,
        core: &mut Core,
        word: Word,
        next: Word,
        now: Tick,
        trip: Option<Trip>,
    ) -> BreakerEvent {
        if !next.is_closed() {
            self.rejected.prepare();
        }
        core.since = now;
        self.word.store(next.0, Ordering::Release);
        let change = Transition {
            from: word.kind().state(),
            to: next.kind().state(),
            generation: next.generation(),
            at: now,
            trip,
            cause: core.cause,
        };
        match (word.kind().is_shadow(), next.kind()) {
            (true, Kind::ShadowOpen) => BreakerEvent::WouldOpen(change),
            (true, Kind::ShadowClosed) => BreakerEvent::WouldClose(change),
            _ => BreakerEvent::Changed(change),
        }
    }

    /// The open time is over: the first caller who sees it begins probing.
    pub(super) fn begin_probing(&self, seen: Word, now: Tick) {
        let event = {
            let mut core = self.locked();
            let word = self.load();
            if word != seen {
                return;
            }
            self.half_open(&mut core, word, now)
        };
        self.tell(Some(event));
    }

    /// Opens again when probes are out that did not come back within the wait. True if the state
    /// is no longer what was seen.
    pub(super) fn reopen_if_probes_are_lost(&self, seen: Word, now: Tick) -> bool {
        let event = {
            let mut core = self.locked();
            let word = self.load();
            if word != seen {
                return true;
            }
            let out = u64::from(self.config.probes).saturating_sub(word.permits());
            let back = u64::from(core.half.results);
            if out <= back {
                return false;
            }
            let trip = Trip::new(Condition::ProbesLost, back, out);
            self.open(&mut core, word, trip, None, now)
        };
        self.tell(Some(event));
        true
    }

    pub(super) fn tell(&self, event: Option<BreakerEvent>) {
        let Some(event) = event else { return };
        #[cfg(feature = "tracing")]
        super::event::trace(&event);
        if let Some(listener) = &self.config.listener {
            listener.on_event(&event);
        }
    }
}
