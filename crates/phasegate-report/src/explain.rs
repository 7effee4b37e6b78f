//! Why a decision was taken: which measurement, which rule, which clock, whose word.

use crate::doc::{self, Bit, Bits, Clock};
use crate::text::clean;
use crate::view::{Moment, View};
use crate::words;

/// Explains what the record with this sequence decided, in a few plain lines without control characters.
///
/// `None` where the record decided nothing: it is not there, or it is a step on the way. The sequences of
/// decisions are those of [`View::moments`].
#[must_use]
pub fn explain(view: &View, seq: u64) -> Option<String> {
    let moment = view.moments.iter().find(|moment| moment.seq == seq)?;
    let clock = Clock::of(view);
    let mut lines = vec![
        head(moment, &clock),
        format!("  {:<9} {}", "decided", clean(&moment.text)),
    ];
    if let Some(by) = &moment.by {
        lines.push(format!("  {:<9} {by}", "by"));
    }
    if let Some(key) = &moment.signed {
        lines.push(format!("  {:<9} by key {}", "signed", clean(key)));
    }
    if let Some(phase) = &moment.phase {
        lines.push(format!("  {:<9} {phase}", "in phase"));
    }
    for evidence in &moment.evidence {
        let (sort, bits) = doc::evidence_line(evidence, &clock);
        lines.push(format!("  {sort:<9} {}", plain(&bits)));
    }
    if moment.evidence.is_empty() && moment.by.is_none() {
        lines.push(format!(
            "  {:<9} no measurement, clock or answer: it follows from what was before",
            "rests on"
        ));
    }
    Some(lines.join("\n") + "\n")
}

fn head(moment: &Moment, clock: &Clock) -> String {
    let at = clock.full(moment.at);
    format!(
        "record {}, {at}: {}",
        moment.seq,
        words::moment(moment.sort)
    )
}

fn plain(bits: &Bits) -> String {
    let text = |bit: &Bit| match bit {
        Bit::Code(text)
        | Bit::Mark(_, text)
        | Bit::Moment(text)
        | Bit::Quiet(text)
        | Bit::Strong(text)
        | Bit::Text(text) => text.clone(),
    };
    clean(&bits.0.iter().map(text).collect::<String>())
}
