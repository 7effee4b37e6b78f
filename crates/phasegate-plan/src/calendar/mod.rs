//! Calendars: zones, working days and hours, holidays, clock changes, recurrences. Zones come from the
//! database that is built in, never from the machine. No clock is read here.

mod civil;
mod cron;
mod form;
mod frozen;
mod length;
mod recurrence;
mod rrule;
mod work;
mod zone;

pub use civil::{CivilError, Date, DateWindow, TimeOfDay, TimeRange, Weekday};
pub use cron::{Cron, CronError};
pub use length::{Length, LengthError, LengthUnit};
pub use recurrence::{Recurrence, RecurrenceError};
pub use rrule::{Rule, RuleError};
pub use work::{Holiday, Roll, WorkCalendar, WorkWeek};
pub use zone::{ZONE_DATABASE_VERSION, Zone, ZoneError};
