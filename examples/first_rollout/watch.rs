//! How it goes, live: on a terminal, or as plain lines where there is none.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use phasegate::core::{Arm, Ratio};
use phasegate::engine::state::PhaseState;
use phasegate::runner::{Ended, Handle, View as Progress};
use phasegate_examples::service::Regression;
use phasegate_examples::{kept, recent, say};

use crate::args::{Args, Regress};
use crate::stage::Stage;

/// Shows how it goes, and lets the new version go bad when that is asked for.
pub async fn watch(args: &Args, stage: &Stage, handle: Handle) -> Ended {
    let mut view = handle.view();
    let bar = bar();
    let began = Instant::now();
    let (mut bad, mut shown, mut shown_at) = (false, String::new(), began);
    let ended = handle.ended();
    tokio::pin!(ended);
    loop {
        let progress = view.borrow_and_update().clone();
        let weight = stage.router.router().canary();
        if let Some(regress) = args.regress
            && !bad
            && weight >= Ratio::from_percent(args.at).unwrap_or(Ratio::ONE)
        {
            bad = true;
            stage.canary.regress(match regress {
                Regress::Errors => Regression::Errors,
                Regress::Latency => Regression::Latency,
            });
        }
        let (place, numbers) = lines(&progress, stage, weight);
        if std::io::stderr().is_terminal() {
            bar.set_message(format!("{place}{numbers}\n{}", criteria(&progress)));
        } else if place != shown || shown_at.elapsed() >= PLAIN_EVERY {
            say::aside(format_args!(
                "{:5.1} s | {place}{numbers}",
                began.elapsed().as_secs_f64()
            ));
            (shown, shown_at) = (place, Instant::now());
        }
        tokio::select! {
            ended = &mut ended => {
                bar.finish_and_clear();
                return ended;
            }
            _ = view.changed() => {}
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    if std::io::stderr().is_terminal() {
        bar.enable_steady_tick(Duration::from_millis(200));
    }
    bar
}

/// Where there is no terminal, a line comes when something has changed, and else so often.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// Where it is: phase, weight and mode. And its numbers: recent percentiles and the time left.
fn lines(progress: &Progress, stage: &Stage, weight: Ratio) -> (String, String) {
    let state = &progress.state;
    let phase = state.program.phases.iter().find(|phase| {
        matches!(
            state.phases.get(&phase.id),
            Some(PhaseState::Running { .. })
        )
    });
    let phase = phase.map_or("between phases", |phase| phase.title.as_str());
    let mode = match (&state.rollback, state.holds.first()) {
        (Some(rollback), _) => format!(" | going back: {}", rollback.cause),
        (None, Some(hold)) => format!(" | held: {hold}"),
        (None, None) => String::new(),
    };
    let left = if state.rollback.is_some() {
        String::new()
    } else {
        let left = kept::left_at_least(state).as_secs_f64();
        format!(" | bakes and waits left: {left:.0} s")
    };
    let numbers = format!(
        " | p50/p95/p99 of {} s: stable {} canary {}{left}",
        recent::SECONDS,
        stage.recent.shown(Arm::Stable),
        stage.recent.shown(Arm::Canary)
    );
    (format!("{phase} | {weight}{mode}"), numbers)
}

/// The criteria as they stand.
fn criteria(progress: &Progress) -> String {
    let checks = progress
        .state
        .checks
        .values()
        .flat_map(|here| here.values());
    let all: Vec<&str> = checks
        .map(|check| check.finding.sentence.as_str())
        .collect();
    all.join("\n")
}
