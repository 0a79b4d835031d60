//! Reply links: for one person and channel, for 14 days, giving access to nothing else (N7, N8, N13).

use std::time::Duration;

use crate::support::people::{Firm, forbidden, not_found};
use domain::administration::clients::ClientInput;
use domain::administration::projects;
use domain::administration::settings::MessagingChange;
use domain::channels::{members, starting};
use domain::identity::sign_in_requests;
use domain::kernel::access::Actor;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{ChannelId, DigestId, FreshLinkId, PersonId};
use domain::messages::message;
use domain::notify::reply_links::{self, Answer, Outcome, ReplyOutcome};
use domain::tenant::settings::ReplyLinks;
use domain::{administration, tenant};
use store::FromValue;

/// Oskar of Northwind and Jane of the firm, who write to each other, and a reply link for Oskar from the third message on.
struct Case<'a> {
    firm: Firm<'a>,
    oskar: Actor,
    channel: ChannelId,
    secret: String,
}

impl<'a> Case<'a> {
    fn new(office: &'a crate::support::Office) -> Case<'a> {
        let firm = office.firm("links.example");
        let company = firm.company("Northwind");
        let oskar = firm.client_actor("Oskar", &[company]);
        let channel = firm.channel_of(oskar.person);
        for text in ["one", "two", "three", "four"] {
            office.posts(firm.ada, channel, text);
        }
        let secret = link(&firm, oskar.person, channel, 2, 4);
        Case { firm, oskar, channel, secret }
    }

    fn look(&self, signed_in: Option<Actor>) -> error::Result<Outcome> {
        let (workspace, secret) = (self.firm.workspace, self.secret.clone());
        self.firm
            .office
            .read(move |reader| reply_links::resolve(reader, workspace, &secret, signed_in.as_ref()))
    }

    fn seen(&self) -> Outcome {
        self.look(None).expect("a link")
    }

    /// The texts that the page shows, after a position if given.
    fn page(&self, after: Option<i64>) -> Vec<String> {
        let Outcome::Reply(actor, link) = self.seen() else { panic!("{:?}", self.seen()) };
        let opened = self.firm.office.read(move |reader| reply_links::open(reader, &actor, &link, after));
        opened.expect("a page").messages.into_iter().map(|message| message.text).collect()
    }

    fn reply(&self, text: &str, shown: Option<i64>) -> error::Result<ReplyOutcome<message::Message>> {
        let answer = Answer {
            id: self.firm.office.message_id(),
            text: text.to_string(),
            attachments: Vec::new(),
            shown,
        };
        let (workspace, secret) = (self.firm.workspace, self.secret.clone());
        self.firm.office.write(move |tx| reply_links::reply(tx, workspace, &secret, None, &answer))
    }

    fn reads(&self, position: i64) -> error::Result<ReplyOutcome<i64>> {
        let (workspace, secret) = (self.firm.workspace, self.secret.clone());
        self.firm.office.write(move |tx| reply_links::read_up_to(tx, workspace, &secret, None, position))
    }

    fn asks_fresh(&self, sender: &str) -> error::Result<ReplyOutcome<()>> {
        let (workspace, secret, sender) = (self.firm.workspace, self.secret.clone(), sender.to_string());
        self.firm.office.write(move |tx| reply_links::ask_fresh(tx, workspace, &secret, None, &sender))
    }

    fn is_closed(&self, outcome: &Outcome) {
        assert_eq!(&self.seen(), outcome);
        assert_eq!(self.reply("late", None).expect("an answer"), ReplyOutcome::No(outcome.clone()));
        assert_eq!(self.reads(4).expect("an answer"), ReplyOutcome::No(outcome.clone()));
        assert_eq!(self.firm.office.texts(self.firm.ada, self.channel), ["one", "two", "three", "four"]);
    }
}

/// A reply link from a person's digest about the messages in (after, up_to] of a channel.
fn link(firm: &Firm<'_>, person: PersonId, channel: ChannelId, after: i64, up_to: i64) -> String {
    let workspace = firm.workspace;
    let secret = firm.office.write(move |tx| {
        let digest = DigestId::new(tx.now());
        tx.run(
            "INSERT INTO digests (workspace, id, person, created_at) VALUES ($1, $2, $3, $4)",
            &[&workspace, &digest, &person, &tx.now()],
        )?;
        tx.run(
            "INSERT INTO digest_parts (workspace, digest, channel, person, after_position, up_to_position) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            &[&workspace, &digest, &channel, &person, &after, &up_to],
        )?;
        reply_links::create(tx, workspace, digest, person, channel)
    });
    secret.expect("a link").reveal().to_string()
}

fn column<T: FromValue + Send + 'static>(firm: &Firm<'_>, sql: &'static str) -> Vec<T> {
    let workspace = firm.workspace;
    firm.office.read(move |reader| Ok(reader.all(sql, &[&workspace], |row| row.get(0))?)).expect("rows")
}

