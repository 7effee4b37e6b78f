//! One measure over time: what was measured, what it was compared with, between what it lies, and the
//! thresholds that stood against it.

use phasegate_core::{Quantity, Timestamp, Unit};

use super::frame::{self, Size, TOP, figure, is_cut};
use super::scale::{Times, Values, number};
use crate::doc::shown;
use crate::html::Html;
use crate::text::clip;
use crate::view::{Bound, BoundSort, Series, SeriesPoint, View};

const HEIGHT: f64 = 230.0;

pub(crate) fn series(html: &mut Html, series: &Series, view: &View) {
    let Some(unit) = series
        .points
        .first()
        .map(|point| point.observed.unit().clone())
    else {
        return;
    };
    let plot = Plot {
        series,
        view,
        unit: &unit,
    };
    let title = format!("{} over time", series.measure);
    figure(html, &title, HEIGHT, |html, size| plot.draw(html, size));
    frame::key(html, &plot.key());
}

struct Plot<'v> {
    series: &'v Series,
    view: &'v View,
    unit: &'v Unit,
}

/// A point that is drawn: the low and the high end of what it may be.
type Point = (Timestamp, f64, Option<(f64, f64)>);

impl Plot<'_> {
    fn key(&self) -> Vec<(&'static str, String)> {
        let points = &self.series.points;
        let mut entries = vec![("line canary", "measured".to_owned())];
        if points.iter().any(|point| point.reference.is_some()) {
            entries.push(("line stable", "compared with".to_owned()));
        }
        if points
            .iter()
            .any(|point| point.low.is_some() || point.high.is_some())
        {
            entries.push(("band", "where the true value lies".to_owned()));
        }
        for bound in &self.series.bounds {
            let last = bound
                .changes
                .last()
                .map(|change| shown(&change.value))
                .unwrap_or_default();
            let whose = match bound.sort {
                BoundSort::Criterion => "criterion",
                BoundSort::Trigger => "trigger",
            };
            entries.push((class(bound.sort), format!("{last}: {whose} {}", bound.by)));
        }
        entries
    }

    fn value(&self, quantity: &Quantity) -> Option<f64> {
        number(quantity, self.unit)
    }

    fn draw(&self, html: &mut Html, size: Size) {
        let times = frame::times(self.view, size);
        let bottom = HEIGHT - frame::BOTTOM;
        let values = Values::holding(self.all(), self.unit, TOP, bottom - TOP);
        frame::going_back(html, self.view, &times, TOP, bottom);
        frame::value_axis(html, &values.ticks(), &times);
        frame::time_axis(html, &times, size, TOP, bottom);
        let mut named = Vec::new();
        for bound in &self.series.bounds {
            if let Some(y) = self.bound(html, bound, &times, &values, size.points / 2) {
                name(html, bound, y, &mut named);
            }
        }
        let place = |(at, value, _): &Point| (times.x(*at), values.y(*value));
        for run in self.runs(|point| point.reference.as_ref(), size) {
            let points: Vec<(f64, f64)> = run.iter().map(place).collect();
            frame::polyline(html, "line stable", &points);
            dots(html, "point-stable", &points);
        }
        for run in self.runs(|point| Some(&point.observed), size) {
            band(html, &run, &times, &values);
            let points: Vec<(f64, f64)> = run.iter().map(place).collect();
            frame::polyline(html, "line canary", &points);
            dots(html, "point", &points);
        }
        frame::decisions(html, self.view, &times, bottom);
    }

    /// All numbers that must be inside the chart.
    fn all(&self) -> impl Iterator<Item = f64> + '_ {
        let points = self.series.points.iter().flat_map(|point| {
            let others = [&point.reference, &point.low, &point.high]
                .into_iter()
                .flatten();
            std::iter::once(&point.observed).chain(others)
        });
        let changes = self.series.bounds.iter().flat_map(|bound| &bound.changes);
        points
            .chain(changes.map(|change| &change.value))
            .filter_map(|value| self.value(value))
    }

    /// The points, cut where nobody was looking.
    fn runs<'p>(
        &'p self,
        which: impl Fn(&'p SeriesPoint) -> Option<&'p Quantity>,
        size: Size,
    ) -> Vec<Vec<Point>> {
        let points = self.series.points.iter().filter_map(|point| {
            let value = self.value(which(point)?)?;
            let end = |end: &Option<Quantity>| end.as_ref().and_then(|end| self.value(end));
            let ends = match (end(&point.low), end(&point.high)) {
                (None, None) => None,
                (low, high) => Some((low.unwrap_or(value), high.unwrap_or(value))),
            };
            Some((point.at, value, ends))
        });
        let mut runs: Vec<Vec<Point>> = Vec::new();
        for point in frame::thinned(points.collect(), size.points) {
            match runs.last_mut() {
                Some(run)
                    if run.last().is_some_and(|last| {
                        !is_cut(self.view, &self.series.gaps, last.0, point.0)
                    }) =>
                {
                    run.push(point);
                }
                Some(_) | None => runs.push(vec![point]),
            }
        }
        runs
    }

    /// A staircase of at most so many steps; gives the height of the last one.
    fn bound(
        &self,
        html: &mut Html,
        bound: &Bound,
        times: &Times,
        values: &Values,
        most: usize,
    ) -> Option<f64> {
        let changes = bound.changes.iter();
        let changes = changes.filter_map(|c| Some((c.at, self.value(&c.value)?, ())));
        let mut points: Vec<(f64, f64)> = Vec::new();
        for (at, value, ()) in frame::thinned(changes.collect(), most) {
            let (x, y) = (times.x(at), values.y(value));
            match points.last().copied() {
                Some((_, before)) => points.push((x, before)),
                // What stands in the plan stood from the start.
                None if bound.changes.len() == 1 => points.push((frame::LEFT, y)),
                None => {}
            }
            points.push((x, y));
        }
        let (_, y) = points.last().copied()?;
        // One that follows what was measured is none where nothing is held to it any more.
        let end = match bound.changes.len() {
            1 => times.right(),
            _ => times.x(bound.until),
        };
        points.push((end, y));
        frame::polyline(html, class(bound.sort), &points);
        Some(y)
    }
}

