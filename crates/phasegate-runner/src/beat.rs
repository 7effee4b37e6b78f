//! When a heart beats, and what of.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use phasegate_core::{RolloutId, Span, Timestamp};
use phasegate_journal::{Head, Holder};

use crate::pulse::Pulse;

/// The heartbeat of a process.
#[derive(Debug)]
pub(crate) struct Beating {
    path: PathBuf,
    every: Span,
    count: u64,
    next: Timestamp,
    /// The last beat is not written yet: a disk that hangs is not given a second one.
    pub(crate) busy: bool,
}

/// One beat, to be written where it stops nothing else.
pub(crate) struct Beat {
    pulse: Pulse,
    path: PathBuf,
}

impl Beating {
    pub(crate) fn new((path, every): (PathBuf, Span), now: Timestamp) -> Self {
        Self {
            path,
            every,
            count: 0,
            next: now,
            busy: false,
        }
    }

    /// When the next one is due.
    pub(crate) const fn next(&self) -> Timestamp {
        self.next
    }

    /// The beat that is due, if one is.
    pub(crate) fn due(
        &mut self,
        now: Timestamp,
        holder: &Holder,
        heads: impl FnOnce() -> BTreeMap<RolloutId, Head>,
    ) -> Option<Beat> {
        if now < self.next {
            return None;
        }
        self.next = now + self.every;
        if self.busy {
            return None;
        }
        self.busy = true;
        Some(self.beat(now, holder, heads()))
    }

    /// The last one: nothing runs here any more, and nobody need miss it.
    pub(crate) fn last(&mut self, now: Timestamp, holder: &Holder) -> Beat {
        self.beat(now, holder, BTreeMap::new())
    }

    fn beat(&mut self, now: Timestamp, holder: &Holder, heads: BTreeMap<RolloutId, Head>) -> Beat {
        self.count = self.count.saturating_add(1);
        let mut pulse = Pulse::new(holder.clone(), now, self.count);
        pulse.heads = heads;
        Beat {
            pulse,
            path: self.path.clone(),
        }
    }
}

impl Beat {
    /// Blocks while the disk does.
    pub(crate) fn write(&self) -> io::Result<()> {
        self.pulse.write_to(&self.path)
    }
}
