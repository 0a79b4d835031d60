//! Texts about what was missed: at the same moment as the mail, to those who proved a number and said yes (N9).

use domain::administration::profile::{self, SelfInput};
use domain::channels::starting::Subject;
use domain::kernel::access::Actor;
use domain::kernel::medium::Frequency;
use domain::messages::unread_backlog::Reason;
use domain::notify::digest_part::DeliveryState;
use domain::notify::phone::Quiet;
use domain::notify::reply_links::{self, Outcome};
use domain::notify::{manual_send, phone_settings, preferences, sms_keywords};
use outbound::mail::MailError;
use outbound::memory::Behaviour;
use outbound::text::{Text, TextError, fits};

use super::at;
use crate::both_engines;
use crate::digests::office::{Office, PORTAL};

const NUMBER: &str = "+15005550100";

impl Office {
    /// Somebody gives a number, types the code that is texted there, and says yes.
    fn wants_texts(&self, who: Actor) {
        self.write(move |tx| phone_settings::give(tx, &who, NUMBER));
        self.sends();
        let text = self.texts.take().remove(0);
        assert_eq!(text.to, NUMBER);
        let code = text.body.split(' ').next().expect("a code").to_string();
        self.write(move |tx| phone_settings::prove(tx, &who, &code));
        self.write(move |tx| {
            let wording = phone_settings::wording(tx, &who)?.expect("a proven number");
            phone_settings::agree(tx, &who, &wording)
        });
    }

    fn is_in(&self, who: Actor, zone: &str) {
        let change = SelfInput { time_zone: zone.to_string().into(), ..SelfInput::default() };
        self.write(move |tx| profile::edit_self(tx, &who, &change));
    }
}

fn link(text: &Text) -> &str {
    let link = text.body.rsplit(' ').next().expect("a link");
    assert_eq!(
        link.strip_prefix(PORTAL).and_then(|rest| rest.strip_prefix("/r/")).map(str::len),
        Some(22),
        "{link}"
    );
    link
}

