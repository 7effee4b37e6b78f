//! What is compared with the stable version is asked of both versions, each by a question of its own.

use phasegate_core::Arm;

use super::measure::measured;
use super::{Fault, FaultCode};
use crate::kpi::{Baseline, KpiRegistry};
use crate::tree::{Against, Criterion, Test};

/// Everything in a criterion that compares two versions of what has no query for each of them: nothing could be
/// measured. For whoever is about to carry it out; where its KPIs are only described, it is no fault.
///
/// Cost: each test is looked through once.
///
/// ```
/// use phasegate_criterion::{FaultCode, Kpi, KpiRegistry, Queries, Shape, check_arms};
/// let mut kpis = KpiRegistry::new();
/// let mut errors = Kpi::new("errors".parse()?, "%".parse()?, Shape::Ratio, "prom".parse()?);
/// errors.queries = Queries::whole("errors");
/// kpis.declare(errors)?;
/// let compared = "ratio(errors) no worse than control margin 1pp".parse()?;
/// assert_eq!(check_arms(&compared, &kpis)[0].code, FaultCode::NoQuery);
/// assert!(check_arms(&"ratio(errors) < 1%".parse()?, &kpis).is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn check_arms(criterion: &Criterion, registry: &KpiRegistry) -> Vec<Fault> {
    let tests = criterion.condition.tests();
    tests.filter_map(|test| of_test(test, registry)).collect()
}

fn of_test(test: &Test, registry: &KpiRegistry) -> Option<Fault> {
    let (against, given) = test.reference()?;
    let measured = measured(&test.subject.measure, registry).ok()?;
    let missing = measured.sources.iter().find_map(|source| {
        let control = match against {
            Against::Control | Against::Old => true,
            Against::Baseline => given.is_none() && source.kpi.baseline == Baseline::Control,
            Against::Previous => false,
        };
        // Without any question the KPI itself is told.
        if !control || source.queries.is_empty() {
            return None;
        }
        let mut arms = [Arm::Canary, Arm::Stable].into_iter();
        let arm = arms.find(|arm| source.queries.of(*arm).is_none())?;
        Some((source.kpi, arm))
    });
    let (kpi, arm) = missing?;
    let message = format!(
        "it compares the two versions, and '{}' has no query for the {arm} arm",
        kpi.id
    );
    let mend = "give the KPI a query for each: 'canary' and 'stable'";
    Some(Fault::new(FaultCode::NoQuery, test, message, mend))
}
