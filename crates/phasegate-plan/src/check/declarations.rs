//! KPIs and SLOs as they are declared, whatever is asked of them.

use std::collections::BTreeSet;

use phasegate_criterion::{Fault, FaultCode, KpiRegistry, Shape, check_kpi};

use super::criteria::{ASKED_OF, tell};
use super::{At, Scope};
use crate::fault::Code;
use crate::model::KpiShape;

pub(super) fn check(scope: &mut Scope<'_>, registry: &KpiRegistry) {
    kpis(scope, registry);
    slos(scope, registry);
}

fn kpis(scope: &mut Scope<'_>, registry: &KpiRegistry) {
    let draft = scope.draft;
    let kpis = At::ROOT.key("kpis");
    let mut first = BTreeSet::new();
    for (index, kpi) in draft.kpis.iter().enumerate() {
        let here = kpis.index(index);
        if let Some(unit) = kpi.unit.as_deref().filter(|text| !text.is_empty())
            && unit.parse::<phasegate_core::Unit>().is_err()
        {
            let message = format!("'{unit}' is not a unit such as ms, % or USD");
            scope.report(
                Code::InvalidUnit,
                here.key("unit"),
                message,
                "write it as in 'ms', '%', 'USD', '1/s', or leave it out for plain numbers",
            );
            continue;
        }
        if kpi.shape == KpiShape::Quantile
            && kpi.quantile.is_none()
            && !scope.is_unread(here, &["quantile"])
        {
            let message = "'quantile' is missing: which share of the values lies below it?";
            let help = "add 'quantile: 99%', or take the shape 'gauge'";
            scope.report(Code::MissingKey, here.key("shape"), message, help);
        }
        if scope.is_unread(here, &ASKED_OF) {
            continue;
        }
        let own;
        let declared = match registry.kpi(&kpi.id) {
            Some(declared) if first.insert(&kpi.id) => declared,
            // Of two of one id the registry has the first.
            Some(_) | None => {
                own = kpi.declaration();
                &own
            }
        };
        let faults: Vec<Fault> = check_kpi(declared)
            .into_iter()
            // Where nobody answers, there is nobody to ask.
            .filter(|fault| fault.code != FaultCode::NoQuery || kpi.source.is_some())
            .collect();
        for fault in &faults {
            let known = ["baseline", "target", "unit"];
            let named = known.into_iter().find(|key| *key == fault.about);
            // What is not written there is told at the KPI.
            let unit = named != Some("unit") || kpi.unit.is_some();
            let key = named.filter(|_| unit).unwrap_or("id");
            tell(scope, here.key(key), std::slice::from_ref(fault));
        }
    }
}

fn slos(scope: &mut Scope<'_>, registry: &KpiRegistry) {
    let draft = scope.draft;
    let slos = At::ROOT.key("slos");
    for (index, slo) in draft.slos.iter().enumerate() {
        let here = slos.index(index);
        match registry.kpi(&slo.kpi) {
            None if !scope.may_name("kpis", slo.kpi.as_str()) => {
                let message = format!("there is no KPI '{}' in this plan", slo.kpi);
                scope.report(
                    Code::UnknownKpi,
                    here.key("kpi"),
                    message,
                    "declare it under 'kpis'",
                );
            }
            Some(kpi) if kpi.shape != Shape::Ratio => {
                let message = format!("an SLO counts a ratio, and '{}' is none", slo.kpi);
                scope.report(
                    Code::FunctionForShape,
                    here.key("kpi"),
                    message,
                    "let the KPI have 'shape: ratio', or name one that has",
                );
            }
            Some(_) | None => {}
        }
        if slo.objective == phasegate_core::Ratio::ONE {
            let message =
                "an objective of 100% leaves no budget: every burn rate would be infinite";
            let help = "set it below 100%, or write a criterion '= 100%'";
            scope.report(Code::RangeOrder, here.key("objective"), message, help);
        }
    }
}
