//! What a breaker tells its listener.

use crate::time::Tick;

use super::word::State;
use crate::trip::Trip;

/// One change of state. Generations number them, so that logs of several threads can be put in
/// order.
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
}

/// Hears of events. Any `Fn(&BreakerEvent)` that can be shared between threads is a listener.
pub trait Listener: Send + Sync {
    /// Called once for each event, outside all locks.
    fn on_event(&self, event: &BreakerEvent);
}

impl<F: Fn(&BreakerEvent) + Send + Sync> Listener for F {
    fn on_event(&self, event: &BreakerEvent) {
        self(event);
    }
}

/// One event per transition, with fields; the generation joins it with others.
#[cfg(feature = "tracing")]
pub(super) fn trace(event: &BreakerEvent) {
    let (change, enforced) = match event {
        BreakerEvent::Changed(change) => (change, true),
        BreakerEvent::WouldOpen(change) | BreakerEvent::WouldClose(change) => (change, false),
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
