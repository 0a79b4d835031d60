//! Folders: created, renamed, moved, deleted, restored, and made read-only for client users (F6).

use std::time::Duration;

use domain::channels::members;
use domain::files::blobs;
use domain::files::changing::{self, Contents, KEPT};
use domain::files::entry::{DEPTH_MAX, Kind};
use domain::kernel::error::{Error, Problem};
use domain::messages::message;

use crate::support::people::{forbidden, not_found, refused};

both_engines! {
    fn f6_folders_are_made_renamed_and_moved(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let contracts = office.folder(firm.ada, channel, None, "Contracts").unwrap();
        let year = office.folder(maria, channel, Some(contracts), "2026").unwrap();
        let file = office.puts(maria, channel, Some(year), "deed.txt").unwrap();
        assert_eq!(office.path(firm.ada, file), "Contracts/2026/deed.txt");
        office.renames(firm.ada, year, "2027").unwrap();
        office.renames(maria, file, "Deed of the flat.txt").unwrap();
        assert_eq!(office.path(maria, file), "Contracts/2027/Deed of the flat.txt");
        office.moves(firm.ada, channel, &[year], None).unwrap();
        assert_eq!(office.path(maria, file), "2027/Deed of the flat.txt");
        assert_eq!(office.names(maria, channel, None), ["2027", "Contracts"]);
        assert_eq!(office.file(maria, file).unwrap().changed_by, maria.person);
    }

    fn f6_a_name_in_use_is_refused_when_renaming_and_numbered_when_moving(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let folder = office.folder(firm.ada, channel, None, "Old").unwrap();
        let one = office.puts(maria, channel, None, "deed.txt").unwrap();
        let other = office.puts(maria, channel, Some(folder), "Deed.txt").unwrap();
        refused(office.renames(maria, one, "OLD"), "name", Problem::Taken);
        refused(office.renames(maria, one, " "), "name", Problem::Empty);
        refused(office.renames(maria, one, &"x".repeat(501)), "name", Problem::TooLong(500));
        office.renames(maria, one, "DEED.txt").unwrap();
        office.moves(maria, channel, &[one], Some(folder)).unwrap();
        assert_eq!(office.names(maria, channel, Some(folder)), ["DEED (2).txt", "Deed.txt"]);
        assert_eq!(office.path(maria, other), "Old/Deed.txt");
        assert_eq!(office.folder(firm.ada, channel, None, "old").map(|made| office.path(maria, made)).unwrap(), "old (2)");
    }

    fn f6_a_folder_lies_neither_in_itself_nor_too_deep(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let mut chain = Vec::new();
        for level in 0..DEPTH_MAX {
            chain.push(office.folder(maria, channel, chain.last().copied(), &level.to_string()).unwrap());
        }
        let deepest = *chain.last().unwrap();
        assert!(matches!(office.folder(maria, channel, Some(deepest), "x"), Err(Error::Conflict(_))));
        for into in [chain[0], chain[3], deepest] {
            assert!(matches!(office.moves(maria, channel, &[chain[0]], Some(into)), Err(Error::Conflict(_))));
        }
        let two = office.folder(maria, channel, None, "two").unwrap();
        office.folder(maria, channel, Some(two), "levels").unwrap();
        let last_but_one = chain[DEPTH_MAX - 2];
        assert!(matches!(office.moves(maria, channel, &[two], Some(last_but_one)), Err(Error::Conflict(_))));
        office.moves(maria, channel, &[two], Some(chain[DEPTH_MAX - 3])).unwrap();
    }

    fn f6_nothing_is_moved_into_another_channel_or_a_file(office) {
        let firm = office.firm("a.example");
        let (maria, otto) = (firm.client_actor("Maria", &[]), firm.client_actor("Otto", &[]));
        let (hers, his) = (firm.channel_of(maria.person), firm.channel_of(otto.person));
        let file = office.puts(maria, hers, None, "a.txt").unwrap();
        let other = office.puts(maria, hers, None, "b.txt").unwrap();
        let folder = office.folder(otto, his, None, "His").unwrap();
        not_found(office.moves(firm.ada, hers, &[file], Some(folder)));
        not_found(office.moves(firm.ada, his, &[file], Some(folder)));
        not_found(office.moves(firm.ada, hers, &[file], Some(other)));
        not_found(office.puts(maria, hers, Some(other), "c.txt"));
        not_found(office.folder(maria, hers, Some(folder), "c"));
        refused(office.moves(maria, hers, &[], None), "files", Problem::TooFew(1));
    }

    fn f6_where_the_firm_says_so_clients_only_look(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let folder = office.folder(firm.ada, channel, None, "Statements").unwrap();
        let below = office.folder(firm.ada, channel, Some(folder), "2026").unwrap();
        let file = office.puts(firm.ada, channel, Some(below), "q1.txt").unwrap();
        let own = office.puts(maria, channel, None, "mine.txt").unwrap();
        forbidden(office.closes(maria, folder, true));
        office.closes(firm.ada, folder, true).unwrap();
        assert_eq!(office.names(maria, channel, Some(below)), ["q1.txt"], "she still looks");
        forbidden(office.puts(maria, channel, Some(below), "x.txt"));
        forbidden(office.folder(maria, channel, Some(folder), "x"));
        forbidden(office.renames(maria, file, "x.txt"));
        forbidden(office.renames(maria, folder, "x"));
        forbidden(office.moves(maria, channel, &[file], None));
        forbidden(office.moves(maria, channel, &[own], Some(below)));
        forbidden(office.removes(maria, channel, &[file]));
        forbidden(office.removes(maria, channel, &[folder]));
        office.puts(firm.ada, channel, Some(below), "q2.txt").unwrap();
        // She cannot delete a folder of her own that contains a read-only one.
        let hers = office.folder(maria, channel, None, "Hers").unwrap();
        office.moves(firm.ada, channel, &[folder], Some(hers)).unwrap();
        forbidden(office.removes(maria, channel, &[hers]));
        // Files she sends in messages are filed nevertheless.
        let ready = office.ready(maria, channel, "sent.txt", b"sent");
        office.sends_files(maria, channel, "", &[ready]).unwrap();
        office.closes(firm.ada, folder, false).unwrap();
        office.puts(maria, channel, Some(below), "x.txt").unwrap();
        assert!(matches!(office.closes(firm.ada, own, true), Err(Error::Conflict(_))));
    }

    fn f6_all_of_a_channel_is_read_only_for_client_users_where_the_firm_says_so(office) {
        let firm = office.firm("a.example");
        let (maria, otto) = (firm.client_actor("Maria", &[]), firm.client_actor("Otto", &[]));
        let channel = firm.channel_of(maria.person);
        let folder = office.folder(maria, channel, None, "Flat").unwrap();
        let file = office.puts(maria, channel, Some(folder), "a.txt").unwrap();
        forbidden(office.closes_all(maria, channel, true));
        not_found(office.closes_all(otto, channel, true));
        office.closes_all(firm.ada, channel, true).unwrap();
        assert_eq!(office.names(maria, channel, Some(folder)), ["a.txt"], "she still looks");
        forbidden(office.puts(maria, channel, None, "b.txt"));
        forbidden(office.puts(maria, channel, Some(folder), "b.txt"));
        forbidden(office.renames(maria, file, "b.txt"));
        forbidden(office.removes(maria, channel, &[folder]));
        office.puts(firm.ada, channel, None, "c.txt").unwrap();
        // Files she sends in messages are filed nevertheless.
        let ready = office.ready(maria, channel, "sent.txt", b"sent");
        office.sends_files(maria, channel, "", &[ready]).unwrap();
        // When the channel is reopened, a folder that was itself made read-only stays read-only.
        office.closes(firm.ada, folder, true).unwrap();
        office.closes_all(firm.ada, channel, false).unwrap();
        office.puts(maria, channel, None, "b.txt").unwrap();
        forbidden(office.puts(maria, channel, Some(folder), "b.txt"));
    }

    fn c8_who_has_left_looks_and_changes_nothing(office) {
        let firm = office.firm("a.example");
        let (maria, tom) = (firm.client_actor("Maria", &[]), firm.staff("Tom"));
        let channel = firm.channel_of(maria.person);
        let file = office.puts(tom, channel, None, "a.txt").unwrap();
        office.write(move |tx| members::leave(tx, &tom, channel)).unwrap();
        assert_eq!(office.names(tom, channel, None), ["a.txt"]);
        forbidden(office.puts(tom, channel, None, "b.txt"));
        forbidden(office.removes(tom, channel, &[file]));
    }

    fn f5_what_was_deleted_at_once_comes_back_at_once(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let otto = firm.client_actor("Otto", &[]);
        let channel = firm.channel_of(maria.person);
        let folder = office.folder(maria, channel, None, "Flat").unwrap();
        let below = office.folder(maria, channel, Some(folder), "Photos").unwrap();
        let deep = office.puts(maria, channel, Some(below), "1.txt").unwrap();
        let earlier = office.puts(maria, channel, Some(below), "0.txt").unwrap();
        let beside = office.puts(maria, channel, None, "beside.txt").unwrap();
        let first = office.removes(maria, channel, &[earlier]).unwrap();
        let deletion = office.removes(maria, channel, &[folder, beside]).unwrap();
        assert!(office.names(maria, channel, None).is_empty());
        for gone in [folder, below, deep, beside] {
            not_found(office.file(maria, gone));
        }
        not_found(office.puts(maria, channel, Some(below), "x.txt"));
        not_found(office.brings_back(otto, channel, deletion));
        office.brings_back(maria, channel, deletion).unwrap();
        assert_eq!(office.names(maria, channel, None), ["Flat", "beside.txt"]);
        assert_eq!(office.names(maria, channel, Some(below)), ["1.txt"], "what went before stays away");
        not_found(office.brings_back(maria, channel, deletion));
        office.brings_back(maria, channel, first).unwrap();
        assert_eq!(office.names(maria, channel, Some(below)), ["0.txt", "1.txt"]);
    }

    fn f5_what_comes_back_finds_its_name_in_use_or_its_folder_gone(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let folder = office.folder(maria, channel, None, "Flat").unwrap();
        let file = office.puts(maria, channel, Some(folder), "a.txt").unwrap();
        let deletion = office.removes(maria, channel, &[file]).unwrap();
        office.puts(maria, channel, None, "a.txt").unwrap();
        office.removes(maria, channel, &[folder]).unwrap();
        office.brings_back(maria, channel, deletion).unwrap();
        assert_eq!(office.path(maria, file), "a (2).txt");
        let firms = office.removes(firm.ada, channel, &[file]).unwrap();
        not_found(office.brings_back(maria, channel, firms));
    }

    fn f6_a_folder_that_is_not_empty_is_deleted_only_where_that_is_meant(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let folder = office.folder(maria, channel, None, "Flat").unwrap();
        let file = office.puts(maria, channel, Some(folder), "a.txt").unwrap();
        let careful = move |files: Vec<_>| {
            office.write(move |tx| changing::delete(tx, &maria, channel, &files, Contents::Refuse))
        };
        refused(careful(vec![folder]), "id", Problem::NotEmpty);
        assert_eq!(office.names(maria, channel, Some(folder)), ["a.txt"]);
        careful(vec![file]).unwrap();
        careful(vec![folder]).unwrap();
    }

    fn f6_links_lead_outside_and_nowhere_else(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let link = office.link(maria, channel, "Land registry", "https://registry.example/42").unwrap();
        let found = office.file(firm.ada, link).unwrap();
        assert_eq!((found.kind, found.link_url.as_deref()), (Kind::Link, Some("https://registry.example/42")));
        refused(office.link(maria, channel, "x", "javascript:alert(1)"), "linkUrl", Problem::NoLink);
        office.write(move |tx| changing::set_link(tx, &maria, link, "https://registry.example/43")).unwrap();
        assert_eq!(office.file(maria, link).unwrap().link_url.as_deref(), Some("https://registry.example/43"));
    }

    fn f5_what_was_deleted_long_ago_is_gone_for_good_with_its_bytes(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let ready = office.ready(maria, channel, "sent.txt", b"the same");
        let sent = office.sends_files(maria, channel, "", &[ready]).unwrap();
        let twin = office.ready(maria, channel, "twin.txt", b"the same");
        let twin = office.sends_files(maria, channel, "", &[twin]).unwrap().attachments[0].file;
        let deletion = office.removes(maria, channel, &[sent.attachments[0].file]).unwrap();
        let sweep = || office.write(|tx| changing::sweep(tx)).unwrap();
        office.wait(KEPT - Duration::from_secs(1));
        assert_eq!(sweep(), 0);
        office.wait(Duration::from_secs(1));
        assert_eq!(sweep(), 1);
        not_found(office.brings_back(maria, channel, deletion));
        assert_eq!((office.rows("blobs"), office.rows("dropped_blobs")), (1, 1), "its twin has the bytes still");
        let shown = office.page(maria, channel, message::Window::Newest, 9).unwrap().remove(0);
        assert_eq!(shown.attachments[0].name, "sent.txt", "the message keeps the name for ever");
        office.removes(maria, channel, &[twin]).unwrap();
        office.wait(KEPT);
        assert_eq!(sweep(), 1);
        assert_eq!((office.rows("blobs"), office.rows("dropped_blobs")), (0, 2));
        let workspace = firm.workspace;
        assert_eq!(office.read(move |reader| blobs::stored(reader, workspace)).unwrap(), 0);
        let to_remove = || office.read(|reader| blobs::dropped(reader, 9)).unwrap().len();
        assert_eq!(to_remove(), 1, "the twin's own bytes, which never counted");
        office.wait(blobs::DROPPED_KEPT);
        assert_eq!(to_remove(), 2);
    }
}
