//! Checks of KPI and SLO declarations themselves.

use phasegate_core::{BaseDimension, BaseUnit, Dimension, PerKind, Quantity};

use super::{Fault, FaultCode};
use crate::kpi::{Baseline, Direction, Kpi, KpiRegistry, Queries, Shape, Target};
use crate::tree::{Cmp, Given, Name};

/// Everything wrong with the declarations of a registry, KPI by KPI and SLO by SLO.
#[must_use]
pub fn check_registry(registry: &KpiRegistry) -> Vec<Fault> {
    let mut faults: Vec<Fault> = registry.kpis().flat_map(check_kpi).collect();
    for slo in registry.slos() {
        match registry.kpi(&slo.kpi) {
            None => faults.push(Fault::new(
                FaultCode::UnknownKpi,
                &slo.id,
                format!("the SLO counts '{}', which is not declared", slo.kpi),
                "declare the KPI",
            )),
            Some(kpi) if kpi.shape != Shape::Ratio => faults.push(Fault::new(
                FaultCode::FunctionForShape,
                &slo.id,
                format!(
                    "an SLO counts good events of all events; '{}' is no ratio",
                    kpi.id
                ),
                "declare the KPI with shape ratio",
            )),
            Some(_) => {}
        }
        if slo.objective == phasegate_core::Ratio::ONE {
            faults.push(Fault::new(
                FaultCode::RangeOrder,
                &slo.id,
                "an objective of 100% leaves no budget: every burn rate would be infinite",
                "set it below 100%, or write a criterion '= 100%'",
            ));
        }
    }
    faults
}

/// Everything wrong with the declaration of a KPI.
#[must_use]
pub fn check_kpi(kpi: &Kpi) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Err(fault) = Name::try_from(kpi.id.clone()) {
        let mend = "choose another id";
        faults.push(Fault::new(
            FaultCode::NameUnusable,
            &kpi.id,
            fault.to_string(),
            mend,
        ));
    }
    unit(kpi, &mut faults);
    values(kpi, &mut faults);
    if kpi.queries.is_empty() && kpi.parts.values().all(Queries::is_empty) {
        let message = "no question measures it";
        faults.push(Fault::new(
            FaultCode::NoQuery,
            &"query",
            message,
            "add a query",
        ));
    }
    faults
}

fn unit(kpi: &Kpi, faults: &mut Vec<Fault>) {
    let dimension = kpi.unit.dimension();
    let wanted = match kpi.shape {
        Shape::Ratio | Shape::Score | Shape::Utilisation if dimension != Dimension::SHARE => "%",
        Shape::Rating if !matches!(kpi.unit.base(), BaseUnit::OutOf(_)) => "a scale such as /5",
        Shape::Duration
            if dimension != Dimension::TIME && *dimension.base() != BaseDimension::Calendar =>
        {
            "a unit of time"
        }
        Shape::Counter
        | Shape::Distribution
        | Shape::Duration
        | Shape::Gauge
        | Shape::Quantile { .. }
        | Shape::Rating
        | Shape::Ratio
        | Shape::Score
        | Shape::Utilisation => "",
    };
    if !wanted.is_empty() {
        let message = format!("unit '{}' does not fit its shape", kpi.unit);
        faults.push(Fault::new(
            FaultCode::UnitMismatch,
            &"unit",
            message,
            format!("write {wanted}"),
        ));
    }
    let vague = matches!(
        kpi.shape,
        Shape::Counter | Shape::Distribution | Shape::Gauge
    );
    if vague && dimension == Dimension::SHARE {
        faults.push(Fault::new(
            FaultCode::PercentOfWhat,
            &"unit",
            "% can be a share of events, a mark, or how much of a limit is in use",
            "declare the shape: ratio, score or utilisation",
        ));
    }
}

fn values(kpi: &Kpi, faults: &mut Vec<Fault>) {
    let mut fits = |what: &str, value: &Quantity| {
        if value.dimension() != kpi.unit.dimension() {
            let message = format!("the {what} '{value}' is not in a unit of '{}'", kpi.unit);
            faults.push(Fault::new(
                FaultCode::UnitMismatch,
                &what,
                message,
                "use the KPI's unit",
            ));
        } else if let Some(range) = super::limit::out_of_range(kpi, value) {
            let message = format!("the {what} '{value}' cannot be: it lies {range}");
            faults.push(Fault::new(
                FaultCode::LimitOutOfRange,
                &what,
                message,
                "mend the value, the shape or the unit",
            ));
        }
    };
    match &kpi.baseline {
        Baseline::Figure(Given::Point(value)) => fits("baseline", value.quantity()),
        Baseline::Figure(Given::Range(range)) => {
            fits("baseline", range.low.quantity());
            fits("baseline", range.high.quantity());
        }
        Baseline::Figure(Given::Unknown) | Baseline::Control | Baseline::Previous => {}
    }
    if let Some(budget) = &kpi.budget {
        fits("budget", budget);
    }
    if let Some(target) = &kpi.target {
        fits("target", &target.value);
        let against = match (kpi.direction, target.op) {
            (Direction::HigherIsBetter, Some(op)) => op.is_upper_bound(),
            (Direction::LowerIsBetter, Some(op)) => op.is_lower_bound(),
            (Direction::HigherIsBetter | Direction::LowerIsBetter, None)
            | (Direction::Neither, Some(_)) => false,
            (Direction::Neither, None) => true,
        };
        if against {
            let (message, mend) = direction(kpi.direction, target);
            faults.push(Fault::new(
                FaultCode::DirectionMissing,
                &"target",
                message,
                mend,
            ));
        }
    }
    if let Some(rate) = &kpi.rate {
        let dimension = rate.dimension();
        if *dimension.base() != BaseDimension::Number || dimension.per() != Some(PerKind::Clock) {
            let message = format!("the expected rate '{rate}' is no number of samples per time");
            faults.push(Fault::new(
                FaultCode::UnitMismatch,
                &"rate",
                message,
                "write it as 20/s",
            ));
        }
    }
}

/// Why a target does not go with the direction of its KPI, and what to do about it.
fn direction(direction: Direction, target: &Target) -> (String, String) {
    let written = |op: Cmp| format!("{} {}", op.text(), target.value);
    let (better, meant) = match direction {
        Direction::HigherIsBetter => ("higher", Cmp::GreaterOrEqual),
        Direction::LowerIsBetter => ("lower", Cmp::LessOrEqual),
        Direction::Neither => {
            let message = "is the target a least or a most?".to_owned();
            let mend = written(Cmp::GreaterOrEqual);
            return (message, format!("declare the direction, or write '{mend}'"));
        }
    };
    let message =
        format!("{better} is better here, and the target '{target}' asks for the reverse");
    let mend = format!("write '{}', or correct the direction", written(meant));
    (message, mend)
}
