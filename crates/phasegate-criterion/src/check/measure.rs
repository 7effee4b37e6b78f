//! What a measure yields: from which KPIs it comes, which values can be compared with it, and which
//! way is better. One table of functions and shapes.

use phasegate_core::{BaseDimension, BaseUnit, Decimal, Dimension, PerKind, Quantity};

use super::{Fault, FaultCode};
use crate::kpi::{Direction, Kpi, KpiRegistry, Queries, Shape};
use crate::tree::{Aggregate, Choice, Measure, Name, Subject};

/// How many parts alternatives may multiply to. `count(bugs, a or b)` has two.
const PARTS_MAX: usize = 64;

/// What a measure yields.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Measured<'r> {
    /// What can be compared with it.
    pub expects: Expects,
    /// Which way is better.
    pub direction: Direction,
    /// The KPIs, or parts of KPIs, it is made from; several are added up. Empty for inline queries.
    pub sources: Vec<Source<'r>>,
}

/// A KPI or a part of one.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Source<'r> {
    /// The KPI.
    pub kpi: &'r Kpi,
    /// Which part; empty for the whole.
    pub part: String,
    /// The questions for it.
    pub queries: &'r Queries,
}

impl<'r> Source<'r> {
    const fn whole(kpi: &'r Kpi) -> Self {
        Self {
            kpi,
            part: String::new(),
            queries: &kpi.queries,
        }
    }
}

/// Which values can be compared with a measure.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever evaluates has a rule for each"
)]
pub enum Expects {
    /// A relative change in percent, or, for shares, points too.
    Change {
        /// Are percentage points allowed?
        points: bool,
    },
    /// A number of events, or n of m.
    Count,
    /// Anything of this dimension.
    Quantity(Dimension),
    /// So much of this per fixed time.
    Rate(BaseDimension),
    /// A rating on this scale.
    Rating(Decimal),
    /// A part of a whole: percent, or a plain fraction.
    Share,
}

type Resolved<'r> = Result<Measured<'r>, Fault>;

/// What a measure yields, given these KPIs.
///
/// # Errors
/// The first [`Fault`] that keeps it from meaning anything.
pub fn measured<'r>(measure: &Measure, registry: &'r KpiRegistry) -> Resolved<'r> {
    match measure {
        Measure::Aggregate { by, of, parts } => aggregate(measure, (*by, of, parts), registry),
        Measure::Apdex { of, threshold } => of_values(
            measure,
            (of, threshold),
            Expects::Quantity(Dimension::NUMBER),
            registry,
        ),
        Measure::Below { of, threshold } => {
            of_values(measure, (of, threshold), Expects::Share, registry)
        }
        Measure::BudgetLeft { slo } => {
            let sources = slo_sources(measure, slo, registry)?;
            Ok(Measured {
                expects: Expects::Share,
                direction: Direction::HigherIsBetter,
                sources,
            })
        }
        Measure::BurnRate { slo, .. } => {
            let expects = Expects::Quantity(Dimension::NUMBER);
            let sources = slo_sources(measure, slo, registry)?;
            Ok(Measured {
                expects,
                direction: Direction::LowerIsBetter,
                sources,
            })
        }
        Measure::Change(of) => {
            if let Measure::Change(_) = **of {
                let message = "nothing says from when to when a change would change";
                let mend = "write one change(..)";
                return Err(Fault::new(
                    FaultCode::ChangeOfChange,
                    measure,
                    message,
                    mend,
                ));
            }
            let inner = measured(of, registry)?;
            let points = matches!(inner.expects, Expects::Share);
            Ok(Measured {
                expects: Expects::Change { points },
                ..inner
            })
        }
        Measure::Plain { kpi, parts } => as_it_is(measure, kpi, parts, registry),
        Measure::Query(_) => {
            if registry.inline_source().is_none() {
                let mend = "declare a KPI with this query, or say who answers inline queries";
                return Err(Fault::new(
                    FaultCode::NoQuery,
                    measure,
                    "nobody answers this query",
                    mend,
                ));
            }
            let expects = Expects::Quantity(Dimension::NUMBER);
            Ok(Measured {
                expects,
                direction: Direction::Neither,
                sources: Vec::new(),
            })
        }
    }
}

/// Shares of values below a threshold, and what is made of them.
fn of_values<'r>(
    measure: &Measure,
    (of, threshold): (&Name, &Quantity),
    expects: Expects,
    registry: &'r KpiRegistry,
) -> Resolved<'r> {
    let sources = sources(measure, std::iter::once(of), &[], registry)?;
    for Source { kpi, .. } in &sources {
        if kpi.shape != Shape::Distribution {
            return Err(shape_fault(measure, kpi));
        }
        if kpi.unit.dimension() != threshold.dimension() {
            return Err(unit_fault(measure, &threshold, &kpi.unit.dimension()));
        }
    }
    Ok(Measured {
        expects,
        direction: Direction::HigherIsBetter,
        sources,
    })
}

