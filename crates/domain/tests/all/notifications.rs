//! In-product notifications: one per recipient and channel while something that counts is unread (N15).

use crate::support::Office;
use crate::support::people::{Firm, not_found};
use domain::arrival::invitations;
use domain::channels::notifications::{self, Notification, Place, Search};
use domain::channels::{members, notification_marks, starting};
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::{ChannelId, NotificationId, PersonId};
use domain::messages::message;
use domain::notify::muting;
use domain::tenant::api_keys;
use proptest::prelude::*;

fn list(office: &Office, actor: Actor, recipient: Option<PersonId>, include_read: bool) -> Vec<Notification> {
    let search = Search { recipient, include_read, after: None };
    office.read(move |reader| notifications::list(reader, &actor, &search, 1_000)).expect("a list")
}

/// The beginnings of somebody's open notifications.
fn open(office: &Office, program: Actor, who: Actor) -> Vec<String> {
    list(office, program, Some(who.person), false).into_iter().map(|found| found.text).collect()
}

/// The beginnings of all of somebody's notifications, and whether each is read.
fn all(office: &Office, program: Actor, who: Actor) -> Vec<(String, bool)> {
    let found = list(office, program, Some(who.person), true);
    found.into_iter().map(|found| (found.text.clone(), found.read_at.is_some())).collect()
}

fn pairs(list: &[(&str, bool)]) -> Vec<(String, bool)> {
    list.iter().map(|(text, is_read)| (text.to_string(), *is_read)).collect()
}

fn mark(office: &Office, actor: Actor, id: NotificationId, is_read: bool) -> error::Result<Notification> {
    office.write(move |tx| match is_read {
        true => notification_marks::mark_read(tx, &actor, id),
        false => notification_marks::mark_unread(tx, &actor, id),
    })
}

/// An API client of a firm, which sees everybody's notifications.
fn program_of(firm: &Firm<'_>) -> Actor {
    let ada = firm.ada;
    let secret = firm.office.write(move |tx| api_keys::create(tx, &ada, "Import")).expect("a key");
    let secret = secret.reveal().to_string();
    let found = firm.office.read(move |reader| api_keys::of_secret(reader, &secret)).expect("an answer");
    found.expect("a program").0
}

/// An invited client user and their channel.
fn client(office: &Office, firm: &Firm<'_>, given: &str) -> (Actor, ChannelId) {
    let actor = firm.client_actor(given, &[]);
    let (ada, person) = (firm.ada, actor.person);
    office.write(move |tx| invitations::invite(tx, &ada, person)).expect("an invitation");
    (actor, firm.channel_of(person))
}

