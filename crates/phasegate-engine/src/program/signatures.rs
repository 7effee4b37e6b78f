//! What people must sign, and by which keys they are known.

use serde::{Deserialize, Serialize};

use super::Program;

/// What people must sign.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "compilers and tests write it out"
)]
pub struct Signatures {
    /// Which of their acts.
    pub acts: SignedActs,
    /// The public keys, in the text form of signed notes; each has a person's id for a name.
    pub keys: Vec<String>,
}

/// Which acts of people must be signed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    clippy::exhaustive_enums,
    reason = "the engine must have a rule for each"
)]
pub enum SignedActs {
    /// All of them.
    All,
    /// Those that can let the rollout move forward.
    Forward,
}

impl Signatures {
    /// Must such an act be signed?
    pub fn want(&self, moves_forward: bool) -> bool {
        match self.acts {
            SignedActs::All => true,
            SignedActs::Forward => moves_forward,
        }
    }
}

/// Which plan, and what it wants signed: what signatures of a journal are held against. Made from the plan in hand, it
/// also tells of a journal whose record 0 was written anew.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "tools write it out")]
pub struct PlanKeys {
    /// SHA-256 of the plan document, as hex.
    pub plan_digest: String,
    /// What it wants signed, if anything.
    pub signatures: Option<Signatures>,
}

impl From<&Program> for PlanKeys {
    fn from(program: &Program) -> Self {
        Self {
            plan_digest: program.plan_digest.clone(),
            signatures: program.signatures.clone(),
        }
    }
}
