//! Responses, messages and triggers.

use phasegate_core::{ChannelId, Role, TriggerId};
use phasegate_plan::model;

use super::alarms::{Alarm, alarms};
use super::scaling::advised;
use super::ways_back::back;
use super::{CompileError, Compiler};
use crate::program::{Back, Blind, Channel, Reaction, Response, Telling, Trigger};

impl Compiler<'_> {
    /// Several responses become one act, the strongest, and all their messages.
    pub(super) fn reaction(&self, responses: &[model::Response]) -> Result<Reaction, CompileError> {
        let mut reaction = Reaction::default();
        for response in responses {
            let act = match response {
                model::Response::Hold => Response::Hold,
                model::Response::Abort => Response::Rollback(Back::Start),
                model::Response::Rollback(target) => Response::Rollback(back(target)),
                model::Response::Return(phase) => Response::Rollback(Back::Before(phase.clone())),
                model::Response::Procedure(id) => Response::Rollback(Back::Procedure(id.clone())),
                model::Response::Notify(notify) => {
                    reaction.tell.push(self.telling(notify)?);
                    continue;
                }
                other => {
                    return Err(CompileError::Unsupported {
                        what: format!("response {other:?}"),
                    });
                }
            };
            let stronger = match (&reaction.act, &act) {
                (None | Some(Response::Hold), _) => true,
                (Some(Response::Rollback(Back::Procedure(_))), Response::Rollback(to)) => {
                    !matches!(to, Back::Procedure(_))
                }
                (Some(Response::Rollback(_)), Response::Rollback(to)) => *to == Back::Start,
                (Some(Response::Rollback(_)), Response::Hold) => false,
            };
            if stronger {
                reaction.act = Some(act);
            }
        }
        Ok(reaction)
    }

    pub(super) fn channel(&self, id: &ChannelId) -> Result<Channel, CompileError> {
        let declared = self.plan.channels.iter().find(|channel| channel.id == *id);
        let declared = declared.ok_or_else(|| CompileError::missing("channel", id))?;
        if !self.has_role(&declared.binding, Role::Notifier) {
            return Err(CompileError::missing("notifier", &declared.binding));
        }
        Ok(Channel {
            to: declared.binding.clone(),
            channel: id.clone(),
        })
    }

    pub(super) fn telling(&self, notify: &model::Notify) -> Result<Telling, CompileError> {
        let via = self.channel(&notify.channel)?;
        let Some(id) = &notify.message else {
            let subject = "{{plan}}: {{phase}} {{step}}".to_owned();
            return Ok(Telling {
                via,
                subject,
                body: "{{reason}}".to_owned(),
            });
        };
        let message = self.plan.messages.iter().find(|message| message.id == *id);
        let message = message.ok_or_else(|| CompileError::missing("message", id))?;
        Ok(Telling {
            via,
            subject: self.filled(&message.subject)?,
            body: self.filled(&message.body)?,
        })
    }

    pub(super) fn triggers(&self) -> Result<Vec<Trigger>, CompileError> {
        let mut triggers: Vec<Trigger> = Vec::new();
        for alarm in alarms(self.plan) {
            triggers.push(match alarm {
                Alarm::Abort(_) => continue,
                Alarm::Alert(alert) => self.alert(alert)?,
                Alarm::Contingency(contingency, criterion) => {
                    let id = free_id(contingency.id.as_str(), &triggers)?;
                    self.contingency(id, contingency, criterion)?
                }
                Alarm::Procedure(procedure, criterion) => {
                    let id = free_id(procedure.id.as_str(), &triggers)?;
                    let trigger = model::Trigger::new(id, criterion.clone())
                        .respond([model::Response::Procedure(procedure.id.clone())]);
                    self.trigger(&trigger, Vec::new())?
                }
                Alarm::Trigger(trigger, None) => self.trigger(trigger, trigger.phases.clone())?,
                Alarm::Trigger(trigger, Some(phase)) => {
                    self.trigger(trigger, vec![phase.id.clone()])?
                }
            });
        }
        for one in &self.plan.scaling {
            for advice in advised(one)? {
                let id = free_id("scaling", &triggers)?;
                triggers.push(self.advice(id, one, &advice)?);
            }
        }
        Ok(triggers)
    }

    pub(super) fn trigger(
        &self,
        trigger: &model::Trigger,
        during: Vec<phasegate_core::PhaseId>,
    ) -> Result<Trigger, CompileError> {
        let id: TriggerId = trigger.id.clone();
        let blind = if trigger.when_blind.is_empty() {
            Reaction::only(Response::Hold)
        } else {
            self.reaction(&trigger.when_blind)?
        };
        Ok(Trigger {
            id,
            criterion: trigger.criterion.clone(),
            during,
            reaction: self.reaction(&trigger.respond)?,
            blind: Blind {
                after: trigger.blind_for,
                reaction: blind,
            },
        })
    }
}

/// A name with the first number that no trigger has yet.
fn free_id(name: &str, triggers: &[Trigger]) -> Result<TriggerId, CompileError> {
    let mut number: usize = 0;
    loop {
        number += 1;
        let id = trigger_id(name, number)?;
        if triggers.iter().all(|trigger| trigger.id != id) {
            return Ok(id);
        }
    }
}

/// Ids are at most 63 bytes; of a longer name the beginning is kept, and the number tells them apart.
fn trigger_id(name: &str, number: usize) -> Result<TriggerId, CompileError> {
    let end = format!("-{number}");
    let room = phasegate_core::id::ID_LEN_MAX.saturating_sub(end.len());
    let name = name
        .get(..room)
        .unwrap_or(name)
        .trim_end_matches(['-', '_']);
    TriggerId::new(format!("{name}{end}")).map_err(|error| CompileError::Unsupported {
        what: error.to_string(),
    })
}