both_engines! {
    fn n15_there_is_one_for_each_recipient_and_channel_while_something_is_unread(office) {
        let firm = office.firm("a.example");
        let program = program_of(&firm);
        let tom = firm.staff("Tom");
        let (maria, channel) = client(office, &firm, "Maria");
        assert!(open(office, program, maria).is_empty());
        let first = office.posts(tom, channel, "one");
        office.wait_minutes(1);
        office.posts(tom, channel, "two");
        let found = list(office, program, Some(maria.person), false);
        assert_eq!(found.len(), 1);
        let one = &found[0];
        assert_eq!((one.recipient, one.channel, one.message), (maria.person, channel, first.id));
        assert_eq!((one.sender, one.created_at, one.read_at), (tom.person, first.sent_at, None));
        assert_eq!(one.sender_name.full(), "Tom Firm");
        // The author has no notification; everybody else who may see the channel has one.
        assert!(open(office, program, tom).is_empty());
        office.reads(maria, channel, 2).expect("read");
        assert!(open(office, program, maria).is_empty());
        let over = list(office, program, Some(maria.person), true);
        assert_eq!((over.len(), over[0].id, over[0].read_at), (1, one.id, Some(office.now())));
    }

    fn n15_reading_a_part_leaves_one_about_the_rest(office) {
        let firm = office.firm("a.example");
        let program = program_of(&firm);
        let (maria, channel) = client(office, &firm, "Maria");
        for text in ["one", "two", "three"] {
            office.posts(firm.ada, channel, text);
            office.wait_minutes(1);
        }
        office.reads(maria, channel, 1).expect("read");
        assert_eq!(all(office, program, maria), pairs(&[("two", false), ("one", true)]));
        office.reads(maria, channel, 3).expect("read");
        assert_eq!(all(office, program, maria), pairs(&[("two", true), ("one", true)]));
    }

    fn n15_what_does_not_count_makes_none(office) {
        let firm = office.firm("a.example");
        let program = program_of(&firm);
        let tom = firm.staff("Tom");
        let (maria, channel) = client(office, &firm, "Maria");
        let never_invited = firm.client_actor("Nora", &[]);
        let other = firm.channel_of(never_invited.person);
        office.posts(maria, channel, "mine");
        office.posts(tom, other, "unheard");
        assert!(open(office, program, maria).is_empty(), "one's own");
        assert!(open(office, program, never_invited).is_empty(), "never invited");
        let gone = office.posts(tom, channel, "gone");
        office.wait_minutes(1);
        office.posts(tom, channel, "stays");
        office.deletes(tom, gone.id).expect("deleted");
        assert_eq!(open(office, program, maria), ["stays"]);
        // Staff get notifications once invited, as everybody does.
        let (ada, person) = (firm.ada, tom.person);
        office.write(move |tx| invitations::invite(tx, &ada, person)).expect("an invitation");
        assert_eq!(open(office, program, tom), ["mine"]);
        office.write(move |tx| muting::mute(tx, &tom, channel, true)).expect("muted");
        assert!(open(office, program, tom).is_empty(), "muted");
        office.write(move |tx| muting::mute(tx, &tom, channel, false)).expect("unmuted");
        office.write(move |tx| members::leave(tx, &tom, channel)).expect("left");
        assert!(open(office, program, tom).is_empty(), "left");
        let (ada, id) = (firm.ada, never_invited.person);
        office.write(move |tx| invitations::invite(tx, &ada, id)).expect("an invitation");
        assert_eq!(open(office, program, never_invited), ["unheard"], "it waits for them once they are");
    }

    fn n15_a_deleted_message_is_in_none_that_is_over_either(office) {
        let firm = office.firm("a.example");
        let program = program_of(&firm);
        let (maria, channel) = client(office, &firm, "Maria");
        let message = office.posts(firm.ada, channel, "secret");
        office.reads(maria, channel, 1).expect("read");
        assert_eq!(all(office, program, maria).len(), 1);
        office.deletes(firm.ada, message.id).expect("deleted");
        assert!(all(office, program, maria).is_empty());
    }

    fn n15_one_marked_as_read_is_over_and_the_next_message_makes_another(office) {
        let firm = office.firm("a.example");
        let program = program_of(&firm);
        let (maria, channel) = client(office, &firm, "Maria");
        office.posts(firm.ada, channel, "one");
        let one = list(office, program, Some(maria.person), false).remove(0);
        let read = mark(office, program, one.id, true).expect("marked");
        assert_eq!((read.id, read.read_at), (one.id, Some(office.now())));
        assert_eq!(mark(office, program, one.id, true).expect("again"), read);
        assert!(open(office, program, maria).is_empty());
        assert_eq!(office.unread(maria, channel), 1, "the channel stays unread");
        office.wait_minutes(1);
        office.posts(firm.ada, channel, "two");
        assert_eq!(all(office, program, maria), pairs(&[("two", false), ("one", true)]));

        // Marked unread again, it merges with the newer one: both are about what is unread.
        let again = mark(office, program, one.id, false).expect("unmarked");
        assert_eq!((again.id, again.read_at), (one.id, None));
        assert_eq!(all(office, program, maria), pairs(&[("one", false)]));
        office.reads(maria, channel, 2).expect("read");
        assert_eq!(all(office, program, maria), pairs(&[("one", true)]));
    }

    fn n15_one_marked_as_unread_is_read_with_the_channel(office) {
        let firm = office.firm("a.example");
        let program = program_of(&firm);
        let (maria, channel) = client(office, &firm, "Maria");
        office.posts(firm.ada, channel, "one");
        office.reads(maria, channel, 1).expect("read");
        let one = list(office, program, Some(maria.person), true).remove(0);
        assert_eq!(mark(office, program, one.id, false).expect("unmarked").read_at, None);
        assert_eq!(open(office, program, maria), ["one"]);
        office.wait_minutes(1);
        office.posts(firm.ada, channel, "two");
        assert_eq!(open(office, program, maria), ["two", "one"]);
        office.reads(maria, channel, 2).expect("read");
        assert!(open(office, program, maria).is_empty());
        let one = mark(office, program, one.id, false).expect("unmarked");
        assert_eq!(mark(office, program, one.id, true).expect("marked").read_at, Some(office.now()));
    }

    fn n15_one_that_was_deleted_does_not_come_back(office) {
        let firm = office.firm("a.example");
        let program = program_of(&firm);
        let (maria, channel) = client(office, &firm, "Maria");
        office.posts(firm.ada, channel, "one");
        let one = list(office, program, Some(maria.person), false).remove(0);
        let ada = program;
        office.write(move |tx| notification_marks::delete(tx, &ada, one.id)).expect("deleted");
        assert!(all(office, program, maria).is_empty());
        not_found(office.write(move |tx| notification_marks::delete(tx, &ada, one.id)));
        not_found(mark(office, program, one.id, false));
        assert_eq!(office.unread(maria, channel), 1);
        office.wait_minutes(1);
        office.posts(firm.ada, channel, "two");
        office.reads(maria, channel, 2).expect("read");
        assert_eq!(all(office, program, maria), pairs(&[("two", true)]));
        let two = list(office, program, Some(maria.person), true).remove(0);
        office.write(move |tx| notification_marks::delete(tx, &ada, two.id)).expect("deleted");
        assert!(all(office, program, maria).is_empty());
    }

    fn n15_everybody_sees_their_own_and_programs_all_of_the_workspace(office) {
        let (firm, elsewhere) = (office.firm("a.example"), office.firm("b.example"));
        let (program, other) = (program_of(&firm), program_of(&elsewhere));
        let (maria, channel) = client(office, &firm, "Maria");
        let (oskar, _) = client(office, &firm, "Oskar");
        let ada = firm.ada;
        office.write(move |tx| invitations::invite(tx, &ada, ada.person)).expect("an invitation");
        office.posts(firm.ada, channel, "one");
        office.wait_minutes(1);
        office.posts(maria, channel, "answer");
        let found = list(office, program, None, false);
        let mut recipients: Vec<PersonId> = found.iter().map(|found| found.recipient).collect();
        recipients.sort_unstable();
        let mut expected = vec![firm.ada.person, maria.person];
        expected.sort_unstable();
        assert_eq!(recipients, expected);
        assert_eq!(list(office, maria, None, false).len(), 1);
        let id = list(office, maria, None, false)[0].id;
        assert!(list(office, oskar, None, true).is_empty());
        let search = Search { recipient: Some(maria.person), ..Search::default() };
        not_found(office.read(move |reader| notifications::list(reader, &oskar, &search, 10)));
        for stranger in [oskar, elsewhere.ada, other, firm.ada] {
            not_found(mark(office, stranger, id, true));
            not_found(office.write(move |tx| notification_marks::delete(tx, &stranger, id)));
            not_found(office.read(move |reader| notifications::find(reader, &stranger, id)));
        }
        assert!(list(office, other, None, true).is_empty());
        assert!(list(office, other, Some(maria.person), true).is_empty());
        assert_eq!(mark(office, maria, id, true).expect("marked").id, id);
    }

    fn n15_who_lost_access_has_none(office) {
        let firm = office.firm("a.example");
        let program = program_of(&firm);
        let (northwind, brightwater) = (firm.company("Northwind"), firm.company("Brightwater"));
        let maria = firm.client_actor("Maria", &[northwind]);
        let (ada, person) = (firm.ada, maria.person);
        office.write(move |tx| invitations::invite(tx, &ada, person)).expect("an invitation");
        let channel = firm.channel(starting::Subject::Company(northwind));
        office.posts(firm.ada, channel, "one");
        office.reads(maria, channel, 1).expect("read");
        office.wait_minutes(1);
        office.posts(firm.ada, channel, "two");
        let found = list(office, program, Some(maria.person), true);
        assert_eq!(found.len(), 2);
        firm.move_client(maria.person, &[brightwater]);
        assert!(all(office, program, maria).is_empty());
        for one in found {
            not_found(mark(office, program, one.id, true));
        }
    }

    fn n15_pages_stay_right_while_more_is_written_and_read(office) {
        let firm = office.firm("a.example");
        let program = program_of(&firm);
        let people: Vec<_> = (0..6).map(|number| client(office, &firm, &format!("P{number}"))).collect();
        for round in 0..4 {
            for (who, channel) in &people {
                // Some at exactly the same time.
                if round % 2 == 0 {
                    office.wait_minutes(1);
                }
                let message = office.posts(firm.ada, *channel, &format!("{round}"));
                if round < 3 {
                    office.reads(*who, *channel, message.position).expect("read");
                }
            }
        }
        let expected = list(office, program, None, true);
        assert_eq!(expected.len(), 24);
        assert!(expected.windows(2).all(|pair| pair[0].created_at >= pair[1].created_at));
        let mut after: Option<Place> = None;
        let mut found = Vec::new();
        loop {
            let (ada, search) = (program, Search { include_read: true, after, ..Search::default() });
            let page = office.read(move |reader| notifications::list(reader, &ada, &search, 5)).expect("a page");
            let Some(last) = page.last() else { break };
            after = Some(last.place());
            found.extend(page.into_iter().map(|found| found.id));
            // Some are read while the list is paged, and new ones are added.
            let (who, channel) = people[found.len() % people.len()];
            office.reads(who, channel, 4).expect("read");
            office.wait_minutes(1);
            office.posts(firm.ada, channel, "more");
        }
        let expected: Vec<_> = expected.into_iter().map(|found| found.id).collect();
        assert_eq!(found, expected);
    }

    fn n15_an_unknown_id_is_not_there(office) {
        let firm = office.firm("a.example");
        let program = program_of(&firm);
        let (_, channel) = client(office, &firm, "Maria");
        let message = office.posts(firm.ada, channel, "one");
        for id in [NotificationId(message.id.0), NotificationId::new(office.now()), NotificationId(uuid::Uuid::nil()), NotificationId(uuid::Uuid::max())] {
            not_found(mark(office, program, id, true));
        }
    }
}

