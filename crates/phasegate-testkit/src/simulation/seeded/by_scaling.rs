//! Scaling in seeded plans, and what must hold of it, by the records and the world: bounds, cooldowns, known numbers, and that
//! the rollout is neither held nor taken back by it.

use std::collections::BTreeMap;

use phasegate_core::{BindingId, Decimal, Desired, KpiId, Now, Ratio, TargetId};
use phasegate_engine::program::Program;
use phasegate_engine::record::{Body, HoldReason, Place, Record};

use super::case::minutes;
use super::chance::Chance;
use super::invariants::with_programs;
use crate::simulation::Faults;
use crate::world::{Metric, Outage, OutageKind, World};

/// The scaler of all seeded plans.
pub(super) const SCALER: &str = "scaler";

/// What a plan scales: one thing that is changed, one of which people are told, and one that no scaler knows.
pub(super) fn plan(chance: &mut Chance) -> String {
    let (cooldown, up, down) = (
        chance.between(1, 9),
        chance.between(1, 4),
        chance.between(1, 3),
    );
    format!(
        "scaling:
  - title: Workers
    binding: {SCALER}
    target: workers
    min: 2
    max: {max}
    cooldown: {cooldown}m
    channels: [team]
    policies:
      - load target 60% up > 80% by {up} down < 40% by {down}
      - queue target 50 up > 400 by 3 down < 20 by 1
  - title: Caches
    binding: {SCALER}
    target: caches
    min: 1
    max: 3
    automatic: false
    policies: [load target 60% up > 80% by 1 down < 40% by 1]
  - title: Disks
    channels: [team]
    policies: [load target 60% up > 80% by 1, queue limits 5..100 target 70%]
",
        max = chance.between(5, 9),
    )
}

/// A load that goes up and down, counts to begin with, and a scaler that is out at times.
pub(super) fn world(chance: &mut Chance, world: &mut World, faults: &mut Faults) {
    let every = phasegate_core::Span::from_secs(60 * chance.between(3, 12));
    let values = [30_u64, 60, 90, 85, 35].map(Decimal::from).to_vec();
    if let Ok(load) = "load".parse::<KpiId>() {
        world.metrics.insert(load, Metric::Swing { values, every });
    }
    let Ok(scaler) = SCALER.parse::<BindingId>() else {
        return;
    };
    for (target, count) in [("workers", chance.between(1, 10)), ("caches", 2)] {
        let (Ok(target), Ok(count)) = (target.parse::<TargetId>(), u32::try_from(count)) else {
            continue;
        };
        let thing = world.things.entry((scaler.clone(), target.clone()));
        thing.or_default().now = Some(Desired::Scale {
            target: target.clone(),
            count,
        });
        if chance.percent(30) {
            let at = minutes(chance.below(60));
            faults.meddling.push((at, scaler.clone(), target));
        }
    }
    let kinds = [
        OutageKind::AnswersLost,
        OutageKind::KnowsNothing,
        OutageKind::Refuses,
        OutageKind::Unreachable,
    ];
    if let Some(kind) = chance.pick(&kinds).filter(|_| chance.percent(60)).copied() {
        let from = chance.below(60);
        world.outages.push(Outage {
            binding: scaler,
            kind,
            from: minutes(from),
            until: minutes(from + chance.between(2, 30)),
            exposure: Ratio::ZERO,
        });
    }
}

pub(super) fn check(program: &Program, records: &[Record], out: &mut Vec<String>) {
    let mut last: BTreeMap<(&BindingId, &TargetId), Now> = BTreeMap::new();
    let mut wanted: BTreeMap<(&BindingId, &TargetId), (u32, u32)> = BTreeMap::new();
    for (program, record) in with_programs(program, records) {
        match &record.body {
            Body::Scaled {
                to,
                target,
                finding,
                from,
                count,
                acts,
                ..
            } => {
                let at = record.at();
                let mut of = program.scaling.iter();
                let Some(one) = of.find(|one| one.to == *to && one.target == *target) else {
                    out.push(format!("scaling: nobody asks for {target} at {at}"));
                    continue;
                };
                if *count != *from && !(one.min..=one.max).contains(count) {
                    out.push(format!("scaling: {target} goes to {count} at {at}"));
                }
                let steps = one.grow.iter().chain(&one.shrink).map(|step| step.by);
                let most = steps.max().unwrap_or_default();
                // Whoever else went beyond the bounds is brought back into them at once.
                if (one.min..=one.max).contains(from) && from.abs_diff(*count) > most {
                    out.push(format!("scaling: {from} to {count} at once, at {at}"));
                }
                if finding.verdict.condition() != Some(true) {
                    out.push(format!("scaling: by a number that nobody knows, at {at}"));
                }
                if *acts != one.acts {
                    out.push(format!("scaling: {target} acts or not, at {at}"));
                }
                let before = last.insert((to, target), record.now);
                if before.is_some_and(|then| record.now.elapsed_since(&then).low < one.cooldown) {
                    out.push(format!(
                        "scaling: {target} again within its cooldown, at {at}"
                    ));
                }
                if *acts && count != from {
                    wanted.insert((to, target), (*from, *count));
                }
            }
            Body::Intended {
                place: Place::Aside,
                effect,
                ..
            } => {
                let Desired::Scale { target, count } = &effect.desired else {
                    continue;
                };
                let was = match &effect.before {
                    Some(Desired::Scale { count, .. }) => Some(*count),
                    _ => None,
                };
                let due = wanted.remove(&(&effect.to, target));
                if due.is_none() || due != was.map(|was| (was, *count)) {
                    let at = record.at();
                    out.push(format!("scaling: {count} instead of {due:?}, at {at}"));
                }
            }
            Body::Held {
                reason: HoldReason::Drift { to: Some(to), .. },
            } if to.as_str() == SCALER => {
                out.push(format!("scaling: it holds the rollout at {}", record.at()));
            }
            _ => {}
        }
    }
}

/// What scaling did, as the table of what happened names it.
pub(super) fn act(body: &Body) -> Option<&'static str> {
    match body {
        Body::Scaled { acts: false, .. } => Some("scaling told"),
        Body::Scaled { from, count, .. } if count > from => Some("scaled up"),
        Body::Scaled { from, count, .. } if count < from => Some("scaled down"),
        Body::Scaled { .. } => Some("scaling at its limit"),
        _ => None,
    }
}
