//! On what a decision rests: which measurement, which rule, which clock, whose word.

use phasegate_core::{GateId, Span, Timestamp};
use phasegate_engine::program::OpKind;
use phasegate_engine::record::{AskAbout, Cause, HoldReason, Place, Record};
use phasegate_engine::state::{Stage, State};
use phasegate_sla::{Finding, Hold};
use serde::Serialize;

use super::gates::Said;
use super::series::BoundSort;

/// One thing that a decision rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "whoever explains must show each")]
pub enum Evidence {
    /// What a person said.
    Answer(Said),
    /// A clock, and how far it had run.
    Clock {
        /// Which, in words.
        clock: String,
        /// When it began to run, if it has one beginning.
        from: Option<Timestamp>,
        /// How far it had run.
        ran: Span,
        /// How far it may, or must, run.
        limit: Option<Span>,
    },
    /// What was measured, and the rule it was held against.
    Finding {
        /// The criterion or trigger.
        by: String,
        /// Which of the two.
        sort: BoundSort,
        /// The whole rule, in the criterion language.
        rule: String,
        /// What was found.
        finding: Box<Finding>,
    },
}

/// What is known of an operation before a record that decides something about it.
pub(super) fn of_place(place: &Place, state: &State, record: &Record) -> Vec<Evidence> {
    let mut evidence = of_checks(place, state);
    for asked in state.asks.values() {
        let here = match &asked.ask.about {
            AskAbout::Approval { place: at, .. }
            | AskAbout::Attestation { place: at }
            | AskAbout::Task { place: at } => at == place,
            AskAbout::Difference { .. } | AskAbout::Effect { .. } | AskAbout::Incident { .. } => {
                false
            }
        };
        for (answer, at) in asked.answers.iter().filter(|_| here) {
            evidence.push(Evidence::Answer(Said::of(answer, at.wall)));
        }
    }
    if let Some(op) = state.op(place) {
        match &op.kind {
            OpKind::Bake { span, .. } => {
                let covered = state
                    .bakes
                    .get(place)
                    .map(|bake| bake.covered)
                    .unwrap_or_default();
                evidence.push(clock(
                    "covered by evidence, as last recorded",
                    None,
                    covered,
                    Some(*span),
                ));
            }
            OpKind::Gate(gate) => {
                evidence.extend(since_start(place, state, record, "open", gate.timeout));
            }
            OpKind::Validate { within, .. } => {
                evidence.extend(since_start(
                    place,
                    state,
                    record,
                    "validating",
                    Some(*within),
                ));
            }
            OpKind::Apply { .. }
            | OpKind::Ask { .. }
            | OpKind::Ledger { .. }
            | OpKind::Measure { .. }
            | OpKind::Wait { .. } => {
                evidence.extend(since_start(place, state, record, "under way", op.budget));
            }
        }
    }
    evidence
}

/// What stands behind a trigger's response.
pub(super) fn of_trigger(
    trigger: &phasegate_core::TriggerId,
    finding: Option<&Finding>,
    state: &State,
    record: &Record,
) -> Vec<Evidence> {
    let Some(program) = state.program.triggers.iter().find(|t| t.id == *trigger) else {
        return Vec::new();
    };
    let known = state.triggers.get(trigger);
    let mut evidence = Vec::new();
    if let Some(finding) = finding.or(known.map(|known| &known.finding)) {
        let (by, rule) = (trigger.to_string(), program.criterion.to_string());
        let (sort, finding) = (BoundSort::Trigger, Box::new(finding.clone()));
        evidence.push(Evidence::Finding {
            by,
            sort,
            rule,
            finding,
        });
    }
    let at = record.at();
    if let Some(since) = known.and_then(|known| known.hold.active_since()) {
        let limit = Hold::of(&program.criterion).for_;
        evidence.push(clock(
            "the condition held",
            Some(since),
            at.since(since),
            Some(limit),
        ));
    }
    if let Some(since) = known.and_then(|known| known.blind_since) {
        let limit = Some(program.blind.after);
        evidence.push(clock(
            "it could not be told",
            Some(since),
            at.since(since),
            limit,
        ));
    }
    evidence
}

