//! Looking: when, what is asked for it, and when it is answered.
//!
//! A look is volatile: lost in a crash, it is simply taken again. Queries that are equal are asked once.

use std::sync::Arc;

use phasegate_core::{Absence, Answer, Now, Query, Span, Timestamp};
use phasegate_criterion::KpiRegistry;
use phasegate_sla::{Finding, Testimony, Verdict};

use super::baseline::FigureLook;
use super::testimony::watching;
use super::watch::{Look, Watch};
use crate::engine::Engine;
use crate::event::EventError;

/// One evaluation under way.
#[derive(Debug)]
pub(crate) struct Tick {
    started: Now,
    answer_by: Timestamp,
    watch: Arc<Watch>,
    /// The query of each question, by its place in `answers`; `None` where there is nothing to ask yet.
    asked: Vec<Option<usize>>,
    /// The ticket of the first query; the others follow.
    ticket: u64,
    answers: Vec<Option<Answer>>,
    open: usize,
    /// Baseline steps whose window is over.
    figures: Vec<FigureLook>,
}

impl Tick {
    fn take(&mut self, ticket: u64, answer: Answer) -> Result<(), EventError> {
        let index = ticket
            .checked_sub(self.ticket)
            .and_then(|index| usize::try_from(index).ok());
        match index.and_then(|index| self.answers.get_mut(index)) {
            Some(slot @ None) => {
                *slot = Some(answer);
                self.open -= 1;
                Ok(())
            }
            Some(Some(_)) | None => Err(unawaited(ticket)),
        }
    }

    /// Closes it: what has not been answered until now is not answered.
    pub(crate) fn closed(mut self) -> Closed {
        let late = || {
            Err(Absence::Unavailable {
                detail: "no answer in time".to_owned(),
            })
        };
        let answers = self.answers.drain(..);
        let answers = answers.map(|answer| answer.unwrap_or_else(late)).collect();
        Closed {
            watch: self.watch,
            asked: self.asked,
            answers,
            figures: self.figures,
            nothing: Err(Absence::NoData),
        }
    }
}

/// An evaluation with all its answers.
#[derive(Debug)]
pub(crate) struct Closed {
    watch: Arc<Watch>,
    asked: Vec<Option<usize>>,
    answers: Vec<Answer>,
    pub(crate) figures: Vec<FigureLook>,
    nothing: Answer,
}

impl Closed {
    /// The answers to a criterion's needs, written over what is in `given`.
    fn give<'c>(&'c self, look: &Look, given: &mut Vec<Option<&'c Answer>>) {
        let answer = |question: &usize| {
            let index = self.asked.get(*question).copied().flatten();
            let answer = index.and_then(|index| self.answers.get(index));
            Some(answer.unwrap_or(&self.nothing))
        };
        given.clear();
        given.extend(look.asks.iter().map(answer));
    }

    /// Each criterion with its verdict.
    pub(crate) fn verdicts<'c, 'k>(
        &'c self,
        registry: &'k KpiRegistry,
        testimony: &'k Testimony,
        at: Timestamp,
    ) -> impl Iterator<Item = (&'c Look, Verdict)> + use<'c, 'k> {
        let mut given = Vec::new();
        self.watch.looks.iter().map(move |look| {
            self.give(look, &mut given);
            let known = watching(testimony, look.watched_since);
            let registry = self.watch.registry(look, registry);
            let verdict = look.prepared.verdict(registry, &given, &known, at);
            (look, verdict)
        })
    }

    pub(crate) fn finding(
        &self,
        look: &Look,
        registry: &KpiRegistry,
        testimony: &Testimony,
        at: Timestamp,
    ) -> Finding {
        let mut given = Vec::new();
        self.give(look, &mut given);
        let known = watching(testimony, look.watched_since);
        let registry = self.watch.registry(look, registry);
        look.prepared.finding(registry, &given, &known, at)
    }

    /// Was there nothing to ask about yet? A window begins with the last change and ends with what a late source has:
    /// until then it is empty.
    pub(crate) fn waits(&self, look: &Look) -> bool {
        let asked = |question: &usize| self.asked.get(*question).copied().flatten();
        look.asks.iter().any(|question| asked(question).is_none())
    }

    /// The answer to a query that a baseline step asked.
    pub(crate) fn answer(&self, query: usize) -> &Answer {
        self.answers.get(query).unwrap_or(&self.nothing)
    }
}

