//! On what a decision rests, in words: which measurement, which rule, which clock, whose word.

use crate::doc::bits::{Bits, Clock};
use crate::view::Evidence;
use crate::words;

/// One thing that a decision rests on, in a line.
pub(crate) fn line(evidence: &Evidence, clock: &Clock) -> (&'static str, Bits) {
    match evidence {
        Evidence::Answer(said) => {
            let word = words::yes_or_no(said.yes);
            let text = format!("{} as {}, {word}: {} ", said.by, said.role, said.reason);
            ("said", Bits::text(text).and(clock.at(said.at)))
        }
        Evidence::Attested { statement, said } => {
            let word = words::yes_or_no(said.yes);
            let text = format!("{statement}: {word}, {} as {}", said.by, said.role);
            let text = Bits::text(text).and_text(format!(": {} ", said.reason));
            ("attested", text.and(clock.at(said.at)))
        }
        Evidence::Clock {
            clock: what,
            from,
            ran,
            limit,
        } => {
            let limit = limit.map(|limit| format!(" of {}", words::span_text(limit)));
            let ran = format!(
                "{what}: {}{}",
                words::span_text(*ran),
                limit.unwrap_or_default()
            );
            let since = from.map_or_else(Bits::none, |from| {
                Bits::text(", since ").and(clock.at(from))
            });
            ("clock", Bits::text(ran).and(since))
        }
        Evidence::Finding {
            by, rule, finding, ..
        } => {
            let mut bits = Bits::text(finding.sentence.clone())
                .and_text(" by ")
                .and_code(rule.as_str());
            if let Some(window) = finding.window {
                let (start, end) = (clock.short(window.start), clock.short(window.end));
                bits = bits.and_quiet(format!(" window {start} to {end}"));
            }
            ("measured", bits.and_quiet(format!(" ({by})")))
        }
    }
}

/// All of it in one cell.
pub(crate) fn cell(evidence: &[Evidence], clock: &Clock) -> Bits {
    let lines = evidence.iter().map(|one| {
        let (sort, bits) = line(one, clock);
        Bits::none().and_quiet(format!("{sort} ")).and(bits)
    });
    Bits::joined(lines.collect(), "; ")
}
