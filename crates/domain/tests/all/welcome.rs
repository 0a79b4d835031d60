//! The welcome message: received once, at the first sign-in, and previewed by internal users (W1 to W5, C6).

use crate::support::Office;
use crate::support::people::{Firm, forbidden, not_found, refused};
use domain::administration::clients::ClientInput;
use domain::administration::profile::{self, SelfInput};
use domain::administration::settings::MessagingChange;
use domain::arrival::sign_in;
use domain::channels::members;
use domain::channels::starting::Subject;
use domain::identity::sign_in_links::{self, LinkKind};
use domain::kernel::access::Actor;
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::{ChannelId, PersonId};
use domain::kernel::journal::Event;
use domain::messages::message::{Message, Window};
use domain::messages::{editing, search};
use domain::notify::delivery::Kind;
use domain::notify::{deliveries, delivery_status, due};
use domain::tenant::settings::DefaultChannel;
use domain::welcome::greeting::{self, Foreseen};
use domain::welcome::setting::{self, WelcomeChange};
use domain::welcome::template;
use store::Tx;

/// Signs somebody in with a link from the firm.
fn comes(firm: &Firm<'_>, person: PersonId) {
    let workspace = firm.workspace;
    let come = move |tx: &mut Tx| {
        let link = sign_in_links::create_link(tx, workspace, person, LinkKind::Command)?;
        sign_in::by_link(tx, link.reveal())
    };
    firm.office.write(come).unwrap();
}

fn changes(firm: &Firm<'_>, who: Actor, change: WelcomeChange) -> error::Result<()> {
    firm.office.write(move |tx| setting::change(tx, &who, &change))
}

fn writes(firm: &Firm<'_>, text: &str) {
    changes(firm, firm.ada, WelcomeChange { text: Some(text.to_string()), ..WelcomeChange::default() })
        .unwrap();
}

fn signs(firm: &Firm<'_>, person: PersonId) {
    changes(firm, firm.ada, WelcomeChange { sender: Some(person), ..WelcomeChange::default() }).unwrap();
}

fn switches(firm: &Firm<'_>, enabled: bool) {
    changes(firm, firm.ada, WelcomeChange { enabled: Some(enabled), ..WelcomeChange::default() }).unwrap();
}

fn foresees(firm: &Firm<'_>, who: Actor, channel: ChannelId) -> error::Result<Option<Foreseen>> {
    firm.office.read(move |reader| greeting::foreseen(reader, &who, channel))
}

fn writes_for(
    firm: &Firm<'_>,
    who: Actor,
    channel: ChannelId,
    client: PersonId,
    text: Option<&str>,
) -> error::Result<()> {
    let text = text.map(str::to_string);
    firm.office.write(move |tx| greeting::write_for(tx, &who, channel, client, text.as_deref()))
}

fn page(office: &Office, who: Actor, channel: ChannelId) -> Vec<Message> {
    office.page(who, channel, Window::Newest, 100).unwrap()
}

/// The admins who will be notified that this person no longer signs.
fn told_of_missing(firm: &Firm<'_>, signed: PersonId) -> Vec<PersonId> {
    let claimed = firm.office.write(|tx| deliveries::claim(tx, 100)).unwrap();
    let about = claimed.into_iter().filter(|delivery| delivery.kind == Kind::PreparedSignerMissing(signed));
    let mut told: Vec<PersonId> = about.map(|delivery| delivery.person).collect();
    told.sort_unstable();
    told
}

