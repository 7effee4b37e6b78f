//! From runs to numbers. Pure.

use phasegate_core::{Decimal, Observed, Quantity, Span, Timestamp, Unit, Wants, Window};
use phasegate_provider::ProviderError;

use crate::answer::Run;
use crate::text::Of;

/// What a window shows, and how far.
#[derive(Debug)]
pub(crate) struct Counted<'a> {
    /// Up to here every run has ended.
    pub(crate) end: Timestamp,
    runs: Vec<&'a Run>,
}

/// How a run ended, as far as it says something about the workflow. What people did to a run (cancelled, skipped) and
/// what says neither yes nor no is not counted.
fn succeeded(run: &Run) -> Option<bool> {
    match run.conclusion.as_deref()? {
        "success" => Some(true),
        "failure" | "startup_failure" | "timed_out" => Some(false),
        _ => None,
    }
}

impl<'a> Counted<'a> {
    /// The runs that were created in a window, up to the first that is under way: those after it are not all known, as
    /// slow ones end last.
    pub(crate) fn new(runs: &'a [Run], window: Window) -> Self {
        let inside = |at: Timestamp| at >= window.start && at < window.end;
        let under_way = runs
            .iter()
            .filter(|run| inside(run.created_at) && !run.has_ended())
            .map(|run| run.created_at)
            .min();
        let end = under_way.unwrap_or(window.end);
        let runs = runs
            .iter()
            .filter(|run| inside(run.created_at) && run.created_at < end)
            .filter(|run| succeeded(run).is_some());
        Self {
            end,
            runs: runs.collect(),
        }
    }

    fn with(&self, success: bool) -> u64 {
        let such = self
            .runs
            .iter()
            .filter(|run| succeeded(run) == Some(success));
        u64::try_from(such.count()).unwrap_or(u64::MAX)
    }

    /// How many there are.
    pub(crate) fn total(&self) -> u64 {
        u64::try_from(self.runs.len()).unwrap_or(u64::MAX)
    }

    /// The number that is wanted.
    pub(crate) fn observed(
        &self,
        of: Of,
        wants: Wants,
        unit: &str,
        act: &str,
    ) -> Result<Observed, ProviderError> {
        let total = self.total();
        let of_success = |success| {
            let matching = self.with(success);
            Ok(if wants == Wants::Share {
                Observed::Share { matching, total }
            } else {
                let value = Decimal::from(matching);
                Observed::Scalar { value }
            })
        };
        match of {
            Of::Succeeded => of_success(true),
            Of::Failed => of_success(false),
            Of::Max => {
                let longest = self.runs.iter().map(|run| run.took()).max();
                let value = millis_in(longest.unwrap_or(Span::ZERO).as_millis().into(), unit, act)?;
                Ok(Observed::Scalar { value })
            }
            Of::Mean => {
                let all = self
                    .runs
                    .iter()
                    .map(|run| run.took().as_millis())
                    .sum::<u64>();
                let mean = Decimal::from(all).checked_div(Decimal::from(total));
                let mean = mean.ok_or_else(|| ProviderError::no_data(act))?;
                let value = millis_in(mean, unit, act)?;
                Ok(Observed::Scalar { value })
            }
            Of::Runs => {
                let Wants::Below {
                    threshold,
                    inclusive,
                } = wants
                else {
                    let value = Decimal::from(total);
                    return Ok(Observed::Scalar { value });
                };
                let mut below = 0;
                for run in &self.runs {
                    let took = millis_in(run.took().as_millis().into(), unit, act)?;
                    below += u64::from(took < threshold || (inclusive && took == threshold));
                }
                Ok(Observed::Below {
                    threshold,
                    below,
                    total,
                })
            }
        }
    }
}

/// Milliseconds in the unit of the question.
fn millis_in(millis: Decimal, unit: &str, act: &str) -> Result<Decimal, ProviderError> {
    let converted = || {
        let quantity: Quantity = format!("{millis}ms").parse().ok()?;
        let to: Unit = unit.parse().ok()?;
        Some(quantity.in_unit(&to)?.number())
    };
    converted().ok_or_else(|| {
        ProviderError::misuse(format!("{act}: a duration cannot be told in '{unit}'"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use phasegate_core::WindowKind;

    /// Created so many seconds after 1970, took so many.
    fn run(created: u64, took: u64, conclusion: Option<&str>) -> Run {
        let created_at = Timestamp::EPOCH + Span::from_secs(created);
        Run {
            id: created,
            display_title: String::new(),
            status: Some(
                if conclusion.is_some() {
                    "completed"
                } else {
                    "in_progress"
                }
                .to_owned(),
            ),
            conclusion: conclusion.map(str::to_owned),
            html_url: String::new(),
            logs_url: String::new(),
            created_at,
            run_started_at: Some(created_at),
            updated_at: created_at + Span::from_secs(took),
        }
    }

    fn window() -> Window {
        Window {
            start: Timestamp::EPOCH + Span::from_secs(100),
            end: Timestamp::EPOCH + Span::from_secs(200),
            kind: WindowKind::Increment,
        }
    }

    #[test]
    fn numbers_are_of_the_runs_that_ended_by_themselves() {
        let runs = [
            run(99, 1, Some("failure")),
            run(100, 10, Some("success")),
            run(110, 20, Some("failure")),
            run(120, 30, Some("timed_out")),
            run(130, 60, Some("success")),
            run(140, 1, Some("cancelled")),
            run(200, 1, Some("failure")),
        ];
        let counted = Counted::new(&runs, window());
        assert_eq!((counted.total(), counted.end), (4, window().end));
        let ask = |of, wants, unit| {
            counted
                .observed(of, wants, unit, "count")
                .expect("a number")
        };
        let scalar = |text: &str| Observed::Scalar {
            value: text.parse().expect("a decimal"),
        };
        let (matching, total) = (2, 4);
        assert_eq!(
            ask(Of::Failed, Wants::Share, "%"),
            Observed::Share { matching, total }
        );
        assert_eq!(ask(Of::Succeeded, Wants::Scalar, ""), scalar("2"));
        assert_eq!(ask(Of::Runs, Wants::Scalar, ""), scalar("4"));
        assert_eq!(ask(Of::Mean, Wants::Scalar, "s"), scalar("30"));
        assert_eq!(ask(Of::Mean, Wants::Scalar, "m"), scalar("0.5"));
        assert_eq!(ask(Of::Max, Wants::Scalar, "s"), scalar("60"));
        for (inclusive, below) in [(false, 2), (true, 3)] {
            let threshold = Decimal::from(30u64);
            let wants = Wants::Below {
                threshold,
                inclusive,
            };
            let found = ask(Of::Runs, wants, "s");
            assert_eq!(
                found,
                Observed::Below {
                    threshold,
                    below,
                    total: 4
                }
            );
        }
        assert!(
            counted
                .observed(Of::Mean, Wants::Scalar, "B", "count")
                .is_err()
        );
    }

    #[test]
    fn what_is_after_a_run_under_way_is_not_known_yet() {
        let runs = [
            run(100, 10, Some("success")),
            run(150, 0, None),
            run(160, 10, Some("failure")),
        ];
        let counted = Counted::new(&runs, window());
        assert_eq!(counted.end, Timestamp::EPOCH + Span::from_secs(150));
        assert_eq!((counted.total(), counted.with(false)), (1, 0));
    }
}
