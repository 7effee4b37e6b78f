//! The heads of the journal that an act may be signed over.

use std::collections::{BTreeMap, VecDeque};

use phasegate_core::{Span, Timestamp};
use phasegate_journal::{Head, Record};

/// How long a head is good after a record came behind it: long enough to carry it to where a key is kept and back,
/// short enough that what was signed in the morning does not let a rollout go on at night.
pub const SIGNED_WITHIN: Span = Span::from_secs(60 * 60);
/// The most heads that are kept, 50 bytes each: a commit a second for longer than an hour.
const HEADS_MAX: usize = 4096;

/// The present head, and those before it that are still good, each with the moment at which another took its place.
#[derive(Debug)]
pub(crate) struct Heads {
    present: Head,
    past: VecDeque<(Head, Timestamp)>,
    /// With which records questions ended that are open: the heads by the number of records.
    asked: BTreeMap<u64, Head>,
}

impl Heads {
    pub(crate) fn new(present: Head) -> Self {
        Self {
            present,
            past: VecDeque::new(),
            asked: BTreeMap::new(),
        }
    }

    /// The same from all records of a journal.
    pub(crate) fn with_records(mut self, records: &[Record]) -> Self {
        let first = records.len().saturating_sub(HEADS_MAX);
        let late = records.iter().skip(first);
        let pairs = late.clone().zip(late.skip(1));
        self.past = pairs.map(|(one, next)| (one.head(), next.at)).collect();
        self
    }

    pub(crate) fn present(&self) -> Head {
        self.present
    }

    pub(crate) fn advance(&mut self, to: Head, at: Timestamp) {
        if to == self.present {
            return;
        }
        self.past
            .push_back((std::mem::replace(&mut self.present, to), at));
        while self.past.len() > HEADS_MAX
            || (self.past.front()).is_some_and(|(_, over)| at.since(*over) > SIGNED_WITHIN)
        {
            self.past.pop_front();
        }
    }

    /// Keeps the head with which a question ended; `is_open` tells by the number of records whether one is.
    pub(crate) fn asked(&mut self, head: Head, is_open: impl Fn(u64) -> bool) {
        self.asked.retain(|records, _| is_open(*records));
        if is_open(head.next_seq) {
            self.asked.insert(head.next_seq, head);
        }
    }

    /// Did an open question end with that head? Whoever answers it may take until it expires.
    #[cfg(feature = "signed")]
    pub(crate) fn is_question(&self, head: &Head) -> bool {
        self.asked.get(&head.next_seq) == Some(head)
    }

    /// May what is signed over that head be done now?
    #[cfg(feature = "signed")]
    pub(crate) fn is_good(&self, head: &Head, now: Timestamp) -> bool {
        let over = self.past.iter().find(|(past, _)| past == head);
        *head == self.present || over.is_some_and(|(_, at)| now.since(*at) <= SIGNED_WITHIN)
    }
}
