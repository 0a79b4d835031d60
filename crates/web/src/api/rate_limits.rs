//! Rate limits for API keys: calls per minute, counted in memory, separately in each process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::header::{HeaderMap, HeaderName, HeaderValue};
use domain::kernel::ids::KeyId;
use store::Time;

const WINDOW: Duration = Duration::from_secs(60);
/// Expired windows are removed once there are this many.
const KEPT_MAX: usize = 1_000;

/// Counters of all keys for their current windows.
pub(crate) struct Rates {
    most: u32,
    windows: Mutex<HashMap<KeyId, Window>>,
}

#[derive(Clone, Copy)]
struct Window {
    start: Time,
    calls: u32,
}

/// A key's rate after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    most: u32,
    /// Remaining calls in this window.
    left: u32,
    /// Seconds until the window ends.
    reset: u64,
    /// Whether this call exceeded the limit.
    pub(crate) is_over: bool,
}

impl Rates {
    /// `most` is the limit per minute.
    pub(crate) fn new(most: u32) -> Rates {
        Rates { most, windows: Mutex::default() }
    }

    fn windows(&self) -> MutexGuard<'_, HashMap<KeyId, Window>> {
        // No code panics while holding the lock.
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count(&self, key: KeyId, now: Time) -> Rate {
        let mut windows = self.windows();
        // A window that starts in the future is from before the clock was set back.
        let is_current = |window: &Window| window.start <= now && now < window.start.after(WINDOW);
        if windows.len() >= KEPT_MAX {
            windows.retain(|_, window| is_current(window));
        }
        let window = windows.entry(key).or_insert(Window { start: now, calls: 0 });
        if !is_current(window) {
            *window = Window { start: now, calls: 0 };
        }
        let is_over = window.calls >= self.most;
        if !is_over {
            window.calls += 1;
        }
        let reset = window.start.after(WINDOW).since(now).as_secs_f64().ceil();
        Rate { most: self.most, left: self.most - window.calls, reset: reset as u64, is_over }
    }
}

impl Rate {
    /// Sets the headers of `draft-ietf-httpapi-ratelimit-headers` in their commonly used form.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        for (name, value) in [
            ("ratelimit-limit", u64::from(self.most)),
            ("ratelimit-remaining", u64::from(self.left)),
            ("ratelimit-reset", self.reset),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }

    pub(crate) fn wait(&self) -> Duration {
        Duration::from_secs(self.reset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_key_and_minute() {
        let rates = Rates::new(2);
        let now = Time(1_767_603_600_000);
        let (one, other) = (KeyId::new(now), KeyId::new(now));
        let count = |key, at: i64| {
            let rate = rates.count(key, Time(now.0 + at));
            (rate.left, rate.reset, rate.is_over)
        };
        assert_eq!(count(one, 0), (1, 60, false));
        assert_eq!(count(one, 10_500), (0, 50, false));
        assert_eq!(count(one, 59_999), (0, 1, true));
        assert_eq!(count(other, 59_999), (1, 60, false));
        assert_eq!(count(one, 60_000), (1, 60, false));
        // The clock was set back by a day, but nobody waits that long.
        assert_eq!(count(one, -86_400_000), (1, 60, false));
    }

    #[test]
    fn windows_that_are_over_are_forgotten() {
        let rates = Rates::new(1);
        for second in 0..10 * KEPT_MAX as i64 {
            let now = Time(second * 1000);
            rates.count(KeyId::new(now), now);
        }
        assert!(rates.windows().len() <= KEPT_MAX);
    }
}
