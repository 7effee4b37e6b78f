//! What nobody can measure is declared by a person or a system. It selects the row of the decision matrix
//! and starts its clocks: decide within, complete within, acknowledge within, update every. They run on
//! while it is paused, frozen or down; the first look after a pause calls out what ran out meanwhile. Whoever is on call is
//! called; where nobody looks at it within the time to acknowledge, whoever comes next in the order.
//!
//! A drill is an incident of which nothing comes but messages, calls and clocks: it shows whether alerts arrive, who is
//! there and how soon.

use phasegate_core::{Now, PersonId, Span};

use crate::engine::Engine;
use crate::event::EventError;
use crate::program::{Channel, MatrixRow, Telling, TimeoutDecision};
use crate::record::{AskAbout, Body, Cause, HoldReason, IncidentClock, IncidentStep};
use crate::state::IncidentState;

impl Engine {
    /// Declares an incident, once: the same words of the same person about one that is open are no second one.
    pub(crate) fn declare(
        &mut self,
        scenario: String,
        by: PersonId,
        evidence: String,
        drill: bool,
    ) -> Result<(), EventError> {
        if evidence.trim().is_empty() {
            return Err(EventError::ReasonMissing);
        }
        let Some(row) = self.row(&scenario).cloned() else {
            return Err(EventError::NotApplicable {
                what: "the plan's matrix has no such scenario",
            });
        };
        let step = IncidentStep::Declared {
            scenario,
            by,
            evidence,
            drill,
        };
        // Said again because no answer came: it is declared already.
        let mut open = self.state.incidents.values();
        if open.any(|incident| incident.is_declaration(&step)) {
            return Ok(());
        }
        let number = self.state.incidents.keys().last().copied().unwrap_or(0) + 1;
        self.incident_step(number, step);
        self.call(number);
        if !drill {
            self.announce_incident();
        }
        if row.decide_within.is_some_and(Span::is_zero) {
            self.decide_incident(number, true, None);
            return Ok(());
        }
        let word = if drill { "a drill, " } else { "" };
        let text = format!("{word}{}: is the plan's response carried out?", row.title);
        self.ask(AskAbout::Incident { number }, vec![row.decider], text);
        Ok(())
    }

    /// Records a step and tells those whom the row and the plan name.
    pub(crate) fn incident_step(&mut self, number: u64, step: IncidentStep) {
        let text = words(&step);
        self.emit(Body::Incident { number, step });
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        let (word, aside) = match incident.drill {
            true => ("Drill: ", "A drill, of which nothing comes but messages: "),
            false => ("", ""),
        };
        let Some(row) = self.row(&incident.scenario) else {
            return;
        };
        let of_plan = self.state.program.incidents.tell.iter();
        let more = of_plan.filter(|channel| !row.tell.contains(channel));
        let channels: Vec<Channel> = row.tell.iter().chain(more).cloned().collect();
        let subject = format!("{word}Incident {number} ({}): {text}", row.title);
        for via in channels {
            let telling = Telling {
                via,
                subject: subject.clone(),
                body: format!("{aside}{text}"),
            };
            self.tell_of_incident(&telling, number);
        }
    }

    pub(crate) fn incident_open(&self, number: u64) -> Result<(), EventError> {
        let incident = self.state.incidents.get(&number);
        if incident.is_some_and(|incident| incident.resolved.is_none()) {
            Ok(())
        } else {
            Err(EventError::NotApplicable {
                what: "no such incident is open",
            })
        }
    }

    /// Carries the plan's response out, or not.
    pub(crate) fn decide_incident(&mut self, number: u64, respond: bool, by: Option<PersonId>) {
        let Some(incident) = self.state.incidents.get(&number) else {
            return;
        };
        if incident.decided.is_some() {
            return;
        }
        let (scenario, drill) = (incident.scenario.clone(), incident.drill);
        let reaction = self.row(&scenario).map(|row| row.reaction.clone());
        self.incident_step(number, IncidentStep::Decided { respond, by });
        // A rollback that has failed is a person's, not the matrix's.
        let failed = self.state.rollback.as_ref().is_some_and(|back| back.failed);
        if let Some(reaction) = reaction.filter(|_| respond && !failed && !drill) {
            let cause = Cause::Incident {
                number,
                scenario: scenario.clone(),
            };
            let hold = HoldReason::Incident { number, scenario };
            self.respond(&reaction, cause, hold, None);
        }
    }

    /// Calls out every clock that has run out, each once.
    pub(crate) fn tend_incidents(&mut self) {
        let now = self.now();
        let numbers: Vec<u64> = self.state.incidents.keys().copied().collect();
        for number in numbers {
            for (clock, due) in self.incident_clocks(number) {
                if now.elapsed_since(&due.0).high <= due.1 {
                    continue;
                }
                self.incident_step(number, IncidentStep::Late { clock });
                let word = if self.is_incident_drill(number) {
                    "drill, "
                } else {
                    ""
                };
                self.escalate(&format!("{word}incident {number}: {} ran out", name(clock)));
                if clock == IncidentClock::Acknowledge {
                    self.call(number);
                }
                if clock == IncidentClock::Decide {
                    self.nobody_decided(number);
                }
            }
        }
    }

