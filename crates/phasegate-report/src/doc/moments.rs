//! Exposure with the decisions that changed it, and everything that happened in order.

use crate::doc::bits::{Bits, Block, Clock, Section, Tone};
use crate::doc::evidence;
use crate::view::{Moment, MomentSort, View};
use crate::words;

/// The decisions, numbered from 1 as the charts mark them.
pub(crate) fn decisions(view: &View) -> Vec<(usize, &Moment)> {
    let decisions = view
        .moments
        .iter()
        .filter(|moment| moment.sort.is_decision());
    (1..).zip(decisions).collect()
}

pub(super) fn exposure(view: &View, clock: &Clock) -> Option<Section> {
    let rows = decisions(view).into_iter().map(|(number, moment)| {
        vec![
            Bits::strong(number.to_string()),
            clock.at(moment.at),
            Bits::mark(tone(moment.sort), words::moment(moment.sort)),
            said(moment),
            evidence::cell(&moment.evidence, clock),
        ]
    });
    let mut blocks = vec![Block::Exposure];
    blocks.extend(Block::table(
        &["#", "When", "Decision", "Why", "Rests on"],
        rows,
    ));
    (blocks.len() > 1 || !view.exposure.is_empty())
        .then(|| Section::new("exposure", "Exposure and decisions", blocks))
}

pub(super) fn section(view: &View, clock: &Clock) -> Option<Section> {
    let rows = view.moments.iter().map(|moment| {
        vec![
            clock.at(moment.at),
            Bits::mark(tone(moment.sort), words::moment(moment.sort)),
            moment
                .phase
                .as_ref()
                .map_or_else(Bits::none, |phase| Bits::code(phase.as_str())),
            said(moment),
            Bits::text(moment.seq.to_string()),
        ]
    });
    let table = Block::table(&["When", "What", "Phase", "In words", "Record"], rows);
    table.map(|table| Section::new("moments", "What happened, in order", vec![table]))
}

fn said(moment: &Moment) -> Bits {
    let text = Bits::text(moment.text.as_str());
    match &moment.by {
        Some(by) => text.and_quiet(format!(" ({by})")),
        None => text,
    }
}

const fn tone(sort: MomentSort) -> Tone {
    match sort {
        MomentSort::BakePassed
        | MomentSort::GateGo
        | MomentSort::PhaseFinished
        | MomentSort::Released
        | MomentSort::Resumed => Tone::Good,
        MomentSort::BudgetBlown
        | MomentSort::GateNoGo
        | MomentSort::RollbackStarted
        | MomentSort::StepFailed
        | MomentSort::TriggerFired => Tone::Bad,
        MomentSort::Aborted
        | MomentSort::BaselineRecorded
        | MomentSort::ClockDisagreed
        | MomentSort::DifferenceFound
        | MomentSort::Incident
        | MomentSort::EffectAbandoned
        | MomentSort::EffectRepeated
        | MomentSort::Held
        | MomentSort::Paused
        | MomentSort::Recovered
        | MomentSort::Retried
        | MomentSort::StepSkipped => Tone::Watch,
        MomentSort::EffectUnsure => Tone::Unsure,
        MomentSort::Answered
        | MomentSort::Asked
        | MomentSort::Created
        | MomentSort::Exposed
        | MomentSort::Finished
        | MomentSort::PhaseStarted
        | MomentSort::RollbackEnded
        | MomentSort::Testified => Tone::Calm,
    }
}
