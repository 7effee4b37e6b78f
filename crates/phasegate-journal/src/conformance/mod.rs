//! The suite that every store has to pass: one case per promise of [`Journal`], and a comparison with the
//! memory store over long random histories. Real crashes and real concurrency are for each store's own
//! tests; they look different everywhere.

mod cases;
mod claims;
mod clock;
mod differential;
mod leases;
mod limits;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use phasegate_core::Span;

use crate::Journal;

pub use clock::SteppedClock;
pub use differential::differential;

/// A store under test. Each case gets one of its own, empty at first.
#[async_trait]
pub trait Store: Send + Sync {
    /// A handle on the store; called again, another handle on the same one where that is possible.
    async fn open(&self) -> Arc<dyn Journal>;

    /// Lets time pass at the clock by which the store's leases expire.
    async fn pass(&self, span: Span);
}

/// What a store did wrong.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{case}: {what}")]
#[non_exhaustive]
pub struct Failure {
    /// The case, as a sentence in snake case.
    pub case: &'static str,
    /// What was seen, and what was expected.
    pub what: String,
}

type Outcome = Result<(), String>;
type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// One promise, and how to see that a store keeps it.
#[derive(Clone, Copy)]
pub struct Case {
    name: &'static str,
    run: for<'a> fn(&'a dyn Store) -> Running<'a>,
}

impl Case {
    /// The promise, as a sentence in snake case.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Runs the case on a store of its own.
    pub async fn run(&self, store: &dyn Store) -> Result<(), Failure> {
        let Self { name: case, run } = *self;
        run(store).await.map_err(|what| Failure { case, what })
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// All cases. Run each on a fresh [`Store`], and [`differential`] with a few seeds.
pub fn cases() -> impl Iterator<Item = Case> {
    [cases::CASES, claims::CASES, leases::CASES, limits::CASES]
        .into_iter()
        .flatten()
        .copied()
}

/// Lists functions as cases under their own names.
macro_rules! listed {
    ($($name:ident),* $(,)?) => {
        pub(super) const CASES: &[super::Case] = &[$(super::Case {
            name: stringify!($name),
            run: |store| Box::pin($name(store)),
        }),*];
    };
}

/// Fails the case unless both sides are equal.
macro_rules! same {
    ($found:expr, $expected:expr, $($what:tt)*) => {{
        let (found, expected) = (&$found, &$expected);
        if *found != *expected {
            let what = format!($($what)*);
            return Err(format!("{what}: found {found:?}, expected {expected:?}"));
        }
    }};
}

/// Fails the case unless a value has the given form.
macro_rules! is {
    ($found:expr, $form:pat $(if $guard:expr)?, $($what:tt)*) => {{
        let found = &$found;
        if !matches!(found, $form $(if $guard)?) {
            let (what, form) = (format!($($what)*), stringify!($form));
            return Err(format!("{what}: found {found:?}, expected {form}"));
        }
    }};
}

/// The value of a result that must be fine.
macro_rules! fine {
    ($found:expr, $($what:tt)*) => {
        $found.map_err(|e| format!("{}: {e}", format!($($what)*)))?
    };
}

use {fine, is, listed, same};

/// Values that cases are written with.
mod make {
    use phasegate_core::{IdError, RolloutId, Span, Timestamp};

    use crate::{Batch, Claim, Draft, Head, Holder, Journal, Lease};

    pub(super) const TTL: Span = Span::from_secs(30);

    pub(super) fn rollout(id: &str) -> Result<RolloutId, String> {
        id.parse().map_err(|e: IdError| e.to_string())
    }

    pub(super) fn holder(name: &str) -> Result<Holder, String> {
        Holder::new(name).map_err(|e| e.to_string())
    }

    pub(super) fn claim(binding: &str, target: &str) -> Result<Claim, String> {
        Ok(Claim {
            binding: binding.parse().map_err(|e: IdError| e.to_string())?,
            target: target.parse().map_err(|e: IdError| e.to_string())?,
        })
    }

    #[expect(
        clippy::arithmetic_side_effects,
        reason = "adding to a timestamp clamps"
    )]
    pub(super) fn at(secs: u64) -> Timestamp {
        Timestamp::EPOCH + Span::from_secs(secs)
    }

    pub(super) fn draft(kind: &str) -> Draft {
        Draft {
            at: at(1),
            kind: kind.to_owned(),
            payload: format!("{{\"kind\":\"{kind}\"}}").into_bytes(),
        }
    }

    pub(super) fn batch(kinds: &[&str]) -> Batch {
        Batch::of(kinds.iter().map(|kind| draft(kind)))
    }

    pub(super) fn last(kinds: &[&str]) -> Batch {
        Batch {
            finished: true,
            ..batch(kinds)
        }
    }

    /// Creates a rollout with one record, for holder `a`, without claims.
    pub(super) async fn created(journal: &dyn Journal, id: &str) -> Result<(Lease, Head), String> {
        let (rollout, holder) = (rollout(id)?, holder("a")?);
        journal
            .create(&rollout, &holder, TTL, &[], batch(&["created"]))
            .await
            .map_err(|e| format!("create {id}: {e}"))
    }
}
