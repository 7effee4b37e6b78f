//! Numbers under which criteria hold, or under which one of them breaks: each question gets the number, of a few
//! hundred, that serves best.

use std::collections::{BTreeMap, BTreeSet};

use phasegate_core::{Decimal, KpiId, Span, Timestamp, Window, WindowKind};
use phasegate_criterion::{Criterion, KpiRegistry};
use phasegate_engine::program::Program;
use phasegate_sla::{Need, Testimony, Verdict, evaluate_with, needs};

use crate::world::{Question, answer_at_level};

/// What the world should make of a criterion.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Want {
    /// Whatever must hold fails.
    Fail,
    /// A trigger's condition is true.
    Fire,
    /// It holds.
    Hold,
    /// A trigger's condition is not true.
    Quiet,
}

/// A criterion, what is wanted of it and how much that counts beside others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish<'p> {
    pub(super) criterion: &'p Criterion,
    pub(super) want: Want,
    pub(super) weight: u32,
}

/// The numbers that answer questions.
pub(super) type Levels = BTreeMap<Question, Decimal>;

/// Three times through all questions settle what several of them decide together: sums, and both arms.
const ROUNDS: usize = 3;

/// A wish with what is asked for it.
struct Asked<'w, 'p> {
    wish: &'w Wish<'p>,
    needs: Vec<(Need, Question)>,
}

/// Makes as many wishes come true as it can. A number that serves stays as it is; else the nearest one that serves
/// best is taken.
///
/// Cost: some 200 evaluations of the criteria of each question that has to change.
pub(super) fn fit(
    program: &Program,
    registry: &KpiRegistry,
    said: &Testimony,
    wishes: &[Wish<'_>],
    levels: &mut Levels,
) {
    let asked: Vec<Asked<'_, '_>> = wishes
        .iter()
        .map(|wish| ask(program, registry, wish))
        .collect();
    let questions = asked
        .iter()
        .flat_map(|asked| asked.needs.iter().map(|(need, question)| (question, need)));
    for (question, need) in questions {
        if !levels.contains_key(question) {
            levels.insert(question.clone(), first_level(registry, &need.kpi));
        }
    }
    let questions: BTreeSet<&Question> = asked.iter().flat_map(questions_of).collect();
    let candidates = candidates();
    for _ in 0..ROUNDS {
        for question in &questions {
            let about: Vec<_> = asked
                .iter()
                .filter(|asked| questions_of(asked).any(|one| one == *question))
                .collect();
            settle(registry, said, &about, question, &candidates, levels);
        }
    }
}

/// Can the world make that of the criterion alone?
pub(super) fn can_be(program: &Program, criterion: &Criterion, want: Want) -> bool {
    let registry = program.registry();
    let said = Testimony::default();
    let weight = 1;
    let wishes = [Wish {
        criterion,
        want,
        weight,
    }];
    let mut levels = Levels::new();
    fit(program, &registry, &said, &wishes, &mut levels);
    let [wish] = &wishes;
    let asked = ask(program, &registry, wish);
    !asked.needs.is_empty() && points(&registry, &said, &asked, &levels) == POINTS_MAX
}

fn questions_of<'a>(asked: &'a Asked<'_, '_>) -> impl Iterator<Item = &'a Question> + use<'a> {
    asked.needs.iter().map(|(_, question)| question)
}

fn ask<'w, 'p>(program: &Program, registry: &KpiRegistry, wish: &'w Wish<'p>) -> Asked<'w, 'p> {
    let can = |binding: &_, capability| program.can(binding, capability);
    let with_question = |need: Need| {
        let question = Question {
            kpi: need.kpi.clone(),
            arm: need.arm,
            text: need.text.clone(),
        };
        (need, question)
    };
    let needs = needs(wish.criterion, registry, &can).unwrap_or_default();
    Asked {
        wish,
        needs: needs.into_iter().map(with_question).collect(),
    }
}

