//! Selection in a large batch: brackets from a sample, one pass, and a proof by counting.
//!
//! Where values differ enough, the pass looks at the upper halves of their bits only, eight at once.
//! Else, and if that missed, it compares whole values and knows values that repeat.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ranks in a sample are estimates, moved into its bounds"
)]

use alloc::vec::Vec;

use crate::{
    exact::{bucket, select::Scratch},
    kernels::{BRACKETS, Brackets, Counts, UpperBrackets, upper_place},
    simd,
};

/// The sample has this many values times the root of the batch's length: what is spent on it and on
/// the values inside brackets then cost about the same share at all lengths.
const SAMPLE: usize = 36;
/// Values are sampled by cache lines.
const LINE: usize = 8;
/// Half the width of a bracket in standard deviations of a sampled rank: one in a few hundred misses,
/// and a miss costs one more pass.
const DEVIATIONS: f64 = 3.5;

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
    let mut sample = core::mem::take(&mut scratch.sample);
    sample.clear();
    take_sample(values, sampled, &mut sample);
    let groups = group_ranks(ranks, values.len(), sample.len());
    let done = groups.chunks(BRACKETS).all(|groups| {
        brackets_of(groups, &sample, scratch).is_some_and(|brackets| {
            // Room for twice as many values as are expected inside.
            let width: usize = groups
                .iter()
                .map(|group| width_of(group, sample.len()))
                .sum();
            let limit = width * (values.len() / sample.len() + 1) * 2 + 64;
            one_pass(values, ranks, found, scratch, (groups, brackets, limit))
        })
    });
    scratch.sample = sample;
    done
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

/// How many sampled values a bracket spans.
fn width_of(group: &Group, sampled: usize) -> usize {
    group.high.unwrap_or(sampled) - group.low.unwrap_or(0) + 1
}

/// The values of the sample at the ends of the groups; `None` if a sampled value is NaN.
fn brackets_of(groups: &[Group], sample: &[f64], scratch: &mut Scratch) -> Option<Brackets> {
    let mut wanted: Vec<usize> = groups
        .iter()
        .flat_map(|group| [group.low, group.high])
        .flatten()
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut ends = [0.0; 2 * BRACKETS];
    if !bucket::select(sample, &wanted, &mut ends, scratch) {
        return None;
    }
    let at = |rank: usize| {
        wanted
            .binary_search(&rank)
            .ok()
            .and_then(|place| ends.get(place))
    };
    let mut brackets = Brackets {
        lows: [f64::INFINITY; BRACKETS],
        highs: [f64::INFINITY; BRACKETS],
        used: groups.len(),
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

/// Finds the ranks of up to [`BRACKETS`] groups.
fn one_pass(
    values: &[f64],
    ranks: &[usize],
    found: &mut [f64],
    scratch: &mut Scratch,
    (groups, brackets, limit): (&[Group], Brackets, usize),
) -> bool {
    let mut gathered = core::mem::take(&mut scratch.copy);
    gathered.clear();
    gathered.reserve(limit.min(values.len()) + LINE);
    let mut done = false;
    if let Some(upper) = UpperBrackets::around(&brackets)
        && let Some(below) = simd::gather_upper(values, &upper, limit, &mut gathered)
    {
        let places = |value: f64, index: usize| {
            let (low, high) = (upper.lows.get(index), upper.highs.get(index));
            let place = upper_place(value);
            (
                low.is_some_and(|low| place <= *low),
                high.is_some_and(|high| place < *high),
            )
        };
        done = settle(
            ranks,
            found,
            scratch,
            (groups, gathered.as_slice(), &below),
            places,
        );
    }
    if !done {
        gathered.clear();
        if let Some(counts) = simd::gather_brackets(values, &brackets, limit, &mut gathered) {
            done = settle_whole(
                values,
                ranks,
                found,
                scratch,
                (groups, &brackets, &counts, gathered.as_slice()),
            );
        }
    }
    scratch.copy = gathered;
    done
}

/// Selects all ranks among the gathered values, given how many values lie at or below each bracket's
/// low end. `places` says of a value and a bracket whether it is at or below the low end, and
/// whether it is below the high end.
fn settle(
    ranks: &[usize],
    found: &mut [f64],
    scratch: &mut Scratch,
    (groups, gathered, below): (&[Group], &[f64], &[u64; BRACKETS]),
    places: impl Fn(f64, usize) -> (bool, bool),
) -> bool {
    let mut wanted = Vec::with_capacity(ranks.len());
    for (index, (group, below)) in groups.iter().zip(below).enumerate() {
        let (mut skipped, mut held) = (0, 0);
        for value in gathered {
            let (is_below, is_before_end) = places(*value, index);
            skipped += usize::from(is_below);
            held += usize::from(is_before_end && !is_below);
        }
        let below = *below as usize;
        for &rank in ranks.get(group.from..group.to).unwrap_or_default() {
            if !(below..below + held).contains(&rank) {
                return false;
            }
            wanted.push(rank - below + skipped);
        }
    }
    let (Some(first), Some(last)) = (groups.first(), groups.last()) else {
        return true;
    };
    let Some(slots) = found.get_mut(first.from..last.to) else {
        return false;
    };
    bucket::select(gathered, &wanted, slots, scratch)
}

/// The same where whole values were compared: ranks may also fall on the very ends of a bracket,
/// which happens where values repeat.
fn settle_whole(
    values: &[f64],
    ranks: &[usize],
    found: &mut [f64],
    scratch: &mut Scratch,
    (groups, brackets, counts, gathered): (&[Group], &Brackets, &Counts, &[f64]),
) -> bool {
    let ends = brackets.lows.iter().zip(&brackets.highs);
    let totals = counts.at_most.iter().zip(&counts.less);
    for (group, ((&low, &high), (&at_most, &less))) in groups.iter().zip(ends.zip(totals)) {
        let (at_most, less) = (at_most as usize, less as usize);
        let skipped = gathered.iter().filter(|value| **value <= low).count();
        let (mut wanted, mut slots) = (Vec::new(), Vec::new());
        let before_low = ranks
            .get(group.from)
            .filter(|rank| low < high && **rank < at_most)
            .map(|_| simd::count_below(values, low) as usize);
        for place in group.from..group.to {
            let (Some(&rank), Some(slot)) = (ranks.get(place), found.get_mut(place)) else {
                return false;
            };
            if rank < at_most {
                if rank < before_low.unwrap_or(less) {
                    return false;
                }
                *slot = low;
            } else if rank < less {
                wanted.push(rank - at_most + skipped);
                slots.push(place);
            } else if high.is_finite() && simd::count_below(values, high.next_up()) as usize > rank
            {
                *slot = high;
            } else {
                return false;
            }
        }
        let mut answers = alloc::vec![0.0; wanted.len()];
        if !wanted.is_empty() && !bucket::select(gathered, &wanted, &mut answers, scratch) {
            return false;
        }
        for (place, answer) in slots.into_iter().zip(answers) {
            if let Some(slot) = found.get_mut(place) {
                *slot = answer;
            }
        }
    }
    true
}