/// What stands behind a rollback.
pub(super) fn of_cause(cause: &Cause, state: &State, record: &Record) -> Vec<Evidence> {
    match cause {
        Cause::Criterion { check, .. } => of_check(check.as_str(), state),
        Cause::Trigger { trigger, .. } => of_trigger(trigger, None, state, record),
        Cause::Gate { gate, .. } => of_gate(gate, state, record),
        Cause::Blind { .. }
        | Cause::Drill { .. }
        | Cause::Incident { .. }
        | Cause::Operator { .. } => Vec::new(),
    }
}

/// What stands behind a hold.
pub(super) fn of_hold(reason: &HoldReason, state: &State, record: &Record) -> Vec<Evidence> {
    match reason {
        HoldReason::Budget { place } => {
            let budget = state.op(place).and_then(|op| op.budget);
            since_start(place, state, record, "under way", budget)
                .into_iter()
                .collect()
        }
        HoldReason::Criterion { check, .. } => of_check(check.as_str(), state),
        HoldReason::Gate { gate, .. } => of_gate(gate, state, record),
        HoldReason::Effect { place, .. } | HoldReason::SaidNo { place, .. } => {
            of_place(place, state, record)
        }
        HoldReason::Trigger { trigger, .. } => of_trigger(trigger, None, state, record),
        HoldReason::Blind { .. }
        | HoldReason::Difference { .. }
        | HoldReason::Drift { .. }
        | HoldReason::Incident { .. }
        | HoldReason::RolledBack => Vec::new(),
    }
}

/// What stands behind the decision of a gate, from which more follows.
fn of_gate(gate: &GateId, state: &State, record: &Record) -> Vec<Evidence> {
    let is_it = |place: &Place| match state.op(place).map(|op| &op.kind) {
        Some(OpKind::Gate(one)) => one.id == *gate,
        Some(_) | None => false,
    };
    let place = state.places().into_iter().find(is_it);
    place.map_or_else(Vec::new, |place| of_place(&place, state, record))
}

/// How long the rollback, or a step of it, has taken.
pub(super) fn of_budget(
    place: Option<&Place>,
    budget: Span,
    state: &State,
    record: &Record,
) -> Vec<Evidence> {
    match place {
        Some(place) => since_start(place, state, record, "under way", Some(budget))
            .into_iter()
            .collect(),
        None => of_rollback(state, record, Some(budget))
            .into_iter()
            .collect(),
    }
}

/// How long the whole rollback has taken.
pub(super) fn of_rollback(state: &State, record: &Record, limit: Option<Span>) -> Option<Evidence> {
    let rollback = state.rollback.as_ref()?;
    let (from, ran) = (
        rollback.started.wall,
        record.now.elapsed_since(&rollback.started).high,
    );
    Some(clock("going back", Some(from), ran, limit))
}

fn of_checks(place: &Place, state: &State) -> Vec<Evidence> {
    let checks = state.op(place).map(|op| op.checks()).unwrap_or_default();
    let found = checks.iter().filter_map(|check| {
        let known = state.check(place, &check.id)?;
        Some(Evidence::Finding {
            by: check.id.to_string(),
            sort: BoundSort::Criterion,
            rule: check.criterion.to_string(),
            finding: Box::new(known.finding.clone()),
        })
    });
    found.collect()
}

fn of_check(check: &str, state: &State) -> Vec<Evidence> {
    let of = |evidence: &Evidence| match evidence {
        Evidence::Finding { by, .. } => by == check,
        Evidence::Answer(_) | Evidence::Clock { .. } => false,
    };
    let places = state.places().into_iter();
    places
        .flat_map(|place| of_checks(&place, state))
        .filter(of)
        .collect()
}

fn since_start(
    place: &Place,
    state: &State,
    record: &Record,
    what: &str,
    limit: Option<Span>,
) -> Option<Evidence> {
    match state.stage(place)? {
        Stage::Ready => None,
        Stage::Started { at, .. } => Some(clock(
            what,
            Some(at.wall),
            record.now.elapsed_since(at).high,
            limit,
        )),
    }
}

fn clock(what: &str, from: Option<Timestamp>, ran: Span, limit: Option<Span>) -> Evidence {
    Evidence::Clock {
        clock: what.to_owned(),
        from,
        ran,
        limit: limit.filter(|limit| !limit.is_zero()),
    }
}
