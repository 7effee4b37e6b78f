//! Telling people, by messages beside all operations that are delivered at least once, and asking them.

use phasegate_core::{Desired, Effect, EffectClass, EffectKey, PhaseId, RoleId};

use crate::engine::Engine;
use crate::program::{Back, Channel, Op, OpKind, Telling};
use crate::record::{Ask, AskAbout, Body, Cause, Place};
use crate::state::exposure;
use crate::template::fill;

/// On what occasion something is told.
#[derive(Clone, Copy, Default)]
pub(crate) struct Occasion<'a> {
    place: Option<&'a Place>,
    phase: Option<&'a PhaseId>,
    cause: Option<&'a Cause>,
}

impl<'a> Occasion<'a> {
    pub(crate) fn at(place: Option<&'a Place>) -> Self {
        Self {
            place,
            ..Self::default()
        }
    }
}

impl Engine {
    /// Asks whoever has one of these roles.
    pub(crate) fn ask(&mut self, about: AskAbout, roles: Vec<RoleId>, text: String) {
        let number = self.state.ask_count + 1;
        self.emit(Body::Asked(Ask {
            number,
            about,
            roles,
            text,
        }));
    }

    /// Is that a question that is open?
    pub(crate) fn is_asked(&self, about: &AskAbout) -> bool {
        let mut asks = self.state.asks.values();
        asks.any(|state| state.ask.about == *about)
    }

    /// Sends a message.
    pub(crate) fn tell(&mut self, telling: &Telling) {
        self.send(telling, Occasion::default(), None);
    }

    /// Sends a message about a place.
    pub(crate) fn tell_of(&mut self, telling: &Telling, place: Option<&Place>) {
        self.send(telling, Occasion::at(place), None);
    }

    /// Sends a message about what has happened.
    pub(crate) fn tell_because(
        &mut self,
        telling: &Telling,
        cause: &Cause,
        phase: Option<&PhaseId>,
    ) {
        let occasion = Occasion {
            place: None,
            phase,
            cause: Some(cause),
        };
        self.send(telling, occasion, None);
    }

    /// Sends a message about an incident, whose arrival is noted there.
    pub(crate) fn tell_of_incident(&mut self, telling: &Telling, number: u64) {
        self.send(telling, Occasion::default(), Some(number));
    }

    fn send(&mut self, telling: &Telling, occasion: Occasion<'_>, about: Option<u64>) {
        let (subject, body) = (
            self.fill(&telling.subject, occasion),
            self.fill(&telling.body, occasion),
        );
        let number = self.state.effect_count + 1;
        let effect = Effect {
            number,
            key: EffectKey::new(&self.state.rollout, number),
            to: telling.via.to.clone(),
            desired: Desired::Message {
                channel: telling.via.channel.clone(),
                subject,
                body,
            },
            before: None,
            class: EffectClass::FireAndForget,
            deadline: self.now().wall + self.state.program.timing.effect_within,
        };
        self.emit(Body::Intended {
            place: Place::Aside,
            effect: effect.clone(),
            about,
        });
        self.hand_out(effect);
    }

    /// Fills in the variables of a template, [`phasegate_plan::MESSAGE_VARIABLES`]. What is filled in is never
    /// looked through again.
    pub(crate) fn fill(&self, template: &str, occasion: Occasion<'_>) -> String {
        fill(template, |name| self.variable(name, occasion))
    }

    fn variable(&self, name: &str, occasion: Occasion<'_>) -> Option<String> {
        let place = occasion.place;
        let places = self.state.places();
        let undone = self
            .state
            .rollback
            .as_ref()
            .and_then(|rollback| rollback.phases.first());
        let phase = place.and_then(Place::phase).or(occasion.phase).or(undone);
        let phase = phase.or_else(|| places.iter().find_map(Place::phase));
        Some(match name {
            "gate" => {
                let is_gate = |op: &Op| match &op.kind {
                    OpKind::Gate(gate) => Some(gate.id.to_string()),
                    _ => None,
                };
                let mut running = place.into_iter().chain(&places);
                let found = running.find_map(|place| is_gate(self.state.op(place)?));
                found.unwrap_or_default()
            }
            "moment" => self.now().wall.to_string(),
            "plan" => self.state.program.title.clone(),
            "rollout" => self.state.rollout.to_string(),
            "phase" => phase
                .and_then(|id| self.state.program.phase(id))
                .map(|phase| phase.title.clone())
                .unwrap_or_default(),
            "step" => {
                let op = place.and_then(|place| self.state.op(place));
                op.map(|op| op.step.to_string()).unwrap_or_default()
            }
            "weight" => {
                let shares = self.state.applied.values().map(|a| exposure(&a.desired));
                shares.max().unwrap_or_default().to_string()
            }
            "reason" => {
                let hold = || self.state.holds.first().map(ToString::to_string);
                let cause = self.cause(occasion).map(ToString::to_string);
                cause.or_else(hold).unwrap_or_default()
            }
            "trigger" => match self.cause(occasion) {
                Some(Cause::Trigger { trigger, .. }) => trigger.to_string(),
                _ => String::new(),
            },
            _ => return None,
        })
    }

    /// Why something is told: what has happened, or else why the rollout goes back.
    fn cause<'a>(&'a self, occasion: Occasion<'a>) -> Option<&'a Cause> {
        let back = || self.state.rollback.as_ref().map(|back| &back.cause);
        occasion.cause.or_else(back)
    }

    /// Tells those whom the plan names for trouble, if it names any.
    pub(crate) fn escalate(&mut self, what: &str) {
        let Some(via) = self.escalation() else { return };
        let title = &self.state.program.title;
        let telling = Telling {
            via,
            subject: format!("{title}: {what}"),
            body: format!(
                "Rollout {} of plan {}: {what}.",
                self.state.rollout, self.state.program.plan
            ),
        };
        self.tell(&telling);
    }

    /// The escalation channel of what is being undone, or of the first phase under way that has one.
    fn escalation(&self) -> Option<Channel> {
        let program = &self.state.program;
        let undone = self
            .state
            .rollback
            .iter()
            .flat_map(|rollback| rollback.phases.iter());
        let places = self.state.places();
        let running = places.iter().filter_map(Place::phase);
        let chosen = self.state.rollback.iter().find_map(|rollback| {
            if let Back::Procedure(id) = &rollback.back {
                program.procedure(id)?.rollback.escalate.clone()
            } else {
                None
            }
        });
        let of_phases = undone.chain(running).filter_map(|id| program.phase(id));
        chosen.or_else(|| {
            of_phases
                .into_iter()
                .find_map(|phase| phase.rollback.escalate.clone())
        })
    }
}
