//! Where the answers of alerts and of gates of the whole lead back to. Before the start nothing has been done, at
//! acceptance everything has.

use super::edges::Edges;
use super::{At, Scope};
use crate::fault::Code;
use crate::model::{GateWhen, Response, RollbackTarget};

impl Edges<'_> {
    pub(super) fn answers(&self, scope: &mut Scope<'_>) {
        let draft = self.draft;
        let all: Vec<usize> = (0..draft.phases.len()).collect();
        let alerts = At::ROOT.key("alerts");
        for (index, alert) in draft.alerts.iter().enumerate() {
            let here = alerts.index(index);
            self.responses(scope, &all, &alert.respond, here.key("respond"));
        }
        let last = self.last_ones();
        let gates = At::ROOT.key("gates");
        for (index, gate) in draft.gates.iter().enumerate() {
            let here = gates.index(index);
            if scope.is_unread(here, &["when"]) {
                continue;
            }
            let list = here.key("no-go");
            for (number, response) in gate.no_go.iter().enumerate() {
                if scope.is_full() {
                    return;
                }
                match &gate.when {
                    GateWhen::BeforeStart => before_all(scope, response, list.index(number)),
                    GateWhen::Acceptance => {
                        self.after_all(scope, response, last, list.index(number));
                    }
                    // Misplaced, which is a fault of its own.
                    GateWhen::BeforeStep(_) | GateWhen::End => {}
                }
            }
        }
    }

    /// At acceptance; `last` phases are waited for by no other one.
    fn after_all(&self, scope: &mut Scope<'_>, response: &Response, last: usize, here: At<'_>) {
        if let Response::Return(id) = response
            && let Some(&to) = self.index.get(id.as_str())
        {
            let lost = self.lost(&[], Some(to), true);
            self.undoes(scope, lost, here.key("return-to"));
        }
        let Response::Rollback(target) = response else {
            return;
        };
        let here = here.key("rollback");
        match target {
            RollbackTarget::PreviousPhase => {
                if self.unclear.is_empty() && last > 1 {
                    let message = "several phases come last: which one is before acceptance?";
                    let help = "write 'rollback: {phase: id}'";
                    scope.report(Code::PreviousPhaseUnclear, here, message, help);
                }
            }
            RollbackTarget::Start => {
                let lost = self.irreversible.first().copied();
                self.undoes(scope, lost, here);
            }
            RollbackTarget::Phase(id) => {
                let Some(&to) = self.index.get(id.as_str()) else {
                    return;
                };
                let lost = self.lost(&[], Some(to), false);
                self.undoes(scope, lost, here.key("phase"));
            }
        }
    }

    /// How many phases there are that no other one waits for.
    fn last_ones(&self) -> usize {
        let mut last = vec![true; self.before.len()];
        for before in self.before.iter().flatten() {
            if let Some(slot) = last.get_mut(*before) {
                *slot = false;
            }
        }
        last.into_iter().filter(|one| *one).count()
    }
}

fn before_all(scope: &mut Scope<'_>, response: &Response, here: At<'_>) {
    let backwards = "before the start no phase has been done";
    let help = "write 'hold', or say what is told to whom";
    match response {
        Response::Rollback(RollbackTarget::PreviousPhase) => {
            let here = here.key("rollback");
            scope.report(Code::PreviousPhaseUnclear, here, backwards, help);
        }
        Response::Rollback(RollbackTarget::Phase(_)) => {
            let here = here.key("rollback");
            scope.report(Code::ReturnNotBackwards, here.key("phase"), backwards, help);
        }
        Response::Return(_) => {
            let here = here.key("return-to");
            scope.report(Code::ReturnNotBackwards, here, backwards, help);
        }
        Response::Rollback(RollbackTarget::Start)
        | Response::Hold
        | Response::Abort
        | Response::Notify(_)
        | Response::Procedure(_) => {}
    }
}
