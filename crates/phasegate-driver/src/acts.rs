//! Checking again, with nothing but the records and the plans in hand, what people have signed: no store, no network.
//!
//! ```
//! # use phasegate_driver::acts::verify_acts;
//! # use phasegate_engine::program::PlanKeys;
//! # fn audit(exported: &str, plan: &phasegate_engine::program::Program) -> Result<(), Box<dyn std::error::Error>> {
//! // Reading it has verified the chain.
//! let transcript = phasegate_journal::Transcript::read_from(exported.as_bytes())?;
//! for signed in verify_acts(transcript.records(), &[PlanKeys::from(plan)])? {
//!     println!("record {}: {} signed '{}'", signed.seq, signed.by, signed.act);
//! }
//! # Ok(())
//! # }
//! ```

use std::collections::BTreeSet;
use std::fmt;

use phasegate_core::{PersonId, RolloutId};
use phasegate_engine::event::Deed;
use phasegate_engine::program::{Back, PlanKeys, Program};
use phasegate_engine::record::{Body, Cause, Record};
use phasegate_journal::checkpoint::SignedAct;

use crate::signed::verifiers;

/// A record under which a signature holds.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SignedRecord {
    /// Its sequence.
    pub seq: u64,
    /// Who signed.
    pub by: PersonId,
    /// What, in the words that they signed.
    pub act: String,
}

/// A record that does not hold, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Doubt {
    /// Its sequence.
    pub seq: u64,
    /// What is wrong with it.
    pub why: String,
}

/// All records that do not hold.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "readers take it apart")]
pub struct Doubts(pub Vec<Doubt>);

impl fmt::Display for Doubts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what people are said to have done does not hold:")?;
        for Doubt { seq, why } in &self.0 {
            write!(f, "\n  record {seq}: {why}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Doubts {}

/// Checks every act of a rollout's journal, whose chain holds, that the plans in hand want signed: by whom, in which
/// words, for which rollout and plan, over which head of this very journal, and once. Each plan that was in force must be
/// in hand, first and revised ones; take them from the plan documents and not from record 0, which whoever can rewrite a
/// journal rewrites too. How old a head was is judged when an act is done, not here.
///
/// # Errors
/// All records that do not hold.
pub fn verify_acts(
    records: &[phasegate_journal::Record],
    plans: &[PlanKeys],
) -> Result<Vec<SignedRecord>, Doubts> {
    let mut auditor = Auditor {
        records,
        plans,
        rollout: None,
        in_force: None,
        before: Before::Other,
        drilled: None,
        used: BTreeSet::new(),
        signed: Vec::new(),
        doubts: Vec::new(),
    };
    for (seq, stored) in (0u64..).zip(records) {
        match Record::decode(&stored.kind, &stored.payload) {
            Ok(record) => auditor.take(seq, &record),
            Err(error) => auditor.doubt(seq, error.to_string()),
        }
    }
    match auditor.doubts.is_empty() {
        true => Ok(auditor.signed),
        false => Err(Doubts(auditor.doubts)),
    }
}

/// What stands before a record.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Before {
    Abort,
    Other,
    Recovery,
}

struct Auditor<'r> {
    records: &'r [phasegate_journal::Record],
    plans: &'r [PlanKeys],
    rollout: Option<RolloutId>,
    in_force: Option<&'r PlanKeys>,
    before: Before,
    /// How far the drill goes back that is under way.
    drilled: Option<Back>,
    used: BTreeSet<String>,
    signed: Vec<SignedRecord>,
    doubts: Vec<Doubt>,
}

impl<'r> Auditor<'r> {
    fn doubt(&mut self, seq: u64, why: impl Into<String>) {
        let why = why.into();
        self.doubts.push(Doubt { seq, why });
    }

    fn take(&mut self, seq: u64, record: &Record) {
        let deed = record.body.deed();
        match (&deed, &record.note) {
            (Some(deed), Some(note)) => match self.holds(seq, record, deed, note) {
                Ok(signed) => self.signed.push(signed),
                Err(why) => self.doubt(seq, why),
            },
            (Some(deed), None) if self.wants(record, deed) => {
                let acts = deed.acts.join("' or '");
                self.doubt(seq, format!("'{acts}' of {} is not signed", deed.by));
            }
            (None, Some(_)) => self.doubt(seq, "it is signed and says nothing that a person did"),
            (Some(_) | None, None) => {}
        }
        self.follow(seq, &record.body);
    }

