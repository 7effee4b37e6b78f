//! Plans as the tests of the runner have them: from texts, by an author.

use phasegate_core::PersonId;
use phasegate_engine::program::Program;
use phasegate_engine::{Sources, Start, compile};
use phasegate_plan::{Catalog, PlanDocument, check};

/// The program of a plan and its bindings, in which nothing is wrong, and its author.
pub(crate) fn planned(plan: &str, bindings: &str) -> (Program, Sources, PersonId) {
    let catalog = Catalog::read("bindings.yaml", bindings.as_bytes());
    let told = catalog.faults.render();
    let catalog = catalog.catalog.expect(&told);
    let document = PlanDocument::read("plan.yaml", plan.as_bytes());
    let checked = check(&document, Some(&catalog));
    let told = checked.faults.render();
    let plan = checked.plan.expect(&told);
    let by: PersonId = "author".parse().expect("an id");
    let program = compile(&plan, &catalog, &Start::new(by.clone())).expect("a program");
    (program, Sources::of(&plan, &catalog), by)
}
