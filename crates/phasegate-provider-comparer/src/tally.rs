//! What was compared, when, and what came of it. In memory, within bounds.

use std::collections::{BTreeMap, VecDeque};

use phasegate_core::{Span, TargetId, Timestamp, Window};
use phasegate_provider::Found;
use phasegate_shadow::{Difference, Ledger, LedgerError, Place, Resolution};
use tokio::time::Instant;

/// The most comparisons whose times are kept: what is older is not told of windows. 2 MiB.
const OUTCOMES_MAX: usize = 100_000;
/// The most kinds of differences that are told apart, as many as a rollout's ledger does.
const KINDS_MAX: usize = 256;
/// Under which id the rest is counted.
const MORE: &str = "more";

/// What has been compared of one target since this process began.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Tallied {
    /// Every difference by its case, and what was said about it.
    pub ledger: Ledger,
    /// What was chosen and could not be compared: the old side did not answer, or could not be asked.
    pub not_compared: u64,
    /// Copies that were chosen and found no room in the queue.
    pub not_taken: u64,
}

/// How differences are told apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Apart {
    /// By case and place: each record's is explained by itself.
    Each,
    /// By place, whatever the case and the number in a list.
    Place,
}

#[derive(Debug)]
struct Sighting {
    count: u64,
    told: u64,
    detail: String,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    all: Tallied,
    sightings: BTreeMap<String, Sighting>,
    outcomes: VecDeque<(Timestamp, bool)>,
    /// From here on `outcomes` is all there was.
    since: Option<Timestamp>,
    /// One moment on two clocks.
    clock: Option<(Instant, Timestamp)>,
    /// Has a comparison ended here since the process began?
    pub(crate) has_ended: bool,
}

impl Tally {
    /// A comparison begins, or goes on, at this moment of the caller's clock.
    pub(crate) fn begin(&mut self, at: Timestamp) {
        self.clock = Some((Instant::now(), at));
        self.since.get_or_insert(at);
    }

    /// The caller's clock, as this process counts it.
    pub(crate) fn now(&self) -> Timestamp {
        match self.clock {
            Some((then, at)) => at + Span::from(then.elapsed()),
            None => Timestamp::EPOCH,
        }
    }

    pub(crate) fn record(&mut self, case: &str, found: Vec<Difference>, apart: Apart) {
        let now = self.now();
        self.outcomes.push_back((now, found.is_empty()));
        if self.outcomes.len() > OUTCOMES_MAX
            && let Some((at, _)) = self.outcomes.pop_front()
        {
            self.since = Some(at + Span::from_millis(1));
        }
        for difference in &found {
            let id = match apart {
                Apart::Each => format!("{case}: {}", difference.place),
                Apart::Place => kind(&difference.place),
            };
            self.note(id, 1, || format!("{case}: {difference}"));
        }
        self.all.ledger.record(case, found);
    }

    /// Something is to be explained.
    pub(crate) fn note(&mut self, id: String, count: u64, detail: impl FnOnce() -> String) {
        let is_new = !self.sightings.contains_key(&id);
        let id = if is_new && self.sightings.len() >= KINDS_MAX {
            MORE.to_owned()
        } else {
            id
        };
        let sighting = self.sightings.entry(id).or_insert_with(|| Sighting {
            count: 0,
            told: 0,
            detail: detail(),
        });
        sighting.count = sighting.count.saturating_add(count);
    }

    pub(crate) fn not_compared(&mut self) {
        self.all.not_compared += 1;
    }

    pub(crate) fn not_taken(&mut self) {
        self.all.not_taken += 1;
    }

    pub(crate) fn compared(&self) -> u64 {
        self.all.ledger.counts().compared
    }

    /// What has been seen more often than was told.
    pub(crate) fn untold(&self, target: &TargetId) -> Vec<Found> {
        let untold = self
            .sightings
            .iter()
            .filter(|(_, one)| one.count > one.told);
        untold
            .map(|(id, one)| Found {
                target: target.clone(),
                id: id.clone(),
                count: one.count,
                detail: one.detail.clone(),
            })
            .collect()
    }

