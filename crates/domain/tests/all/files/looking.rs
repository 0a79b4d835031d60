//! Listing folders: order and paging at every level, and lookup by path and by name.

use std::collections::BTreeSet;

use domain::files::entry::{self, Entry};
use domain::files::{creating, listing, paths};
use domain::kernel::error::{self, Problem};
use domain::kernel::ids::FileId;

use crate::support::people::{not_found, refused};

fn names(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.name.as_str()).collect()
}

both_engines! {
    fn f6_a_folder_shows_folders_first_then_names_with_numbers_by_value(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        for name in ["scan 10.txt", "Émile.txt", "scan 9.txt", "zoo.txt", "emil.txt"] {
            office.puts(maria, channel, None, name).unwrap();
        }
        for name in ["Year 10", "year 9"] {
            office.folder(maria, channel, None, name).unwrap();
        }
        office.link(maria, channel, "link", "https://example.com").unwrap();
        let expected =
            ["year 9", "Year 10", "emil.txt", "Émile.txt", "link", "scan 9.txt", "scan 10.txt", "zoo.txt"];
        assert_eq!(office.names(firm.ada, channel, None), expected);
    }

    fn f6_pages_of_a_folder_meet_without_gap_or_double_while_it_changes(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let files: Vec<FileId> =
            (0..25).map(|number| office.puts(maria, channel, None, &format!("{number:02}.txt")).unwrap()).collect();
        let page = |after: Option<FileId>| {
            office.read(move |reader| listing::in_folder(reader, &maria, channel, None, after, 10)).unwrap()
        };
        let first = page(None);
        let last = first.last().unwrap().id;
        assert_eq!(last, files[9]);
        // The page's last entry is deleted, and others are added before and after it.
        office.removes(maria, channel, &[last]).unwrap();
        office.puts(maria, channel, None, "00a.txt").unwrap();
        office.puts(maria, channel, None, "09a.txt").unwrap();
        let second = page(Some(last));
        assert_eq!(names(&second)[..2], ["09a.txt", "10.txt"]);
        let third = page(Some(second.last().unwrap().id));
        let seen: BTreeSet<FileId> = [first, second, third].iter().flatten().map(|entry| entry.id).collect();
        assert!(files.iter().all(|file| seen.contains(file)));
        let unknown = FileId::new(office.now());
        not_found(office.read(move |reader| listing::in_folder(reader, &maria, channel, None, Some(unknown), 10)));
    }

    fn f6_everything_below_a_folder_is_listed_newest_first(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let step = |seconds| office.wait(std::time::Duration::from_secs(seconds));
        let a = office.folder(maria, channel, None, "A").unwrap();
        step(1);
        let b = office.folder(maria, channel, Some(a), "B").unwrap();
        step(1);
        office.puts(maria, channel, Some(b), "deep.txt").unwrap();
        step(1);
        office.puts(maria, channel, Some(a), "shallow.txt").unwrap();
        step(1);
        office.puts(maria, channel, None, "top.txt").unwrap();
        let below = |inside, after, most| {
            office.read(move |reader| listing::below(reader, &maria, channel, inside, after, most)).unwrap()
        };
        assert_eq!(names(&below(None, None, 9)), ["top.txt", "shallow.txt", "deep.txt", "B", "A"]);
        assert_eq!(names(&below(Some(a), None, 9)), ["shallow.txt", "deep.txt", "B"]);
        assert_eq!(names(&below(Some(b), None, 9)), ["deep.txt"]);
        let first = below(Some(a), None, 2);
        step(1);
        office.puts(maria, channel, Some(b), "later.txt").unwrap();
        assert_eq!(names(&below(Some(a), Some(first[1].id), 9)), ["B"]);
    }

    fn f6_paths_lead_to_entries_and_make_the_folders_that_are_missing(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let make = |path: &str| {
            let path = path.to_string();
            office.write(move |tx| {
                let (folder, name) = creating::place(tx, &firm.ada, channel, &path)?;
                creating::make_file(tx, &firm.ada, channel, folder, &name)
            })
        };
        let file = make("Contracts/2026/deed.pdf").unwrap();
        assert_eq!(office.path(maria, file), "Contracts/2026/deed.pdf");
        let other = make("/contracts//2026/DEED.pdf").unwrap();
        assert_eq!(office.path(maria, other), "Contracts/2026/DEED (2).pdf");
        let at = |path: &'static str| office.read(move |reader| paths::at_path(reader, &maria, channel, path)).unwrap();
        assert_eq!(at("CONTRACTS/2026/deed.PDF").unwrap().id, file);
        assert_eq!(at("Contracts").unwrap().kind, entry::Kind::Folder);
        assert_eq!(at("Contracts/2025/deed.pdf"), None);
        assert_eq!(at("Contracts/2026/deed.pdf/x"), None);
        assert_eq!(at(""), None);
        refused(make(""), "path", Problem::Empty);
        refused(make("///"), "path", Problem::Empty);
        refused(make("A/ /b.txt"), "path", Problem::Empty);
        assert!(matches!(make("Contracts/2026/deed.pdf/x.txt"), Err(error::Error::Conflict(_))));
        assert_eq!(office.names(maria, channel, None), ["Contracts"], "what was refused made no folders");
        let dots = make("../up.txt").unwrap();
        assert_eq!(office.path(maria, dots), "file/up.txt");
    }

    fn f6_names_are_found_by_any_part_in_one_s_own_channels_only(office) {
        let firm = office.firm("a.example");
        let (maria, otto) = (firm.client_actor("Maria", &[]), firm.client_actor("Otto", &[]));
        let (hers, his) = (firm.channel_of(maria.person), firm.channel_of(otto.person));
        let folder = office.folder(maria, hers, None, "Über alles").unwrap();
        office.puts(maria, hers, Some(folder), "Rechnung 100%.txt").unwrap();
        office.puts(otto, his, None, "rechnung_5.txt").unwrap();
        let find = |who, text: &'static str, channel| {
            let found = office.read(move |reader| listing::search(reader, &who, text, channel, None, 9)).unwrap();
            found.into_iter().map(|entry| entry.name).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
        };
        assert_eq!(find(maria, "RECHNUNG", None), ["Rechnung 100%.txt"]);
        assert_eq!(find(firm.ada, "rechnung", None), ["Rechnung 100%.txt", "rechnung_5.txt"]);
        assert_eq!(find(firm.ada, "rechnung", Some(his)), ["rechnung_5.txt"]);
        assert_eq!(find(firm.ada, "%", None), ["Rechnung 100%.txt"]);
        assert_eq!(find(firm.ada, "g_5", None), ["rechnung_5.txt"]);
        assert_eq!(find(maria, "über", None), ["Über alles"]);
        assert!(find(maria, "  ", None).is_empty());
        not_found(office.read(move |reader| listing::search(reader, &maria, "x", Some(his), None, 9)));
    }

    fn f1_a_thousand_files_of_one_name_each_get_a_number_of_their_own(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let made = office.write(move |tx| {
            (0..300).map(|_| creating::make_file(tx, &maria, channel, None, "scan.pdf")).collect::<error::Result<Vec<_>>>()
        });
        assert_eq!(made.unwrap().len(), 300);
        let names: BTreeSet<String> = office.names(maria, channel, None).into_iter().collect();
        assert_eq!(names.len(), 300);
    }
}
