//! Selection in a large batch: brackets from a sample, one pass, and a proof by counting.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ranks in a sample are estimates, moved into its bounds"
)]

use alloc::vec::Vec;

use crate::{
    exact::{
        bucket,
        select::{Scratch, select_in_place},
    },
    kernels::{BRACKETS, Brackets},
    simd,
};

/// The sample has this many values times the root of the batch's length: the pass over the batch and
/// the work on the sample then cost about the same share at all lengths.
const SAMPLE: usize = 24;
/// Values are sampled by cache lines.
const LINE: usize = 8;
/// Half the width of a bracket in standard deviations of a sampled rank.
const DEVIATIONS: f64 = 4.0;

/// Neighbouring ranks that one bracket is to hold.
#[derive(Clone, Copy, Debug)]
struct Group {
    /// Places in the list of ranks: from, and up to but without.
    from: usize,
    to: usize,
    /// Ranks in the sample of the bracket's ends; `None` beyond it.
    low: Option<usize>,
    high: Option<usize>,
}

/// Selects as [`select`](super::select::select) does. `false` if there is a NaN, or if the sample
/// misled: then nothing is known.
pub(crate) fn select(
    values: &[f64],
    ranks: &[usize],
    found: &mut [f64],
    scratch: &mut Scratch,
) -> bool {
    let sampled = SAMPLE * values.len().isqrt() / LINE;
    scratch.sample.clear();
    take_sample(values, sampled, &mut scratch.sample);
    if simd::has_nan(&scratch.sample) {
        return false;
    }
    let groups = group_ranks(ranks, values.len(), scratch.sample.len());
    groups
        .chunks(BRACKETS)
        .all(|groups| select_groups(values, ranks, found, groups, scratch))
}

/// Every so many lines one, at a place in its stretch that does not repeat.
fn take_sample(values: &[f64], lines: usize, sample: &mut Vec<f64>) {
    let (all, _) = values.as_chunks::<LINE>();
    let stretch = (all.len() / lines).max(1);
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for stretch in all.chunks(stretch) {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let place = ((state >> 33) as usize) % stretch.len();
        if let Some(line) = stretch.get(place) {
            sample.extend_from_slice(line);
        }
    }
}

fn group_ranks(ranks: &[usize], n: usize, sampled: usize) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (place, &rank) in ranks.iter().enumerate() {
        let share = rank as f64 / n as f64;
        let middle = share * sampled as f64;
        let variance = middle * (1.0 - share);
        let width = DEVIATIONS * root(variance) + LINE as f64;
        let low = (middle >= width).then_some((middle - width) as usize);
        let high = Some((middle + width) as usize).filter(|high| *high < sampled);
        match groups.last_mut() {
            // So near that the brackets would overlap nearly whole.
            Some(last) if last.high.is_none_or(|end| middle < end as f64) => {
                (last.to, last.high) = (place + 1, high);
            }
            _ => groups.push(Group {
                from: place,
                to: place + 1,
                low,
                high,
            }),
        }
    }
    groups
}

/// A root to a few digits: three of Newton's steps from the integer one.
fn root(of: f64) -> f64 {
    let first = ((of as u64).isqrt() as f64).max(1.0);
    (0..3).fold(first, |root, _| (root + of / root) / 2.0)
}

fn select_groups(
    values: &[f64],
    ranks: &[usize],
    found: &mut [f64],
    groups: &[Group],
    scratch: &mut Scratch,
) -> bool {
    let Some(brackets) = brackets_of(groups, scratch) else {
        return false;
    };
    let room: usize = groups
        .iter()
        .map(|group| width_of(group, scratch.sample.len()))
        .sum();
    let room = (room * values.len() / scratch.sample.len() * 2 + 64).min(values.len() + LINE);
    let mut gathered = core::mem::take(&mut scratch.gathered);
    gathered.clear();
    gathered.resize(room + LINE, 0.0);
    let outcome = simd::gather_brackets(values, &brackets, &mut gathered);
    let done = outcome.is_some_and(|(totals, filled)| {
        let inside = gathered.get_mut(..filled).unwrap_or_default();
        let ends = brackets.lows.iter().zip(&brackets.highs).zip(totals);
        groups
            .iter()
            .zip(ends)
            .all(|(group, ((low, high), at_most))| {
                let wanted = ranks.get(group.from..group.to).unwrap_or_default();
                let slots = found.get_mut(group.from..group.to).unwrap_or_default();
                settle(
                    values,
                    inside,
                    (*low, *high),
                    at_most as usize,
                    wanted,
                    slots,
                )
            })
    });
    scratch.gathered = gathered;
    done
}

/// How many sampled values a bracket spans.
fn width_of(group: &Group, sampled: usize) -> usize {
    group.high.unwrap_or(sampled) - group.low.unwrap_or(0) + 1
}

/// The values of the sample at the ends of the groups.
fn brackets_of(groups: &[Group], scratch: &mut Scratch) -> Option<Brackets> {
    let mut wanted: Vec<usize> = groups
        .iter()
        .flat_map(|group| [group.low, group.high])
        .flatten()
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut ends = [0.0; 2 * BRACKETS];
    let sample = core::mem::take(&mut scratch.sample);
    bucket::select(&sample, &wanted, &mut ends, scratch);
    scratch.sample = sample;
    let at = |rank: usize| {
        wanted
            .binary_search(&rank)
            .ok()
            .and_then(|place| ends.get(place))
    };
    let mut brackets = Brackets {
        lows: [f64::INFINITY; BRACKETS],
        highs: [f64::INFINITY; BRACKETS],
    };
    let slots = brackets.lows.iter_mut().zip(&mut brackets.highs);
    for (group, (low, high)) in groups.iter().zip(slots) {
        *low = group
            .low
            .map_or(Some(f64::NEG_INFINITY), |rank| at(rank).copied())?;
        *high = group
            .high
            .map_or(Some(f64::INFINITY), |rank| at(rank).copied())?;
    }
    Some(brackets)
}

/// Finds the ranks of one bracket, given that `at_most` values are at most its low end.
fn settle(
    values: &[f64],
    inside: &mut [f64],
    (low, high): (f64, f64),
    at_most: usize,
    ranks: &[usize],
    slots: &mut [f64],
) -> bool {
    // Other brackets' values are in there as well.
    let skipped = inside.iter().filter(|value| **value <= low).count();
    let held = inside
        .iter()
        .filter(|value| low < **value && **value < high)
        .count();
    let below = ranks.partition_point(|rank| *rank < at_most);
    let within = ranks.partition_point(|rank| *rank < at_most + held);
    let (Some((first, rest)), Some((first_slots, rest_slots))) = (
        ranks.split_at_checked(below),
        slots.split_at_mut_checked(below),
    ) else {
        return false;
    };
    let (Some((middle, last)), Some((middle_slots, last_slots))) = (
        rest.split_at_checked(within - below),
        rest_slots.split_at_mut_checked(within - below),
    ) else {
        return false;
    };
    // Ranks below or above the open interval are right only if they fall on its very ends, which
    // happens where values repeat.
    if let Some(rank) = first.first() {
        if simd::count_below(values, low) as usize > *rank {
            return false;
        }
        first_slots.fill(low);
    }
    if let Some(rank) = last.last() {
        if !high.is_finite() || simd::count_below(values, high.next_up()) as usize <= *rank {
            return false;
        }
        last_slots.fill(high);
    }
    select_in_place(
        inside,
        middle.iter().map(|rank| rank - at_most + skipped),
        middle_slots,
    );
    true
}
