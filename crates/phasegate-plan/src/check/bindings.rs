//! Does the catalog have what the plan names, and can it do what is needed?

use std::collections::BTreeSet;

use super::needs::uses;
use super::{Scope, levelled};
use crate::catalog::Catalog;
use crate::fault::Code;
use crate::form::closest;

pub(super) fn check(scope: &mut Scope<'_>, catalog: &Catalog) {
    let mut used = BTreeSet::new();
    for one in uses(scope.draft) {
        used.insert(one.binding.clone());
        if scope.is_full() {
            continue;
        }
        let Some(binding) = catalog.binding(&one.binding) else {
            let near = closest(
                one.binding.as_str(),
                catalog
                    .bindings()
                    .keys()
                    .map(phasegate_core::BindingId::as_str),
            );
            let help = near.map_or_else(
                || format!("add '{}' to {}", one.binding, catalog.name()),
                |near| format!("did you mean '{near}'?"),
            );
            let message = format!("nothing is bound to '{}'", one.binding);
            scope.report_at(Code::UnboundName, one.pointer, message, Some(&help));
            continue;
        };
        if !binding.roles.contains(&one.role) {
            let message = format!(
                "'{}' ({}) has no role '{}', which is needed here",
                one.binding, binding.adapter, one.role
            );
            let help = "bind an adapter that has it";
            scope.report_at(Code::LackingRole, one.pointer.clone(), message, Some(help));
        }
        for capability in &one.capabilities {
            if !binding.capabilities.contains(capability) {
                let message = format!(
                    "'{}' ({}) cannot do '{capability}', which is needed here",
                    one.binding, binding.adapter
                );
                let help = "bind an adapter that can";
                scope.report_at(
                    Code::LackingCapability,
                    one.pointer.clone(),
                    message,
                    Some(help),
                );
            }
        }
        if let Some(name) = &one.command
            && !binding.commands.contains_key(name)
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
            scope.report_at(Code::UnknownCommand, pointer, message, Some(&help));
        }
    }
    unused(scope, catalog, &used);
}

/// What could not be read may use any of them; then nothing is said.
fn unused(scope: &mut Scope<'_>, catalog: &Catalog, used: &BTreeSet<phasegate_core::BindingId>) {
    if !scope.is_whole() {
        return;
    }
    let unused: Vec<_> = catalog
        .bindings()
        .keys()
        .filter(|id| !used.contains(*id) && !scope.asks_people(catalog, id))
        .cloned()
        .collect();
    for id in unused {
        let message = format!("'{id}' in {} is not used by this plan", catalog.name());
        scope.report_at(Code::UnusedBinding, String::new(), message, None);
    }
}

impl Scope<'_> {
    /// A fault at a pointer that is already made.
    pub(super) fn report_at(
        &mut self,
        code: Code,
        pointer: String,
        message: String,
        help: Option<&str>,
    ) {
        if self.keeps(code, code.severity()) {
            let pointer = self.written(&pointer);
            let fault = levelled(self.document(), code, pointer, message, help);
            self.push(fault);
        }
    }

    /// Approval sources are used by every plan that asks anybody, without being named.
    fn asks_people(&self, catalog: &Catalog, id: &phasegate_core::BindingId) -> bool {
        catalog.binding(id).is_some_and(|binding| {
            binding
                .roles
                .contains(&phasegate_core::Role::ApprovalSource)
        })
    }
}
