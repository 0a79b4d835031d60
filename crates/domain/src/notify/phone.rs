//! A person's number, its state, and their quiet hours.

use jiff::civil::Time as Clock;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use store::{Reader, Time};

use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{PersonId, WorkspaceId};
use crate::kernel::limits;

columns! {
    /// What a person has given for texts.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Phone {
        /// The number: `+` and digits.
        pub number: String = "f.number",
        /// Until when a code that was asked for is good.
        pub code_expires_at: Option<Time> = "f.code_expires_at",
        /// Wrong codes so far.
        pub tries: i64 = "f.tries",
        /// When a code proved it.
        pub proved_at: Option<Time> = "f.proved_at",
        /// Since when texts are wanted there.
        pub agreed_at: Option<Time> = "f.agreed_at",
        /// Since when texts to it are stopped, by STOP or at the provider.
        pub stopped_at: Option<Time> = "s.at",
        /// When no text comes.
        pub quiet: Option<Quiet> = "f.quiet_from, f.quiet_until" => |(from, until)| Quiet::of(from, until),
    }
}

impl Phone {
    /// Whether a code can be typed now.
    pub fn awaits_code(&self, now: Time) -> bool {
        self.proved_at.is_none()
            && self.tries < limits::CODE_TRIES
            && self.code_expires_at.is_some_and(|expires_at| expires_at > now)
    }
}

pub(crate) fn find(reader: &Reader, workspace: WorkspaceId, person: PersonId) -> Result<Option<Phone>> {
    let sql = format!(
        "SELECT {} FROM phones f LEFT JOIN stopped_numbers s ON s.workspace = f.workspace AND s.number = f.number \
         WHERE f.workspace = $1 AND f.person = $2",
        Phone::COLUMNS
    );
    Ok(reader.first(&sql, &[&workspace, &person], |row| row.read())?)
}

/// Minutes of a day.
const DAY: i64 = 24 * 60;

/// The hours in which no text comes, as minutes of the day where the person is; over midnight where they begin after
/// they end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// The first quiet minute.
    pub(crate) from: i64,
    /// The first minute that is not quiet any more.
    pub(crate) until: i64,
}

impl Quiet {
    /// From 21:00 to 8:00: what holds until somebody chooses otherwise.
    pub const NIGHT: Quiet = Quiet { from: 21 * 60, until: 8 * 60 };

    /// The quiet hours between two times as forms write them: `21:00`.
    ///
    /// # Errors
    /// `Field` for what is no time of day, and where both are the same.
    pub fn between(from: &str, until: &str) -> Result<Quiet> {
        let from = minute("quietFrom", from)?;
        let until = minute("quietUntil", until)?;
        if from == until {
            return Err(Error::field("quietUntil", Problem::NoChoice));
        }
        Ok(Quiet { from, until })
    }

    pub(crate) fn of(from: Option<i64>, until: Option<i64>) -> Option<Quiet> {
        let good = |minute: &i64| (0..DAY).contains(minute);
        Some(Quiet { from: from.filter(good)?, until: until.filter(good)? })
    }

    /// When they begin, as forms write it.
    pub fn from(self) -> String {
        written(self.from)
    }

    /// When they end, as forms write it.
    pub fn until(self) -> String {
        written(self.until)
    }

    /// The end of the quiet hours that `now` lies in, where it does.
    pub(crate) fn end_after(self, now: Time, zone: &TimeZone) -> Option<Time> {
        let here = Timestamp::from_millisecond(now.0).ok()?.to_zoned(zone.clone());
        let minute = i64::from(here.hour()) * 60 + i64::from(here.minute());
        let is_quiet = match self.from < self.until {
            true => (self.from..self.until).contains(&minute),
            false => minute >= self.from || minute < self.until,
        };
        if !is_quiet {
            return None;
        }
        let day = if minute < self.until { here.date() } else { here.date().checked_add(1.day()).ok()? };
        let (hour, minute) = (i8::try_from(self.until / 60).ok()?, i8::try_from(self.until % 60).ok()?);
        // Where clocks jump over that time, just after the jump.
        let end = day.to_datetime(Clock::new(hour, minute, 0, 0).ok()?).to_zoned(zone.clone()).ok()?;
        let end = Time(end.timestamp().as_millisecond());
        // Where clocks are set back, the same time comes twice and the first has passed: it is over by then.
        (end > now).then_some(end)
    }
}

fn written(minute: i64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn minute(field: &'static str, text: &str) -> Result<i64> {
    let refused = || Error::field(field, Problem::NoChoice);
    let (hours, minutes) = text.trim().split_once(':').ok_or_else(refused)?;
    // Some browsers add seconds.
    let minutes = minutes.split(':').next().unwrap_or_default();
    let number = |text: &str, most: i64| {
        let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|number| is_number && *number < most)
    };
    Ok(number(hours, 24).ok_or_else(refused)? * 60 + number(minutes, 60).ok_or_else(refused)?)
}
