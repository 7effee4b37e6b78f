//! The numbers that criteria speak of, as `PromQL`: one expression for each need, without labels.

use phasegate_core::{Decimal, Fraction, KpiId, Quantity, Span, Unit, Wants};
use phasegate_criterion::{Aggregate, Kpi, KpiRegistry, Shape};
use phasegate_plan::Plan;
use phasegate_sla::Need;

use super::options::{PrometheusOptions, PrometheusServer};
use super::recording::{Recording, Recordings};
use super::text::{duration, enclosed, string};

/// The label by which a text tells several series apart.
const ROLE: &str = "phasegate";
/// The most points of one window, as the adapter asks for.
const POINTS_MAX: u64 = 2_000;
/// The window where neither the criterion nor the KPI says one: that of every rollout.
const WINDOW: Span = Span::from_secs(300);

/// A number as `PromQL`.
#[derive(Clone, Debug)]
pub(super) struct Number {
    /// The expression; its result has no labels, or is empty.
    pub(super) expr: String,
    /// How much one of it is, in the base of its dimension.
    pub(super) factor: Fraction,
    /// How many samples it is made of; `None` for one.
    pub(super) samples: Option<String>,
}

/// Writes numbers, and keeps what must be recorded for them.
pub(super) struct Numbers<'p> {
    pub(super) plan: &'p Plan,
    pub(super) registry: KpiRegistry,
    pub(super) options: &'p PrometheusOptions,
    pub(super) recordings: Recordings,
}

/// Counts in buckets, ready to be picked from.
enum Buckets {
    Classic(Recording),
    /// A histogram without labels.
    Native(String),
}

impl<'p> Numbers<'p> {
    pub(super) fn new(plan: &'p Plan, options: &'p PrometheusOptions) -> Self {
        Self {
            plan,
            registry: plan.kpi_registry(),
            options,
            recordings: Recordings::default(),
        }
    }

    /// The number that a need asks for.
    ///
    /// # Errors
    /// Why there is no `PromQL` for it.
    pub(super) fn number(&mut self, need: &Need, by: Option<Aggregate>) -> Result<Number, String> {
        match &need.wants {
            Wants::Scalar => self.scalar(need, by),
            Wants::Share => self.share(need, by),
            Wants::Distribution => self.function(need, by),
            Wants::Below { .. } => Err("counts below a threshold are no number".to_owned()),
            _ => Err("it is asked for in a form that is not known here".to_owned()),
        }
    }

    /// The share of values below a threshold (at or below it: a bucket cannot tell).
    pub(super) fn below(&mut self, need: &Need, threshold: Decimal) -> Result<Number, String> {
        let server = self.server(need)?;
        let unit: Unit = need.unit.parse().unwrap_or(Unit::NUMBER);
        let own = Quantity::new(threshold, unit).in_unit(&server.histogram_unit);
        let own = own.map(|own| own.number().normalized()).ok_or_else(|| {
            format!(
                "a histogram in {} has no bound at {threshold}{}",
                server.histogram_unit, need.unit
            )
        })?;
        let (below, total) = match self.buckets(need, server)? {
            Buckets::Classic(buckets) => (
                format!(
                    "sum({})",
                    buckets.selector(&format!("le=~{}", string(&bound(own))))
                ),
                format!("sum({})", buckets.selector("le=\"+Inf\"")),
            ),
            Buckets::Native(histogram) => {
                let total = format!("histogram_count({histogram})");
                let expr = format!("histogram_fraction(-Inf, {own}, {histogram})");
                return Ok(Number {
                    expr,
                    factor: Fraction::ONE,
                    samples: Some(total),
                });
            }
        };
        Ok(Number {
            expr: format!("{below} / {total}"),
            factor: Fraction::ONE,
            samples: Some(total),
        })
    }

