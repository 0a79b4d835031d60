//! Addresses that take no mail: what marks them, what makes them well again, and that nothing is missed meanwhile (N12).

use std::time::Duration;

use domain::administration::clients::{self, ClientInput};
use domain::arrival::sign_in;
use domain::channels::starting;
use domain::identity::{sign_in_links, sign_in_requests};
use domain::kernel::access::Actor;
use domain::kernel::error::Error;
use domain::kernel::journal::Event;
use domain::kernel::medium::Frequency;
use domain::messages::unread_backlog::Reason;
use domain::notify::bounces::{self, Report};
use domain::notify::digest_part::DeliveryState;
use domain::notify::preferences;
use outbound::mail::MailError;
use outbound::memory::Behaviour;

use super::at;
use super::office::Office;
use crate::both_engines;

const NOBODY: &str = "550 5.1.1 no such person";

fn refuses(office: &Office) {
    office.mails.behave(|_| Behaviour::Refuses(MailError::no_mailbox(NOBODY)));
}

fn takes(office: &Office) {
    office.mails.behave(|_| Behaviour::Takes);
}

fn reason(office: &Office, who: Actor) -> Option<String> {
    office
        .read(move |reader| bounces::of_person(reader, who.workspace, who.person))
        .map(|bounce| bounce.reason)
}

/// A report that the newest digest to somebody came back.
fn report(office: &Office, who: Actor) -> Report {
    let mail = office.digests_to(who).pop().expect("a digest");
    Report {
        message_id: mail.message_id,
        addresses: vec!["forwarded@elsewhere.example".to_string(), mail.to.address.to_uppercase()],
        is_about_address: true,
        reason: NOBODY.to_string(),
    }
}

