//! Approval sources: a question may be put twice, and a reply stays until its question is closed.

use phasegate_provider::{ApprovalSource, Ask, Call};

use super::{Findings, Violation};

/// The suite for approval sources. `answer` lets somebody answer `ask`, as the adapter's people do.
pub async fn approval_source<F>(
    source: &dyn ApprovalSource,
    ask: &Ask,
    call: &Call,
    mut answer: F,
) -> Vec<Violation>
where
    F: AsyncFnMut(),
{
    let mut findings = Findings::default();
    for rule in ["a question can be put", "putting it twice is harmless"] {
        let asked = source.ask(ask, call).await;
        findings.check(rule, asked.is_ok(), &asked);
    }
    let replies = source.poll(call).await;
    let none = replies
        .as_ref()
        .is_ok_and(|replies| replies.iter().all(|reply| reply.ask != ask.id));
    findings.check("nobody has answered before somebody did", none, &replies);
    answer().await;
    for rule in ["an answer arrives", "it comes again until it is closed"] {
        let replies = source.poll(call).await;
        let ours = replies.as_ref().map(|replies| {
            let ours = replies.iter().filter(|reply| reply.ask == ask.id);
            ours.cloned().collect::<Vec<_>>()
        });
        let bound = ours.as_ref().is_ok_and(|ours| {
            let fits = |reply: &phasegate_provider::Reply| {
                reply.plan_digest == ask.plan_digest
                    && reply.journal_head == ask.journal_head
                    && reply.role == ask.role
                    && !reply.verified.is_empty()
            };
            ours.len() == 1 && ours.iter().all(fits)
        });
        findings.check(rule, bound, &ours);
    }
    for rule in ["a question can be closed", "closing it twice is harmless"] {
        let closed = source.close(&ask.id, call).await;
        findings.check(rule, closed.is_ok(), &closed);
    }
    let replies = source.poll(call).await;
    let none = replies
        .as_ref()
        .is_ok_and(|replies| replies.iter().all(|reply| reply.ask != ask.id));
    findings.check("a closed question has no replies", none, &replies);
    findings.0
}