/// A KPI, or parts of it, without a function.
fn as_it_is<'r>(
    measure: &Measure,
    kpi: &Name,
    parts: &[Choice],
    registry: &'r KpiRegistry,
) -> Resolved<'r> {
    let sources = sources(measure, std::iter::once(kpi), parts, registry)?;
    let Some(first) = sources.first() else {
        return Err(unknown_kpi(measure, kpi));
    };
    if first.kpi.shape == Shape::Distribution {
        let mend = format!("write p95({kpi}), avg({kpi}) or another function of it");
        let message = format!("'{kpi}' has one value per request: which of them is meant?");
        return Err(Fault::new(
            FaultCode::PlainDistribution,
            measure,
            message,
            mend,
        ));
    }
    let expects = plain(first.kpi);
    if sources.len() > 1 && expects != Expects::Count {
        let message = "only numbers of events can be added up";
        return Err(Fault::new(
            FaultCode::FunctionForShape,
            measure,
            message,
            "write one test for each",
        ));
    }
    Ok(Measured {
        expects,
        direction: first.kpi.direction,
        sources,
    })
}

/// The subject of a test: its measure, and what it is per.
pub(super) fn subject<'r>(
    subject: &Subject,
    registry: &'r KpiRegistry,
    faults: &mut Vec<Fault>,
) -> Option<Measured<'r>> {
    let measured = match measured(&subject.measure, registry) {
        Ok(measured) => measured,
        Err(fault) => {
            faults.push(fault);
            return None;
        }
    };
    for Source { kpi, .. } in &measured.sources {
        // What the criterion leaves out is as declared; what it says must be so.
        if subject.per.is_some() && kpi.per != subject.per {
            let per =
                |per: &Option<Name>| per.as_ref().map_or("nothing".to_owned(), Name::to_string);
            let (said, is) = (per(&subject.per), per(&kpi.per));
            faults.push(Fault::new(
                FaultCode::PerMismatch,
                subject,
                format!(
                    "'{}' is declared per {is}, the criterion says per {said}",
                    kpi.id
                ),
                "declare what the KPI is per, and write the same in the criterion",
            ));
        }
    }
    Some(measured)
}

/// What a KPI yields as it is.
fn plain(kpi: &Kpi) -> Expects {
    match (kpi.shape, kpi.unit.base()) {
        (Shape::Rating, BaseUnit::OutOf(scale)) => Expects::Rating(*scale),
        (Shape::Ratio | Shape::Score | Shape::Utilisation, _) => Expects::Share,
        (Shape::Counter, BaseUnit::Number(_)) if kpi.unit.period().is_none() => Expects::Count,
        (
            Shape::Counter
            | Shape::Distribution
            | Shape::Duration
            | Shape::Gauge
            | Shape::Quantile { .. }
            | Shape::Rating,
            _,
        ) => of_unit(kpi),
    }
}

fn of_unit(kpi: &Kpi) -> Expects {
    let dimension = kpi.unit.dimension();
    if dimension == Dimension::SHARE {
        Expects::Share
    } else {
        Expects::Quantity(dimension)
    }
}

fn aggregate<'r>(
    measure: &Measure,
    (by, of, parts): (Aggregate, &Choice, &[Choice]),
    registry: &'r KpiRegistry,
) -> Resolved<'r> {
    let sources = sources(measure, of.names(), parts, registry)?;
    let Some(first) = sources.first().map(|source| source.kpi) else {
        return Err(unknown_kpi(measure, of.first()));
    };
    let additive = matches!(
        by,
        Aggregate::Count | Aggregate::Sum | Aggregate::Rate | Aggregate::Frequency
    );
    if sources.len() > 1 && !additive {
        let message = "several numbers can be added up by count, sum, rate and frequency only";
        return Err(Fault::new(
            FaultCode::FunctionForShape,
            measure,
            message,
            "write one test for each",
        ));
    }
    let mut expects = None;
    for Source { kpi, .. } in &sources {
        let one = function(measure, by, kpi)?;
        if expects.as_ref().is_some_and(|known| *known != one) {
            return Err(unit_fault(measure, &kpi.unit, &first.unit.dimension()));
        }
        expects = Some(one);
    }
    let expects = expects.unwrap_or(Expects::Count);
    Ok(Measured {
        expects,
        direction: first.direction,
        sources,
    })
}

