//! Blobs in a bucket of a store that speaks S3, against a small one on this machine: staged here, put there whole.

mod store;

use std::time::Duration;

use bytes::Bytes;
use outbound::blobs::{BlobError, Blobs, Form, Name};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use uuid::Uuid;

use store::Store;

async fn open() -> (Store, Blobs, TempDir) {
    let (store, folder) = (Store::start().await, tempfile::tempdir().unwrap());
    let blobs = Blobs::from_setting(&store.setting(), folder.path()).unwrap();
    (store, blobs, folder)
}

fn name() -> Name {
    Name { workspace: Uuid::now_v7(), id: Uuid::now_v7() }
}

/// Bytes that are different everywhere, so that a stretch at the wrong place is noticed.
fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|place| (place.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

async fn bring(blobs: &Blobs, upload: Uuid, at: u64, bytes: &[u8]) {
    let mut receiving = blobs.receive(upload, at).await.unwrap();
    receiving.write(Bytes::copy_from_slice(bytes)).await.unwrap();
    receiving.sync().await.unwrap();
}

async fn read(blobs: &Blobs, name: Name, range: std::ops::Range<u64>) -> Vec<u8> {
    blobs.read(name, Form::Whole, range).await.unwrap().all().await.unwrap()
}

#[tokio::test]
async fn a_file_that_came_in_pieces_lies_in_the_bucket_whole_and_is_read_in_stretches() {
    let (store, blobs, _folder) = open().await;
    // Three parts, the last one short.
    let (upload, name, all) = (Uuid::now_v7(), name(), bytes(20_000_000));
    bring(&blobs, upload, 0, &all[..9_000_000]).await;
    bring(&blobs, upload, 9_000_000, &all[9_000_000..]).await;
    assert_eq!(store.names(), [""; 0], "nothing is there before all has come");
    let placed = blobs.place(upload, 20_000_000, name).await.unwrap();
    assert_eq!(placed.hash, <[u8; 32]>::from(Sha256::digest(&all)));
    assert_eq!(placed.head, all[..8192]);
    assert_eq!(store.names(), [format!("{}/{}", name.workspace, name.id)]);
    assert_eq!(blobs.size(name, Form::Whole).await.unwrap(), 20_000_000);
    assert!(read(&blobs, name, 0..20_000_000).await == all);
    assert_eq!(read(&blobs, name, 8_388_600..8_388_620).await, all[8_388_600..8_388_620]);
    assert_eq!(read(&blobs, name, 7..7).await, b"");
    assert!(blobs.older_than(Duration::ZERO).await.unwrap().staged.is_empty(), "nothing is staged any more");
}

#[tokio::test]
async fn small_and_empty_files_are_files_and_what_is_removed_is_gone() {
    let (store, blobs, _folder) = open().await;
    for count in [0, 1, 100_000] {
        let (upload, name) = (Uuid::now_v7(), name());
        bring(&blobs, upload, 0, &bytes(count)).await;
        blobs.place(upload, count as u64, name).await.unwrap();
        blobs.put_small(name, Bytes::from_static(b"small")).await.unwrap();
        assert_eq!(read(&blobs, name, 0..count as u64).await, bytes(count));
        let small = blobs.read(name, Form::Small, 0..5).await.unwrap().all().await.unwrap();
        assert_eq!(small, b"small");
        assert_eq!(blobs.older_than(Duration::ZERO).await.unwrap().placed, [name]);
        blobs.remove(name).await.unwrap();
        blobs.remove(name).await.unwrap();
        assert!(matches!(blobs.size(name, Form::Whole).await, Err(BlobError::Missing(_))));
        assert!(matches!(blobs.read(name, Form::Whole, 0..1).await, Err(BlobError::Missing(_))));
        assert_eq!(store.names(), [""; 0]);
    }
}

#[tokio::test]
async fn a_part_that_is_refused_leaves_nothing_there_and_the_upload_here() {
    let (store, blobs, _folder) = open().await;
    let (upload, name) = (Uuid::now_v7(), name());
    bring(&blobs, upload, 0, &bytes(9_000_000)).await;
    store.break_down();
    assert!(matches!(blobs.place(upload, 9_000_000, name).await, Err(BlobError::Unavailable(_))));
    assert_eq!((store.names().len(), store.unfinished()), (0, 0));
    assert_eq!(blobs.older_than(Duration::ZERO).await.unwrap().staged, [upload]);
}

#[tokio::test]
async fn another_number_of_bytes_than_was_said_is_not_put_there() {
    let (store, blobs, _folder) = open().await;
    let upload = Uuid::now_v7();
    bring(&blobs, upload, 0, b"four").await;
    assert!(matches!(blobs.place(upload, 5, name()).await, Err(BlobError::Missing(_))));
    assert_eq!(store.calls("PUT"), 0);
}

#[tokio::test]
async fn the_bucket_can_be_tried_out_and_says_what_is_wrong_without_the_secret() {
    let (store, blobs, folder) = open().await;
    assert_eq!(blobs.check().await.unwrap(), format!("files can be put into s3://{}/files", store.address));
    assert_eq!(store.names(), [""; 0]);
    let wrong = store.setting().replace("portal:secret", "somebody:hidden");
    let stranger = Blobs::from_setting(&wrong, folder.path()).unwrap();
    let said = stranger.check().await.unwrap_err().to_string();
    assert!(!said.contains("hidden"), "{said}");
    assert_eq!(format!("{stranger} {stranger:?}").matches("hidden").count(), 0);
    for wrong in
        ["s3://", "s3://k:s@host", "s3://k@host/b", "s3://k:hidden@host/b/c", "s3://k:hidden@h/b?zone=1"]
    {
        let said = Blobs::from_setting(wrong, folder.path()).unwrap_err().to_string();
        assert!(said.contains("s3://KEY:SECRET@HOST/BUCKET") && !said.contains("hidden"), "{said}");
    }
}
