//! Service levels: objectives with what was measured of them, and every time limit with how it was kept.

use std::collections::BTreeMap;

use phasegate_core::Span;

use crate::doc::bits::{Bits, Block, Clock, Section, Tone, against};
use crate::doc::criteria::{measured_last, status_why};
use crate::view::{BudgetSort, BudgetView, SloView, View};
use crate::words;

/// More limits that were not kept than this are counted only: a report is to be read.
const MISSED_MAX: usize = 50;

pub(super) fn section(view: &View, clock: &Clock) -> Option<Section> {
    let mut blocks = Vec::new();
    let slos = view.slos.iter().map(|slo| row(slo, clock));
    blocks.extend(Block::table(
        &["Objective", "Promises", "Measured last", "Status"],
        slos,
    ));
    blocks.extend(kept(&view.budgets));
    let missed = || view.budgets.iter().filter(|budget| budget.over);
    let rows = missed().take(MISSED_MAX).map(|budget| {
        vec![
            clock.at(budget.at),
            Bits::text(budget.what.as_str()),
            Bits::text(words::budget(budget.sort)),
            against(budget.took, Some(budget.budget), true),
        ]
    });
    let columns = &["From", "What took too long", "Budget of", "Time"];
    blocks.extend(Block::table(columns, rows));
    let more = missed().count().saturating_sub(MISSED_MAX);
    if more > 0 {
        blocks.push(Block::Paragraph(Bits::text(format!("And {more} more."))));
    }
    Section::of("service", "Service levels and budgets", blocks)
}

fn row(slo: &SloView, clock: &Clock) -> Vec<Bits> {
    let period = words::span_text(slo.period);
    vec![
        Bits::code(slo.slo.as_str()),
        Bits::text(format!("{} of ", slo.objective))
            .and_code(slo.kpi.as_str())
            .and_text(format!(" over {period}")),
        measured_last(&slo.actual, clock),
        status_why(slo.status, slo.why.as_ref()),
    ]
}

#[derive(Default)]
struct Kept<'v> {
    kept: u64,
    missed: u64,
    open: u64,
    /// What came nearest to its budget, or went furthest beyond it.
    nearest: Option<(&'v BudgetView, Span)>,
}

/// How often limits of each sort were kept, and what came nearest to its own.
fn kept(budgets: &[BudgetView]) -> Option<Block> {
    let mut sorts: BTreeMap<BudgetSort, Kept<'_>> = BTreeMap::new();
    for budget in budgets {
        let of = sorts.entry(budget.sort).or_default();
        let counter = match (budget.over, budget.took) {
            (true, _) => &mut of.missed,
            (false, Some(_)) => &mut of.kept,
            (false, None) => &mut of.open,
        };
        *counter = counter.saturating_add(1);
        if let Some(took) = budget.took {
            // Which part of its budget it took, compared crosswise.
            let times = |took: Span, budget: Span| {
                u128::from(took.as_nanos()) * u128::from(budget.as_nanos())
            };
            let nearer = of.nearest.is_none_or(|(other, longest)| {
                times(took, other.budget) > times(longest, budget.budget)
            });
            if nearer {
                of.nearest = Some((budget, took));
            }
        }
    }
    let rows = sorts.into_iter().map(|(sort, of)| {
        let nearest = of.nearest.map_or_else(Bits::none, |(budget, took)| {
            against(Some(took), Some(budget.budget), budget.over)
                .and_quiet(format!(" {}", budget.what))
        });
        vec![
            Bits::text(words::budget(sort)),
            count(Tone::Good, of.kept),
            count(Tone::Bad, of.missed),
            count(Tone::Unsure, of.open),
            nearest,
        ]
    });
    let columns = &["Budgets of", "Kept", "Not kept", "Still run", "Nearest"];
    Block::table(columns, rows)
}

fn count(tone: Tone, count: u64) -> Bits {
    match count {
        0 => Bits::text("–"),
        count => Bits::mark(tone, count.to_string()),
    }
}
