//! From a document to a checked plan: every fault at once, in shape and in meaning.

mod answers;
mod bindings;
mod configurations;
mod contradictions;
mod criteria;
mod days;
mod declarations;
mod deprecations;
mod durations;
mod edges;
mod encoding;
mod facts;
mod freezes;
mod goals;
mod graph;
mod holds;
mod lengths;
mod limits;
mod lints;
mod names;
mod needs;
mod phases;
mod plan;
mod prose;
mod purposes;
mod reach;
mod recurrences;
mod roles;
mod scaling;
mod scope;
mod sense;
mod shared;
mod signatures;
mod slots;
mod span;
mod strategies;
mod templates;
mod time;
mod twice;
mod urgency;
mod validations;
mod walk;
mod ways_back;
mod weekdays;
mod window;
mod zero;

use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) use graph::{dependencies, order};
pub use lints::{LintLevel, Lints, LintsError};
pub use needs::Need;
pub use plan::Plan;
pub(crate) use scope::{At, Scope};
pub use templates::MESSAGE_VARIABLES;

use crate::catalog::Catalog;
use crate::document::{Node, PlanDocument};
use crate::fault::{Code, Fault, Faults, Place};
use crate::form::{Form, Lowering, Unread};
use crate::model::PlanFormat;

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
    check_with(document, catalog, &Lints::default())
}

/// The same with other levels for some codes.
pub fn check_with(document: &PlanDocument, catalog: Option<&Catalog>, lints: &Lints) -> Checked {
    let mut faults = document.faults().to_vec();
    let mut draft = None;
    if let Some(root) = document.root() {
        let head = [
            ("format", PlanFormat::V1.as_str()),
            ("id", "plan"),
            ("title", "plan"),
        ];
        let (found, unread);
        (draft, found, unread) = read(document, root, &head);
        faults.extend(found);
        if let Some(draft) = &draft {
            let mut scope = Scope::new(draft, document, unread);
            meaning(&mut scope);
            if let Some(catalog) = catalog {
                bindings::check(&mut scope, catalog);
            }
            faults.extend(scope.finish());
        }
    }
    if let Some(fault) = encoding::broken(document) {
        faults.push(fault);
    }
    let faults = Faults::new(lints.apply(faults));
    let plan = draft
        .filter(|_| !faults.has_errors())
        .map(|draft| Plan::new(Arc::new(draft), document));
    Checked { plan, faults }
}

/// The draft of a document with its faults, and what could not be read of it. Where the head of the document is wrong,
/// what stands below it is read all the same, under another one.
pub(crate) fn read<T: Form>(
    document: &PlanDocument,
    root: &Node,
    head: &[(&str, &str)],
) -> (Option<T>, Vec<Fault>, Unread) {
    let source = document.source();
    let mut cx = Lowering::new(source);
    let draft = T::read(root, &mut cx);
    let stopped = cx.has_stopped();
    let (mut faults, unread) = cx.finish();
    // Where an alias stands for nothing, nothing stands, and that is told already.
    let told: BTreeSet<u32> = (document.faults().iter())
        .filter(|fault| fault.code == Code::UnknownAlias)
        .filter_map(|fault| Some(fault.place.as_ref()?.start))
        .collect();
    let is_told = |place: &Place| told.contains(&place.start);
    faults.retain(|fault| {
        fault.code != Code::EmptyValue || !fault.place.as_ref().is_some_and(is_told)
    });
    let draft = match draft {
        // Of what was not read nothing can be said, and there is enough to mend.
        _ if stopped => None,
        None => {
            let (source, root) = source.with_head(root, head);
            T::read(&root, &mut Lowering::new(&source))
        }
        draft => draft,
    };
    (draft, faults, unread)
}

fn meaning(scope: &mut Scope<'_>) {
    let checks = [
        names::check,
        twice::check,
        graph::check,
        phases::check,
        edges::check,
        criteria::check,
        facts::check,
        templates::check,
        sense::check,
        limits::check,
        urgency::check,
        roles::check,
        scaling::check,
        signatures::check,
        validations::check,
        goals::check,
        zero::check,
        prose::check,
        strategies::check,
        ways_back::check,
        time::check,
    ];
    for check in checks {
        if scope.is_full() {
            // No more is kept.
            break;
        }
        check(scope);
    }
}

/// A fault at a pointer into the document.
pub(crate) fn levelled(
    document: &PlanDocument,
    code: Code,
    pointer: String,
    message: String,
    help: &str,
) -> Fault {
    let at = document
        .root()
        .map(|root| root.nearest(&pointer, document.source()));
    Fault {
        code,
        severity: code.severity(),
        place: at.map(|at| document.source().place(at)),
        pointer,
        message,
        help: Some(help.to_owned()),
    }
}
