//! What a recording answers to a query.

use phasegate_core::{
    Absence, Answer, Decimal, Measurement, Observed, Query, Ratio, Wants, Window,
};
use phasegate_percentile::Histogram;

use crate::recording::{Recorded, Recording};
use crate::series::Series;

/// The answer over the query's window, with counts of the two sides at this exposure.
pub(crate) fn answer(recording: &Recording, query: &Query, exposure: Ratio) -> Answer {
    let recorded = recording
        .of(&query.text, query.arm)
        .ok_or(Absence::NoData)?;
    let scale = recording.scale(query.arm, exposure);
    let (samples, observed) = observe(recorded, query, scale)?;
    Ok(Measurement {
        window: query.window,
        samples,
        observed,
    })
}

fn observe(recorded: &Recorded, query: &Query, scale: f64) -> Result<(u64, Observed), Absence> {
    let window = query.window;
    match (recorded, query.wants) {
        (Recorded::Gauge(series), Wants::Scalar) => {
            let value = series.value_at(window.end).ok_or(Absence::NoData)?;
            let points = u64::try_from(series.points_in(window)).unwrap_or(u64::MAX);
            Ok((points.max(1), scalar(value)?))
        }
        (Recorded::Counter(series), Wants::Scalar) => {
            let growth = series.growth(window).ok_or(Absence::NoData)?;
            // So many would have been counted at this share.
            let growth = growth * scale;
            Ok((whole(growth).max(1), scalar(growth)?))
        }
        (Recorded::Share { matching, total }, wants) => {
            more_than_all(matching, total, window)?;
            let (matching, total) = (
                count(matching, window, scale)?,
                count(total, window, scale)?,
            );
            match (wants, total) {
                (_, 0) => Err(Absence::NoData),
                (Wants::Share, _) => {
                    let matching = matching.min(total);
                    Ok((total, Observed::Share { matching, total }))
                }
                (Wants::Scalar, _) => {
                    let unit = if query.unit == "%" { 100.0 } else { 1.0 };
                    Ok((total, scalar(matching as f64 / total as f64 * unit)?))
                }
                _ => Err(unfit()),
            }
        }
        (
            Recorded::Histogram(buckets),
            Wants::Below {
                threshold,
                inclusive: _,
            },
        ) => {
            let bound = threshold.to_f64();
            let at = |(upper, _): &&(Option<f64>, Series)| *upper == Some(bound);
            let (_, below) = buckets.iter().find(at).ok_or_else(|| {
                let bounds = buckets.iter().filter_map(|(bound, _)| *bound);
                let bounds: Vec<String> = bounds.map(|bound| bound.to_string()).collect();
                let known = bounds.join(", ");
                Absence::Invalid {
                    detail: format!(
                        "no bucket was recorded that ends at {threshold}, those are: {known}"
                    ),
                }
            })?;
            let all = all_of(buckets)?;
            let total = count(all, window, scale)?;
            let below = count(below, window, scale)?.min(total);
            match total {
                0 => Err(Absence::NoData),
                total => Ok((
                    total,
                    Observed::Below {
                        threshold,
                        below,
                        total,
                    },
                )),
            }
        }
        (Recorded::Histogram(buckets), Wants::Distribution) => sketch(buckets, window, scale),
        _ => Err(unfit()),
    }
}

/// Values of a bucket count at its upper bound, never as better than they may have been; those above the last bound
/// count at it.
fn sketch(
    buckets: &[(Option<f64>, Series)],
    window: Window,
    scale: f64,
) -> Result<(u64, Observed), Absence> {
    all_of(buckets)?;
    let mut histogram = Histogram::new();
    let (mut before, mut bound) = (0, None);
    for (upper, series) in buckets {
        bound = upper.or(bound);
        let so_far = count(series, window, scale)?;
        let value = bound.ok_or_else(unfit)?;
        histogram.record_n(value, so_far.saturating_sub(before));
        before = before.max(so_far);
    }
    if before == 0 {
        return Err(Absence::NoData);
    }
    let sketch = histogram.encode();
    Ok((before, Observed::Distribution { sketch }))
}

/// The bucket that counts all values: without it nobody knows how many lie above the last bound.
fn all_of(buckets: &[(Option<f64>, Series)]) -> Result<&Series, Absence> {
    match buckets.last() {
        Some((None, all)) => Ok(all),
        Some((Some(bound), _)) => Err(Absence::Invalid {
            detail: format!("no bucket counts all values, the last one ends at {bound}"),
        }),
        None => Err(Absence::NoData),
    }
}

/// Columns may have been taken for each other.
fn more_than_all(matching: &Series, total: &Series, window: Window) -> Result<(), Absence> {
    let (Some(matching), Some(total)) = (matching.growth(window), total.growth(window)) else {
        return Err(Absence::NoData);
    };
    // Both were counted at their own moments.
    if matching > total + 1.0 {
        let detail = format!("{matching:.0} events match, of {total:.0} in all");
        return Err(Absence::Invalid { detail });
    }
    Ok(())
}

fn count(series: &Series, window: Window, scale: f64) -> Result<u64, Absence> {
    series.counted(window, scale).ok_or(Absence::NoData)
}

fn scalar(value: f64) -> Result<Observed, Absence> {
    let value = Decimal::from_f64(value).map_err(|error| Absence::Invalid {
        detail: error.to_string(),
    })?;
    Ok(Observed::Scalar { value })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturating, and below nothing is nothing"
)]
pub(crate) fn whole(value: f64) -> u64 {
    value.round().max(0.0) as u64
}

fn unfit() -> Absence {
    Absence::Invalid {
        detail: "it was recorded in another form".to_owned(),
    }
}
