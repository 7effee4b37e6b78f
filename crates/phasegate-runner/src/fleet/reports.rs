//! What a fleet makes of what its tasks report.

use phasegate_core::RolloutId;
use phasegate_journal::{LeaseError, ReadError, RolloutSummary};

use super::controller::FleetError;
use super::dispatch::{Asked, Begun, Dispatch, RETRY_PAUSE, Report, Running};
use crate::handle::{Ended, Handle, Operator, joined};
use crate::runner::RunnerError;

/// How many rollouts are handed to others between two counts: what was handed over must show in them.
const SHED_MAX: usize = 8;

impl Dispatch {
    pub(super) fn begun(
        &mut self,
        rollout: RolloutId,
        begun: Result<Handle, RunnerError>,
        done: Begun,
    ) {
        self.claiming = self.claiming.saturating_sub(1);
        let result = match begun {
            Ok(handle) => {
                self.adopt(&rollout, handle);
                if self.running.len() > self.running_max {
                    self.hand_over(&rollout);
                }
                Ok(())
            }
            Err(error) => Err(error.into()),
        };
        // Whoever asked may have gone.
        let _gone = done.send(result);
    }

    pub(super) fn claimed(&mut self, rollout: RolloutId, claimed: Result<Handle, RunnerError>) {
        self.claiming = self.claiming.saturating_sub(1);
        let asked = self.busy.remove(&rollout).unwrap_or_default();
        let error = match claimed {
            Ok(handle) => {
                let operator = self.adopt(&rollout, handle);
                for done in asked {
                    answer(done, Ok(operator.clone()));
                }
                return;
            }
            Err(error) => error,
        };
        let now = self.now();
        let refused = match &error {
            RunnerError::Lease(LeaseError::HeldBy { holder, remaining }) => {
                self.timetable.set(rollout, now + *remaining);
                FleetError::Elsewhere {
                    holder: holder.clone(),
                }
            }
            RunnerError::Lease(LeaseError::Finished | LeaseError::NotFound) => error.into(),
            RunnerError::Lease(LeaseError::Ambiguous { .. } | LeaseError::Unavailable(_))
            | RunnerError::Read(ReadError::Unavailable(_)) => {
                self.trouble(format!("{rollout}: {}", told(&error)));
                self.timetable.set(rollout, now + RETRY_PAUSE);
                error.into()
            }
            RunnerError::Lease(LeaseError::Storage(failed))
            | RunnerError::Read(ReadError::Storage(failed)) => {
                self.failed = Some(failed.clone());
                error.into()
            }
            // Damaged, of a newer release, or with names that this process cannot serve: another controller may know better, this one may later.
            RunnerError::Create(_)
            | RunnerError::Driver(_)
            | RunnerError::Unfit(_)
            | RunnerError::Lease(LeaseError::Fenced { .. })
            | RunnerError::Read(
                ReadError::Archived { .. } | ReadError::Corrupt { .. } | ReadError::NotFound,
            ) => {
                self.trouble(format!("{rollout}: {}", told(&error)));
                self.timetable.set(rollout, now + self.runner.lease);
                error.into()
            }
        };
        let mut refused = Some(refused);
        for done in asked {
            // The first gets the reason; more than one at the same moment are told to ask again.
            answer(done, Err(refused.take().unwrap_or(FleetError::Stopped)));
        }
    }

    fn adopt(&mut self, rollout: &RolloutId, handle: Handle) -> Operator {
        let operator = handle.operator();
        let Handle {
            view, stop, task, ..
        } = handle;
        let id = rollout.clone();
        self.tasks
            .spawn(async move { Report::Ended(id, joined(task.await)) });
        let running = Running {
            operator: operator.clone(),
            view,
            stop,
            handed_over: false,
        };
        tracing::info!(%rollout, running = self.running.len() + 1, "taken up");
        self.timetable.forget(rollout);
        self.hesitated.remove(rollout);
        self.running.insert(rollout.clone(), running);
        operator
    }

    pub(super) fn ended(&mut self, rollout: RolloutId, ended: Ended) {
        let was = self.running.remove(&rollout);
        tracing::info!(%rollout, ?ended, "ended here");
        let later = self.now() + self.runner.lease;
        match ended {
            Ended::Finished(_) => {}
            Ended::LostLease => self.timetable.set(rollout, later),
            Ended::Failed(why) => {
                self.trouble(format!("{rollout}: {why}"));
                self.timetable.set(rollout, later);
            }
            // For others; should nobody want it, it comes back.
            Ended::Stopped if was.as_ref().is_some_and(|was| was.handed_over) => {
                self.timetable.set(rollout, later);
            }
            Ended::Stopped => self.look(rollout),
        }
    }

    pub(super) fn looked(&mut self, rollout: RolloutId, found: Result<RolloutSummary, ReadError>) {
        let asked = self.busy.remove(&rollout).unwrap_or_default();
        if !asked.is_empty() {
            return self.claim(rollout, asked);
        }
        match found {
            Ok(found) => self.note(found),
            Err(ReadError::NotFound | ReadError::Archived { .. }) => {
                self.timetable.forget(&rollout);
            }
            Err(error) => {
                self.out_of_reach(error);
                let at = self.now() + RETRY_PAUSE;
                self.timetable.set(rollout, at);
            }
        }
    }

    /// Hands over what is more than this controller's share.
    pub(super) fn share_out(&mut self) {
        let here = self
            .peers
            .iter()
            .any(|peer| peer.holder == self.runner.holder);
        let count = u64::try_from(self.peers.len()).unwrap_or(u64::MAX);
        if !here || count < 2 {
            return;
        }
        let all: u64 = self.peers.iter().map(|peer| u64::from(peer.running)).sum();
        let share = usize::try_from(all.div_ceil(count)).unwrap_or(usize::MAX);
        let more = self.running.len().saturating_sub(share);
        let surplus: Vec<RolloutId> = self
            .running
            .iter()
            .rev()
            .filter(|(_, running)| !running.handed_over)
            .map(|(rollout, _)| rollout.clone())
            .take(more.min(SHED_MAX))
            .collect();
        for rollout in surplus {
            self.hand_over(&rollout);
        }
    }

    pub(super) fn hand_over(&mut self, rollout: &RolloutId) {
        if let Some(running) = self.running.get_mut(rollout)
            && let Some(stop) = running.stop.take()
        {
            running.handed_over = true;
            tracing::info!(%rollout, "handed over");
            // It may have ended by itself just now.
            let _ended_already = stop.send(());
        }
    }
}

pub(super) fn answer(done: Asked, result: Result<Operator, FleetError>) {
    // Whoever asked may have gone.
    let _gone = done.send(result);
}

/// An error with its causes in one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
