//! Event sources: an occurrence comes with every poll, the same each time, until it is acknowledged.

use phasegate_provider::{Call, EventId, EventSource, Occurrence, ProviderError};

use super::{Findings, Violation};

/// The suite for event sources, which must have nothing to tell at its start. `happen` lets something
/// happen that the source reports, and returns once the source can know of it. Ends with all acknowledged.
pub async fn event_source<F>(source: &dyn EventSource, call: &Call, mut happen: F) -> Vec<Violation>
where
    F: AsyncFnMut(),
{
    let mut findings = Findings::default();
    let before = source.poll(call).await;
    let none = before.as_ref().is_ok_and(Vec::is_empty);
    findings.check("nothing is told before it happened", none, &before);
    happen().await;
    let first = source.poll(call).await;
    let some = first.as_ref().is_ok_and(|found| !found.is_empty());
    findings.check("what happened is told", some, &first);
    let Ok(first) = first else { return findings.0 };
    for told in &first {
        let one_line = |text: &String| !text.is_empty() && !text.contains(['\n', '\r']);
        let whole = [&told.scenario, &told.severity, &told.by, &told.evidence];
        let whole = whole.into_iter().all(one_line) && !told.id.as_str().is_empty();
        findings.check("an occurrence says what, how bad, who says so", whole, told);
    }
    let ordered = first.is_sorted_by_key(|told| told.at);
    findings.check("occurrences come oldest first", ordered, &first);
    unacknowledged(&mut findings, source.poll(call).await, &first);
    let unknown = EventId::new("nobody knows this one");
    let ignored = source.acknowledge(&[unknown], call).await;
    findings.check("an unknown id is ignored", ignored.is_ok(), &ignored);
    unacknowledged(&mut findings, source.poll(call).await, &first);
    let ids: Vec<EventId> = first.iter().map(|told| told.id.clone()).collect();
    for rule in [
        "an occurrence can be acknowledged",
        "acknowledging twice is harmless",
    ] {
        let acknowledged = source.acknowledge(&ids, call).await;
        findings.check(rule, acknowledged.is_ok(), &acknowledged);
    }
    let after = source.poll(call).await;
    let none = after.as_ref().is_ok_and(Vec::is_empty);
    findings.check("what is acknowledged does not come again", none, &after);
    findings.0
}

fn unacknowledged(
    findings: &mut Findings,
    again: Result<Vec<Occurrence>, ProviderError>,
    first: &[Occurrence],
) {
    let same = again.as_ref().is_ok_and(|again| again == first);
    let rule = "what is not acknowledged comes again, unchanged";
    findings.check(rule, same, &again);
}
