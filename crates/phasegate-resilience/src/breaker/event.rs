//! What a breaker tells its listener.

use core::time::Duration;

use crate::time::Tick;

use super::word::State;
use crate::trip::Trip;

/// One change of state. Generations number them, so that logs of several threads can be put in
/// order.
///
/// ```
/// use phasegate_resilience::{BreakerEvent, Transition};
///
/// /// A line of a log.
/// fn line(event: &BreakerEvent) -> Option<String> {
///     let BreakerEvent::Changed(Transition { from, to, generation, trip, .. }) = event else {
///         return None;
///     };
///     let why = trip.map_or_else(String::new, |trip| format!(", {trip}"));
///     Some(format!("{generation}: {from} to {to}{why}"))
/// }
/// # let _: fn(&BreakerEvent) -> Option<String> = line;
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Transition {
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// The generation of the state after, modulo 2^14.
    pub generation: u64,
    /// When, on the clock of the call that caused it.
    pub at: Tick,
    /// Why, when the change is an opening, with its numbers.
    pub trip: Option<Trip>,
    /// When the change is an opening: how many there have been in a row, this one included.
    pub openings: u32,
    /// When the change is an opening: what the server wished with the deciding result.
    pub hint: Option<Duration>,
    /// What the judge named as the cause of the deciding result; empty if nothing.
    pub cause: &'static str,
}

/// What happened to a breaker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BreakerEvent {
    /// The state changed.
    Changed(Transition),
    /// In metrics-only mode: enforced, the breaker would have opened now.
    WouldOpen(Transition),
    /// In metrics-only mode: enforced, the breaker would have closed now.
    WouldClose(Transition),
    /// The breaker tripped and stays closed, with an empty window, because enough breakers of the
    /// same [`OpenLimit`](crate::OpenLimit) are open.
    Withheld(Transition),
}

/// Hears of events. Any `Fn(&BreakerEvent)` that can be shared between threads is a listener.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use phasegate_resilience::{Breaker, BreakerConfig, BreakerEvent, Listener, State, Tick};
///
/// #[derive(Default)]
/// struct Heard(Mutex<Vec<(State, State)>>);
///
/// impl Listener for Heard {
///     fn on_event(&self, event: &BreakerEvent) {
///         if let BreakerEvent::Changed(change) = event {
///             self.0.lock().expect("no panic under it").push((change.from, change.to));
///         }
///     }
/// }
///
/// let heard = Arc::new(Heard::default());
/// let config = BreakerConfig::default().listener(Arc::clone(&heard) as Arc<dyn Listener>);
/// Breaker::new(config)?.open_now(None, &Tick::ZERO);
/// assert_eq!(*heard.0.lock().expect("no panic under it"), [(State::Closed, State::Open)]);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
pub trait Listener: Send + Sync {
    /// Called once for each event, outside all locks.
    fn on_event(&self, event: &BreakerEvent);
}

impl<F: Fn(&BreakerEvent) + Send + Sync> Listener for F {
    fn on_event(&self, event: &BreakerEvent) {
        self(event);
    }
}

/// What an [`OpenTime`] is told of an opening.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Opening {
    /// Why, with its numbers.
    pub trip: Trip,
    /// How many openings there have been in a row, this one included: 1 out of the closed state,
    /// 2 when the probes after it failed.
    pub number: u32,
    /// What the server wished with the deciding result.
    pub hint: Option<Duration>,
}

/// Says how long a breaker stays open. Any `Fn(&Opening) -> Duration` that can be shared between
/// threads does. See [`BreakerConfig::open_by`](crate::BreakerConfig::open_by).
///
/// ```
/// use core::time::Duration;
/// use phasegate_resilience::{Breaker, BreakerConfig, OpenTime, Opening};
///
/// /// As long as the server wished, else a second more each time.
/// struct AsWished;
///
/// impl OpenTime for AsWished {
///     fn open_time(&self, opening: &Opening) -> Duration {
///         opening.hint.unwrap_or(Duration::from_secs(1) * opening.number)
///     }
/// }
///
/// let config = BreakerConfig::default().open_by(AsWished, Duration::from_secs(60));
/// let breaker = Breaker::new(config)?;
/// # drop(breaker);
/// # Ok::<(), phasegate_resilience::Misuse>(())
/// ```
pub trait OpenTime: Send + Sync {
    /// How long to stay open.
    fn open_time(&self, opening: &Opening) -> Duration;
}

impl<F: Fn(&Opening) -> Duration + Send + Sync> OpenTime for F {
    fn open_time(&self, opening: &Opening) -> Duration {
        self(opening)
    }
}

/// One event per transition, with fields; the generation joins it with others.
#[cfg(feature = "tracing")]
pub(super) fn trace(event: &BreakerEvent) {
    let (change, enforced) = match event {
        BreakerEvent::Changed(change) => (change, true),
        BreakerEvent::WouldOpen(change)
        | BreakerEvent::WouldClose(change)
        | BreakerEvent::Withheld(change) => (change, false),
    };
    let trip = change.trip.map(tracing::field::display);
    tracing::info!(
        target: "phasegate_resilience::breaker",
        from = %change.from,
        to = %change.to,
        generation = change.generation,
        at_ms = change.at.as_millis(),
        enforced,
        trip,
        cause = change.cause,
        "breaker changed"
    );
}
