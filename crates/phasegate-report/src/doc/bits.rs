//! What a document is made of. Text in it is as it came; whoever renders it cleans and escapes it.

use phasegate_core::{Span, Timestamp};
use phasegate_sla::Verdict;

use crate::view::View;
use crate::words;

/// A part of a report under one heading.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    /// Names it in links.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Clone, Debug)]
pub(crate) enum Block {
    /// The chart of several percentiles of one thing, of both arms: their indices in the view, the lowest first.
    Bands(Vec<usize>),
    /// The chart of exposure, with the decisions marked.
    Exposure,
    /// The chart alone, numbered as in the full report.
    ExposureChart,
    /// A smaller heading.
    Heading(Bits),
    /// Points of a list.
    List(Vec<Bits>),
    /// A paragraph.
    Paragraph(Bits),
    /// The chart of one measure: its index in the view.
    Series(usize),
    /// A table.
    Table(Table),
    /// The chart of phases.
    Timeline,
}

/// A table: every row has as many cells as there are columns.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) columns: &'static [&'static str],
    pub(crate) rows: Vec<Vec<Bits>>,
}

/// A run of text with a little emphasis.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bits(pub(crate) Vec<Bit>);

#[derive(Clone, Debug)]
pub(crate) enum Bit {
    Code(String),
    /// A word that says how something stands, with a sign, so that no colour is needed to read it.
    Mark(Tone, String),
    /// A moment, which is not broken between lines.
    Moment(String),
    /// Said more quietly.
    Quiet(String),
    Strong(String),
    Text(String),
}

/// How something stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tone {
    Bad,
    Calm,
    Good,
    Unsure,
    Watch,
}

impl Tone {
    /// The sign that goes with it.
    pub(crate) const fn sign(self) -> &'static str {
        match self {
            Self::Bad => "✗",
            Self::Calm => "·",
            Self::Good => "✓",
            Self::Unsure => "?",
            Self::Watch => "!",
        }
    }

    /// The style class that goes with it.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Bad => "mark bad",
            Self::Calm => "mark calm",
            Self::Good => "mark good",
            Self::Unsure => "mark unsure",
            Self::Watch => "mark watch",
        }
    }
}

impl Bits {
    pub(crate) fn none() -> Self {
        Self::default()
    }

    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self(vec![Bit::Text(text.into())])
    }

    pub(crate) fn code(text: impl Into<String>) -> Self {
        Self(vec![Bit::Code(text.into())])
    }

    pub(crate) fn strong(text: impl Into<String>) -> Self {
        Self(vec![Bit::Strong(text.into())])
    }

    pub(crate) fn mark(tone: Tone, text: impl Into<String>) -> Self {
        Self(vec![Bit::Mark(tone, text.into())])
    }

    pub(crate) fn and_text(mut self, text: impl Into<String>) -> Self {
        self.0.push(Bit::Text(text.into()));
        self
    }

    pub(crate) fn and_code(mut self, text: impl Into<String>) -> Self {
        self.0.push(Bit::Code(text.into()));
        self
    }

    pub(crate) fn and_quiet(mut self, text: impl Into<String>) -> Self {
        self.0.push(Bit::Quiet(text.into()));
        self
    }

    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Several, with something between them.
    pub(crate) fn joined(parts: Vec<Self>, between: &str) -> Self {
        let mut joined = Self::none();
        for part in parts {
            if !joined.0.is_empty() {
                joined = joined.and_text(between);
            }
            joined = joined.and(part);
        }
        joined
    }

    /// A verdict, or that nobody has looked.
    pub(crate) fn verdict(verdict: Option<&Verdict>) -> Self {
        let tone = match verdict {
            None => Tone::Calm,
            Some(Verdict::Fail) => Tone::Bad,
            Some(Verdict::Inconclusive(_)) => Tone::Unsure,
            Some(Verdict::Pass) => Tone::Good,
            Some(Verdict::Warn) => Tone::Watch,
        };
        let mark = Self::mark(tone, words::verdict(verdict));
        match verdict {
            Some(Verdict::Inconclusive(why)) => mark.and_quiet(format!(" {why}")),
            Some(Verdict::Fail | Verdict::Pass | Verdict::Warn) | None => mark,
        }
    }
}

