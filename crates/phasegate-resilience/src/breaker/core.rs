//! The breaker itself: construction and admission.

use alloc::boxed::Box;
use core::fmt;

use crate::backoff::BackoffState;
use crate::call::CallClass;
use crate::error::Misuse;
use crate::rejection::{Rejection, RejectionKind};
use crate::rng::Seed;
use crate::sync::{AtomicU64, Mutex, Ordering, lock};
use crate::time::{Clock, Tick};
use crate::trip::Trip;

use super::config::{BreakerConfig, Window};
use super::count::CountMarks;
use super::half::HalfOpen;
use super::limit::OpenPlace;
use super::permit::{Permit, Ticket};
use super::rules::{Flag, Rules};
use super::slots::{SlotMarks, TimeWindow};
use super::tally::Refusals;
use super::view::BreakerTotals;
use super::word::{Kind, State, Word};

/// After how long a caller that met a probing breaker is told to ask again, in nanoseconds: no
/// clock decides when probes return, and a second is short for people and long for machines.
const PROBING_RETRY: u64 = 1_000_000_000;

/// A circuit breaker. Share it by reference or in an `Arc`; all methods take `&self`.
///
/// The order of calls: [`try_acquire`](Self::try_acquire), then the protected call, then one of
/// the permit's methods. A permit that is dropped instead gives its probe slot back and records
/// nothing (see [`BreakerConfig::abandoned_is_failure`]).
///
/// A healthy breaker (a full window without failures or slow calls) admits and records with two
/// loads and writes nothing. It takes about 300 bytes. After it is built it allocates only when it
/// first leaves the closed state, and a time window once for each of the first 16 threads.
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{Breaker, BreakerConfig, CallClass, State, Tick, Window};
///
/// let breaker = Breaker::new(BreakerConfig::default().window(Window::Calls(4)).min_calls(2))?;
/// let now = Tick::ZERO;
/// for _ in 0..2 {
///     let permit = breaker.try_acquire(CallClass::Read, &now).expect("closed");
///     permit.failure(&now);
/// }
/// let rejection = breaker.try_acquire(CallClass::Read, &now).expect_err("open");
/// assert_eq!(rejection.trip.map(|trip| (trip.count, trip.of)), Some((2, 2)));
/// assert_eq!(breaker.state(), State::Open);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
#[repr(C)]
pub struct Breaker {
    // What every call reads and few write stands first; what calls write while the window holds
    // failures stands more than a cache line further on, so that writing it takes nothing from
    // those who read.
    pub(super) word: AtomicU64,
    /// How many draws make a success take the lock.
    pub(super) wake: AtomicU64,
    /// The successes of a time window; a count window has none.
    pub(super) time: Option<Box<TimeWindow>>,
    pub(super) rules: Rules,
    /// The last trip, packed.
    pub(super) trip: AtomicU64,
    pub(super) refusals: Refusals,
    /// Calls recorded, by generation modulo 4, so that a success that races with a reset counts
    /// for the window that is gone.
    pub(super) drawn: [AtomicU64; 4],
    pub(super) core: Mutex<Core>,
}

/// Calls that left a trace.
#[derive(Debug)]
pub(super) enum Marks {
    Calls(CountMarks),
    Slots(SlotMarks),
}

/// What the lock guards. All transitions happen under it.
pub(super) struct Core {
    pub(super) marks: Marks,
    /// One past the position of the last failure of the run.
    pub(super) run_end: u64,
    /// Failures in a row.
    pub(super) run: u32,
    /// The generation whose calls the time window holds.
    pub(super) window_generation: u16,
    /// Whether the window of this generation has reached the minimum and was judged there.
    pub(super) judged: bool,
    pub(super) since: Tick,
    pub(super) cause: &'static str,
    /// `None` until the breaker first leaves the closed state.
    pub(super) left: Option<Box<Left>>,
}

/// What only a breaker needs that has left the closed state.
pub(super) struct Left {
    pub(super) half: HalfOpen,
    /// Where the growing open time stands; it starts over when the breaker closes.
    pub(super) opening: BackoffState,
    pub(super) totals: BreakerTotals,
    /// What it takes of the limit that it shares with others while it is not closed.
    pub(super) place: Option<OpenPlace>,
}

impl Core {
    /// The part for breakers that left the closed state, made when first needed.
    pub(super) fn left(&mut self, rules: &Rules) -> &mut Left {
        static SEED: Seed = Seed::fixed(0x6b72_6561_6b65_7221);
        self.left.get_or_insert_with(|| {
            Box::new(Left {
                half: HalfOpen::default(),
                opening: BackoffState::new(&rules.open, SEED.stream()),
                totals: BreakerTotals::default(),
                place: None,
            })
        })
    }
}

