//! Checks criteria against the KPIs they name: ids, units, shapes, and what is ambiguous in them.
//! Errors make a criterion unusable; warnings (lints) say what it will be taken to mean.

mod arms;
mod burn;
mod clause;
mod confidence;
mod contradiction;
mod declaration;
mod fault;
mod limit;
mod measure;
mod purpose;
mod test;
mod together;
mod values;
mod whole;

use crate::kpi::KpiRegistry;
use crate::tree::{Criterion, Fact, Given, Policy, Statement};

pub use arms::check_arms;
pub use confidence::can_be_shown;
pub use declaration::{check_kpi, check_registry};
pub use fault::{Fault, FaultCode, Level};
pub use measure::{Expects, Measured, Source, measured};
pub use purpose::check_purpose;
pub use together::{Purpose, check_together};

/// Everything wrong with a criterion, and everything doubtful about it. Empty: nothing.
///
/// ```
/// use phasegate_criterion::{Criterion, FaultCode, Kpi, KpiRegistry, Level, Shape, check};
/// let mut kpis = KpiRegistry::new();
/// kpis.declare(Kpi::new("latency".parse()?, "ms".parse()?, Shape::Distribution, "prom".parse()?))?;
/// let wrong: Criterion = "p95(latency) < 5%".parse()?;
/// let faults = check(&wrong, &kpis);
/// assert_eq!(faults[0].code, FaultCode::UnitMismatch);
/// assert_eq!(faults[0].level, Level::Error);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn check(criterion: &Criterion, registry: &KpiRegistry) -> Vec<Fault> {
    let mut faults = Vec::new();
    whole::condition(&criterion.condition, registry, &mut faults);
    whole::criterion(criterion, registry, &mut faults);
    faults
}

/// The same for whatever a plan says: criterion, fact or policy.
#[must_use]
pub fn check_statement(statement: &Statement, registry: &KpiRegistry) -> Vec<Fault> {
    match statement {
        Statement::Criterion(criterion) => check(criterion, registry),
        Statement::Fact(fact) => check_fact(fact, registry),
        Statement::Policy(policy) => check_policy(policy, registry),
    }
}

/// The same for a fact.
#[must_use]
pub fn check_fact(fact: &Fact, registry: &KpiRegistry) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some(measured) = measure::subject(&fact.subject, registry, &mut faults) {
        match &fact.figure {
            Given::Unknown => {}
            Given::Point(value) => test::fits(value, &measured, &mut faults),
            Given::Range(range) => test::range(range, &measured, &mut faults),
        }
        limit::of_fact(fact, &measured, &mut faults);
    }
    faults
}

/// The same for a policy.
#[must_use]
pub fn check_policy(policy: &Policy, registry: &KpiRegistry) -> Vec<Fault> {
    let mut faults = Vec::new();
    match policy {
        Policy::Ladder { subject, steps } => {
            if let Some(measured) = measure::subject(subject, registry, &mut faults) {
                for step in steps {
                    test::fits(step, &measured, &mut faults);
                }
                test::rising(steps, &mut faults);
            }
        }
        Policy::Limits {
            subject,
            range,
            target,
        } => {
            if let Some(measured) = measure::subject(subject, registry, &mut faults) {
                test::range(range, &measured, &mut faults);
            }
            if let Some(target) = target {
                test::is_share(target, "the target of limits", &mut faults);
            }
        }
        Policy::Scaling {
            subject,
            target,
            up,
            down,
        } => {
            if let Some(measured) = measure::subject(subject, registry, &mut faults) {
                let steps = [up, down].into_iter().flatten().map(|step| &step.value);
                for value in std::iter::once(target).chain(steps) {
                    test::fits(value, &measured, &mut faults);
                }
                let up = up.as_ref().map(|step| step.value.quantity());
                let down = down.as_ref().map(|step| step.value.quantity());
                test::around(down, target.quantity(), up, &mut faults);
            }
        }
    }
    faults
}
