//! Which forms of answer would decide a test, best first. Asking and evaluating both start from here, so
//! that they cannot disagree.

use phasegate_core::{Arm, BindingId, Capability, KpiId, Quantity, Span, Unit, Wants};
use phasegate_criterion::{
    Against, Aggregate, Assertion, Band, Baseline, Cmp, Given, KpiRegistry, Measure, Measured,
    Operand, Shape, Source, Test, measured,
};

use super::{INLINE_QUERY, Need, NeedFault};

/// One number to be got, in any of several forms, the best first.
pub(crate) struct Question {
    pub(crate) candidates: Vec<Need>,
}

/// What a test compares with, if with anything but the values in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Compared {
    /// The stable arm.
    Arm,
    /// A figure.
    Figure(Given),
    /// Nothing.
    Nothing,
    /// The run before.
    Previous,
}

/// What the test compares with.
pub(crate) fn compared(test: &Test, measured: &Measured<'_>) -> Compared {
    match test.reference() {
        None => Compared::Nothing,
        Some((Against::Control | Against::Old, _)) => Compared::Arm,
        Some((Against::Baseline | Against::Previous, Some(given))) => {
            Compared::Figure(given.clone())
        }
        Some((Against::Previous, None)) => Compared::Previous,
        Some((Against::Baseline, None)) => {
            match measured.sources.first().map(|source| &source.kpi.baseline) {
                Some(Baseline::Control) => Compared::Arm,
                Some(Baseline::Figure(given)) => Compared::Figure(given.clone()),
                Some(Baseline::Previous) => Compared::Previous,
                None => Compared::Figure(Given::Unknown),
            }
        }
    }
}

/// The arm a test without comparison looks at.
pub(crate) fn primary_arm(source: &Source<'_>, compared: &Compared) -> Arm {
    let canary = *compared == Compared::Arm || source.queries.canary.is_some();
    match (
        canary,
        source.queries.whole.is_some(),
        source.queries.stable.is_some(),
    ) {
        (true, ..) => Arm::Canary,
        (false, false, true) => Arm::Stable,
        (false, ..) => Arm::Whole,
    }
}

/// A source asked about one arm over one window.
pub(crate) struct Asking<'s> {
    pub(crate) source: &'s Source<'s>,
    pub(crate) arm: Arm,
    pub(crate) over: Option<Span>,
}

impl Asking<'_> {
    fn need(&self, text: &str, wants: Wants) -> Need {
        let kpi = self.source.kpi;
        Need {
            kpi: kpi.id.clone(),
            to: kpi.source.clone(),
            arm: self.arm,
            text: text.to_owned(),
            unit: kpi.unit.to_string(),
            wants,
            over: self.over,
        }
    }

    /// The question with the KPI's own text.
    fn plainly(&self, wants: Wants) -> Option<Need> {
        Some(self.need(self.source.queries.of(self.arm)?, wants))
    }

    /// The question by which the source itself makes a function of the distribution: the KPI declares it
    /// as a part named like the function, `p95`.
    fn ready_made(&self, function: &str) -> Option<Need> {
        let queries = self.source.kpi.parts.get(function)?;
        Some(self.need(queries.of(self.arm)?, Wants::Scalar))
    }

    /// How many lie below a threshold: `None` where the KPI's unit cannot express it exactly.
    pub(crate) fn below(&self, threshold: &Quantity, inclusive: bool) -> Option<Need> {
        let threshold = threshold
            .in_unit(&self.source.kpi.unit)?
            .number()
            .normalized();
        self.plainly(Wants::Below {
            threshold,
            inclusive,
        })
    }

    /// Forms from which the value of a function can be made.
    pub(crate) fn value(&self, by: Option<Aggregate>, of_many: bool) -> Vec<Need> {
        let counts = matches!(
            by,
            Some(Aggregate::Count | Aggregate::Share | Aggregate::Equal)
        );
        let forms = match self.source.kpi.shape {
            Shape::Distribution => {
                let function = by.map(|by| by.to_string()).unwrap_or_default();
                let sketch = self.plainly(Wants::Distribution);
                return sketch
                    .into_iter()
                    .chain(self.ready_made(&function))
                    .collect();
            }
            Shape::Counter if of_many => [Some(Wants::Share), None],
            Shape::Counter => [Some(Wants::Scalar), None],
            Shape::Ratio if counts && by == Some(Aggregate::Count) => [Some(Wants::Share), None],
            Shape::Ratio => [Some(Wants::Share), Some(Wants::Scalar)],
            Shape::Duration
            | Shape::Gauge
            | Shape::Quantile { .. }
            | Shape::Rating
            | Shape::Score
            | Shape::Utilisation => [Some(Wants::Scalar), None],
        };
        forms
            .into_iter()
            .flatten()
            .filter_map(|wants| self.plainly(wants))
            .collect()
    }
}