    fn scalar(&mut self, need: &Need, by: Option<Aggregate>) -> Result<Number, String> {
        self.server(need)?;
        let text = vector(need)?;
        let pick = |which: &str, role: &str| {
            let label = format!("label_replace(vector(1), \"{ROLE}\", \"{role}\", \"\", \"\")");
            format!("sum({text} {which} on({ROLE}) {label})")
        };
        let (expr, samples) = if need.text.contains(ROLE) {
            (pick("unless", "samples"), Some(pick("and", "samples")))
        } else {
            (format!("sum({text}) and count({text}) == 1"), None)
        };
        let single = samples.is_none().then(|| text.clone());
        let value = self.record("phasegate:value", need, expr, single);
        let samples = samples.map(|samples| {
            let kept = self.record("phasegate:samples", need, samples, None);
            format!("sum({})", kept.selector(""))
        });
        let mut number = Number {
            expr: format!("sum({})", value.selector("")),
            factor: self.factor(need)?,
            samples,
        };
        let counter = self
            .kpi(&need.kpi)
            .is_some_and(|kpi| kpi.shape == Shape::Counter);
        if counter && matches!(by, Some(Aggregate::Rate | Aggregate::Frequency)) {
            let seconds = Fraction::of_counts(window(need).as_nanos(), 1_000_000_000);
            let seconds = seconds.and_then(Fraction::to_decimal_exact);
            let seconds = seconds.ok_or("its window is no number of seconds")?;
            number.expr = format!("{} / {}", number.expr, seconds.normalized());
        }
        Ok(number)
    }

    fn share(&mut self, need: &Need, by: Option<Aggregate>) -> Result<Number, String> {
        let server = self.server(need)?;
        let name = format!("phasegate:events:increase{}", duration(window(need)));
        let expr = format!("sum by ({ROLE}) ({})", growth(need, server)?);
        let kept = self.record(&name, need, expr, None);
        let role = |role: &str| format!("sum({})", kept.selector(&format!("{ROLE}=\"{role}\"")));
        let total = role("total");
        let matching = if server.absent_is_zero {
            format!("({} or {total} * 0)", role("matching"))
        } else {
            role("matching")
        };
        let counter = self
            .kpi(&need.kpi)
            .is_some_and(|kpi| kpi.shape == Shape::Counter);
        let count = by == Some(Aggregate::Count) || (by.is_none() && counter);
        let expr = if count {
            matching
        } else {
            format!("{matching} / {total}")
        };
        Ok(Number {
            expr,
            factor: Fraction::ONE,
            samples: Some(total),
        })
    }

    fn function(&mut self, need: &Need, by: Option<Aggregate>) -> Result<Number, String> {
        let server = self.server(need)?;
        let factor = factor(&server.histogram_unit)?;
        let buckets = self.buckets(need, server)?;
        let (all, total) = match &buckets {
            Buckets::Classic(kept) => (
                format!("sum by (le) ({})", kept.selector("")),
                format!("sum({})", kept.selector("le=\"+Inf\"")),
            ),
            Buckets::Native(histogram) => {
                (histogram.clone(), format!("histogram_count({histogram})"))
            }
        };
        let (expr, factor) = match by {
            Some(Aggregate::Count) => (total.clone(), Fraction::ONE),
            Some(other) => match other.quantile() {
                Some(share) => (
                    format!(
                        "histogram_quantile({}, {all})",
                        share.to_decimal().normalized()
                    ),
                    factor,
                ),
                None => return Err(format!("buckets do not tell {other}")),
            },
            None => return Err("a whole distribution is no number".to_owned()),
        };
        Ok(Number {
            expr,
            factor,
            samples: Some(total),
        })
    }

    fn buckets(&mut self, need: &Need, server: &PrometheusServer) -> Result<Buckets, String> {
        let growth = growth(need, server)?;
        if need.text.contains("_bucket") || need.text.contains("le=") {
            let name = format!("phasegate:buckets:increase{}", duration(window(need)));
            let expr = format!("sum by (le) ({growth})");
            return Ok(Buckets::Classic(self.record(&name, need, expr, None)));
        }
        Ok(Buckets::Native(format!("sum({growth})")))
    }

    fn record(
        &mut self,
        name: &str,
        need: &Need,
        expr: String,
        single: Option<String>,
    ) -> Recording {
        let mut labels = vec![
            ("plan", self.plan.id.to_string()),
            ("kpi", need.kpi.to_string()),
            ("arm", need.arm.to_string()),
        ];
        let part = self.kpi(&need.kpi).and_then(|kpi| part(kpi, need));
        labels.extend(part.map(|part| ("part", part.to_owned())));
        self.recordings.keep(Recording {
            name: name.to_owned(),
            labels,
            expr,
            single,
        })
    }