impl Breaker {
    /// A closed breaker.
    ///
    /// # Errors
    /// [`Misuse`] for a window out of range, no condition at all, probes outside 1..=1023, or more
    /// good probes wanted than probes admitted.
    pub fn new(config: BreakerConfig) -> Result<Self, Misuse> {
        let (window, rules) = config.checked()?;
        let (marks, time) = match window {
            Window::Calls(calls) => (Marks::Calls(CountMarks::new(calls, rules.is_timed())), None),
            Window::Time { span, slots } => {
                let time = Box::new(TimeWindow::new(span, slots));
                (Marks::Slots(SlotMarks::new(slots)), Some(time))
            }
        };
        let core = Core {
            marks,
            run_end: 0,
            run: 0,
            window_generation: 0,
            judged: false,
            since: Tick::ZERO,
            cause: "",
            left: None,
        };
        let breaker = Self {
            word: AtomicU64::new(Word::START.0),
            wake: AtomicU64::new(0),
            time,
            rules,
            trip: AtomicU64::new(0),
            refusals: Refusals::new(),
            drawn: core::array::from_fn(|_| AtomicU64::new(0)),
            core: Mutex::new(core),
        };
        breaker.wake.store(breaker.first_wake(), Ordering::Relaxed);
        Ok(breaker)
    }

    /// The stored state. It changes only when a call, a result or
    /// [`handle_timeout`](Self::handle_timeout) makes it change: an open breaker whose time is over
    /// is still open until somebody asks for a permit.
    #[inline]
    pub fn state(&self) -> State {
        self.load().kind().state()
    }

