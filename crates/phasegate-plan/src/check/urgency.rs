//! How soon things are decided, answered and carried out: what is graver is not given more time, and a response no
//! less than it takes.

use std::collections::BTreeMap;

use phasegate_core::Span;

use super::{At, Scope};
use crate::fault::Code;
use crate::model::{Response, Severity};

pub(super) fn check(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let rows = || draft.matrix.iter();
    let decided = rows().map(|row| (row.severity, row.decide_within));
    order(
        scope,
        ("matrix", "decide-within"),
        decided,
        |of, mine, other| {
            format!("this is {of} and has {mine} to be decided; what is less grave has {other}")
        },
    );
    let completed = rows().map(|row| (row.severity, row.complete_within));
    order(
        scope,
        ("matrix", "complete-within"),
        completed,
        |of, mine, other| {
            format!("this is {of} and has {mine} to be carried out; what is less grave has {other}")
        },
    );
    let answered = draft.escalation.iter();
    let answered = answered.map(|one| (one.severity, one.answer_within));
    order(
        scope,
        ("escalation", "answer-within"),
        answered,
        |of, mine, other| {
            format!("{of} may wait {mine} for an answer; what is less grave waits {other}")
        },
    );
    too_slow(scope);
    twice(scope);
    clocks(scope);
}

/// A row of which nothing says by when: it may wait for ever.
fn clocks(scope: &mut Scope<'_>) {
    let matrix = At::ROOT.key("matrix");
    for (index, row) in scope.draft.matrix.iter().enumerate() {
        let here = matrix.index(index);
        let timed = row.decide_within.is_some()
            || row.decide_at.is_some()
            || row.complete_within.is_some()
            || scope.is_unread(here, &["decide-within", "decide-at", "complete-within"]);
        if !timed {
            let message = format!(
                "nothing says by when '{}' is decided or carried out",
                row.id
            );
            let help = "add 'decide-within:', or 'decide-at:', and 'complete-within:'";
            scope.report(Code::RowWithoutClock, here.key("id"), message, help);
        }
    }
}

/// What is graver must not have more time, of what stands in a list under a key.
fn order(
    scope: &mut Scope<'_>,
    (list, key): (&str, &str),
    times: impl Iterator<Item = (Severity, Option<Span>)> + Clone,
    said: fn(Severity, Span, Span) -> String,
) {
    let mut fastest: BTreeMap<Severity, Span> = BTreeMap::new();
    for (severity, span) in times.clone() {
        if let Some(span) = span {
            let slot = fastest.entry(severity).or_insert(span);
            *slot = span.min(*slot);
        }
    }
    let list = At::ROOT.key(list);
    for (index, (severity, span)) in times.enumerate() {
        let below = fastest.range(..severity).map(|(_, span)| *span).min();
        if let (Some(mine), Some(other)) = (span, below)
            && mine > other
        {
            let help = "give what is graver as little time or less";
            let here = list.index(index);
            let message = said(severity, mine, other);
            scope.report(Code::SeverityOrder, here.key(key), message, help);
        }
    }
}

/// A row that is decided within a time and at a point: no clock runs until then.
fn twice(scope: &mut Scope<'_>) {
    let matrix = At::ROOT.key("matrix");
    for (index, row) in scope.draft.matrix.iter().enumerate() {
        if let (Some(within), Some(at)) = (row.decide_within, row.decide_at) {
            let message =
                format!("decided within {within}, and only at '{at}': not both can be meant");
            let here = matrix.index(index);
            let help = "remove 'decide-within' or 'decide-at'";
            scope.report(Code::DecidedTwice, here.key("decide-within"), message, help);
        }
    }
}

/// Rows that give a way back less time than even the quickest of the plan is expected to take, or may take where
/// nothing says what is expected.
fn too_slow(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let own = draft
        .phases
        .iter()
        .filter_map(|phase| phase.rollback.as_ref());
    let all = draft.rollback.iter().chain(own);
    let all: Option<Vec<_>> = all
        .map(|one| {
            let limit = one.limit.map(|limit| (limit, "may take"));
            one.estimate
                .map(|estimate| (estimate, "is expected to take"))
                .or(limit)
        })
        .collect();
    let Some((quickest, word)) = all.and_then(|all| all.into_iter().min()) else {
        return;
    };
    let matrix = At::ROOT.key("matrix");
    for (index, row) in draft.matrix.iter().enumerate() {
        let mut responses = row.respond.iter();
        let back = responses.any(|one| matches!(one, Response::Rollback(_) | Response::Return(_)));
        if let Some(limit) = row
            .complete_within
            .filter(|limit| back && quickest > *limit)
        {
            let message = format!("a rollback {word} {quickest}, and is given {limit}");
            let help = "give it more time, or correct what the rollback itself says";
            let here = matrix.index(index);
            let here = here.key("complete-within");
            let code = if word == "may take" {
                Code::LimitExceedsResponse
            } else {
                Code::EstimateExceedsLimit
            };
            scope.report(code, here, message, help);
        }
    }
}
