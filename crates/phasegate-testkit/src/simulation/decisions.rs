//! What of a journal must be the same with and without a crash.

use phasegate_core::Desired;
use phasegate_engine::record::{AskAbout, Body, Place, Record};
use serde_json::{Value, json};

/// The decisions in a journal, one line each, without times, evidence and what only recovery does.
/// Lines of one phase keep their order; phases stand side by side, so lines carry their phase first. How
/// often something that is refused was tried depends on how much of its budget a crash used up, so equal
/// lines that follow each other count once; what came of it shows in how the operation ended.
pub fn decisions(records: &[Record]) -> Vec<String> {
    // Whether an effect happened is asked only after a crash; so is the answer.
    let doubts: Vec<u64> = records
        .iter()
        .filter_map(|record| match &record.body {
            Body::Asked(ask) if matches!(ask.about, AskAbout::Effect { .. }) => Some(ask.number),
            _ => None,
        })
        .collect();
    let is_doubt = |body: &Body| matches!(body, Body::Answered(a) if doubts.contains(&a.ask));
    let mut lines: Vec<(String, usize, String)> = records
        .iter()
        .filter(|record| !is_doubt(&record.body))
        .enumerate()
        .filter_map(|(index, record)| {
            // Questions are counted without those that only recovery asks.
            let renumbered = |ask: u64| {
                let before = doubts.iter().filter(|doubt| **doubt < ask).count();
                ask.saturating_sub(u64::try_from(before).unwrap_or(u64::MAX))
            };
            line(&record.body, &renumbered).map(|(lane, text)| (lane, index, text))
        })
        .collect();
    lines.sort();
    lines.dedup_by(|a, b| (&a.0, &a.2) == (&b.0, &b.2));
    lines
        .into_iter()
        .map(|(lane, _, text)| format!("{lane}: {text}"))
        .collect()
}

fn lane(place: &Place) -> (String, usize) {
    match place {
        Place::Aside => ("~aside".to_owned(), 0),
        Place::Phase { phase, op } => (phase.to_string(), *op),
        Place::Rollback { op } => ("~rollback".to_owned(), *op),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "reads like its neighbours")]
fn at(place: &Place, what: &Value) -> Option<(String, String)> {
    let (lane, op) = lane(place);
    Some((lane, format!("op {op} {what}")))
}

fn line(body: &Body, renumbered: &dyn Fn(u64) -> u64) -> Option<(String, String)> {
    let all = |what: Value| Some(("~rollout".to_owned(), what.to_string()));
    match body {
        // What is looked at, and what is done to find out after a crash.
        Body::Abandoned { .. }
        | Body::ClockDisagreed { .. }
        | Body::Concluded { .. }
        | Body::Evaluated { .. }
        | Body::Recovered { .. }
        | Body::Repeated { .. } => None,
        Body::Aborted { by, .. } => all(json!({"aborted": by})),
        Body::Amended { by, changes, .. } => all(json!({"amended by": by, "changes": changes})),
        Body::AnswerWithdrawn { ask, by, .. } => Some((
            format!("~ask {}", renumbered(*ask)),
            json!({"withdrawn by": by}).to_string(),
        )),
        Body::Answered(answered) => Some((
            format!("~ask {}", renumbered(answered.ask)),
            json!({"answered by": answered.by, "yes": answered.yes}).to_string(),
        )),
        Body::Asked(ask) if matches!(ask.about, AskAbout::Effect { .. }) => None,
        Body::Asked(ask) => Some((
            format!("~ask {}", renumbered(ask.number)),
            json!({"asked": ask.roles}).to_string(),
        )),
        Body::Announced { number, .. } => all(json!({"announced": number})),
        Body::Maintenance { number, step, .. } => all(json!({"maintenance": number, "step": step})),
        Body::Scaled { target, acts, .. } => all(json!({"scaled": target, "acts": acts})),
        Body::BaselineRecorded { place, .. } => at(place, &json!("baseline")),
        Body::BudgetBlown {
            place: Some(place), ..
        } => at(place, &json!("budget blown")),
        Body::BudgetBlown { place: None, .. } => all(json!("rollback limit blown")),
        Body::Created { rollout, .. } => all(json!({"created": rollout})),
        Body::DifferenceFound { target, id, .. } => all(json!({"difference": target, "id": id})),
        Body::Finished { outcome } => all(json!({"finished": outcome})),
        Body::GateDecided {
            place,
            gate,
            decision,
            ..
        } => at(place, &json!({"gate": gate, "decision": decision})),
        Body::Held { reason } => all(json!({"held": kind_of(&json!(reason))})),
        Body::Incident { number, step } => all(json!({
            "incident": number,
            "step": kind_of(&json!(step)),
        })),
        Body::Intended { place, effect, .. } => {
            // The words of a message hold numbers that were measured at the moment.
            let desired = match &effect.desired {
                Desired::Message { channel, .. } => format!("message to {channel}"),
                desired => desired.to_string(),
            };
            at(place, &json!({ "intended": desired }))
        }
        Body::OpFinished { place, finish } => at(place, &json!({"done": kind_of(&json!(finish))})),
        Body::OpStarted { place, step } => at(place, &json!({"started": step})),
        Body::Paused { by, .. } => all(json!({"paused": by})),
        Body::PhaseFinished { phase } => Some((phase.to_string(), "done".to_owned())),
        Body::PhaseStarted { phase } => Some((phase.to_string(), "started".to_owned())),
        Body::Released { by, .. } => all(json!({"released": by})),
        Body::Resumed { by, .. } => all(json!({"resumed": by})),
        Body::Retried { place, by, .. } => at(place, &json!({"retried": by})),
        Body::RollbackEnded { validated } => all(json!({"rollback ended": validated})),
        Body::RollbackStarted { cause, phases, .. } => {
            all(json!({"rollback": kind_of(&json!(cause)), "phases": phases}))
        }
        Body::Testified { statement, yes, .. } => all(json!({"testified": statement, "yes": yes})),
        Body::TriggerFired {
            trigger, response, ..
        } => all(json!({"trigger": trigger, "response": response})),
    }
}

/// The name of a variant, without its evidence.
fn kind_of(value: &Value) -> String {
    match value {
        Value::String(name) => name.clone(),
        Value::Object(fields) => fields.keys().next().cloned().unwrap_or_default(),
        _ => value.to_string(),
    }
}
