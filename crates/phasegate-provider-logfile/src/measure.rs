//! One measure, ready to be held against lines.

use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use phasegate_core::{Decimal, Timestamp};
use phasegate_provider::ProviderError;
use regex::Regex;

use crate::config::{MeasureConfig, TimeFormat};

/// What a line says.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) is_matching: bool,
    /// Its number, where the measure has one and it can be read.
    pub(crate) value: Option<Decimal>,
}

#[derive(Clone, Debug)]
pub(crate) struct Measure {
    pub(crate) config: MeasureConfig,
    time: Regex,
    event: Option<Regex>,
    matching: Option<Regex>,
    value: Option<Regex>,
}

impl Measure {
    pub(crate) fn new(name: &str, config: MeasureConfig) -> Result<Self, ProviderError> {
        let pattern = |of: &str, pattern: &str, groups: usize| {
            let told = |why: String| format!("measure '{name}': the pattern of its {of} {why}");
            let read = Regex::new(pattern).map_err(|error| {
                ProviderError::misuse(told("cannot be read".to_owned())).with_source(error)
            })?;
            if groups > 0 && read.captures_len() != groups + 1 {
                return Err(ProviderError::misuse(told(
                    "must have one group".to_owned(),
                )));
            }
            Ok(read)
        };
        let optional = |of: &str, text: &Option<String>, groups: usize| {
            text.as_deref()
                .map(|text| pattern(of, text, groups))
                .transpose()
        };
        Ok(Self {
            time: pattern("time", &config.time, 1)?,
            event: optional("event", &config.event, 0)?,
            matching: optional("matching", &config.matching, 0)?,
            value: optional("value", &config.value, 1)?,
            config,
        })
    }

    /// Does it tell matching events from others?
    pub(crate) fn has_matching(&self) -> bool {
        self.matching.is_some()
    }

    pub(crate) fn has_value(&self) -> bool {
        self.value.is_some()
    }

    /// When a line was written, where it says so.
    pub(crate) fn time(&self, line: &str) -> Option<Timestamp> {
        let text = self.time.captures(line)?.get(1)?.as_str();
        match &self.config.format {
            TimeFormat::Rfc3339 => text.parse().ok(),
            TimeFormat::Strptime(format) => {
                let read = strtime::parse(format, text).ok()?;
                let at = read.to_timestamp().or_else(|_| {
                    let utc = read.to_datetime()?.to_zoned(TimeZone::UTC)?;
                    Ok::<_, jiff::Error>(utc.timestamp())
                });
                Some(Timestamp::from_unix_millis(at.ok()?.as_millisecond()))
            }
            TimeFormat::Unix => {
                let thousand = Decimal::from(1000_u32);
                let millis = text.parse::<Decimal>().ok()?.checked_mul(thousand)?;
                // A part of a millisecond is dropped.
                let whole = millis.to_string();
                let whole = whole.split('.').next()?.parse().ok()?;
                Some(Timestamp::from_unix_millis(whole))
            }
            TimeFormat::UnixMillis => Some(Timestamp::from_unix_millis(text.parse().ok()?)),
        }
    }

    /// What a line says, if it is an event.
    pub(crate) fn event(&self, line: &str) -> Option<Event> {
        if self
            .event
            .as_ref()
            .is_some_and(|event| !event.is_match(line))
        {
            return None;
        }
        let matching = self.matching.as_ref();
        let value = self.value.as_ref().and_then(|value| value.captures(line));
        let value = value.and_then(|found| found.get(1)?.as_str().parse().ok());
        Some(Event {
            is_matching: matching.is_none_or(|matching| matching.is_match(line)),
            value,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_logs_write_them() {
        let strptime = |format: &str| TimeFormat::Strptime(format.to_owned());
        let noon = "2026-09-07T12:00:00Z"
            .parse::<Timestamp>()
            .expect("a moment");
        let half = Timestamp::from_unix_millis(noon.as_unix_millis() + 500);
        for (format, text, want) in [
            (TimeFormat::Rfc3339, "2026-09-07T12:00:00.5Z", Some(half)),
            (TimeFormat::Rfc3339, "2026-09-07T14:00:00+02:00", Some(noon)),
            (TimeFormat::Rfc3339, "2026-09-07 noon", None),
            (
                strptime("%d/%b/%Y:%H:%M:%S %z"),
                "07/Sep/2026:14:00:00 +0200",
                Some(noon),
            ),
            (
                strptime("%Y-%m-%d %H:%M:%S"),
                "2026-09-07 12:00:00",
                Some(noon),
            ),
            (
                strptime("%Y-%m-%d %H:%M:%S%.f"),
                "2026-09-07 12:00:00.500",
                Some(half),
            ),
            (strptime("%Y-%m-%d"), "07/Sep/2026", None),
            (TimeFormat::Unix, "1788782400", Some(noon)),
            (TimeFormat::Unix, "1788782400.5009", Some(half)),
            (TimeFormat::UnixMillis, "1788782400500", Some(half)),
            (TimeFormat::UnixMillis, "99999999999999999999", None),
        ] {
            let mut config = MeasureConfig::new("x", "^<(.*?)>");
            config.format = format.clone();
            let measure = Measure::new("m", config).expect("a measure");
            assert_eq!(
                measure.time(&format!("<{text}> said")),
                want,
                "{format:?} {text}"
            );
        }
    }

    #[test]
    fn patterns_that_cannot_mean_anything_are_refused() {
        let with = |time: &str, value: Option<&str>| {
            let mut config = MeasureConfig::new("x", time);
            config.value = value.map(str::to_owned);
            Measure::new("m", config)
                .err()
                .map(|error| error.detail().to_owned())
        };
        assert_eq!(with("(.*)", Some("took (.*)ms")), None);
        for (time, value) in [
            ("(", None),
            ("no group", None),
            ("(two) (groups)", None),
            ("(.*)", Some("none")),
        ] {
            let told = with(time, value).expect("refused");
            assert!(
                told.starts_with("measure 'm': the pattern of its"),
                "{told}"
            );
        }
    }
}