/// The need of an inline query.
pub(crate) fn inline_need(text: &str, test: &Test, registry: &KpiRegistry) -> Option<Need> {
    Some(Need {
        kpi: KpiId::new(INLINE_QUERY).ok()?,
        to: registry.inline_source()?.clone(),
        arm: Arm::Whole,
        text: text.to_owned(),
        unit: Unit::NUMBER.to_string(),
        wants: Wants::Scalar,
        over: window(test, None),
    })
}

/// The window of a test: its own, or the KPI's. With confidence, the evidence is of all samples since the
/// start, whatever window is usual for the KPI.
pub(crate) fn window(test: &Test, kpi: Option<Span>) -> Option<Span> {
    let usual = || kpi.filter(|_| test.level().is_none());
    let own = test.over.as_ref();
    own.and_then(phasegate_criterion::Length::span)
        .or_else(usual)
}

/// The function and the KPI behind any change.
pub(crate) fn inner(measure: &Measure) -> &Measure {
    match measure {
        Measure::Change(of) => inner(of),
        Measure::Aggregate { .. }
        | Measure::Apdex { .. }
        | Measure::Below { .. }
        | Measure::BudgetLeft { .. }
        | Measure::BurnRate { .. }
        | Measure::Plain { .. }
        | Measure::Query(_) => measure,
    }
}

/// The function, where the measure is one of many values.
pub(crate) fn aggregate(measure: &Measure) -> Option<Aggregate> {
    match inner(measure) {
        Measure::Aggregate { by, .. } => Some(*by),
        Measure::Apdex { .. }
        | Measure::Below { .. }
        | Measure::BudgetLeft { .. }
        | Measure::BurnRate { .. }
        | Measure::Change(_)
        | Measure::Plain { .. }
        | Measure::Query(_) => None,
    }
}

/// Does the test ask for n of m?
pub(crate) fn is_of_many(test: &Test) -> bool {
    let Assertion::Compare(Band {
        value: Operand::Value(value),
        ..
    }) = &test.assertion
    else {
        return false;
    };
    let rating = matches!(
        value.quantity().unit().base(),
        phasegate_core::BaseUnit::OutOf(_)
    );
    rating
        && matches!(
            test.subject.measure,
            Measure::Aggregate {
                by: Aggregate::Count,
                ..
            } | Measure::Plain { .. }
        )
}

