//! On what a decision rests: which measurement, which rule, which clock, whose word.

use phasegate_core::{GateId, Span, Timestamp, TriggerId};
use phasegate_engine::program::OpKind;
use phasegate_engine::record::{AskAbout, Body, Cause, Finish, HoldReason, Place, Record};
use phasegate_engine::state::{Stage, State};
use phasegate_sla::{Finding, Hold};
use serde::Serialize;

use super::Step;
use super::gates::Said;
use super::series::BoundSort;

/// One thing that a decision rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "whoever explains must show each")]
pub enum Evidence {
    /// What a person said.
    Answer(Said),
    /// What a person attested before, for an item of the checklist.
    Attested {
        /// The item.
        statement: String,
        /// Who said so.
        said: Said,
    },
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
pub(super) fn of_place(place: &Place, step: &Step<'_>) -> Vec<Evidence> {
    let state = step.before;
    let mut evidence = of_items(place, step);
    evidence.extend(of_checks(place, state));
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
            OpKind::Bake { span, .. } if span.is_zero() => {}
            OpKind::Bake { span, checks, .. } => {
                let covered = state
                    .bakes
                    .get(place)
                    .map(|bake| bake.covered)
                    .unwrap_or_default();
                // How much is covered is recorded now and then; it passes when all of it is.
                let (what, covered) = match (is_done(step.record), checks.is_empty()) {
                    (true, true) => ("waited", covered.max(*span)),
                    (true, false) => ("covered by evidence", covered.max(*span)),
                    (false, true) => ("waited, as last recorded", covered),
                    (false, false) => ("covered by evidence, as last recorded", covered),
                };
                evidence.push(clock(what, None, covered, Some(*span)));
            }
            OpKind::Gate(gate) => {
                evidence.extend(since_start(place, step, "open", gate.timeout));
                evidence.extend(gate.not_before.map(|moment| {
                    let past = step.record.at().since(moment);
                    clock("its date is past", Some(moment), past, None)
                }));
            }
            OpKind::Validate { within, .. } => {
                evidence.extend(since_start(place, step, "validating", Some(*within)));
            }
            OpKind::Apply { .. }
            | OpKind::Ask { .. }
            | OpKind::Ledger { .. }
            | OpKind::Measure { .. }
            | OpKind::Wait { .. } => {
                evidence.extend(since_start(place, step, "under way", op.budget));
            }
        }
    }
    evidence
}

fn is_done(record: &Record) -> bool {
    let done = Finish::Done;
    matches!(&record.body, Body::OpFinished { finish, .. } if *finish == done)
}

/// What stands behind a trigger's response.
pub(super) fn of_trigger(
    trigger: &TriggerId,
    finding: Option<&Finding>,
    step: &Step<'_>,
) -> Vec<Evidence> {
    let state = step.before;
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
    let at = step.record.at();
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
pub(super) fn of_cause(cause: &Cause, step: &Step<'_>) -> Vec<Evidence> {
    match cause {
        Cause::Criterion { check, .. } => of_check(check.as_str(), step.before),
        Cause::Trigger { trigger, .. } => of_trigger(trigger, None, step),
        Cause::Gate { gate, .. } => of_gate(gate, step),
        Cause::Blind { .. }
        | Cause::Drill { .. }
        | Cause::Incident { .. }
        | Cause::Operator { .. } => Vec::new(),
    }
}

/// What stands behind a hold.
pub(super) fn of_hold(reason: &HoldReason, step: &Step<'_>) -> Vec<Evidence> {
    match reason {
        HoldReason::Budget { place } => {
            let budget = step.before.op(place).and_then(|op| op.budget);
            since_start(place, step, "under way", budget)
                .into_iter()
                .collect()
        }
        HoldReason::Criterion { check, .. } => of_check(check.as_str(), step.before),
        HoldReason::Gate { gate, .. } => of_gate(gate, step),
        HoldReason::Effect { place, .. } | HoldReason::SaidNo { place, .. } => {
            of_place(place, step)
        }
        HoldReason::Trigger { trigger, .. } => of_trigger(trigger, None, step),
        HoldReason::Blind { .. }
        | HoldReason::Clocks { .. }
        | HoldReason::Difference { .. }
        | HoldReason::Drift { .. }
        | HoldReason::Incident { .. }
        | HoldReason::RolledBack => Vec::new(),
    }
}

/// What stands behind the decision of a gate, from which more follows.
fn of_gate(gate: &GateId, step: &Step<'_>) -> Vec<Evidence> {
    let state = step.before;
    let is_it = |place: &Place| match state.op(place).map(|op| &op.kind) {
        Some(OpKind::Gate(one)) => one.id == *gate,
        Some(_) | None => false,
    };
    let place = state.places().into_iter().find(is_it);
    place.map_or_else(Vec::new, |place| of_place(&place, step))
}

/// How long the rollback, or a step of it, has taken.
pub(super) fn of_budget(place: Option<&Place>, budget: Span, step: &Step<'_>) -> Vec<Evidence> {
    match place {
        Some(place) => since_start(place, step, "under way", Some(budget))
            .into_iter()
            .collect(),
        None => of_rollback(step, Some(budget)).into_iter().collect(),
    }
}

/// How long the whole rollback has taken.
pub(super) fn of_rollback(step: &Step<'_>, limit: Option<Span>) -> Option<Evidence> {
    let rollback = step.before.rollback.as_ref()?;
    let (from, ran) = (
        rollback.started.wall,
        step.record.now.elapsed_since(&rollback.started).high,
    );
    Some(clock("going back", Some(from), ran, limit))
}

/// What stands on the checklist of a gate: what people attested, and what was measured for an item.
fn of_items(gate: &Place, step: &Step<'_>) -> Vec<Evidence> {
    let state = step.before;
    let items = state.program.items_of(gate);
    let of = |place: &Place| {
        let attested = step.attested.item(place, state);
        let attested = attested.map(|(statement, said)| Evidence::Attested {
            statement,
            said: said.clone(),
        });
        attested.into_iter().chain(of_checks(place, state))
    };
    items.iter().flat_map(of).collect()
}

fn of_checks(place: &Place, state: &State) -> Vec<Evidence> {
    let Some(op) = state.op(place) else {
        return Vec::new();
    };
    let checks = op.checks().iter().map(|one| (one, BoundSort::Criterion));
    let stops = op.stops().iter().map(|one| (one, BoundSort::Trigger));
    let found = checks.chain(stops).filter_map(|(check, sort)| {
        let known = state.check(place, &check.id)?;
        Some(Evidence::Finding {
            by: check.id.to_string(),
            sort,
            rule: check.criterion.to_string(),
            finding: Box::new(known.finding.clone()),
        })
    });
    found.collect()
}

fn of_check(check: &str, state: &State) -> Vec<Evidence> {
    let of = |evidence: &Evidence| match evidence {
        Evidence::Finding { by, .. } => by == check,
        Evidence::Answer(_) | Evidence::Attested { .. } | Evidence::Clock { .. } => false,
    };
    let places = state.places().into_iter();
    places
        .flat_map(|place| of_checks(&place, state))
        .filter(of)
        .collect()
}

fn since_start(
    place: &Place,
    step: &Step<'_>,
    what: &str,
    limit: Option<Span>,
) -> Option<Evidence> {
    match step.before.stage(place)? {
        Stage::Ready => None,
        Stage::Started { at, .. } => Some(clock(
            what,
            Some(at.wall),
            step.record.now.elapsed_since(at).high,
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
