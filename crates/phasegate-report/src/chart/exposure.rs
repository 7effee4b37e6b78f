//! Exposure over time: who saw the new version, with every decision marked.

use super::frame::{self, Size, TOP, figure};
use super::scale::Times;
use crate::html::Html;
use crate::text::clip;
use crate::view::{Exposure, View};

const HEIGHT: f64 = 270.0;

/// One look for each route or flag; more than three share the last.
const LINES: [&str; 3] = ["line canary", "line second", "line third"];

pub(crate) fn exposure(html: &mut Html, view: &View, numbered: &str) {
    if view.exposure.is_empty() {
        return;
    }
    let title = "Share that sees the new version over time, in percent";
    figure(html, title, HEIGHT, |html, size| draw(html, view, size));
    let mut entries: Vec<(&'static str, String)> = Vec::new();
    for (index, line) in view.exposure.iter().enumerate() {
        entries.push((class(index), format!("{} by {}", line.target, line.to)));
    }
    if view.exposure.iter().any(|line| !line.doubts.is_empty()) {
        entries.push((
            "doubt",
            "not known whether a change had happened".to_owned(),
        ));
    }
    if !view.rollbacks.is_empty() {
        entries.push(("back", "going back".to_owned()));
    }
    entries.push((
        "moment",
        format!("decision, numbered as in {numbered}; where many lie close together, from the first to the last"),
    ));
    frame::key(html, &entries);
}

fn class(index: usize) -> &'static str {
    LINES.get(index).copied().unwrap_or("line third")
}

fn draw(html: &mut Html, view: &View, size: Size) {
    let times = frame::times(view, size);
    let bottom = HEIGHT - frame::BOTTOM;
    let y = |percent: f64| bottom - (bottom - TOP) * percent / 100.0;
    let ticks: Vec<(f64, String)> = [0u8, 25, 50, 75, 100]
        .iter()
        .map(|p| (y(f64::from(*p)), format!("{p}%")))
        .collect();
    frame::going_back(html, view, &times, TOP, bottom);
    frame::value_axis(html, &ticks, &times);
    frame::time_axis(html, &times, size, TOP, bottom);
    for line in &view.exposure {
        for doubt in &line.doubts {
            let until = doubt.until.unwrap_or(view.header.last);
            frame::rectangle(
                html,
                "doubt",
                (times.x(doubt.from), TOP),
                (times.x(until), bottom),
            );
        }
    }
    let mut taken = Vec::new();
    for (index, line) in view.exposure.iter().enumerate() {
        let points = steps(line, view, &times, &y);
        if index == 0 {
            area(html, &points, bottom);
        }
        frame::polyline(html, class(index), &points);
        labels(html, line, (&times, &y), size, &mut taken);
    }
    frame::decisions(html, view, &times, bottom);
}

/// A staircase: a share stands until the next one is known to stand.
fn steps(line: &Exposure, view: &View, times: &Times, y: &impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    if let Some(before) = line.before {
        points.push((times.x(view.header.started), y(before.to_f64() * 100.0)));
    }
    for point in &line.points {
        let (x, level) = (times.x(point.at), y(point.share.to_f64() * 100.0));
        if let Some((_, before)) = points.last().copied() {
            points.push((x, before));
        }
        points.push((x, level));
    }
    if let Some((_, level)) = points.last().copied() {
        points.push((times.right(), level));
    }
    points
}

fn area(html: &mut Html, points: &[(f64, f64)], bottom: f64) {
    if let (Some(first), Some(last)) = (points.first(), points.last()) {
        let mut shape = vec![(first.0, bottom)];
        shape.extend_from_slice(points);
        shape.push((last.0, bottom));
        frame::polygon(html, "area", &shape);
    }
}

/// The share at each step, where there is room for it beside the labels of all lines.
fn labels(
    html: &mut Html,
    line: &Exposure,
    (times, y): (&Times, &impl Fn(f64) -> f64),
    size: Size,
    taken: &mut Vec<(f64, f64)>,
) {
    let room = if size.class == "wide" { 34.0 } else { 28.0 };
    let mut named = None;
    for point in &line.points {
        let level = y(point.share.to_f64() * 100.0);
        // Above the line; at the top below it, since the numbers of decisions stand there.
        let above = level - TOP >= LABEL;
        let at = (
            times.x(point.at) + 4.0,
            if above { level - 5.0 } else { level + LABEL },
        );
        // Set again after a restart: no step.
        let again = named.replace(point.share) == Some(point.share);
        let near = |(x, y): &(f64, f64)| (at.0 - x).abs() < room && (at.1 - y).abs() < LABEL;
        if again || at.0 + room > times.right() || taken.iter().any(near) {
            continue;
        }
        taken.push(at);
        let share = clip(&point.share.to_string(), 8);
        frame::text(html, "strong", at, &share);
    }
}

/// The height of a label.
const LABEL: f64 = 12.0;
