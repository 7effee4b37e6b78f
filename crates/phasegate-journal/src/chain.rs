//! The hash chain, as arithmetic: linking drafts to a head, and following records from one. No store here.
//!
//! The chain makes changes evident, not impossible: who can write the whole file can write a new chain.
//! Anchor a [`Head`] outside (a log line, a metric label, an approval) to tell that too.

use phasegate_core::RolloutId;

use crate::{Draft, Head, Record, frame};

/// A place in a chain of records from which one can go on, by linking new records or by following old ones.
///
/// ```
/// use phasegate_core::Timestamp;
/// use phasegate_journal::{Chain, Draft};
/// let rollout = "r1".parse()?;
/// let mut writer = Chain::start(&rollout);
/// let draft = Draft { at: Timestamp::EPOCH, kind: "created".into(), payload: b"{}".to_vec() };
/// let records = [writer.link(&draft), writer.link(&draft)];
///
/// let mut reader = Chain::start(&rollout);
/// assert_eq!(reader.verify(&records), Ok(writer.head()));
/// # Ok::<(), phasegate_core::IdError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Chain {
    head: Head,
}

/// What is wrong with a chain of records, and at which record.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[expect(
    clippy::exhaustive_enums,
    reason = "these are all the ways in which a chain can break"
)]
pub enum ChainFault {
    /// The record's content does not give the hash that it carries.
    #[error("record {seq} was altered: its content does not give its hash")]
    Altered {
        /// The damaged record.
        seq: u64,
    },
    /// A record is not there, and another one stands in its place.
    #[error("record {seq} is missing: record {found} stands in its place")]
    Missing {
        /// The missing record.
        seq: u64,
        /// The sequence that was found instead.
        found: u64,
    },
    /// The chain does not end where it should.
    #[error("the chain does not end as it should: record {seq} is missing or is not the last")]
    Truncated {
        /// The first record that is missing, or that is there and should not be.
        seq: u64,
    },
    /// The record is whole but does not follow the one before it.
    #[error("record {seq} does not follow the record before it")]
    Unlinked {
        /// The record with the wrong previous hash.
        seq: u64,
    },
}

impl ChainFault {
    /// The sequence of the record that the fault is about.
    pub const fn seq(&self) -> u64 {
        match self {
            Self::Altered { seq }
            | Self::Missing { seq, .. }
            | Self::Truncated { seq }
            | Self::Unlinked { seq } => *seq,
        }
    }
}

impl Chain {
    /// At the beginning of a rollout's records.
    pub fn start(rollout: &RolloutId) -> Self {
        Self {
            head: Head::genesis(rollout),
        }
    }

    /// At a head that is known to be right: the end of a chain that was verified, or a stored head.
    pub const fn resume(head: Head) -> Self {
        Self { head }
    }

    /// Where the chain stands.
    pub const fn head(&self) -> Head {
        self.head
    }

    /// Makes the next record of a draft and moves on behind it.
    pub fn link(&mut self, draft: &Draft) -> Record {
        let Head { next_seq, hash } = self.head;
        let record = Record {
            seq: next_seq,
            at: draft.at,
            kind: draft.kind.clone(),
            payload: draft.payload.clone(),
            prev: hash,
            hash: frame::record(next_seq, &hash, draft.at, &draft.kind, &draft.payload),
        };
        self.head = record.head();
        record
    }

    /// Checks that a record is the next one and moves on behind it. After an error the chain stands
    /// where it stood.
    pub fn follow(&mut self, record: &Record) -> Result<(), ChainFault> {
        let seq = self.head.next_seq;
        if record.seq != seq {
            let found = record.seq;
            return Err(ChainFault::Missing { seq, found });
        }
        if record.computed_hash() != record.hash {
            return Err(ChainFault::Altered { seq });
        }
        if record.prev != self.head.hash {
            return Err(ChainFault::Unlinked { seq });
        }
        self.head = record.head();
        Ok(())
    }

    /// Follows records in order, up to the first that does not fit.
    pub fn verify<'a>(
        &mut self,
        records: impl IntoIterator<Item = &'a Record>,
    ) -> Result<Head, ChainFault> {
        for record in records {
            self.follow(record)?;
        }
        Ok(self.head)
    }

    /// Checks that the chain ends at a head that was stored or anchored apart from the records.
    pub fn ends_at(&self, head: Head) -> Result<(), ChainFault> {
        if self.head == head {
            return Ok(());
        }
        let seq = match self.head.next_seq == head.next_seq {
            // As many as there should be, but the last one is another.
            true => head.next_seq.saturating_sub(1),
            false => self.head.next_seq.min(head.next_seq),
        };
        Err(ChainFault::Truncated { seq })
    }
}

#[cfg(test)]
mod tests {
    use phasegate_core::{Span, Timestamp};
    use proptest::prelude::*;

