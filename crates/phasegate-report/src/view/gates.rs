//! Gates and questions: what was asked of whom, who said what, and what was decided on which ground.

use std::collections::BTreeMap;

use phasegate_core::{CriterionId, GateId, PersonId, RoleId, Span, StepId, Timestamp};
use phasegate_engine::program::{Gate, OpKind};
use phasegate_engine::record::{Answered, Ask, AskAbout, Body, Decision, GateReason, Place};
use phasegate_engine::state::State;
use phasegate_sla::Finding;
use serde::Serialize;

use super::Step;
use crate::words;

/// A gate, as it stood one time it was open.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct GateView {
    /// Its id.
    pub gate: GateId,
    /// The plan's step.
    pub step: StepId,
    /// Where.
    pub place: Place,
    /// For people.
    pub title: String,
    /// When it was opened.
    pub opened: Timestamp,
    /// Not decided before.
    pub not_before: Option<Timestamp>,
    /// How long it could stay open.
    pub timeout: Option<Span>,
    /// Who must say yes, and how many of each role.
    pub quorum: BTreeMap<RoleId, u32>,
    /// A yes counts for so long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_after: Option<Span>,
    /// Its criteria, as last found before the decision.
    pub checks: Vec<GateCheck>,
    /// The items of its checklist that people attested before it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<GateItem>,
    /// Who said what: the last word of each.
    pub approvals: Vec<Said>,
    /// The decision; it was closed without one if the gate was opened again or a rollback began.
    pub decision: Option<GateDecision>,
    /// When it was closed without a decision.
    pub closed: Option<Timestamp>,
}

/// A criterion of a gate.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct GateCheck {
    /// Its id.
    pub check: CriterionId,
    /// The criterion, in the criterion language.
    pub rule: String,
    /// What was found; nothing, if nobody has looked.
    pub finding: Option<Finding>,
}

/// An item of a gate's checklist, and whose word it rests on.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct GateItem {
    /// The item, as the plan says it.
    pub statement: String,
    /// Who said that it is so, or is not.
    pub said: Said,
}

/// What was decided, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct GateDecision {
    /// When.
    pub at: Timestamp,
    /// Go or no-go.
    pub decision: Decision,
    /// On what it rests.
    pub reason: GateReason,
    /// That in words.
    pub sentence: String,
}

/// What a person answered.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Said {
    /// Who.
    pub by: PersonId,
    /// In which role.
    pub role: RoleId,
    /// When.
    pub at: Timestamp,
    /// Yes or no.
    pub yes: bool,
    /// Why.
    pub reason: String,
}

impl Said {
    pub(super) fn of(answered: &Answered, at: Timestamp) -> Self {
        Self {
            by: answered.by.clone(),
            role: answered.role.clone(),
            at,
            yes: answered.yes,
            reason: answered.reason.clone(),
        }
    }
}

/// A question to people.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Question {
    /// Its number.
    pub number: u64,
    /// What about.
    pub about: AskAbout,
    /// Who may answer.
    pub roles: Vec<RoleId>,
    /// For people.
    pub text: String,
    /// When it was asked.
    pub asked: Timestamp,
    /// Who said what: the last word of each that they did not take back.
    pub answers: Vec<Said>,
    /// When nobody waited for an answer any more.
    pub closed: Option<Timestamp>,
    /// Of a gate that is open: have all said yes who must, and not too long ago? Then it waits for nobody.
    pub approved: bool,
}

#[derive(Default)]
pub(super) struct Fold {
    gates: Vec<GateView>,
    questions: BTreeMap<u64, Question>,
    /// What was found last of criteria where they stand, gates that are decided among them.
    found: BTreeMap<(Place, CriterionId), Finding>,
}

impl Fold {
    pub(super) fn take(&mut self, step: &Step<'_>) {
        let at = step.record.at();
        if let Body::OpStarted { place, .. } = &step.record.body {
            self.open(place, step);
        }
        if let Body::Asked(ask) = &step.record.body {
            self.questions.insert(ask.number, Question::new(ask, at));
        }
        if let Body::Answered(answered) = &step.record.body {
            self.unsaid(answered.ask, &answered.by);
            self.answered(answered, at);
        }
        if let Body::AnswerWithdrawn { ask, by, .. } = &step.record.body {
            self.unsaid(*ask, by);
        }
        if let Body::GateDecided {
            place,
            decision,
            reason,
            ..
        } = &step.record.body
            && let Some(gate) = self.gates.iter_mut().rfind(|gate| gate.place == *place)
        {
            for check in &mut gate.checks {
                let found = self.found.get(&(place.clone(), check.check.clone()));
                check.finding = found.cloned().or(check.finding.take());
            }
            gate.items = items(place, step);
            let (decision, sentence) = (*decision, words::gate_reason(reason));
            gate.decision = Some(GateDecision {
                at,
                decision,
                reason: reason.clone(),
                sentence,
            });
        }
        if let Body::Evaluated { judged, .. } = &step.record.body {
            for judged in judged {
                let at = (judged.place.clone(), judged.check.clone());
                self.found.insert(at, judged.finding.clone());
                // What is found behind a decision is none of its grounds.
                if let Some(gate) = self.latest(&judged.place)
                    && gate.decision.is_none()
                    && let Some(check) = gate.checks.iter_mut().find(|c| c.check == judged.check)
                {
                    check.finding = Some(judged.finding.clone());
                }
            }
        }
        if matches!(
            step.record.body,
            Body::RollbackStarted { .. } | Body::Finished { .. }
        ) {
            for gate in self.gates.iter_mut().filter(|gate| gate.decision.is_none()) {
                gate.closed.get_or_insert(at);
            }
        }
        for question in self
            .questions
            .values_mut()
            .filter(|question| question.closed.is_none())
        {
            if !step.after.asks.contains_key(&question.number) {
                question.closed = Some(at);
            }
        }
    }

