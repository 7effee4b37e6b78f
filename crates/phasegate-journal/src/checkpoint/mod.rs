//! Signed checkpoints: where a rollout's chain ended at some moment, signed with Ed25519, so that whoever has the
//! public key can check it without the store, without us and without a network.
//!
//! A checkpoint is a *signed note*, the format of Go's checksum database and of transparency logs
//! (<https://c2sp.org/signed-note>), because others can read that already and keys can be changed without a gap: a
//! note may carry several signatures. What is signed is the text to its last line end, byte for byte:
//!
//! ```text
//! phasegate-checkpoint/1
//! checkout@42:5f1c… (64 digits)
//! 2026-09-07T09:00:00Z
//!
//! — release-desk 8oUHzFBp… (base64)
//! ```
//!
//! A signature says who vouched for a head, not that the records are right: hold the anchor of a checkpoint that was
//! [read](Checkpoint::read) against the store with [`verify`](crate::verify()). Nothing here draws randomness: whoever
//! makes a key brings its 32 bytes.
//!
//! A [`SignedAct`] is what a person does to a rollout, in a note of the same kind and signed with their own key: it is
//! bound to rollout, journal head, plan, person, act and reason. Where a plan wants that, `phasegate-driver` asks for it.

mod act;
mod key;
mod note;
mod text;

pub use act::{SignedAct, SignedActError};
pub use key::{KeyError, Signer, Verifier};
pub use note::NoteError;
pub use text::{Checkpoint, CheckpointError};
