//! What all charts share: the drawing with its title, axes and grid, the marks of decisions, and keys.

use phasegate_core::Timestamp;

use super::scale::{Times, coordinate as c};
use crate::doc;
use crate::html::Html;
use crate::view::View;

/// One of the two sizes in which every chart is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) class: &'static str,
    pub(super) width: f64,
    /// How many ticks of time fit.
    pub(super) ticks: u64,
    /// How many points are drawn at most.
    pub(super) points: usize,
}

/// For screens and paper, and for phones: the narrow one is drawn at its own size, so that its words
/// stay as large as others.
pub(super) const SIZES: [Size; 2] = [
    Size {
        class: "wide",
        width: 1000.0,
        ticks: 11,
        points: 500,
    },
    Size {
        class: "narrow",
        width: 360.0,
        ticks: 5,
        points: 180,
    },
];

/// Room for the labels on the left of a chart.
pub(super) const LEFT: f64 = 54.0;
/// Room on the right.
pub(super) const RIGHT: f64 = 12.0;
/// Room on top for the numbers of decisions.
pub(super) const TOP: f64 = 46.0;
/// Room below for the labels of time.
pub(super) const BOTTOM: f64 = 34.0;

/// Rows of numbers above a chart; what does not fit shares the last number.
const ROWS: u8 = 3;

/// A chart in both sizes.
pub(super) fn figure(html: &mut Html, title: &str, height: f64, draw: impl Fn(&mut Html, Size)) {
    html.element("figure", &[], |html| {
        for size in SIZES {
            let view_box = format!("0 0 {} {}", c(size.width), c(height));
            let attributes = [
                ("class", size.class),
                ("viewBox", &view_box),
                ("role", "img"),
                ("aria-label", title),
            ];
            html.element("svg", &attributes, |html| {
                html.leaf("title", &[], title);
                draw(html, size);
            });
            html.newline();
        }
    });
}

/// The time of the whole rollout across a drawing.
pub(super) fn times(view: &View, size: Size) -> Times {
    let header = &view.header;
    Times::new(header.started, header.last, LEFT, size.width - LEFT - RIGHT)
}

/// Lines and labels of the scale of time.
pub(super) fn time_axis(html: &mut Html, times: &Times, size: Size, top: f64, bottom: f64) {
    for (x, label) in times.ticks(size.ticks) {
        line(html, "grid", (x, top), (x, bottom));
        // The last label must not leave the drawing.
        let (x, class) = if x > times.right() - 24.0 {
            (times.right(), "end")
        } else {
            (x, "middle")
        };
        text(html, class, (x, bottom + 14.0), &label);
    }
    line(html, "axis", (LEFT, bottom), (times.right(), bottom));
    text(
        html,
        "end",
        (times.right(), bottom + 28.0),
        "time since the start",
    );
}

/// Lines and labels of a scale of values.
pub(super) fn value_axis(html: &mut Html, ticks: &[(f64, String)], times: &Times) {
    for (y, label) in ticks {
        line(html, "grid", (LEFT, *y), (times.right(), *y));
        text(html, "end", (LEFT - 6.0, *y + 4.0), label);
    }
}

/// Shades the time in which the rollout went back.
pub(super) fn going_back(html: &mut Html, view: &View, times: &Times, top: f64, bottom: f64) {
    for rollback in &view.rollbacks {
        let until = rollback.ended.unwrap_or(view.header.last);
        rectangle(
            html,
            "back",
            (times.x(rollback.started), top),
            (times.x(until), bottom),
        );
    }
}

/// Could nothing be measured between two moments, was the controller down, or did it go back?
pub(super) fn is_cut<'g>(
    view: &View,
    gaps: impl IntoIterator<Item = &'g Timestamp>,
    from: Timestamp,
    until: Timestamp,
) -> bool {
    let between = |at: Timestamp| from < at && at <= until;
    let mut outages = view.audit.outages.iter();
    let mut rollbacks = view.rollbacks.iter();
    gaps.into_iter().any(|gap| between(*gap))
        || outages.any(|outage| between(outage.until))
        || rollbacks.any(|rollback| from <= rollback.started && rollback.started < until)
}

/// A thin line at every decision, with its number above.
pub(super) fn decisions(html: &mut Html, view: &View, times: &Times, bottom: f64) {
    let mut marks: Vec<Mark> = Vec::new();
    for (number, moment) in doc::decisions(view) {
        let x = times.x(moment.at);
        line(html, "moment", (x, TOP - 2.0), (x, bottom));
        mark(&mut marks, number, x);
    }
    for mark in &marks {
        mark.draw(html, times);
    }
}

/// One number, or the first and the last of many that lie close together.
struct Mark {
    x: f64,
    row: u8,
    first: usize,
    last: usize,
}

/// From the middle of one number to that of the next.
const NUMBER: f64 = 15.0;
/// The same beside two numbers.
const NUMBERS: f64 = 46.0;

/// How wide the mark of several numbers is.
const MANY: f64 = 38.0;