    fn open(&mut self, place: &Place, step: &Step<'_>) {
        let at = step.record.at();
        let Some(op) = step.after.op(place) else {
            return;
        };
        let gate = match &op.kind {
            OpKind::Gate(gate) => gate,
            OpKind::Apply { .. }
            | OpKind::Ask { .. }
            | OpKind::Bake { .. }
            | OpKind::Ledger { .. }
            | OpKind::Measure { .. }
            | OpKind::Validate { .. }
            | OpKind::Wait { .. } => return,
        };
        if let Some(before) = self
            .latest(place)
            .filter(|before| before.decision.is_none())
        {
            before.closed.get_or_insert(at);
        }
        let mut opened = GateView::open(gate, place, (&op.step, &op.title), at);
        opened.items = items(place, step);
        self.gates.push(opened);
    }

    fn latest(&mut self, place: &Place) -> Option<&mut GateView> {
        self.gates.iter_mut().rfind(|gate| gate.place == *place)
    }

    fn answered(&mut self, answered: &Answered, at: Timestamp) {
        let Some(question) = self.questions.get_mut(&answered.ask) else {
            return;
        };
        let said = Said::of(answered, at);
        question.answers.push(said.clone());
        if let AskAbout::Approval { place, .. } = question.about.clone()
            && let Some(gate) = self.latest(&place)
        {
            gate.approvals.push(said);
        }
    }

    /// Takes away what the person has said to the question: only their last word counts.
    fn unsaid(&mut self, ask: u64, by: &PersonId) {
        let Some(question) = self.questions.get_mut(&ask) else {
            return;
        };
        question.answers.retain(|said| said.by != *by);
        if let AskAbout::Approval { place, .. } = question.about.clone()
            && let Some(gate) = self.latest(&place).filter(|gate| gate.decision.is_none())
        {
            gate.approvals.retain(|said| said.by != *by);
        }
    }

    pub(super) fn finish(mut self, state: &State) -> (Vec<GateView>, Vec<Question>) {
        let questions = self.questions.values_mut();
        for question in questions.filter(|question| question.closed.is_none()) {
            if let AskAbout::Approval { place, .. } = &question.about {
                question.approved = state.is_approved(place, &state.last);
            }
        }
        (self.gates, self.questions.into_values().collect())
    }
}

fn items(gate: &Place, step: &Step<'_>) -> Vec<GateItem> {
    let places = step.before.program.items_of(gate);
    let item = |place: &Place| {
        let (statement, said) = step.attested.item(place, step.before)?;
        let said = said.clone();
        Some(GateItem { statement, said })
    };
    places.iter().filter_map(item).collect()
}

impl GateView {
    fn open(gate: &Gate, place: &Place, (step, title): (&StepId, &str), at: Timestamp) -> Self {
        let checks = gate.checks.iter().map(|check| GateCheck {
            check: check.id.clone(),
            rule: check.criterion.to_string(),
            finding: None,
        });
        Self {
            gate: gate.id.clone(),
            step: step.clone(),
            place: place.clone(),
            title: title.to_owned(),
            opened: at,
            not_before: gate.not_before,
            timeout: gate.timeout,
            quorum: gate.approvals.quorum.clone(),
            expires_after: gate.approvals.expires_after,
            checks: checks.collect(),
            items: Vec::new(),
            approvals: Vec::new(),
            decision: None,
            closed: None,
        }
    }
}

impl Question {
    fn new(ask: &Ask, at: Timestamp) -> Self {
        Self {
            number: ask.number,
            about: ask.about.clone(),
            roles: ask.roles.clone(),
            text: ask.text.clone(),
            asked: at,
            answers: Vec::new(),
            closed: None,
            approved: false,
        }
    }
}