impl Section {
    pub(crate) fn new(id: &'static str, title: &'static str, blocks: Vec<Block>) -> Self {
        Self { id, title, blocks }
    }

    /// A section, or nothing where it would be empty.
    pub(crate) fn of(
        id: &'static str,
        title: &'static str,
        blocks: impl IntoIterator<Item = Block>,
    ) -> Option<Self> {
        let blocks: Vec<Block> = blocks.into_iter().collect();
        (!blocks.is_empty()).then(|| Self::new(id, title, blocks))
    }
}

impl Block {
    /// A table, or nothing where it would have no rows.
    pub(crate) fn table(
        columns: &'static [&'static str],
        rows: impl IntoIterator<Item = Vec<Bits>>,
    ) -> Option<Self> {
        let rows: Vec<Vec<Bits>> = rows.into_iter().collect();
        (!rows.is_empty()).then_some(Self::Table(Table { columns, rows }))
    }

    /// Is it a picture, which only some formats can show?
    pub(crate) const fn is_chart(&self) -> bool {
        match self {
            Self::Bands(_) | Self::ExposureChart | Self::Timeline => true,
            Self::Exposure
            | Self::Heading(_)
            | Self::List(_)
            | Self::Paragraph(_)
            | Self::Series(_)
            | Self::Table(_) => false,
        }
    }

    /// A list, or nothing where it would be empty.
    pub(crate) fn list(items: impl IntoIterator<Item = Bits>) -> Option<Self> {
        let items: Vec<Bits> = items.into_iter().collect();
        (!items.is_empty()).then_some(Self::List(items))
    }
}

/// How this report writes moments: the time of day to the second or finer, the day where it is not plain,
/// and how long after the start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Timestamp,
    fine: bool,
    /// Everything happened on one day.
    one_day: bool,
}

/// A rollout shorter than this happens in fractions of seconds.
const FINE_BELOW: Span = Span::from_secs(600);

impl Clock {
    pub(crate) fn of(view: &View) -> Self {
        let header = &view.header;
        let day = |at| {
            words::moment_text(at, false)
                .split(' ')
                .next()
                .map(str::to_owned)
        };
        let one_day = day(header.started) == day(header.last);
        Self {
            started: header.started,
            fine: header.duration < FINE_BELOW,
            one_day,
        }
    }

    /// `12:01:30`, with the day where the rollout took more than one.
    pub(crate) fn short(&self, at: Timestamp) -> String {
        let text = words::moment_text(at, self.fine);
        match text.split_once(' ') {
            Some((_, time)) if self.one_day => time.to_owned(),
            Some(_) | None => text,
        }
    }

    /// `12:01:30 +1m30s`.
    pub(crate) fn at(&self, at: Timestamp) -> Bits {
        let after = words::span_text(at.since(self.started));
        Bits(vec![Bit::Moment(self.short(at))]).and_quiet(format!(" +{after}"))
    }

    /// The same, or a dash.
    pub(crate) fn maybe(&self, at: Option<Timestamp>) -> Bits {
        at.map_or_else(|| Bits::text("–"), |at| self.at(at))
    }

    /// `2026-09-16 12:01:30 UTC`.
    pub(crate) fn full(&self, at: Timestamp) -> String {
        format!("{} UTC", words::moment_text(at, self.fine))
    }
}

/// A time against its budget: `1.2s of 5s`, marked where it is too long.
pub(crate) fn against(took: Option<Span>, budget: Option<Span>, over: bool) -> Bits {
    let took = took.map(words::span_text);
    match (took, budget.map(words::span_text)) {
        (Some(took), Some(budget)) if over => {
            Bits::mark(Tone::Bad, format!("{took} of {budget}")).and_text(", over budget")
        }
        (Some(took), Some(budget)) => Bits::mark(Tone::Good, format!("{took} of {budget}")),
        (Some(took), None) => Bits::text(took),
        (None, Some(budget)) if over => {
            Bits::mark(Tone::Bad, format!("over its budget of {budget}"))
        }
        (None, Some(budget)) => Bits::text("–").and_quiet(format!(" budget {budget}")),
        (None, None) => Bits::text("–"),
    }
}
