//! What a number of samples can show: said when a plan is checked, so that nobody waits for a proof that
//! five samples cannot give.

use phasegate_core::{BaseUnit, Fraction, Quantity, Ratio, Span};
use phasegate_criterion::{
    Aggregate, Assertion, Band, Cmp, Criterion, Expects, KpiRegistry, Measured, Operand, Shape,
    Test, measured,
};
use serde::{Deserialize, Serialize};

use crate::need::{aggregate, is_of_many};
use crate::statistics::fixed::{clean_run_lower_bound, clean_samples_needed, clopper_pearson};
use crate::statistics::rate::{PriorStrength, RateTest};
use crate::statistics::{Alpha, Counts, Rate};

/// What a criterion's samples can show, at its confidence or at 95 %.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SampleAdvice {
    /// The test it is about.
    pub rule: String,
    /// At this confidence.
    pub confidence: Ratio,
    /// For n of m: the share that a full result shows at least.
    pub shows_at_most: Option<Quantity>,
    /// How many samples without a single one on the wrong side show it at one look.
    pub once: Option<u64>,
    /// How many of them show it when looked at continuously, tuned for about a hundred samples and for about
    /// a thousand.
    pub looking: Option<(u64, u64)>,
    /// After how many of them a criterion with this `confidence` passes: it is judged with the prior tuned
    /// for about a hundred samples.
    pub judged: Option<u64>,
    /// How long that takes at the KPI's expected rate: once, and for the larger number when looking.
    pub takes: Option<(Span, Span)>,
    /// In words.
    pub sentence: String,
}

/// Says what the samples of a criterion can show. Empty where no test is about shares or percentiles.
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
    let all = criterion.condition.tests();
    all.into_iter()
        .filter_map(|test| of_test(test, registry))
        .collect()
}

fn of_test(test: &Test, registry: &KpiRegistry) -> Option<SampleAdvice> {
    let measured = measured(&test.subject.measure, registry).ok()?;
    let confidence = test.level().or_else(|| Ratio::from_percent(95).ok())?;
    let alpha = Alpha::from_confidence(confidence).ok()?;
    if is_of_many(test) {
        return of_many(test, confidence, alpha);
    }
    let wrong = wrong_side(test, &measured)?;
    let rate = Rate::new(wrong.to_f64()).ok()?;
    let once = clean_samples_needed(rate, alpha);
    let (judged, thousand) = looking(rate, alpha)?;
    let looking = (judged.min(thousand), judged.max(thousand));
    let per_second = measured
        .sources
        .first()
        .and_then(|source| source.kpi.rate.as_ref()?.base());
    let takes = per_second.and_then(|rate| Some((lasts(once, rate)?, lasts(looking.1, rate)?)));
    let (low, high) = looking;
    let time = takes.map_or(String::new(), |(short, long)| {
        format!("; at the expected rate that takes {short}, or up to {long}")
    });
    let sentence = format!(
        "{test}: with not one sample on the wrong side, {once} samples show it at {confidence} when looked at once, {low} to {high} when looked at continuously ({judged} with 'confidence'){time}"
    );
    Some(SampleAdvice {
        rule: test.to_string(),
        confidence,
        shows_at_most: None,
        once: Some(once),
        looking: Some(looking),
        judged: Some(judged),
        takes,
        sentence,
    })
}

/// `5/5` shows a share of 54.9 % at least, and no more.
fn of_many(test: &Test, confidence: Ratio, alpha: Alpha) -> Option<SampleAdvice> {
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
        confidence,
        shows_at_most: Some(shown.clone()),
        once: None,
        looking: None,
        judged: None,
        takes: None,
        sentence: format!(
            "{test}: {good} of {total} shows a share of {shown} at {confidence}, and no more"
        ),
    })
}

/// The share of samples that may be on the wrong side: 1 % for `ratio(errors) < 1%`, 5 % for
/// `ratio(hits) > 95%` and for `p95(latency) < 200ms`.
fn wrong_side(test: &Test, measured: &Measured<'_>) -> Option<Fraction> {
    let (op, value) = match &test.assertion {
        Assertion::Compare(Band {
            op,
            value: Operand::Value(value),
        }) => (*op, value),
        Assertion::Reach { op, to, .. } => (op.or_else(|| measured.direction.goal())?, to),
        Assertion::Bands { .. }
        | Assertion::Comparable(_)
        | Assertion::Compare(_)
        | Assertion::NoWorse(_)
        | Assertion::Stable
        | Assertion::Within(_) => return None,
    };
    let all = |shape: Shape| {
        measured
            .sources
            .iter()
            .all(|source| source.kpi.shape == shape)
    };
    let quantile = aggregate(&test.subject.measure).and_then(Aggregate::quantile);
    let (share, below) = match (quantile, &measured.expects) {
        (Some(quantile), Expects::Quantity(_)) if all(Shape::Distribution) => {
            // Values above the threshold are on the wrong side of "below", and the other way round.
            let above =
                Fraction::ONE.checked_sub(Fraction::from_decimal(quantile.to_decimal())?)?;
            (above, matches!(op, Cmp::Less | Cmp::LessOrEqual))
        }
        (_, Expects::Share) if all(Shape::Ratio) || all(Shape::Distribution) => (
            value.quantity().base()?,
            matches!(op, Cmp::Less | Cmp::LessOrEqual),
        ),
        (Some(_) | None, _) => return None,
    };
    match op {
        Cmp::Equal | Cmp::NotEqual => None,
        Cmp::Greater | Cmp::GreaterOrEqual | Cmp::Less | Cmp::LessOrEqual if below => Some(share),
        Cmp::Greater | Cmp::GreaterOrEqual | Cmp::Less | Cmp::LessOrEqual => {
            Fraction::ONE.checked_sub(share)
        }
    }
}

/// How many clean samples show it under continuous looking, for a prior tuned to a hundred samples, which is
/// the one that criteria are judged with, and to a thousand.
fn looking(rate: Rate, alpha: Alpha) -> Option<(u64, u64)> {
    let needed = |prior: PriorStrength| {
        RateTest::new(rate)
            .with_prior(prior)
            .clean_samples_needed(alpha)
    };
    Some((
        needed(PriorStrength::for_criteria(alpha))?,
        needed(PriorStrength::tuned_for(1_000.0, alpha))?,
    ))
}

fn lasts(samples: u64, per_second: Fraction) -> Option<Span> {
    let seconds = Fraction::from(samples).checked_div(per_second)?;
    let (nanos, part) = seconds.checked_mul(Fraction::from(1_000_000_000))?.parts();
    u64::try_from(u128::try_from(nanos).ok()?.div_ceil(part))
        .ok()
        .map(Span::from_nanos)
}