/// Thresholds that a percentile is compared with, each with `inclusive` for its count: p < t when enough
/// values lie below t, p <= t when enough lie at or below it, and the other way round.
pub(crate) fn percentile_thresholds(test: &Test, measured: &Measured<'_>) -> Vec<(Quantity, bool)> {
    if matches!(test.subject.measure, Measure::Change(_))
        || aggregate(&test.subject.measure)
            .and_then(Aggregate::quantile)
            .is_none()
    {
        return Vec::new();
    }
    let inclusive = |op: Cmp| match op {
        Cmp::Less | Cmp::GreaterOrEqual => Some(false),
        Cmp::LessOrEqual | Cmp::Greater => Some(true),
        Cmp::Equal | Cmp::NotEqual => None,
    };
    let found: Vec<(Option<Cmp>, &Quantity)> = match &test.assertion {
        Assertion::Bands { warn, crit } => {
            let bands = [warn, crit].into_iter().flatten();
            bands
                .map(|band| (Some(band.op), band.value.quantity()))
                .collect()
        }
        Assertion::Compare(Band {
            op,
            value: Operand::Value(value),
        }) => vec![(Some(*op), value.quantity())],
        Assertion::Reach { op, to, .. } => {
            vec![(op.or_else(|| measured.direction.goal()), to.quantity())]
        }
        Assertion::Within(range) => vec![
            (Some(Cmp::GreaterOrEqual), range.low.quantity()),
            (Some(Cmp::LessOrEqual), range.high.quantity()),
        ],
        Assertion::Compare(_)
        | Assertion::Comparable(_)
        | Assertion::NoWorse(_)
        | Assertion::Stable => Vec::new(),
    };
    let exact = found
        .into_iter()
        .map(|(op, value)| Some((value.clone(), op.and_then(inclusive)?)));
    exact.collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// Everything to be asked for a test.
pub(crate) fn questions(test: &Test, registry: &KpiRegistry) -> Result<Vec<Question>, NeedFault> {
    let measure = &test.subject.measure;
    let measured = measured(measure, registry).map_err(NeedFault::Criterion)?;
    if let Measure::Query(text) = inner(measure) {
        let need = inline_need(text.as_str(), test, registry);
        return Ok(need
            .into_iter()
            .map(|need| Question {
                candidates: vec![need],
            })
            .collect());
    }
    let compared = compared(test, &measured);
    let mut questions = Vec::new();
    for source in &measured.sources {
        let arm = primary_arm(source, &compared);
        let arms = [
            Some(arm),
            (compared == Compared::Arm).then_some(Arm::Stable),
        ];
        for arm in arms.into_iter().flatten() {
            if source.queries.of(arm).is_none() {
                return Err(NeedFault::NoQuery {
                    kpi: source.kpi.id.clone(),
                    arm,
                });
            }
            let asking = Asking {
                source,
                arm,
                over: span_of(test, source, registry),
            };
            questions.extend(of_source(test, &measured, &asking));
        }
    }
    Ok(questions)
}

/// The window to ask for: burn rates and budgets bring their own.
pub(crate) fn span_of(test: &Test, source: &Source<'_>, registry: &KpiRegistry) -> Option<Span> {
    match inner(&test.subject.measure) {
        Measure::BurnRate { window, .. } => window.span(),
        Measure::BudgetLeft { slo } => registry.slo(slo.kpi()).map(|slo| slo.period),
        Measure::Aggregate { .. }
        | Measure::Apdex { .. }
        | Measure::Below { .. }
        | Measure::Change(_)
        | Measure::Plain { .. }
        | Measure::Query(_) => window(test, source.kpi.window),
    }
}

fn of_source(test: &Test, measured: &Measured<'_>, asking: &Asking<'_>) -> Vec<Question> {
    let measure = inner(&test.subject.measure);
    let by = aggregate(measure);
    let value = || {
        let mut needs = asking.value(by, is_of_many(test));
        // A ready-made number has no samples that could be evidence.
        needs.retain(|need| test.level().is_none() || need.wants != Wants::Scalar);
        needs
    };
    let with_below = |threshold: &Quantity, inclusive: bool, rest: Vec<Need>| Question {
        candidates: asking
            .below(threshold, inclusive)
            .into_iter()
            .chain(rest)
            .collect(),
    };
    match measure {
        Measure::Apdex { threshold, .. } => {
            let sketch = || asking.value(None, false);
            let mut both = vec![with_below(threshold, true, sketch())];
            both.extend(four_times(threshold).map(|four| with_below(&four, true, sketch())));
            both
        }
        Measure::Below { threshold, .. } => {
            vec![with_below(threshold, false, asking.value(None, false))]
        }
        Measure::Aggregate { .. }
        | Measure::BudgetLeft { .. }
        | Measure::BurnRate { .. }
        | Measure::Change(_)
        | Measure::Plain { .. }
        | Measure::Query(_) => {
            let thresholds = percentile_thresholds(test, measured);
            if thresholds.is_empty()
                || test.level().is_some() && asking.source.kpi.shape != Shape::Distribution
            {
                return vec![Question {
                    candidates: value(),
                }];
            }
            let all = thresholds.iter();
            all.map(|(threshold, inclusive)| with_below(threshold, *inclusive, value()))
                .collect()
        }
    }
}

/// Where tolerable ends, for an Apdex with this threshold.
pub(crate) fn four_times(threshold: &Quantity) -> Option<Quantity> {
    let four = threshold
        .number()
        .checked_mul(phasegate_core::Decimal::from(4u32))?;
    Some(Quantity::new(four, threshold.unit().clone()))
}

fn capability(wants: &Wants) -> Option<Capability> {
    match wants {
        Wants::Below { .. } => Some(Capability::MeasureBelow),
        Wants::Distribution => Some(Capability::MeasureDistribution),
        Wants::Scalar => Some(Capability::MeasureScalar),
        Wants::Share => Some(Capability::MeasureShare),
        // A form that is not known here cannot be evaluated here.
        _ => None,
    }
}

/// The best form that the source offers.
pub(super) fn choose(
    test: &Test,
    question: Question,
    can: &dyn Fn(&BindingId, Capability) -> bool,
) -> Result<Need, NeedFault> {
    let offered = |need: &Need| capability(&need.wants).is_some_and(|form| can(&need.to, form));
    let forms: Vec<String> = question
        .candidates
        .iter()
        .map(|need| form(&need.wants))
        .collect();
    let to = question.candidates.first().map(|need| need.to.clone());
    match (question.candidates.into_iter().find(offered), to) {
        (Some(need), _) => Ok(need),
        (None, Some(to)) => Err(NeedFault::Form {
            to,
            measure: test.subject.to_string(),
            forms: forms.join(" or "),
        }),
        (None, None) => Err(NeedFault::NoForm {
            measure: test.subject.to_string(),
        }),
    }
}

fn form(wants: &Wants) -> String {
    match wants {
        Wants::Below { .. } => "counts below a threshold".to_owned(),
        Wants::Distribution => "distributions".to_owned(),
        Wants::Scalar => "single numbers".to_owned(),
        Wants::Share => "matching and total counts".to_owned(),
        _ => "another form".to_owned(),
    }
}
