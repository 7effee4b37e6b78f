//! What a baseline step measures: every measure over its KPIs that a criterion of the plan speaks of, so
//! that a later `vs baseline` finds exactly the number it compares with; else one measure by the shape.

use std::collections::BTreeMap;

use phasegate_core::KpiId;
use phasegate_criterion::{Condition, Criterion, KpiRegistry, Measure, Shape, check, measured};

use super::Compiler;
use crate::program::Figure;

impl Compiler<'_> {
    pub(super) fn figures(&self, kpis: &[KpiId]) -> Vec<Figure> {
        let registry = self.plan.kpi_registry();
        let mut found: BTreeMap<String, (KpiId, Measure)> = BTreeMap::new();
        for criterion in self.criteria() {
            collect(&criterion.condition, &registry, kpis, &mut found);
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

    /// All criteria of the plan that the engine evaluates.
    fn criteria(&self) -> Vec<Criterion> {
        let plan = self.plan;
        let mut all = Vec::new();
        let mut add = |list: &[phasegate_plan::model::Condition]| {
            all.extend(list.iter().map(|condition| condition.criterion.clone()));
        };
        for phase in &plan.phases {
            add(&phase.criteria);
            for step in &phase.steps {
                add(&step.criteria);
                if let phasegate_plan::model::Action::Traffic(ramp) = &step.action {
                    ramp.stages.iter().for_each(|stage| add(&stage.criteria));
                }
                if let phasegate_plan::model::Action::Flag(ramp) = &step.action {
                    ramp.stages.iter().for_each(|stage| add(&stage.criteria));
                }
            }
            phase.gates.iter().for_each(|gate| add(&gate.criteria));
            if let Some(rollback) = plan.rollback(phase) {
                add(&rollback.validation);
            }
        }
        plan.gates.iter().for_each(|gate| add(&gate.criteria));
        let triggers = plan.phases.iter().flat_map(|phase| &phase.triggers);
        all.extend(triggers.chain(&plan.triggers).map(|t| t.criterion.clone()));
        all
    }
}

fn collect(
    condition: &Condition,
    registry: &KpiRegistry,
    kpis: &[KpiId],
    found: &mut BTreeMap<String, (KpiId, Measure)>,
) {
    match condition {
        Condition::All(group) | Condition::Any(group) => {
            for part in group.conditions() {
                collect(part, registry, kpis, found);
            }
        }
        Condition::Score(weighted) => {
            for (_, part) in weighted.parts() {
                collect(part, registry, kpis, found);
            }
        }
        Condition::Test(test) => {
            let measure = match &test.subject.measure {
                Measure::Change(inner) => &**inner,
                measure => measure,
            };
            let Ok(resolved) = measured(measure, registry) else {
                return;
            };
            if let Some(source) = resolved.sources.first()
                && kpis.contains(&source.kpi.id)
            {
                let entry = (source.kpi.id.clone(), measure.clone());
                found.insert(measure.to_string(), entry);
            }
        }
        Condition::Approve(_)
        | Condition::Check(_)
        | Condition::Delivered(_)
        | Condition::Event(_)
        | Condition::ForAll { .. }
        | Condition::Group(_)
        | Condition::Monitor(_)
        | Condition::Not(_) => {}
    }
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
        check(&criterion, registry).is_empty().then_some(criterion)
    })
}
