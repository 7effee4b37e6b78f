//! What the samples of each test of a criterion can show, in numbers and in words.

use phasegate_core::{BaseUnit, Fraction, Quantity, Ratio, Span};
use phasegate_criterion::{
    Assertion, Band, Condition, Criterion, KpiRegistry, Measure, Measured, Operand, Test, measured,
};
use serde::{Deserialize, Serialize};

use super::goal::{Goal, goals};
use super::number::Number;
use crate::need::is_of_many;
use crate::statistics::fixed::{clean_run_lower_bound, clopper_pearson};
use crate::statistics::{Alpha, Counts};

/// What a criterion's samples can show, at its confidence or at 95 %.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SampleAdvice {
    /// The test it is about.
    pub rule: String,
    /// At this confidence.
    pub confidence: Ratio,
    /// Among how many alternatives its chance of error is shared; 1 where it stands alone. With `confidence`, each
    /// of n alternatives has an n-th of it.
    #[serde(default = "alone")]
    pub alternatives: u32,
    /// For n of m: the share that a full result shows at least.
    pub shows_at_most: Option<Quantity>,
    /// How many samples without a single one on the wrong side show it at one look; of a range, about how many
    /// with a share in the middle of it.
    pub once: Option<u64>,
    /// How many of them show it when looked at continuously, tuned for about a hundred samples and for about
    /// a thousand.
    pub looking: Option<(u64, u64)>,
    /// After how many of them a criterion with this `confidence` passes: it is judged with the prior tuned
    /// for about a hundred samples. None of burn rates and budgets, which have no `confidence`.
    pub judged: Option<u64>,
    /// How long that takes at the KPI's expected rate: once, and for the larger number when looking.
    pub takes: Option<(Span, Span)>,
    /// In words.
    pub sentence: String,
}

/// Says what the samples of a criterion can show: of shares, percentiles, `apdex`, burn rates and budgets, against
/// a value, in a range or clear of bands. Empty where no test is about such.
///
/// Cost: some ten microseconds a test.
///
/// ```
/// use phasegate_criterion::{Criterion, Kpi, KpiRegistry, Shape};
/// let mut errors = Kpi::new("errors".parse()?, "%".parse()?, Shape::Ratio, "prom".parse()?);
/// errors.rate = Some("10/s".parse()?);
/// let mut kpis = KpiRegistry::new();
/// kpis.declare(errors)?;
/// let criterion: Criterion = "ratio(errors) < 1%".parse()?;
/// let advice = phasegate_sla::sample_advice(&criterion, &kpis).remove(0);
/// assert_eq!(advice.once, Some(299));
/// assert_eq!(advice.looking, Some((338, 499)));
/// assert_eq!(advice.judged, Some(338));
/// assert_eq!(advice.takes.map(|(once, _)| once.to_string()), Some("29s900ms".to_owned()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn sample_advice(criterion: &Criterion, registry: &KpiRegistry) -> Vec<SampleAdvice> {
    sample_advice_shared(criterion, registry, 1)
}

/// The same for one of several triggers, which share the chance of a false alarm where they have a `confidence`:
/// `alternatives` is how many they are. Alternatives within the criterion share it further.
#[must_use]
pub fn sample_advice_shared(
    criterion: &Criterion,
    registry: &KpiRegistry,
    alternatives: u32,
) -> Vec<SampleAdvice> {
    let mut advice = Vec::new();
    of_condition(
        &criterion.condition,
        registry,
        alternatives.max(1),
        &mut advice,
    );
    advice
}

const fn alone() -> u32 {
    1
}

/// Alternatives and parts of a score share the chance of error, as evaluation shares it.
fn of_condition(
    condition: &Condition,
    registry: &KpiRegistry,
    alternatives: u32,
    advice: &mut Vec<SampleAdvice>,
) {
    if let Condition::Test(test) = condition {
        advice.extend(of_test(test, registry, alternatives));
    }
    let parts = u32::try_from(condition.parts().count()).unwrap_or(u32::MAX);
    let alternatives = if matches!(condition, Condition::Any(_) | Condition::Score(_)) {
        alternatives.saturating_mul(parts.max(1))
    } else {
        alternatives
    };
    for part in condition.parts() {
        of_condition(part, registry, alternatives, advice);
    }
}