both_engines! {
    fn n12_an_address_that_is_refused_is_told_no_more_until_it_is_tried_again(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        office.works();
        refuses(office);
        let first = office.posts(jane, channel, "one");
        office.minutes(5);
        assert_eq!(office.fate(&first, bo), Some(DeliveryState::Failed(at(300), NOBODY.to_string())));
        assert_eq!(reason(office, bo).as_deref(), Some(NOBODY));
        takes(office);
        let second = office.posts(jane, channel, "two");
        assert_eq!(office.fate(&second, bo), Some(DeliveryState::Suppressed(Reason::NoAddress)), "said at once");
        office.minutes(60);
        assert_eq!(office.digests_to(bo).len(), 0);
        assert_eq!(office.fate(&second, bo), Some(DeliveryState::Suppressed(Reason::NoAddress)));

        office.write(move |tx| bounces::try_again(tx, &jane, bo.person));
        assert_eq!(reason(office, bo), None);
        office.works();
        let mails = office.digests_to(bo);
        assert_eq!(mails.len(), 1, "what was not delivered, in one mail");
        assert!(mails[0].text.contains("    one") && mails[0].text.contains("    two"));
        for message in [&first, &second] {
            assert_eq!(office.fate(message, bo), Some(DeliveryState::Emailed(office.now())));
        }
        office.write(move |tx| bounces::try_again(tx, &jane, bo.person));
        office.minutes(600);
        assert_eq!(office.digests_to(bo).len(), 1, "again changes nothing");
    }

    fn n12_another_address_is_well(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        office.works();
        refuses(office);
        let read = office.posts(jane, channel, "read elsewhere");
        let message = office.posts(jane, channel, "still unread");
        office.minutes(30);
        takes(office);
        office.reads(bo, channel, 1);
        let change = ClientInput { email: "bob@client.example".to_string().into(), ..ClientInput::default() };
        office.write(move |tx| clients::edit_client(tx, &jane, bo.person, &change));
        assert_eq!(reason(office, bo), None);
        office.works();
        let mails = office.digests_to(bo);
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].to.address, "bob@client.example");
        assert!(mails[0].text.contains("still unread") && !mails[0].text.contains("read elsewhere"));
        assert!(matches!(office.fate(&read, bo), Some(DeliveryState::Seen(_))));
        assert!(matches!(office.fate(&message, bo), Some(DeliveryState::Emailed(_))));
    }

    fn n12_a_code_that_comes_back_proves_the_address_and_what_waits_waits_a_little_longer(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        office.works();
        refuses(office);
        office.posts(jane, channel, "one");
        office.minutes(30);
        takes(office);
        let workspace = office.workspace;
        let sign_in = office.write(move |tx| sign_in_requests::ask(tx, workspace, "bo@client.example", "192.0.2.7"));
        office.works();
        let code: String = office.mails.sent().last().expect("the code").subject.chars().take(6).collect();
        let signed_in = office.write(move |tx| sign_in::by_code(tx, workspace, sign_in, &code));
        assert_eq!(signed_in, sign_in::CodeOutcome::SignedIn(bo.person), "codes are sent all the same");
        assert_eq!(reason(office, bo), None);
        office.works();
        assert_eq!(office.digests_to(bo).len(), 0, "they are here just now");
        office.minutes(5);
        assert_eq!(office.digests_to(bo).len(), 1);
    }

    fn n12_a_link_of_the_command_line_proves_no_address(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        office.works();
        refuses(office);
        office.posts(jane, office.channel_of(bo), "one");
        office.minutes(5);
        let workspace = office.workspace;
        office.write(move |tx| {
            let link = sign_in_links::create_link(tx, workspace, bo.person, sign_in_links::LinkKind::Command)?;
            sign_in::by_link(tx, link.reveal())
        });
        assert!(reason(office, bo).is_some());
    }

    fn n12_a_mail_that_comes_back_later_has_failed_and_marks_its_address(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let message = office.posts(jane, office.channel_of(bo), "one");
        office.minutes(10);
        assert_eq!(office.fate(&message, bo), Some(DeliveryState::Emailed(at(300))));
        let report = report(office, bo);
        for _ in 0..2 {
            let report = report.clone();
            assert!(office.write(move |tx| bounces::returned(tx, &report)).is_some());
        }
        assert_eq!(office.fate(&message, bo), Some(DeliveryState::Failed(at(600), NOBODY.to_string())));
        assert_eq!(reason(office, bo).as_deref(), Some(NOBODY));
        office.write(move |tx| bounces::try_again(tx, &jane, bo.person));
        office.works();
        assert_eq!(office.digests_to(bo).len(), 2);
        assert_eq!(office.fate(&message, bo), Some(DeliveryState::Emailed(at(600))));
    }

    fn n12_a_report_counts_only_for_the_mail_and_the_address_that_it_names(office) {
        let (jane, bo, cy) = (office.staff("Jane"), office.client("Bo", &[]), office.client("Cy", &[]));
        office.posts(jane, office.channel_of(bo), "for Bo");
        office.posts(jane, office.channel_of(cy), "for Cy");
        office.minutes(5);
        let real = report(office, bo);
        let unknown = "digest.01900000-0000-7000-8000-000000000000@portal.example";
        for message_id in [unknown, "digest.x@portal.example", "digest", "", "other.thing@portal.example"] {
            let forged = Report { message_id: message_id.to_string(), ..real.clone() };
            assert_eq!(office.write(move |tx| bounces::returned(tx, &forged)), None, "{message_id}");
        }
        // Their own mail's id proves nothing about somebody else's address.
        let forged = Report { addresses: vec!["cy@client.example".to_string()], ..real.clone() };
        assert!(office.write(move |tx| bounces::returned(tx, &forged)).is_some());
        let spam = Report { is_about_address: false, ..report(office, cy) };
        assert!(office.write(move |tx| bounces::returned(tx, &spam)).is_some());
        assert_eq!((reason(office, bo), reason(office, cy)), (None, None));
    }

    fn n12_who_may_not_manage_somebody_cannot_have_their_address_tried(office) {
        let acme = office.company("Acme");
        let (jane, bo, cy) = (office.staff("Jane"), office.client("Bo", &[acme]), office.client("Cy", &[acme]));
        office.works();
        refuses(office);
        office.posts(jane, office.channel_of(bo), "one");
        office.minutes(5);
        let tried = office.wait_for(office.store.write(move |tx| bounces::try_again(tx, &cy, bo.person)));
        assert!(matches!(tried, Err(Error::NotFound)));
        let tried = office.wait_for(office.store.write(move |tx| bounces::try_again(tx, &jane, jane.person)));
        assert!(matches!(tried, Err(Error::Forbidden)), "a colleague is an admin's matter");
        let tried = office.wait_for(office.store.write(move |tx| bounces::try_all_again(tx, &jane)));
        assert!(matches!(tried, Err(Error::Forbidden)));
    }

    fn n12_when_the_fault_was_not_theirs_an_admin_has_all_tried_again(office) {
        let acme = office.company("Acme");
        let jane = office.staff("Jane");
        let clients: Vec<_> = (0..5).map(|number| office.client(&format!("Client{number}"), &[acme])).collect();
        office.works();
        refuses(office);
        office.posts(jane, office.channel(starting::Subject::Company(acme)), "Hello all");
        office.minutes(5);
        takes(office);
        let ada = office.ada;
        let listed = office.read(move |reader| bounces::list(reader, &ada, 10));
        assert_eq!(listed.len(), clients.len());
        office.write(move |tx| bounces::try_all_again(tx, &ada));
        office.works();
        for client in clients {
            assert_eq!(office.digests_to(client).len(), 1);
        }
    }

    fn n5_what_was_delivered_in_another_way_is_not_told_again(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        office.works();
        office.posts(jane, channel, "delivered before");
        office.minutes(10);
        refuses(office);
        office.posts(jane, channel, "refused");
        office.minutes(10);
        takes(office);
        office.write(move |tx| bounces::try_again(tx, &jane, bo.person));
        office.works();
        let mails = office.digests_to(bo);
        assert_eq!(mails.len(), 2);
        assert!(mails[1].text.contains("refused") && !mails[1].text.contains("delivered before"));
    }

    fn n13_what_was_not_delivered_is_decided_about_with_what_is_true_when_it_is_tried_again(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        office.works();
        refuses(office);
        office.posts(bo, channel, "hello?");
        office.minutes(10);
        assert!(reason(office, jane).is_some());
        takes(office);
        let ada = office.ada;
        office.write(move |tx| preferences::choose(tx, &jane, Some(Frequency::Off), None));
        office.write(move |tx| bounces::try_again(tx, &ada, jane.person));
        office.minutes(60);
        assert_eq!(office.digests_to(jane).len(), 0);
    }

    fn n12_each_change_of_a_state_is_told_to_open_pages(office) {
        let (jane, bo) = (office.staff("Jane"), office.client("Bo", &[]));
        let channel = office.channel_of(bo);
        let news = |office: &Office| {
            let workspace = office.workspace;
            let seen = office.read(move |reader| Ok(reader.journal_after(workspace.0, 0, 1_000)?));
            let events = seen.iter().filter_map(Event::of).filter(Event::is_internal);
            events.inspect(|event| assert_eq!(event.channel(), Some(channel))).map(|event| event.kind()).collect::<Vec<_>>()
        };
        office.works();
        office.mails.behave(|_| Behaviour::Refuses(MailError::temporary("away")));
        office.posts(jane, channel, "one");
        office.passes(Duration::from_secs(300));
        let mut expected = vec!["notification.changed"];
        assert_eq!(news(office), expected, "tried again later");
        takes(office);
        office.seconds(5);
        expected.push("notification.sent");
        assert_eq!(news(office), expected);
        refuses(office);
        office.posts(jane, channel, "two");
        office.minutes(5);
        expected.push("notification.failed");
        assert_eq!(news(office), expected);
        office.posts(jane, channel, "three");
        office.write(move |tx| bounces::try_again(tx, &jane, bo.person));
        expected.push("notification.changed");
        assert_eq!(news(office), expected, "three waits again");
        office.write(move |tx| preferences::choose(tx, &bo, Some(Frequency::Off), None));
        expected.push("notification.changed");
        assert_eq!(news(office), expected);
        office.write(move |tx| preferences::choose(tx, &bo, Some(Frequency::Off), None));
        assert_eq!(news(office), expected, "nothing changed");
    }
}