both_engines! {
    fn w1_who_signs_in_for_the_first_time_finds_a_message_from_the_chosen_one(office) {
        let firm = office.firm("a.example");
        let (tom, bo) = (firm.staff("Tom"), firm.client_actor("Bo", &[firm.company("Bakery")]));
        let outsider = firm.client_actor("Otto", &[]);
        let channel = firm.channel_of(bo.person);
        signs(&firm, tom.person);
        writes(&firm, "Hello {{client.givenName}} of {{company.name}}, welcome to {{brand.name}}. {{sender.fullName}}");
        comes(&firm, bo.person);
        let found = page(office, bo, channel);
        let texts: Vec<_> = found.iter().map(|message| (message.author, message.text.as_str())).collect();
        assert_eq!(texts, [(tom.person, "Hello Bo of Bakery, welcome to Brand. Tom Firm")]);
        assert_eq!(office.unread(bo, channel), 1, "a message like any other waits to be read");
        let told = firm.told().into_iter().filter(|event| matches!(event, Event::MessageSent { .. })).count();
        assert_eq!(told, 1, "open pages hear of it");
        office.write(|tx| search::catch_up(tx)).unwrap();
        let hits = office.read(move |reader| search::messages(reader, &bo, "welcome", None, None, 10)).unwrap();
        assert_eq!(hits.len(), 1, "it is found by its words");
        not_found(office.page(outsider, channel, Window::Newest, 10));
    }

    fn w1_once_ever_also_when_they_come_again_and_from_elsewhere(office) {
        let firm = office.firm("a.example");
        let bo = firm.client_actor("Bo", &[]);
        let channel = firm.channel_of(bo.person);
        for _ in 0..3 {
            comes(&firm, bo.person);
        }
        assert_eq!(page(office, bo, channel).len(), 1);
        firm.deactivate(firm.ada, bo.person).unwrap();
        firm.reactivate(firm.ada, bo.person).unwrap();
        comes(&firm, bo.person);
        firm.move_client(bo.person, &[firm.company("Bakery")]);
        comes(&firm, bo.person);
        assert_eq!(page(office, bo, channel).len(), 1);
    }

    fn w1_two_devices_at_the_same_instant_find_one_message(office) {
        let firm = office.firm("a.example");
        let people: Vec<Actor> = (0..4).map(|number| firm.client_actor(&format!("Bo{number}"), &[])).collect();
        for bo in people {
            let workspace = firm.workspace;
            let make = move |tx: &mut Tx| {
                let secrets = (0..6).map(|_| Ok(sign_in_links::create_link(tx, workspace, bo.person, LinkKind::Command)?.reveal().to_string()));
                secrets.collect::<error::Result<Vec<String>>>()
            };
            let secrets = office.write(make).unwrap();
            let store = office.store.clone();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let outcomes = runtime.block_on(async move {
                let mut taps = tokio::task::JoinSet::new();
                for secret in secrets {
                    let store = store.clone();
                    taps.spawn(async move { store.write(move |tx| sign_in::by_link(tx, &secret)).await });
                }
                taps.join_all().await
            });
            assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 6, "all devices are signed in: {outcomes:?}");
            assert_eq!(page(office, bo, firm.channel_of(bo.person)).len(), 1);
        }
    }

    fn w1_internal_users_are_not_greeted(office) {
        let firm = office.firm("a.example");
        let tom = firm.staff("Tom");
        comes(&firm, tom.person);
        comes(&firm, firm.ada.person);
        assert!(!firm.told().iter().any(|event| matches!(event, Event::MessageSent { .. })));
    }

    fn w1_a_welcome_is_told_to_a_client_who_does_not_read_it_and_to_nobody_of_the_firm(office) {
        let firm = office.firm("a.example");
        let (tom, bo) = (firm.staff("Tom"), firm.client_actor("Bo", &[]));
        let channel = firm.channel_of(bo.person);
        comes(&firm, bo.person);
        for internal in [tom, firm.ada] {
            assert_eq!(office.unread(internal, channel), 0, "the firm knows what it writes");
        }
        office.wait_minutes(5);
        let workspace = firm.workspace;
        office.write(move |tx| due::enqueue_due(tx, workspace, channel, None)).unwrap();
        let due = office.read(|reader| due::due(reader, 10)).unwrap();
        assert_eq!(due, [(workspace, bo.person)]);
        let fates = office.read(move |reader| delivery_status::of_messages(reader, &tom, channel, 1..=1, None)).unwrap();
        let of: Vec<PersonId> = fates[0].recipients.iter().map(|fate| fate.person).collect();
        assert_eq!(of, [bo.person], "what became of it is a matter of the client alone");
        // Later messages are unread for everybody, as usual.
        office.posts(bo, channel, "Thank you");
        for internal in [tom, firm.ada] {
            assert_eq!(office.unread(internal, channel), 1);
        }
    }

    fn w1_a_welcome_that_was_read_is_told_to_nobody(office) {
        let firm = office.firm("a.example");
        let bo = firm.client_actor("Bo", &[]);
        let channel = firm.channel_of(bo.person);
        comes(&firm, bo.person);
        office.reads(bo, channel, 1).unwrap();
        office.wait_minutes(5);
        let workspace = firm.workspace;
        office.write(move |tx| due::enqueue_due(tx, workspace, channel, None)).unwrap();
        assert_eq!(office.read(|reader| due::due(reader, 10)).unwrap(), []);
    }

    fn w3_until_then_internal_users_see_what_will_be_sent_and_nobody_else_does(office) {
        let firm = office.firm("a.example");
        let bakery = firm.company("Bakery");
        let (bo, tom, elsewhere) = (firm.client_actor("Bo", &[]), firm.staff("Tom"), firm.limited("Lim", &[bakery]));
        let channel = firm.channel_of(bo.person);
        writes(&firm, "Hello {{client.givenName}}, {{sender.givenName}}");
        for internal in [firm.ada, tom] {
            let foreseen = foresees(&firm, internal, channel).unwrap().unwrap();
            assert_eq!((foreseen.client, foreseen.sender, foreseen.text.as_str()), (bo.person, firm.ada.person, "Hello Bo, Ada"));
            assert_eq!((foreseen.template.as_str(), foreseen.is_own, foreseen.others), ("Hello {{client.givenName}}, {{sender.givenName}}", false, 0));
        }
        not_found(foresees(&firm, elsewhere, channel));
        not_found(foresees(&firm, bo, channel));
        let other = office.firm("b.example");
        not_found(foresees(&other, other.ada, channel));
        comes(&firm, bo.person);
        assert_eq!(foresees(&firm, tom, channel).unwrap(), None, "then it is there");
    }

    fn w3_the_text_is_the_setting_at_the_moment_of_signing_in(office) {
        let firm = office.firm("a.example");
        let (bo, cy) = (firm.client_actor("Bo", &[]), firm.client_actor("Cy", &[]));
        writes(&firm, "First, {{client.givenName}}");
        comes(&firm, bo.person);
        writes(&firm, "Second, {{client.givenName}}");
        let rename = SelfInput { given_name: "Cyd".to_string().into(), ..SelfInput::default() };
        office.write(move |tx| profile::edit_self(tx, &cy, &rename)).unwrap();
        comes(&firm, cy.person);
        assert_eq!(office.texts(bo, firm.channel_of(bo.person)), ["First, Bo"], "W4: changing it changes it for those to come");
        assert_eq!(office.texts(cy, firm.channel_of(cy.person)), ["Second, Cyd"]);
    }

    fn w3_an_internal_user_who_writes_first_replaces_it(office) {
        let firm = office.firm("a.example");
        let (tom, bo) = (firm.staff("Tom"), firm.client_actor("Bo", &[]));
        let channel = firm.channel_of(bo.person);
        office.posts(tom, channel, "Hello Bo, it is me");
        assert_eq!(foresees(&firm, tom, channel).unwrap(), None);
        assert!(matches!(writes_for(&firm, tom, channel, bo.person, Some("Hi")), Err(Error::Conflict(_))));
        comes(&firm, bo.person);
        assert_eq!(office.texts(bo, channel), ["Hello Bo, it is me"]);
    }

    fn w3_what_was_written_first_and_taken_back_does_not_replace_it(office) {
        let firm = office.firm("a.example");
        let (tom, bo) = (firm.staff("Tom"), firm.client_actor("Bo", &[]));
        let channel = firm.channel_of(bo.person);
        let message = office.posts(tom, channel, "Oops");
        office.deletes(tom, message.id).unwrap();
        assert!(foresees(&firm, tom, channel).unwrap().is_some());
        comes(&firm, bo.person);
        assert_eq!(office.texts(bo, channel).len(), 2);
    }

    fn w3_it_can_be_written_anew_for_one_client_alone(office) {
        let firm = office.firm("a.example");
        let (tom, bo, cy) = (firm.staff("Tom"), firm.client_actor("Bo", &[]), firm.client_actor("Cy", &[]));
        let elsewhere = firm.limited("Lim", &[firm.company("Bakery")]);
        let (of_bo, of_cy) = (firm.channel_of(bo.person), firm.channel_of(cy.person));
        writes(&firm, "Hello");
        writes_for(&firm, tom, of_bo, bo.person, Some("Dear {{client.givenName}}\r\nas we said")).unwrap();
        let foreseen = foresees(&firm, tom, of_bo).unwrap().unwrap();
        assert_eq!((foreseen.text.as_str(), foreseen.is_own), ("Dear Bo\nas we said", true));
        refused(writes_for(&firm, tom, of_bo, bo.person, Some("{{client.nmae}}")), "text", Problem::NoMergeField("client.nmae".to_string()));
        not_found(writes_for(&firm, elsewhere, of_bo, bo.person, Some("Mine")));
        not_found(writes_for(&firm, bo, of_bo, bo.person, Some("Mine")));
        assert!(matches!(writes_for(&firm, tom, of_bo, cy.person, Some("Mine")), Err(Error::Conflict(_))), "not their channel");
        writes_for(&firm, tom, of_cy, cy.person, Some("Mine")).unwrap();
        writes_for(&firm, tom, of_cy, cy.person, None).unwrap();
        comes(&firm, bo.person);
        comes(&firm, cy.person);
        assert_eq!(office.texts(bo, of_bo), ["Dear Bo\nas we said"]);
        assert_eq!(office.texts(cy, of_cy), ["Hello"], "and taken back");
        assert!(matches!(writes_for(&firm, tom, of_bo, bo.person, Some("Late")), Err(Error::Conflict(_))));
    }

    fn w3_without_a_company_or_given_name_a_fitting_word_stands_there(office) {
        let firm = office.firm("a.example");
        let bo = firm.client_actor("Bo", &[]);
        let nameless = ClientInput {
            given_name: String::new().into(),
            family_name: "Lee".to_string().into(),
            ..ClientInput::default()
        };
        firm.edit_client(firm.ada, bo.person, nameless).unwrap();
        writes(&firm, "Hello {{client.givenName}}, how is {{company.name}}?");
        comes(&firm, bo.person);
        assert_eq!(office.texts(bo, firm.channel_of(bo.person)), ["Hello there, how is your company?"]);
    }

    fn w4_it_is_on_at_first_with_a_friendly_text_from_the_first_admin(office) {
        let firm = office.firm("a.example");
        office.wait_minutes(1);
        firm.admin("Zoe");
        let bo = firm.client_actor("Bo", &[]);
        let workspace = firm.workspace;
        let setting = office.read(move |reader| setting::setting(reader, workspace)).unwrap();
        assert!(setting.enabled && setting.chosen.is_none());
        assert!(template::parse("text", &setting.text).is_ok());
        comes(&firm, bo.person);
        let found = page(office, bo, firm.channel_of(bo.person)).remove(0);
        assert_eq!(found.author, firm.ada.person);
        assert!(found.text.starts_with("Hello Bo,") && found.text.contains("Brand") && found.text.ends_with("Ada"), "{}", found.text);
    }

    fn w4_switched_off_nobody_finds_one_ever(office) {
        let firm = office.firm("a.example");
        let (bo, cy) = (firm.client_actor("Bo", &[]), firm.client_actor("Cy", &[]));
        switches(&firm, false);
        assert_eq!(foresees(&firm, firm.ada, firm.channel_of(bo.person)).unwrap(), None);
        comes(&firm, bo.person);
        switches(&firm, true);
        comes(&firm, bo.person);
        comes(&firm, cy.person);
        assert!(office.texts(bo, firm.channel_of(bo.person)).is_empty(), "they came while it was off");
        assert_eq!(office.texts(cy, firm.channel_of(cy.person)).len(), 1);
    }

    fn w4_only_admins_change_it_and_only_to_what_can_be_sent(office) {
        let firm = office.firm("a.example");
        let (tom, gone, bo) = (firm.staff("Tom"), firm.staff("Gone"), firm.client_actor("Bo", &[]));
        let other = office.firm("b.example");
        firm.deactivate(firm.ada, gone.person).unwrap();
        let off = || WelcomeChange { enabled: Some(false), ..WelcomeChange::default() };
        forbidden(changes(&firm, tom, off()));
        not_found(changes(&firm, bo, off()));
        let text = |text: &str| WelcomeChange { enabled: Some(false), text: Some(text.to_string()), ..WelcomeChange::default() };
        refused(changes(&firm, firm.ada, text("Hello {{client.nmae}}")), "welcome.text", Problem::NoMergeField("client.nmae".to_string()));
        refused(changes(&firm, firm.ada, text("")), "welcome.text", Problem::Empty);
        refused(changes(&firm, firm.ada, text(&"x".repeat(50 * 1024))), "welcome.text", Problem::TooLong(template::TEMPLATE_CHARACTERS));
        for nobody in [gone.person, bo.person, other.ada.person] {
            let change = WelcomeChange { enabled: Some(false), sender: Some(nobody), ..WelcomeChange::default() };
            refused(changes(&firm, firm.ada, change), "welcome.senderId", Problem::Unknown);
        }
        let workspace = firm.workspace;
        let setting = office.read(move |reader| setting::setting(reader, workspace)).unwrap();
        assert!(setting.enabled, "nothing half-done");
    }

    fn w1_where_the_one_who_signs_is_deactivated_the_admins_are_told_and_an_admin_signs(office) {
        let firm = office.firm("a.example");
        office.wait_minutes(1);
        let (zoe, tom, bo) = (firm.admin("Zoe"), firm.staff("Tom"), firm.client_actor("Bo", &[]));
        signs(&firm, tom.person);
        firm.deactivate(firm.ada, tom.person).unwrap();
        let mut admins = [firm.ada.person, zoe.person];
        admins.sort_unstable();
        assert_eq!(told_of_missing(&firm, tom.person), admins);
        let workspace = firm.workspace;
        let missing = office.read(move |reader| setting::missing(reader, workspace)).unwrap();
        assert_eq!(missing.unwrap().given, "Tom");
        let (admin, before) = (zoe.person, tom.person);
        let note = move |tx: &mut Tx| setting::prepare_missing(tx, workspace, admin, before);
        let said = office.write(note).unwrap().unwrap();
        assert_eq!((said.to.person, said.before.given.as_str(), said.now.given.as_str()), (zoe.person, "Tom", "Ada"));
        comes(&firm, bo.person);
        assert_eq!(page(office, bo, firm.channel_of(bo.person))[0].author, firm.ada.person);
        signs(&firm, zoe.person);
        assert!(office.write(note).unwrap().is_none(), "chosen anew: nothing to tell any more");
        assert!(office.read(move |reader| setting::missing(reader, workspace)).unwrap().is_none());
    }

    fn w1_admins_hear_nothing_of_others_who_go(office) {
        let firm = office.firm("a.example");
        let (zoe, tom) = (firm.admin("Zoe"), firm.staff("Tom"));
        firm.deactivate(firm.ada, tom.person).unwrap();
        assert_eq!(told_of_missing(&firm, tom.person), []);
        switches(&firm, false);
        firm.deactivate(zoe, firm.ada.person).unwrap();
        assert_eq!(told_of_missing(&firm, firm.ada.person), [], "nobody is welcomed: nobody has to sign");
    }

    fn w1_who_may_not_be_in_the_channel_does_not_sign_there(office) {
        let firm = office.firm("a.example");
        let (bakery, clinic) = (firm.company("Bakery"), firm.company("Clinic"));
        let lim = firm.limited("Lim", &[bakery]);
        let (bo, cy) = (firm.client_actor("Bo", &[bakery]), firm.client_actor("Cy", &[clinic]));
        signs(&firm, lim.person);
        comes(&firm, bo.person);
        comes(&firm, cy.person);
        assert_eq!(page(office, bo, firm.channel_of(bo.person))[0].author, lim.person);
        assert_eq!(page(office, cy, firm.channel_of(cy.person))[0].author, firm.ada.person, "an admin's name is used");
        let dee = firm.client_actor("Dee", &[bakery]);
        let channel = firm.channel_of(dee.person);
        office.write(move |tx| members::leave(tx, &lim, channel)).unwrap();
        comes(&firm, dee.person);
        assert_eq!(page(office, dee, channel)[0].author, firm.ada.person, "who has left it does not either");
    }

    fn c6_in_a_companys_channel_the_first_to_come_is_welcomed_and_others_find_it_there(office) {
        let firm = office.firm("a.example");
        firm.sets(MessagingChange { default_channel: Some(DefaultChannel::Company), ..MessagingChange::default() });
        let bakery = firm.company("Bakery");
        let (bo, cy) = (firm.client_actor("Bo", &[bakery]), firm.client_actor("Cy", &[bakery]));
        let channel = firm.channel(Subject::Company(bakery));
        writes(&firm, "Hello {{client.givenName}} of {{company.name}}");
        let foreseen = foresees(&firm, firm.ada, channel).unwrap().unwrap();
        assert_eq!((foreseen.client, foreseen.others), (bo.person, 1));
        comes(&firm, cy.person);
        comes(&firm, bo.person);
        assert_eq!(office.texts(bo, channel), ["Hello Cy of Bakery"]);
        assert_eq!(foresees(&firm, firm.ada, channel).unwrap(), None);
    }

    fn c6_who_has_a_channel_of_their_own_is_welcomed_there_and_not_in_the_companys(office) {
        let firm = office.firm("a.example");
        let bakery = firm.company("Bakery");
        let bo = firm.client_actor("Bo", &[bakery]);
        let companys = firm.channel(Subject::Company(bakery));
        assert_eq!(foresees(&firm, firm.ada, companys).unwrap(), None);
        comes(&firm, bo.person);
        assert!(office.texts(bo, companys).is_empty());
        assert_eq!(office.texts(bo, firm.channel_of(bo.person)).len(), 1);
    }

    fn c6_who_has_no_channel_gets_one_to_be_welcomed_in(office) {
        let firm = office.firm("a.example");
        firm.sets(MessagingChange { default_channel: Some(DefaultChannel::Company), ..MessagingChange::default() });
        let (bakery, clinic) = (firm.company("Bakery"), firm.company("Clinic"));
        let bo = firm.client_actor("Bo", &[bakery]);
        firm.move_client(bo.person, &[clinic]);
        comes(&firm, bo.person);
        assert_eq!(office.texts(bo, firm.channel(Subject::Company(clinic))).len(), 1);
        assert!(!firm.is_in(firm.channel(Subject::Company(bakery)), bo.person));
    }

    fn w1_a_message_that_was_found_is_the_senders_to_edit_and_delete(office) {
        let firm = office.firm("a.example");
        let bo = firm.client_actor("Bo", &[]);
        let channel = firm.channel_of(bo.person);
        comes(&firm, bo.person);
        let found = page(office, bo, channel).remove(0);
        assert!(office.edits(firm.ada, found.id, "Better").is_ok());
        assert!(matches!(office.deletes(bo, found.id), Err(Error::Forbidden)));
        let (ada, id) = (firm.ada, found.id);
        office.write(move |tx| editing::delete(tx, &ada, id)).unwrap();
        comes(&firm, bo.person);
        assert_eq!(page(office, bo, channel).len(), 1, "and does not come again");
    }
}
