//! A point in time, as the database keeps it.

use std::time::Duration;

use crate::value::{FromValue, Param, Value};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(pub i64);

impl Time {
    /// The time `span` later.
    pub fn after(self, span: Duration) -> Time {
        Time(self.0.saturating_add(milliseconds(span)))
    }

    /// The time `span` earlier.
    pub fn before(self, span: Duration) -> Time {
        Time(self.0.saturating_sub(milliseconds(span)))
    }

    /// How long after `earlier` this is; zero if it is not later.
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Whole milliseconds; the most there are for spans that have more.
pub(crate) fn milliseconds(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

impl Param for Time {
    fn value(&self) -> Value<'_> {
        Value::Integer(self.0)
    }
}

/// In whole milliseconds.
impl Param for Duration {
    fn value(&self) -> Value<'_> {
        Value::Integer(milliseconds(*self))
    }
}

impl FromValue for Time {
    fn from_value(value: Value<'_>) -> Option<Time> {
        i64::from_value(value).map(Time)
    }
}