fn of_test(test: &Test, registry: &KpiRegistry, alternatives: u32) -> Vec<SampleAdvice> {
    let Ok(measured) = measured(&test.subject.measure, registry) else {
        return Vec::new();
    };
    let asked = test.level();
    // What is compared literally shares nothing: what its samples would show is said at 95 %.
    let alternatives = if asked.is_some() { alternatives } else { 1 };
    let Some(confidence) = asked.or_else(|| Ratio::from_percent(95).ok()) else {
        return Vec::new();
    };
    let Ok(alpha) = Alpha::from_confidence(confidence) else {
        return Vec::new();
    };
    let level = Level {
        confidence,
        alternatives,
        alpha: alpha.divided_by(alternatives),
    };
    if is_of_many(test) {
        return of_many(test, &level).into_iter().collect();
    }
    goals(test, &measured, registry)
        .into_iter()
        .filter_map(|(part, goal)| of_goal(test, &measured, (part, goal), &level))
        .collect()
}

/// At which confidence something is to be shown.
struct Level {
    confidence: Ratio,
    alternatives: u32,
    alpha: Alpha,
}

impl Level {
    fn text(&self) -> String {
        if self.alternatives > 1 {
            format!(
                "{} (one of {} alternatives, which share the chance of error)",
                self.confidence, self.alternatives
            )
        } else {
            self.confidence.to_string()
        }
    }
}

fn of_goal(
    test: &Test,
    measured: &Measured<'_>,
    (part, goal): (Option<&str>, Goal),
    level: &Level,
) -> Option<SampleAdvice> {
    let Number {
        once,
        judged,
        thousand,
    } = Number::of(goal, level.alpha)?;
    let looking = (judged.min(thousand), judged.max(thousand));
    let per_second = measured
        .sources
        .first()
        .and_then(|source| source.kpi.rate.as_ref()?.base());
    let takes = per_second.and_then(|rate| Some((lasts(once, rate)?, lasts(looking.1, rate)?)));
    // Burn rates and budgets have no confidence: there is nothing that would be judged so.
    let judged = match test.subject.measure {
        Measure::BudgetLeft { .. } | Measure::BurnRate { .. } => None,
        Measure::Aggregate { .. }
        | Measure::Apdex { .. }
        | Measure::Below { .. }
        | Measure::Change(_)
        | Measure::Plain { .. }
        | Measure::Query(_) => Some(judged),
    };
    let by_criteria = judged.map_or(String::new(), |judged| {
        format!(" ({judged} with 'confidence')")
    });
    let (low, high) = looking;
    let time = takes.map_or(String::new(), |(short, long)| {
        format!("; at the expected rate that takes {short}, or up to {long}")
    });
    let part = part.map_or(String::new(), |part| format!(", {part}"));
    let with = match goal {
        Goal::Clean(_) => "with not one sample on the wrong side,",
        Goal::Within(..) => "with a share in the middle of it, about",
    };
    let sentence = format!(
        "{test}{part}: {with} {once} samples show it at {} when looked at once, {low} to {high} when looked at continuously{by_criteria}{time}",
        level.text()
    );
    Some(SampleAdvice {
        rule: test.to_string(),
        confidence: level.confidence,
        alternatives: level.alternatives,
        shows_at_most: None,
        once: Some(once),
        looking: Some(looking),
        judged,
        takes,
        sentence,
    })
}

/// `5/5` shows a share of 54.9 % at least, and no more.
fn of_many(test: &Test, level: &Level) -> Option<SampleAdvice> {
    let alpha = level.alpha;
    let Assertion::Compare(Band {
        value: Operand::Value(value),
        ..
    }) = &test.assertion
    else {
        return None;
    };
    let quantity = value.quantity();
    let BaseUnit::OutOf(many) = quantity.unit().base() else {
        return None;
    };
    let (good, total) = (quantity.number().to_u64()?, many.to_u64()?);
    let shown = if good == total {
        clean_run_lower_bound(total, alpha)
    } else {
        let both_sides = Alpha::new(alpha.value() * 2.0).ok()?;
        clopper_pearson(Counts::new(good, total).ok()?, both_sides).lower
    };
    let percent = phasegate_core::Decimal::from_f64(shown * 100.0)
        .ok()?
        .rounded(1);
    let shown = Quantity::new(percent, phasegate_core::Unit::PERCENT);
    Some(SampleAdvice {
        rule: test.to_string(),
        confidence: level.confidence,
        alternatives: level.alternatives,
        shows_at_most: Some(shown.clone()),
        once: None,
        looking: None,
        judged: None,
        takes: None,
        sentence: format!(
            "{test}: {good} of {total} shows a share of {shown} at {}, and no more",
            level.text()
        ),
    })
}

fn lasts(samples: u64, per_second: Fraction) -> Option<Span> {
    let seconds = Fraction::from(samples).checked_div(per_second)?;
    let (nanos, part) = seconds.checked_mul(Fraction::from(1_000_000_000))?.parts();
    u64::try_from(u128::try_from(nanos).ok()?.div_ceil(part))
        .ok()
        .map(Span::from_nanos)
}
