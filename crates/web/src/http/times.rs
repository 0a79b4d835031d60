//! Times as pages show them: exact for machines, short for people. Scripts localize them to the reader's language and
//! time zone; without scripts they are in the person's zone, or in UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::Time;

/// A time for a `<time>` element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// RFC 3339 in UTC with milliseconds.
    pub(crate) exact: String,
    /// For instance `16:20` today, `Yesterday`, `Mon`, `12 Nov`, `12 Nov 2024`.
    pub(crate) short: String,
    /// For instance `16:20`.
    pub(crate) clock: String,
    /// For instance `Thursday 19 November`.
    pub(crate) day: String,
}

/// The zone that a person chose, or UTC.
pub(crate) fn zone(name: Option<&str>) -> TimeZone {
    name.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
}

pub(crate) fn shown(time: Time, now: Time, zone: &TimeZone) -> Shown {
    let at = timestamp(time).to_zoned(zone.clone());
    let today = timestamp(now).to_zoned(zone.clone()).date();
    let days = at.date().until(today).map_or(i32::MAX, |span| span.get_days());
    let short = match days {
        0 => at.strftime("%H:%M").to_string(),
        1 => "Yesterday".to_string(),
        2..=6 => at.strftime("%a").to_string(),
        _ if at.date().year() == today.year() => at.strftime("%-d %b").to_string(),
        _ => at.strftime("%-d %b %Y").to_string(),
    };
    let day = match days {
        0 => "Today".to_string(),
        1 => "Yesterday".to_string(),
        _ if at.date().year() == today.year() => at.strftime("%A %-d %B").to_string(),
        _ => at.strftime("%A %-d %B %Y").to_string(),
    };
    Shown { exact: exact(time), short, clock: at.strftime("%H:%M").to_string(), day }
}

/// For instance `16:20`.
pub(crate) fn clock(time: Time, zone: &TimeZone) -> String {
    timestamp(time).to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

/// RFC 3339 in UTC with milliseconds.
pub(crate) fn exact(time: Time) -> String {
    format!("{:.3}", timestamp(time))
}

/// The format of HTTP headers (RFC 9110, 5.6.7).
pub(crate) fn http_date(time: Time) -> String {
    timestamp(time).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn timestamp(time: Time) -> Timestamp {
    Timestamp::from_millisecond(time.0).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_short_where_it_is_near() {
        let now = Time(1_767_603_600_000); // Monday 5 January 2026, 09:00 UTC
        let zone = zone(Some("Europe/Lisbon"));
        let hours = |count: i64| shown(Time(now.0 - count * 3_600_000), now, &zone);
        assert_eq!(hours(0).exact, "2026-01-05T09:00:00.000Z");
        assert_eq!(hours(1).short, "08:00");
        assert_eq!(hours(10).short, "Yesterday");
        assert_eq!(hours(72).short, "Fri");
        assert_eq!(http_date(now), "Mon, 05 Jan 2026 09:00:00 GMT");
        assert_eq!(hours(24 * 10).day, "Friday 26 December 2025");
    }
}
