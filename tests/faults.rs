//! Every fault of a plan at once, each in its place and once.

use phasegate_plan::{PlanDocument, check};
use phasegate_tests::root;

#[test]
fn a_plan_with_ten_faults_reports_ten_each_with_line_and_column() {
    let path = root().join("tests/plans/ten-faults.yaml");
    let bytes = std::fs::read(&path).expect("the plan");
    let found = check(&PlanDocument::read("ten-faults.yaml", &bytes), None).faults;
    let places: Vec<(&str, u32, u32, &str)> = found
        .iter()
        .map(|fault| {
            let place = fault.place.as_ref().expect("a place");
            assert_eq!(place.file, "ten-faults.yaml");
            assert!(fault.message.len() > 10 && !fault.message.ends_with('.'));
            let code = fault.code.slug();
            (code, place.line, place.column, fault.pointer.as_str())
        })
        .collect();
    let wanted = [
        ("unknown-choice", 5, 9, "/status"),
        ("invalid-span", 16, 13, "/kpis/0/window"),
        ("unknown-choice", 22, 27, "/triggers/0/respond/0/rollback"),
        (
            "ramp-goes-down",
            28,
            66,
            "/phases/0/steps/0/traffic/stages/2/weight",
        ),
        ("unit-mismatch", 30, 9, "/phases/0/criteria/0/criterion"),
        ("invalid-criterion", 31, 25, "/phases/0/criteria/1"),
        ("unknown-role", 33, 30, "/phases/0/gates/0/approvals/0/role"),
        ("budget-exceeds-limit", 35, 14, "/phases/0/rollback/limit"),
        ("phase-after-itself", 40, 5, "/phases/1/after"),
        ("unknown-key", 43, 5, "/phases/1"),
    ];
    assert_eq!(places, wanted, "\n{}", found.render());
}
