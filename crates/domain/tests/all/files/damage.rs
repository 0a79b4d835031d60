//! Damaged bytes (F16, F17): what they must be, which files have them, and what follows when they are repaired.

use domain::files::blobs::{self, BlobRecord, BlobUse, ReceivedBlob};
use domain::files::changing::{self, Contents};
use domain::files::previews;
use domain::files::uploads::Purpose;
use sha2::{Digest, Sha256};

use crate::support::files::ROOM;

both_engines! {
    fn f17_every_file_that_has_the_same_bytes_is_named(office) {
        let firm = office.firm("a.example");
        let maria = firm.client_actor("Maria", &[]);
        let channel = firm.channel_of(maria.person);
        let folder = Purpose::Folder(None);
        office.uploads(maria, channel, folder, "deed.txt", b"deed").unwrap();
        let twin = office.uploads(maria, channel, folder, "twin.txt", b"deed").unwrap().1.unwrap();
        office.ready(maria, channel, "not sent.txt", b"deed");
        office.uploads(maria, channel, folder, "other.txt", b"other").unwrap();
        office.write(move |tx| changing::delete(tx, &maria, channel, &[twin], Contents::GoToo)).unwrap();

        let all = office.read(|reader| Ok(blobs::all(reader)?)).unwrap();
        assert_eq!(all.len(), 2, "the same bytes are stored once");
        let hash: [u8; 32] = Sha256::digest(b"deed").into();
        let found = office.read(move |reader| Ok(blobs::by_hash(reader, firm.workspace, &hash)?)).unwrap().unwrap();
        assert!(all.contains(&found) && (found.size, found.hash) == (4, hash));
        let BlobRecord { workspace, blob, .. } = found;
        let uses = office.read(move |reader| blobs::uses(reader, workspace, blob)).unwrap();
        let named = |BlobUse { file_name, is_deleted, .. }: &BlobUse| (file_name.clone(), *is_deleted);
        assert_eq!(
            uses.iter().map(named).collect::<Vec<_>>(),
            [("deed.txt".to_string(), false), ("not sent.txt".to_string(), false), ("twin.txt".to_string(), true)]
        );
        assert!(uses.iter().all(|one| one.channel.contains("Maria") && !one.brand.is_empty()), "{uses:?}");
    }

    fn f16_what_failed_because_of_damage_is_tried_again_after_the_repair(office) {
        let firm = office.firm("a.example");
        let channel = firm.channel_of(firm.client_actor("Maria", &[]).person);
        let upload = office.announces(firm.ada, channel, Purpose::Folder(None), "a.png", None, ROOM).unwrap();
        let picture = ReceivedBlob { is_unchecked: true, ..office.arrived(b"\x89PNG\r\n\x1a\na", "a.png") };
        let file = office.completes(firm.ada, upload.id, &picture, ROOM).unwrap().unwrap();
        let held = || office.file(firm.ada, file).unwrap().stored.unwrap().held;
        let (workspace, blob) = (firm.workspace, picture.id);
        office.write(move |tx| blobs::checked(tx, workspace, blob, Some(blobs::DAMAGED))).unwrap();
        assert_eq!(held().as_deref(), Some(blobs::DAMAGED));
        office.write(|tx| {
            tx.run("UPDATE previews SET next_try_at = NULL, tries = 3", &[])?;
            Ok(())
        }).unwrap();
        assert_eq!(office.read(previews::next).unwrap(), None);
        office.write(move |tx| blobs::repaired(tx, workspace, blob)).unwrap();
        assert_eq!(held().as_deref(), Some(blobs::UNCHECKED));
        assert!(office.read(previews::next).unwrap().is_some());
    }
}
