//! The latencies of the last few seconds: what a person who watches a rollout wants to see. Figures
//! since the start would hide that a version has just become slow.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use phasegate::core::Arm;
use phasegate_percentile::{ConfigError, Histogram, Window};
use tokio::time::Instant;

/// The seconds that are looked back.
pub const SECONDS: u32 = 3;
/// So many slots make a second; one slot is how coarse "the last seconds" is.
const SLOTS: u32 = 5;

/// The latencies of both versions, in milliseconds. About 60 kB a version.
#[derive(Debug)]
pub struct Recent {
    since: Instant,
    arms: Mutex<[Latencies; 2]>,
}

/// Of all requests, and of those that failed.
#[derive(Clone, Debug)]
struct Latencies {
    all: Window,
    failed: Window,
}

impl Recent {
    /// Nothing yet.
    ///
    /// # Errors
    /// None with these constants: the error is that of the window.
    pub fn new() -> Result<Self, ConfigError> {
        let length = Duration::from_secs(1) / SLOTS;
        let slots = (SECONDS * SLOTS) as usize;
        let window = Window::new(Histogram::new(), length, slots)?;
        let latencies = Latencies {
            all: window.clone(),
            failed: window,
        };
        Ok(Self {
            since: Instant::now(),
            arms: Mutex::new([latencies.clone(), latencies]),
        })
    }

    /// Takes in one answer that has just come.
    pub fn record(&self, arm: Arm, latency: Duration, ok: bool) {
        let at = self.since.elapsed();
        let mut arms = self.arms.lock().unwrap_or_else(PoisonError::into_inner);
        let (of, millis) = (of(&mut arms, arm), latency.as_secs_f64() * 1000.0);
        of.all.record(at, millis);
        if !ok {
            of.failed.record(at, millis);
        }
    }

    /// p50, p95 and p99 of the last seconds and the share that failed, or a dash where nothing came.
    pub fn shown(&self, arm: Arm) -> String {
        let at = self.since.elapsed();
        let mut arms = self.arms.lock().unwrap_or_else(PoisonError::into_inner);
        let of = of(&mut arms, arm);
        let (total, failed) = (of.all.total(at), of.failed.total(at).count());
        let quantile = |q| total.quantile(q).map(|estimate| estimate.value);
        match (quantile(0.5), quantile(0.95), quantile(0.99)) {
            (Some(p50), Some(p95), Some(p99)) => {
                let share = 100.0 * failed as f64 / total.count() as f64;
                format!("{p50:.0}/{p95:.0}/{p99:.0} ms, {share:.1}% failed")
            }
            _ => "-".to_owned(),
        }
    }
}

fn of([stable, canary]: &mut [Latencies; 2], arm: Arm) -> &mut Latencies {
    match arm {
        Arm::Canary => canary,
        _ => stable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_shown_forgets_what_came_before_the_last_seconds() {
        let recent = Recent::new().expect("the constants fit");
        let millis = Duration::from_millis;
        assert_eq!(recent.shown(Arm::Canary), "-");
        for _ in 0..1000 {
            recent.record(Arm::Canary, millis(4), true);
        }
        assert_eq!(recent.shown(Arm::Canary), "4/4/4 ms, 0.0% failed");
        assert_eq!(recent.shown(Arm::Stable), "-");
        tokio::time::advance(Duration::from_secs(4)).await;
        for n in 0..10 {
            recent.record(Arm::Canary, millis(90), n > 0);
        }
        let shown = recent.shown(Arm::Canary);
        assert!(
            shown.starts_with("90/90/") || shown.starts_with("91/91/"),
            "{shown}"
        );
        assert!(shown.ends_with("ms, 10.0% failed"), "{shown}");
        tokio::time::advance(Duration::from_secs(4)).await;
        assert_eq!(recent.shown(Arm::Canary), "-");
    }
}
