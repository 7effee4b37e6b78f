//! What stands around the phases: ways back beside theirs, freezes, messages, the matrix, bindings and clocks.

use super::{Found, NotPermitted};
use crate::program::{Procedure, Program};
use crate::record::Change;

impl<'p> Found<'p> {
    pub(super) fn ways_back(&mut self) {
        for one in &self.new.procedures {
            let before = self.old.procedure(&one.id);
            if before != Some(one) {
                self.procedure(!self.begun || before.is_none(), one);
            }
        }
        for one in &self.old.procedures {
            if self.new.procedure(&one.id).is_none() {
                self.procedure(!self.begun, one);
            }
        }
    }

    fn procedure(&mut self, is_permitted: bool, one: &Procedure) {
        let procedure = one.id.clone();
        let refused = NotPermitted::Procedure {
            id: procedure.clone(),
        };
        self.note(is_permitted, Change::Procedure { procedure }, refused);
    }

    pub(super) fn surroundings(&mut self) {
        let (old, new) = (self.old, self.new);
        if old.freezes != new.freezes {
            self.changes.push(Change::Freezes);
        }
        if old.announcements != new.announcements || old.maintenance != new.maintenance {
            self.changes.push(Change::Communication);
        }
        if old.matrix != new.matrix || old.incidents != new.incidents {
            self.matrix();
        }
        for (id, binding) in &old.bindings {
            if self.begun && new.bindings.get(id) != Some(binding) {
                let binding = id.clone();
                self.refused.push(NotPermitted::Binding { binding });
            }
        }
        if self.begun && old.timing.settle != new.timing.settle {
            self.refused.push(NotPermitted::Settle);
        }
        if old.signatures != new.signatures {
            self.changes.push(Change::Signatures);
        }
        let same = old.timing == new.timing
            && old.escalate_to == new.escalate_to
            && old.on_call == new.on_call
            && old.work_time == new.work_time
            && old.recovery_time == new.recovery_time
            && old.bindings == new.bindings
            && old.scaling == new.scaling;
        if !same {
            self.changes.push(Change::Surroundings);
        }
    }

    fn matrix(&mut self) {
        let mut open = self.state.incidents.values();
        let touched = |scenario: &str| {
            let row = |program: &'p Program| program.matrix.iter().find(|r| r.scenario == scenario);
            row(self.old) != row(self.new) || self.old.incidents != self.new.incidents
        };
        let open = open.find(|one| !one.followed_up && touched(&one.scenario));
        match open {
            Some(open) => self.refused.push(NotPermitted::Incident {
                scenario: open.scenario.clone(),
            }),
            None => self.changes.push(Change::Matrix),
        }
    }
}
