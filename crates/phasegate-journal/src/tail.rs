//! Reading the end of a chain out of a store; for authors of stores.

use phasegate_core::RolloutId;

use crate::{Chain, ChainFault, Head, Record};

/// Verifies the records that a store reads, from a wanted one on to the stored head.
///
/// The record before the wanted one is read too, to have something to link to.
///
/// ```
/// use phasegate_core::Timestamp;
/// use phasegate_journal::{Chain, Draft, Tail};
/// let rollout = "r1".parse()?;
/// let mut chain = Chain::start(&rollout);
/// let draft = Draft { at: Timestamp::EPOCH, kind: "created".into(), payload: b"{}".to_vec() };
/// let stored = [chain.link(&draft), chain.link(&draft), chain.link(&draft)];
///
/// let mut tail = Tail::new(&rollout, 2, chain.head());
/// let first = tail.first();
/// for record in stored.iter().filter(|record| record.seq >= first) {
///     tail.push(record.clone())?;
/// }
/// assert_eq!(tail.end()?, stored[2..]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tail {
    first: u64,
    head: Head,
    chain: Option<Chain>,
    records: Vec<Record>,
}

impl Tail {
    /// For the records of a rollout from `from` on, up to its stored head.
    pub fn new(rollout: &RolloutId, from: u64, head: Head) -> Self {
        let from = from.min(head.next_seq);
        Self {
            first: from.saturating_sub(1),
            head,
            chain: (from == 0).then(|| Chain::start(rollout)),
            records: Vec::new(),
        }
    }

    /// The sequence from which on the store has to read, in order.
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// The sequence that the next record must have; what a row that cannot be read is called.
    pub fn expected(&self) -> u64 {
        self.chain
            .as_ref()
            .map_or(self.first, |chain| chain.head().next_seq)
    }

    /// Takes the next record in.
    pub fn push(&mut self, record: Record) -> Result<(), ChainFault> {
        if let Some(chain) = &mut self.chain {
            chain.follow(&record)?;
            self.records.push(record);
            return Ok(());
        }
        // The one before the wanted ones: its content must be whole, its own link is not asked for.
        let (seq, found) = (self.first, record.seq);
        if found != seq {
            return Err(ChainFault::Missing { seq, found });
        }
        if record.computed_hash() != record.hash {
            return Err(ChainFault::Altered { seq });
        }
        self.chain = Some(Chain::resume(record.head()));
        Ok(())
    }

    /// The wanted records, once the store has no more of them.
    pub fn end(self) -> Result<Vec<Record>, ChainFault> {
        let seq = self.first;
        let chain = self.chain.ok_or(ChainFault::Truncated { seq })?;
        chain.ends_at(self.head)?;
        Ok(self.records)
    }
}
