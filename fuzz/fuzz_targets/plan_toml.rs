//! No bytes make reading or checking a plan written in TOML panic; what has no error prints and reads back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phasegate_plan::{Catalog, PlanDocument, check};

fuzz_target!(|bytes: &[u8]| {
    let document = PlanDocument::read("fuzz.toml", bytes);
    let checked = check(&document, None);
    let _shown = checked.faults.render();
    let _catalog = Catalog::read("fuzz.toml", bytes);
    if let Some(plan) = checked.plan {
        let printed = plan.to_text(document.format()).expect("a plan prints");
        let again = PlanDocument::read("again.toml", printed.as_bytes());
        assert_eq!(again.draft().as_ref(), Some(plan.draft()), "{printed}");
    }
});
