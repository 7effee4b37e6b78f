//! Changes of state. Each happens under the lock, in one store of the state word.

use core::time::Duration;

use crate::backoff::BackoffState;
use crate::rng::Seed;
use crate::sync::Ordering;
use crate::time::{Clock, Tick};
use crate::trip::{Condition, Trip};

use super::core::{Breaker, Core, Marks};
use super::event::{BreakerEvent, Opening, Transition};
use super::half::HalfOpen;
use super::limit::OpenPlace;
use super::rules::Flag;
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
            let totals = &mut core.left(&self.rules).totals;
            totals.by_hand = totals.by_hand.saturating_add(1);
            match kind {
                Kind::Open | Kind::ShadowOpen => {
                    core.cause = "";
                    let own = core.left(&self.rules).opening.next(&self.rules.open);
                    let opening = Opened {
                        trip: Trip::new(Condition::Manual, 0, 0),
                        wait: wait.unwrap_or(own),
                        hint: None,
                    };
                    self.open_as(&mut core, word, Kind::Open, &opening, now)
                }
                Kind::HalfOpen | Kind::ShadowHalfOpen => {
                    self.half_open_as(&mut core, word, Kind::HalfOpen, now)
                }
                Kind::Closed | Kind::ShadowClosed | Kind::ForcedOpen | Kind::Disabled => {
                    self.restart(&mut core, word, kind, now)
                }
            }
        };
        if wait.is_none() {
            self.settle_open_time(&event);
        }
        self.notify(&event);
    }

    /// Opens because of `trip`: for the next open time or what the server wished, if longer; for
    /// exactly what it wished, if the wish is why.
    pub(super) fn open(
        &self,
        core: &mut Core,
        word: Word,
        trip: Trip,
        hint: Option<Duration>,
        now: Tick,
    ) -> BreakerEvent {
        if word.kind() == Kind::Closed && !self.may_open(core) {
            return self.withhold(core, word, trip, hint, now);
        }
        let left = core.left(&self.rules);
        let own = left.opening.next(&self.rules.open);
        let wait = match hint {
            Some(hint) if trip.condition == Condition::ServerHint => hint,
            Some(hint) => hint.max(own),
            None => own,
        };
        if matches!(word.kind(), Kind::HalfOpen | Kind::ShadowHalfOpen) {
            left.totals.reopened = left.totals.reopened.saturating_add(1);
        } else {
            left.totals.opened = left.totals.opened.saturating_add(1);
        }
        let kind = Kind::open(word.kind().is_shadow());
        self.open_as(core, word, kind, &Opened { trip, wait, hint }, now)
    }

    /// Whether the limit that is shared with other breakers has a place, which is taken.
    fn may_open(&self, core: &mut Core) -> bool {
        let Some(limit) = self.rules.open_limit() else {
            return true;
        };
        let place = limit.try_take();
        let may = place.is_some();
        core.left(&self.rules).place = place;
        may
    }

    /// Stays closed although it tripped.
    fn withhold(
        &self,
        core: &mut Core,
        word: Word,
        trip: Trip,
        hint: Option<Duration>,
        now: Tick,
    ) -> BreakerEvent {
        let totals = &mut core.left(&self.rules).totals;
        totals.withheld = totals.withheld.saturating_add(1);
        match self.restart(core, word, Kind::Closed, now) {
            BreakerEvent::Changed(change)
            | BreakerEvent::WouldOpen(change)
            | BreakerEvent::WouldClose(change)
            | BreakerEvent::Withheld(change) => BreakerEvent::Withheld(Transition {
                trip: Some(trip),
                hint,
                ..change
            }),
        }
    }

    fn open_as(
        &self,
        core: &mut Core,
        word: Word,
        kind: Kind,
        opened: &Opened,
        now: Tick,
    ) -> BreakerEvent {
        self.trip.store(opened.trip.pack(), Ordering::Relaxed);
        if kind == Kind::ShadowOpen && self.time.is_some() {
            // Slots are told apart by generation; metrics go on in those of the new one.
            self.clear_window(core, word.generation() + 1, now);
        }
        let until = self.open_until(now, opened.wait);
        let next = Word::new(kind, word.generation() + 1, 0, until);
        self.publish(core, word, next, now, Some(opened))
    }

    /// The first millisecond at which an opening is over: strictly after the wait or, if so
    /// configured, at it. Never early.
    fn open_until(&self, now: Tick, wait: Duration) -> u64 {
        let longest = Duration::from_millis(self.rules.open_longest_millis());
        self.end(now, wait.min(longest))
    }

    fn end(&self, now: Tick, wait: Duration) -> u64 {
        let end = now + wait;
        if self.rules.has(Flag::EndsAtWait) {
            end.as_nanos().div_ceil(1_000_000)
        } else {
            end.as_millis().wrapping_add(1)
        }
    }

    /// Asks the configured function for the time of an opening that just began. It runs outside
    /// all locks; who asks for a permit before it has answered finds the longest opening.
    fn settle_open_time(&self, event: &BreakerEvent) {
        let change = match event {
            BreakerEvent::Changed(change)
            | BreakerEvent::WouldOpen(change)
            | BreakerEvent::WouldClose(change) => change,
            BreakerEvent::Withheld(_) => return,
        };
        let (Some(open_time), Some(trip)) = (self.rules.open_time(), change.trip) else {
            return;
        };
        let wait = open_time.open_time(&Opening {
            trip,
            number: change.openings,
            hint: change.hint,
        });
        let until = self.open_until(change.at, wait);
        let _core = self.locked();
        let word = self.load();
        let is_open = matches!(word.kind(), Kind::Open | Kind::ShadowOpen);
        if is_open && word.generation() == change.generation {
            self.word
                .store(word.with_deadline(until).0, Ordering::Release);
        }
    }

    pub(super) fn half_open(&self, core: &mut Core, word: Word, now: Tick) -> BreakerEvent {
        self.half_open_as(core, word, Kind::half_open(word.kind().is_shadow()), now)
    }

    fn half_open_as(&self, core: &mut Core, word: Word, kind: Kind, now: Tick) -> BreakerEvent {
        core.left(&self.rules).half = HalfOpen::default();
        let deadline = self.probe_deadline(now);
        let probes = u32::from(self.rules.probes);
        let next = Word::new(kind, word.generation() + 1, probes, deadline);
        self.publish(core, word, next, now, None)
    }

    /// The end of the wait for probes that are admitted at `now`, in milliseconds.
    pub(super) fn probe_deadline(&self, now: Tick) -> u64 {
        let wait = Duration::from_millis(u64::from(self.rules.probe_wait));
        if self.rules.has(Flag::BoundsHalfOpen) {
            return self.end(now, wait);
        }
        (now + wait).as_millis().wrapping_add(1)
    }

    /// The probes are good.
    pub(super) fn recover(&self, core: &mut Core, word: Word, now: Tick) -> BreakerEvent {
        let totals = &mut core.left(&self.rules).totals;
        totals.recovered = totals.recovered.saturating_add(1);
        self.restart(core, word, Kind::closed(word.kind().is_shadow()), now)
    }

    /// An empty window and a fresh open time.
    fn restart(&self, core: &mut Core, word: Word, kind: Kind, now: Tick) -> BreakerEvent {
        static SEED: Seed = Seed::fixed(0x7265_636f_7665_7221);
        self.clear_window(core, word.generation() + 1, now);
        (core.judged, core.run, core.run_end) = (false, 0, 0);
        if let Some(left) = &mut core.left {
            left.opening = BackoffState::new(&self.rules.open, SEED.stream());
        }
        let next = Word::new(kind, word.generation() + 1, 0, 0);
        self.counter(next).store(0, Ordering::Relaxed);
        self.wake.store(self.first_wake(), Ordering::Relaxed);
        self.announce(core, word, next, now, None)
    }

    fn clear_window(&self, core: &mut Core, generation: u64, now: Tick) {
        match &mut core.marks {
            Marks::Calls(marks) => marks.clear(),
            Marks::Slots(marks) => marks.clear(),
        }
        let generation = Word::new(Kind::Closed, generation, 0, 0).generation();
        core.window_generation = u16::try_from(generation).unwrap_or(0);
        if let Some(time) = &self.time {
            time.begin_at(now);
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
        opened: Option<&Opened>,
    ) -> BreakerEvent {
        let drawn = self.counter(word).load(Ordering::Relaxed);
        self.counter(next).store(drawn, Ordering::Relaxed);
        self.announce(core, word, next, now, opened)
    }

    fn announce(
        &self,
        core: &mut Core,
        word: Word,
        next: Word,
        now: Tick,
        opened: Option<&Opened>,
    ) -> BreakerEvent {
        if !next.is_closed() {
            self.refusals.prepare();
        }
        core.since = now;
        let left = self.take_place(core, next.kind());
        self.word.store(next.0, Ordering::Release);
        // Given back only now, so that never more refuse calls than have a place.
        drop(left);
        let change = Transition {
            from: word.kind().state(),
            to: next.kind().state(),
            generation: next.generation(),
            at: now,
            trip: opened.map(|opened| opened.trip),
            openings: opened.map_or(0, |_| core.left(&self.rules).opening.taken()),
            hint: opened.and_then(|opened| opened.hint),
            cause: core.cause,
        };
        match (word.kind().is_shadow(), next.kind()) {
            (true, Kind::ShadowOpen) => BreakerEvent::WouldOpen(change),
            (true, Kind::ShadowClosed) => BreakerEvent::WouldClose(change),
            _ => BreakerEvent::Changed(change),
        }
    }

    /// Takes a place of the shared limit for a state that refuses calls; gives what is to be given
    /// back otherwise.
    fn take_place(&self, core: &mut Core, next: Kind) -> Option<OpenPlace> {
        let limit = self.rules.open_limit()?;
        match next {
            Kind::Open | Kind::HalfOpen | Kind::ForcedOpen => {
                let left = core.left(&self.rules);
                left.place.get_or_insert_with(|| limit.take());
                None
            }
            Kind::Closed
            | Kind::Disabled
            | Kind::ShadowClosed
            | Kind::ShadowOpen
            | Kind::ShadowHalfOpen => core.left.as_mut()?.place.take(),
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

    /// Opens again when the wait of a half-open state is over: because probes are out that did not
    /// come back or, if the state itself is bounded, because it was not decided. True if the state
    /// is no longer what was seen.
    pub(super) fn reopen_if_probes_are_lost(&self, seen: Word, now: Tick) -> bool {
        let event = {
            let mut core = self.locked();
            let word = self.load();
            if word != seen {
                return true;
            }
            let (back, out) = self.probes(&mut core, word);
            if out <= back && !self.rules.has(Flag::BoundsHalfOpen) {
                return false;
            }
            self.give_probes_up(&mut core, word, now)
        };
        self.tell(Some(event));
        true
    }

    /// How many probes came back with a result, of how many that were admitted.
    fn probes(&self, core: &mut Core, word: Word) -> (u64, u64) {
        let out = u64::from(self.rules.probes).saturating_sub(word.permits());
        (u64::from(core.left(&self.rules).half.results), out)
    }

    pub(super) fn give_probes_up(&self, core: &mut Core, word: Word, now: Tick) -> BreakerEvent {
        let (back, out) = self.probes(core, word);
        let trip = Trip::new(Condition::ProbesLost, back, out);
        self.open(core, word, trip, None, now)
    }

    /// Makes the changes that time alone decides: an opening whose wait is over begins probing, a
    /// half-open state whose wait is over opens again. Gives the moment of the next such change, if
    /// there is one to come.
    ///
    /// Without it the next caller makes them. Called from a timer of the host, it is what
    /// resilience4j calls the automatic transition; a listener then hears of the change when it is
    /// due, and not when traffic comes.
    ///
    /// ```
    /// use core::time::Duration;
    /// use phasegate_resilience::{Backoff, Breaker, BreakerConfig, State, Tick};
    ///
    /// let open_for = Backoff::constant(Duration::from_secs(5));
    /// let breaker = Breaker::new(BreakerConfig::default().open_for(open_for))?;
    /// breaker.open_now(None, &Tick::ZERO);
    /// let due = breaker.handle_timeout(&Tick::ZERO).expect("it is open");
    /// breaker.handle_timeout(&due);
    /// assert_eq!(breaker.state(), State::HalfOpen);
    /// # Ok::<(), phasegate_resilience::Misuse>(())
    /// ```
    pub fn handle_timeout<C: Clock>(&self, clock: &C) -> Option<Tick> {
        let now = clock.now();
        let word = self.load();
        match word.kind() {
            Kind::Open | Kind::ShadowOpen => {
                if self.wait_left(word, now).is_none() {
                    self.begin_probing(word, now);
                }
            }
            Kind::HalfOpen | Kind::ShadowHalfOpen => {
                if self.is_half_open_over(word, now) {
                    let _changed = self.reopen_if_probes_are_lost(word, now);
                }
            }
            Kind::Closed | Kind::ForcedOpen | Kind::Disabled | Kind::ShadowClosed => {}
        }
        let word = self.load();
        let waits = match word.kind() {
            Kind::Open | Kind::ShadowOpen => true,
            Kind::HalfOpen | Kind::ShadowHalfOpen => self.rules.probe_wait != u32::MAX,
            Kind::Closed | Kind::ForcedOpen | Kind::Disabled | Kind::ShadowClosed => false,
        };
        let left = word.remaining(now.as_millis()).filter(|_| waits)?;
        Some(Tick::from_millis(now.as_millis().saturating_add(left)))
    }

    pub(super) fn tell(&self, event: Option<BreakerEvent>) {
        let Some(event) = event else { return };
        self.settle_open_time(&event);
        self.notify(&event);
    }

    fn notify(&self, event: &BreakerEvent) {
        #[cfg(feature = "tracing")]
        super::event::trace(event);
        if let Some(listener) = self.rules.listener() {
            listener.on_event(event);
        }
    }
}

/// An opening, as it was decided.
pub(super) struct Opened {
    trip: Trip,
    wait: Duration,
    hint: Option<Duration>,
}
