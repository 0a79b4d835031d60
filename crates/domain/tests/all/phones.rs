//! Phone numbers for texts: confirmed by a code, consented to, stopped, with every consent on record (N9).

use std::time::Duration;

use crate::support::Office;
use crate::support::people::{Firm, forbidden, not_found, refused};
use domain::administration::profile;
use domain::kernel::access::Actor;
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::limits;
use domain::kernel::medium::Frequency;
use domain::notify::consents::{self, Consent, How};
use domain::notify::delivery::{Delivery, Kind};
use domain::notify::phone::{Phone, Quiet};
use domain::notify::phone_settings::{self, CODE_LASTS, CodeOutcome};
use domain::notify::quiet_hours::{self, Silence, TextDue};
use domain::notify::sms_keywords::{self, KeywordReply};
use domain::notify::{deliveries, preferences};
use domain::tenant::workspaces;
use store::Time;

const NUMBER: &str = "+15005550100";
const OTHER: &str = "+15005550101";

impl Office {
    /// Lets time pass, because consents are ordered by their times.
    fn a_moment(&self) {
        self.wait(Duration::from_millis(1));
    }

    fn gives(&self, who: Actor, number: &str) -> error::Result<()> {
        let number = number.to_string();
        self.write(move |tx| phone_settings::give(tx, &who, &number))
    }

    /// The code as it would be sent by text, and the number.
    fn code(&self, who: Actor) -> Option<(String, String)> {
        let prepared = self.write(move |tx| phone_settings::prepare_code(tx, who.workspace, who.person));
        prepared.expect("an answer").map(|prepared| (prepared.number, prepared.code))
    }

    fn types(&self, who: Actor, code: &str) -> CodeOutcome {
        let code = code.to_string();
        self.write(move |tx| phone_settings::prove(tx, &who, &code)).expect("an outcome")
    }

    fn proves(&self, who: Actor, number: &str) {
        self.gives(who, number).expect("a number");
        let (to, code) = self.code(who).expect("a code");
        assert_eq!((to.as_str(), self.types(who, &code)), (number, CodeOutcome::Proved));
    }

    fn says_yes(&self, who: Actor) -> error::Result<()> {
        self.a_moment();
        self.write(move |tx| {
            let wording = phone_settings::wording(tx, &who)?.unwrap_or_default();
            phone_settings::agree(tx, &who, &wording)
        })
    }

    fn phone(&self, who: Actor) -> Option<Phone> {
        self.read(move |reader| phone_settings::mine(reader, &who)).expect("an answer")
    }

    fn due(&self, who: Actor) -> TextDue {
        let texting = self.read(move |reader| phone_settings::texting(reader, who.workspace, who.person));
        quiet_hours::text_due(&texting.expect("an answer"), self.now())
    }

    fn stops(&self, number: &str, words: &str) -> KeywordReply {
        self.a_moment();
        let (number, words) = (number.to_string(), words.to_string());
        self.write(move |tx| sms_keywords::stop(tx, &number, &words)).expect("an answer")
    }

    fn starts(&self, number: &str) -> KeywordReply {
        self.a_moment();
        let number = number.to_string();
        self.write(move |tx| sms_keywords::start(tx, &number, "START")).expect("an answer")
    }

    fn claims(&self) -> Vec<Delivery> {
        self.write(|tx| deliveries::claim(tx, 10)).expect("deliveries")
    }
}

impl Firm<'_> {
    fn consents(&self) -> Vec<Consent> {
        let ada = self.ada;
        self.office.read(move |reader| consents::all(reader, &ada)).expect("a list")
    }

    /// The recorded consents: number, whether it is a yes, and how it was given.
    fn answers(&self) -> Vec<(String, bool, How)> {
        self.consents().into_iter().map(|consent| (consent.number, consent.is_yes, consent.how)).collect()
    }
}

fn conflict<T: std::fmt::Debug>(outcome: error::Result<T>) {
    assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
}

fn now(number: &str) -> TextDue {
    TextDue::Now(number.to_string())
}

fn silent(why: Silence) -> TextDue {
    TextDue::NotAtAll(why)
}

