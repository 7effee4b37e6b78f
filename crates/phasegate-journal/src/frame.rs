//! The bytes that are hashed: domain tag, then each field behind its length. Two different records never
//! give the same bytes, because no field can run into the next one. The layout is fixed for ever; another
//! one gets another tag.

use phasegate_core::{RolloutId, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::Digest;

const RECORD_TAG: &[u8] = b"phasegate/journal/record/1";
const GENESIS_TAG: &[u8] = b"phasegate/journal/genesis/1";

/// What record 0 of a rollout has as its previous hash. It binds the chain to the rollout's id, so
/// that two rollouts' records cannot be exchanged as a whole.
pub(crate) fn genesis(rollout: &RolloutId) -> Digest {
    hash(&[GENESIS_TAG, rollout.as_str().as_bytes()])
}

/// The hash of a record, without its own hash.
pub(crate) fn record(seq: u64, prev: &Digest, at: Timestamp, kind: &str, payload: &[u8]) -> Digest {
    hash(&[
        RECORD_TAG,
        &seq.to_le_bytes(),
        prev.as_bytes(),
        at.to_string().as_bytes(),
        kind.as_bytes(),
        payload,
    ])
}

/// Each field as eight bytes of length, lowest first, and the field.
fn hash(fields: &[&[u8]]) -> Digest {
    let mut hasher = Sha256::new();
    for field in fields {
        // A length is at most 64 bits wide on every platform Rust has.
        let len = u64::try_from(field.len()).unwrap_or(u64::MAX);
        hasher.update(len.to_le_bytes());
        hasher.update(field);
    }
    Digest(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_cannot_move_from_one_field_to_the_next() {
        let (prev, at) = (Digest([0; 32]), Timestamp::EPOCH);
        assert_ne!(
            record(0, &prev, at, "ab", b"c"),
            record(0, &prev, at, "a", b"bc")
        );
        assert_ne!(hash(&[b"", b"a"]), hash(&[b"a", b""]));
        assert_ne!(hash(&[b"a"]), hash(&[b"a", b""]));
    }
}
