//! From a document to a checked plan: every fault at once, in shape and in meaning.

mod bindings;
mod graph;
mod names;
mod needs;
mod phases;
mod plan;
mod scope;
mod walk;

use std::sync::Arc;

pub use needs::Need;
pub use plan::Plan;
pub(crate) use scope::{At, Scope};

use crate::catalog::Catalog;
use crate::document::PlanDocument;
use crate::fault::{Code, Fault, Faults};
use crate::form::{Form as _, Lowering};
use crate::model::PlanDraft;

/// A document with what was found in it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// The plan, if nothing is wrong with it. Warnings do not count.
    pub plan: Option<Plan>,
    /// Everything that was found.
    pub faults: Faults,
}

/// Checks a document, and that a catalog has what it names, if one is given.
///
/// ```
/// use phasegate_plan::{check, Code, PlanDocument};
/// let document = PlanDocument::read("plan.yaml", b"format: phasegate-plan/1\nid: x\ntitle: X\n");
/// let checked = check(&document, None);
/// assert!(checked.plan.is_none());
/// assert_eq!(checked.faults.of(Code::NoPhases).count(), 1);
/// ```
pub fn check(document: &PlanDocument, catalog: Option<&Catalog>) -> Checked {
    let mut faults = document.faults().to_vec();
    let mut draft = None;
    if let Some(root) = document.root() {
        let mut cx = Lowering::new(document.source());
        draft = PlanDraft::read(root, &mut cx);
        let (found, lost) = cx.finish();
        faults.extend(found);
        if let Some(draft) = &draft {
            let mut scope = Scope::new(draft, document, lost);
            meaning(&mut scope);
            if let Some(catalog) = catalog {
                bindings::check(&mut scope, catalog);
            }
            faults.extend(scope.finish());
        }
    }
    let faults = Faults::new(faults);
    let plan = draft
        .filter(|_| !faults.has_errors())
        .map(|draft| Plan::new(Arc::new(draft), document));
    Checked { plan, faults }
}

fn meaning(scope: &mut Scope<'_>) {
    names::check(scope);
    graph::check(scope);
    phases::check(scope);
}

/// A fault at a pointer into the document.
pub(crate) fn levelled(
    document: &PlanDocument,
    code: Code,
    pointer: String,
    message: String,
    help: Option<&str>,
) -> Fault {
    let at = document.root().map(|root| root.nearest(&pointer));
    Fault {
        code,
        severity: code.severity(),
        place: at.map(|at| document.source().place(at)),
        pointer,
        message,
        help: help.map(str::to_owned),
    }
}