    /// The next phase is about to begin: what is to be decided at that point and was not is called out, and
    /// treated as the plan says. Does anything have to be seen to before it may begin?
    pub(crate) fn must_decide_first(&mut self) -> bool {
        let waits = |incident: &IncidentState| {
            incident.resolved.is_none()
                && !incident.drill
                && incident.decided.is_none()
                && !incident.late.contains(&IncidentClock::Decide)
                && self
                    .row(&incident.scenario)
                    .is_some_and(|row| row.decide_at_next_phase)
        };
        let open = self.state.incidents.iter();
        let numbers: Vec<u64> = open
            .filter(|(_, incident)| waits(incident))
            .map(|(number, _)| *number)
            .collect();
        for number in &numbers {
            let clock = IncidentClock::Decide;
            self.incident_step(*number, IncidentStep::Late { clock });
            self.escalate(&format!(
                "incident {number}: nobody has decided, and the next phase is about to begin"
            ));
            self.nobody_decided(*number);
        }
        !numbers.is_empty()
    }

    fn nobody_decided(&mut self, number: u64) {
        let scenario = self
            .state
            .incidents
            .get(&number)
            .map(|i| i.scenario.clone());
        let Some(scenario) = scenario else { return };
        match self.row(&scenario).map(|row| row.undecided) {
            Some(TimeoutDecision::Go) => self.decide_incident(number, true, None),
            Some(TimeoutDecision::NoGo) => self.decide_incident(number, false, None),
            // It is held, and whoever is to decide is still asked.
            Some(TimeoutDecision::Hold)
                if self.state.rollback.is_none() && !self.is_incident_drill(number) =>
            {
                self.hold(HoldReason::Incident { number, scenario });
            }
            Some(TimeoutDecision::Hold) | None => {}
        }
    }

    /// The clocks of an incident that run and were not called out: since when, and how long.
    pub(crate) fn incident_clocks(&self, number: u64) -> Vec<(IncidentClock, (Now, Span))> {
        let Some(incident) = self.state.incidents.get(&number) else {
            return Vec::new();
        };
        if incident.resolved.is_some() {
            return Vec::new();
        }
        let rules = &self.state.program.incidents;
        let row = self.row(&incident.scenario);
        let IncidentState {
            declared, decided, ..
        } = incident;
        let mut clocks = Vec::new();
        let mut add = |clock, since: Now, span: Option<Span>| {
            if let Some(span) = span.filter(|_| !incident.late.contains(&clock)) {
                clocks.push((clock, (since, span)));
            }
        };
        if incident.acknowledged.is_none() {
            let last = incident.called.last().map_or(*declared, |called| called.at);
            add(IncidentClock::Acknowledge, last, rules.acknowledge_within);
        }
        match decided {
            None => add(
                IncidentClock::Decide,
                *declared,
                row.and_then(|row| row.decide_within),
            ),
            Some((at, true)) => add(
                IncidentClock::Complete,
                *at,
                row.and_then(|row| row.complete_within),
            ),
            Some((_, false)) => {}
        }
        add(IncidentClock::Update, incident.news, rules.update_every);
        clocks
    }

    fn is_incident_drill(&self, number: u64) -> bool {
        let incident = self.state.incidents.get(&number);
        incident.is_some_and(|incident| incident.drill)
    }

    fn row(&self, scenario: &str) -> Option<&MatrixRow> {
        let mut rows = self.state.program.matrix.iter();
        rows.find(|row| row.scenario == scenario)
    }
}

fn name(clock: IncidentClock) -> &'static str {
    match clock {
        IncidentClock::Acknowledge => "the time to acknowledge it",
        IncidentClock::Complete => "the time to complete the response",
        IncidentClock::Decide => "the time to decide",
        IncidentClock::Update => "the time between updates",
    }
}

fn words(step: &IncidentStep) -> String {
    match step {
        IncidentStep::Acknowledged { by } => format!("{by} looks at it"),
        IncidentStep::Called { role, people, .. } => {
            let people: Vec<&str> = people.iter().map(PersonId::as_str).collect();
            format!("{} is called ({role})", people.join(", "))
        }
        IncidentStep::Decided {
            respond,
            by: Some(by),
        } => {
            let word = if *respond { "" } else { "not " };
            format!("{by} decided: the response is {word}carried out")
        }
        IncidentStep::Decided { respond, by: None } => {
            let word = if *respond { "" } else { "not " };
            format!("as the plan says, the response is {word}carried out")
        }
        IncidentStep::Declared {
            by,
            evidence,
            drill: false,
            ..
        } => format!("declared by {by}: {evidence}"),
        IncidentStep::Declared { by, evidence, .. } => format!("rehearsed by {by}: {evidence}"),
        IncidentStep::FollowedUp { by, text } => format!("followed up by {by}: {text}"),
        IncidentStep::Late { clock } => format!("{} ran out", name(*clock)),
        IncidentStep::Resolved { by, text } => format!("resolved by {by}: {text}"),
        IncidentStep::Updated { by, text } => format!("news from {by}: {text}"),
    }
}
