//! When each phase ran, when the rollout went back, when it was held, and when nobody was there.

use phasegate_core::Timestamp;

use super::frame::{self, LEFT, Size, figure};
use super::scale::Times;
use crate::html::Html;
use crate::text::clip;
use crate::view::{PhaseStanding, View};
use crate::words;

/// A row of bars under a name.
struct Row {
    name: String,
    bars: Vec<(&'static str, Timestamp, Timestamp)>,
}

const ROW: f64 = 34.0;
const TOP: f64 = 6.0;

pub(crate) fn timeline(html: &mut Html, view: &View) {
    let rows = rows(view);
    // A plan has at most some dozens of phases.
    let count = f64::from(u16::try_from(rows.len()).unwrap_or(u16::MAX));
    let height = TOP + ROW * count + frame::BOTTOM;
    let title = "Phases, rollbacks, holds and down times over time";
    figure(html, title, height, |html, size| {
        draw(html, view, &rows, size, height);
    });
}

fn rows(view: &View) -> Vec<Row> {
    let last = view.header.last;
    let mut rows: Vec<Row> = Vec::new();
    for phase in &view.phases {
        let bar = match phase.standing {
            PhaseStanding::Done => "bar-good",
            PhaseStanding::Left | PhaseStanding::Undone => "bar-watch",
            PhaseStanding::Running => "bar-unsure",
            PhaseStanding::Waiting => "bar-calm",
        };
        let bars = phase
            .runs
            .iter()
            .map(|run| (bar, run.started, run.ended().unwrap_or(last)));
        let name = format!("{}: {}", phase.title, words::phase(phase.standing));
        rows.push(Row {
            name,
            bars: bars.collect(),
        });
    }
    let back = view
        .rollbacks
        .iter()
        .map(|r| ("bar-bad", r.started, r.ended.unwrap_or(last)));
    let stopped = view.stops.iter();
    let stopped = stopped.map(|s| {
        (
            "bar-unsure",
            s.from,
            s.ended.as_ref().map_or(last, |ended| ended.at),
        )
    });
    let down = view
        .audit
        .outages
        .iter()
        .map(|outage| ("bar-calm", outage.from, outage.until));
    let others: [(&str, Vec<_>); 3] = [
        ("going back", back.collect()),
        ("held or paused", stopped.collect()),
        ("down", down.collect()),
    ];
    for (name, bars) in others {
        if !bars.is_empty() {
            rows.push(Row {
                name: name.to_owned(),
                bars,
            });
        }
    }
    rows
}

fn draw(html: &mut Html, view: &View, rows: &[Row], size: Size, height: f64) {
    let left = 4.0;
    let header = &view.header;
    let times = Times::new(
        header.started,
        header.last,
        left,
        size.width - left - frame::RIGHT,
    );
    let bottom = height - frame::BOTTOM;
    for (x, label) in times.ticks(size.ticks) {
        frame::line(html, "grid", (x, TOP), (x, bottom));
        let (x, class) = match x {
            x if x > times.right() - 24.0 => (times.right(), "end"),
            x if x < left + 1.0 => (x, "start"),
            x => (x, "middle"),
        };
        frame::text(html, class, (x, bottom + 14.0), &label);
    }
    frame::line(html, "axis", (left, bottom), (times.right(), bottom));
    frame::text(
        html,
        "end",
        (times.right(), bottom + 28.0),
        "time since the start",
    );
    // About six pixels a letter.
    let letters = if size.width > LEFT * 10.0 { 120 } else { 52 };
    let mut y = TOP;
    for row in rows {
        frame::text(html, "strong", (left, y + 12.0), &clip(&row.name, letters));
        for (class, from, until) in &row.bars {
            let (from, until) = (times.x(*from), times.x(*until));
            frame::rectangle(
                html,
                class,
                (from, y + 17.0),
                (until.max(from + 2.0), y + 28.0),
            );
        }
        y += ROW;
    }
}
