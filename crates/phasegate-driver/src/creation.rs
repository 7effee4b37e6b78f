//! The beginning of a rollout: everything that has to become durable at once.

use phasegate_core::{Now, PersonId, RolloutId, Span};
use phasegate_engine::program::Program;
use phasegate_engine::{Engine, Misfit, Sources};
use phasegate_journal::{Batch, Claim, Draft, Head, Lease};

use crate::driver::{Driver, DriverError, draft_of};

/// A rollout that is not in a journal yet.
///
/// Pass [`Creation::claims`] and [`Creation::batch`] to `Journal::create`, and what comes back to
/// [`Creation::created`].
#[derive(Debug)]
pub struct Creation {
    engine: Engine,
    claims: Vec<Claim>,
    batch: Batch,
    asked: Now,
}

impl Creation {
    /// Prepares a rollout.
    ///
    /// # Errors
    /// If the plan wants signatures and this build checks none, or one of its keys is none; if its first records cannot
    /// be written, as none of a checked program's are.
    pub fn new(
        rollout: RolloutId,
        program: Program,
        sources: Sources,
        by: PersonId,
        now: Now,
    ) -> Result<Self, DriverError> {
        check_keys(&program)?;
        let claims = program
            .resources()
            .into_iter()
            .map(|(binding, target)| Claim { binding, target })
            .collect();
        let mut engine =
            Engine::create(rollout, program, sources, by, now).map_err(|misfit: Misfit| {
                DriverError::Defect {
                    why: misfit.to_string(),
                }
            })?;
        let mut drafts: Vec<Draft> = Vec::new();
        while let Some((_, record)) = engine.poll_record() {
            drafts.push(draft_of(record)?);
        }
        let batch = Batch {
            wake_at: Some(now.wall),
            ..Batch::of(drafts)
        };
        Ok(Self {
            engine,
            claims,
            batch,
            asked: now,
        })
    }

    /// What the rollout moves and no other may move meanwhile.
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// Its first records.
    pub fn batch(&self) -> Batch {
        self.batch.clone()
    }

    /// The driver, once the records are durable.
    pub fn created(mut self, lease: Lease, head: Head, ttl: Span) -> Driver {
        self.engine.handle_durable(head.next_seq);
        Driver::around(self.engine, lease, ttl, self.asked, head)
    }
}

/// Can what the plan wants signed be checked here?
#[cfg(feature = "signed")]
pub(crate) fn check_keys(program: &Program) -> Result<(), DriverError> {
    let keys = program.signatures.as_ref().map(crate::signed::verifiers);
    match keys {
        Some(Err((key, error))) => {
            let why = format!("its key '{key}' cannot be used: {error}");
            Err(DriverError::Keys { why })
        }
        Some(Ok(_)) | None => Ok(()),
    }
}

#[cfg(not(feature = "signed"))]
pub(crate) fn check_keys(program: &Program) -> Result<(), DriverError> {
    let why = "this build checks no signatures: build it with the feature 'signed'".to_owned();
    match program.signatures {
        Some(_) => Err(DriverError::Keys { why }),
        None => Ok(()),
    }
}
