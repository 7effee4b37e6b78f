//! The report as a document: sections, tables and words, before they become Markdown or HTML. Both
//! formats say the same because both are made from this.

mod bits;
mod criteria;
mod effects;
mod evidence;
mod gates;
mod head;
mod moments;
mod phases;
mod rollbacks;
mod stops;

use crate::view::View;

pub(crate) use bits::{Bit, Bits, Block, Clock, Section, Table};
pub(crate) use criteria::{SERIES_COLUMNS, series_row, series_title, shown};
pub(crate) use evidence::line as evidence_line;
pub(crate) use head::{facts, standing_tone, why};
pub(crate) use moments::decisions;

/// All sections of the full report, in the order of what a reader wants to know first.
pub(crate) fn sections(view: &View) -> Vec<Section> {
    let clock = Clock::of(view);
    let sections = [
        moments::exposure(view, &clock),
        rollbacks::section(view, &clock),
        criteria::section(view, &clock),
        criteria::kpis(view, &clock),
        criteria::measured(view, &clock),
        gates::section(view, &clock),
        gates::triggers(view, &clock),
        Some(phases::section(view, &clock)),
        stops::section(view, &clock),
        gates::questions(view, &clock),
        effects::section(view, &clock),
        stops::outages(view, &clock),
        moments::section(view, &clock),
        effects::audit(view),
    ];
    sections.into_iter().flatten().collect()
}
