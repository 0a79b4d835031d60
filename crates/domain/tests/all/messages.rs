//! Messages: sent once, in one order, with a read position that only moves forward (M1 to M8).

use domain::administration::team::InternalInput;
use domain::channels::list;
use domain::kernel::error::{Error, Problem};
use domain::kernel::ids::{ChannelId, MessageId};
use domain::kernel::journal::Event;
use domain::kernel::limits;
use domain::messages::message::Window;
use proptest::prelude::*;
use store::Time;
use uuid::Uuid;

both_engines! {
    fn m1_a_text_that_cannot_be_taken_leaves_nothing_behind(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let long = "ü".repeat(limits::MESSAGE_CHARACTERS + 1);
        let huge = "x".repeat(100_000);
        let cases = [
            ("", Problem::Empty),
            (" \n\t", Problem::Empty),
            ("\u{200b}\u{200d}\u{202e}", Problem::Empty),
            (long.as_str(), Problem::TooLong(limits::MESSAGE_CHARACTERS)),
            (huge.as_str(), Problem::TooLong(limits::MESSAGE_CHARACTERS)),
            ("a\u{0}b", Problem::ControlCharacters),
            ("a\u{1b}[31m", Problem::ControlCharacters),
        ];
        for (text, problem) in cases {
            match office.sends(maria, &office.draft(channel, text, None)) {
                Err(Error::Field { field: "text", problem: found }) => assert_eq!(found, problem),
                other => panic!("{:?}: {other:?}", text.chars().take(20).collect::<String>()),
            }
        }
        assert!(office.texts(maria, channel).is_empty());
        assert_eq!(office.sees(maria, channel).expect("a channel").last_position, 0);
    }

    fn m1_every_other_text_comes_back_as_it_was_sent(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let texts = [
            "<script>alert(1)</script>".to_string(),
            "\u{202e}gnp.exe\u{202c} \u{202e} abc".to_string(),
            "a\u{200b}b 👩‍👩‍👧‍👦 𝒳 \u{10ffff} e\u{301}".to_string(),
            "'; DROP TABLE messages; -- $1 %s {{x}}".to_string(),
            "  spaces and\n\n\nlines\tkept  ".to_string(),
            "𝒳".repeat(limits::MESSAGE_CHARACTERS),
        ];
        for text in &texts {
            office.posts(maria, channel, text);
        }
        assert_eq!(office.texts(firm.ada, channel), texts);
        let message = office.posts(maria, channel, "a\r\nb\rc");
        assert_eq!(message.text, "a\nb\nc");
    }

    fn m2_the_same_id_again_changes_nothing_and_answers_the_same(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let draft = office.draft(channel, "once", None);
        let first = office.sends(maria, &draft).expect("sent");
        let told = firm.told().len();
        office.wait_minutes(5);
        let mut again = draft.clone();
        again.text = "something else".to_string();
        for repeat in [&draft, &again] {
            assert_eq!(office.sends(maria, repeat).expect("the same answer"), first);
        }
        assert_eq!(office.texts(firm.ada, channel), ["once"]);
        assert_eq!(firm.told().len(), told, "nobody hears of it twice");
        assert_eq!(office.unread(firm.ada, channel), 1);
    }

    fn m2_an_id_that_stands_for_another_message_is_refused(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let otto = firm.client_actor("Otto", &[]);
        let (hers, his) = (firm.channel_of(maria.person), firm.channel_of(otto.person));
        let draft = office.draft(hers, "mine", None);
        office.sends(maria, &draft).expect("sent");
        let mut theirs = draft.clone();
        theirs.channel = his;
        assert!(matches!(office.sends(otto, &theirs), Err(Error::Conflict(_))));
        assert!(matches!(office.sends(otto, &draft), Err(Error::NotFound)), "he cannot see that channel at all");
        assert!(matches!(office.sends(firm.ada, &draft), Err(Error::Conflict(_))));
        assert!(office.texts(otto, his).is_empty());
    }

    fn m2_an_id_of_another_kind_is_refused(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let mut draft = office.draft(firm.channel_of(maria.person), "hello", None);
        for id in [Uuid::nil(), Uuid::max(), Uuid::new_v8([7; 16])] {
            draft.id = MessageId(id);
            let refused = office.sends(maria, &draft);
            assert!(matches!(refused, Err(Error::Field { field: "id", problem: Problem::NoId })));
        }
    }

    fn m4_pages_are_in_order_and_meet_without_gap_or_double(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        for number in 1..=25 {
            office.posts(if number % 2 == 0 { maria } else { firm.ada }, channel, &number.to_string());
        }
        let positions = |stretch| -> Vec<i64> {
            office.page(maria, channel, stretch, 10).expect("a page").iter().map(|message| message.position).collect()
        };
        assert_eq!(positions(Window::Newest), (16..=25).collect::<Vec<_>>());
        assert_eq!(positions(Window::Before(16)), (6..=15).collect::<Vec<_>>());
        assert_eq!(positions(Window::Before(6)), (1..=5).collect::<Vec<_>>());
        assert_eq!(positions(Window::After(5)), (6..=15).collect::<Vec<_>>());
        assert_eq!(positions(Window::After(25)), Vec::<i64>::new());
    }

    fn m5_only_the_author_edits_and_it_is_marked(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let message = office.posts(maria, channel, "Fridya");
        office.wait_minutes(1);
        assert!(matches!(office.edits(firm.ada, message.id, "x"), Err(Error::Forbidden)));
        assert!(matches!(office.edits(maria, message.id, ""), Err(Error::Field { .. })));
        let edited = office.edits(maria, message.id, "Friday").expect("edited");
        assert_eq!((edited.text.as_str(), edited.edited_at), ("Friday", Some(office.now())));
        assert_eq!((edited.sent_at, edited.position), (message.sent_at, message.position));
        let told = firm.told().len();
        office.edits(maria, message.id, "Friday").expect("the same text again");
        assert_eq!(firm.told().len(), told, "the same text again is no change");
    }

    fn m5_deleting_leaves_a_tombstone_and_no_text_anywhere(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let message = office.posts(maria, channel, "zanzibar @Ada");
        assert!(matches!(office.deletes(firm.ada, message.id), Err(Error::Forbidden)));
        let tombstone = office.deletes(maria, message.id).expect("deleted");
        assert_eq!((tombstone.text.as_str(), tombstone.deleted_at), ("", Some(office.now())));
        assert_eq!(office.deletes(maria, message.id).expect("again"), tombstone);
        assert!(matches!(office.edits(maria, message.id, "back"), Err(Error::Conflict(_))));
        assert_eq!(office.page(firm.ada, channel, Window::Newest, 10).expect("a page"), [tombstone]);
        let everything = office.read(|reader| {
            let mut texts: Vec<String> = reader.all("SELECT text FROM messages", &[], |row| row.get(0))?;
            texts.extend(reader.all("SELECT payload FROM journal", &[], |row| row.get::<String>(0))?);
            texts.extend(reader.all("SELECT name FROM mentions", &[], |row| row.get::<String>(0))?);
            Ok(texts)
        });
        assert!(everything.expect("texts").iter().all(|text| !text.contains("zanzibar") && !text.contains("Ada")));
    }

    fn m6_reading_moves_forward_only_and_never_past_the_newest(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        for number in 0..5 {
            office.posts(firm.ada, channel, &number.to_string());
        }
        assert_eq!(office.unread(maria, channel), 5);
        assert_eq!(office.reads(maria, channel, 3).expect("read"), 3);
        assert_eq!(office.reads(maria, channel, 1).expect("read"), 3);
        assert_eq!(office.reads(maria, channel, -7).expect("read"), 3);
        assert_eq!(office.unread(maria, channel), 2);
        assert_eq!(office.reads(maria, channel, i64::MAX).expect("read"), 5);
        assert_eq!(office.unread(maria, channel), 0);
        let moves: Vec<i64> = firm
            .told()
            .into_iter()
            .filter_map(|event| match event {
                Event::ChannelRead { position, person, .. } if person == maria.person => Some(position),
                _ => None,
            })
            .collect();
        assert_eq!(moves, [3, 5], "what moved nothing is not told");
    }

    fn m6_looking_reads_nothing(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        office.posts(firm.ada, channel, "hello");
        office.texts(maria, channel);
        office.list(maria, list::Filter::default());
        assert_eq!(office.unread(maria, channel), 1);
    }

    fn m6_answering_reads_what_the_page_showed_and_no_more(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let shown = office.posts(firm.ada, channel, "on screen").position;
        office.posts(firm.ada, channel, "came while she was typing");
        office.sends(maria, &office.draft(channel, "answer", Some(shown))).expect("sent");
        assert_eq!(office.unread(maria, channel), 1);
        assert_eq!(office.member(maria, channel).read_position, shown);
        office.reads(maria, channel, 3).expect("read");
        assert_eq!(office.unread(maria, channel), 0);
    }

    fn m7_own_and_deleted_messages_do_not_count(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let first = office.posts(firm.ada, channel, "one");
        office.posts(firm.ada, channel, "two");
        office.posts(maria, channel, "mine, with two waiting");
        assert_eq!(office.unread(maria, channel), 2);
        office.deletes(firm.ada, first.id).expect("deleted");
        assert_eq!(office.unread(maria, channel), 1);
        assert_eq!(office.unread(firm.ada, channel), 1);
        office.reads(maria, channel, 1).expect("read");
        assert_eq!(office.unread(maria, channel), 1);
        office.reads(maria, channel, 2).expect("read");
        assert_eq!(office.unread(maria, channel), 0, "what is left is her own");
        office.posts(maria, channel, "mine, with nothing waiting");
        assert_eq!(office.unread(maria, channel), 0);
    }

    fn m8_members_who_are_named_are_mentioned(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        firm.client_actor("Otto", &[]);
        let channel = firm.channel_of(maria.person);
        let message = office.posts(maria, channel, "@Ada Admin and @Otto, see mail@Ada");
        assert_eq!(message.mentions, [(firm.ada.person, "Ada Admin".to_string())], "Otto is no member");
        let edited = office.edits(maria, message.id, "nobody").expect("edited");
        assert!(edited.mentions.is_empty());
        let other = firm.staff("Bo");
        let change = InternalInput { given_name: "Ada".to_string().into(), ..InternalInput::default() };
        firm.edit_internal(firm.ada, other.person, change).expect("another Ada");
        let both = office.posts(maria, channel, "@Ada");
        assert_eq!(both.mentions.len(), 2, "both are called Ada");
        let one = office.posts(maria, channel, "@Ada Firm");
        assert_eq!(one.mentions, [(other.person, "Ada Firm".to_string())]);
    }

    fn n_workspaces_do_not_share_ids(office) {
        let (one, two) = (office.firm("a.example"), office.firm("b.example"));
        let (maria, bo) = (one.client_actor("Maria", &[]), two.client_actor("Bo", &[]));
        let draft = office.draft(one.channel_of(maria.person), "one", None);
        office.sends(maria, &draft).expect("sent");
        let mut same = draft.clone();
        same.channel = two.channel_of(bo.person);
        same.text = "two".to_string();
        office.sends(bo, &same).expect("an id of another workspace says nothing here");
        assert_eq!(office.texts(bo, same.channel), ["two"]);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Post { who: usize, shown: Option<usize> },
    Delete { message: usize },
    Read { who: usize, share: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..3_usize, proptest::option::of(0..30_usize)).prop_map(|(who, shown)| Step::Post { who, shown }),
        1 => (0..30_usize).prop_map(|message| Step::Delete { message }),
        2 => (0..3_usize, 0..30_usize).prop_map(|(who, share)| Step::Read { who, share }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Computing unread counts by subtraction gives the same result as counting, whatever people do.
    #[test]
    fn m7_unread_is_what_counting_would_say(steps in proptest::collection::vec(step(), 1..40)) {
        let office = crate::support::Office::on_sqlite();
        let firm = office.firm("a.example");
        let people = [firm.ada, firm.staff("Tom"), firm.client_actor("Maria", &[])];
        let channel: ChannelId = firm.channel_of(people[2].person);
        for step in steps {
            let newest = office.sees(firm.ada, channel).unwrap().last_position;
            match step {
                Step::Post { who, shown } => {
                    let shown = shown.map(|shown| shown as i64);
                    office.sends(people[who], &office.draft(channel, "x", shown)).unwrap();
                }
                Step::Delete { message } => {
                    let page = office.page(firm.ada, channel, Window::Newest, 100).unwrap();
                    if let Some(message) = page.get(message) {
                        let author = people.iter().find(|actor| actor.person == message.author).unwrap();
                        office.deletes(*author, message.id).unwrap();
                    }
                }
                Step::Read { who, share } => {
                    office.reads(people[who], channel, newest * share as i64 / 30).unwrap();
                }
            }
            for who in people {
                let member = office.member(who, channel);
                let counted = office
                    .page(who, channel, Window::After(member.read_position), 1000)
                    .unwrap()
                    .iter()
                    .filter(|message| message.author != who.person && message.deleted_at.is_none())
                    .count();
                prop_assert_eq!(office.unread(who, channel), counted as i64);
            }
        }
    }
}

#[test]
fn ids_of_the_same_moment_differ() {
    assert_ne!(MessageId::new(Time(5)), MessageId::new(Time(5)));
}
