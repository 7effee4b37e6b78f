//! Which phases must be done before which: searches along the edges of the graph, within a budget. What an edge
//! means for a plan is not known here.
//!
//! Cost: an edge that is looked at takes about three nanoseconds; nothing is allocated per search but the list of
//! what is still open.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// So many edges are looked at in all: ten thousand phases in a chain, each of which goes back by a thousand of
/// them, need as many. Of what needs more nothing is said.
const LOOKS_MAX: usize = 20_000_000;

pub(super) struct Reach {
    /// Which phases each of them waits for.
    before: Arc<[Vec<usize>]>,
    /// The place of each phase in an order in which each comes after those it waits for.
    rank: Vec<usize>,
    left: Cell<usize>,
    seen: RefCell<Marks>,
}

impl Reach {
    pub(super) fn new(before: Arc<[Vec<usize>]>, order: &[usize]) -> Self {
        let mut rank = vec![0; before.len()];
        for (place, &index) in order.iter().enumerate() {
            if let Some(slot) = rank.get_mut(index) {
                *slot = place;
            }
        }
        Self {
            left: Cell::new(LOOKS_MAX),
            seen: RefCell::new(Marks::new(before.len())),
            before,
            rank,
        }
    }

    /// Is there nothing left of the budget?
    pub(super) fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    /// May so many more edges or phases be looked at?
    pub(super) fn affords(&self, count: usize) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(count));
        left >= count
    }

    /// Which phases one waits for; `None` if the budget is spent.
    fn before(&self, phase: usize) -> Option<&[usize]> {
        let list = self.before.get(phase).map_or(&[][..], Vec::as_slice);
        self.affords(list.len() + 1).then_some(list)
    }

    fn rank(&self, phase: usize) -> usize {
        self.rank.get(phase).copied().unwrap_or_default()
    }

    /// Must a phase be done before one of some others? Only what lies between them is looked at. `true` too if
    /// the budget is spent.
    pub(super) fn leads_to(&self, earlier: usize, from: &[usize]) -> bool {
        let floor = self.rank(earlier);
        let mut seen = self.seen.borrow_mut();
        seen.clear();
        let mut open = Vec::new();
        for &later in from {
            open.push(later);
            while let Some(next) = open.pop() {
                let Some(list) = self.before(next) else {
                    return true;
                };
                for &before in list {
                    if before == earlier {
                        return true;
                    }
                    if self.rank(before) > floor && seen.mark(before) {
                        open.push(before);
                    }
                }
            }
        }
        false
    }
}

/// A set of phases that is emptied at no cost.
struct Marks {
    round: u32,
    rounds: Vec<u32>,
}

impl Marks {
    fn new(len: usize) -> Self {
        Self {
            round: 1,
            rounds: vec![0; len],
        }
    }

    /// Forgets them all. A budget of searches is spent long before the rounds are.
    fn clear(&mut self) {
        self.round = self.round.saturating_add(1);
    }

    /// Was it not marked before?
    fn mark(&mut self, index: usize) -> bool {
        let round = self.round;
        let slot = self.rounds.get_mut(index);
        slot.is_some_and(|slot| std::mem::replace(slot, round) != round)
    }
}
