//! The bytes of files.

use std::sync::Arc;

use outbound::blobs::{Blobs, Form, Memory, Name};
use store::Store;

use super::support::*;
use crate::backup;
use crate::backup::blobs::WrittenBlobs;
use crate::restore;

#[tokio::test(flavor = "multi_thread")]
async fn the_bytes_of_files_come_back_and_small_versions_are_made_anew() {
    let folder = folder();
    let (from, to) = (sqlite(&folder, "from.db"), sqlite(&folder, "to.db"));
    let blobs = Arc::new(Blobs::Memory(Memory::default()));
    let store = furnished(&from).await;
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|number| (number >> 5) as u8).collect();
    let name = filed(&store, &blobs, "a.bin", &bytes).await;
    let file = folder.path().join("portal.backup");
    let written = backup::write(&store, &blobs, &file).await.unwrap().blobs;
    assert_eq!(written, WrittenBlobs { written: 1, damaged: Vec::new() });

    let memory = Memory::default();
    let there = Arc::new(Blobs::Memory(memory.clone()));
    let restored = restore::into(&to, &there, &file, &restore::meta(&file).unwrap()).await.unwrap();
    assert_eq!((restored.files, restored.damaged), (1, Vec::new()));
    let reading = there.read(name, Form::Whole, 0..3_000_000).await.unwrap();
    assert!(reading.all().await.unwrap() == bytes);
    assert_eq!((memory.staged(), memory.placed()), (0, 1));

    // A second time into the same database is refused, and its files are left as they are.
    assert!(restore::into(&to, &there, &file, &restore::meta(&file).unwrap()).await.is_err());
    assert_eq!(memory.placed(), 1);

    // Missing bytes do not keep the rest from being saved.
    blobs.remove(name).await.unwrap();
    let without = folder.path().join("without");
    let written = backup::write(&store, &blobs, &without).await.unwrap().blobs;
    store.close();
    assert_eq!((written.written, written.damaged.len()), (0, 1));
    back(&sqlite(&folder, "without.db"), &without).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_cut_off_leaves_no_files_behind() {
    let folder = folder();
    let store = furnished(&sqlite(&folder, "from.db")).await;
    let blobs = Arc::new(Blobs::Memory(Memory::default()));
    filed(&store, &blobs, "a.bin", &[7; 100_000]).await;
    let file = folder.path().join("portal.backup");
    backup::write(&store, &blobs, &file).await.unwrap();
    store.close();
    let whole = std::fs::read(&file).unwrap();
    let memory = Memory::default();
    let there = Arc::new(Blobs::Memory(memory.clone()));
    for cut in [1, 30, 200, whole.len() / 2] {
        std::fs::write(&file, &whole[..whole.len() - cut]).unwrap();
        let to = sqlite(&folder, &format!("to-{cut}.db"));
        let refused = restore::into(&to, &there, &file, &restore::meta(&file).unwrap()).await;
        assert!(refused.unwrap_err().to_string().contains("is damaged"), "{cut}");
        assert_eq!((memory.staged(), memory.placed()), (0, 0), "{cut}");
    }
}

/// Puts a file into the first channel of a portal.
pub(super) async fn filed(store: &Store, blobs: &Arc<Blobs>, file_name: &str, bytes: &[u8]) -> Name {
    use domain::channels::channel;
    use domain::directory::person;
    use domain::files::blobs;
    use domain::files::uploads::{self, NewUpload, Purpose, StorageLimits};
    use domain::kernel::{access, error, ids};
    use domain::tenant::workspaces;
    let room = StorageLimits { file_max: 1 << 30, workspace_max: 1 << 40 };
    let file_name = file_name.to_string();
    let (actor, upload) = store
        .write(move |tx| {
            let workspace = workspaces::all(tx)?.remove(0).id;
            let maya = person::by_email(tx, workspace, "maya@northwind.example")?.unwrap().id;
            let actor = access::actor(tx, workspace, maya)?.unwrap();
            let channel = channel::ids_of(tx, &actor)?[0];
            let new = NewUpload {
                channel,
                purpose: Purpose::Folder(None),
                name: file_name.to_string(),
                size: None,
                metadata: None,
            };
            Ok::<_, error::Error>((actor, uploads::begin(tx, &actor, &new, &room)?))
        })
        .await
        .unwrap();
    let mut receiving = blobs.receive(upload.id.0, 0).await.unwrap();
    receiving.write(::bytes::Bytes::copy_from_slice(bytes)).await.unwrap();
    receiving.sync().await.unwrap();
    let id = ids::BlobId::new(store.clock().now());
    let name = Name { workspace: actor.workspace.0, id: id.0 };
    let placed = blobs.place(upload.id.0, bytes.len() as u64, name).await.unwrap();
    let arrived = blobs::ReceivedBlob {
        id,
        hash: placed.hash,
        size: bytes.len() as i64,
        content_type: "application/octet-stream".to_string(),
        dimensions: None,
        is_unchecked: false,
    };
    store.write(move |tx| uploads::complete(tx, &actor, upload.id, &arrived, &room)).await.unwrap();
    name
}
