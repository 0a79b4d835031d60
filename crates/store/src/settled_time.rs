//! The time to delete by. A clock that is ahead for a moment must not make the program take everything for old.

use std::time::Duration;

use crate::time::Time;

/// A clock that is ahead by no more than this between two looks has not jumped.
const DRIFT: Duration = Duration::from_secs(60);
/// A clock that jumped ahead is believed once it has held so long.
const SETTLES: Duration = Duration::from_secs(3600);

/// What the clock showed when it was last believed.
#[derive(Debug)]
pub(crate) struct SettledTime {
    shown: Time,
    /// How long the program had run then.
    at: Duration,
    /// Since when the clock has been ahead.
    ahead_since: Option<Duration>,
}

impl SettledTime {
    /// Before the first look, every clock is ahead.
    pub(crate) const UNKNOWN: SettledTime =
        SettledTime { shown: Time(0), at: Duration::ZERO, ahead_since: None };

    /// The clock showed `start` when the program began, and is believed.
    pub(crate) fn known(start: Time) -> SettledTime {
        SettledTime { shown: start, ..SettledTime::UNKNOWN }
    }

    /// The clock shows `now` after the program has run for `running`.
    pub(crate) fn observe(&mut self, now: Time, running: Duration) -> Time {
        let expected = self.shown.after(running.saturating_sub(self.at));
        if now > expected.after(DRIFT) {
            let since = *self.ahead_since.get_or_insert(running);
            if running.saturating_sub(since) < SETTLES {
                return expected;
            }
        }
        *self = SettledTime { shown: now, at: running, ahead_since: None };
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAYS: Duration = Duration::from_secs(30 * 24 * 3600);

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_clock_that_runs_is_believed() {
        let mut settled = SettledTime::known(Time(1_000));
        assert_eq!(settled.observe(Time(1_000), seconds(0)), Time(1_000));
        assert_eq!(settled.observe(Time(601_500), seconds(600)), Time(601_500));
        // A clock that is put back makes nothing older.
        assert_eq!(settled.observe(Time(500), seconds(601)), Time(500));
        assert_eq!(settled.observe(Time(1_500), seconds(602)), Time(1_500));
    }

    #[test]
    fn a_moment_ahead_makes_nothing_old() {
        let mut settled = SettledTime::known(Time(0));
        let ahead = |running: u64| Time(0).after(DAYS).after(seconds(running));
        assert_eq!(settled.observe(ahead(10), seconds(10)), Time(10_000));
        assert_eq!(settled.observe(ahead(600), seconds(600)), Time(600_000));
        // Put right, and ahead once more: the hour begins anew.
        assert_eq!(settled.observe(Time(700_000), seconds(700)), Time(700_000));
        assert_eq!(settled.observe(ahead(800), seconds(800)), Time(800_000));
        assert_eq!(settled.observe(ahead(4_399), seconds(4_399)), Time(4_399_000));
        assert_eq!(settled.observe(ahead(4_400), seconds(4_400)), ahead(4_400));
    }

    #[test]
    fn nothing_is_old_in_the_first_hour_of_a_program() {
        let mut settled = SettledTime::UNKNOWN;
        let now = |running: u64| Time(1_767_603_600_000).after(seconds(running));
        assert_eq!(settled.observe(now(5), seconds(5)), Time(5_000));
        assert_eq!(settled.observe(now(3_604), seconds(3_604)), Time(3_604_000));
        assert_eq!(settled.observe(now(3_605), seconds(3_605)), now(3_605));
    }
}
