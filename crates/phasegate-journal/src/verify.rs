//! Verifying a whole store, also against heads that were kept elsewhere.
//!
//! The chain finds what was changed in a store by whoever cannot compute hashes, and every read verifies
//! it. Who can rewrite the whole file can rewrite the whole chain: only an [`Anchor`] that was kept
//! outside (a log line, a metric's label, a commit) tells then. An anchor is one line of text.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use phasegate_core::RolloutId;

use crate::{Head, Journal, ReadError, Record};

/// Where a rollout's chain ended at some moment, kept outside the store.
///
/// ```
/// use phasegate_journal::{Anchor, Head};
/// let rollout = "checkout".parse()?;
/// let anchor = Anchor { head: Head::genesis(&rollout), rollout };
/// let line = anchor.to_string();
/// assert!(line.starts_with("checkout@0:"));
/// assert_eq!(line.parse(), Ok(anchor));
/// # Ok::<(), phasegate_core::IdError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "tools write it out")]
pub struct Anchor {
    /// Which rollout.
    pub rollout: RolloutId,
    /// Where its chain ended.
    pub head: Head,
}

/// Why a text is no [`Anchor`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an anchor is ROLLOUT@RECORDS:HASH, with 64 hexadecimal digits")]
pub struct AnchorError;

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Head { next_seq, hash } = &self.head;
        write!(f, "{}@{next_seq}:{hash}", self.rollout)
    }
}

impl FromStr for Anchor {
    type Err = AnchorError;

    fn from_str(text: &str) -> Result<Self, AnchorError> {
        let parse = || {
            let (rollout, head) = text.split_once('@')?;
            let (next_seq, hash) = head.split_once(':')?;
            Some(Self {
                rollout: rollout.parse().ok()?,
                head: Head {
                    next_seq: next_seq.parse().ok()?,
                    hash: hash.parse().ok()?,
                },
            })
        };
        parse().ok_or(AnchorError)
    }
}

/// How a rollout's records stand.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "tools must tell them apart")]
pub enum Soundness {
    /// They were moved out of the store.
    Archived {
        /// Where to.
        to: String,
    },
    /// A record is damaged or missing, or could not be read.
    Damaged(ReadError),
    /// The chain is whole and is not the one that was anchored, or is shorter.
    Rewritten {
        /// The anchor that it does not contain.
        anchor: Anchor,
    },
    /// The chain is whole and contains every anchor.
    Sound(Head),
}

/// Reads every rollout of a store and holds it against the anchors that were kept of it. A rollout that
/// has anchors and is not in the store is `Damaged` by [`ReadError::NotFound`].
///
/// Cost: all records are read once, one rollout in memory at a time.
///
/// # Errors
/// If the rollouts cannot be listed.
///
/// ```
/// use phasegate_journal::{Journal, Soundness, verify};
/// # async fn example(journal: &dyn Journal) -> Result<(), Box<dyn std::error::Error>> {
/// for (rollout, soundness) in verify(journal, &[]).await? {
///     if let Soundness::Damaged(error) = soundness {
///         println!("{rollout}: {error}");
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub async fn verify(
    journal: &dyn Journal,
    anchors: &[Anchor],
) -> Result<BTreeMap<RolloutId, Soundness>, ReadError> {
    let mut found = BTreeMap::new();
    for summary in journal.rollouts().await? {
        let soundness = match journal.read(&summary.rollout, 0).await {
            Ok(records) => against(&summary.rollout, &records, anchors),
            Err(ReadError::Archived { to, .. }) => Soundness::Archived { to },
            Err(error) => Soundness::Damaged(error),
        };
        found.insert(summary.rollout, soundness);
    }
    for anchor in anchors {
        found
            .entry(anchor.rollout.clone())
            .or_insert(Soundness::Damaged(ReadError::NotFound));
    }
    Ok(found)
}

fn against(rollout: &RolloutId, records: &[Record], anchors: &[Anchor]) -> Soundness {
    let of_it = anchors.iter().filter(|anchor| anchor.rollout == *rollout);
    for anchor in of_it {
        let contained = match anchor.head.next_seq.checked_sub(1) {
            None => anchor.head == Head::genesis(rollout),
            Some(seq) => usize::try_from(seq)
                .ok()
                .and_then(|seq| records.get(seq))
                .is_some_and(|record| record.head() == anchor.head),
        };
        if !contained {
            let anchor = anchor.clone();
            return Soundness::Rewritten { anchor };
        }
    }
    let head = records.last().map(Record::head);
    Soundness::Sound(head.unwrap_or_else(|| Head::genesis(rollout)))
}
