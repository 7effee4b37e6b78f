//! How the scalars of the calendar stand in documents.

use super::{Date, DateWindow, Length, Recurrence, TimeOfDay, TimeRange, Weekday, Zone};
use crate::document::Node;
use crate::fault::Code;
use crate::form::{Form, Lowering, Schema, schema};
use crate::value::Value;

macro_rules! texts {
    ($($ty:ty, $wanted:literal, $pattern:expr;)*) => {$(
        impl Form for $ty {
            fn read(node: &Node, cx: &mut Lowering<'_>) -> Option<Self> {
                cx.parsed(node, $wanted, Code::InvalidMoment)
            }
            fn write(&self) -> Value {
                Value::text(self.to_string())
            }
            fn schema(_: &mut Schema) -> Value {
                schema::text($wanted, $pattern)
            }
        }
    )*};
}

texts! {
    Date, "a date such as 2025-09-16", Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}$");
    DateWindow, "dates such as 2025-09-16..2025-09-30", Some("^[0-9]{4}-[0-9]{2}-[0-9]{2}(\\.\\.[0-9]{4}-[0-9]{2}-[0-9]{2})?$");
    Length, "a length such as 5bd, 2w, 12w..16w or 8w+", Some("^[0-9]+(m|h|bh|d|bd|w|mo|q|y)(\\+|\\.\\.[0-9]+(m|h|bh|d|bd|w|mo|q|y))?$");
    Recurrence, "a recurrence such as weekly, FREQ=WEEKLY;INTERVAL=2 or 0 2 * * 0", Some("^\\s*(@?[a-z]+|([Rr]{2}[A-Za-z]{3}:)?[A-Za-z]+=\\S+|\\S+(\\s+\\S+){4})\\s*$");
    TimeOfDay, "a time of day such as 09:00", Some("^[0-9]{2}:[0-9]{2}$");
    TimeRange, "a part of a day such as 09:00-17:00", Some("^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$");
    Weekday, "a day of the week such as monday", Some("^(mon|tues|wednes|thurs|fri|satur|sun)day$");
    Zone, "a time zone such as Europe/Berlin", Some("^[A-Za-z0-9_+/-]+$");
}
