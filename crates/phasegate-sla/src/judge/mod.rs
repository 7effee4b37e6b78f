//! Judges of existing formats as pure functions, and our own beside them.
//!
//! - [`argo`]: how Argo Rollouts turns a metric's result into a measurement phase, and measurements into
//!   the phase of an analysis run.
//! - [`kayenta`]: the `NetflixACAJudge`, with its random noise replaced by a rule.
//! - [`own`]: the judge that says Pass only when it may.
//!
//! They exist so that a rollout can be moved over without surprises, and so that the judges can be
//! compared on the same data. Nothing here fetches, waits or draws random numbers.

pub mod argo;
pub mod kayenta;
pub mod own;
