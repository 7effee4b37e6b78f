//! Baseline steps: what stands before anything is changed is measured over a window and recorded. From
//! then on `vs baseline` means that record.

use std::collections::BTreeMap;

use phasegate_core::{BindingId, Capability, Query, Span, Window, WindowKind};
use phasegate_criterion::KpiRegistry;
use phasegate_sla::{Finding, Need, evaluate, needs};

use super::look::Closed;
use crate::engine::Engine;
use crate::program::{Blind, Figure, OpKind, Program, Response, query};
use crate::record::{Baselined, Body, Cause, Finish, HoldReason, Place};
use crate::state::Stage;

/// Before anything is exposed there is no canary to ask: figures come from the rest.
fn registry_for_figures(program: &Program) -> KpiRegistry {
    program.registry_with(|kpi| {
        kpi.queries.canary = None;
        // The step says over how long it measures.
        kpi.window = None;
    })
}

/// A figure whose queries are under way.
#[derive(Debug)]
pub(crate) struct FigureLook {
    place: Place,
    figure: Figure,
    /// Each need with its query, counted from the first of the look.
    needs: Vec<(Need, usize)>,
}

impl Engine {
    /// Baseline steps that have begun and not measured yet.
    pub(crate) fn measures(&self) -> Vec<Place> {
        if self.state.rollback.is_some() {
            return Vec::new();
        }
        let waits = |place: &&Place| {
            let kind = self.state.op(place).map(|op| &op.kind);
            matches!(kind, Some(OpKind::Measure { .. }))
                && matches!(self.state.stage(place), Some(Stage::Started { .. }))
                && !self.state.measured.contains(*place)
        };
        self.places().iter().filter(waits).cloned().collect()
    }

    /// Is its window over, and have its sources had time to know of it?
    pub(crate) fn is_measure_due(&self, place: &Place) -> bool {
        self.due_measure(place).is_some()
    }

    fn due_measure(&self, place: &Place) -> Option<(&[Figure], Window)> {
        let Some(OpKind::Measure { figures, over, .. }) = self.state.op(place).map(|op| &op.kind)
        else {
            return None;
        };
        let Some(Stage::Started { at, .. }) = self.state.stage(place) else {
            return None;
        };
        let due = self.now().elapsed_since(at).low >= over.saturating_add(self.lag_of(figures));
        let start = self.in_present(at);
        let window = Window {
            start,
            end: start + *over,
            kind: WindowKind::SinceStart,
        };
        (due && !self.state.measured.contains(place)).then_some((figures.as_slice(), window))
    }

    /// The longest time that sources of these figures are late.
    pub(crate) fn lag_of(&self, figures: &[Figure]) -> Span {
        let sources = figures
            .iter()
            .filter_map(|figure| self.registry.kpi(&figure.kpi))
            .filter_map(|kpi| self.state.program.bindings.get(&kpi.source));
        sources.map(|binding| binding.lag).max().unwrap_or_default()
    }

    /// What is asked for the figures there, added to `asked`; the first of those is query `first` of the look.
    pub(crate) fn figure_looks(
        &self,
        place: &Place,
        first: usize,
        asked: &mut Vec<Query>,
    ) -> Vec<FigureLook> {
        let Some((figures, window)) = self.due_measure(place) else {
            return Vec::new();
        };
        let registry = registry_for_figures(&self.state.program);
        let program = &self.state.program;
        let can =
            |binding: &BindingId, capability: Capability| program.can_value(binding, capability);
        let mut looks = Vec::with_capacity(figures.len());
        for figure in figures {
            let wanted = needs(&figure.criterion, &registry, &can).unwrap_or_default();
            let mut planned = Vec::with_capacity(wanted.len());
            for need in wanted {
                let query = query(&need, window);
                let same = asked.iter().position(|other| *other == query);
                let index = same.unwrap_or_else(|| {
                    asked.push(query);
                    asked.len() - 1
                });
                planned.push((need, first + index));
            }
            looks.push(FigureLook {
                place: place.clone(),
                figure: figure.clone(),
                needs: planned,
            });
        }
        looks
    }

    /// Records the figures of each baseline step whose figures are all there.
    pub(crate) fn judge_figures(&mut self, closed: &Closed) {
        if closed.figures.is_empty() {
            return;
        }
        let registry = registry_for_figures(&self.state.program);
        let mut found: BTreeMap<&Place, Vec<Result<Baselined, String>>> = BTreeMap::new();
        // An operation may have ended while its answers were under way.
        let live =
            |look: &&FigureLook| self.state.rollback.is_none() && self.is_measure_due(&look.place);
        for look in closed.figures.iter().filter(live) {
            let answer = |index: &usize| closed.answer(*index).clone();
            let inputs = look.needs.iter();
            let inputs = inputs.map(|(need, index)| (need.clone(), answer(index)));
            let inputs = inputs.collect();
            // The figure is of that window, however late it is asked for.
            let Some((_, window)) = self.due_measure(&look.place) else {
                continue;
            };
            let finding = evaluate(&look.figure.criterion, &registry, &inputs, window.end);
            let figure = baselined(&look.figure, &finding).ok_or(finding.sentence);
            found.entry(&look.place).or_default().push(figure);
        }
        for (place, figures) in found {
            match figures.into_iter().collect::<Result<Vec<_>, String>>() {
                Ok(figures) => {
                    self.emit(Body::BaselineRecorded {
                        place: place.clone(),
                        figures,
                    });
                    self.registry = self.state.registry();
                }
                Err(sentence) => self.bear_blind_figure(place, &sentence),
            }
        }
    }

    /// Something could not be measured: borne for a while, then what the plan says.
    fn bear_blind_figure(&mut self, place: &Place, sentence: &str) {
        let Some(OpKind::Measure { over, blind, .. }) =
            self.state.op(place).map(|op| op.kind.clone())
        else {
            return;
        };
        let Blind {
            after,
            mut reaction,
        } = blind;
        // Whoever is only told must not be told for ever.
        reaction.act.get_or_insert(Response::Hold);
        let waited = self.running_for(place).map(|elapsed| elapsed.high);
        let is_held = self
            .state
            .holds
            .iter()
            .any(|hold| matches!(hold, HoldReason::Blind { .. }));
        if waited.is_some_and(|waited| waited >= over.saturating_add(after)) && !is_held {
            let what = format!("baseline: {sentence}");
            let cause = Cause::Blind { what: what.clone() };
            self.respond(&reaction, cause, HoldReason::Blind { what }, place.phase());
        }
    }

    /// Goes on when the figures are recorded. Without any there is nothing to wait for.
    pub(crate) fn step_measure(&mut self, place: &Place) {
        let nothing = matches!(
            self.state.op(place).map(|op| &op.kind),
            Some(OpKind::Measure { figures, .. }) if figures.is_empty()
        );
        if (nothing || self.state.measured.contains(place)) && self.may_move(place) {
            self.finish_op(place, Finish::Done);
        }
    }
}

fn baselined(figure: &Figure, finding: &Finding) -> Option<Baselined> {
    Some(Baselined {
        kpi: figure.kpi.clone(),
        measure: figure.measure.clone(),
        value: finding.observed.clone()?,
        samples: finding.samples.unwrap_or_default(),
        window: finding.window?,
    })
}
