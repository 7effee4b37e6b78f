//! Scales: from moments and numbers to places in a drawing, and which ticks to show.

use phasegate_core::{Decimal, Quantity, Span, Timestamp, Unit};

use crate::words;

/// A stretch of time across the width of a chart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    from: Timestamp,
    span: Span,
    left: f64,
    width: f64,
}

/// The distances between ticks of time.
const STEPS_SECONDS: [u64; 26] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
    86_400, 172_800, 345_600, 604_800, 1_209_600, 2_419_200, 7_257_600, 14_515_200, 31_536_000,
];

impl Times {
    pub(super) fn new(from: Timestamp, until: Timestamp, left: f64, width: f64) -> Self {
        // A rollout of one moment still has a width.
        let span = until.since(from).max(Span::from_secs(1));
        Self {
            from,
            span,
            left,
            width,
        }
    }

    pub(super) fn x(&self, at: Timestamp) -> f64 {
        let part = at.since(self.from).as_secs_f64() / self.span.as_secs_f64();
        self.left + self.width * part.clamp(0.0, 1.0)
    }

    pub(super) fn right(&self) -> f64 {
        self.left + self.width
    }

    /// Where ticks stand and what they say: time since the start.
    pub(super) fn ticks(&self, most: u64) -> Vec<(f64, String)> {
        let seconds = self.span.as_millis() / 1_000;
        let fits = |step: &u64| seconds / step < most;
        let step = STEPS_SECONDS
            .into_iter()
            .find(fits)
            .unwrap_or(seconds.max(1));
        let count = seconds / step;
        let tick = |n: u64| {
            let after = Span::from_secs(n.saturating_mul(step));
            let label = if n == 0 {
                "0".to_owned()
            } else {
                format!("+{}", words::span_text(after))
            };
            (self.x(self.from + after), label)
        };
        (0..=count).map(tick).collect()
    }
}

/// Numbers along the height of a chart, the largest on top.
#[derive(Clone, Debug)]
pub(super) struct Values {
    low: f64,
    high: f64,
    step: f64,
    top: f64,
    height: f64,
    unit: Unit,
}

impl Values {
    /// A scale that holds all of these numbers, in ticks that people can count in.
    pub(super) fn holding(
        values: impl Iterator<Item = f64>,
        unit: &Unit,
        top: f64,
        height: f64,
    ) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        // A scale begins at zero unless that would flatten everything.
        if low > 0.0 && low < high * 0.6 {
            low = 0.0;
        }
        if high - low <= f64::EPSILON * high.abs() {
            let about = if high == 0.0 { 1.0 } else { high.abs() * 0.5 };
            (low, high) = (low - about, high + about);
        }
        let step = round_step((high - low) / 4.0);
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        Self {
            low,
            high,
            step,
            top,
            height,
            unit: unit.clone(),
        }
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        let part = (value - self.low) / (self.high - self.low);
        self.top + self.height * (1.0 - part.clamp(0.0, 1.0))
    }

    /// Where ticks stand and what they say.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let mut ticks = Vec::new();
        let mut n = 0.0;
        // The step is a fifth of the height or more: at most a dozen ticks.
        while self.low + n * self.step <= self.high + self.step * 0.5 && n < 12.0 {
            let value = self.low + n * self.step;
            ticks.push((self.y(value), label(value, self.step, &self.unit)));
            n += 1.0;
        }
        ticks
    }
}

/// The next of 1, 2, 5, 10, 20, … that is not smaller.
fn round_step(step: f64) -> f64 {
    let mut power = 1.0;
    while power > step {
        power /= 10.0;
    }
    while power * 10.0 <= step {
        power *= 10.0;
    }
    let fits = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|times| power * times >= step);
    power * fits.unwrap_or(10.0)
}

/// A tick in its unit, with as many decimals as its step has.
fn label(value: f64, step: f64, unit: &Unit) -> String {
    let mut decimals = 0usize;
    let mut scaled = step;
    while scaled < 0.999 && decimals < 9 {
        scaled *= 10.0;
        decimals += 1;
    }
    let text = format!("{value:.decimals$}");
    let number = text.parse::<Decimal>().map(Decimal::normalized);
    number.map_or(text, |number| {
        Quantity::new(number, unit.clone()).to_string()
    })
}

/// A quantity as a number of a unit of its dimension; for drawing only.
pub(super) fn number(quantity: &Quantity, unit: &Unit) -> Option<f64> {
    if quantity.dimension() != unit.dimension() {
        return None;
    }
    Some(quantity.base()?.checked_div(unit.factor()?)?.to_f64())
}

/// A coordinate as text.
pub(super) fn coordinate(value: f64) -> String {
    let text = format!("{value:.1}");
    // Minus zero is zero.
    if text == "-0.0" {
        "0.0".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_ones_that_people_count_in() {
        for (step, expected) in [
            (0.9, 1.0),
            (1.0, 1.0),
            (1.1, 2.0),
            (30.0, 50.0),
            (0.03, 0.05),
            (700.0, 1000.0),
        ] {
            assert!(
                (round_step(step) - expected).abs() < 1e-9 * expected,
                "{step}"
            );
        }
    }

    #[test]
    fn a_scale_holds_its_numbers_and_says_its_unit() {
        let unit: Unit = "ms".parse().expect("a unit");
        let values = Values::holding([48.0, 131.0, 200.0].into_iter(), &unit, 10.0, 100.0);
        let labels: Vec<String> = values.ticks().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["0ms", "50ms", "100ms", "150ms", "200ms"]);
        assert!((values.y(0.0) - 110.0).abs() < 1e-9 && (values.y(200.0) - 10.0).abs() < 1e-9);
    }

    #[test]
    fn one_value_and_none_have_a_scale_too() {
        let unit: Unit = "%".parse().expect("a unit");
        for values in [vec![], vec![0.0], vec![5.0], vec![f64::NAN]] {
            let scale = Values::holding(values.into_iter(), &unit, 0.0, 100.0);
            assert!(scale.ticks().len() >= 3);
        }
    }

    #[test]
    fn ticks_of_time_count_from_the_start() {
        let from: Timestamp = "2026-09-16T12:00:00Z".parse().expect("a moment");
        let labels = |span| {
            let times = Times::new(from, from + span, 0.0, 100.0);
            times
                .ticks(6)
                .into_iter()
                .map(|(_, label)| label)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(labels(Span::from_secs(42)), "0 +10s +20s +30s +40s");
        assert_eq!(
            labels(Span::from_secs(21 * 86_400)),
            "0 +4d +8d +12d +16d +20d"
        );
        assert_eq!(labels(Span::ZERO), "0 +1s");
    }
}