/// Finds a place for a number: in the lowest row that has room, else with those before it in the highest.
fn mark(marks: &mut Vec<Mark>, number: usize, x: f64) {
    if let Some(many) = marks.last_mut().filter(|last| last.first < last.last)
        && x - many.x < NUMBERS
    {
        many.last = number;
        return;
    }
    let is_free = |row: &u8| {
        let mut own = marks.iter().filter(|mark| mark.row == *row);
        own.all(|mark| x - mark.x >= mark.width())
    };
    match (0..ROWS).find(is_free) {
        Some(row) => marks.push(Mark {
            x,
            row,
            first: number,
            last: number,
        }),
        // The one before it stands highest, since the rows below were taken before.
        None => {
            if let Some(last) = marks.last_mut() {
                last.last = number;
            }
        }
    }
}

impl Mark {
    fn width(&self) -> f64 {
        if self.first < self.last {
            NUMBERS
        } else {
            NUMBER
        }
    }

    fn draw(&self, html: &mut Html, times: &Times) {
        let y = TOP - 10.0 - 14.0 * f64::from(self.row);
        if self.first == self.last {
            let attributes = [
                ("class", "dot"),
                ("cx", &c(self.x)),
                ("cy", &c(y)),
                ("r", "7"),
            ];
            html.element("circle", &attributes, |_| {});
            text(html, "number", (self.x, y + 3.5), &self.first.to_string());
            return;
        }
        // It must not leave the drawing.
        let left = (self.x - 7.0).min(times.right() + RIGHT - MANY);
        let (x, top, width) = (c(left), c(y - 7.0), c(MANY));
        let attributes = [
            ("class", "dot"),
            ("x", &x),
            ("y", &top),
            ("width", &width),
            ("height", "14"),
            ("rx", "7"),
        ];
        html.element("rect", &attributes, |_| {});
        let numbers = format!("{}–{}", self.first, self.last);
        text(html, "number", (left + MANY / 2.0, y + 3.5), &numbers);
    }
}

pub(super) fn line(html: &mut Html, class: &str, from: (f64, f64), to: (f64, f64)) {
    let (x1, y1, x2, y2) = (c(from.0), c(from.1), c(to.0), c(to.1));
    let attributes = [
        ("class", class),
        ("x1", &x1),
        ("y1", &y1),
        ("x2", &x2),
        ("y2", &y2),
    ];
    html.element("line", &attributes, |_| {});
}

pub(super) fn text(html: &mut Html, class: &str, at: (f64, f64), text: &str) {
    let (x, y) = (c(at.0), c(at.1));
    html.leaf("text", &[("class", class), ("x", &x), ("y", &y)], text);
}

/// A rectangle between two corners, at least a pixel wide.
pub(super) fn rectangle(html: &mut Html, class: &str, from: (f64, f64), to: (f64, f64)) {
    let (x, y) = (c(from.0), c(from.1));
    let (width, height) = (c((to.0 - from.0).max(1.0)), c((to.1 - from.1).max(0.0)));
    let attributes = [
        ("class", class),
        ("x", &x),
        ("y", &y),
        ("width", &width),
        ("height", &height),
    ];
    html.element("rect", &attributes, |_| {});
}

/// A line through points.
pub(super) fn polyline(html: &mut Html, class: &str, points: &[(f64, f64)]) {
    if points.len() > 1 {
        html.shape("polyline", class, points);
    }
}

/// A filled shape around points.
pub(super) fn polygon(html: &mut Html, class: &str, points: &[(f64, f64)]) {
    if points.len() > 2 {
        html.shape("polygon", class, points);
    }
}

/// What the lines of a chart mean, in words beside a piece of each.
pub(super) fn key(html: &mut Html, entries: &[(&'static str, String)]) {
    html.element("ul", &[("class", "key")], |html| {
        for (class, meaning) in entries {
            html.element("li", &[], |html| {
                let attributes = [("viewBox", "0 0 28 10"), ("aria-hidden", "true")];
                html.element("svg", &attributes, |html| {
                    if matches!(*class, "back" | "band" | "band-stable" | "doubt") {
                        rectangle(html, class, (0.0, 0.0), (28.0, 10.0));
                    } else {
                        line(html, class, (1.0, 5.0), (27.0, 5.0));
                    }
                });
                html.text(meaning);
            });
        }
    });
}

/// Keeps at most so many points: of each stretch of time, the ones that stand out are kept.
pub(super) fn thinned<T>(
    points: Vec<(Timestamp, f64, T)>,
    most: usize,
) -> Vec<(Timestamp, f64, T)> {
    if points.len() <= most || most < 4 {
        return points;
    }
    let per = points.len().div_ceil(most / 2);
    let mut kept = Vec::with_capacity(most);
    let mut points = points.into_iter().peekable();
    while points.peek().is_some() {
        let stretch: Vec<(Timestamp, f64, T)> = points.by_ref().take(per).collect();
        let order = |a: &&(usize, f64), b: &&(usize, f64)| a.1.total_cmp(&b.1);
        let values: Vec<(usize, f64)> = stretch.iter().map(|point| point.1).enumerate().collect();
        let least = values.iter().min_by(order).map(|(index, _)| *index);
        let most = values.iter().max_by(order).map(|(index, _)| *index);
        let stands_out = |index: usize| Some(index) == least || Some(index) == most;
        kept.extend(
            stretch
                .into_iter()
                .enumerate()
                .filter(|(i, _)| stands_out(*i))
                .map(|(_, p)| p),
        );
    }
    kept
}
