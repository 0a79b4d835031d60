//! Browsing files: previous and next file, contents of a ZIP download, recently deleted files, list of file channels.

use domain::channels::channel::Kind;
use domain::channels::list::{self, Filter};
use domain::files::browsing::{self, Deleted};
use domain::kernel::error::Problem;
use domain::kernel::ids::FileId;
use domain::kernel::limits;

use crate::support::people::{not_found, refused};

both_engines! {
    fn f11_beside_a_file_are_the_files_before_and_after_it_in_the_order_of_the_list(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let other = firm.client_actor("Oskar", &[]);
        let channel = firm.channel_of(maria.person);
        let ten = office.puts(maria, channel, None, "scan 10.txt").unwrap();
        let nine = office.puts(maria, channel, None, "scan 9.txt").unwrap();
        let link = office.link(maria, channel, "scan 9a", "https://example.com").unwrap();
        let folder = office.folder(maria, channel, None, "Zoo").unwrap();
        office.puts(maria, channel, Some(folder), "scan 9b.txt").unwrap();
        let beside = |file: FileId| office.read(move |reader| browsing::beside(reader, &firm.ada, file)).unwrap();
        assert_eq!(beside(nine), (None, Some(ten)), "links and what lies in folders are passed over");
        assert_eq!(beside(ten), (Some(nine), None));
        assert_eq!(beside(link), (Some(nine), Some(ten)));
        office.removes(maria, channel, &[ten]).unwrap();
        assert_eq!(beside(nine), (None, None));
        not_found(office.read(move |reader| browsing::beside(reader, &other, nine)));
    }

    fn f6_an_archive_holds_what_was_chosen_with_everything_below(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let other = firm.client_actor("Oskar", &[]);
        let (channel, elsewhere) = (firm.channel_of(maria.person), firm.channel_of(other.person));
        let a = office.folder(maria, channel, None, "A").unwrap();
        let b = office.folder(maria, channel, Some(a), "B: plans").unwrap();
        let deep = office.puts(maria, channel, Some(b), "deed.txt").unwrap();
        office.wait_minutes(1);
        let top = office.puts(maria, channel, None, "Deed.txt").unwrap();
        let gone = office.puts(maria, channel, Some(a), "gone.txt").unwrap();
        office.removes(maria, channel, &[gone]).unwrap();
        office.puts(maria, channel, None, "not chosen.txt").unwrap();
        let foreign = office.puts(other, elsewhere, None, "theirs.txt").unwrap();
        let paths = |chosen: &[FileId]| -> Vec<String> {
            let chosen = chosen.to_vec();
            let packed = office.read(move |reader| browsing::packed(reader, &firm.ada, channel, &chosen)).unwrap();
            packed.into_iter().map(|packed| packed.path).collect()
        };
        let safe = office.file(maria, b).unwrap().safe_name;
        assert_ne!(safe, "B: plans", "a path in an archive is safe on every disk");
        assert_eq!(paths(&[a]), ["A".to_string(), format!("A/{safe}"), format!("A/{safe}/deed.txt")]);
        assert_eq!(paths(&[deep, top, top]), ["deed.txt", "Deed (2).txt"], "each once, none over another");
        let pack = |chosen: Vec<FileId>| office.read(move |reader| browsing::packed(reader, &maria, channel, &chosen));
        not_found(pack(vec![top, foreign]));
        not_found(pack(vec![gone]));
        refused(pack(Vec::new()), "files", Problem::TooFew(1));
        not_found(office.read(move |reader| browsing::packed(reader, &other, channel, &[top])));
    }

    fn f6_what_was_deleted_is_named_to_those_who_may_bring_it_back(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let other = firm.client_actor("Oskar", &[]);
        let channel = firm.channel_of(maria.person);
        let folder = office.folder(maria, channel, None, "A").unwrap();
        office.puts(maria, channel, Some(folder), "inside.txt").unwrap();
        office.wait_minutes(1);
        let file = office.puts(maria, channel, None, "deed.txt").unwrap();
        let deletion = office.removes(firm.ada, channel, &[folder, file]).unwrap();
        let seen = |who| office.read(move |reader| browsing::deleted(reader, &who, channel, deletion));
        assert_eq!(seen(firm.ada).unwrap(), Some(Deleted { first: "A".to_string(), count: 2 }));
        assert_eq!(seen(maria).unwrap(), None, "what others deleted, client users do not bring back");
        not_found(seen(other));
        office.brings_back(firm.ada, channel, deletion).unwrap();
        assert_eq!(seen(firm.ada).unwrap(), None);
    }

    fn f6_file_channels_are_the_channels_last_changed_first(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let oskar = firm.client_actor("Oskar", &[]);
        let (hers, his) = (firm.channel_of(maria.person), firm.channel_of(oskar.person));
        office.wait_minutes(1);
        office.puts(maria, hers, None, "deed.txt").unwrap();
        office.wait_minutes(1);
        office.puts(oskar, his, None, "map.txt").unwrap();
        let list = |who, filter: Filter| {
            office.read(move |reader| list::with_files(reader, &who, &filter, limits::PAGE_CHANNELS)).unwrap()
        };
        let all = list(firm.ada, Filter::default());
        let newest: Vec<_> = all.iter().map(|filed| filed.newest.as_ref().map(|entry| entry.name.as_str())).collect();
        assert_eq!(newest[..2], [Some("map.txt"), Some("deed.txt")]);
        assert_eq!((all[0].channel.id, all[1].channel.id), (his, hers));
        assert_eq!(all[0].changed_at, Some(office.now()));
        let theirs = list(maria, Filter::default());
        assert_eq!(theirs.iter().map(|filed| filed.channel.id).collect::<Vec<_>>(), [hers], "one's own only");
        let found = list(firm.ada, Filter { title: "mari".to_string(), ..Filter::default() });
        assert_eq!(found.iter().map(|filed| filed.channel.id).collect::<Vec<_>>(), [hers]);
        assert!(list(firm.ada, Filter { kind: Some(Kind::Project), ..Filter::default() }).is_empty());
        let file = all[0].channel.id;
        let newest = office.read(move |reader| browsing::newest(reader, &firm.ada, file, 4)).unwrap();
        assert_eq!(newest.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["map.txt"]);
        not_found(office.read(move |reader| browsing::newest(reader, &maria, his, 4)));
    }
}
