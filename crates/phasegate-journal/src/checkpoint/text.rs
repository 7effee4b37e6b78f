//! What a checkpoint says.

use phasegate_core::Timestamp;

use super::key::{Signer, Verifier};
use super::note::{self, NoteError};
use crate::Anchor;

/// The first line of what is signed.
const FORMAT: &str = "phasegate-checkpoint/1";

/// Where a rollout's chain ended, and when that was signed.
///
/// ```
/// use phasegate_core::Timestamp;
/// use phasegate_journal::checkpoint::{Checkpoint, Signer};
/// use phasegate_journal::{Anchor, Head};
///
/// let signer = Signer::new("release-desk", &[7; 32])?;
/// let rollout = "checkout".parse()?;
/// let anchor = Anchor { head: Head::genesis(&rollout), rollout };
/// let checkpoint = Checkpoint { anchor, at: Timestamp::EPOCH };
/// let text = checkpoint.sign(&[&signer]);
///
/// // Elsewhere, much later: the text, and the public key, which came by another way.
/// let (read, by) = Checkpoint::read(&text, &[signer.verifier()])?;
/// assert_eq!((read, by), (checkpoint, vec!["release-desk".to_owned()]));
/// let forged = text.replace("checkout", "checkin");
/// assert!(Checkpoint::read(&forged, &[signer.verifier()]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "tools write it out")]
pub struct Checkpoint {
    /// The head.
    pub anchor: Anchor,
    /// When it was signed, by the signer's clock.
    pub at: Timestamp,
}

/// Why a text is no checkpoint to be relied on.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// It is no note that somebody trusted has signed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// What is signed is no checkpoint, or one of a newer format.
    #[error(
        "what is signed is no checkpoint: its lines are {FORMAT}, ROLLOUT@RECORDS:HASH and a time"
    )]
    Text,
}

impl Checkpoint {
    /// The checkpoint as a signed note. One signature is enough; with two, old and new keys may be trusted at once.
    pub fn sign(&self, by: &[&Signer]) -> String {
        note::sign(&format!("{FORMAT}\n{}\n{}\n", self.anchor, self.at), by)
    }

    /// Reads a checkpoint, and who of the trusted have signed it: at least one. Signatures by other keys are passed
    /// over; one that claims to be by a trusted key and does not fit refuses the whole.
    ///
    /// # Errors
    /// If nobody trusted has signed it, a signature is forged, or it is no checkpoint.
    pub fn read(text: &str, trusted: &[Verifier]) -> Result<(Self, Vec<String>), CheckpointError> {
        let (text, by) = note::open(text, trusted)?;
        let parse = || {
            let mut lines = text.strip_prefix(FORMAT)?.strip_prefix('\n')?.lines();
            let checkpoint = Self {
                anchor: lines.next()?.parse().ok()?,
                at: lines.next()?.parse().ok()?,
            };
            lines.next().is_none().then_some(checkpoint)
        };
        parse()
            .map(|checkpoint| (checkpoint, by))
            .ok_or(CheckpointError::Text)
    }
}
