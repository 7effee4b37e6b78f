//! How soon things are decided, answered and carried out: what is graver is not given more time, and a response no
//! less than it takes.

use std::collections::BTreeMap;

use phasegate_core::Span;

use super::{At, Scope};
use crate::fault::Code;
use crate::model::{Response, Severity};

/// What is graver must not have more time.
pub(super) fn check(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let mut fastest = Fastest::default();
    for row in &draft.matrix {
        fastest.note(row.severity, row.decide_within);
    }
    let matrix = At::ROOT.key("matrix");
    for (index, row) in draft.matrix.iter().enumerate() {
        if let (Some(mine), Some(other)) = (row.decide_within, fastest.below(row.severity))
            && mine > other
        {
            let message = format!(
                "this is {} and has {mine} to be decided; what is less grave has {other}",
                row.severity
            );
            let here = matrix.index(index);
            scope.report(
                Code::SeverityOrder,
                here.key("decide-within"),
                message,
                "give what is graver as little time or less",
            );
        }
    }
    completed(scope);
    too_slow(scope);
    twice(scope);
    let mut fastest = Fastest::default();
    for one in &draft.escalation {
        fastest.note(one.severity, one.answer_within);
    }
    let escalation = At::ROOT.key("escalation");
    for (index, one) in draft.escalation.iter().enumerate() {
        if let (Some(mine), Some(other)) = (one.answer_within, fastest.below(one.severity))
            && mine > other
        {
            let message = format!(
                "{} may wait {mine} for an answer; what is less grave waits {other}",
                one.severity
            );
            let here = escalation.index(index);
            scope.report(
                Code::SeverityOrder,
                here.key("answer-within"),
                message,
                "give what is graver as little time or less",
            );
        }
    }
}

/// The time for carrying out what was decided, by severity.
fn completed(scope: &mut Scope<'_>) {
    let draft = scope.draft;
    let mut fastest = Fastest::default();
    for row in &draft.matrix {
        fastest.note(row.severity, row.complete_within);
    }
    let matrix = At::ROOT.key("matrix");
    for (index, row) in draft.matrix.iter().enumerate() {
        if let (Some(mine), Some(other)) = (row.complete_within, fastest.below(row.severity))
            && mine > other
        {
            let message = format!(
                "this is {} and has {mine} to be carried out; what is less grave has {other}",
                row.severity
            );
            let here = matrix.index(index);
            let here = here.key("complete-within");
            scope.report(
                Code::SeverityOrder,
                here,
                message,
                "give what is graver as little time or less",
            );
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

/// The shortest time that anything of a severity has.
#[derive(Default)]
struct Fastest(BTreeMap<Severity, Span>);

impl Fastest {
    fn note(&mut self, severity: Severity, span: Option<Span>) {
        if let Some(span) = span {
            let slot = self.0.entry(severity).or_insert(span);
            *slot = span.min(*slot);
        }
    }

    fn below(&self, severity: Severity) -> Option<Span> {
        self.0.range(..severity).map(|(_, span)| *span).min()
    }
}
