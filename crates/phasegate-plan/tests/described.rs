//! What is made from the types and checked in is current.

use phasegate_plan::{catalog_schema, code_list, plan_schema};

#[test]
fn schemas_and_codes_are_current() {
    for (made, kept) in [
        (plan_schema(), include_str!("../schema/plan.schema.json")),
        (
            catalog_schema(),
            include_str!("../schema/bindings.schema.json"),
        ),
        (code_list(), include_str!("../CODES.md")),
    ] {
        assert!(made == kept, "run the example 'describe' of phasegate-plan");
    }
}
