//! What a baseline step measures: every measure over its KPIs that a criterion of the plan speaks of, so
//! that a later `vs baseline` finds exactly the number it compares with; else one measure by the shape.

use std::collections::BTreeMap;

use phasegate_core::KpiId;
use phasegate_criterion::{Criterion, KpiRegistry, Level, Measure, Shape, Test, check, measured};

use super::Compiler;
use crate::program::Figure;

impl Compiler<'_> {
    pub(super) fn figures(&self, kpis: &[KpiId]) -> Vec<Figure> {
        let registry = self.plan.kpi_registry();
        let mut found: BTreeMap<String, (KpiId, Measure)> = BTreeMap::new();
        for criterion in self.plan.criteria() {
            let of_tests = criterion.condition.tests();
            let measures = of_tests.filter_map(|test| measure_of(test, &registry));
            let wanted = measures.filter(|(kpi, _)| kpis.contains(kpi));
            found.extend(wanted.map(|(kpi, measure)| (measure.to_string(), (kpi, measure))));
        }
        let mut figures = Vec::new();
        for kpi in kpis {
            let of_kpi = found.values().filter(|(id, _)| id == kpi);
            let mut texts: Vec<String> = of_kpi.map(|(_, measure)| measure.to_string()).collect();
            if texts.is_empty() {
                texts.extend(by_shape(kpi, &registry));
            }
            let readable = texts.into_iter().filter_map(|measure| {
                let criterion = readable(&measure, kpi, &registry)?;
                let kpi = kpi.clone();
                Some(Figure {
                    kpi,
                    measure,
                    criterion,
                })
            });
            figures.extend(readable);
        }
        figures
    }
}

/// The measure of a test, without the change of it that is asked for, and whose it is.
fn measure_of(test: &Test, registry: &KpiRegistry) -> Option<(KpiId, Measure)> {
    let measure = match &test.subject.measure {
        Measure::Change(inner) => inner,
        measure => measure,
    };
    // A burn rate is of a window of its own, whatever the step's is.
    if matches!(
        measure,
        Measure::BurnRate { .. } | Measure::BudgetLeft { .. }
    ) {
        return None;
    }
    let measured = measured(measure, registry).ok()?;
    let source = measured.sources.first()?;
    Some((source.kpi.id.clone(), measure.clone()))
}

fn by_shape(kpi: &KpiId, registry: &KpiRegistry) -> Option<String> {
    let shape = registry.kpi(kpi)?.shape;
    Some(match shape {
        Shape::Counter => format!("count({kpi})"),
        Shape::Distribution => format!("p50({kpi})"),
        Shape::Ratio => format!("ratio({kpi})"),
        Shape::Duration
        | Shape::Gauge
        | Shape::Quantile { .. }
        | Shape::Rating
        | Shape::Score
        | Shape::Utilisation => kpi.to_string(),
    })
}

/// A criterion over the measure in a unit that it understands; only what is observed matters.
fn readable(measure: &str, kpi: &KpiId, registry: &KpiRegistry) -> Option<Criterion> {
    let unit = registry.kpi(kpi)?.unit.to_string();
    let bounds = [format!("0{unit}"), "0%".to_owned(), "0".to_owned()];
    bounds.iter().find_map(|bound| {
        let criterion: Criterion = format!("{measure} >= {bound}").parse().ok()?;
        // What is said of the bound itself, that every value lies above it, does not matter.
        let mut faults = check(&criterion, registry).into_iter();
        let usable = faults.all(|fault| fault.level != Level::Error);
        usable.then_some(criterion)
    })
}

#[cfg(test)]
mod tests {
    use phasegate_criterion::Kpi;

    use super::*;

    #[test]
    fn shares_counts_and_ratings_are_measured_too() {
        let mut registry = KpiRegistry::new();
        for (id, unit, shape) in [
            ("errors", "%", Shape::Ratio),
            ("bugs", "", Shape::Counter),
            ("mood", "/5", Shape::Rating),
            ("latency", "ms", Shape::Distribution),
            ("heat", "", Shape::Gauge),
        ] {
            let (unit, source) = (unit.parse().unwrap(), "prom".parse().unwrap());
            let kpi = Kpi::new(id.parse().unwrap(), unit, shape, source);
            registry.declare(kpi).unwrap();
        }
        for (kpi, unit) in [
            ("errors", "ratio(errors) >= 0%"),
            ("bugs", "count(bugs) >= 0"),
            ("mood", "mood >= 0/5"),
            ("latency", "p50(latency) >= 0ms"),
            ("heat", "heat >= 0"),
        ] {
            let id: KpiId = kpi.parse().unwrap();
            let measure = by_shape(&id, &registry).unwrap();
            let criterion = readable(&measure, &id, &registry);
            assert_eq!(criterion.map(|one| one.to_string()).as_deref(), Some(unit));
        }
    }
}