/// The table: which function of which shape yields what.
fn function(measure: &Measure, by: Aggregate, kpi: &Kpi) -> Result<Expects, Fault> {
    use Aggregate as A;
    use Shape as S;
    match (by, kpi.shape) {
        (A::Percentile(_) | A::Median, S::Quantile { share }) => Err(Fault::new(
            FaultCode::PercentileOfPercentile,
            measure,
            format!(
                "'{}' already is the {share} percentile; a percentile of it means nothing",
                kpi.id
            ),
            format!(
                "write {} without a function, or declare the distribution",
                kpi.id
            ),
        )),
        (A::Percentile(_) | A::Median | A::Deviation, S::Distribution)
        | (A::Average | A::Min | A::Max | A::Last, S::Distribution | S::Gauge | S::Duration)
        | (A::Last, S::Quantile { .. } | S::Score | S::Utilisation)
        | (A::Time | A::Age | A::Interval, S::Duration) => Ok(of_unit(kpi)),
        (A::Average | A::Min | A::Max, S::Score | S::Utilisation) => Ok(Expects::Share),
        (A::Sum, S::Counter | S::Distribution) => Ok(plain(kpi)),
        (A::Usage, S::Counter | S::Gauge | S::Utilisation) => Ok(of_unit(kpi)),
        (A::Count, S::Counter | S::Ratio | S::Distribution) => Ok(Expects::Count),
        (A::Rate | A::Frequency, S::Counter) if kpi.unit.period().is_none() => {
            Ok(Expects::Rate(kpi.unit.dimension().base().clone()))
        }
        (A::Rate | A::Frequency, S::Gauge) if kpi.unit.period().is_some() => Ok(of_unit(kpi)),
        (A::Rating | A::Average, S::Rating) => Ok(plain(kpi)),
        (A::Ratio, S::Ratio | S::Score | S::Utilisation)
        | (A::Share | A::Equal | A::Average, S::Ratio) => Ok(Expects::Share),
        (
            A::Age
            | A::Average
            | A::Count
            | A::Deviation
            | A::Equal
            | A::Frequency
            | A::Interval
            | A::Last
            | A::Max
            | A::Median
            | A::Min
            | A::Percentile(_)
            | A::Rate
            | A::Rating
            | A::Ratio
            | A::Share
            | A::Sum
            | A::Time
            | A::Usage,
            _,
        ) => Err(shape_fault(measure, kpi)),
    }
}

fn shape_fault(measure: &Measure, kpi: &Kpi) -> Fault {
    Fault::new(
        FaultCode::FunctionForShape,
        measure,
        format!(
            "this cannot be made of '{}', which is declared as {}",
            kpi.id,
            shape(kpi.shape)
        ),
        "use a function that fits, or declare the KPI as what it is",
    )
}

fn shape(shape: Shape) -> String {
    match shape {
        Shape::Counter => "a counter".to_owned(),
        Shape::Distribution => "a distribution".to_owned(),
        Shape::Duration => "a duration".to_owned(),
        Shape::Gauge => "a gauge".to_owned(),
        Shape::Quantile { share } => format!("the {share} percentile"),
        Shape::Rating => "a rating".to_owned(),
        Shape::Ratio => "a ratio of events".to_owned(),
        Shape::Score => "a score".to_owned(),
        Shape::Utilisation => "a utilisation".to_owned(),
    }
}

pub(super) fn unit_fault(
    about: &impl std::fmt::Display,
    found: &impl std::fmt::Display,
    wanted: &Dimension,
) -> Fault {
    let (wanted, such_as) = described(wanted);
    let message = format!("'{found}' is not {wanted}");
    Fault::new(
        FaultCode::UnitMismatch,
        about,
        message,
        format!("write {such_as}"),
    )
}

fn unknown_kpi(measure: &Measure, name: &Name) -> Fault {
    let message = format!("no KPI '{name}' is declared");
    Fault::new(
        FaultCode::UnknownKpi,
        measure,
        message,
        "declare it, or mend the name",
    )
}

fn slo_sources<'r>(
    measure: &Measure,
    slo: &Name,
    registry: &'r KpiRegistry,
) -> Result<Vec<Source<'r>>, Fault> {
    let Some(declared) = registry.slo(slo.kpi()) else {
        let message = format!("no SLO '{slo}' is declared");
        return Err(Fault::new(
            FaultCode::UnknownSlo,
            measure,
            message,
            "declare it, or mend the name",
        ));
    };
    match registry.kpi(&declared.kpi) {
        Some(kpi) => Ok(vec![Source::whole(kpi)]),
        None => {
            let message = format!(
                "the SLO '{slo}' counts '{}', which is not declared",
                declared.kpi
            );
            Err(Fault::new(
                FaultCode::UnknownKpi,
                measure,
                message,
                "declare the KPI",
            ))
        }
    }
}