/// So high is a name at a bound.
const NAME: f64 = 11.0;

/// Writes a bound's last value at its line, below the names that would be in the way.
fn name(html: &mut Html, bound: &Bound, y: f64, named: &mut Vec<f64>) {
    let class = match bound.sort {
        BoundSort::Criterion => "bound-name",
        BoundSort::Trigger => "trigger-name",
    };
    let last = bound.changes.last();
    let last = last.map(|change| shown(&change.value)).unwrap_or_default();
    // Above the line, but not among the numbers of decisions.
    let y = if y < TOP + 10.0 { y + 13.0 } else { y - 4.0 };
    let y = below(y, named);
    named.push(y);
    frame::text(html, class, (frame::LEFT + 4.0, y), &clip(&last, 24));
}

/// The first height from this one on at which nothing is in the way.
fn below(y: f64, named: &[f64]) -> f64 {
    let mut taken = named.to_vec();
    taken.sort_by(f64::total_cmp);
    // From top to bottom, each only once: one that was passed is never in the way again.
    taken.into_iter().fold(y, |y, taken| {
        if (taken - y).abs() < NAME {
            taken + NAME
        } else {
            y
        }
    })
}

const fn class(sort: BoundSort) -> &'static str {
    match sort {
        BoundSort::Criterion => "bound",
        BoundSort::Trigger => "bound-trigger",
    }
}

/// More points than this make a line, and dots would only thicken it.
const DOTS_MAX: usize = 60;

fn dots(html: &mut Html, class: &'static str, points: &[(f64, f64)]) {
    if points.len() > DOTS_MAX {
        return;
    }
    for (x, y) in points {
        let (x, y) = (super::scale::coordinate(*x), super::scale::coordinate(*y));
        html.element(
            "circle",
            &[("class", class), ("cx", &x), ("cy", &y), ("r", "2.5")],
            |_| {},
        );
    }
}

fn band(html: &mut Html, run: &[Point], times: &Times, values: &Values) {
    let ends = || {
        run.iter()
            .filter_map(|(at, _, ends)| ends.map(|ends| (times.x(*at), ends)))
    };
    let low = ends().map(|(x, (low, _))| (x, values.y(low)));
    let high = ends().map(|(x, (_, high))| (x, values.y(high)));
    let mut shape: Vec<(f64, f64)> = low.collect();
    shape.reverse();
    let mut around: Vec<(f64, f64)> = high.collect();
    around.extend(shape);
    frame::polygon(html, "band", &around);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_lie_on_each_other_wherever_they_are_wanted() {
        // Heights of which some are not `height + NAME - NAME`, by the rounding of floats.
        for step in 0..2000 {
            let wanted = 44.0 + f64::from(step) * 0.0731;
            let mut named = Vec::new();
            for offset in [0.0, 1.3, -2.7, 0.0, 9.9, 11.0] {
                let y = below(wanted + offset, &named);
                for taken in &named {
                    let taken: &f64 = taken;
                    assert!((taken - y).abs() > NAME - 1e-9, "{y} in {named:?}");
                }
                named.push(y);
            }
        }
    }
}
