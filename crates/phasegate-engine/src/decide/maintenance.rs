//! Work that comes again and again: announced, begun and over by the calendar, recorded, and told where the plan says so.
//! Whatever holds the rollout, the calendar goes on. What came due while nobody looked is recorded once, the last of it.

use std::sync::Arc;

use phasegate_core::Timestamp;

use super::announce::cadence_after;
use crate::engine::Engine;
use crate::program::{Maintenance, Telling};
use crate::record::{Body, MaintenanceStep};

/// What of a work is due next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MaintenanceDue {
    pub(crate) at: Timestamp,
    pub(crate) step: MaintenanceStep,
    pub(crate) begins: Timestamp,
}

impl Engine {
    /// Records what the calendar has come to by now.
    pub(crate) fn tend_maintenance(&mut self) {
        let now = self.now().wall;
        for (index, due) in self.maintenance_due().iter().enumerate() {
            if let Some(due) = due.filter(|due| due.at <= now) {
                self.maintain(index, due, now);
            }
        }
    }

    fn maintain(&mut self, index: usize, due: MaintenanceDue, now: Timestamp) {
        let program = Arc::clone(&self.state.program);
        let Some(one) = program.maintenance.get(index) else {
            return;
        };
        let mut begins = due.begins;
        let mut step = due.step;
        // Of those that were missed, the last: that one is not announced any more.
        if step != MaintenanceStep::Over {
            while let Some(next) = self.next_begin(one, begins).filter(|next| *next <= now) {
                begins = next;
            }
            if begins <= now {
                step = MaintenanceStep::Begun;
            }
        }
        self.emit(Body::Maintenance {
            number: u32::try_from(index).unwrap_or(u32::MAX),
            title: one.title.clone(),
            begins,
            step,
        });
        let what = match step {
            MaintenanceStep::Announced => format!("begins at {begins}"),
            MaintenanceStep::Begun => "begins".to_owned(),
            MaintenanceStep::Over => "is over".to_owned(),
        };
        for via in &one.tell {
            let telling = Telling {
                via: via.clone(),
                subject: format!("{{{{plan}}}}: maintenance {what}: {}", one.title),
                body: String::new(),
            };
            self.tell(&telling);
        }
    }

    fn next_begin(&self, one: &Maintenance, after: Timestamp) -> Option<Timestamp> {
        cadence_after(&one.cadence, self.state.created.wall, after)
    }

    /// What of each work is due next. `None` for what never comes again.
    pub(crate) fn maintenance_due(&self) -> Arc<[Option<MaintenanceDue>]> {
        let all = 0..self.state.program.maintenance.len();
        let due = || all.map(|index| self.maintenance_due_of(index)).collect();
        Arc::clone(self.volatile.maintenance_due.get_or_init(due))
    }

    fn maintenance_due_of(&self, index: usize) -> Option<MaintenanceDue> {
        let one = self.state.program.maintenance.get(index)?;
        let last = self.state.maintenance.get(&index);
        let due = |at, step, begins| Some(MaintenanceDue { at, step, begins });
        match (last, one.length) {
            (Some((begins, MaintenanceStep::Announced)), _) => {
                due(*begins, MaintenanceStep::Begun, *begins)
            }
            (Some((begins, MaintenanceStep::Begun)), Some(length)) => {
                due(*begins + length, MaintenanceStep::Over, *begins)
            }
            (Some((_, MaintenanceStep::Begun | MaintenanceStep::Over)) | None, _) => {
                let after = last.map_or(self.state.created.wall, |(begins, _)| *begins);
                let begins = self.next_begin(one, after)?;
                let at = begins.before(one.notice.unwrap_or_default());
                match one.notice {
                    Some(_) => due(at, MaintenanceStep::Announced, begins),
                    None => due(begins, MaintenanceStep::Begun, begins),
                }
            }
        }
    }
}
