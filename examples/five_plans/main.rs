//! What would the five plans do, from start to end? Each is carried out in simulation in a world in which its
//! criteria hold and people do what they are asked; then again with one fault a time: a criterion that breaks, a
//! trigger that fires, a step that is refused, a person who says no.
//! `cargo run --release --example five_plans [-- --out FOLDER]`; the reports are written into the folder: of each plan
//! the whole, a page for a minute, the first day and the first week, each decision explained, its journal and what other
//! tools read; of each fault the whole, its journal, each decision explained, and a draft of a post-mortem where it led back.
//! Engine, driver and journal are the real ones; the clock and the world are not.

mod reports;

use std::error::Error;
use std::path::{Path, PathBuf};

use phasegate::core::{Ratio, Timestamp};
use phasegate::engine::program::{Program, holds_plan_gates};
use phasegate::engine::{Start, compile};
use phasegate_examples::say;
use phasegate_plan::{Catalog, PlanDocument, check};
use phasegate_testkit::rehearsal::{Done, PhaseEnd, Rehearsal, faults, rehearse, supply_baselines};

const PLANS: [&str; 5] = [
    "ci-pipeline",
    "code-review",
    "enterprise-cicd",
    "fast-deployment",
    "unified-pipeline",
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => std::env::temp_dir().join("phasegate-five-plans"),
        (Some("--out"), Some(folder)) => PathBuf::from(folder),
        _ => return Err("usage: five_plans [--out FOLDER]".into()),
    };
    std::fs::create_dir_all(&out)?;
    let (mut asked, mut as_planned, mut post_mortems) = (0, 0, 0);
    let mut views = Vec::new();
    for name in PLANS {
        let mut program = program(name)?;
        say::line(format_args!("\n{}", program.title));
        let open = supply_baselines(&mut program);
        if !open.is_empty() {
            let open: Vec<String> = open.iter().map(ToString::to_string).collect();
            let open = open.join(", ");
            say::line(format_args!(
                "  given here, unknown in the plan: the baseline of {open}"
            ));
        }
        let start = start(&program)?;
        let good = rehearse(&program, start, None)?;
        phases(&good);
        executed(&good.done());
        views.push(reports::of_rollout(name, &good, &out)?);
        assert!(good.is_completed(), "{name}: {:?}", good.held);
        for (number, fault) in (1..).zip(faults(&program)) {
            let bad = rehearse(&program, start, Some(&fault))?;
            let answer = bad.answer(&fault);
            let words = one_line(&fault.words(&program));
            say::line(format_args!("  fault {number}: {words}\n      {answer}"));
            asked += 1;
            as_planned += usize::from(answer.is_as_planned());
            post_mortems += usize::from(reports::of_fault(name, number, &bad, &out)?);
        }
    }
    reports::delivery(&views, &out)?;
    say::line(format_args!(
        "\n{as_planned} of {asked} faults were answered as the plans say; {post_mortems} led back, each with a draft of \
         a post-mortem."
    ));
    say::line(format_args!(
        "Reports: {}, of the faults as PLAN.fault-NUMBER; examples/README.md lists them.",
        out.display()
    ));
    assert_eq!(as_planned, asked);
    assert!(post_mortems > 0);
    Ok(())
}

fn program(name: &str) -> Result<Program, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans");
    let read = |ending: &str| std::fs::read(folder.join(format!("{name}{ending}")));
    let bindings = Catalog::read("bindings.yaml", &read(".bindings.yaml")?);
    let catalog = bindings.catalog.ok_or(bindings.faults.render())?;
    let document = PlanDocument::read(&format!("{name}.yaml"), &read(".yaml")?);
    let checked = check(&document, Some(&catalog));
    let plan = checked.plan.ok_or(checked.faults.render())?;
    let mut start = Start::new("author".parse()?);
    // What has no default is given when a rollout starts.
    for parameter in plan.parameters.iter().filter(|one| one.default.is_none()) {
        start
            .parameters
            .insert(parameter.id.clone(), "7".to_owned());
    }
    Ok(compile(&plan, &catalog, &start)?)
}

/// The first of the days on which a phase may begin, or the Monday of that week of the one plan that has such days.
fn start(program: &Program) -> Result<Timestamp, Box<dyn Error>> {
    let days = program.phases.iter().filter_map(|phase| phase.not_before);
    let monday = "2025-09-08T09:00:00Z".parse()?;
    Ok(days.min().unwrap_or(monday))
}

/// One line for each phase: when, how long, how far it went, what came of it.
fn phases(rehearsal: &Rehearsal) {
    for line in rehearsal.phases() {
        let length = line.length().map(|length| length.rounded().to_string());
        let left = line.left.map(|left| left.to_string());
        let exposure = match line.exposure {
            Ratio::ZERO => "-".to_owned(),
            share => share.to_string(),
        };
        let end = match line.end {
            PhaseEnd::Done if holds_plan_gates(&line.id) => "passed",
            PhaseEnd::Done => "done",
            PhaseEnd::Open => "open",
            PhaseEnd::Undone => "undone",
        };
        say::line(format_args!(
            "  {:<16} {:.16} to {:.16}  {:>12}  exposure {exposure:>4}  {end}",
            line.id.as_str(),
            line.entered.to_string(),
            left.unwrap_or_default(),
            length.unwrap_or_default(),
        ));
    }
}

/// What was carried out and measured, against what people attested.
fn executed(done: &Done) {
    let kinds = done.executed.iter();
    let kinds: Vec<String> = kinds
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    say::line(format_args!(
        "  executed: {} ({}; {} measured); attested by people: {}; approved: {}; told beside: {}",
        done.by_machine(),
        kinds.join(", "),
        done.measured,
        done.attested,
        done.approved,
        done.told,
    ));
    assert!(done.not_executed.is_empty(), "{:?}", done.not_executed);
}

/// A title may be long; a line is not.
fn one_line(text: &str) -> String {
    const MOST: usize = 110;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