impl Engine {
    /// Starts a look when one is due, and evaluates it when it is answered.
    pub(crate) fn tend_tick(&mut self) {
        let now = self.now();
        if let Some(tick) = &self.volatile.tick {
            if tick.open > 0 && now.wall < tick.answer_by {
                return;
            }
            if let Some(tick) = self.volatile.tick.take() {
                let every = self.state.program.timing.every.max(EVERY_MIN);
                self.volatile.tick_due = (tick.started.wall + every).max(now.wall);
                let closed = tick.closed();
                self.judge(&closed);
                // Afterwards, since from then on baselines are other ones.
                self.judge_figures(&closed);
            }
            return;
        }
        if now.wall >= self.volatile.tick_due && self.is_looking() {
            self.start_tick(now);
        }
    }

    /// Has the next look begin at once, unless one is under way, and its findings recorded: something is decided by them.
    pub(crate) fn look_first(&mut self) {
        self.volatile.wants_findings = true;
        self.volatile.tick_due = self.volatile.tick_due.min(self.now().wall);
    }

    pub(crate) fn tick_timeout(&self) -> Option<Timestamp> {
        match &self.volatile.tick {
            Some(tick) => Some(tick.answer_by),
            None => self.is_looking().then_some(self.volatile.tick_due),
        }
    }

    fn start_tick(&mut self, now: Now) {
        let watch = Arc::clone(self.watch());
        let ticket = self.volatile.ticket_count + 1;
        let mut asked: Vec<Option<usize>> = Vec::with_capacity(watch.questions.len());
        let mut queries = 0;
        for question in &watch.questions {
            let window = question.window(now.wall);
            let same = |twin: &&usize| {
                let twin = watch.questions.get(**twin);
                twin.is_some_and(|twin| twin.window(now.wall) == window)
            };
            let index = match (window, question.twins().iter().find(same)) {
                (None, _) => None,
                (Some(_), Some(twin)) => asked.get(*twin).copied().flatten(),
                (Some(window), None) => {
                    self.volatile.ticket_count += 1;
                    let ticket = self.volatile.ticket_count;
                    self.queries.push_back((ticket, question.query(window)));
                    queries += 1;
                    Some(queries - 1)
                }
            };
            asked.push(index);
        }
        let mut of_figures: Vec<Query> = Vec::new();
        let places = watch.measures.iter();
        let figures = places
            .flat_map(|place| self.figure_looks(place, queries, &mut of_figures))
            .collect();
        for query in of_figures {
            self.volatile.ticket_count += 1;
            self.queries.push_back((self.volatile.ticket_count, query));
            queries += 1;
        }
        self.volatile.tick = Some(Tick {
            started: now,
            answer_by: now.wall + self.state.program.timing.answer_within,
            watch,
            asked,
            ticket,
            answers: vec![None; queries],
            open: queries,
            figures,
        });
        // Nothing to ask is answered at once.
        if queries == 0 {
            self.tend_tick();
        }
    }

    /// Takes an answer in. True when the look has all of them.
    pub(crate) fn measured(&mut self, ticket: u64, answer: Answer) -> Result<bool, EventError> {
        let tick = self.volatile.tick.as_mut();
        let tick = tick.ok_or_else(|| unawaited(ticket))?;
        tick.take(ticket, answer)?;
        Ok(tick.open == 0)
    }
}

fn unawaited(ticket: u64) -> EventError {
    EventError::Unawaited {
        what: "query",
        number: ticket,
    }
}

/// Looking more often than this would only measure the same moment again.
const EVERY_MIN: Span = Span::from_millis(10);
