//! The report as a document: sections, tables and words, before they become Markdown or HTML. Both
//! formats say the same because both are made from this.

mod bits;
mod criteria;
mod effects;
mod evidence;
mod gates;
mod goals;
mod head;
mod incidents;
mod lessons;
mod moments;
mod phases;
mod rollbacks;
mod service;
mod stops;

use crate::view::View;

pub(crate) use bits::{Bit, Bits, Block, Clock, Section, Table, Tone};
pub(crate) use criteria::{
    SERIES_COLUMNS, kpis, observed, series_row, series_title, shown, status, status_why, whose,
};
pub(crate) use evidence::line as evidence_line;
pub(crate) use head::{Front, standing_tone, why};
pub(crate) use incidents::section as incidents;
pub(crate) use lessons::{blocks as lessons, lists, of_plan};
pub(crate) use moments::{decisions, tone};
pub(crate) use rollbacks::{goings_back, way_back};

/// A document, before it becomes Markdown or HTML.
#[derive(Clone, Debug)]
pub(crate) struct Document<'v> {
    pub(crate) front: Front,
    pub(crate) sections: Vec<Section>,
    /// What its charts are of; a document about several rollouts has none.
    pub(crate) view: Option<&'v View>,
}

/// The full report.
pub(crate) fn full(view: &View) -> Document<'_> {
    Document {
        front: Front::of(view),
        sections: sections(view),
        view: Some(view),
    }
}

/// All sections of the full report, in the order of what a reader wants to know first.
fn sections(view: &View) -> Vec<Section> {
    let clock = Clock::of(view);
    let sections = [
        moments::exposure(view, &clock),
        rollbacks::section(view, &clock),
        incidents::section(view, &clock),
        criteria::section(view, &clock),
        kpis(view, &clock),
        goals::section(view, &clock),
        service::section(view, &clock),
        criteria::measured(view, &clock),
        gates::section(view, &clock),
        gates::triggers(view, &clock),
        Some(phases::section(view, &clock)),
        stops::section(view, &clock),
        gates::questions(view, &clock),
        effects::section(view, &clock),
        stops::outages(view, &clock),
        moments::section(view, &clock),
        lessons::section(view),
        effects::audit(view),
    ];
    sections.into_iter().flatten().collect()
}
