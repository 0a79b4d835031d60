//! Uploads (F3): limits are checked before the first byte, incomplete uploads do not count and leave nothing behind.

use domain::administration::settings;
use domain::channels::starting;
use domain::files::entry::Status;
use domain::files::upload_leases::{self, Asked, LEASE};
use domain::files::uploads::{self, LASTS, OPEN_MAX, Purpose, QUIET, StorageLimits};
use domain::files::{blobs, changing, creating, previews};
use domain::kernel::error::{Error, Problem};
use domain::kernel::ids::UploadId;
use domain::kernel::journal;

use crate::support::files::ROOM;
use crate::support::people::{forbidden, not_found, refused};

both_engines! {
    fn f3_size_and_room_are_refused_before_a_byte_has_come(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let room = StorageLimits { file_max: 1_000, workspace_max: 2_500 };
        let announce =
            |size| office.announces(maria, channel, Purpose::Message, "a.bin", Some(size), room).map(|upload| upload.id);
        refused(announce(1_001), "file", Problem::TooLarge(1_000));
        announce(1_000).unwrap();
        announce(1_000).unwrap();
        refused(announce(501), "file", Problem::StorageFull);
        announce(500).unwrap();
        let (workspace, ada, tom) = (firm.workspace, firm.ada, firm.staff("Tom"));
        let limits = |who, bytes| office.write(move |tx| settings::limit_files(tx, &who, Some(bytes), room.file_max));
        forbidden(limits(tom, 300));
        not_found(limits(maria, 300));
        for bytes in [0, -1, 1_001, i64::MAX] {
            refused(limits(ada, bytes), "uploadLimitBytes", Problem::NotBetween(1, 1_000));
        }
        limits(ada, 300).unwrap();
        refused(announce(301), "file", Problem::TooLarge(300));
        assert_eq!(office.read(move |reader| uploads::file_max(reader, workspace, &room)).unwrap(), 300);
    }

    fn f3_what_turns_out_larger_than_announced_or_allowed_counts_for_nothing(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let room = StorageLimits { file_max: 10, workspace_max: 12 };
        let unknown = office.announces(maria, channel, Purpose::Folder(None), "a.bin", None, room).unwrap();
        let eleven = office.arrived(&[1; 11], "a.bin");
        refused(office.completes(maria, unknown.id, &eleven, room).map(|_| ()), "file", Problem::TooLarge(10));
        office.completes(maria, unknown.id, &office.arrived(&[1; 10], "a.bin"), room).unwrap();
        let second = office.announces(maria, channel, Purpose::Folder(None), "b.bin", None, room).unwrap();
        let three = office.arrived(&[2; 3], "b.bin");
        refused(office.completes(maria, second.id, &three, room).map(|_| ()), "file", Problem::StorageFull);
        assert_eq!(office.names(maria, channel, None), ["a.bin"]);
        assert_eq!(office.rows("blobs"), 1);
    }

    fn f3_an_upload_is_its_sender_s_alone_and_ends_with_their_access(office) {
        let firm = office.firm("a.example");
        let company = firm.company("Northwind");
        let oskar = firm.client_actor("Oskar", &[company]);
        let channel = firm.channel(starting::Subject::Company(company));
        let upload = office.announces(oskar, channel, Purpose::Message, "a.txt", Some(1), ROOM).unwrap();
        not_found(office.read(move |reader| uploads::find(reader, &firm.ada, upload.id)));
        not_found(office.completes(firm.ada, upload.id, &office.arrived(b"a", "a.txt"), ROOM).map(|_| ()));
        firm.move_client(oskar.person, &[firm.company("Other")]);
        not_found(office.read(move |reader| uploads::find(reader, &oskar, upload.id)));
        not_found(office.completes(oskar, upload.id, &office.arrived(b"a", "a.txt"), ROOM).map(|_| ()));
        assert_eq!(office.rows("blobs"), 0);
    }

    fn f3_progress_is_kept_and_a_forgotten_upload_goes_by_itself(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let half = office.announces(maria, channel, Purpose::Message, "a.txt", Some(9), ROOM).unwrap().id;
        office.brings(maria, half, 0, 4).unwrap();
        assert_eq!(office.read(move |reader| uploads::find(reader, &maria, half)).unwrap().received, 4);
        office.ready(maria, channel, "never sent.txt", b"never sent");
        office.wait(LASTS - std::time::Duration::from_secs(1));
        office.brings(maria, half, 4, 5).unwrap();
        office.wait(std::time::Duration::from_secs(1));
        let sweep = || office.write(|tx| uploads::sweep(tx)).unwrap();
        assert_eq!(sweep().len(), 1, "the one that came on is kept");
        assert_eq!((office.rows("blobs"), office.rows("dropped_blobs")), (0, 1));
        office.wait(LASTS);
        not_found(office.read(move |reader| uploads::find(reader, &maria, half)));
        assert_eq!(sweep(), [half.0]);
        assert_eq!(office.rows("uploads"), 0);
        assert!(!office.read(move |reader| uploads::is_staged(reader, half.0)).unwrap());
        assert!(office.names(maria, channel, None).is_empty(), "and posts nothing");
    }

    fn f14_one_receiver_at_a_time_adds_bytes(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let upload = office.announces(maria, channel, Purpose::Message, "a.txt", Some(9), ROOM).unwrap().id;
        not_found(office.asks(firm.ada, upload, 0).map(|_| ()));
        assert_eq!(office.asks(maria, upload, 1).unwrap(), Asked::GoesOnAt(0));
        let first = office.leases(maria, upload, 0);
        assert!(!first.is_shared);
        assert_eq!(office.asks(maria, upload, 0).unwrap(), Asked::Busy);
        office.wait(LEASE - std::time::Duration::from_secs(1));
        let first = office.write(move |tx| upload_leases::advance(tx, &maria, &first, 4)).unwrap();
        office.wait(LEASE - std::time::Duration::from_secs(1));
        assert_eq!(office.asks(maria, upload, 4).unwrap(), Asked::Busy, "progress keeps the lease");
        office.write(move |tx| upload_leases::give_back(tx, &maria, &first, 5)).unwrap();
        let second = office.leases(maria, upload, 5);
        assert_eq!((second.staged, second.is_shared), (first.staged, false), "who gave it back writes no more");
        let arrived = office.arrived(b"123456789", "a.txt");
        office.write(move |tx| upload_leases::complete(tx, &maria, &second, &arrived, &ROOM)).unwrap();
        assert_eq!(office.asks(maria, upload, 9).unwrap(), Asked::Complete);
        assert_eq!(office.asks(maria, upload, 5).unwrap(), Asked::GoesOnAt(9));
    }

    fn f14_a_receiver_that_was_overtaken_changes_nothing(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let upload = office.announces(maria, channel, Purpose::Message, "a.txt", Some(9), ROOM).unwrap().id;
        let stalled = office.leases(maria, upload, 0);
        let stalled = office.write(move |tx| upload_leases::advance(tx, &maria, &stalled, 4)).unwrap();
        office.wait(LEASE);
        let next = office.leases(maria, upload, 4);
        assert!(next.is_shared, "the bytes are copied, since the other one may still write");
        let next = office.write(move |tx| upload_leases::copied(tx, &maria, &next)).unwrap();
        assert_ne!(next.staged, stalled.staged);
        let overtaken = |result: domain::Result<()>| assert!(matches!(result, Err(Error::Conflict(_))), "{result:?}");
        overtaken(office.write(move |tx| upload_leases::advance(tx, &maria, &stalled, 6)).map(|_| ()));
        overtaken(office.write(move |tx| upload_leases::copied(tx, &maria, &stalled)).map(|_| ()));
        overtaken(office.write(move |tx| upload_leases::give_back(tx, &maria, &stalled, 6)));
        overtaken(office.write(move |tx| upload_leases::abandon(tx, &maria, &stalled)));
        let arrived = office.arrived(b"123456789", "a.txt");
        overtaken(office.write(move |tx| upload_leases::complete(tx, &maria, &stalled, &arrived, &ROOM)).map(|_| ()));
        let found = office.read(move |reader| uploads::find(reader, &maria, upload)).unwrap();
        assert_eq!((found.received, found.staged, found.blob), (4, next.staged, None));
        assert!(office.read(move |reader| uploads::is_staged(reader, next.staged)).unwrap());
        assert!(!office.read(move |reader| uploads::is_staged(reader, stalled.staged)).unwrap());
        office.write(move |tx| upload_leases::abandon(tx, &maria, &next)).unwrap();
        not_found(office.write(move |tx| upload_leases::advance(tx, &maria, &next, 5)).map(|_| ()));
    }

    fn f3_an_upload_that_was_called_off_leaves_nothing(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let (whole, _) = office.uploads(maria, channel, Purpose::Message, "a.txt", b"a").unwrap();
        not_found(office.write(move |tx| uploads::abandon(tx, &firm.ada, whole)));
        office.write(move |tx| uploads::abandon(tx, &maria, whole)).unwrap();
        assert_eq!((office.rows("uploads"), office.rows("blobs"), office.rows("dropped_blobs")), (0, 0, 1));
        not_found(office.write(move |tx| uploads::abandon(tx, &maria, whole)));
    }

    fn f3_nobody_has_more_than_so_many_uploads_open(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        for _ in 0..OPEN_MAX {
            office.announces(maria, channel, Purpose::Message, "a.txt", Some(1), ROOM).unwrap();
        }
        let more = office.announces(maria, channel, Purpose::Message, "a.txt", Some(1), ROOM);
        assert!(matches!(more, Err(Error::Conflict(_))));
        office.announces(firm.ada, channel, Purpose::Message, "a.txt", Some(1), ROOM).unwrap();
    }

    fn f3_whoever_often_loses_the_connection_is_not_locked_out(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let announce = || office.announces(maria, channel, Purpose::Message, "a.txt", Some(9), ROOM);
        let (waiting, _) = office.uploads(maria, channel, Purpose::Message, "a.txt", b"not sent yet").unwrap();
        let [first, second] = [(); 2].map(|()| announce().unwrap().id);
        office.wait(std::time::Duration::from_secs(1));
        for _ in 3..OPEN_MAX {
            announce().unwrap();
        }
        office.brings(maria, first, 0, 4).unwrap();
        office.wait(QUIET - std::time::Duration::from_secs(2));
        assert!(matches!(announce(), Err(Error::Conflict(_))), "they may all be on their way");
        office.wait(std::time::Duration::from_secs(1));
        announce().unwrap();
        not_found(office.read(move |reader| uploads::find(reader, &maria, second)));
        for kept in [waiting, first] {
            office.read(move |reader| uploads::find(reader, &maria, kept)).unwrap();
        }
        assert!(matches!(announce(), Err(Error::Conflict(_))), "one made way for one");
        assert_eq!(office.write(|tx| uploads::sweep(tx)).unwrap(), [second.0]);
    }

    fn f3_what_has_lost_its_connection_holds_no_room_but_for_what_is_there(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let room = StorageLimits { file_max: 1_000, workspace_max: 2_000 };
        let announce = |size| office.announces(maria, channel, Purpose::Message, "a.bin", Some(size), room).map(|upload| upload.id);
        let begun = announce(1_000).unwrap();
        announce(1_000).unwrap();
        office.brings(maria, begun, 0, 400).unwrap();
        refused(announce(1), "file", Problem::StorageFull);
        office.wait(QUIET);
        announce(1_000).unwrap();
        refused(announce(601), "file", Problem::StorageFull);
        announce(600).unwrap();
    }

    fn f1_the_same_bytes_brought_twice_are_dropped_once(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let one = office.puts(maria, channel, None, "same.txt").unwrap();
        let other = office.puts(firm.ada, channel, None, "same.txt").unwrap();
        let blob = |file| office.file(maria, file).unwrap().stored.unwrap().blob;
        assert_eq!(blob(one), blob(other));
        assert_eq!((office.rows("blobs"), office.rows("dropped_blobs")), (1, 1));
        let (workspace, kept) = (firm.workspace, blob(one));
        assert!(office.read(move |reader| blobs::is_known(reader, workspace, kept)).unwrap());
    }

    fn f3_a_file_made_first_is_filled_later_or_goes(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let make = |name: &'static str| {
            office.write(move |tx| creating::make_file(tx, &firm.ada, channel, None, name)).unwrap()
        };
        let (file, never) = (make("deed.pdf"), make("never.pdf"));
        assert_eq!(office.file(maria, file).unwrap().status(), Status::Pending);
        let filled = office.uploads(firm.ada, channel, Purpose::File(file), "ignored", b"%PDF-1.7").unwrap();
        assert_eq!(filled.1, Some(file));
        assert_eq!(office.file(maria, file).unwrap().status(), Status::Completed);
        let again = office.uploads(firm.ada, channel, Purpose::File(file), "ignored", b"%PDF-1.7");
        assert!(matches!(again, Err(Error::Conflict(_))));
        office.wait(changing::PENDING_LASTS);
        assert_eq!(office.write(|tx| changing::sweep(tx)).unwrap(), 1);
        not_found(office.file(maria, never));
        assert_eq!(office.names(maria, channel, None), ["deed.pdf"]);
    }

    fn f3_two_who_fill_the_same_file_at_once_leave_the_first(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let file = office.write(move |tx| creating::make_file(tx, &firm.ada, channel, None, "a.txt")).unwrap();
        let [one, other]: [UploadId; 2] = [(); 2].map(|()| {
            office.announces(firm.ada, channel, Purpose::File(file), "a.txt", Some(3), ROOM).unwrap().id
        });
        office.completes(firm.ada, one, &office.arrived(b"one", "a.txt"), ROOM).unwrap();
        let late = office.completes(firm.ada, other, &office.arrived(b"two", "a.txt"), ROOM);
        assert!(matches!(late, Err(Error::Conflict(_))));
        assert_eq!(office.rows("blobs"), 1, "what came too late counts for nothing");
    }

    fn f13_what_is_held_back_is_told_apart_and_waits_for_the_scanner(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let bring = |name: &str, bytes: &[u8]| {
            let upload = office.announces(maria, channel, Purpose::Folder(None), name, None, ROOM).unwrap();
            let arrived = blobs::ReceivedBlob { is_unchecked: true, ..office.arrived(bytes, name) };
            (office.completes(maria, upload.id, &arrived, ROOM).unwrap().unwrap(), arrived.id)
        };
        let (good, good_blob) = bring("good.png", b"\x89PNG\r\n\x1a\ngood");
        let (bad, bad_blob) = bring("bad.png", b"\x89PNG\r\n\x1a\nbad");
        assert_eq!(office.file(firm.ada, good).unwrap().status(), Status::HeldBack);
        assert!(office.write(|tx| previews::take(tx)).unwrap().is_none(), "nothing is made of what is held back");
        let waiting = office.read(|reader| blobs::unchecked(reader, 9)).unwrap();
        assert_eq!(waiting.len(), 2);
        let workspace = firm.workspace;
        office.write(move |tx| blobs::checked(tx, workspace, good_blob, None)).unwrap();
        office.write(move |tx| blobs::checked(tx, workspace, bad_blob, Some("Eicar-Test"))).unwrap();
        assert_eq!(office.file(firm.ada, good).unwrap().status(), Status::Completed);
        let bad = office.file(firm.ada, bad).unwrap();
        assert_eq!((bad.status(), bad.stored.unwrap().held.as_deref()), (Status::HeldBack, Some("Eicar-Test")));
        assert!(office.read(|reader| blobs::unchecked(reader, 9)).unwrap().is_empty());
        assert_eq!(office.write(|tx| previews::take(tx)).unwrap().unwrap().blob, good_blob);
    }

    fn f4_a_small_version_is_made_once_and_told(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let file = office.uploads(maria, channel, Purpose::Folder(None), "a.png", b"\x89PNG\r\n\x1a\na").unwrap().1.unwrap();
        office.puts(maria, channel, None, "words.txt").unwrap();
        let due = office.write(|tx| previews::take(tx)).unwrap().unwrap();
        assert!(office.write(|tx| previews::take(tx)).unwrap().is_none(), "it is taken, and text has none");
        let told = firm.told().len();
        let made = due.clone();
        office.write(move |tx| previews::made(tx, &made, (320, 240))).unwrap();
        assert_eq!(firm.told()[told..], [journal::Event::FileUpdated { channel, file }]);
        assert_eq!(office.file(maria, file).unwrap().stored.unwrap().small, Some((320, 240)));
        assert_eq!(office.read(previews::next).unwrap(), None);
    }

    fn f4_a_small_version_that_fails_is_tried_again_and_then_given_up(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        office.uploads(maria, channel, Purpose::Folder(None), "a.png", b"\x89PNG\r\n\x1a\na").unwrap();
        for _ in 0..3 {
            let due = office.write(|tx| previews::take(tx)).unwrap().expect("a try");
            office.write(move |tx| previews::failed(tx, &due)).unwrap();
            office.wait_minutes(6);
        }
        assert!(office.write(|tx| previews::take(tx)).unwrap().is_none());
    }

    fn f6_an_upload_into_a_folder_that_is_closed_meanwhile_is_refused(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let folder = office.folder(maria, channel, None, "Flat").unwrap();
        let upload = office.announces(maria, channel, Purpose::Folder(Some(folder)), "a.txt", Some(1), ROOM).unwrap();
        office.closes(firm.ada, folder, true).unwrap();
        forbidden(office.completes(maria, upload.id, &office.arrived(b"a", "a.txt"), ROOM).map(|_| ()));
        assert_eq!(office.rows("blobs"), 0);
    }
}