    fn kpi(&self, id: &KpiId) -> Option<&Kpi> {
        self.registry.kpi(id)
    }

    fn factor(&self, need: &Need) -> Result<Fraction, String> {
        self.kpi(&need.kpi)
            .map_or(Ok(Fraction::ONE), |kpi| factor(&kpi.unit))
    }

    /// Copied out of the options, whose life is longer than that of `self`.
    fn server(&self, need: &Need) -> Result<&'p PrometheusServer, String> {
        let server = self.options.servers.get(&need.to);
        server.ok_or_else(|| {
            format!(
                "{} is measured by '{}', which is no Prometheus server",
                need.kpi, need.to
            )
        })
    }
}

/// Which part of its KPI a need asks for.
fn part<'k>(kpi: &'k Kpi, need: &Need) -> Option<&'k str> {
    if kpi.queries.of(need.arm) == Some(&need.text) {
        return None;
    }
    let part = kpi
        .parts
        .iter()
        .find(|(_, queries)| queries.of(need.arm) == Some(&need.text));
    part.map(|(part, _)| part.as_str())
}

/// How much one of a unit is, in the base of its dimension.
pub(in crate::export) fn factor(unit: &Unit) -> Result<Fraction, String> {
    let one = Quantity::new(Decimal::from(1u32), unit.clone());
    one.base()
        .ok_or_else(|| format!("the unit {unit} is too large"))
}

pub(super) fn window(need: &Need) -> Span {
    need.over.unwrap_or(WINDOW)
}

/// By how much counters grow over the window: at the steps at which the adapter looks.
pub(in crate::export) fn growth(need: &Need, server: &PrometheusServer) -> Result<String, String> {
    let text = enclosed(&need.text).map_err(str::to_owned)?;
    let window = window(need);
    let step = Span::from_nanos(window.as_nanos() / POINTS_MAX).max(server.step);
    Ok(format!(
        "increase({text}[{}:{}])",
        duration(window),
        duration(step)
    ))
}

/// A text that selects a vector; a scalar is made one, as far as it shows that it is a scalar.
pub(in crate::export) fn vector(need: &Need) -> Result<String, String> {
    let text = enclosed(&need.text).map_err(str::to_owned)?;
    let inner = need.text.trim();
    let function = ["scalar(", "time(", "pi("]
        .iter()
        .any(|name| inner.starts_with(name));
    // Only if the bracket that opens first closes last.
    let whole = inner.ends_with(')')
        && !inner.contains("vector(")
        && enclosed(
            inner
                .split_once('(')
                .map_or("", |(_, rest)| rest.trim_end_matches(')')),
        )
        .is_ok();
    if inner.parse::<f64>().is_ok() || (function && whole) {
        return Ok(format!("vector{text}"));
    }
    Ok(text)
}

/// The label `le` of a bucket, however its client writes numbers: `0.2`, `0.20`, `1.0`, `1e-05`.
fn bound(number: Decimal) -> String {
    let plain = number.to_string();
    let dots = plain.replace('.', "[.]");
    let zeros = if plain.contains('.') {
        "0*"
    } else {
        "([.]0+)?"
    };
    let float = number.to_f64();
    let written = format!("{float:e}");
    match written.split_once('e') {
        Some((mantissa, exponent)) if float != 0.0 && float.abs() < 1e-4 => {
            let digits = exponent.trim_start_matches('-');
            format!("{dots}{zeros}|{}e-0*{digits}", mantissa.replace('.', "[.]"))
        }
        Some(_) | None => format!("{dots}{zeros}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_found_however_they_are_written() {
        for (number, expected) in [
            ("0.2", "0[.]20*"),
            ("1", "1([.]0+)?"),
            ("0.00001", "0[.]000010*|1e-0*5"),
        ] {
            assert_eq!(bound(number.parse().expect(number)), expected);
        }
    }
}
