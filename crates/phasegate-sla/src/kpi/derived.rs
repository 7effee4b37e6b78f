//! KPIs made of counts and records: resilience, recovery, delivery, cost. Each says from what it is made;
//! each is `None`, or inconclusive, where there is nothing to make it from.

use phasegate_core::{Fraction, Quantity, Ratio, Span, Timestamp, Unit};

use crate::verdict::{Verdict, Why};

fn percent(part: u64, whole: u64) -> Option<Quantity> {
    let share = Fraction::of_counts(part, whole)?.checked_mul(Fraction::from(100))?;
    Some(Quantity::new(share.to_decimal()?, Unit::PERCENT))
}

/// Of the failures of a dependency, which share did a breaker keep from callers: `kept` are calls it refused
/// while the dependency was down, `let_through` are calls that failed.
///
/// ```
/// use phasegate_sla::kpi::breaker_effectiveness;
/// assert_eq!(breaker_effectiveness(95, 5).map(|share| share.to_string()), Some("95%".to_owned()));
/// assert_eq!(breaker_effectiveness(0, 0), None);
/// ```
#[must_use]
pub fn breaker_effectiveness(kept: u64, let_through: u64) -> Option<Quantity> {
    percent(kept, kept.checked_add(let_through)?)
}

/// Which share of recoveries needed nobody.
#[must_use]
pub fn automated_recovery_rate(automatic: u64, by_people: u64) -> Option<Quantity> {
    percent(automatic, automatic.checked_add(by_people)?)
}

/// Which share of alarms was false.
#[must_use]
pub fn false_positive_rate(false_alarms: u64, alarms: u64) -> Option<Quantity> {
    if false_alarms > alarms {
        None
    } else {
        percent(false_alarms, alarms)
    }
}

/// The mean time from beginning to end, of those that ended; and of how many that cannot be said: they have not
/// ended, or are recorded to have ended before they began.
#[must_use]
pub fn recovery_time(failures: &[(Timestamp, Option<Timestamp>)]) -> (Option<Span>, usize) {
    let ended: Vec<u128> = failures
        .iter()
        .filter_map(|(began, ended)| {
            let ended = ended.filter(|ended| ended >= began)?;
            Some(u128::from(ended.since(*began).as_nanos()))
        })
        .collect();
    let sum: u128 = ended.iter().sum();
    let mean = u128::try_from(ended.len())
        .ok()
        .and_then(|count| sum.checked_div(count));
    let mean = mean
        .and_then(|mean| u64::try_from(mean).ok())
        .map(Span::from_nanos);
    (mean, failures.len() - ended.len())
}

/// How often somebody had to step in, per day.
#[must_use]
pub fn manual_interventions_per_day(count: u64, over: Span) -> Option<Quantity> {
    let days = Fraction::of_counts(over.as_nanos(), 86_400_000_000_000)?;
    let per_day = Fraction::from(count).checked_div(days)?;
    let unit = Unit::NUMBER.per(phasegate_core::Period::Day).ok()?;
    Some(Quantity::new(per_day.to_decimal()?, unit))
}

/// Was it delivered when it was due? Before that, and undelivered, nobody can say.
#[must_use]
pub fn on_time(due: Timestamp, delivered: Option<Timestamp>, at: Timestamp) -> Verdict {
    match delivered {
        Some(delivered) if delivered <= due => Verdict::Pass,
        Some(_) => Verdict::Fail,
        None if at > due => Verdict::Fail,
        None => Verdict::Inconclusive(Why::NotYet {
            remaining: due.since(at),
        }),
    }
}

/// Is what was spent within the budget? Spending nothing that anybody recorded is no answer, and units
/// that do not compare are none either.
#[must_use]
pub fn on_budget(spent: Option<&Quantity>, budget: Option<&Quantity>) -> Verdict {
    let (Some(spent), Some(budget)) = (spent, budget) else {
        return Verdict::Inconclusive(Why::HumanAnswerMissing);
    };
    match spent.compare(budget) {
        None => Verdict::Inconclusive(Why::Invalid),
        Some(order) if order.is_le() => Verdict::Pass,
        Some(_) => Verdict::Fail,
    }
}

/// What one item costs; `None` without items.
#[must_use]
pub fn cost_per_item(cost: &Quantity, items: u64) -> Option<Quantity> {
    let each = Fraction::from_decimal(cost.number())?.checked_div(Fraction::from(items))?;
    Some(Quantity::new(each.to_decimal()?, cost.unit().clone()))
}

/// Costs before and after, line by line, with their totals.
///
/// ```
/// use phasegate_sla::kpi::Savings;
/// let lines = [("compute", "$500", "$350"), ("storage", "$100", "$80")];
/// let mut savings = Savings::default();
/// for (name, before, after) in lines {
///     savings.add(name, before.parse()?, after.parse()?).ok_or("another currency")?;
/// }
/// let total = savings.total().ok_or("no lines")?;
/// assert_eq!(total.before.to_string(), "$600");
/// assert_eq!(total.change().map(|change| change.to_string()), Some("-28.33%".to_owned()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Savings {
    lines: Vec<SavingsLine>,
}

/// One line of costs.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SavingsLine {
    /// Of what.
    pub name: String,
    /// Before.
    pub before: Quantity,
    /// After.
    pub after: Quantity,
}

impl SavingsLine {
    /// The relative change in percent, to two decimals; `None` from nothing.
    #[must_use]
    pub fn change(&self) -> Option<Quantity> {
        let before = self.before.base()?;
        let change = self
            .after
            .base()?
            .checked_sub(before)?
            .checked_div(before.abs())?;
        let percent = change
            .checked_mul(Fraction::from(100))?
            .to_decimal_rounded(2)?;
        Some(Quantity::new(percent, Unit::PERCENT))
    }

    /// Is it at least so much cheaper?
    #[must_use]
    pub fn saves(&self, at_least: Ratio) -> Option<bool> {
        let keep = Fraction::ONE.checked_sub(Fraction::from_decimal(at_least.to_decimal())?)?;
        Some(self.after.base()? <= self.before.base()?.checked_mul(keep)?)
    }
}

impl Savings {
    /// Adds a line; `None` where it is in another unit than the lines before, and then it is not added.
    pub fn add(&mut self, name: &str, before: Quantity, after: Quantity) -> Option<()> {
        let unit = self
            .lines
            .first()
            .map_or(before.unit(), |line| line.before.unit())
            .clone();
        let (before, after) = (before.in_unit(&unit)?, after.in_unit(&unit)?);
        self.lines.push(SavingsLine {
            name: name.to_owned(),
            before,
            after,
        });
        Some(())
    }

    /// The lines.
    #[must_use]
    pub fn lines(&self) -> &[SavingsLine] {
        &self.lines
    }

    /// All lines added up; `None` without lines.
    #[must_use]
    pub fn total(&self) -> Option<SavingsLine> {
        let unit = self.lines.first()?.before.unit().clone();
        let sum = |side: fn(&SavingsLine) -> &Quantity| {
            let mut total = phasegate_core::Decimal::ZERO;
            for line in &self.lines {
                total = total.checked_add(side(line).number())?;
            }
            Some(Quantity::new(total, unit.clone()))
        };
        let (before, after) = (sum(|line| &line.before)?, sum(|line| &line.after)?);
        Some(SavingsLine {
            name: "total".to_owned(),
            before,
            after,
        })
    }
}
