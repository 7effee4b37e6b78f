//! Phases and their steps.

use crate::doc::bits::{Bits, Block, Clock, Section, Tone, against};
use crate::view::{PhaseRun, PhaseStanding, PhaseView, StepRun, StepStanding, View};
use crate::words;

const STEP_COLUMNS: &[&str] = &["Step", "Does", "Began", "Time against budget", "Result"];

pub(super) fn section(view: &View, clock: &Clock) -> Section {
    let mut blocks = vec![Block::Timeline];
    for phase in &view.phases {
        blocks.extend(one(phase, clock));
    }
    Section::new("phases", "Phases and steps", blocks)
}

fn one(phase: &PhaseView, clock: &Clock) -> Vec<Block> {
    let tone = match phase.standing {
        PhaseStanding::Done => Tone::Good,
        PhaseStanding::Left | PhaseStanding::Undone => Tone::Watch,
        PhaseStanding::Running => Tone::Unsure,
        PhaseStanding::Waiting => Tone::Calm,
    };
    let heading = Bits::text(phase.title.as_str())
        .and_text(" ")
        .and_code(phase.id.as_str())
        .and_text(" ")
        .and(Bits::mark(tone, words::phase(phase.standing)));
    let mut blocks = vec![Block::Heading(heading)];
    if phase.runs.iter().any(|run| run.steps.is_empty()) {
        let nothing = Bits::none().and_quiet("The plan has no steps, criteria or gates for it.");
        blocks.push(Block::Paragraph(nothing));
    }
    for (index, run) in phase.runs.iter().enumerate() {
        blocks.push(Block::Paragraph(run_line(run, index, clock)));
        blocks.extend(steps(&run.steps, clock));
    }
    blocks
}

/// The steps that were reached as a table, and the names of the others.
fn steps(steps: &[StepRun], clock: &Clock) -> Vec<Block> {
    let reached = |step: &&StepRun| step.standing != StepStanding::Waiting;
    let rows = steps
        .iter()
        .filter(reached)
        .map(|step| step_row(step, clock));
    let mut blocks: Vec<Block> = Block::table(STEP_COLUMNS, rows).into_iter().collect();
    blocks.extend(not_reached(steps));
    blocks
}

/// The names of the steps that were not reached.
pub(super) fn not_reached(steps: &[StepRun]) -> Option<Block> {
    let waiting = |step: &&StepRun| step.standing == StepStanding::Waiting;
    let names = steps.iter().filter(waiting).map(|step| step.title.as_str());
    let names: Vec<&str> = names.collect();
    let line = || {
        let line = Bits::none().and_quiet("Not reached: ");
        Block::Paragraph(line.and_text(names.join(", ")))
    };
    (!names.is_empty()).then(line)
}

fn run_line(run: &PhaseRun, index: usize, clock: &Clock) -> Bits {
    let name = if index == 0 {
        "Began ".to_owned()
    } else {
        format!("Run {}: began ", index + 1)
    };
    let mut line = Bits::text(name).and(clock.at(run.started));
    let ends = [
        (run.finished, "done"),
        (run.left, "left for the rollback"),
        (run.undone, "undone"),
    ];
    for (at, what) in ends {
        if let Some(at) = at {
            let took = words::span_text(at.since(run.started));
            line = line
                .and_text(format!("; {what} "))
                .and(clock.at(at))
                .and_text(format!(", after {took}"));
        }
    }
    line.and_text(".")
}

/// What a step is called, whose it is, and how often it began.
pub(super) fn title(step: &StepRun) -> Bits {
    let mut title = Bits::text(step.title.as_str());
    if let Some(phase) = &step.of {
        title = title.and_quiet(format!(" (phase {phase})"));
    }
    let tries = if step.tries > 1 {
        format!(" {} tries", step.tries)
    } else {
        String::new()
    };
    title.and_quiet(tries)
}

fn step_row(step: &StepRun, clock: &Clock) -> Vec<Bits> {
    vec![
        title(step),
        Bits::text(step.what.as_str()),
        clock.maybe(step.started),
        against(step.took, step.budget, step.is_over_budget()),
        outcome(&step.standing),
    ]
}

/// How a step stands.
pub(super) fn outcome(standing: &StepStanding) -> Bits {
    let tone = match standing {
        StepStanding::Done => Tone::Good,
        StepStanding::Failed { .. } => Tone::Bad,
        StepStanding::Left | StepStanding::Skipped { .. } => Tone::Watch,
        StepStanding::Running => Tone::Unsure,
        StepStanding::TooLittle { .. } => Tone::Watch,
        StepStanding::NotNeeded | StepStanding::Waiting => Tone::Calm,
    };
    Bits::mark(tone, words::step(standing))
}
