//! How it ended: summary, report, and whether what was decided is what stands.

use phasegate::core::{Arm, Ratio, RolloutId};
use phasegate::engine::record::{Body, Outcome, Record};
use phasegate::journal::Journal;
use phasegate::report::view::Head;
use phasegate::report::{View, html, summary};
use phasegate_examples::say;

use crate::Error;
use crate::args::Args;
use crate::stage::Stage;

/// Says how it ended, with the numbers, and writes the report. Whether that could be written is the second
/// part of the answer: what was decided does not depend on it.
pub async fn report(
    args: &Args,
    journal: &dyn Journal,
    rollout: &RolloutId,
) -> Result<(Option<Body>, bool), Error> {
    let records = journal.read(rollout, 0).await?;
    let head = journal.head(rollout).await?;
    let decoded: Result<Vec<Record>, _> = records
        .iter()
        .map(|record| Record::decode(&record.kind, &record.payload))
        .collect();
    let mut decoded = decoded?;
    let view = View::of(&decoded)?.with_head(Head {
        seq: head.next_seq.saturating_sub(1),
        hash: head.hash.to_string(),
        // A read checks every link.
        verified: true,
    });
    say::text(&summary(&view));
    say::line(format_args!(
        "journal: {} ({} records, head {})",
        args.journal().display(),
        head.next_seq,
        head.hash
    ));
    let path = args.report.display();
    let written = std::fs::write(&args.report, html(&view));
    match &written {
        Ok(()) => say::line(format_args!("report:  {path}")),
        Err(error) => say::aside(format_args!(
            "the report cannot be written to {path} ({error}): --resume with another --report writes it"
        )),
    }
    Ok((decoded.pop().map(|record| record.body), written.is_ok()))
}

/// Ends the load, and asserts that what was decided is what stands.
pub async fn finish(stage: Stage, last: Option<&Body>) {
    say::line(format_args!(
        "requests: {} stable, {} canary, {} failed or not answered",
        stage.recorder.requests(Arm::Stable),
        stage.recorder.requests(Arm::Canary),
        stage.recorder.failures(Arm::Stable) + stage.recorder.failures(Arm::Canary)
    ));
    let report = stage.load.stop().await;
    assert_eq!(report.lost(), 0, "every request came to an end");
    let weight = stage.router.router().canary();
    match last {
        Some(Body::Finished {
            outcome: Outcome::Completed,
        }) => assert_eq!(weight, Ratio::ONE),
        Some(Body::Finished {
            outcome: Outcome::RolledBack,
        }) => assert_eq!(weight, Ratio::ZERO),
        _ => {}
    }
}
