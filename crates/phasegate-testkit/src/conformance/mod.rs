//! What every adapter of a role must do, for each capability that it claims. Run the suite of your role in
//! your adapter's tests, against the real system where it can run.
//!
//! A suite drives an adapter through its role only and reports every violation at once. It needs no runtime
//! of its own. It leaves the other side as its last step left it.

mod approval;
mod event;
mod fault;
mod health;
mod metric;
mod mirror;
mod notifier;
mod scaler;
mod share;

use std::fmt;

pub use approval::approval_source;
pub use event::event_source;
pub use fault::fault_injector;
pub use health::health_probe;
pub use metric::metric_source;
pub use mirror::mirror;
pub use notifier::notifier;
pub use scaler::scaler;
pub use share::{flag_store, flag_switch, traffic_router};

/// Something that an adapter must do and did not.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Violation {
    /// The rule, as a sentence.
    pub rule: &'static str,
    /// What happened instead.
    pub found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.found)
    }
}

/// Collects violations.
#[derive(Debug, Default)]
struct Findings(Vec<Violation>);

impl Findings {
    /// Notes a violation unless `holds`.
    fn check(&mut self, rule: &'static str, holds: bool, found: impl fmt::Debug) {
        if !holds {
            let found = format!("{found:?}");
            self.0.push(Violation { rule, found });
        }
    }
}
