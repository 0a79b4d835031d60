//! The only source of time in the product: the system's clock, or one that a test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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

fn milliseconds(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

impl Param for Time {
    fn value(&self) -> Value<'_> {
        Value::Integer(self.0)
    }
}

impl FromValue for Time {
    fn from_value(value: Value<'_>) -> Option<Time> {
        i64::from_value(value).map(Time)
    }
}

/// The source of [`Time`].
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's own clock.
    System,
    /// A clock that only a test moves: milliseconds since the epoch.
    Simulated(Arc<AtomicI64>),
}

impl Clock {
    /// A simulated clock that shows `start`.
    pub fn simulated(start: Time) -> Clock {
        Clock::Simulated(Arc::new(AtomicI64::new(start.0)))
    }

    /// The current time.
    pub fn now(&self) -> Time {
        match self {
            Clock::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Time(milliseconds(since))
            }
            Clock::Simulated(time) => Time(time.load(Ordering::SeqCst)),
        }
    }

    /// Moves a simulated clock forward; does nothing to the system's.
    pub fn advance(&self, span: Duration) {
        if let Clock::Simulated(time) = self {
            time.fetch_add(milliseconds(span), Ordering::SeqCst);
        }
    }

    /// Moves a simulated clock back; does nothing to the system's.
    pub fn turn_back(&self, span: Duration) {
        if let Clock::Simulated(time) = self {
            time.fetch_sub(milliseconds(span), Ordering::SeqCst);
        }
    }
}
