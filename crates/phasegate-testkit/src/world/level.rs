//! Answers to a question whose number is known, in each form in which it can be asked.

use phasegate_core::{
    Absence, Answer, Arm, Decimal, KpiId, Measurement, Observed, Query, Wants, Window,
};
use phasegate_percentile::Histogram;

/// So many samples stand behind each answer: enough for every criterion that asks for some, and for shares with
/// four digits after the point.
const SAMPLES: u64 = 1_000_000;

/// What a query asks, whenever and in whatever form.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_structs, reason = "tests write it out")]
pub struct Question {
    /// Which KPI it is for.
    pub kpi: KpiId,
    /// Which side.
    pub arm: Arm,
    /// The source's own text.
    pub text: String,
}

impl Question {
    /// What this query asks.
    pub fn of(query: &Query) -> Self {
        Self {
            kpi: query.kpi.clone(),
            arm: query.arm,
            text: query.text.clone(),
        }
    }
}

/// The answer of a source whose values are all equal to `level`, in the query's unit: the number itself, a share of a
/// million events, or a million equal values.
///
/// # Errors
/// [`Absence::Invalid`] for a share that is none, and for a form that this source does not know.
pub fn answer_at_level(level: Decimal, wants: Wants, unit: &str, window: Window) -> Answer {
    let invalid = |detail: &str| Absence::Invalid {
        detail: detail.to_owned(),
    };
    let (samples, observed) = match wants {
        Wants::Scalar => (1, Observed::Scalar { value: level }),
        Wants::Share => {
            let whole = if unit == "%" { 100.0 } else { 1.0 };
            let share = level.to_f64() / whole;
            if !(0.0..=1.0).contains(&share) {
                return Err(invalid("a share lies between nothing and all"));
            }
            (SAMPLES, share_of_samples(share))
        }
        Wants::Below {
            threshold,
            inclusive,
        } => {
            let lies_below = level < threshold || (inclusive && level == threshold);
            let observed = Observed::Below {
                threshold,
                below: if lies_below { SAMPLES } else { 0 },
                total: SAMPLES,
            };
            (SAMPLES, observed)
        }
        Wants::Distribution => {
            let mut histogram = Histogram::new();
            histogram.record_n(level.to_f64(), SAMPLES);
            let sketch = histogram.encode();
            (SAMPLES, Observed::Distribution { sketch })
        }
        _ => return Err(invalid("no such form")),
    };
    Ok(Measurement {
        window,
        samples,
        observed,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between nothing and a million"
)]
fn share_of_samples(share: f64) -> Observed {
    let matching = (share * SAMPLES as f64).round() as u64;
    Observed::Share {
        matching: matching.min(SAMPLES),
        total: SAMPLES,
    }
}