/// The KPIs, and parts of KPIs, that are named.
fn sources<'r, 'm>(
    measure: &Measure,
    of: impl Iterator<Item = &'m Name>,
    parts: &[Choice],
    registry: &'r KpiRegistry,
) -> Result<Vec<Source<'r>>, Fault> {
    let mut sources = Vec::new();
    for name in of {
        let kpi = registry
            .kpi(name.kpi())
            .ok_or_else(|| unknown_kpi(measure, name))?;
        if parts.is_empty() {
            sources.push(Source::whole(kpi));
            continue;
        }
        for part in part_keys(kpi, parts) {
            let Some(queries) = kpi.queries_of(&part) else {
                return Err(Fault::new(
                    FaultCode::UnknownPart,
                    measure,
                    format!("'{name}' declares no part '{part}'"),
                    format!("declare the part '{part}' with its queries"),
                ));
            };
            sources.push(Source { kpi, part, queries });
        }
    }
    Ok(sources)
}

/// The parts that are meant: the declared part of exactly these words, else one per combination of the
/// alternatives.
fn part_keys(kpi: &Kpi, parts: &[Choice]) -> Vec<String> {
    let whole = parts
        .iter()
        .map(Choice::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    if whole.is_empty() || kpi.parts.contains_key(&whole) {
        return vec![whole];
    }
    let mut keys = vec![String::new()];
    for part in parts {
        let longer = keys.iter().flat_map(|key| {
            let comma = if key.is_empty() { "" } else { ", " };
            part.names().map(move |name| format!("{key}{comma}{name}"))
        });
        keys = longer.take(PARTS_MAX).collect();
    }
    keys
}

impl Expects {
    /// Is a value of this dimension, rate or share what can be compared?
    pub fn takes(&self, dimension: &Dimension) -> bool {
        match self {
            Self::Change { points } => {
                *dimension == Dimension::SHARE || (*points && *dimension == Dimension::POINTS)
            }
            Self::Count => [Dimension::NUMBER, Dimension::RATING].contains(dimension),
            Self::Quantity(wanted) => dimension == wanted,
            Self::Rate(base) => dimension.base() == base && dimension.per() == Some(PerKind::Clock),
            Self::Rating(_) => *dimension == Dimension::RATING,
            Self::Share => [Dimension::SHARE, Dimension::NUMBER].contains(dimension),
        }
    }

    /// For messages: what it takes, and an example.
    pub(super) fn describe(&self) -> (String, String) {
        let (what, such_as) = match self {
            Self::Change { points: false } => ("a change in percent", "it such as -20%"),
            Self::Change { points: true } => {
                ("a change in percent or points", "it such as -20% or -2pp")
            }
            Self::Count => (
                "a number of events",
                "a number such as 20, or n of m such as 5/5",
            ),
            Self::Quantity(dimension) => return described(dimension),
            Self::Rate(_) => ("so much per time", "it such as 5/min"),
            Self::Rating(scale) => {
                return (
                    format!("a rating out of {scale}"),
                    format!("it such as 4/{scale}"),
                );
            }
            Self::Share => ("a share", "it such as 5%"),
        };
        (what.to_owned(), such_as.to_owned())
    }
}

/// What values of a dimension are called, and an example.
fn described(dimension: &Dimension) -> (String, String) {
    let (what, such_as) = match dimension.base() {
        BaseDimension::Bytes => ("an amount of data", "5GB"),
        BaseDimension::Calendar => ("calendar time", "3mo"),
        BaseDimension::Number => ("a plain number", "20"),
        BaseDimension::Points => ("a number of percentage points", "2pp"),
        BaseDimension::Rating => ("a rating", "4/5"),
        BaseDimension::Share => ("a share", "5%"),
        BaseDimension::Time => ("a length of time", "200ms"),
        BaseDimension::Money(_) | BaseDimension::Named(_) => {
            return (
                dimension.to_string(),
                format!("a value that is {dimension}"),
            );
        }
    };
    match dimension.per() {
        None => (
            what.to_owned(),
            format!("it with its unit, such as {such_as}"),
        ),
        Some(PerKind::Calendar) => (
            format!("{what} per calendar period"),
            format!("it such as {such_as}/month"),
        ),
        Some(PerKind::Clock) => (
            format!("{what} per time"),
            format!("it such as {such_as}/s"),
        ),
    }
}
