//! Lays a plan out in time, for people who write no Rust:
//! `cargo run --example schedule -- FILE --start 2025-09-01 [--slip PHASE DAYS]`.

use std::error::Error;
use std::process::ExitCode;

use phasegate_examples::say;
use phasegate_plan::calendar::Date;
use phasegate_plan::{PlanDocument, Schedule, check};

const USAGE: &str = "usage: schedule FILE --start DATE [--slip PHASE DAYS]";

fn main() -> ExitCode {
    run().map_or_else(
        |error| {
            let error = error.to_string();
            say::aside(format_args!("{error}"));
            // Wrong arguments, or a file that does not do.
            ExitCode::from(if error.ends_with(USAGE) { 2 } else { 1 })
        },
        |()| ExitCode::SUCCESS,
    )
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut file, mut start, mut slip) = (None, None, None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--start" => start = Some(arguments.next().ok_or(USAGE)?),
            "--slip" => {
                let phase = arguments.next().ok_or(USAGE)?;
                let days = arguments.next().ok_or(USAGE)?;
                let days = days
                    .parse()
                    .map_err(|_| format!("'{days}' is not a number of days\n{USAGE}"))?;
                slip = Some((phase.parse()?, days));
            }
            "--help" | "-h" => {
                say::line(format_args!("{USAGE}"));
                return Ok(());
            }
            option if option.starts_with('-') => {
                return Err(format!("there is no option {option}\n{USAGE}").into());
            }
            _ => file = Some(argument),
        }
    }
    let (file, start) = (file.ok_or(USAGE)?, start.ok_or(USAGE)?);
    let bytes = std::fs::read(&file).map_err(|error| format!("cannot read {file}: {error}"))?;
    let document = PlanDocument::read(&file, &bytes);
    let checked = check(&document, None);
    let Some(plan) = checked.plan else {
        return Err(checked.faults.render().into());
    };
    let start: Date = start.parse()?;
    let schedule = Schedule::new(&plan, start);
    if let Some(phase) = schedule.beyond_calendar() {
        return Err(format!("'{phase}' would go on beyond the year 9999").into());
    }
    let zone = schedule.calendar().zone();
    say::line(format_args!("{} from {start}, in {zone}\n", plan.title));
    for phase in schedule.phases() {
        let open = if phase.open { " or later" } else { "" };
        let slack = schedule.slack_days(&phase.id).unwrap_or(0);
        say::line(format_args!(
            "{:16} {} to {}{open}, slack {slack} business days",
            phase.id,
            zone.show(phase.start),
            zone.show(phase.end)
        ));
        for gate in &phase.gates {
            say::line(format_args!("  gate {:22} {}", gate.id, zone.show(gate.at)));
        }
        for activity in &phase.activities {
            let (from, to) = (zone.show(activity.start), zone.show(activity.end));
            say::line(format_args!("  {from} to {to}  {}", activity.title));
        }
    }
    for gate in schedule.gates() {
        say::line(format_args!(
            "gate of the whole {:12} {}",
            gate.id,
            zone.show(gate.at)
        ));
    }
    let warnings = schedule.warnings(&document);
    if !warnings.is_empty() {
        say::line(format_args!("\n{}", warnings.render().trim_end()));
    }
    let path: Vec<&str> = schedule
        .critical_path()
        .iter()
        .map(|id| id.as_str())
        .collect();
    say::line(format_args!("\ncritical path: {}", path.join(" -> ")));
    if let Some((phase, days)) = slip {
        let most = Schedule::SLIP_DAYS_MAX;
        if days > most {
            let message = format!("'{phase}' cannot slip by {days} business days: {most} at most");
            return Err(message.into());
        }
        let slipped = schedule
            .slipped(&phase, days)
            .ok_or_else(|| format!("there is no phase '{phase}' in this plan"))?;
        say::line(format_args!(
            "\nif {phase} begins {days} business days later:"
        ));
        for (before, after) in schedule.moved(&slipped) {
            say::line(format_args!(
                "{:16} {} -> {}",
                before.id,
                zone.show(before.end),
                zone.show(after.end)
            ));
        }
    }
    assert_eq!(
        schedule.phases().len(),
        plan.phases.len(),
        "every phase has its time"
    );
    Ok(())
}
