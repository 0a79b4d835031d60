//! Search over one's own channels, with the same results on both engines (M8).

use std::time::Duration;

use crate::support::Office;
use crate::support::people::not_found;
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::{ChannelId, MessageId};
use domain::messages::search::{self, Cursor, Found};
use domain::messages::sending;
use proptest::prelude::*;
use store::Engine;

fn search(
    office: &Office,
    who: Actor,
    words: &str,
    channel: Option<ChannelId>,
    before: Option<Cursor>,
    most: i64,
) -> error::Result<Vec<Found>> {
    let words = words.to_string();
    while office.write(|tx| search::catch_up(tx)).expect("an index") {}
    office.read(move |reader| search::messages(reader, &who, &words, channel, before, most))
}

fn found(office: &Office, who: Actor, words: &str) -> Vec<String> {
    let found = search(office, who, words, None, None, 100).expect("an answer");
    found.into_iter().map(|found| found.message.text).collect()
}

/// Posts a message with a later time than all before.
fn posts(office: &Office, who: Actor, channel: ChannelId, text: &str) -> MessageId {
    office.wait(Duration::from_millis(1));
    office.posts(who, channel, text).id
}

both_engines! {
    fn m8_every_word_must_be_there_and_its_beginning_is_enough(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let deed = "The deed of **flat 4**, Harbour Road";
        let keys = "Keys for Harbour-Road: tomorrow?";
        for text in [deed, keys, "Nothing else"] {
            office.posts(maria, channel, text);
        }
        let both = vec![keys.to_string(), deed.to_string()];
        for words in ["harbour", "HARBOUR road", "road harb", "harbour-road", "\"harbour road\"", "harb r", " harbour "] {
            assert_eq!(found(office, maria, words), both, "{words}");
        }
        assert_eq!(found(office, maria, "deed harbour"), [deed]);
        assert_eq!(found(office, maria, "\"of flat\" 4"), [deed]);
        for words in ["harbour xylophone", "eed", "\"road harbour\"", "\"harb\"", "flat 5"] {
            assert!(found(office, maria, words).is_empty(), "{words}");
        }
    }

    fn m8_capitals_and_accents_make_no_difference_in_any_script(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        for (text, all_of) in [
            ("Treffen im CAFÉ", ["cafe", "Café", "cafe\u{301}", "CAFE"]),
            ("re\u{301}sume\u{301} sent", ["résumé", "resume", "RESUME", "Résu"]),
            ("Ünïcode straße", ["unicode", "Straße", "ünicode stra", "UNI"]),
            ("Завтра в Банке", ["завтра", "банке", "ЗАВТРА банк", "Зав"]),
            ("النص العربي", ["النص", "العربي", "العر", "النص العربي"]),
            ("Đặng Thị Ngọc", ["thi", "ngọc", "Ngoc", "ngo"]),
            ("契約書を送ります。明日", ["契約書", "契約", "明日", "契約書を送ります"]),
            ("Invoice2026 no 00417", ["invoice2026", "00417", "invoice", "004"]),
        ] {
            office.posts(maria, channel, text);
            for words in all_of {
                assert_eq!(found(office, maria, words), [text], "{words}");
            }
        }
    }

    fn m8_only_ones_own_channels_are_searched(office) {
        let firm = office.firm("a.example");
        let (north, south) = (firm.company("North"), firm.company("South"));
        let maria = firm.client_actor("Maria", &[north]);
        let outsider = firm.client_actor("Oskar", &[south]);
        let staff = firm.limited("Lena", &[south]);
        let channel = firm.channel_of(maria.person);
        posts(office, maria, channel, "the secret deed");
        posts(office, outsider, firm.channel_of(outsider.person), "another deed");
        assert_eq!(found(office, maria, "deed"), ["the secret deed"]);
        assert_eq!(found(office, outsider, "deed"), ["another deed"]);
        assert_eq!(found(office, staff, "deed"), ["another deed"]);
        assert_eq!(found(office, firm.ada, "deed"), ["another deed", "the secret deed"]);
        not_found(search(office, outsider, "deed", Some(channel), None, 10));
        let other = office.firm("b.example");
        assert!(found(office, other.ada, "deed").is_empty());
        not_found(search(office, other.ada, "deed", Some(channel), None, 10));
        firm.move_client(outsider.person, &[north]);
        assert!(found(office, staff, "deed").is_empty(), "access that ended finds nothing");
    }

    fn m8_who_is_in_very_many_channels_finds_the_same(office) {
        let firm = office.firm("a.example");
        let outsider = firm.client_actor("Oskar", &[]);
        for number in 0..260 {
            let client = firm.client_actor(&format!("Client{number}"), &[]);
            if number % 100 == 0 {
                posts(office, client, firm.channel_of(client.person), &format!("deed {number}"));
            }
        }
        assert_eq!(found(office, firm.ada, "deed"), ["deed 200", "deed 100", "deed 0"]);
        let elsewhere = office.firm("b.example");
        let stranger = elsewhere.client_actor("Stranger", &[]);
        posts(office, stranger, elsewhere.channel_of(stranger.person), "deed of a stranger");
        assert_eq!(found(office, firm.ada, "deed").len(), 3);
        assert!(found(office, outsider, "deed").is_empty());
    }

    fn m8_one_channel_can_be_searched_alone(office) {
        let firm = office.firm("a.example");
        let (maria, tom) = (firm.client_actor("Maria", &[]), firm.client_actor("Tom", &[]));
        let (of_maria, of_tom) = (firm.channel_of(maria.person), firm.channel_of(tom.person));
        posts(office, maria, of_maria, "deed one");
        posts(office, tom, of_tom, "deed two");
        let texts = |channel| {
            let found = search(office, firm.ada, "deed", channel, None, 10).expect("an answer");
            found.into_iter().map(|found| found.message.text).collect::<Vec<_>>()
        };
        assert_eq!(texts(Some(of_tom)), ["deed two"]);
        assert_eq!(texts(None), ["deed two", "deed one"]);
    }

    fn m5_what_was_edited_is_found_as_it_is_now(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let [early, late] = ["early", "late"].map(|text| office.posts(maria, channel, text).id);
        office.edits(maria, early, "morning").expect("an edit before it was indexed");
        assert_eq!(found(office, maria, "morning"), ["morning"]);
        assert!(found(office, maria, "early").is_empty());
        office.edits(maria, early, "dawn and late").expect("an edit");
        assert!(found(office, maria, "morning").is_empty());
        assert_eq!(found(office, maria, "late"), ["late", "dawn and late"], "an edit keeps its place");
        office.edits(maria, late, "night").expect("an edit");
        assert_eq!(found(office, maria, "late"), ["dawn and late"]);
    }

    fn m5_what_was_deleted_is_never_found(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let first = office.posts(maria, channel, "deed one").id;
        let second = office.posts(maria, channel, "deed two").id;
        office.deletes(maria, second).expect("gone before it was indexed");
        assert_eq!(found(office, maria, "deed"), ["deed one"]);
        let third = office.posts(maria, channel, "deed three").id;
        assert_eq!(found(office, maria, "deed"), ["deed three", "deed one"]);
        for id in [first, third] {
            office.deletes(maria, id).expect("gone");
        }
        assert!(found(office, maria, "deed").is_empty());
        office.posts(maria, channel, "deed four");
        assert_eq!(found(office, maria, "deed"), ["deed four"]);
        assert!(found(office, maria, "three").is_empty(), "a number used again does not bring old words back");
    }

    fn m8_pages_follow_each_other_without_gap_or_double(office) {
        let firm = office.firm("a.example");
        let (maria, tom) = (firm.client_actor("Maria", &[]), firm.client_actor("Tom", &[]));
        let mut newest_first = Vec::new();
        for number in 0..25 {
            let who = if number % 3 == 0 { maria } else { tom };
            if number % 2 == 0 {
                office.wait_minutes(1);
            }
            let text = format!("deed {number}");
            newest_first.insert(0, office.posts(who, firm.channel_of(who.person), &text).id);
        }
        let mut seen = Vec::new();
        let mut before = None;
        loop {
            let page = search(office, firm.ada, "deed", None, before, 4).expect("a page");
            let Some(last) = page.last() else { break };
            before = Some(last.cursor.to_string().parse().expect("a place"));
            seen.extend(page.into_iter().map(|found| found.message.id));
        }
        let times = |ids: &[MessageId]| ids.iter().map(|id| id.0.get_timestamp()).collect::<Vec<_>>();
        assert_eq!(times(&seen), times(&newest_first));
        seen.sort_unstable();
        newest_first.sort_unstable();
        assert_eq!(seen, newest_first);
        assert!("".parse::<Cursor>().is_err() && "1".parse::<Cursor>().is_err() && "1.x".parse::<Cursor>().is_err());
    }

    fn m8_no_words_find_nothing(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        office.posts(maria, firm.channel_of(maria.person), "deed * \" - 😀");
        for words in ["", " ", "*", "\"", "\"\"", "-", "😀", "( )", "\u{202e}"] {
            assert!(found(office, maria, words).is_empty(), "{words}");
        }
        let nobody = firm.staff("Nora");
        assert_eq!(found(office, nobody, "deed").len(), 1);
    }

    fn m8_the_index_can_be_made_anew(office) {
        let firm = office.firm("a.example");
        let (maria, tom) = (firm.client_actor("Maria", &[]), firm.client_actor("Tom", &[]));
        for number in 0..6 {
            let who = if number % 2 == 0 { maria } else { tom };
            office.posts(who, firm.channel_of(who.person), &format!("deed {number}"));
            office.wait_minutes(1);
        }
        let gone = office.posts(maria, firm.channel_of(maria.person), "deed gone").id;
        office.deletes(maria, gone).expect("gone");
        let expected = ["deed 5", "deed 4", "deed 3", "deed 2", "deed 1", "deed 0"];
        assert_eq!(found(office, firm.ada, "deed"), expected);
        office.write(|tx| search::rebuild(tx)).expect("an index");
        assert_eq!(found(office, firm.ada, "deed"), expected);
        // As after restoring a backup from an engine that does not number search rows.
        let workspace = firm.workspace;
        office
            .write(move |tx| {
                tx.run("UPDATE messages SET search_row = NULL WHERE workspace = $1", &[&workspace])?;
                search::rebuild(tx)
            })
            .expect("an index");
        assert_eq!(found(office, firm.ada, "deed"), expected);
        office.posts(tom, firm.channel_of(tom.person), "deed 6");
        assert_eq!(found(office, firm.ada, "deed")[..2], ["deed 6", "deed 5"]);
    }

    fn m8_messages_wait_to_be_indexed_until_somebody_searches_or_too_many_do(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let posts = |numbers: std::ops::RangeInclusive<u32>| {
            let drafts: Vec<_> = numbers.map(|number| office.draft(channel, &format!("deed {number}"), None)).collect();
            office
                .write(move |tx| {
                    drafts.iter().try_for_each(|draft| sending::send(tx, &maria, draft).map(|_| ()))
                })
                .expect("messages");
        };
        let indexed = || {
            let indexed = office.read(move |reader| search::messages(reader, &maria, "deed", None, None, 2_000));
            indexed.expect("an answer").len()
        };
        let is_behind = || office.read(search::is_behind).expect("an answer");
        posts(1..=999);
        assert!(!is_behind(), "a few wait for whoever searches");
        posts(1_000..=1_005);
        if office.store.engine() == Engine::Sqlite {
            assert!(is_behind());
            assert_eq!(indexed(), 0);
            assert!(office.write(|tx| search::catch_up(tx)).expect("an index"), "five are left");
            assert_eq!(indexed(), 1_000);
            assert!(!is_behind());
            posts(1_006..=21_499);
            assert_eq!(indexed(), 1_000);
            posts(21_500..=21_999);
            assert_eq!(indexed(), 2_000, "as many again, or a search would wait for long");
        } else {
            assert_eq!(indexed(), 1_005);
        }
        assert_eq!(found(office, maria, "\"deed 1004\""), ["deed 1004"]);
        let all = search(office, maria, "deed", None, None, 30_000).expect("an answer");
        assert_eq!(all.len(), if office.store.engine() == Engine::Sqlite { 21_999 } else { 1_005 });
    }
}

both_engines! {
    fn m8_no_search_is_an_error(office) {
    let firm = office.firm("a.example");
    let maria = firm.client_actor("Maria", &[]);
    let channel = firm.channel_of(maria.person);
    for text in ["\u{0bbe}\u{e000}Ⓐ", &"x".repeat(1_000), "a:b \"c\" d* NEAR(e f) {g} ^h + -i | & ! <-> '\\"] {
        office.posts(maria, channel, text);
    }
    let syntax = "([a-zA-Z\"'*^:+(){}&|!<>\\\\ -]|AND |OR |NOT |NEAR|text:|\\PC){0,40}";
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) });
    runner
        .run(&syntax, |words| {
            prop_assert!(search(office, maria, &words, None, None, 10).is_ok(), "{}", words);
            Ok(())
        })
        .expect("no search is an error");
    assert_eq!(found(office, maria, "near e f").len(), 1);
    assert_eq!(found(office, maria, &"x".repeat(199)).len(), 1);
}
}
