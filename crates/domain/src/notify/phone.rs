//! A person's phone number, its state, and their quiet hours (N9).

use jiff::civil::Time as Clock;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use store::{Reader, Time};

use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{PersonId, WorkspaceId};
use crate::kernel::limits;

columns! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Phone {
        /// `+` and digits.
        pub number: String = "f.number",
        pub code_expires_at: Option<Time> = "f.code_expires_at",
        /// Wrong codes so far.
        pub tries: i64 = "f.tries",
        /// When it was confirmed with a code.
        pub proved_at: Option<Time> = "f.proved_at",
        /// Since when they consent to texts.
        pub agreed_at: Option<Time> = "f.agreed_at",
        /// Since when texts to it are stopped, by STOP or by the provider.
        pub stopped_at: Option<Time> = "s.at",
        pub quiet: Option<Quiet> = "f.quiet_from, f.quiet_until" => |(from, until)| Quiet::of(from, until),
    }
}

impl Phone {
    /// Whether a code can be entered now.
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

/// Minutes per day.
const DAY: i64 = 24 * 60;

/// The hours in which no texts are sent, as minutes of the day in the person's time zone. They span midnight
/// if `from` is after `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// The first quiet minute.
    pub(crate) from: i64,
    /// The first minute that is no longer quiet.
    pub(crate) until: i64,
}

impl Quiet {
    /// 21:00 to 8:00, the default.
    pub const NIGHT: Quiet = Quiet { from: 21 * 60, until: 8 * 60 };

    /// The quiet hours between two times as entered in forms: `21:00`.
    ///
    /// # Errors
    /// `Field` for an invalid time of day, or if both are the same.
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

    /// Their start, in the format of forms.
    pub fn from(self) -> String {
        written(self.from)
    }

    /// Their end, in the format of forms.
    pub fn until(self) -> String {
        written(self.until)
    }

    /// When the current quiet hours end; `None` if it is not quiet at `now`.
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
        // If clocks skip that time, just after the gap.
        let end = day.to_datetime(Clock::new(hour, minute, 0, 0).ok()?).to_zoned(zone.clone()).ok()?;
        let end = Time(end.timestamp().as_millisecond());
        // If clocks are set back, that time occurs twice and the first has passed: the quiet hours are over then.
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