/// Takes the best number for one question.
fn settle(
    registry: &KpiRegistry,
    said: &Testimony,
    about: &[&Asked<'_, '_>],
    question: &Question,
    candidates: &[Decimal],
    levels: &mut Levels,
) {
    let all = |levels: &Levels| -> u32 {
        let each = about.iter().map(|asked| {
            let points = points(registry, said, asked, levels);
            points.saturating_mul(asked.wish.weight)
        });
        each.sum()
    };
    let most: u32 = about
        .iter()
        .map(|asked| POINTS_MAX * asked.wish.weight)
        .sum();
    let Some(before) = levels.get(question).copied() else {
        return;
    };
    let mut best = (all(levels), 0.0, before);
    if best.0 == most {
        return;
    }
    for candidate in candidates {
        levels.insert(question.clone(), *candidate);
        let (points, far) = (all(levels), distance(*candidate, before));
        if points > best.0 || (points == best.0 && best.1 > 0.0 && far < best.1) {
            best = (points, far, *candidate);
        }
    }
    levels.insert(question.clone(), best.2);
}

const POINTS_MAX: u32 = 3;

fn points(registry: &KpiRegistry, said: &Testimony, asked: &Asked<'_, '_>, levels: &Levels) -> u32 {
    let at = Timestamp::EPOCH + Span::from_secs(365 * 86_400);
    let kind = if asked.wish.criterion.has_confidence() {
        WindowKind::SinceStart
    } else {
        WindowKind::Rolling
    };
    let answers = asked.needs.iter().filter_map(|(need, question)| {
        let over = need.over.unwrap_or(Span::from_secs(300));
        let window = Window {
            start: at.before(over),
            end: at,
            kind,
        };
        let level = levels.get(question)?;
        let answer = answer_at_level(*level, need.wants, &need.unit, window);
        Some((need.clone(), answer))
    });
    let answers = answers.collect();
    let verdict = evaluate_with(asked.wish.criterion, registry, &answers, said, at).verdict;
    match (asked.wish.want, verdict) {
        (Want::Hold, Verdict::Pass)
        | (Want::Fail | Want::Quiet, Verdict::Fail)
        | (Want::Fire, Verdict::Pass | Verdict::Warn) => POINTS_MAX,
        (Want::Hold, Verdict::Warn) => 2,
        (Want::Hold | Want::Quiet, Verdict::Inconclusive(_)) => 1,
        _ => 0,
    }
}

/// Where a KPI begins: at its target, where that stands in its own unit.
fn first_level(registry: &KpiRegistry, kpi: &KpiId) -> Decimal {
    let ten = Decimal::new(10, 0).unwrap_or_default();
    let Some(kpi) = registry.kpi(kpi) else {
        return ten;
    };
    let target = kpi.target.as_ref().map(|target| &target.value);
    let target = target.filter(|value| *value.unit() == kpi.unit);
    target.map_or(ten, |value| value.number())
}

/// Nineteen numbers of each power of ten from a thousandth on, nothing at all, and what lies close below a hundred.
fn candidates() -> Vec<Decimal> {
    let mut all = vec![Decimal::ZERO];
    for power in -4i32..=6 {
        for mantissa in (10i64..100).step_by(5) {
            let tens = 10i64.saturating_pow(power.max(0).unsigned_abs());
            let scale = power.min(0).unsigned_abs();
            all.extend(Decimal::new(mantissa.saturating_mul(tens), scale));
        }
    }
    for tenths in [960, 970, 980, 990, 992, 995, 998, 999] {
        all.extend(Decimal::new(tenths, 1));
    }
    all.extend(Decimal::new(9_999, 2));
    all
}

/// How far two numbers lie from each other, in powers.
fn distance(one: Decimal, other: Decimal) -> f64 {
    let power = |number: Decimal| (number.to_f64().abs() + 1e-4).ln();
    (power(one) - power(other)).abs()
}
