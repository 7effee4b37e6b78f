//! Measures and what they are per.

use phasegate_core::{Decimal, Ratio};

use super::cursor::{Cursor, Read};
use crate::tree::{Aggregate, Choice, Measure, Name, Subject};

const MEASURE: &str =
    "a measure: a KPI, a function of one such as p95(latency) or ratio(errors), or query \"...\"";

/// Functions that are no aggregates.
const CALLS: [&str; 5] = ["apdex", "below", "budget_left", "burn_rate", "change"];

/// A percentile between p0 and p100 with more digits than a share can hold.
fn is_too_fine(name: &str) -> bool {
    let percent = name
        .strip_prefix('p')
        .and_then(|text| text.parse::<Decimal>().ok());
    percent.is_some_and(|percent| {
        percent > Decimal::ZERO
            && percent < Decimal::HUNDRED
            && format!("{percent}%").parse::<Ratio>().is_err()
    })
}

/// The aggregate of a function's name; percentiles are `p50`, `p99.9`.
fn aggregate(name: &str) -> Option<Aggregate> {
    if let Some((_, aggregate)) = Aggregate::NAMED.iter().find(|(known, _)| *known == name) {
        return Some(*aggregate);
    }
    let percent: Decimal = name.strip_prefix('p')?.parse().ok()?;
    let share: Ratio = format!("{percent}%").parse().ok()?;
    (share > Ratio::ZERO && share < Ratio::ONE).then_some(Aggregate::Percentile(share))
}

impl<'t> Cursor<'t> {
    pub(super) fn subject(&mut self) -> Read<Subject> {
        let measure = self.measure()?;
        let per = if self.eat("per") {
            Some(self.name("what it is per, such as issue")?)
        } else {
            None
        };
        Ok(Subject { measure, per })
    }

    pub(super) fn choice(&mut self) -> Read<Choice> {
        let first = self.name("a name")?;
        let mut others = Vec::new();
        while self.eat("or") {
            others.push(self.name("a name")?);
        }
        Ok(Choice::new(first, others))
    }

    fn parts(&mut self) -> Read<Vec<Choice>> {
        let mut parts = Vec::new();
        while self.eat_sign(",") {
            parts.push(self.choice()?);
        }
        self.need_sign(")", "',' or ')'")?;
        Ok(parts)
    }

    /// The function's name here, if a bracket follows it. Percentiles hold a point: `p99.9`.
    fn function(&self) -> Option<&'t str> {
        let rest = self.rest();
        let len = rest.find('(')?;
        let name = rest.get(..len)?;
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        (!name.is_empty() && name.chars().all(named)).then_some(name)
    }

    /// Between a function, or a KPI with parts, and its bracket stands no space.
    fn no_space(&self) -> Read<()> {
        let rest = self.rest();
        let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let len = rest.find(|c| !named(c)).unwrap_or(rest.len());
        let (name, behind) = rest.split_at_checked(len).unwrap_or((rest, ""));
        let gap = behind.len() - behind.trim_start().len();
        if gap == 0 || !behind.trim_start().starts_with('(') {
            return Ok(());
        }
        let known = CALLS.contains(&name) || aggregate(name).is_some() || Name::new(name).is_ok();
        if !known {
            return Ok(());
        }
        let place = self.place() + len;
        self.fault_at(
            place..place + gap,
            &format!("'(' right behind '{name}', without a space"),
        )
    }

    /// What looks like a percentile and is none.
    fn no_function<T>(&self, name: &str) -> Read<T> {
        let why = if is_too_fine(name) {
            "percentiles have at most four decimals: p99.9999"
        } else {
            "percentiles lie above p0 and below p100"
        };
        let expected =
            format!("a function such as p95, p99.9, avg, ratio, count or change ({why})");
        self.fault_at(self.place()..self.place() + name.len(), &expected)
    }

    pub(super) fn measure(&mut self) -> Read<Measure> {
        if self.word() == "query" {
            self.skip("query".len());
            return Ok(Measure::Query(self.quoted()?));
        }
        let Some(function) = self.function() else {
            self.no_space()?;
            let kpi = self.name(MEASURE)?;
            return Ok(Measure::Plain {
                kpi,
                parts: Vec::new(),
            });
        };
        let open = function.len() + 1;
        if let Some(by) = aggregate(function) {
            self.skip(open);
            let of = self.choice()?;
            return Ok(Measure::Aggregate {
                by,
                of,
                parts: self.parts()?,
            });
        }
        match function {
            "apdex" | "below" => {
                self.skip(open);
                let of = self.name("a KPI")?;
                self.need_sign(",", "',' and a threshold")?;
                let threshold = self.quantity("a threshold such as 500ms")?;
                self.need_sign(")", "')'")?;
                Ok(match function {
                    "apdex" => Measure::Apdex { of, threshold },
                    _ => Measure::Below { of, threshold },
                })
            }
            "budget_left" => {
                self.skip(open);
                let slo = self.name("an SLO")?;
                self.need_sign(")", "')'")?;
                Ok(Measure::BudgetLeft { slo })
            }
            "burn_rate" => {
                self.skip(open);
                let slo = self.name("an SLO")?;
                self.need_sign(",", "',' and a window such as 1h")?;
                let window = self.exact_length()?;
                self.need_sign(")", "')'")?;
                Ok(Measure::BurnRate { slo, window })
            }
            "change" => {
                self.skip(open);
                let of = self.deeper(Self::measure)?;
                self.need_sign(")", "')'")?;
                Ok(Measure::Change(Box::new(of)))
            }
            other if other.contains('.') || crate::tree::is_percentile(other) => {
                self.no_function(other)
            }
            _ => {
                let kpi = self.name(MEASURE)?;
                self.need_sign("(", "'('")?;
                let mut parts = vec![self.choice()?];
                parts.extend(self.parts()?);
                Ok(Measure::Plain { kpi, parts })
            }
        }
    }
}