/// An action in a random sequence.
#[derive(Clone, Copy, Debug)]
enum Step {
    Posts,
    Answers,
    DeletesNewest,
    Reads(i64),
    MarksRead(usize),
    MarksUnread(usize),
    Deletes(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => Just(Step::Posts),
        2 => Just(Step::Answers),
        1 => Just(Step::DeletesNewest),
        4 => (0_i64..4).prop_map(Step::Reads),
        2 => (0_usize..4).prop_map(Step::MarksRead),
        1 => (0_usize..4).prop_map(Step::MarksUnread),
        1 => (0_usize..4).prop_map(Step::Deletes),
    ];
    prop::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn n15_whatever_happens_what_is_unread_has_one_and_what_is_read_has_none(steps in steps()) {
        let office = Office::on_sqlite();
        let firm = office.firm("a.example");
        let program = program_of(&firm);
        let (maria, channel) = client(&office, &firm, "Maria");
        let mut posted = Vec::new();
        // The newest position up to which everything has been seen, on screen or by marking it read.
        let mut settled = 0;
        let mut has_marked_unread = false;
        for step in steps {
            office.wait_minutes(1);
            let shown = list(&office, program, Some(maria.person), true);
            let newest = office.sees(maria, channel).expect("a channel").last_position;
            let pick = |place: usize| (!shown.is_empty()).then(|| &shown[place % shown.len()]);
            match step {
                Step::Posts => posted.push(office.posts(firm.ada, channel, "x").id),
                Step::Answers => drop(office.posts(maria, channel, "y")),
                Step::DeletesNewest => {
                    if let Some(message) = posted.pop() {
                        office.deletes(firm.ada, message).expect("deleted");
                    }
                }
                Step::Reads(back) => {
                    let read = office.reads(maria, channel, newest - back).expect("read");
                    settled = settled.max(read);
                }
                Step::MarksRead(place) => {
                    if let Some(picked) = pick(place) {
                        mark(&office, program, picked.id, true).expect("marked");
                        if picked.read_at.is_none() && picked.position > settled {
                            settled = newest;
                        }
                    }
                }
                Step::MarksUnread(place) => {
                    if let Some(picked) = pick(place) {
                        has_marked_unread = true;
                        prop_assert!(mark(&office, program, picked.id, false).expect("unmarked").read_at.is_none());
                    }
                }
                Step::Deletes(place) => {
                    if let Some(picked) = pick(place) {
                        let (ada, id) = (program, picked.id);
                        office.write(move |tx| notification_marks::delete(tx, &ada, id)).expect("deleted");
                        if picked.read_at.is_none() && picked.position > settled {
                            settled = newest;
                        }
                    }
                }
            }
            let all = list(&office, program, Some(maria.person), true);
            let mut ids: Vec<_> = all.iter().map(|found| found.id).collect();
            ids.sort_unstable();
            ids.dedup();
            prop_assert_eq!(ids.len(), all.len(), "no id twice");
            for found in &all {
                let ada = program;
                let id = found.id;
                let again = office.read(move |reader| notifications::find(reader, &ada, id)).expect("by its id");
                prop_assert_eq!(&again, found);
            }
            let unread: Vec<_> = all.iter().filter(|found| found.read_at.is_none()).collect();
            if !has_marked_unread {
                let page = office.page(maria, channel, message::Window::After(settled), 1_000).expect("a page");
                let first = page.iter().find(|message| message.author != maria.person && message.deleted_at.is_none());
                let expected: Vec<_> = first.map(|message| message.id).into_iter().collect();
                let found: Vec<_> = unread.iter().map(|found| found.message).collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