    /// Asks whether a call may be made. The clock is read only when the answer depends on it or
    /// calls are timed.
    ///
    /// # Errors
    /// [`Rejection`] with the last trip and, except when forced open, the time to ask again.
    #[inline(always)]
    pub fn try_acquire<C: Clock>(
        &self,
        class: CallClass,
        clock: &C,
    ) -> Result<Permit<'_>, Rejection> {
        match self.admit(class, clock) {
            Ok(ticket) => Ok(Permit::new(self, ticket)),
            Err(rejection) => Err(rejection),
        }
    }

    /// The same, as a plain value that its holder must give back through
    /// [`record`](Self::record) or [`release`](Self::release).
    ///
    /// # Errors
    /// As [`try_acquire`](Self::try_acquire).
    #[inline(always)]
    pub fn admit<C: Clock>(&self, class: CallClass, clock: &C) -> Result<Ticket, Rejection> {
        let word = self.load();
        if word.is_closed() {
            return Ok(self.ticket(word, clock));
        }
        self.admit_unless_closed(word, class, clock)
    }

    #[inline(always)]
    fn ticket<C: Clock + ?Sized>(&self, word: Word, clock: &C) -> Ticket {
        let started = if self.rules.is_timed() {
            clock.now()
        } else {
            Tick::ZERO
        };
        Ticket { word, started }
    }

    #[inline(always)]
    pub(super) fn load(&self) -> Word {
        Word(self.word.load(Ordering::Acquire))
    }

    /// Every way in but the common one. The plain refusal is decided here, for the price of a
    /// clock; kept out of line, so that the common way stays small.
    #[inline(never)]
    fn admit_unless_closed<C: Clock>(
        &self,
        word: Word,
        class: CallClass,
        clock: &C,
    ) -> Result<Ticket, Rejection> {
        if word.is_open() && class != CallClass::Safety {
            let now = clock.now().as_millis();
            if let Some(left) = word.remaining(now)
                && self.is_within_longest(left)
            {
                let at = Tick::from_millis(now.saturating_add(left));
                return self.refuse(RejectionKind::BreakerOpen, Some(at));
            }
        }
        self.admit_slowly(word, class, clock)
    }

    /// Whether so many milliseconds are no more than an opening can last.
    #[inline]
    fn is_within_longest(&self, left: u64) -> bool {
        // Deadlines are less than 2^36 ms ahead, so the product fits.
        let longest = self.rules.open.longest_nanos().saturating_add(1_000_000);
        left.saturating_mul(1_000_000) <= longest
    }

    #[cold]
    #[inline(never)]
    fn admit_slowly(
        &self,
        mut word: Word,
        class: CallClass,
        clock: &dyn Clock,
    ) -> Result<Ticket, Rejection> {
        loop {
            match word.kind() {
                Kind::Closed | Kind::Disabled | Kind::ShadowClosed => {
                    return Ok(self.ticket(word, clock));
                }
                Kind::ForcedOpen => return self.refuse(RejectionKind::BreakerForcedOpen, None),
                Kind::Open | Kind::ShadowOpen => {
                    let now = clock.now();
                    match self.wait_left(word, now) {
                        Some(_) if class == CallClass::Safety || word.kind().is_shadow() => {
                            return Ok(self.pass_open(word, clock));
                        }
                        Some(left) => {
                            let at = Tick::from_millis(now.as_millis().saturating_add(left));
                            return self.refuse(RejectionKind::BreakerOpen, Some(at));
                        }
                        None => self.begin_probing(word, now),
                    }
                }
                Kind::HalfOpen | Kind::ShadowHalfOpen => {
                    if let Some(answer) = self.admit_probe(word, class, clock) {
                        return answer;
                    }
                }
            }
            word = self.load();
        }
    }

    /// Milliseconds that the breaker stays open. A wait longer than any opening can be means that
    /// the clock went back; it is cut to the longest opening.
    pub(super) fn wait_left(&self, word: Word, now: Tick) -> Option<u64> {
        let left = word.remaining(now.as_millis())?;
        let longest = self.rules.open_longest_millis() + 1;
        if left <= longest {
            return Some(left);
        }
        let cut = word.with_deadline(now.as_millis().wrapping_add(longest));
        // Losing the race means that another thread cut it or changed the state.
        let _lost = self
            .word
            .compare_exchange(word.0, cut.0, Ordering::AcqRel, Ordering::Acquire)
            .is_err();
        Some(longest)
    }

    /// A call that passes an open breaker: a safety call, or any call in metrics-only mode.
    fn pass_open(&self, word: Word, clock: &dyn Clock) -> Ticket {
        if word.kind().is_shadow() {
            self.refusals.add_would_be();
        }
        self.ticket(word, clock)
    }

    /// `None` when the state changed and must be looked at again.
    fn admit_probe(
        &self,
        word: Word,
        class: CallClass,
        clock: &dyn Clock,
    ) -> Option<Result<Ticket, Rejection>> {
        let now = clock.now();
        if self.is_half_open_over(word, now) && self.reopen_if_probes_are_lost(word, now) {
            return None;
        }
        let permits = word.permits();
        if permits == 0 {
            if word.kind().is_shadow() {
                self.refusals.add_would_be();
                return Some(Ok(self.ticket(Word::START, clock)));
            }
            if class == CallClass::Safety {
                // An extra probe is marked, so that giving it back adds no slot.
                return Some(Ok(self.ticket(word.with_clean(true), clock)));
            }
            let at = Tick::from_nanos(now.as_nanos().saturating_add(PROBING_RETRY));
            return Some(self.refuse(RejectionKind::BreakerProbing, Some(at)));
        }
        let mut taken = word.with_permits(permits - 1);
        if !self.rules.has(Flag::BoundsHalfOpen) {
            taken = taken.with_deadline(self.probe_deadline(now));
        }
        self.word
            .compare_exchange(word.0, taken.0, Ordering::AcqRel, Ordering::Acquire)
            .ok()
            .map(|_| Ok(self.ticket(taken, clock)))
    }

    /// Whether the wait of a half-open state is over.
    pub(super) fn is_half_open_over(&self, word: Word, now: Tick) -> bool {
        self.rules.probe_wait != u32::MAX && word.remaining(now.as_millis()).is_none()
    }

    #[inline]
    fn refuse(&self, kind: RejectionKind, retry_at: Option<Tick>) -> Result<Ticket, Rejection> {
        self.refusals.add();
        let trip = Trip::unpack(self.trip.load(Ordering::Relaxed));
        Err(Rejection {
            kind,
            retry_at,
            trip,
        })
    }

    /// Gives back a ticket whose call has no result. Recording it afterwards as well would be a
    /// fault of the caller; [`Permit`] makes that impossible.
    pub fn release(&self, ticket: Ticket) {
        let extra = ticket.word.is_clean();
        let mut word = self.load();
        loop {
            let probing = matches!(word.kind(), Kind::HalfOpen | Kind::ShadowHalfOpen);
            let full = word.permits() >= u64::from(self.rules.probes);
            if !probing || full || extra || !word.admits_result_of(ticket.word) {
                return;
            }
            let given = word.with_permits(word.permits() + 1);
            match self
                .word
                .compare_exchange(word.0, given.0, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return,
                Err(seen) => word = Word(seen),
            }
        }
    }

    pub(super) fn locked(&self) -> crate::sync::MutexGuard<'_, Core> {
        lock(&self.core)
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breaker")
            .field("state", &self.state())
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}
