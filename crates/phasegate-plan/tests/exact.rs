//! What is told of some slips that have been told falsely, twice or at another place: exactly these faults.

use phasegate_plan::{PlanDocument, check};

const HEAD: &str = "format: phasegate-plan/1\nid: x\ntitle: X\n";

/// `code pointer message (help)` of each fault.
fn told(text: &str) -> Vec<String> {
    let document = PlanDocument::read("a.yaml", format!("{HEAD}{text}").as_bytes());
    let faults = check(&document, None).faults;
    let lines = faults.iter().map(|fault| {
        let help = fault.help.as_deref().unwrap_or_default();
        format!(
            "{} {} {} ({help})",
            fault.code.id(),
            fault.pointer,
            fault.message
        )
    });
    lines.collect()
}

#[test]
fn a_phase_that_stands_twice_does_not_wait_for_itself() {
    let twice = "phases: [{id: a, title: A, outline: true}, {id: a, title: B, outline: true}]\n";
    let wanted = "PG201 /phases/1/id there are two phases 'a' (the first is at /phases/0; rename one of them)";
    assert_eq!(told(twice), [wanted]);
}

#[test]
fn a_target_against_the_direction_of_its_kpi_says_so_where_it_stands() {
    let kpi = |direction: &str, target: &str| {
        let kpi = format!(
            "{{id: k, shape: ratio, unit: '%', {direction}source: m, query: {{whole: q}}, target: '{target}'}}"
        );
        told(&format!(
            "kpis: [{kpi}]\nphases: [{{id: a, title: A, outline: true}}]\n"
        ))
    };
    let rows = [
        (
            "direction: lower, ",
            "> 5%",
            "lower is better here, and the target '> 5%' asks for the reverse (write '<= 5%', or correct the direction)",
        ),
        (
            "direction: higher, ",
            "< 5%",
            "higher is better here, and the target '< 5%' asks for the reverse (write '>= 5%', or correct the direction)",
        ),
        (
            "",
            "5%",
            "is the target a least or a most? (declare the direction, or write '>= 5%')",
        ),
    ];
    for (direction, target, wanted) in rows {
        let wanted = format!("PG616 /kpis/0/target {wanted}");
        assert_eq!(kpi(direction, target), [wanted], "{direction}{target}");
    }
    assert_eq!(kpi("direction: lower, ", "< 5%"), [""; 0]);
}

#[test]
fn a_target_that_a_goal_repeats_is_told_once_and_another_goal_is_told_too() {
    let plan = |goal: &str| {
        told(&format!(
            "kpis: [{{id: k, shape: ratio, unit: '%', direction: higher, source: m, query: {{whole: q}}, target: '>= 95%'}}]\n\
             phases: [{{id: a, title: A, outline: true, criteria: [k >= 85%]}}]\n\
             goals: [{{title: G, criteria: ['{goal}']}}]\n"
        ))
    };
    let line = |pointer: &str, goal: &str| {
        format!(
            "PG340 {pointer} 'k' is to reach {goal}, and the phases' criteria stop at 85% (add a criterion that \
             reaches it to a later phase)"
        )
    };
    let target = line("/kpis/0/target", "95%");
    assert_eq!(plan("k >= 95%"), [target.as_str()]);
    let goal = line("/goals/0/criteria/0", "99%");
    assert_eq!(plan("k >= 99%"), [target, goal]);
}

#[test]
fn what_stands_around_a_missing_name_is_looked_at_all_the_same() {
    let found = told(
        "phases:\n\
         \x20 - {titel: A, steps: [{id: s, task: {role: ops, instructions: x}}]}\n\
         \x20 - {id: b, title: B, after: [a], outline: true, gates: [{checks: [x], approvals: [{role: lead}]}]}\n\
         triggers: [{id: t, criterion: errors > 5%, phases: [a], respond: [hold]}]\n\
         matrix: [{id: m, severity: low, decide-within: 1h, decider: boss}]\n",
    );
    let places: Vec<&str> = found
        .iter()
        .map(|line| line.split_once(' ').map_or("", |(_, rest)| rest))
        .map(|rest| rest.split(' ').next().unwrap_or_default())
        .collect();
    // Neither phase `a`, which the first may be, nor its missing title, which `titel` was to be, is told.
    let wanted = [
        "/phases/0",
        "/phases/0",
        "/phases/0/steps/0/task/role",
        "/phases/1/gates/0",
        "/phases/1/gates/0/approvals/0/role",
        "/triggers/0/criterion",
        "/matrix/0",
        "/matrix/0/decider",
    ];
    assert_eq!(places, wanted, "{found:#?}");
}
