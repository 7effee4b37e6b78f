//! The query texts of the recorder. A closed list: nothing is evaluated.

use phasegate_core::{Decimal, Span};

/// What a query text asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Asked {
    Errors,
    Latency(Statistic),
    Rate,
    Requests,
}

/// Which number of the latencies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Statistic {
    /// None in particular: the distribution.
    All,
    Max,
    Mean,
    /// A quantile, 0 to 1.
    Quantile(f64),
}

impl Asked {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        match text {
            "errors" => return Some(Self::Errors),
            "latency" => return Some(Self::Latency(Statistic::All)),
            "requests" => return Some(Self::Requests),
            "rate(requests)" => return Some(Self::Rate),
            _ => {}
        }
        let statistic = text.strip_suffix("(latency)")?;
        Some(Self::Latency(match statistic {
            "max" => Statistic::Max,
            "mean" => Statistic::Mean,
            _ => {
                let percent = statistic.strip_prefix('p')?.parse::<Decimal>().ok()?;
                if percent.is_negative() || percent > Decimal::HUNDRED {
                    return None;
                }
                Statistic::Quantile(percent.checked_div(Decimal::HUNDRED)?.to_f64())
            }
        }))
    }
}

/// Nanoseconds in a unit of time.
pub(super) fn unit_nanos(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" | "min" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// The greatest whole number of nanoseconds that counts as below a threshold. `None`: no latency does
/// (a threshold of zero or less, exclusive).
pub(super) fn nanos_max(threshold: Decimal, unit: u64, inclusive: bool) -> Option<Option<u64>> {
    if threshold.is_negative() {
        return Some(None);
    }
    // Exact in 28 digits, or refused.
    let (mantissa, scale) = threshold.parts();
    let product = u128::try_from(mantissa)
        .ok()?
        .checked_mul(u128::from(unit))?;
    let ten = 10u128.checked_pow(scale)?;
    let (whole, rest) = (product / ten, product % ten);
    let highest = if inclusive || rest > 0 {
        Some(whole)
    } else {
        whole.checked_sub(1)
    };
    Some(highest.map(|highest| u64::try_from(highest).unwrap_or(Span::MAX.as_nanos())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_texts_is_closed() {
        for (text, asked) in [
            ("errors", Some(Asked::Errors)),
            (" latency ", Some(Asked::Latency(Statistic::All))),
            (
                "p99(latency)",
                Some(Asked::Latency(Statistic::Quantile(0.99))),
            ),
            (
                "p99.9(latency)",
                Some(Asked::Latency(Statistic::Quantile(0.999))),
            ),
            (
                "p100(latency)",
                Some(Asked::Latency(Statistic::Quantile(1.0))),
            ),
            ("p101(latency)", None),
            ("p-1(latency)", None),
            ("p(latency)", None),
            ("mean(latency)", Some(Asked::Latency(Statistic::Mean))),
            ("max(latency)", Some(Asked::Latency(Statistic::Max))),
            ("rate(requests)", Some(Asked::Rate)),
            ("requests", Some(Asked::Requests)),
            ("rate(errors)", None),
            ("", None),
        ] {
            assert_eq!(Asked::parse(text), asked, "{text:?}");
        }
    }

    #[test]
    fn a_threshold_becomes_whole_nanoseconds_without_rounding_up() {
        for (threshold, unit, inclusive, want) in [
            ("300", "ms", true, Some(300_000_000)),
            ("300", "ms", false, Some(299_999_999)),
            ("0.3", "s", false, Some(299_999_999)),
            ("0.0000005", "ms", true, Some(0)),
            ("0.0000005", "ms", false, Some(0)),
            ("0", "ms", false, None),
            ("0", "ms", true, Some(0)),
            ("-1", "ms", true, None),
            ("99999999999999", "h", true, Some(u64::MAX)),
        ] {
            let unit = unit_nanos(unit).expect("a unit");
            let threshold = threshold.parse().expect("a decimal");
            assert_eq!(
                nanos_max(threshold, unit, inclusive),
                Some(want),
                "{threshold}"
            );
        }
    }
}