    pub(crate) fn told(&mut self, found: &Found) {
        if let Some(one) = self.sightings.get_mut(&found.id) {
            one.told = one.told.max(found.count);
        }
    }

    /// The part of a window that is known, how many comparisons there were in it, and how many without a difference.
    pub(crate) fn within(&self, window: Window) -> Option<(Window, u64, u64)> {
        let start = self.since?.max(window.start);
        let inside = |at: Timestamp| at >= start && at < window.end;
        let (mut agreed, mut total) = (0, 0);
        for (_, same) in self.outcomes.iter().filter(|(at, _)| inside(*at)) {
            total += 1;
            agreed += u64::from(*same);
        }
        (total > 0).then_some((Window { start, ..window }, agreed, total))
    }

    pub(crate) fn all(&self) -> Tallied {
        self.all.clone()
    }

    pub(crate) fn resolve(
        &mut self,
        case: &str,
        place: &Place,
        resolution: Resolution,
    ) -> Result<(), LedgerError> {
        self.all.ledger.resolve(case, place, resolution)
    }
}

/// A place without numbers in lists and keys of elements: all of one kind have one.
fn kind(place: &Place) -> String {
    let Place::BodyAt(pointer) = place else {
        return place.to_string();
    };
    let mut kind = "body".to_owned();
    for part in pointer.split('/').skip(1) {
        kind.push('/');
        let (name, key) = match part.split_once('[') {
            Some((name, _)) => (name, "[*]"),
            None => (part, ""),
        };
        let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        kind.push_str(if is_number { "*" } else { name });
        kind.push_str(key);
    }
    kind
}

#[cfg(test)]
mod tests {
    use super::*;
    use phasegate_core::WindowKind;

    #[test]
    fn differences_of_one_kind_have_one_id() {
        for (pointer, want) in [
            ("/total", "body/total"),
            ("/lines/3/price", "body/lines/*/price"),
            ("/lines[7]/price", "body/lines[*]/price"),
            ("/2026/x1", "body/*/x1"),
        ] {
            assert_eq!(kind(&Place::BodyAt(pointer.to_owned())), want);
        }
        assert_eq!(kind(&Place::Header("etag".to_owned())), "header etag");
    }

    #[test]
    fn what_was_told_is_told_again_only_when_it_was_seen_again() {
        let target: TargetId = "t".parse().expect("an id");
        let mut tally = Tally::default();
        tally.note("a".to_owned(), 2, || "first".to_owned());
        tally.note("a".to_owned(), 1, || "second".to_owned());
        let found = tally.untold(&target);
        let Some(one) = found.first() else {
            panic!("nothing to tell");
        };
        assert_eq!((one.count, one.detail.as_str()), (3, "first"));
        tally.told(one);
        assert_eq!(tally.untold(&target), []);
        tally.note("a".to_owned(), 1, String::new);
        assert_eq!(tally.untold(&target).len(), 1);
        for number in 0..1000 {
            tally.note(format!("n{number}"), 1, String::new);
        }
        let kinds = tally.untold(&target);
        assert_eq!(kinds.len(), KINDS_MAX + 1);
        let more = kinds.iter().find(|one| one.id == MORE);
        assert_eq!(more.map(|one| one.count), Some(745));
    }

    #[test]
    fn a_window_is_answered_from_the_first_comparison_on() {
        let window = |start, end| Window {
            start: Timestamp::from_unix_millis(start),
            end: Timestamp::from_unix_millis(end),
            kind: WindowKind::Rolling,
        };
        let mut tally = Tally::default();
        assert_eq!(tally.within(window(0, 10_000)), None);
        tally.begin(Timestamp::from_unix_millis(5000));
        for (at, same) in [(5000, true), (6000, false), (7000, true)] {
            let at = Timestamp::from_unix_millis(at);
            tally.outcomes.push_back((at, same));
        }
        assert_eq!(
            tally.within(window(0, 7000)),
            Some((window(5000, 7000), 1, 2))
        );
        assert_eq!(
            tally.within(window(7000, 8000)),
            Some((window(7000, 8000), 1, 1))
        );
        assert_eq!(tally.within(window(8000, 9000)), None);
    }
}
