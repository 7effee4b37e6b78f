//! Before anything begins: is there an adapter behind every name of the bindings document, and can it do
//! what the document says?

use std::collections::BTreeSet;
use std::fmt;

use phasegate_core::{BindingId, Capability, Role};
use phasegate_engine::program::Program;
use phasegate_provider::Registry;

/// A name of the bindings document that this process cannot serve as the document says.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Unfit {
    /// No provider is bound to the name in this role.
    Missing {
        /// The name.
        binding: BindingId,
        /// The role.
        role: Role,
    },
    /// The providers bound to the name cannot do this.
    Incapable {
        /// The name.
        binding: BindingId,
        /// What the document promises.
        capability: Capability,
    },
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { binding, role } => write!(
                f,
                "no provider is bound to '{binding}' as {role}: bind one in the registry, or take it out of \
                 the bindings document"
            ),
            Self::Incapable {
                binding,
                capability,
            } => write!(
                f,
                "what is bound to '{binding}' cannot do '{capability}', which the bindings document says: \
                 bind another provider, or correct the document"
            ),
        }
    }
}

/// Everything that does not fit, in the order of the names. [`Runner::start`](crate::Runner::start) and
/// [`Runner::resume`](crate::Runner::resume) look as well: this is for tools that ask before they open a
/// journal.
///
/// ```
/// # fn look(program: &phasegate_engine::program::Program) {
/// let registry = phasegate_provider::Registry::new();
/// for unfit in phasegate_runner::unfit(program, &registry) {
///     eprintln!("{unfit}"); // no provider is bound to 'edge' as traffic-router: ...
/// }
/// # }
/// ```
pub fn unfit(program: &Program, registry: &Registry) -> Vec<Unfit> {
    let mut out = Vec::new();
    for (binding, facts) in &program.bindings {
        let (mut able, mut missing) = (BTreeSet::new(), Vec::new());
        for role in &facts.roles {
            match registry.capabilities(binding, *role) {
                Some(capabilities) => able.extend(capabilities),
                None => missing.push(Unfit::Missing {
                    binding: binding.clone(),
                    role: *role,
                }),
            }
        }
        // What is missing might have been what can do it.
        if missing.is_empty() {
            let lacking = facts.capabilities.difference(&able);
            out.extend(lacking.map(|capability| Unfit::Incapable {
                binding: binding.clone(),
                capability: *capability,
            }));
        }
        out.append(&mut missing);
    }
    out
}

/// All of them, a line each.
pub(crate) fn lines(unfit: &[Unfit]) -> String {
    let lines: Vec<String> = unfit.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
