//! Exposure with the decisions that changed it, and everything that happened in order.

use crate::doc::bits::{Bits, Block, Clock, Section, Tone};
use crate::doc::evidence;
use crate::view::{Evidence, Moment, MomentSort, View};
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
    let mut before: Option<(usize, &Moment)> = None;
    let rows = decisions(view).into_iter().map(|(number, moment)| {
        let same = before.filter(|(_, before)| before.evidence == moment.evidence);
        before = Some((same.map_or(number, |(first, _)| first), moment));
        let rests_on = match same.filter(|_| !moment.evidence.is_empty()) {
            Some((number, _)) => Bits::text(format!("the same as {number}")),
            None => evidence::cell(&moment.evidence, clock),
        };
        vec![
            Bits::strong(number.to_string()),
            clock.at(moment.at),
            Bits::mark(tone(moment.sort), words::moment(moment.sort)),
            by(moment, decided(moment)),
            rests_on,
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

/// What was decided, without the sentence of a finding that stands beside it.
fn decided(moment: &Moment) -> &str {
    let mut text = moment.text.as_str();
    for evidence in &moment.evidence {
        if let Evidence::Finding { finding, .. } = evidence {
            let rest = text.strip_suffix(finding.sentence.as_str());
            text = rest.map_or(text, |rest| rest.trim_end_matches(": "));
        }
    }
    text
}

fn said(moment: &Moment) -> Bits {
    by(moment, &moment.text)
}

fn by(moment: &Moment, text: &str) -> Bits {
    let text = Bits::text(text);
    match &moment.by {
        Some(by) => match &moment.signed {
            Some(key) => text.and_quiet(format!(" ({by}, signed by key {key})")),
            None => text.and_quiet(format!(" ({by})")),
        },
        None => text,
    }
}

/// How something that happened reads at a glance.
pub(crate) const fn tone(sort: MomentSort) -> Tone {
    match sort {
        MomentSort::BakePassed
        | MomentSort::GateGo
        | MomentSort::PhaseFinished
        | MomentSort::Released
        | MomentSort::Resumed => Tone::Good,
        MomentSort::BudgetBlown
        | MomentSort::EffectNotApplied
        | MomentSort::GateNoGo
        | MomentSort::RollbackStarted
        | MomentSort::StepFailed
        | MomentSort::TriggerFired => Tone::Bad,
        MomentSort::Aborted
        | MomentSort::Amended
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
        | MomentSort::StageTooLittle
        | MomentSort::StepSkipped => Tone::Watch,
        MomentSort::EffectUnsure => Tone::Unsure,
        MomentSort::Announced
        | MomentSort::Maintenance
        | MomentSort::Scaled
        | MomentSort::Answered
        | MomentSort::Asked
        | MomentSort::Created
        | MomentSort::Exposed
        | MomentSort::Finished
        | MomentSort::PhaseStarted
        | MomentSort::RollbackEnded
        | MomentSort::Testified => Tone::Calm,
    }
}
