//! Whether a text may be sent now, later or not at all (N9, N10): one pure function.

use jiff::tz::TimeZone;
use store::Time;

use crate::kernel::medium::Frequency;
use crate::notify::phone::Phone;

/// What the decision depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texting {
    /// Their preference. What "once" means at the moment is not decided here.
    pub choice: Frequency,
    /// As an IANA name; UTC if not set.
    pub time_zone: Option<String>,
    pub phone: Option<Phone>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextDue {
    Now(String),
    /// Not before this time, because of quiet hours. Decided again then.
    HeldUntil(Time),
    NotAtAll(Silence),
}

/// Why no text is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    NoNumber,
    /// The number was not confirmed with a code.
    NotProved,
    /// They have not consented.
    NotAgreed,
    /// Texts were stopped, by STOP or by the provider.
    Stopped,
    /// Their preference is never.
    Choice,
}

impl Silence {
    /// In words, for internal users and as the stored reason.
    pub fn words(self) -> &'static str {
        match self {
            Silence::NoNumber => "no number",
            Silence::NotProved => "number not proven",
            Silence::NotAgreed => "no consent to texts",
            Silence::Stopped => "unsubscribed",
            Silence::Choice => "choice",
        }
    }
}

/// Whether a text may be sent to a person at `now`. Decided when a digest is created and again at each attempt.
pub fn text_due(texting: &Texting, now: Time) -> TextDue {
    if texting.choice == Frequency::Off {
        return TextDue::NotAtAll(Silence::Choice);
    }
    let Some(phone) = &texting.phone else { return TextDue::NotAtAll(Silence::NoNumber) };
    if phone.proved_at.is_none() {
        return TextDue::NotAtAll(Silence::NotProved);
    }
    if phone.agreed_at.is_none() {
        return TextDue::NotAtAll(Silence::NotAgreed);
    }
    if phone.stopped_at.is_some() {
        return TextDue::NotAtAll(Silence::Stopped);
    }
    let zone =
        texting.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    match phone.quiet.and_then(|quiet| quiet.end_after(now, &zone)) {
        Some(end) => TextDue::HeldUntil(end),
        None => TextDue::Now(phone.number.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    use crate::notify::phone::Quiet;

    fn at(text: &str) -> Time {
        Time(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    fn texting(zone: Option<&str>, quiet: Option<Quiet>) -> Texting {
        let phone = Phone {
            number: "+15005550006".to_string(),
            code_expires_at: None,
            tries: 0,
            proved_at: Some(Time(1)),
            agreed_at: Some(Time(2)),
            stopped_at: None,
            quiet,
        };
        Texting { choice: Frequency::EveryMessage, time_zone: zone.map(str::to_string), phone: Some(phone) }
    }

    fn now() -> TextDue {
        TextDue::Now("+15005550006".to_string())
    }

    #[test]
    fn n9_quiet_hours_hold_a_text_until_their_end_where_the_person_is() {
        for (zone, time, held) in [
            (Some("UTC"), "2026-01-05T20:59:59.999Z", None),
            (Some("UTC"), "2026-01-05T21:00:00Z", Some("2026-01-06T08:00:00Z")),
            (Some("UTC"), "2026-01-05T23:59:59Z", Some("2026-01-06T08:00:00Z")),
            (Some("UTC"), "2026-01-06T00:00:00Z", Some("2026-01-06T08:00:00Z")),
            (Some("UTC"), "2026-01-06T07:59:59.999Z", Some("2026-01-06T08:00:00Z")),
            (Some("UTC"), "2026-01-06T08:00:00Z", None),
            (None, "2026-01-05T21:00:00Z", Some("2026-01-06T08:00:00Z")),
            (Some("no such place"), "2026-01-05T21:00:00Z", Some("2026-01-06T08:00:00Z")),
            (Some("America/New_York"), "2026-01-06T01:59:00Z", None),
            (Some("America/New_York"), "2026-01-06T02:00:00Z", Some("2026-01-06T13:00:00Z")),
            (Some("Asia/Kolkata"), "2026-01-06T02:29:00Z", Some("2026-01-06T02:30:00Z")),
            // The night in which clocks go forward is an hour shorter, the one in which they go back an hour longer.
            (Some("Europe/Berlin"), "2026-03-28T20:00:00Z", Some("2026-03-29T06:00:00Z")),
            (Some("Europe/Berlin"), "2026-10-24T19:00:00Z", Some("2026-10-25T07:00:00Z")),
        ] {
            let due = text_due(&texting(zone, Some(Quiet::NIGHT)), at(time));
            assert_eq!(due, held.map_or_else(now, |until| TextDue::HeldUntil(at(until))), "{zone:?} {time}");
        }
    }

    #[test]
    fn n9_quiet_hours_are_the_persons_choice() {
        let lunch = Quiet::between("12:30", "13:15:00").unwrap();
        assert_eq!((lunch.from(), lunch.until()), ("12:30".to_string(), "13:15".to_string()));
        let zone = Some("UTC");
        let due = |quiet, time| text_due(&texting(zone, quiet), at(time));
        assert_eq!(due(Some(lunch), "2026-01-05T23:00:00Z"), now());
        assert_eq!(due(Some(lunch), "2026-01-05T12:30:00Z"), TextDue::HeldUntil(at("2026-01-05T13:15:00Z")));
        assert_eq!(due(None, "2026-01-05T23:00:00Z"), now());
        for (from, until) in [
            ("", "8:00"),
            ("24:00", "8:00"),
            ("21:60", "8:00"),
            ("21", "8"),
            ("8:00", "08:00"),
            ("-1:00", "8:00"),
        ] {
            assert!(Quiet::between(from, until).is_err(), "{from} {until}");
        }
    }

    #[test]
    fn n9_a_text_that_is_held_may_go_at_its_end_in_every_zone() {
        let midnight = at("2026-03-29T00:00:00Z");
        for zone in jiff::tz::TimeZoneDatabase::bundled().available() {
            for hour in 0..48 {
                let time = Time(midnight.0 + hour * 1_800_000);
                let texting = texting(Some(zone.as_str()), Some(Quiet::NIGHT));
                if let TextDue::HeldUntil(end) = text_due(&texting, time) {
                    assert!(end > time && end.since(time).as_secs() <= 12 * 3600, "{} {hour}", zone.as_str());
                    assert_eq!(text_due(&texting, end), now(), "{} {hour}", zone.as_str());
                }
            }
        }
    }

    #[test]
    fn n9_a_text_needs_a_proven_number_and_a_yes_that_still_holds() {
        let noon = at("2026-01-05T12:00:00Z");
        let whole = texting(None, Some(Quiet::NIGHT));
        assert_eq!(text_due(&whole, noon), now());
        let silent = |change: &dyn Fn(&mut Texting)| {
            let mut texting = whole.clone();
            change(&mut texting);
            match text_due(&texting, noon) {
                TextDue::NotAtAll(why) => why,
                other => panic!("{other:?}"),
            }
        };
        let phone = |change: &dyn Fn(&mut Phone)| silent(&|texting| change(texting.phone.as_mut().unwrap()));
        assert_eq!(silent(&|texting| texting.choice = Frequency::Off), Silence::Choice);
        assert_eq!(silent(&|texting| texting.phone = None), Silence::NoNumber);
        assert_eq!(phone(&|phone| phone.proved_at = None), Silence::NotProved);
        assert_eq!(phone(&|phone| phone.agreed_at = None), Silence::NotAgreed);
        assert_eq!(phone(&|phone| phone.stopped_at = Some(noon)), Silence::Stopped);
    }
}
