//! Percentiles of one thing over time: of each arm the band from the lowest to the highest, and a line for each.

use std::collections::BTreeMap;

use phasegate_core::{Quantity, Timestamp, Unit};

use super::frame::{self, Size, TOP, figure, is_cut};
use super::scale::{Times, Values, number};
use crate::html::Html;
use crate::view::{Percentile, Series, SeriesPoint, View};

const HEIGHT: f64 = 250.0;

/// Draws them; the series are of one measure, the lowest percentile first.
pub(crate) fn bands(html: &mut Html, series: &[&Series], view: &View) {
    let first = series.iter().find_map(|series| series.points.first());
    let Some(unit) = first.map(|point| point.observed.unit().clone()) else {
        return;
    };
    let plot = Plot {
        series,
        view,
        unit: &unit,
    };
    let title = format!("Percentiles of {} over time", plot.of());
    figure(html, &title, HEIGHT, |html, size| plot.draw(html, size));
    frame::key(html, &plot.key());
}

/// Which side of a comparison.
#[derive(Clone, Copy)]
enum Side {
    /// The new version, or the whole.
    Measured,
    /// What it was compared with.
    Compared,
}

impl Side {
    const fn of(self, point: &SeriesPoint) -> Option<&Quantity> {
        match self {
            Self::Compared => point.reference.as_ref(),
            Self::Measured => Some(&point.observed),
        }
    }

    const fn classes(self) -> (&'static str, &'static str) {
        match self {
            Self::Compared => ("band-stable", "line stable"),
            Self::Measured => ("band", "line canary"),
        }
    }
}

struct Plot<'v> {
    series: &'v [&'v Series],
    view: &'v View,
    unit: &'v Unit,
}

/// `p99.9`.
fn name(percentile: &Percentile) -> String {
    format!("p{}", percentile.at.to_string().trim_end_matches('%'))
}

impl Plot<'_> {
    fn percentiles(&self) -> Vec<&Percentile> {
        let all = self.series.iter();
        all.filter_map(|series| series.percentile.as_ref())
            .collect()
    }

    fn of(&self) -> &str {
        let first = self.percentiles().into_iter().next();
        first.map_or("", |percentile| percentile.of.as_str())
    }

    fn key(&self) -> Vec<(&'static str, String)> {
        let named = self.percentiles().into_iter().map(name);
        let named = named.collect::<Vec<_>>().join(", ");
        let mut entries = vec![("band", format!("measured: {named}"))];
        let compared = |series: &&Series| series.points.iter().any(|p| p.reference.is_some());
        if self.series.iter().any(compared) {
            entries.push(("band-stable", "compared with, the same".to_owned()));
        }
        entries
    }

    fn draw(&self, html: &mut Html, size: Size) {
        let times = frame::times(self.view, size);
        let bottom = HEIGHT - frame::BOTTOM;
        let points = self.series.iter().flat_map(|series| &series.points);
        let all = points.flat_map(|point| {
            let both = [Some(&point.observed), point.reference.as_ref()];
            both.into_iter().flatten()
        });
        let all = all.filter_map(|value| number(value, self.unit));
        let values = Values::holding(all, self.unit, TOP, bottom - TOP);
        frame::going_back(html, self.view, &times, TOP, bottom);
        frame::value_axis(html, &values.ticks(), &times);
        frame::time_axis(html, &times, size, TOP, bottom);
        for side in [Side::Compared, Side::Measured] {
            self.side(html, side, size, (&times, &values));
        }
        frame::decisions(html, self.view, &times, bottom);
    }

    fn side(&self, html: &mut Html, side: Side, size: Size, (times, values): (&Times, &Values)) {
        let (band, line) = side.classes();
        for run in self.runs(frame::thinned(self.band(side), size.points)) {
            let high = run
                .iter()
                .map(|(at, high, _)| (times.x(*at), values.y(*high)));
            let low = run.iter().rev();
            let low = low.map(|(at, _, low)| (times.x(*at), values.y(*low)));
            let shape: Vec<(f64, f64)> = high.chain(low).collect();
            frame::polygon(html, band, &shape);
        }
        for series in self.series {
            let points = self.points(series, side);
            let points = points.map(|(at, value)| (at, value, ()));
            let mut end = None;
            for run in self.runs(frame::thinned(points.collect(), size.points)) {
                let place =
                    |(at, value, ()): &(Timestamp, f64, ())| (times.x(*at), values.y(*value));
                let run: Vec<(f64, f64)> = run.iter().map(place).collect();
                frame::polyline(html, line, &run);
                end = run.last().copied().or(end);
            }
            if let (Side::Measured, Some((x, y)), Some(of)) = (side, end, &series.percentile) {
                frame::text(html, "percentile", (x - 4.0, y - 4.0), &name(of));
            }
        }
    }

    fn points<'p>(
        &'p self,
        series: &'p Series,
        side: Side,
    ) -> impl Iterator<Item = (Timestamp, f64)> + 'p {
        let value = move |point: &SeriesPoint| number(side.of(point)?, self.unit);
        let points = series.points.iter();
        points.filter_map(move |point| Some((point.at, value(point)?)))
    }

    /// The highest and the lowest percentile, at the moments at which both were measured.
    fn band(&self, side: Side) -> Vec<(Timestamp, f64, f64)> {
        let (Some(lowest), Some(highest)) = (self.series.first(), self.series.last()) else {
            return Vec::new();
        };
        let low: BTreeMap<Timestamp, f64> = self.points(lowest, side).collect();
        let both = self.points(highest, side);
        both.filter_map(|(at, high)| Some((at, high, *low.get(&at)?)))
            .collect()
    }

    /// The points, cut where nobody was looking at one of the percentiles.
    fn runs<T>(&self, points: Vec<(Timestamp, f64, T)>) -> Vec<Vec<(Timestamp, f64, T)>> {
        let cut = |from: Timestamp, until: Timestamp| {
            let gaps = self.series.iter().flat_map(|series| &series.gaps);
            is_cut(self.view, gaps, from, until)
        };
        let mut runs: Vec<Vec<(Timestamp, f64, T)>> = Vec::new();
        for point in points {
            match runs.last_mut() {
                Some(run) if run.last().is_some_and(|last| !cut(last.0, point.0)) => {
                    run.push(point);
                }
                Some(_) | None => runs.push(vec![point]),
            }
        }
        runs
    }
}
