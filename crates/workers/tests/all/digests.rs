//! What is missed reaches its reader, and nothing else does: the situations that are most often got wrong, on simulated
//! time, with the real workers, on both engines.

mod bounces;
mod faults;
mod mails;
mod office;
mod texts;

use std::time::Duration;

use domain::administration::settings;
use domain::channels::starting::Subject;
use domain::identity::sign_in_requests;
use domain::kernel::error;
use domain::kernel::ids::MessageId;
use domain::kernel::medium::Frequency;
use domain::messages::message::Message;
use domain::messages::sending::{self, Draft};
use domain::messages::unread_backlog::Reason;
use domain::notify::digest_part::DeliveryState;
use domain::notify::{delivery_status, manual_send};
use store::Time;

use crate::both_engines;
use crate::digests::office::MORNING;

fn at(seconds: i64) -> Time {
    Time(MORNING.0 + 1000 * seconds)
}

both_engines! {
    fn n2_unread_for_five_minutes_it_is_told_at_5_00_sharp(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        let message = office.posts(jane, channel, "Could you sign page two?");
        office.passes(Duration::from_millis(299_999));
        assert_eq!(office.digests().len(), 0);
        assert_eq!(office.fate(&message, bo), Some(DeliveryState::Due(at(300))));
        office.passes(Duration::from_millis(1));
        let mails = office.digests();
        assert_eq!(office.times_of(&mails), [300]);
        assert_eq!(mails[0].to.address, "bo@client.example");
        assert!(mails[0].text.contains("    Could you sign page two?"), "{}", mails[0].text);
        assert_eq!(office.fate(&message, bo), Some(DeliveryState::Emailed(at(300))));
        office.minutes(600);
        assert_eq!(office.digests().len(), 1, "once and never again");
    }

    fn n4_read_at_4_59_sends_nothing(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        let message = office.posts(jane, channel, "Hello");
        office.seconds(299);
        office.reads(bo, channel, 1);
        office.minutes(60);
        assert_eq!(office.digests().len(), 0);
        assert_eq!(office.fate(&message, bo), Some(DeliveryState::Seen(at(299))));
    }

    fn n4_read_at_5_01_changes_nothing_about_the_mail_but_its_state_is_seen(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        let message = office.posts(jane, channel, "Hello");
        office.seconds(301);
        assert_eq!(office.digests().len(), 1);
        office.reads(bo, channel, 1);
        assert_eq!(office.fate(&message, bo), Some(DeliveryState::Seen(at(301))));
    }

    fn n2_two_of_three_read_makes_the_third_due_five_minutes_after_the_third(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        office.posts(jane, channel, "one");
        office.minutes(1);
        office.posts(jane, channel, "two");
        office.minutes(1);
        let third = office.posts(jane, channel, "three");
        office.minutes(1);
        office.reads(bo, channel, 2);
        assert_eq!(office.fate(&third, bo), Some(DeliveryState::Due(at(420))));
        office.minutes(60);
        let mails = office.digests();
        assert_eq!(office.times_of(&mails), [420]);
        assert!(mails[0].text.contains("three") && !mails[0].text.contains("two"));
    }

    fn n4_reading_another_channel_does_not_stop_it(office) {
        let acme = office.company("Acme");
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[acme]));
        let (own, shared) = (office.channel_of(bo), office.channel(Subject::Company(acme)));
        office.posts(jane, own, "for you");
        office.posts(jane, shared, "for all of you");
        office.minutes(2);
        office.reads(bo, shared, 1);
        office.minutes(60);
        let mails = office.digests();
        assert_eq!(office.times_of(&mails), [300]);
        assert!(mails[0].text.contains("for you") && !mails[0].text.contains("for all of you"));
    }

    fn n4_online_but_unread_is_told_all_the_same(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        office.posts(jane, channel, "one");
        office.minutes(4);
        // Bo writes from a device that had nothing of it on screen: that is no reading.
        office.posts(bo, channel, "I write, and have not looked");
        office.minutes(10);
        assert_eq!(office.times_of(&office.digests_to(bo)), [300]);
    }

    fn m6_answering_with_it_on_screen_is_reading(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        office.posts(jane, channel, "one");
        office.minutes(4);
        let draft =
            Draft { id: MessageId::new(office.now()), channel, text: "an answer".to_string(), attachments: Vec::new(), shown: Some(1) };
        office.write(move |tx| sending::send(tx, &bo, &draft));
        office.minutes(20);
        assert_eq!(office.digests_to(bo).len(), 0);
        assert_eq!(office.times_of(&office.digests_to(jane)), [540]);
    }

    fn n4_a_message_a_minute_for_twenty_minutes_makes_an_email_about_every_five(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        for minute in 0..20 {
            office.posts(jane, channel, &format!("minute {minute:02}."));
            office.minutes(1);
        }
        office.minutes(60);
        let mails = office.digests();
        // The digest at 5:00 holds what came at 0:00 to 5:00; the next begins with what came at 6:00.
        let times = office.times_of(&mails);
        assert_eq!(times[0], 300, "the first at 5:00 sharp");
        assert!(times.windows(2).all(|pair| (300..=360).contains(&(pair[1] - pair[0]))), "{times:?}");
        assert_eq!(mails.len(), 4);
        for minute in 0..20 {
            let words = format!("minute {minute:02}.");
            assert_eq!(mails.iter().filter(|mail| mail.text.contains(&words)).count(), 1, "{words} once");
        }
    }

    fn n4_fifteen_messages_in_three_minutes_make_one_email(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        for number in 0..15 {
            office.posts(jane, channel, &format!("number {number:02}."));
            office.seconds(12);
        }
        office.minutes(60);
        let mails = office.digests();
        assert_eq!(office.times_of(&mails), [300]);
        let places: Vec<usize> =
            (0..15).map(|number| mails[0].text.find(&format!("number {number:02}.")).unwrap()).collect();
        assert!(places.is_sorted(), "oldest first");
    }

    fn n3_everything_missed_in_all_channels_is_in_the_one_email(office) {
        let acme = office.company("Acme");
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[acme]));
        let (own, shared) = (office.channel_of(bo), office.channel(Subject::Company(acme)));
        office.posts(jane, shared, "for all of you");
        office.minutes(4);
        office.posts(jane, own, "for you, a minute ago");
        office.minutes(30);
        let mails = office.digests_to(bo);
        assert_eq!(office.times_of(&mails), [300]);
        let (first, second) = (mails[0].text.find("Acme\n"), mails[0].text.find("Harbor & Lee\n"));
        assert!(first.is_some() && first < second, "{}", mails[0].text);
        assert_eq!(mails[0].text.matches("/r/").count(), 2, "a link each");
    }

    fn n11_four_members_get_three_separate_mails(office) {
        let acme = office.company("Acme");
        let jane = office.staff("Jane");
        let clients = ["Bo", "Cy", "Di"].map(|given| office.client(given, &[acme]));
        let channel = office.channel(Subject::Company(acme));
        office.posts(clients[0], channel, "Hello everybody");
        office.minutes(10);
        let mails = office.digests();
        assert_eq!(mails.len(), 3, "all but the author, and Ada who was never invited");
        for who in [jane, clients[1], clients[2]] {
            assert_eq!(office.digests_to(who).len(), 1);
        }
        let mut links: Vec<&str> = mails.iter().map(|mail| link_of(&mail.text)).collect();
        links.sort_unstable();
        links.dedup();
        assert_eq!(links.len(), 3, "links of their own");
    }

    fn n1_ones_own_message_is_never_told_to_its_author(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let message = office.posts(bo, office.channel_of(bo), "Anybody there?");
        office.minutes(20);
        assert_eq!((office.digests_to(bo).len(), office.digests_to(jane).len()), (0, 1));
        assert_eq!(office.fate(&message, bo), None);
    }

    fn n1_muted_channels_are_not_told(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        office.mutes(jane, channel, true);
        let message = office.posts(bo, channel, "Hello?");
        office.minutes(60);
        assert_eq!(office.fate(&message, jane), Some(DeliveryState::Suppressed(Reason::Muted)));
        office.mutes(jane, channel, false);
        let later = office.posts(bo, channel, "Hello again?");
        office.minutes(60);
        let mails = office.digests_to(jane);
        assert_eq!(mails.len(), 1);
        assert!(mails[0].text.contains("Hello again?") && !mails[0].text.contains("Hello?"));
        assert_eq!(office.fate(&message, jane), Some(DeliveryState::Suppressed(Reason::Muted)));
        assert!(matches!(office.fate(&later, jane), Some(DeliveryState::Emailed(_))));
    }

    fn n1_one_who_was_never_invited_is_sent_nothing_and_the_ledger_says_so(office) {
        let (jane, bo) = (office.staff("Jane"), office.stranger("Bo", &[]));
        let channel = office.channel_of(bo);
        let message = office.posts(jane, channel, "Welcome");
        assert_eq!(office.fate(&message, bo), Some(DeliveryState::Suppressed(Reason::NotInvited)));
        office.minutes(60);
        assert_eq!(office.digests_to(bo).len(), 0);
        office.invite(bo.person);
        office.minutes(60);
        assert_eq!(office.digests_to(bo).len(), 0, "what was not told stays so");
        assert_eq!(office.fate(&message, bo), Some(DeliveryState::Suppressed(Reason::NotInvited)));
        office.posts(jane, channel, "Welcome again");
        office.minutes(60);
        assert_eq!(office.digests_to(bo).len(), 1);
    }

    fn n6_a_message_deleted_before_its_time_leaves_nothing_behind(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        let only = office.posts(jane, channel, "A slip");
        office.minutes(4);
        office.deletes(jane, &only);
        office.minutes(60);
        assert_eq!(office.digests().len(), 0, "an email that would hold only it is not sent");
        let slip = office.posts(jane, channel, "Another slip");
        office.posts(jane, channel, "What I meant");
        office.deletes(jane, &slip);
        office.minutes(60);
        let mails = office.digests();
        assert_eq!(mails.len(), 1);
        assert!(mails[0].text.contains("What I meant"));
        assert!(!mails[0].text.contains("slip") && !mails[0].html.contains("slip"));
        assert_eq!(office.fate(&slip, bo), None);
    }

    fn n6_edited_text_goes_out_as_edited(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let message = office.posts(jane, office.channel_of(bo), "At nine");
        office.minutes(4);
        office.edits(jane, &message, "At ten");
        office.minutes(60);
        let mails = office.digests();
        assert_eq!(office.times_of(&mails), [300], "editing changes no time");
        assert!(mails[0].text.contains("At ten") && !mails[0].text.contains("At nine"));
        assert!(mails[0].text.contains("edited"));
    }

    fn n13_access_lost_before_the_time_sends_nothing(office) {
        let (acme, other) = (office.company("Acme"), office.company("Other"));
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[acme]));
        let channel = office.channel(Subject::Company(acme));
        let message = office.posts(jane, channel, "For those at Acme");
        office.minutes(4);
        office.moves(bo, &[other]);
        office.minutes(60);
        assert_eq!(office.digests_to(bo).len(), 0);
        assert_eq!(office.fate(&message, bo), Some(DeliveryState::Suppressed(Reason::LostAccess)));
        office.moves(bo, &[acme]);
        office.minutes(60);
        assert_eq!(office.digests_to(bo).len(), 0, "what was written before is no news to who comes back");
    }

    fn n10_never_means_never_and_once_means_once_until_back(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        office.chooses(bo, Frequency::Off);
        let unwanted = office.posts(jane, channel, "one");
        office.minutes(60);
        assert_eq!(office.digests_to(bo).len(), 0);
        assert_eq!(office.fate(&unwanted, bo), Some(DeliveryState::Suppressed(Reason::Choice)));
        office.chooses(bo, Frequency::OncePerVisit);
        office.posts(jane, channel, "two");
        office.minutes(60);
        let third = office.posts(jane, channel, "three");
        office.minutes(60);
        assert_eq!(office.digests_to(bo).len(), 1);
        assert_eq!(office.fate(&third, bo), Some(DeliveryState::Suppressed(Reason::Choice)));
        office.reads(bo, channel, 3);
        office.minutes(1);
        office.posts(jane, channel, "four");
        office.minutes(60);
        let mails = office.digests_to(bo);
        assert_eq!(mails.len(), 2);
        assert!(mails[1].text.contains("four") && !mails[1].text.contains("three"));
    }

    fn n10_an_invitation_and_a_sign_in_code_always_arrive(office) {
        let bo = office.client("Bo", &[]);
        office.chooses(bo, Frequency::Off);
        let workspace = office.workspace;
        office.write(move |tx| sign_in_requests::ask(tx, workspace, "bo@client.example", "192.0.2.7"));
        office.works();
        let mut ids: Vec<String> = office.mails.sent().into_iter().map(|mail| mail.message_id).collect();
        ids.sort_unstable();
        assert_eq!(ids.len(), 2);
        assert!(ids[0].starts_with("invitation.") && ids[1].starts_with("sign-in."), "{ids:?}");
    }

    fn n12_an_old_message_was_seen_with_the_first_move_past_it_whatever_was_read_since(office) {
        let north = office.company("North");
        let (jane, bo, cy) = (office.staff("Jane"), office.client("Bo", &[north]), office.client("Cy", &[north]));
        let channel = office.channel(Subject::Company(north));
        let old: Vec<Message> = (0..3).map(|number| office.posts(jane, channel, &format!("Old {number}"))).collect();
        office.seconds(10);
        office.reads(bo, channel, 1);
        office.seconds(10);
        for number in 0..3 {
            office.posts(jane, channel, &format!("New {number}"));
        }
        office.reads(bo, channel, 5);
        office.reads(cy, channel, 4);
        office.seconds(10);
        office.reads(bo, channel, 6);
        // Who has left has seen what they saw.
        office.moves(cy, &[]);
        let seen_after = |message: &Message, who| match office.fate(message, who) {
            Some(DeliveryState::Seen(at)) => (at.0 - MORNING.0) / 1000,
            other => panic!("{other:?}"),
        };
        assert_eq!(old.iter().map(|message| seen_after(message, bo)).collect::<Vec<_>>(), [10, 20, 20]);
        assert_eq!(old.iter().map(|message| seen_after(message, cy)).collect::<Vec<_>>(), [20, 20, 20]);
    }

    fn n14_it_can_be_sent_now_or_called_off(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        let first = office.posts(jane, channel, "Please look at once");
        office.minutes(1);
        let id = first.id;
        assert_eq!(office.write(move |tx| manual_send::send_now(tx, &jane, id)), 2, "Bo, and Ada to whom nothing goes");
        office.works();
        assert_eq!(office.times_of(&office.digests_to(bo)), [60]);
        let second = office.posts(jane, channel, "Forget it");
        let id = second.id;
        for _ in 0..2 {
            office.write(move |tx| manual_send::call_off(tx, &jane, id));
        }
        assert_eq!(office.fate(&second, bo), Some(DeliveryState::Suppressed(Reason::CalledOff)));
        office.minutes(60);
        assert_eq!(office.digests_to(bo).len(), 1);
        office.reads(bo, channel, 2);
        assert!(matches!(office.fate(&second, bo), Some(DeliveryState::Seen(_))));
    }

    fn n14_client_users_neither_see_nor_change_what_became_of_a_message(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        let message = office.posts(jane, channel, "Hello");
        let id = message.id;
        let tried = office.wait_for(office.store.write(move |tx| manual_send::send_now(tx, &bo, id)));
        assert!(matches!(tried, Err(error::Error::NotFound)));
        let tried = office.wait_for(office.store.write(move |tx| manual_send::call_off(tx, &bo, id)));
        assert!(matches!(tried, Err(error::Error::NotFound)));
        let tried = office.wait_for(office.store.read(move |reader| delivery_status::of_messages(reader, &bo, channel, 1..=1, None)));
        assert!(matches!(tried, Err(error::Error::NotFound)));
        office.minutes(5);
        assert_eq!(office.digests_to(bo).len(), 1);
    }

    fn n2_a_workspace_waits_as_long_as_it_chose_from_the_moment_it_chooses(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        let ada = office.ada;
        let wait = move |minutes| settings::MessagingChange { wait_minutes: Some(minutes), ..Default::default() };
        office.write(move |tx| settings::change_messaging(tx, &ada, &wait(60)));
        office.posts(jane, channel, "No hurry");
        office.minutes(30);
        assert_eq!(office.digests().len(), 0);
        office.write(move |tx| settings::change_messaging(tx, &ada, &wait(1)));
        office.works();
        assert_eq!(office.times_of(&office.digests()), [1800]);
    }
}

/// The first reply link of a mail's text.
fn link_of(text: &str) -> &str {
    text.lines().find(|line| line.contains("/r/")).expect("a link")
}
