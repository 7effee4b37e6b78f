//! A few plain lines for a terminal: how it ended, why with the numbers, the rollback against its
//! budget, and what is exposed now.

use crate::doc;
use crate::text::clean;
use crate::view::{Exposure, RollbackView, StepRun, View};
use crate::words;

/// Sums a rollout up in a few plain lines, without colours or control characters.
///
/// The last line ends with a newline.
#[must_use]
pub fn summary(view: &View) -> String {
    let header = &view.header;
    let took = words::span_text(header.duration);
    let mut lines = vec![
        format!(
            "{} ({}): {} after {took}",
            header.title,
            header.rollout,
            words::stands(header.standing)
        ),
        format!("  why       {}", doc::why(view)),
    ];
    lines.extend(
        view.rollbacks
            .last()
            .map(|last| format!("  rollback  {}", rollback(last))),
    );
    lines.push(format!("  exposure  {}", exposure(view)));
    let kinds = view.audit.records;
    lines.push(format!(
        "  journal   {kinds} records, plan {}",
        short(&header.plan_digest)
    ));
    let cleaned: Vec<String> = lines.iter().map(|line| keep_indent(line)).collect();
    cleaned.join("\n") + "\n"
}

fn keep_indent(line: &str) -> String {
    let indent = if line.starts_with("  ") { "  " } else { "" };
    format!("{indent}{}", clean(line))
}

fn rollback(rollback: &RollbackView) -> String {
    let time = match (rollback.took, rollback.limit) {
        (Some(took), Some(limit)) => {
            format!("{} of {}", words::span_text(took), words::span_text(limit))
        }
        (Some(took), None) => format!("{}, no budget", words::span_text(took)),
        (None, Some(limit)) => format!("under way, budget {}", words::span_text(limit)),
        (None, None) => "under way, no budget".to_owned(),
    };
    let over = if rollback.is_over_limit() {
        ", over budget"
    } else {
        ""
    };
    let steps = rollback
        .steps
        .iter()
        .filter(|step| step.is_over_budget())
        .count();
    let steps = match steps {
        0 => String::new(),
        1 => ", 1 step over its budget".to_owned(),
        n => format!(", {n} steps over their budgets"),
    };
    let result = match rollback.validated {
        Some(true) if rollback.validations == 0 => ", done; the plan validates nothing here",
        Some(true) => ", validated",
        Some(false) => ", not validated: a person must take over",
        None => "",
    };
    let failed = rollback.steps.iter().find_map(failure);
    format!("{time}{over}{steps}{result}{}", failed.unwrap_or_default())
}

fn failure(step: &StepRun) -> Option<String> {
    match &step.standing {
        crate::view::StepStanding::Failed { reason } => {
            Some(format!(" ({}: {reason})", step.title))
        }
        crate::view::StepStanding::Done
        | crate::view::StepStanding::Left
        | crate::view::StepStanding::NotNeeded
        | crate::view::StepStanding::Running
        | crate::view::StepStanding::Skipped { .. }
        | crate::view::StepStanding::TooLittle { .. }
        | crate::view::StepStanding::Waiting => None,
    }
}

fn exposure(view: &View) -> String {
    let lines = &view.exposure;
    let line = |line: &Exposure| {
        let share = line
            .last()
            .map_or_else(|| "unknown".to_owned(), |share| share.to_string());
        let most = line
            .points
            .iter()
            .map(|point| point.share)
            .max()
            .unwrap_or_default();
        format!("{} at {share} (most {most})", line.target)
    };
    let lines: Vec<String> = lines.iter().map(line).collect();
    if lines.is_empty() {
        words::no_share(view).to_owned()
    } else {
        lines.join(", ")
    }
}

fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}
