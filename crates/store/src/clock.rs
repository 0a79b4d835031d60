//! The only source of time in the product: the system's clock, or one that a test sets.
//!
//! Somebody may set the system's clock while the program runs. [`Clock::running`] does not notice, so it shows when that
//! has happened, and [`Clock::settled`] is the time to delete by.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::mutex::lock;
use crate::settled_time::SettledTime;
use crate::time::{Time, milliseconds};

/// The source of [`Time`].
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's own clock.
    System,
    /// A clock that only a test moves.
    Simulated(Arc<Simulated>),
}

/// What a simulated clock shows.
#[derive(Debug)]
pub struct Simulated {
    /// Milliseconds since the epoch.
    now: AtomicI64,
    /// Milliseconds that the program has run.
    running: AtomicI64,
    settled: Mutex<SettledTime>,
}

/// The machine has one clock, however many stores there are.
static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);
static SETTLED: Mutex<SettledTime> = Mutex::new(SettledTime::UNKNOWN);

impl Clock {
    /// A simulated clock that shows `start`, and has done so for long.
    pub fn simulated(start: Time) -> Clock {
        Clock::Simulated(Arc::new(Simulated {
            now: AtomicI64::new(start.0),
            running: AtomicI64::new(0),
            settled: Mutex::new(SettledTime::known(start)),
        }))
    }

    /// The current time.
    pub fn now(&self) -> Time {
        match self {
            Clock::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Time(milliseconds(since))
            }
            Clock::Simulated(simulated) => Time(simulated.now.load(Ordering::SeqCst)),
        }
    }

    /// How long the program has run. Does not jump when the clock is set.
    pub fn running(&self) -> Duration {
        match self {
            Clock::System => STARTED.elapsed(),
            Clock::Simulated(simulated) => {
                // It only ever counts up from zero.
                Duration::from_millis(simulated.running.load(Ordering::SeqCst).unsigned_abs())
            }
        }
    }

    /// A time to delete by: never later than [`Clock::now`], and earlier while a clock that jumped ahead has not held for
    /// an hour.
    pub fn settled(&self) -> Time {
        let settled = match self {
            Clock::System => &SETTLED,
            Clock::Simulated(simulated) => &simulated.settled,
        };
        lock(settled).observe(self.now(), self.running())
    }

    /// Lets time pass on a simulated clock; does nothing to the system's.
    pub fn advance(&self, span: Duration) {
        if let Clock::Simulated(simulated) = self {
            simulated.now.fetch_add(milliseconds(span), Ordering::SeqCst);
            simulated.running.fetch_add(milliseconds(span), Ordering::SeqCst);
        }
    }

    /// Sets a simulated clock back, without time passing; does nothing to the system's.
    pub fn turn_back(&self, span: Duration) {
        if let Clock::Simulated(simulated) = self {
            simulated.now.fetch_sub(milliseconds(span), Ordering::SeqCst);
        }
    }

    /// Sets a simulated clock ahead, without time passing; does nothing to the system's.
    pub fn turn_ahead(&self, span: Duration) {
        if let Clock::Simulated(simulated) = self {
            simulated.now.fetch_add(milliseconds(span), Ordering::SeqCst);
        }
    }
}
