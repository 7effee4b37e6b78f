//! How often something comes again: by a recurrence rule or a cron expression.

use std::fmt;
use std::str::FromStr;

use super::{Cron, Date, Rule, Zone};
use phasegate_core::Timestamp;

/// A recurrence: a rule (`FREQ=WEEKLY;INTERVAL=2;BYDAY=TU`), a cron expression (`0 2 * * 0`), or one of
/// the words `daily`, `weekly`, `biweekly`, `monthly`, `quarterly`, `yearly`.
///
/// ```
/// use phasegate_plan::calendar::Recurrence;
/// let quarterly: Recurrence = "quarterly".parse()?;
/// assert!(matches!(quarterly, Recurrence::Rule(_)));
/// assert!(matches!("0 */4 * * *".parse()?, Recurrence::Cron(_)));
/// # Ok::<(), phasegate_plan::calendar::RecurrenceError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a rule or a cron expression")]
pub enum Recurrence {
    /// By a rule, on days.
    Rule(Rule),
    /// By a cron expression, to the minute.
    Cron(Cron),
}

/// Why a text is no recurrence.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{detail}")]
pub struct RecurrenceError {
    detail: String,
}

/// The words and the rules that they stand for. A word is printed as its rule.
const WORDS: [(&str, &str); 6] = [
    ("daily", "FREQ=DAILY"),
    ("weekly", "FREQ=WEEKLY"),
    ("biweekly", "FREQ=WEEKLY;INTERVAL=2"),
    ("monthly", "FREQ=MONTHLY"),
    ("quarterly", "FREQ=MONTHLY;INTERVAL=3"),
    ("yearly", "FREQ=YEARLY"),
];

impl Recurrence {
    /// The first moment after another one. Rules count days from `start` and come at midnight.
    pub fn next_after(&self, moment: Timestamp, start: Date, zone: &Zone) -> Option<Timestamp> {
        match self {
            Self::Cron(cron) => cron.next_after(moment, zone),
            Self::Rule(rule) => rule
                .dates(start)
                .map(|date| zone.moment(date, super::TimeOfDay::MIDNIGHT))
                .find(|at| *at > moment),
        }
    }

    /// All its moments from the beginning of a day on, in order; of a cron expression those of the next 41 years.
    /// In zones whose clocks change, a time that they skip may come out of order.
    pub(crate) fn coming_since<'a>(
        &'a self,
        start: Date,
        zone: &'a Zone,
    ) -> Box<dyn Iterator<Item = Timestamp> + 'a> {
        match self {
            Self::Cron(cron) => Box::new(cron.coming_since(start, zone)),
            Self::Rule(rule) => {
                let midnight = |date| zone.moment(date, super::TimeOfDay::MIDNIGHT);
                Box::new(rule.dates(start).map(midnight))
            }
        }
    }

    /// As written; of a word what it stands for.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Cron(cron) => cron.as_str(),
            Self::Rule(rule) => rule.as_str(),
        }
    }

    /// After how many days all its times come again, where that is a day or a week.
    pub(crate) fn days_between(&self) -> Option<u64> {
        match self {
            Self::Cron(cron) => cron.days_between(),
            Self::Rule(rule) => rule.days_between(),
        }
    }

    /// Does it ever come, counted from a day?
    pub fn ever_comes(&self, start: Date) -> bool {
        if self.days_between().is_some() {
            return true;
        }
        match self {
            Self::Cron(cron) => cron.ever_fires(),
            Self::Rule(rule) => rule.dates(start).next().is_some(),
        }
    }
}

impl FromStr for Recurrence {
    type Err = RecurrenceError;
    fn from_str(text: &str) -> Result<Self, RecurrenceError> {
        let word = WORDS.iter().find(|(word, _)| *word == text);
        let text = word.map_or(text, |(_, rule)| rule);
        // A cron expression has no such sign.
        if text.contains('=') {
            text.parse()
                .map(Self::Rule)
                .map_err(|error: super::RuleError| RecurrenceError {
                    detail: error.to_string(),
                })
        } else {
            text.parse()
                .map(Self::Cron)
                .map_err(|error: super::CronError| RecurrenceError {
                    detail: error.to_string(),
                })
        }
    }
}

impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cron(cron) => cron.fmt(f),
            Self::Rule(rule) => rule.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_again_after_some_days_comes_then() {
        let start = Date::new(2024, 2, 26).expect("a day");
        for (text, days) in [
            ("daily", Some(1)),
            ("*/7 3 * * *", Some(1)),
            ("0 2 1-31 * 0", Some(7)),
            ("0 2 */2 * *", None),
            ("0 2 * 3 *", None),
            ("0 2 * * 1,5", Some(7)),
            ("weekly", Some(7)),
            ("biweekly", None),
            ("FREQ=DAILY;BYDAY=MO,TU", Some(7)),
            ("FREQ=DAILY;COUNT=40", None),
            ("monthly", None),
        ] {
            let recurrence: Recurrence = text.parse().expect(text);
            assert_eq!(recurrence.days_between(), days, "{text}");
            let Some(days) = days else { continue };
            let zone = Zone::utc();
            let times: Vec<Timestamp> = recurrence.coming_since(start, &zone).take(2_000).collect();
            let period = phasegate_core::Span::from_secs(days * 86_400);
            let Some((first, last)) = times.first().zip(times.last()) else {
                panic!("{text} never comes");
            };
            assert!(*first + period <= *last, "{text}");
            let mut again = times.iter().filter(|at| **at + period <= *last);
            assert!(again.all(|at| times.contains(&(*at + period))), "{text}");
        }
    }
}