both_engines! {
    fn n9_a_text_goes_at_the_same_moment_with_how_many_from_whom_and_a_link(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        office.wants_texts(bo);
        let channel = office.channel_of(bo);
        office.posts(jane, channel, "A secret");
        office.posts(jane, channel, "Another");
        office.minutes(5);
        let texts = office.texts.take();
        assert_eq!(texts.len(), 1);
        assert_eq!(office.times_of(&office.digests()), [300], "the mail goes as well");
        let (text, link) = (&texts[0], link(&texts[0]));
        assert_eq!(text.to, NUMBER);
        assert_eq!(text.body, format!("Harbor & Lee: 2 new messages from Jane Lee. {link}"));
        assert!(fits(&text.body));
        let (workspace, secret) = (office.workspace, link.rsplit('/').next().expect("a token").to_string());
        let leads_to = office.read(move |reader| reply_links::resolve(reader, workspace, &secret, None));
        let reply_links::Outcome::Reply(who, _) = leads_to else { panic!("{leads_to:?}") };
        assert_eq!(who, bo);
        office.minutes(600);
        assert!(office.texts.take().is_empty(), "once");
    }

    fn n9_nobody_else_gets_texts(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        office.write(move |tx| preferences::choose(tx, &bo, None, Some(Frequency::EveryMessage)));
        office.write(move |tx| phone_settings::give(tx, &bo, NUMBER));
        office.sends();
        office.texts.take();
        office.posts(jane, office.channel_of(bo), "Hello");
        office.minutes(60);
        assert!(office.texts.take().is_empty(), "an unproven number is somebody else's until proven");
        assert_eq!(office.digests_to(bo).len(), 1);
    }

    fn n9_quiet_hours_hold_a_text_and_it_goes_when_they_end_if_something_is_still_unread(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        office.wants_texts(bo);
        // It is four in the morning there; quiet until eight.
        office.is_in(bo, "America/New_York");
        let channel = office.channel_of(bo);
        office.posts(jane, channel, "Early bird");
        office.minutes(4 * 60 - 1);
        assert!(office.texts.take().is_empty());
        assert_eq!(office.times_of(&office.digests_to(bo)), [300], "the mail does not wait");
        office.minutes(1);
        assert_eq!(office.texts.take().len(), 1);

        office.minutes(20 * 60);
        office.posts(jane, channel, "Once more, at night");
        office.minutes(10);
        office.reads(bo, channel, 2);
        office.minutes(24 * 60);
        assert!(office.texts.take().is_empty(), "read meanwhile");
    }

    fn n9_what_is_held_together_goes_as_one_text(office) {
        let acme = office.company("Acme");
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[acme]));
        office.wants_texts(bo);
        office.write(move |tx| preferences::choose(tx, &bo, None, Some(Frequency::EveryMessage)));
        office.is_in(bo, "America/New_York");
        let (own, shared) = (office.channel_of(bo), office.channel(Subject::Company(acme)));
        let mut messages = Vec::new();
        for (channel, text) in [(own, "One"), (shared, "Two"), (own, "Three"), (own, "Four")] {
            messages.push(office.posts(jane, channel, text));
            office.minutes(20);
        }
        assert_eq!(office.digests_to(bo).len(), 4, "mails do not wait");
        let end = DeliveryState::Due(at(4 * 3600));
        for message in &messages {
            assert_eq!(office.whole_fate(message, bo).unwrap().text, Some(end.clone()));
        }
        // What was read or called off meanwhile is in none.
        office.reads(bo, shared, 1);
        let (ada, called_off) = (office.ada, messages[2].id);
        office.write(move |tx| manual_send::call_off(tx, &ada, called_off));
        let fate = office.whole_fate(&messages[2], bo).unwrap();
        assert_eq!(fate.text, Some(DeliveryState::Suppressed(Reason::CalledOff)));
        office.minutes(4 * 60 - 80);
        let texts = office.texts.take();
        assert_eq!(texts.len(), 1);
        assert!(texts[0].body.starts_with("Harbor & Lee: 2 new messages from Jane Lee. "), "{}", texts[0].body);
        let (workspace, secret) = (office.workspace, link(&texts[0]).rsplit('/').next().unwrap().to_string());
        let shown = office.read(move |reader| {
            let Outcome::Reply(who, link) = reply_links::resolve(reader, workspace, &secret, None)? else { panic!("no page") };
            reply_links::open(reader, &who, &link, None)
        });
        let shown: Vec<&str> = shown.messages.iter().map(|message| message.text.as_str()).collect();
        assert_eq!(shown, ["One", "Three", "Four"], "the link shows all of it");
        for message in [&messages[0], &messages[3]] {
            assert_eq!(office.whole_fate(message, bo).unwrap().text, Some(DeliveryState::Texted(at(4 * 3600))));
        }
        office.minutes(24 * 60);
        assert!(office.texts.take().is_empty());
    }

    fn n10_once_until_back_is_one_text_after_the_night_for_all_that_came_in_it(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        office.wants_texts(bo);
        office.write(move |tx| preferences::choose(tx, &bo, None, Some(Frequency::OncePerVisit)));
        office.is_in(bo, "America/New_York");
        let channel = office.channel_of(bo);
        for text in ["One", "Two", "Three"] {
            office.posts(jane, channel, text);
            office.minutes(30);
        }
        assert_eq!(office.digests_to(bo).len(), 3, "by email each time");
        office.minutes(4 * 60 - 90);
        let texts = office.texts.take();
        assert_eq!(texts.len(), 1);
        assert!(texts[0].body.starts_with("Harbor & Lee: 3 new messages from Jane Lee. "), "{}", texts[0].body);
        // That was the once.
        office.posts(jane, channel, "Four");
        office.minutes(24 * 60);
        assert!(office.texts.take().is_empty());
        // Back, it begins anew.
        office.reads(bo, channel, 4);
        office.posts(jane, channel, "Five");
        office.minutes(24 * 60);
        assert_eq!(office.texts.take().len(), 1);
    }

    fn n12_a_text_that_was_not_needed_any_more_was_not_suppressed_by_choice(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        office.wants_texts(bo);
        office.is_in(bo, "America/New_York");
        let channel = office.channel_of(bo);
        let message = office.posts(jane, channel, "Early bird");
        office.minutes(10);
        office.reads(bo, channel, 1);
        office.minutes(24 * 60);
        let fate = office.whole_fate(&message, bo).unwrap();
        assert_eq!((fate.text, matches!(fate.state, DeliveryState::Seen(_))), (None, true));
    }

    fn n9_a_text_that_is_held_goes_when_quiet_hours_are_ended_or_moved(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        office.wants_texts(bo);
        office.write(move |tx| preferences::choose(tx, &bo, None, Some(Frequency::EveryMessage)));
        office.is_in(bo, "America/New_York");
        let channel = office.channel_of(bo);
        office.posts(jane, channel, "One");
        office.minutes(10);
        let later = Quiet::between("21:00", "09:30").unwrap();
        office.write(move |tx| phone_settings::set_quiet(tx, &bo, Some(later)));
        office.works();
        assert!(office.texts.take().is_empty(), "still quiet");
        office.minutes(4 * 60);
        assert!(office.texts.take().is_empty(), "until half past nine now");
        office.write(move |tx| phone_settings::set_quiet(tx, &bo, None));
        office.works();
        assert_eq!(office.texts.take().len(), 1);

        office.write(move |tx| phone_settings::set_quiet(tx, &bo, Some(Quiet::NIGHT)));
        office.minutes(24 * 60 - 5 * 60);
        office.posts(jane, channel, "Two");
        office.minutes(10);
        assert!(office.texts.take().is_empty(), "night there");
        office.is_in(bo, "Asia/Tokyo");
        office.works();
        assert_eq!(office.texts.take().len(), 1, "day where they are now");
    }

    fn n9_stop_meanwhile_ends_a_text_that_is_held(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        office.wants_texts(bo);
        office.is_in(bo, "America/New_York");
        office.posts(jane, office.channel_of(bo), "Early bird");
        office.minutes(10);
        office.write(|tx| sms_keywords::stop(tx, NUMBER, "STOP"));
        office.minutes(24 * 60);
        assert!(office.texts.take().is_empty());
        assert_eq!(office.digests_to(bo).len(), 1);
    }

    fn n9_an_unsubscribed_number_ends_texts_without_retry_while_email_goes_on(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        office.wants_texts(bo);
        let channel = office.channel_of(bo);
        office.works();
        office.texts.fail_next(1, TextError::unsubscribed("answered 400, code 21610"));
        let first = office.posts(jane, channel, "one");
        office.minutes(60);
        office.posts(jane, channel, "two");
        office.minutes(60);
        assert!(office.texts.take().is_empty());
        assert_eq!(office.digests_to(bo).len(), 2);
        assert_eq!(office.fate(&first, bo), Some(DeliveryState::Emailed(at(300))));
        office.write(|tx| sms_keywords::start(tx, NUMBER, "START"));
        office.posts(jane, channel, "three");
        office.minutes(60);
        assert_eq!(office.texts.take().len(), 1);
    }

    fn n12_a_text_that_fails_for_now_is_tried_again(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        office.wants_texts(bo);
        office.posts(jane, office.channel_of(bo), "Hello");
        office.works();
        office.texts.fail_next(2, TextError::temporary("busy"));
        office.minutes(5);
        office.seconds(34);
        assert!(office.texts.take().is_empty());
        office.seconds(1);
        assert_eq!(office.texts.take().len(), 1);
    }

    fn n13_what_left_the_mail_may_be_in_the_text_and_each_is_said_as_it_was(office) {
        let (jane, tom) = (office.staff("Jane"), office.staff("Tom"));
        let [bo, cy] = ["Bo", "Cy"].map(|given| office.channel_of(office.client(given, &[])));
        office.works();
        office.wants_texts(tom);
        office.is_in(tom, "America/New_York");
        let begun = office.now();
        office.mails.behave(move |mail| match mail.to.address == "tom@firm.example" && mail.date_ms <= begun.0 + 300_000 {
            true => Behaviour::Refuses(MailError::temporary("busy")),
            false => Behaviour::Takes,
        });
        let (quiet, loud) = (office.posts(jane, bo, "In the muted one"), office.posts(jane, cy, "In the other"));
        office.minutes(5);
        office.mutes(tom, bo, true);
        office.seconds(5);
        let mails = office.digests_to(tom);
        assert!(mails[0].text.contains("In the other") && !mails[0].text.contains("In the muted one"));
        assert_eq!(office.fate(&loud, tom), Some(DeliveryState::Emailed(at(305))));
        assert_eq!(office.fate(&quiet, tom), Some(DeliveryState::Due(at(4 * 3600))));
        office.mutes(tom, bo, false);
        office.minutes(4 * 60);
        // 8:00 in New York.
        assert!(office.texts.take()[0].body.contains("2 new messages from Jane Lee."));
        assert_eq!(office.fate(&loud, tom), Some(DeliveryState::Emailed(at(305))));
        assert_eq!(office.fate(&quiet, tom), Some(DeliveryState::Texted(at(4 * 3600))));
    }

    fn n6_a_text_counts_what_is_true_when_it_goes(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        office.wants_texts(bo);
        office.works();
        let channel = office.channel_of(bo);
        office.texts.fail_next(1, TextError::temporary("busy"));
        let slip = office.posts(jane, channel, "A slip");
        office.posts(jane, channel, "What I meant");
        office.minutes(5);
        office.deletes(jane, &slip);
        office.minutes(1);
        assert!(office.texts.take()[0].body.contains("1 new message from Jane Lee."));
    }
}
