//! What operators do, from a seed.

use phasegate_core::{PhaseId, Span, Timestamp};
use phasegate_engine::Act;
use phasegate_engine::program::Back;
use phasegate_engine::record::Place;

use super::case::minutes;
use super::chance::Chance;

type Acts = Vec<(Timestamp, Act)>;

/// Acts at random moments; those that do not fit are refused, which is part of what is tried. In the end
/// somebody looks after what is left: releases, retries, takes over.
pub(super) fn acts(chance: &mut Chance) -> Acts {
    let mut acts = Vec::new();
    let mut declared = 0;
    for _ in 0..chance.below(5) {
        let at = minutes(chance.below(90));
        let Ok(phase) = format!("p{}", chance.below(4)).parse::<PhaseId>() else {
            continue;
        };
        let op = usize::try_from(chance.below(20)).unwrap_or(0);
        let place = Place::Phase {
            phase: phase.clone(),
            op,
        };
        let act = match chance.below(20) {
            0 => Act::Abort,
            12 => Act::RollBack {
                back: Back::Previous,
            },
            18 | 19 => match chance.pick(&["part", "part", "home"]).map(|id| id.parse()) {
                Some(Ok(id)) => Act::RollBack {
                    back: Back::Procedure(id),
                },
                Some(Err(_)) | None => continue,
            },
            13 | 14 => {
                break_everywhere(&phase, &mut acts);
                continue;
            }
            16 | 17 => {
                declared += 1;
                let scenario = incident(chance, declared, at, &mut acts);
                Act::Declare { scenario }
            }
            9 => {
                declared += 1;
                let scenario = incident(chance, declared, at, &mut acts);
                Act::DrillIncident { scenario }
            }
            15 => {
                withdraw_everything(&mut acts);
                continue;
            }
            8 => Act::Drill { back: Back::Start },
            1 | 2 => Act::Skip { place },
            3 | 4 => Act::Retry { place },
            5..=7 => {
                let until = at + Span::from_secs(60 * chance.between(1, 30));
                acts.push((until, Act::Resume));
                Act::Pause
            }
            _ => Act::Release,
        };
        acts.push((at, act));
    }
    aftermath(chance, &mut acts);
    acts.sort_by_key(|(at, _)| *at);
    acts
}

/// Most moments and places are wrong ones, so the glass is broken at many.
fn break_everywhere(phase: &PhaseId, acts: &mut Acts) {
    for minute in 0..40 {
        for op in 0..20 {
            let place = Place::Phase {
                phase: phase.clone(),
                op,
            };
            acts.push((minutes(minute * 4), Act::BreakGlass { place }));
        }
    }
}

/// An answer can be taken back while others are waited for, which is seldom.
fn withdraw_everything(acts: &mut Acts) {
    for ask in 1..=12 {
        for minute in 0..40 {
            acts.push((minutes(minute * 3 + 1), Act::Withdraw { ask }));
        }
    }
}

/// The acts that follow the declaration of an incident, whose scenario is given back.
fn incident(chance: &mut Chance, number: u64, at: Timestamp, acts: &mut Acts) -> String {
    let later = |minutes: u64| at + Span::from_secs(60 * minutes);
    let incident = number;
    acts.push((later(chance.between(1, 20)), Act::Acknowledge { incident }));
    acts.push((later(chance.between(2, 40)), Act::Update { incident }));
    acts.push((later(chance.between(30, 60)), Act::Resolve { incident }));
    acts.push((later(61), Act::FollowUp { incident }));
    let scenarios = ["data-loss", "slow", "part", "later", "later", "minor"];
    let scenario = chance.pick(&scenarios).copied();
    scenario.unwrap_or("minor").to_owned()
}

fn aftermath(chance: &mut Chance, acts: &mut Acts) {
    // Some would rather take over than try again.
    let patience = if chance.percent(30) { 0 } else { 7 };
    for round in 1..=10 {
        let at = minutes(90 + round * 45);
        acts.push((at, Act::Release));
        acts.push((at, Act::Resume));
        if round % 3 == 0 {
            acts.push((at, Act::RetryRollback));
        }
        if round > patience {
            acts.push((at, Act::TakeOver));
        }
    }
}
