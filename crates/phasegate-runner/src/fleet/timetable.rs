//! Which rollouts are looked at when: all that a process keeps of one that waits.
//!
//! An ordered set by moment beside a map by id, about 300 bytes for each rollout. To ask for the next
//! moment costs the same however many wait; to change one costs the logarithm.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{RolloutId, Timestamp};

#[derive(Debug, Default)]
pub(crate) struct Timetable {
    by_moment: BTreeSet<(Timestamp, RolloutId)>,
    by_id: BTreeMap<RolloutId, Timestamp>,
}

impl Timetable {
    /// Sets or replaces the moment of a rollout.
    pub(crate) fn set(&mut self, rollout: RolloutId, at: Timestamp) {
        if let Some(old) = self.by_id.insert(rollout.clone(), at) {
            self.by_moment.remove(&(old, rollout.clone()));
        }
        self.by_moment.insert((at, rollout));
    }

    /// As [`Timetable::set`], unless an earlier moment stands there.
    pub(crate) fn set_earlier(&mut self, rollout: RolloutId, at: Timestamp) {
        if self.by_id.get(&rollout).is_none_or(|old| at < *old) {
            self.set(rollout, at);
        }
    }

    pub(crate) fn forget(&mut self, rollout: &RolloutId) {
        if let Some((id, at)) = self.by_id.remove_entry(rollout) {
            self.by_moment.remove(&(at, id));
        }
    }

    pub(crate) fn knows(&self, rollout: &RolloutId) -> bool {
        self.by_id.contains_key(rollout)
    }

    /// The earliest moment.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.by_moment.first().map(|(at, _)| *at)
    }

    /// Takes out the earliest rollout whose moment has come.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<RolloutId> {
        if self.next()? > now {
            return None;
        }
        let (_, rollout) = self.by_moment.pop_first()?;
        self.by_id.remove(&rollout);
        Some(rollout)
    }

    /// All whose moment comes until then, earliest first.
    pub(crate) fn due_by(&self, until: Timestamp) -> impl Iterator<Item = &RolloutId> {
        let due = self
            .by_moment
            .iter()
            .take_while(move |(at, _)| *at <= until);
        due.map(|(_, rollout)| rollout)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }
}

#[cfg(test)]
mod tests {
    use phasegate_core::Span;

    use super::*;

    fn id(n: u32) -> RolloutId {
        format!("r{n}").parse().expect("an id")
    }

    fn at(secs: u64) -> Timestamp {
        Timestamp::EPOCH + Span::from_secs(secs)
    }

    #[test]
    fn rollouts_come_out_in_the_order_of_their_moments_and_once() {
        let mut table = Timetable::default();
        for (n, secs) in [(1, 30), (2, 10), (3, 20), (1, 5), (4, 20), (5, 40)] {
            table.set(id(n), at(secs));
        }
        table.set_earlier(id(5), at(50));
        table.set_earlier(id(5), at(15));
        table.forget(&id(3));
        table.forget(&id(3));
        assert_eq!((table.len(), table.next()), (4, Some(at(5))));
        assert!(table.knows(&id(1)) && !table.knows(&id(3)));
        assert_eq!(
            table.due_by(at(15)).collect::<Vec<_>>(),
            [&id(1), &id(2), &id(5)]
        );
        let due = std::iter::from_fn(|| table.take_due(at(20)));
        assert_eq!(due.collect::<Vec<_>>(), [id(1), id(2), id(5), id(4)]);
        assert_eq!((table.len(), table.next()), (0, None));
    }
}
