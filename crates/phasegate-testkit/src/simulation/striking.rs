//! How faults strike a running simulation.

use std::collections::VecDeque;

use phasegate_core::{Clock as _, Desired, Ratio, Span, Timestamp};
use phasegate_driver::{Driver, Input, Request, Stop};
use phasegate_journal::{
    AppendError, Batch, Head, Holder, Journal as _, StorageError, StorageKind, Unavailable,
};

use super::faults::AppendFault;
use super::run::{Due, LEASE, Simulation, SimulationError, journal_error};

impl Simulation {
    pub(super) fn strike(&mut self, what: &'static str) {
        *self.struck.entry(what).or_default() += 1;
    }

    /// Appends, or does what the journal does wrong this time.
    pub(super) fn write(
        &mut self,
        expected_next_seq: u64,
        batch: Batch,
    ) -> Result<Result<Head, AppendError>, SimulationError> {
        let count = self.appends;
        self.appends += 1;
        let lease = self.lease()?;
        let write = || pollster::block_on(self.journal.append(&lease, expected_next_seq, batch));
        let Some(fault) = self.faults.appends.get(&count).copied() else {
            return Ok(write());
        };
        let ambiguous = || AppendError::Ambiguous {
            why: "the connection broke".to_owned(),
        };
        let storage = |why: &str| AppendError::Storage(StorageError::new(StorageKind::Io, why));
        let result = match fault {
            AppendFault::AnswerLost => write().and(Err(ambiguous())),
            AppendFault::DiskFull => Err(storage("no space left on device")),
            AppendFault::RequestLost => Err(ambiguous()),
            AppendFault::SyncFailedKept => write().and(Err(storage("sync failed"))),
            AppendFault::SyncFailedLost => Err(storage("sync failed")),
            AppendFault::Unreachable => {
                Err(AppendError::Unavailable(Unavailable::new("unreachable")))
            }
        };
        self.strike(fault.name());
        Ok(result)
    }

    /// Sets the wall clock where that is due.
    pub(super) fn step_clock(&mut self) {
        let now = self.clock.now().wall;
        let due: Vec<(Timestamp, i64)> = self
            .faults
            .clock_steps
            .extract_if(.., |(at, _)| *at <= now)
            .collect();
        for (_, by) in due {
            let span = Span::from_millis(by.unsigned_abs());
            // Answers that are under way come when they come, whatever the wall clock shows then.
            for (at, ..) in &mut self.pending {
                *at = if by < 0 { at.before(span) } else { *at + span };
            }
            if by < 0 {
                self.strike("clock set back");
                self.clock.set_wall(now.before(span));
            } else {
                self.strike("clock set forward");
                self.clock.set_wall(now + span);
            }
        }
    }

    /// Somebody else changes what the rollout has set.
    pub(super) fn meddle(&mut self) {
        let now = self.clock.now().wall;
        let due: Vec<_> = self
            .faults
            .meddling
            .extract_if(.., |(at, ..)| *at <= now)
            .collect();
        for (_, binding, target) in due {
            let key = (binding, target);
            if let Some(thing) = self.world.things.get_mut(&key) {
                let target = key.1;
                thing.meddle(match &thing.now {
                    Some(Desired::Scale { .. }) => Desired::Scale { target, count: 7 },
                    Some(_) | None => Desired::Traffic {
                        target,
                        canary: Ratio::from_percent(77).unwrap_or(Ratio::ONE),
                    },
                });
                self.strike("somebody else changes it");
            }
        }
    }

    /// When a rival comes at the latest that may come from then on.
    pub(super) fn rival_comes(&self, from: Timestamp) -> Timestamp {
        if from > self.clock.now().wall {
            from
        } else {
            from + RIVAL_WAITS
        }
    }

    /// Another controller takes the rollout while this one stalls; then this one goes on. It stalls while the journal
    /// writes, if it writes soon: then it hears that its intent is durable when another has the rollout.
    pub(super) fn rival(&mut self) -> Result<(), SimulationError> {
        let now = self.clock.now().wall;
        let under_way = self
            .pending
            .iter()
            .position(|(.., due)| matches!(due, Due::Append { .. }));
        let comes =
            |from: &Timestamp| *from <= now && (under_way.is_some() || *from + RIVAL_WAITS <= now);
        let Some(index) = self.faults.rivals.iter().position(comes) else {
            return Ok(());
        };
        if self.driver.is_none() {
            return Ok(());
        }
        self.faults.rivals.remove(index);
        let mut heard = VecDeque::new();
        let append = under_way.and_then(|index| self.pending.remove(index));
        if let Some((
            ..,
            Due::Append {
                expected_next_seq,
                batch,
            },
        )) = append
        {
            let written = self.write(expected_next_seq, batch)?;
            heard.push_back(Input::Appended(written));
        }
        let stale = self.driver.take();
        self.strike("two controllers");
        self.clock.advance(LEASE.saturating_add(Span::from_secs(1)));
        self.forget();
        let name = if self.holder.as_str() == RIVAL {
            "simulation"
        } else {
            RIVAL
        };
        self.holder = Holder::new(name).map_err(journal_error)?;
        while self.driver.is_none() && self.ended.is_none() {
            self.restart()?;
        }
        if let Some(stale) = stale {
            self.wake(stale, heard);
        }
        Ok(())
    }

    /// The controller that lost its lease wakes up and hears what it had asked for: it may neither write nor act.
    fn wake(&mut self, mut stale: Driver, mut heard: VecDeque<Input>) {
        let now = self.clock.now();
        if let Some(input) = heard.pop_front() {
            stale.handle(&now, input);
            if self.poll_stale(&mut stale, &mut heard) {
                return;
            }
        }
        stale.handle_timeout(&now);
        // What it asks for is answered when it has said all that it wants.
        while !self.poll_stale(&mut stale, &mut heard) {
            let Some(input) = heard.pop_front() else {
                return;
            };
            stale.handle(&now, input);
        }
    }

    /// Does what it wants; true when it has noticed that another has the rollout.
    fn poll_stale(&mut self, stale: &mut Driver, heard: &mut VecDeque<Input>) -> bool {
        let token = stale.lease().clone();
        while let Some(request) = stale.poll() {
            match request {
                Request::Append {
                    expected_next_seq,
                    batch,
                } => {
                    let append = self.journal.append(&token, expected_next_seq, batch);
                    let result = pollster::block_on(append);
                    if result.is_ok() {
                        self.trespasses.push(format!(
                            "one writer: wrote at {expected_next_seq} without its lease"
                        ));
                    }
                    heard.push_back(Input::Appended(result));
                }
                Request::Perform { effect, .. } => {
                    self.trespasses.push(format!(
                        "one writer: began {} without its lease",
                        effect.desired
                    ));
                }
                Request::Renew { ttl } => {
                    let renewed = pollster::block_on(self.journal.renew(&token, ttl));
                    heard.push_back(Input::Renewed(renewed));
                }
                Request::Stop(Stop::LostLease) => {
                    self.strike("lost lease noticed");
                    return true;
                }
                Request::Inspect(_)
                | Request::Measure { .. }
                | Request::Rebuild
                | Request::Stop(_) => {}
            }
        }
        false
    }
}

/// So long a rival waits for the journal to write.
const RIVAL_WAITS: Span = Span::from_secs(120);
const RIVAL: &str = "rival";
