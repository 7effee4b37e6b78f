//! What people answer and comparers tell, as the world of a simulation has it.

use phasegate_core::{Clock as _, TargetId};
use phasegate_driver::Driver;
use phasegate_engine::record::AskAbout;
use phasegate_engine::{Act, Person};

use super::run::Simulation;

impl Simulation {
    /// People who were asked think about it.
    pub(super) fn schedule_replies(&mut self) {
        let Some(state) = self.driver.as_ref().map(Driver::state) else {
            return;
        };
        let mut replies = Vec::new();
        for (number, ask) in &state.asks {
            for role in &ask.ask.roles {
                for reply in self.world.people.replies.get(role).into_iter().flatten() {
                    let given = ask.answers.iter().any(|(answer, _)| answer.by == reply.by);
                    let key = (*number, reply.by.clone());
                    if given || !self.answered.insert(key) {
                        continue;
                    }
                    let person = Person {
                        id: reply.by.clone(),
                        roles: vec![role.clone()],
                    };
                    let act = Act::Answer {
                        ask: *number,
                        role: role.clone(),
                        yes: match ask.ask.about {
                            // Whoever looks, sees.
                            AskAbout::Effect { number } => {
                                self.world.has_done(&state.rollout, number)
                            }
                            AskAbout::Approval { .. }
                            | AskAbout::Attestation { .. }
                            | AskAbout::Difference { .. }
                            | AskAbout::Incident { .. }
                            | AskAbout::Task { .. } => reply.yes,
                        },
                        plan_digest: state.program.plan_digest.clone(),
                        seen: state.next_seq,
                    };
                    replies.push((ask.asked.wall + reply.after, person, act));
                }
            }
        }
        self.acts.extend(replies);
    }

    /// Comparers report what they see until it is in the journal.
    pub(super) fn report_differences(&mut self) {
        let now = self.clock.now();
        let known = |target: &TargetId, id: &String, driver: &Driver| {
            let key = (target.clone(), id.clone());
            driver.state().differences.contains_key(&key)
        };
        let Some(driver) = &mut self.driver else {
            return;
        };
        for seen in &self.world.differences {
            if seen.from > now.wall || known(&seen.target, &seen.id, driver) {
                continue;
            }
            let (target, id) = (seen.target.clone(), seen.id.clone());
            // One that fits no longer is the comparer's to notice.
            let _taken =
                driver.handle_difference(&now, target, id, seen.count, seen.detail.clone());
        }
    }
}