    /// Must it be signed?
    fn wants(&self, record: &Record, deed: &Deed<'_>) -> bool {
        let asked = self.in_force.and_then(|plan| plan.signatures.as_ref());
        let rolls_back = matches!(record.body, Body::RollbackStarted { .. });
        let free = match self.before {
            // An abort rolls back, and one signature is enough for both.
            Before::Abort => rolls_back,
            Before::Other => false,
            // The watchdog stops a rollout or takes it back when it takes it up.
            Before::Recovery => !deed.moves_forward,
        };
        !free && asked.is_some_and(|asked| asked.want(deed.moves_forward))
    }

    fn holds(
        &mut self,
        seq: u64,
        record: &Record,
        deed: &Deed<'_>,
        note: &str,
    ) -> Result<SignedRecord, String> {
        let plan = self
            .in_force
            .ok_or("the plan that was in force is not in hand")?;
        let asked = plan.signatures.as_ref();
        let keys = verifiers(asked.ok_or("the plan has no keys to check it with")?);
        let keys = keys.map_err(|(key, why)| format!("key '{key}': {why}"))?;
        let act = SignedAct::read(note, &keys).map_err(|error| error.to_string())?;
        let SignedAct {
            anchor, by, reason, ..
        } = &act;
        if by != deed.by {
            return Err(format!("{by} has signed it, and it is {}'s", deed.by));
        }
        if !deed.is(&act.act) && !self.is_of_drill(&record.body, &act.act) {
            let acts = deed.acts.join("' or '");
            return Err(format!("'{}' is signed, and it is '{acts}'", act.act));
        }
        if deed.reason.is_some_and(|given| given != reason) {
            return Err("another reason is signed".to_owned());
        }
        if act.plan_digest != plan.plan_digest {
            return Err(format!("it is signed for plan {}", act.plan_digest));
        }
        if Some(&anchor.rollout) != self.rollout.as_ref() {
            return Err(format!("it is signed for rollout {}", anchor.rollout));
        }
        let last = anchor
            .head
            .next_seq
            .checked_sub(1)
            .filter(|last| *last < seq);
        let last = last.and_then(|last| self.records.get(usize::try_from(last).ok()?));
        if last.is_none_or(|last| last.head() != anchor.head) {
            return Err(format!(
                "it is signed over {anchor}, which is not before it"
            ));
        }
        if !self
            .used
            .insert(record.signed_text().unwrap_or_default().to_owned())
        {
            return Err("what is signed stands under an earlier record too".to_owned());
        }
        let by = act.by;
        Ok(SignedRecord {
            seq,
            by,
            act: act.act,
        })
    }

    /// A rollback that a drill carries out already goes as far as the drill.
    fn is_of_drill(&self, body: &Body, act: &str) -> bool {
        let Body::RollbackStarted { back, .. } = body else {
            return false;
        };
        self.drilled.as_ref() == Some(back) && act.starts_with("roll-back ")
    }

    /// What is so for the records behind it.
    fn follow(&mut self, seq: u64, body: &Body) {
        self.before = if matches!(body, Body::Aborted { .. }) {
            Before::Abort
        } else if matches!(body, Body::Recovered { .. }) {
            Before::Recovery
        } else {
            Before::Other
        };
        if let Body::Created { rollout, .. } = body {
            self.rollout = Some(rollout.clone());
        }
        if let Body::Created { program, .. } | Body::Amended { program, .. } = body {
            self.adopt(seq, program);
        }
        if let Body::RollbackStarted { cause, back, .. } = body {
            let drill = matches!(cause, Cause::Drill { .. });
            self.drilled = drill.then(|| back.clone());
        }
        if matches!(body, Body::RollbackEnded { .. }) {
            self.drilled = None;
        }
    }

    fn adopt(&mut self, seq: u64, program: &Program) {
        let digest = &program.plan_digest;
        self.in_force = self.plans.iter().find(|plan| plan.plan_digest == *digest);
        match self.in_force {
            None => self.doubt(seq, format!("plan {digest} is not in hand")),
            Some(plan) if plan.signatures != program.signatures => {
                self.doubt(seq, format!("plan {digest} in hand wants other signatures"));
            }
            Some(_) => {}
        }
    }
}
