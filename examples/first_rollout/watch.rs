//! How it goes, live: on a terminal, or as plain lines where there is none.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use phasegate::core::{Arm, Clock as _, Ratio, RoleId};
use phasegate::engine::state::PhaseState;
use phasegate::runner::{Ended, Handle, SystemClock, View as Progress};
use phasegate_examples::service::Regression;
use phasegate_examples::{kept, recent, say};

use crate::args::Regress;
use crate::console::{Console, obey};
use crate::documents::Documents;
use crate::stage::Stage;

/// Shows how it goes, and lets the new version go bad when that is asked for.
pub async fn watch(
    regress: Option<(Regress, u32)>,
    stage: &Stage,
    documents: &Documents,
    handle: Handle,
) -> Ended {
    let mut view = handle.view();
    let bar = bar();
    let began = Instant::now();
    let (mut bad, mut shown, mut shown_at) = (false, String::new(), began);
    let (mut console, operator) = (Console::open(), handle.operator());
    let ended = handle.ended_unless(asked_to_stop());
    tokio::pin!(ended);
    loop {
        let progress = view.borrow_and_update().clone();
        let weight = stage.router.router().canary();
        if let Some((regress, at)) = regress
            && !bad
            && weight >= Ratio::from_percent(at).unwrap_or(Ratio::ONE)
        {
            bad = true;
            stage.canary.regress(match regress {
                Regress::Errors => Regression::Errors,
                Regress::Latency => Regression::Latency,
            });
        }
        let (place, numbers) = lines(&progress, stage, weight, &console);
        if std::io::stderr().is_terminal() {
            bar.set_message(format!("{place}{numbers}{}", criteria(&progress)));
        } else if place != shown || shown_at.elapsed() >= PLAIN_EVERY {
            let passed = began.elapsed().as_secs_f64();
            let criteria = criteria(&progress);
            say::aside(format_args!("{passed:5.1} s | {place}{numbers}{criteria}"));
            (shown, shown_at) = (place, Instant::now());
        }
        tokio::select! {
            ended = &mut ended => {
                bar.finish_and_clear();
                return ended;
            }
            line = console.next() => obey(&operator, documents, &line).await,
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
fn lines(progress: &Progress, stage: &Stage, weight: Ratio, console: &Console) -> (String, String) {
    let state = &progress.state;
    let phase = state.program.phases.iter().find(|phase| {
        matches!(
            state.phases.get(&phase.id),
            Some(PhaseState::Running { .. })
        )
    });
    let phase = phase.map_or("between phases", |phase| phase.title.as_str());
    let mode = match (&state.rollback, state.holds.first()) {
        (Some(_), _) => " | going back".to_owned(),
        (None, Some(hold)) if console.is_open() => {
            format!(" | held: {hold} | type release, rollback or abort")
        }
        (None, Some(hold)) => format!(" | held: {hold}"),
        (None, None) if state.effects.values().any(|effect| effect.in_doubt) => {
            " | it is not known yet what became of the last change".to_owned()
        }
        (None, None) if state.paused => " | paused | type resume".to_owned(),
        (None, None) => asked(progress),
    };
    let left = match &state.rollback {
        Some(rollback) => rollback.limit.map_or_else(String::new, |limit| {
            let passed = SystemClock::new().now().wall.since(rollback.started.wall);
            let left = limit.saturating_sub(passed).as_secs_f64();
            format!(" | left of the {limit} that going back may take: {left:.0} s")
        }),
        None if state.outcome.is_some() => String::new(),
        None => {
            let left = kept::left_at_least(state).as_secs_f64();
            format!(" | bakes and waits left: {left:.0} s")
        }
    };
    let numbers = format!(
        " | p50/p95/p99 of {} s: stable {}; canary {}{left}",
        recent::SECONDS,
        stage.recent.shown(Arm::Stable),
        stage.recent.shown(Arm::Canary)
    );
    (format!("{phase} | {weight}{mode}"), numbers)
}

/// The questions that people have not answered yet.
fn asked(progress: &Progress) -> String {
    let asks = progress.state.asks.values();
    asks.map(|open| {
        let roles: Vec<&str> = open.ask.roles.iter().map(RoleId::as_str).collect();
        format!(" | asked of {}: {}", roles.join(", "), open.ask.text)
    })
    .collect()
}

/// The criteria that are looked at now, or why it goes back, each on a line of its own.
fn criteria(progress: &Progress) -> String {
    if let Some(rollback) = &progress.state.rollback {
        return format!("\n          because {}", rollback.cause);
    }
    let checks = progress.state.checks.values().flat_map(BTreeMap::values);
    checks
        .map(|check| format!("\n          {}", check.finding.sentence))
        .collect()
}

/// Ready when this process is asked to end. What is under way comes to its end first.
async fn asked_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Nobody can ask, then.
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupt => {}
        () = terminated() => {}
    }
    say::aside(format_args!(
        "asked to stop: what is under way comes to its end first"
    ));
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [SignalKind::terminate(), SignalKind::hangup()];
    match kinds.map(signal) {
        [Ok(mut terminate), Ok(mut hangup)] => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
        }
        _ => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