const DAY: Duration = Duration::from_secs(24 * 3600);

both_engines! {
    fn n8_the_page_shows_the_messages_from_the_digest_on_and_no_older_ones(office) {
        let case = Case::new(office);
        assert_eq!(case.page(None), ["three", "four"]);
        office.posts(case.firm.ada, case.channel, "five");
        assert_eq!(case.page(None), ["three", "four", "five"]);
        assert_eq!(case.page(Some(3)), ["four", "five"]);
        for before in [0, 1, -5, i64::MIN] {
            assert_eq!(case.page(Some(before)), ["three", "four", "five"]);
        }
    }

    fn n8_looking_changes_nothing_however_often(office) {
        let case = Case::new(office);
        let before = (office.member(case.oskar, case.channel), case.firm.told());
        for _ in 0..100 {
            case.page(None);
        }
        assert_eq!((office.member(case.oskar, case.channel), case.firm.told()), before);
    }

    fn n8_an_answer_is_sent_as_that_person_and_counts_what_the_page_showed_as_read(office) {
        let case = Case::new(office);
        office.posts(case.firm.ada, case.channel, "five, not on the page yet");
        let Ok(ReplyOutcome::Yes(sent)) = case.reply("Thank you!", Some(4)) else { panic!("not sent") };
        assert_eq!((sent.author, sent.channel, sent.position), (case.oskar.person, case.channel, 6));
        assert_eq!(office.member(case.oskar, case.channel).read_position, 4);
        assert_eq!(office.unread(case.oskar, case.channel), 1);
        assert_eq!(office.unread(case.firm.ada, case.channel), 1);
    }

    fn n8_the_same_answer_again_is_one_message(office) {
        let case = Case::new(office);
        let answer = Answer { id: office.message_id(), text: "Once".to_string(), attachments: Vec::new(), shown: Some(4) };
        let (workspace, secret) = (case.firm.workspace, case.secret.clone());
        let send = || {
            let (secret, answer) = (secret.clone(), answer.clone());
            office.write(move |tx| reply_links::reply(tx, workspace, &secret, None, &answer)).expect("an answer")
        };
        assert_eq!(send(), send());
        assert_eq!(office.texts(case.firm.ada, case.channel).len(), 5);
    }

    fn m6_what_was_on_screen_on_the_page_is_read_and_never_more_than_there_is(office) {
        let case = Case::new(office);
        assert_eq!(case.reads(3).expect("an answer"), ReplyOutcome::Yes(3));
        assert_eq!(case.reads(1).expect("an answer"), ReplyOutcome::Yes(3));
        assert_eq!(case.reads(i64::MAX).expect("an answer"), ReplyOutcome::Yes(4));
    }

    fn n8_a_link_works_for_fourteen_days(office) {
        let case = Case::new(office);
        office.wait(14 * DAY - Duration::from_millis(1));
        assert!(matches!(case.seen(), Outcome::Reply(..)));
        office.wait(Duration::from_millis(1));
        case.is_closed(&Outcome::Expired);
    }

    fn n8_where_the_person_is_signed_in_the_portal_opens_however_old_the_link_is(office) {
        let case = Case::new(office);
        let open = Outcome::Portal(case.oskar, case.channel);
        assert_eq!(case.look(Some(case.oskar)).expect("a link"), open);
        office.wait(30 * DAY);
        assert_eq!(case.look(Some(case.oskar)).expect("a link"), open);
    }

    fn n8_where_somebody_else_is_signed_in_nothing_happens(office) {
        let case = Case::new(office);
        let maria = case.firm.client_actor("Maria", &[case.firm.company("Santos")]);
        for other in [maria, case.firm.ada] {
            assert_eq!(case.look(Some(other)).expect("a link"), Outcome::SomebodyElse);
            let (workspace, secret) = (case.firm.workspace, case.secret.clone());
            let answer = Answer { id: office.message_id(), text: "Not me".to_string(), attachments: Vec::new(), shown: Some(4) };
            let done = office.write(move |tx| reply_links::reply(tx, workspace, &secret, Some(&other), &answer));
            assert_eq!(done.expect("an answer"), ReplyOutcome::No(Outcome::SomebodyElse));
        }
        assert_eq!(office.texts(case.firm.ada, case.channel).len(), 4);
        assert_eq!(office.member(case.oskar, case.channel).read_position, 0);
    }

    fn n8_a_workspace_may_demand_signing_in_first_also_for_links_sent_before(office) {
        let case = Case::new(office);
        let (ada, change) = (
            case.firm.ada,
            MessagingChange { reply_links: Some(ReplyLinks::SignIn), ..MessagingChange::default() },
        );
        office.write(move |tx| administration::settings::change_messaging(tx, &ada, &change)).expect("a change");
        case.is_closed(&Outcome::SignIn(case.channel));
        assert_eq!(case.look(Some(case.oskar)).expect("a link"), Outcome::Portal(case.oskar, case.channel));
    }

    fn n8_what_is_no_link_of_this_workspace_is_not_there(office) {
        let case = Case::new(office);
        let other = office.firm("other.example");
        let secret = case.secret.clone();
        not_found(office.read(move |reader| reply_links::resolve(reader, other.workspace, &secret, None)));
        let mut tampered = case.secret.clone();
        tampered.replace_range(0..1, if tampered.starts_with('a') { "b" } else { "a" });
        for wrong in [tampered, case.secret.to_uppercase() + "A", String::new(), "\u{0}😀".to_string()] {
            let workspace = case.firm.workspace;
            let looked = wrong.clone();
            not_found(office.read(move |reader| reply_links::resolve(reader, workspace, &looked, None)));
            not_found(office.write(move |tx| reply_links::ask_fresh(tx, workspace, &wrong, None, "192.0.2.1")));
        }
    }

    fn n13_with_the_access_an_old_link_shows_and_does_nothing(office) {
        let case = Case::new(office);
        let project = case.firm.project("Renovation", &[case.oskar.person], &[case.firm.ada.person]);
        let channel = case.firm.channel(starting::Subject::Project(project));
        office.posts(case.firm.ada, channel, "Plans");
        let secret = link(&case.firm, case.oskar.person, channel, 0, 1);
        let case = Case { secret, channel, ..case };
        assert_eq!(case.page(None), ["Plans"]);
        let ada = case.firm.ada;
        let change = projects::ProjectInput { client_ids: Vec::new().into(), ..Default::default() };
        office.write(move |tx| projects::edit(tx, &ada, project, &change)).expect("a change");
        assert_eq!(case.seen(), Outcome::AccessLost);
        assert_eq!(case.look(Some(case.oskar)).expect("a link"), Outcome::AccessLost);
        assert_eq!(case.reply("late", None).expect("an answer"), ReplyOutcome::No(Outcome::AccessLost));
        assert_eq!(case.asks_fresh("192.0.2.1").expect("an answer"), ReplyOutcome::Yes(()));
        assert_eq!(column::<String>(&case.firm, "SELECT kind FROM deliveries WHERE workspace = $1"), [""; 0]);
    }

    fn n13_a_deactivated_person_and_one_who_left_lose_their_links(office) {
        let case = Case::new(office);
        let ben = case.firm.staff("Ben");
        let secret = link(&case.firm, ben.person, case.channel, 2, 4);
        let (oskars, channel) = (case.secret.clone(), case.channel);
        let case = Case { secret, ..case };
        assert_eq!(case.page(None), ["three", "four"]);
        office.write(move |tx| members::leave(tx, &ben, channel)).expect("leaving");
        case.is_closed(&Outcome::AccessLost);
        let case = Case { secret: oskars, ..case };
        assert_eq!(case.page(None), ["three", "four"]);
        case.firm.deactivate(case.firm.ada, case.oskar.person).expect("a deactivation");
        case.is_closed(&Outcome::AccessLost);
    }

    fn n8_links_can_be_revoked_by_their_owner_and_end_with_the_address(office) {
        let case = Case::new(office);
        let oskar = case.oskar;
        office.write(move |tx| reply_links::revoke_mine(tx, &oskar)).expect("a revocation");
        case.is_closed(&Outcome::Revoked);

        let case = Case { secret: link(&case.firm, oskar.person, case.channel, 2, 4), ..case };
        assert!(matches!(case.seen(), Outcome::Reply(..)));
        let change = ClientInput { email: "new@client.example".to_string().into(), ..Default::default() };
        case.firm.edit_client(case.firm.ada, oskar.person, change).expect("a change");
        case.is_closed(&Outcome::Revoked);
    }

    fn n8_a_fresh_link_goes_to_the_address_on_file_when_asked(office) {
        let case = Case::new(office);
        assert!(matches!(case.asks_fresh("192.0.2.1"), Ok(ReplyOutcome::No(Outcome::Reply(..)))));
        office.wait(14 * DAY);
        assert_eq!(case.asks_fresh("192.0.2.1").expect("an answer"), ReplyOutcome::Yes(()));
        assert_eq!(column::<String>(&case.firm, "SELECT kind FROM deliveries WHERE workspace = $1"), ["freshLink"]);
        let asked = column::<FreshLinkId>(&case.firm, "SELECT id FROM fresh_links WHERE workspace = $1");
        let (workspace, id) = (case.firm.workspace, asked[0]);
        let prepared = office.write(move |tx| reply_links::prepare_fresh(tx, workspace, id)).expect("an answer");
        let prepared = prepared.expect("a mail");
        assert_eq!((prepared.to.name.email.as_str(), prepared.title.as_str()), ("oskar@client.example", "Brand"));
        case.is_closed(&Outcome::Expired);
        let case = Case { secret: prepared.secret.reveal().to_string(), ..case };
        assert_eq!(case.page(None), ["three", "four"]);
    }

    fn n8_fresh_links_are_limited_by_person_and_by_sender(office) {
        let case = Case::new(office);
        office.wait(14 * DAY);
        for number in 0..reply_links::FRESH_MAX {
            case.asks_fresh(&format!("192.0.2.{number}")).expect("an answer");
        }
        assert!(matches!(case.asks_fresh("192.0.2.99"), Err(Error::TooMany(_))));
        office.wait(Duration::from_secs(3600));
        case.asks_fresh("192.0.2.99").expect("an answer");

        let mut case = case;
        let mut asked = 1;
        for number in 0..reply_links::FRESH_BY_SENDER_MAX {
            let client = case.firm.client_named(&format!("Client {number}"), &[]);
            let channel = case.firm.channel_of(client);
            case = Case { secret: link(&case.firm, client, channel, 0, 0), ..case };
            let workspace = case.firm.workspace;
            office.write(move |tx| {
                let sql = "UPDATE reply_links SET revoked_at = $2 WHERE workspace = $1 AND revoked_at IS NULL";
                Ok(tx.run(sql, &[&workspace, &tx.now()])?)
            }).expect("a revocation");
            match case.asks_fresh("192.0.2.99") {
                Ok(done) => assert_eq!(done, ReplyOutcome::Yes(())),
                Err(error) => {
                    assert!(matches!(error, Error::TooMany(_)));
                    break;
                }
            }
            asked += 1;
        }
        assert_eq!(asked, reply_links::FRESH_BY_SENDER_MAX);
    }

    fn n8_answers_by_links_are_limited(office) {
        let case = Case::new(office);
        for _ in 0..reply_links::REPLIES_MAX {
            assert!(matches!(case.reply("and on", None), Ok(ReplyOutcome::Yes(_))));
        }
        assert!(matches!(case.reply("and on", None), Err(Error::TooMany(_))));
    }

    fn n8_links_long_expired_are_swept_and_only_those(office) {
        let case = Case::new(office);
        office.wait(14 * DAY);
        assert_eq!(office.write(|tx| reply_links::sweep(tx)).expect("a sweep"), 0);
        case.asks_fresh("192.0.2.1").expect("an answer");
        office.wait(180 * DAY);
        assert_eq!(office.write(|tx| reply_links::sweep(tx)).expect("a sweep"), 2);
        not_found(case.look(None));
    }

    fn n2_the_wait_is_one_to_sixty_minutes_and_for_admins_to_change(office) {
        let firm = office.firm("wait.example");
        let change = |who: Actor, minutes: i64| {
            let change = MessagingChange { wait_minutes: Some(minutes), ..MessagingChange::default() };
            office.write(move |tx| administration::settings::change_messaging(tx, &who, &change))
        };
        let workspace = firm.workspace;
        let now = || office.read(move |reader| tenant::settings::messaging(reader, workspace)).expect("settings");
        assert_eq!((now().wait_minutes, now().hide_text_at, now().reply_links), (5, None, ReplyLinks::Reply));
        for minutes in [1, 60, 7] {
            change(firm.ada, minutes).expect("a change");
            assert_eq!(now().wait_minutes, minutes);
        }
        for minutes in [0, 61, -1, i64::MAX] {
            assert!(matches!(change(firm.ada, minutes), Err(Error::Field { field: "waitMinutes", .. })));
        }
        forbidden(change(firm.staff("Ben"), 3));
        not_found(change(firm.client_actor("Bo", &[]), 3));
        assert_eq!(now().wait_minutes, 7);

        let ada = firm.ada;
        let hide = MessagingChange { hide_text: Some(true), ..MessagingChange::default() };
        office.write(move |tx| administration::settings::change_messaging(tx, &ada, &hide)).expect("a change");
        assert_eq!(now().hide_text_at, Some(office.now()));
        let show = MessagingChange { hide_text: Some(false), ..MessagingChange::default() };
        office.write(move |tx| administration::settings::change_messaging(tx, &ada, &show)).expect("a change");
        assert_eq!((now().hide_text_at, now().wait_minutes), (None, 7));
    }

    fn n8_signing_in_links_called_off_take_reply_links_with_them(office) {
        let case = Case::new(office);
        let (workspace, oskar) = (case.firm.workspace, case.oskar.person);
        office.write(move |tx| sign_in_requests::call_off(tx, workspace, oskar)).expect("calling off");
        case.is_closed(&Outcome::Revoked);
    }
}
