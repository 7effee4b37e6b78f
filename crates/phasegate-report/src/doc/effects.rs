//! Everything done outside, and what the report rests on.

use phasegate_core::EffectOutcome;
use phasegate_engine::record::How;

use crate::doc::bits::{Bits, Block, Clock, Section, Tone};
use crate::view::{Conclusion, EffectEnd, EffectView, View};
use crate::words;

pub(super) fn section(view: &View, clock: &Clock) -> Option<Section> {
    let rows = view.effects.iter().map(|effect| row(effect, clock));
    let columns = &["Key", "What", "Decided", "Attempts", "Outcome", "Evidence"];
    let table = Block::table(columns, rows)?;
    Some(Section::new("effects", "Effects", vec![table]))
}

fn row(effect: &EffectView, clock: &Clock) -> Vec<Bits> {
    let tone = match effect.end {
        EffectEnd::Applied => Tone::Good,
        EffectEnd::NotApplied => Tone::Bad,
        EffectEnd::Abandoned => Tone::Watch,
        EffectEnd::Open | EffectEnd::Unknown => Tone::Unsure,
    };
    let before = effect
        .before
        .as_ref()
        .map(|before| format!(" before: {before}"));
    let conclusions = effect
        .conclusions
        .iter()
        .map(|one| conclusion(one, clock))
        .collect();
    vec![
        Bits::code(effect.key.as_str()),
        Bits::text(effect.desired.to_string())
            .and_text(format!(", by {}", effect.to))
            .and_quiet(before.unwrap_or_default()),
        clock.at(effect.intended),
        Bits::text(effect.attempts.to_string()),
        Bits::mark(tone, words::effect(effect.end)),
        Bits::joined(conclusions, "; "),
    ]
}

fn conclusion(conclusion: &Conclusion, clock: &Clock) -> Bits {
    let (word, said) = match &conclusion.outcome {
        EffectOutcome::Applied { evidence } => ("applied", evidence),
        EffectOutcome::NotApplied { reason } => ("not applied", reason),
        EffectOutcome::Unknown { reason } => ("unknown", reason),
    };
    let how = match &conclusion.how {
        How::Answer => "answered".to_owned(),
        How::Person { by, .. } => format!("{by} said so"),
        How::ReadBack => "read back".to_owned(),
    };
    clock
        .at(conclusion.at)
        .and_text(format!(" {word}: {said}"))
        .and_quiet(format!(" ({how})"))
}

pub(super) fn audit(view: &View) -> Option<Section> {
    let (header, audit) = (&view.header, &view.audit);
    let kinds: Vec<String> = audit
        .kinds
        .iter()
        .map(|(kind, n)| format!("{n} {kind}"))
        .collect();
    let (oldest, newest) = audit.formats;
    let formats = if oldest == newest {
        oldest.to_string()
    } else {
        format!("{oldest} to {newest}")
    };
    let head = match &audit.head {
        Some(head) => {
            let chain = if head.verified {
                Bits::mark(Tone::Good, "chain verified")
            } else {
                Bits::mark(Tone::Unsure, "chain not verified")
            };
            Bits::text(format!("record {} ", head.seq))
                .and_code(head.hash.as_str())
                .and_text(" ")
                .and(chain)
        }
        None => Bits::mark(Tone::Calm, "not given"),
    };
    let flags: Vec<String> = audit.flags.iter().map(u32::to_string).collect();
    let flags = if flags.is_empty() {
        "none".to_owned()
    } else {
        flags.join(", ")
    };
    let rows = vec![
        vec![
            Bits::text("Records"),
            Bits::text(audit.records.to_string()).and_quiet(format!(" {}", kinds.join(", "))),
        ],
        vec![Bits::text("Record format"), Bits::text(formats)],
        vec![Bits::text("Switches of behaviour"), Bits::text(flags)],
        vec![Bits::text("Head of the chain"), head],
        vec![
            Bits::text("Plan digest"),
            Bits::code(header.plan_digest.as_str()),
        ],
        vec![
            Bits::text("Bindings digest"),
            Bits::code(header.bindings_digest.as_str()),
        ],
    ];
    let table = Block::table(&["", ""], rows)?;
    Some(Section::new(
        "audit",
        "What this report rests on",
        vec![table],
    ))
}
