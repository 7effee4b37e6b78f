//! Checks a plan, for people who write no Rust, and says what its criteria's samples can show:
//! `cargo run --example check_plan -- FILE [--bindings FILE] [--lints allow:unused-binding] [--json]`.
//! Ends with 1 if something is wrong with the plan, with 2 if it cannot be looked at.

use std::error::Error;
use std::process::ExitCode;

use phasegate::engine::sample_sizes;
use phasegate_examples::say;
use phasegate_plan::{Catalog, Faults, Lints, Plan, PlanDocument, check_with};

const USAGE: &str = "usage: check_plan FILE [--bindings FILE] [--lints LEVEL:CODE,...] [--json]";

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        say::aside(format_args!("{error}"));
        ExitCode::from(2)
    })
}

/// The bytes of a file, or which file cannot be read and why.
fn read(name: &str) -> Result<Vec<u8>, String> {
    std::fs::read(name).map_err(|error| format!("cannot read {name}: {error}"))
}

fn run() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut plan, mut bindings, mut lints, mut json) = (None, None, Lints::default(), false);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bindings" => bindings = Some(arguments.next().ok_or(USAGE)?),
            "--lints" => lints = arguments.next().ok_or(USAGE)?.parse()?,
            "--json" => json = true,
            "--help" | "-h" => {
                say::line(format_args!("{USAGE}"));
                return Ok(ExitCode::SUCCESS);
            }
            option if option.starts_with('-') => {
                return Err(format!("there is no option {option}\n{USAGE}").into());
            }
            _ if plan.is_some() => return Err(format!("one plan at a time\n{USAGE}").into()),
            _ => plan = Some(argument),
        }
    }
    let plan = plan.ok_or(USAGE)?;

    let bindings = match bindings {
        Some(name) => Some(Catalog::read(&name, &read(&name)?)),
        None => None,
    };
    let document = PlanDocument::read(&plan, &read(&plan)?);
    let catalog = bindings.as_ref().and_then(|one| one.readable.as_ref());
    let checked = check_with(&document, catalog, &lints);
    let bound = bindings.as_ref().is_none_or(|one| one.catalog.is_some());
    // The faults of both documents in one list.
    let mut faults = checked.faults;
    if let Some(bindings) = bindings {
        faults = bindings.faults.and(faults);
    }
    show(&faults, json)?;
    match &checked.plan {
        Some(found) if bound => {
            assert_eq!(found.digest(), document.digest());
            if !json {
                say::line(format_args!(
                    "{}: {} phases, digest {}",
                    found.title,
                    found.phases.len(),
                    found.digest()
                ));
                samples(found);
            }
            Ok(ExitCode::SUCCESS)
        }
        Some(_) | None => Ok(ExitCode::FAILURE),
    }
}

fn show(faults: &Faults, json: bool) -> Result<(), serde_json::Error> {
    if json {
        say::line(format_args!("{}", serde_json::to_string_pretty(faults)?));
    } else {
        say::text(&faults.render());
    }
    Ok(())
}

/// What the samples of each criterion can show, and how long they take to come.
fn samples(plan: &Plan) {
    for advice in sample_sizes(plan) {
        say::line(format_args!("samples: {}", advice.sentence));
    }
}