both_engines! {
    fn n9_a_number_is_proven_by_a_code_and_texts_need_a_yes(office) {
        let firm = office.firm("a.example");
        let bo = firm.client_actor("Bo", &[]);
        assert_eq!(office.due(bo), silent(Silence::Choice));
        office.write(move |tx| preferences::choose(tx, &bo, None, Some(Frequency::EveryMessage))).expect("a choice");
        assert_eq!(office.due(bo), silent(Silence::NoNumber));
        office.gives(bo, "+1 (500) 555-0100").expect("a number");
        assert_eq!(office.due(bo), silent(Silence::NotProved));
        let sent: Vec<Kind> = office.claims().into_iter().map(|delivery| delivery.kind).collect();
        assert_eq!(sent, [Kind::PhoneCode]);
        conflict(office.says_yes(bo));
        let (to, code) = office.code(bo).expect("a code");
        assert_eq!(to, NUMBER);
        assert_eq!(office.types(bo, &format!(" {}-{} ", &code[..3], &code[3..])), CodeOutcome::Proved);
        assert_eq!(office.due(bo), silent(Silence::NotAgreed));
        assert!(office.code(bo).is_none(), "a proven number needs no code");
        office.gives(bo, NUMBER).expect("the same number once more");
        assert!(office.phone(bo).expect("a phone").proved_at.is_some());
        office.says_yes(bo).expect("a yes");
        assert_eq!(office.due(bo), now(NUMBER));
    }

    fn n9_a_code_is_good_for_15_minutes_and_a_few_tries(office) {
        let firm = office.firm("a.example");
        let bo = firm.client_actor("Bo", &[]);
        office.gives(bo, NUMBER).expect("a number");
        let (_, code) = office.code(bo).expect("a code");
        let wrong = if code == "000000" { "000001" } else { "000000" };
        assert_eq!(office.types(bo, "12345"), CodeOutcome::Wrong, "no code at all: not counted");
        for _ in 1..limits::CODE_TRIES {
            assert_eq!(office.types(bo, wrong), CodeOutcome::Wrong);
        }
        assert_eq!(office.types(bo, wrong), CodeOutcome::Over);
        assert_eq!(office.types(bo, &code), CodeOutcome::Over);
        assert!(office.code(bo).is_none());

        office.gives(bo, NUMBER).expect("another code");
        let (_, code) = office.code(bo).expect("a code");
        let (_, newer) = office.code(bo).expect("a newer one");
        if code != newer {
            assert_eq!(office.types(bo, &code), CodeOutcome::Wrong, "the newest text counts");
        }
        office.wait(CODE_LASTS);
        assert_eq!(office.types(bo, &newer), CodeOutcome::Over);
        assert!(office.code(bo).is_none());

        office.gives(bo, NUMBER).expect("another code");
        let (_, code) = office.code(bo).expect("a code");
        office.wait(CODE_LASTS - Duration::from_millis(1));
        assert_eq!(office.types(bo, &code), CodeOutcome::Proved);
        assert_eq!(office.types(bo, &code), CodeOutcome::Over, "once");
    }

    fn n9_codes_are_counted_by_person_and_by_number(office) {
        let firm = office.firm("a.example");
        let bo = firm.client_actor("Bo", &[]);
        let cy = firm.client_actor("Cy", &[]);
        for _ in 0..phone_settings::CODES_BY_NUMBER_MAX {
            office.gives(bo, NUMBER).expect("a code");
        }
        for who in [bo, cy] {
            assert!(matches!(office.gives(who, NUMBER), Err(Error::TooMany(_))));
        }
        assert!(office.phone(cy).is_none(), "nothing half-done");
        for number in phone_settings::CODES_BY_NUMBER_MAX..phone_settings::CODES_BY_PERSON_MAX {
            office.gives(bo, &format!("+1500555{number:04}")).expect("a code");
        }
        assert!(matches!(office.gives(bo, OTHER), Err(Error::TooMany(_))));
        office.gives(cy, OTHER).expect("another person is not kept from it");
        office.wait(Duration::from_secs(24 * 3600));
        office.gives(bo, NUMBER).expect("a day later");
    }

    fn n9_what_is_no_number_is_refused(office) {
        let firm = office.firm("a.example");
        for wrong in ["call me", "020 7946 0018", "+0441234567", "+1", "+12345678901234567"] {
            refused(office.gives(firm.ada, wrong), "number", Problem::NoNumber);
        }
        refused(office.gives(firm.ada, " "), "number", Problem::Empty);
        assert!(office.phone(firm.ada).is_none());
        assert!(office.claims().is_empty());
    }

    fn n9_the_yes_is_kept_with_wording_time_number_and_way(office) {
        let firm = office.firm("a.example");
        let bo = firm.client_actor("Bo", &[]);
        office.proves(bo, NUMBER);
        conflict(office.write(move |tx| phone_settings::agree(tx, &bo, "something else")));
        assert!(firm.consents().is_empty());
        office.says_yes(bo).expect("a yes");
        let said_at = office.now();
        office.says_yes(bo).expect("again");
        let kept = firm.consents();
        assert_eq!(kept.len(), 1, "again changes nothing");
        let Consent { at, person, name, number, is_yes, wording, how } = kept[0].clone();
        assert_eq!((at, person, number.as_str(), is_yes, how), (said_at, bo.person, NUMBER, true, How::Profile));
        assert_eq!(name.full(), "Bo Client");
        assert!(wording.starts_with("Yes, Brand may send text messages to +15005550100"), "{wording}");
        let chosen = office.read(move |reader| preferences::of_person(reader, bo.workspace, bo.person)).expect("choices");
        assert_eq!(chosen.text, Frequency::EveryMessage, "a yes to texts is one");

        let ada = firm.ada;
        office.write(move |tx| workspaces::rename(tx, &ada, "Renamed")).expect("a new name");
        office.a_moment();
        office.write(move |tx| phone_settings::disagree(tx, &bo)).expect("a no");
        office.write(move |tx| phone_settings::disagree(tx, &bo)).expect("again");
        assert_eq!(office.due(bo), silent(Silence::NotAgreed));
        conflict(office.write(move |tx| phone_settings::agree(tx, &bo, &wording)));
        office.says_yes(bo).expect("a yes to what is written now");
        assert_eq!(
            firm.answers(),
            [true, false, true].map(|is_yes| (NUMBER.to_string(), is_yes, How::Profile))
        );
    }

    fn n9_only_admins_see_the_answers_and_only_those_of_their_firm(office) {
        let firm = office.firm("a.example");
        let other = office.firm("b.example");
        let bo = firm.client_actor("Bo", &[]);
        office.proves(bo, NUMBER);
        office.says_yes(bo).expect("a yes");
        assert_eq!(firm.consents().len(), 1);
        assert!(other.consents().is_empty());
        let staff = firm.staff("Tom");
        forbidden(office.read(move |reader| consents::all(reader, &staff)));
        not_found(office.read(move |reader| consents::all(reader, &bo)));
    }

    fn n9_stop_ends_texts_for_everybody_with_that_number_and_start_takes_it_back(office) {
        let firm = office.firm("a.example");
        office.a_moment();
        let other = office.firm("b.example");
        let (bo, cy) = (firm.client_actor("Bo", &[]), other.client_actor("Cy", &[]));
        let outsider = firm.client_actor("Di", &[]);
        for (who, number) in [(bo, NUMBER), (cy, NUMBER), (outsider, OTHER)] {
            office.proves(who, number);
            office.says_yes(who).expect("a yes");
        }
        assert_eq!(office.stops(NUMBER, "please stop").brand_name, "Brand");
        office.stops(NUMBER, "stop");
        for who in [bo, cy] {
            assert_eq!(office.due(who), silent(Silence::Stopped));
        }
        assert_eq!(office.due(outsider), now(OTHER));
        let kept = other.consents();
        assert_eq!((kept.len(), kept[1].is_yes, kept[1].wording.as_str()), (2, false, "please stop"));
        conflict(office.says_yes(bo));
        office.starts(NUMBER);
        office.starts(NUMBER);
        for who in [bo, cy] {
            assert_eq!(office.due(who), now(NUMBER));
        }
        let number = NUMBER.to_string();
        assert_eq!(
            other.answers(),
            [(number.clone(), true, How::Profile), (number.clone(), false, How::TextMessage), (number, true, How::TextMessage)]
        );
        assert_eq!(firm.consents().len(), 4, "his three, and the outsider's one");
    }

    fn n9_start_is_no_yes_where_there_was_none(office) {
        let firm = office.firm("a.example");
        let bo = firm.client_actor("Bo", &[]);
        office.proves(bo, NUMBER);
        office.write(move |tx| preferences::choose(tx, &bo, None, Some(Frequency::EveryMessage))).expect("a choice");
        office.starts(NUMBER);
        assert_eq!(office.due(bo), silent(Silence::NotAgreed));
        assert!(firm.consents().is_empty());
    }

    fn n9_to_a_stopped_number_no_code_goes_either(office) {
        let firm = office.firm("a.example");
        let bo = firm.client_actor("Bo", &[]);
        office.gives(bo, NUMBER).expect("a number");
        office.stops(NUMBER, "STOP");
        assert!(office.code(bo).is_none());
        conflict(office.gives(bo, NUMBER));
        office.gives(bo, OTHER).expect("another number");
        assert!(office.code(bo).is_some());
    }

    fn n9_what_the_provider_reports_ends_texts_and_leaves_email_alone(office) {
        let firm = office.firm("a.example");
        let bo = firm.client_actor("Bo", &[]);
        office.proves(bo, NUMBER);
        office.says_yes(bo).expect("a yes");
        office.a_moment();
        office.write(|tx| sms_keywords::unsubscribed(tx, NUMBER)).expect("a report");
        assert_eq!(office.due(bo), silent(Silence::Stopped));
        let chosen = office.read(move |reader| preferences::of_person(reader, bo.workspace, bo.person)).expect("choices");
        assert_eq!(chosen.email, Frequency::EveryMessage);
        assert_eq!(firm.answers().last().expect("a no").2, How::Provider);
    }

    fn n9_another_number_is_proven_and_agreed_to_anew(office) {
        let firm = office.firm("a.example");
        let bo = firm.client_actor("Bo", &[]);
        office.proves(bo, NUMBER);
        office.says_yes(bo).expect("a yes");
        office.write(move |tx| phone_settings::set_quiet(tx, &bo, None)).expect("no quiet hours");
        office.a_moment();
        office.gives(bo, OTHER).expect("another number");
        assert_eq!(office.due(bo), silent(Silence::NotProved));
        office.proves(bo, OTHER);
        assert_eq!(office.due(bo), silent(Silence::NotAgreed));
        assert_eq!(office.phone(bo).expect("a phone").quiet, None, "quiet hours are the person's");
        assert_eq!(firm.answers()[1], (NUMBER.to_string(), false, How::NumberChanged));
        office.write(move |tx| phone_settings::forget(tx, &bo)).expect("no number");
        office.write(move |tx| phone_settings::forget(tx, &bo)).expect("again");
        assert!(office.phone(bo).is_none());
        assert_eq!(firm.consents().len(), 2, "there was no yes for the other number");
    }

    fn n9_quiet_hours_follow_the_persons_time_zone(office) {
        let firm = office.firm("a.example");
        let bo = firm.client_actor("Bo", &[]);
        conflict(office.write(move |tx| phone_settings::set_quiet(tx, &bo, None)));
        office.proves(bo, NUMBER);
        office.says_yes(bo).expect("a yes");
        assert_eq!(office.phone(bo).expect("a phone").quiet, Some(Quiet::NIGHT));
        // The test starts at 9 a.m. in London, 4 a.m. in New York.
        assert_eq!(office.due(bo), now(NUMBER));
        let change = profile::SelfInput {
            time_zone: "America/New_York".to_string().into(),
            ..profile::SelfInput::default()
        };
        office.write(move |tx| profile::edit_self(tx, &bo, &change)).expect("a zone");
        let eight = Time(crate::support::MORNING.0 + 4 * 3_600_000);
        assert_eq!(office.due(bo), TextDue::HeldUntil(eight));
        office.wait(eight.since(office.now()));
        assert_eq!(office.due(bo), now(NUMBER));
    }

    fn n9_help_names_the_firm_that_texts(office) {
        office.firm("a.example");
        office.a_moment();
        let other = office.firm("b.example");
        let ada = other.ada;
        office.write(move |tx| workspaces::rename(tx, &ada, "Other")).expect("a name");
        let help = |number: &str| {
            let number = number.to_string();
            office.read(move |reader| sms_keywords::help(reader, &number))
        };
        assert_eq!(help(NUMBER).expect("an answer").brand_name, "Brand");
        office.proves(other.client_actor("Cy", &[]), NUMBER);
        assert_eq!(help(NUMBER).expect("an answer").brand_name, "Other");
        refused(help("12345"), "From", Problem::NoNumber);
    }

    fn n9_a_person_who_lost_access_is_sent_no_code(office) {
        let firm = office.firm("a.example");
        let bo = firm.client_actor("Bo", &[]);
        office.gives(bo, NUMBER).expect("a number");
        firm.deactivate(firm.ada, bo.person).expect("deactivated");
        assert!(office.code(bo).is_none());
    }
}
