//! Does the catalog have what the plan names, and can it do what is needed?

use std::collections::BTreeSet;

use phasegate_core::{BindingId, Capability, Role};

use super::needs::uses;
use super::{At, Scope, levelled};
use crate::catalog::Catalog;
use crate::fault::Code;
use crate::form::closest;
use crate::model::{Kpi, KpiShape};

pub(super) fn check(scope: &mut Scope<'_>, catalog: &Catalog) {
    let mut used = BTreeSet::new();
    for one in uses(scope.draft) {
        used.insert(one.binding.clone());
        if scope.is_full() {
            continue;
        }
        let Some(binding) = catalog.binding(&one.binding) else {
            if catalog.may_bind(&one.binding) {
                continue;
            }
            let near = closest(
                one.binding.as_str(),
                catalog.bindings().keys().map(BindingId::as_str),
            );
            let help = near.map_or_else(
                || format!("add '{}' to {}", one.binding, catalog.name()),
                |near| format!("did you mean '{near}'?"),
            );
            let message = format!("nothing is bound to '{}'", one.binding);
            scope.report_at(Code::UnboundName, one.pointer, message, &help);
            continue;
        };
        if !binding.roles.contains(&one.role) && !catalog.is_unread(&one.binding, "roles") {
            let message = format!(
                "'{}' ({}) has no role '{}', which is needed here",
                one.binding, binding.adapter, one.role
            );
            let help = "bind an adapter that has it";
            scope.report_at(Code::LackingRole, one.pointer.clone(), message, help);
        }
        for capability in &one.capabilities {
            if !binding.capabilities.contains(capability)
                && !catalog.is_unread(&one.binding, "capabilities")
            {
                let message = format!(
                    "'{}' ({}) cannot do '{capability}', which is needed here",
                    one.binding, binding.adapter
                );
                let help = "bind an adapter that can";
                scope.report_at(Code::LackingCapability, one.pointer.clone(), message, help);
            }
        }
        if let Some(name) = &one.command
            && !binding.commands.contains_key(name)
            && !catalog.is_unread(&one.binding, "commands")
        {
            let near = closest(name, binding.commands.keys().map(String::as_str));
            let help = near.map_or_else(
                || format!("add it under 'commands' of '{}'", one.binding),
                |near| format!("did you mean '{near}'?"),
            );
            let around = one
                .pointer
                .rsplit_once('/')
                .map_or("", |(around, _)| around);
            let pointer = format!("{around}/{}", one.command_key);
            let message = format!("'{}' has no command '{name}'", one.binding);
            scope.report_at(Code::UnknownCommand, pointer, message, &help);
        }
    }
    forms(scope, catalog);
    unused(scope, catalog, &used);
}

/// Can each KPI's source answer in a form from which a number of this shape can be told? Which form a
/// criterion needs in particular is asked when the plan is compiled.
fn forms(scope: &mut Scope<'_>, catalog: &Catalog) {
    for (index, kpi) in scope.draft.kpis.iter().enumerate() {
        let Some((name, binding)) = kpi
            .source
            .as_ref()
            .and_then(|name| Some((name, catalog.binding(name)?)))
        else {
            continue;
        };
        let fit = fitting(kpi);
        let lacks_role = !binding.roles.contains(&Role::MetricSource);
        let unread = catalog.is_unread(name, "capabilities");
        if lacks_role || unread || fit.iter().any(|form| binding.capabilities.contains(form)) {
            continue;
        }
        let message = format!(
            "'{name}' ({}) answers in no form from which '{}' could be told",
            binding.adapter, kpi.id
        );
        let fit: Vec<String> = fit.iter().map(ToString::to_string).collect();
        let help = format!("bind an adapter that can {}", fit.join(" or "));
        let pointer = At::ROOT.key("kpis").index(index).key("source").to_string();
        scope.report_at(Code::LackingCapability, pointer, message, &help);
    }
}

/// Any of these will do.
fn fitting(kpi: &Kpi) -> &'static [Capability] {
    match kpi.shape {
        KpiShape::Distribution if kpi.parts.is_empty() => {
            &[Capability::MeasureBelow, Capability::MeasureDistribution]
        }
        // A part may be a percentile that the source makes itself.
        KpiShape::Distribution => &[
            Capability::MeasureBelow,
            Capability::MeasureDistribution,
            Capability::MeasureScalar,
        ],
        KpiShape::Counter | KpiShape::Ratio => {
            &[Capability::MeasureShare, Capability::MeasureScalar]
        }
        KpiShape::Duration
        | KpiShape::Gauge
        | KpiShape::Quantile
        | KpiShape::Rating
        | KpiShape::Score
        | KpiShape::Utilisation => &[Capability::MeasureScalar],
    }
}

/// What could not be read may use any of them; then nothing is said.
fn unused(scope: &mut Scope<'_>, catalog: &Catalog, used: &BTreeSet<BindingId>) {
    if !scope.is_whole() || !catalog.is_whole() {
        return;
    }
    // A name that nothing is bound to is told at itself, and may mean what nobody else names.
    let unbound = || {
        used.iter()
            .filter(|id| !catalog.bindings().contains_key(*id))
    };
    let is_meant =
        |id: &BindingId| unbound().any(|name| closest(name.as_str(), [id.as_str()]).is_some());
    let unused: Vec<_> = catalog
        .bindings()
        .keys()
        .filter(|id| !used.contains(*id) && !scope.asks_people(catalog, id))
        .filter(|id| !is_meant(id))
        .cloned()
        .collect();
    for id in unused {
        let code = Code::UnusedBinding;
        if scope.keeps(code, code.severity()) {
            let message = format!("'{id}' is not used by this plan");
            let pointer = format!("/bindings/{id}");
            let help = "remove it, or name it in the plan";
            scope.push(levelled(catalog.document(), code, pointer, message, help));
        }
    }
}

impl Scope<'_> {
    /// A fault at a pointer that is already made.
    pub(super) fn report_at(&mut self, code: Code, pointer: String, message: String, help: &str) {
        if self.keeps(code, code.severity()) {
            let pointer = self.written(&pointer);
            let fault = levelled(self.document(), code, pointer, message, help);
            self.push(fault);
        }
    }

    /// Approval sources are used by every plan that asks anybody, without being named.
    fn asks_people(&self, catalog: &Catalog, id: &BindingId) -> bool {
        catalog
            .binding(id)
            .is_some_and(|binding| binding.roles.contains(&Role::ApprovalSource))
    }
}