    use super::*;
    use crate::Digest;

    fn rollout() -> RolloutId {
        "golden".parse().expect("an id")
    }

    fn records(count: u64) -> Vec<Record> {
        let mut chain = Chain::start(&rollout());
        let draft = |n: u64| Draft {
            at: Timestamp::from_unix_millis(1_000) + Span::from_nanos(n),
            kind: format!("kind-{n}"),
            payload: n.to_string().into_bytes(),
        };
        (0..count).map(|n| chain.link(&draft(n))).collect()
    }

    #[test]
    fn hashes_of_old_journals_never_change() {
        let golden = include_str!("../tests/data/chain-v1.txt");
        let mut lines = golden.lines().filter(|line| !line.starts_with('#'));
        let genesis = Head::genesis(&rollout()).hash;
        assert_eq!(lines.next(), Some(genesis.to_string().as_str()));
        for record in records(3) {
            assert_eq!(lines.next(), Some(record.hash.to_string().as_str()));
        }
        assert_eq!(lines.next(), None);
    }

    #[test]
    fn each_kind_of_damage_is_found_and_named() {
        type Damage = fn(&mut Vec<Record>);
        let cases: [(&str, Damage, ChainFault); 9] = [
            (
                "time",
                |r| r[1].at = Timestamp::EPOCH,
                ChainFault::Altered { seq: 1 },
            ),
            (
                "kind",
                |r| r[1].kind.push('x'),
                ChainFault::Altered { seq: 1 },
            ),
            (
                "payload",
                |r| r[1].payload[0] ^= 1,
                ChainFault::Altered { seq: 1 },
            ),
            (
                "previous hash",
                |r| r[1].prev.0[0] ^= 1,
                ChainFault::Altered { seq: 1 },
            ),
            (
                "hash",
                |r| r[1].hash.0[0] ^= 1,
                ChainFault::Altered { seq: 1 },
            ),
            (
                "sequence",
                |r| r[1].seq = 7,
                ChainFault::Missing { seq: 1, found: 7 },
            ),
            (
                "missing",
                |r| drop(r.remove(1)),
                ChainFault::Missing { seq: 1, found: 2 },
            ),
            (
                "altered and hashed again",
                |r| {
                    r[1].kind.push('x');
                    r[1].hash = r[1].computed_hash();
                },
                ChainFault::Unlinked { seq: 2 },
            ),
            (
                "exchanged",
                |r| r.swap(1, 2),
                ChainFault::Missing { seq: 1, found: 2 },
            ),
        ];
        for (name, damage, fault) in cases {
            let mut records = records(4);
            damage(&mut records);
            let mut chain = Chain::start(&rollout());
            assert_eq!(chain.verify(&records), Err(fault), "{name}");
        }
    }

    #[test]
    fn an_end_that_does_not_fit_is_named() {
        let records = records(4);
        for (there, wanted, seq) in [(4, 4, None), (3, 4, Some(3)), (4, 2, Some(2))] {
            let mut chain = Chain::start(&rollout());
            chain.verify(&records[..there]).expect("a chain");
            let wanted = records[wanted - 1].head();
            assert_eq!(chain.ends_at(wanted).err().map(|f| f.seq()), seq);
        }
        let mut other = records[3].head();
        other.hash = Digest([0; 32]);
        let mut chain = Chain::start(&rollout());
        chain.verify(&records).expect("a chain");
        assert_eq!(chain.ends_at(other), Err(ChainFault::Truncated { seq: 3 }));
    }

    #[test]
    fn records_of_another_rollout_do_not_fit() {
        let other = "other".parse().expect("an id");
        let fault = Chain::start(&other).verify(&records(2));
        assert_eq!(fault, Err(ChainFault::Unlinked { seq: 0 }));
    }

    proptest! {
        #[test]
        fn what_is_linked_in_pieces_verifies_as_a_whole(
            drafts in prop::collection::vec(("[a-z]{1,9}", prop::collection::vec(any::<u8>(), 0..40), any::<i64>()), 0..20),
            cut in 0usize..20,
        ) {
            let mut writer = Chain::start(&rollout());
            let mut records = Vec::new();
            for (kind, payload, millis) in drafts {
                let at = Timestamp::from_unix_millis(millis);
                records.push(writer.link(&Draft { at, kind, payload }));
                writer = Chain::resume(writer.head());
            }
            let (first, rest) = records.split_at(cut.min(records.len()));
            let mut reader = Chain::start(&rollout());
            reader.verify(first).expect("a chain");
            let mut reader = Chain::resume(reader.head());
            prop_assert_eq!(reader.verify(rest), Ok(writer.head()));
            prop_assert_eq!(reader.ends_at(writer.head()), Ok(()));
        }
    }
}
