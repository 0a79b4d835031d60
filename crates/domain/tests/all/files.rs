//! Files: sent and filed in one step (F1), visible to those who see the channel (F2), kept in folders (F5, F6).

mod browsing;
mod damage;
mod folders;
mod looking;
mod signed;
mod uploading;

use crate::support::people::{not_found, refused};
use domain::channels::starting::Subject;
use domain::files::uploads::Purpose;
use domain::files::{blobs, listing};
use domain::kernel::error::Problem;
use domain::kernel::journal::Event;
use domain::kernel::limits;
use domain::messages::attachments::{Attached, State};
use domain::messages::message::Window;
use domain::messages::sending::Draft;

both_engines! {
    fn f1_a_file_that_is_sent_is_filed_in_the_same_transaction(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let ready = [
            office.ready(maria, channel, "deed.pdf", b"%PDF-1.7 deed"),
            office.ready(maria, channel, "flat.png", b"\x89PNG\r\n\x1a\nflat"),
        ];
        assert!(office.names(firm.ada, channel, None).is_empty(), "what is not sent is nowhere");
        let message = office.sends_files(maria, channel, "Here they are", &ready).unwrap();
        assert_eq!(office.names(firm.ada, channel, None), ["deed.pdf", "flat.png"]);
        let names: Vec<&str> = message.attachments.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["deed.pdf", "flat.png"]);
        let filed = office.file(firm.ada, message.attachments[0].file).unwrap();
        assert_eq!((filed.message, filed.creator, filed.created_at), (Some(message.id), maria.person, office.now()));
        let stored = filed.stored.unwrap();
        assert_eq!((stored.size, stored.content_type.as_str()), (13, "application/pdf"));
        assert_eq!(office.page(firm.ada, channel, Window::Newest, 10).unwrap(), std::slice::from_ref(&message));
        assert_eq!(office.rows("uploads"), 0, "an upload that is sent is used up");
        let told = firm.told();
        let created = told.iter().filter(|event| matches!(event, Event::FileCreated { .. })).count();
        assert_eq!(created, 2);
        let last = office.list(firm.ada, Default::default()).remove(0).last.unwrap();
        assert_eq!((last.attachments, last.first_attachment.as_deref()), (2, Some("deed.pdf")));
    }

    fn f1_the_same_name_again_gets_a_number_and_the_same_bytes_are_kept_once(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        for text in ["one", "two", "three"] {
            let ready = office.ready(maria, channel, "report.pdf", b"%PDF-1.7 the same");
            let sent = office.sends_files(maria, channel, text, &[ready]).unwrap();
            assert_eq!(sent.attachments[0].name, "report.pdf", "a message shows the name as it was sent");
        }
        let other = office.ready(maria, channel, "Report.PDF", b"%PDF-1.7 another");
        office.sends_files(maria, channel, "four", &[other]).unwrap();
        let names = office.names(firm.ada, channel, None);
        assert_eq!(names, ["report (2).pdf", "report (3).pdf", "Report (4).PDF", "report.pdf"]);
        assert_eq!(office.rows("blobs"), 2);
        let workspace = firm.workspace;
        let stored = office.read(move |reader| blobs::stored(reader, workspace)).unwrap();
        assert_eq!(stored, 17 + 16);
    }

    fn f1_the_same_bytes_of_two_firms_are_two(office) {
        for host in ["a.example", "b.example"] {
            let firm = office.firm(host);
            let maria = firm.client_actor("Maria", &[]);
            let channel = firm.channel_of(maria.person);
            office.puts(maria, channel, None, "same.txt").unwrap();
        }
        assert_eq!(office.rows("blobs"), 2);
    }

    fn m1_text_or_files_one_of_the_two_must_be_there(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        refused(office.sends_files(maria, channel, " \n", &[]), "text", Problem::Empty);
        let ready = office.ready(maria, channel, "a.txt", b"a");
        let sent = office.sends_files(maria, channel, " \n", &[ready]).unwrap();
        assert_eq!((sent.text.as_str(), sent.attachments.len()), ("", 1));
        assert_eq!(office.edits(maria, sent.id, "").unwrap().text, "", "its files are still there");
        let text = office.posts(maria, channel, "words");
        refused(office.edits(maria, text.id, ""), "text", Problem::Empty);
    }

    fn m1_at_most_twenty_files_and_only_what_is_there(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let otto = firm.client_actor("Otto", &[]);
        let channel = firm.channel_of(maria.person);
        let his = firm.channel_of(otto.person);
        let many: Vec<Attached> = (0..=limits::ATTACHMENTS)
            .map(|number| office.ready(maria, channel, "a.txt", number.to_string().as_bytes()))
            .collect();
        refused(office.sends_files(maria, channel, "", &many), "attachmentIds", Problem::TooMany(limits::ATTACHMENTS));
        let half = office.announces(maria, channel, Purpose::Message, "b.txt", Some(9), crate::support::files::ROOM).unwrap();
        let half = Attached::Upload(half.id);
        refused(office.sends_files(maria, channel, "", &[half]), "attachmentIds", Problem::Unfinished);
        // An upload of somebody else, one for another channel, one already used, and one that does not exist.
        refused(office.sends_files(firm.ada, channel, "", &many[..1]), "attachmentIds", Problem::Unknown);
        refused(office.sends_files(otto, his, "", &many[..1]), "attachmentIds", Problem::Unknown);
        not_found(office.sends_files(otto, channel, "", &many[..1]));
        let sent = office.sends_files(maria, channel, "", &many[..20]).unwrap();
        assert_eq!(sent.attachments.len(), 20);
        refused(office.sends_files(maria, channel, "", &many[..1]), "attachmentIds", Problem::Unknown);
        assert_eq!(office.sees(maria, channel).unwrap().last_position, 1, "nothing of it was kept");
        let twice = [many[20], many[20]];
        assert_eq!(office.sends_files(maria, channel, "", &twice).unwrap().attachments.len(), 1);
    }

    fn m2_the_same_message_again_files_nothing_twice(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let ready = office.ready(maria, channel, "a.txt", b"a");
        let draft = Draft { attachments: vec![ready], ..office.draft(channel, "once", None) };
        let first = office.sends(maria, &draft).unwrap();
        assert_eq!(office.sends(maria, &draft).unwrap(), first);
        let without = Draft { attachments: Vec::new(), ..draft };
        assert_eq!(office.sends(maria, &without).unwrap(), first);
        assert_eq!(office.names(maria, channel, None), ["a.txt"]);
    }

    fn f1_a_file_that_lies_in_the_channel_is_sent_without_a_second_entry(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let otto = firm.client_actor("Otto", &[]);
        let channel = firm.channel_of(maria.person);
        let folder = office.folder(firm.ada, channel, None, "Contracts").unwrap();
        let file = office.puts(firm.ada, channel, Some(folder), "deed.txt").unwrap();
        let elsewhere = office.puts(firm.ada, firm.channel_of(otto.person), None, "his.txt").unwrap();
        for wrong in [elsewhere, folder] {
            let refusal = office.sends_files(firm.ada, channel, "", &[Attached::File(wrong)]);
            refused(refusal, "attachmentIds", Problem::Unknown);
        }
        let sent = office.sends_files(firm.ada, channel, "", &[Attached::File(file)]).unwrap();
        assert_eq!(sent.attachments[0].file, file);
        assert_eq!(office.file(maria, file).unwrap().message, Some(sent.id));
        assert_eq!(office.names(maria, channel, None), ["Contracts"]);
        office.sends_files(firm.ada, channel, "again", &[Attached::File(file)]).unwrap();
        assert_eq!(office.file(maria, file).unwrap().message, Some(sent.id), "it stays what it first came with");
    }

    fn f2_who_sees_the_channel_sees_its_files_and_nobody_else(office) {
        let firm = office.firm("a.example");
        let other = office.firm("b.example");
        let company = firm.company("Northwind");
        let oskar = firm.client_actor("Oskar", &[company]);
        let maria = firm.client_actor("Maria", &[firm.company("Santos")]);
        let priya = firm.limited("Priya", &[company]);
        let channel = firm.channel(Subject::Company(company));
        let file = office.puts(oskar, channel, None, "plan.txt").unwrap();
        for insider in [oskar, priya, firm.ada] {
            assert_eq!(office.file(insider, file).unwrap().name, "plan.txt");
        }
        for outsider in [maria, other.ada] {
            not_found(office.file(outsider, file));
            not_found(office.read(move |reader| listing::in_folder(reader, &outsider, channel, None, None, 9)));
            not_found(office.puts(outsider, channel, None, "x.txt"));
            not_found(office.renames(outsider, file, "x.txt"));
            not_found(office.removes(outsider, channel, &[file]));
        }
        firm.move_client(oskar.person, &[firm.company("Other")]);
        not_found(office.file(oskar, file));
        assert_eq!(office.file(firm.ada, file).unwrap().creator, oskar.person, "what he brought stays");
    }

    fn f5_deleting_the_message_keeps_the_file(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let ready = office.ready(maria, channel, "deed.txt", b"deed");
        let sent = office.sends_files(maria, channel, "secret words", &[ready]).unwrap();
        let file = sent.attachments[0].file;
        let tombstone = office.deletes(maria, sent.id).unwrap();
        assert!(tombstone.attachments.is_empty() && tombstone.text.is_empty());
        let kept = office.file(firm.ada, file).unwrap();
        assert_eq!((kept.name.as_str(), kept.message), ("deed.txt", Some(sent.id)));
        assert_eq!(office.rows("attachments"), 0);
    }

    fn f5_deleting_the_file_leaves_its_name_with_removed_and_it_can_come_back(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let ready = office.ready(maria, channel, "deed.txt", b"deed");
        let sent = office.sends_files(maria, channel, "", &[ready]).unwrap();
        let file = sent.attachments[0].file;
        let told = firm.told().len();
        let deletion = office.removes(firm.ada, channel, &[file]).unwrap();
        not_found(office.file(maria, file));
        let shown = office.page(maria, channel, Window::Newest, 1).unwrap().remove(0).attachments.remove(0);
        assert_eq!((shown.name.as_str(), shown.size, &shown.state), ("deed.txt", 4, &State::Removed));
        assert_eq!(firm.told()[told..], [Event::FileDeleted { channel, file }], "open pages hear of it");
        office.brings_back(firm.ada, channel, deletion).unwrap();
        let shown = office.page(maria, channel, Window::Newest, 1).unwrap().remove(0).attachments.remove(0);
        assert!(matches!(shown.state, State::There(_)));
        assert_eq!(firm.told().last(), Some(&Event::FileUpdated { channel, file }));
    }
}
