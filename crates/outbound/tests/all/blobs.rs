//! The store of blobs, in every place that it can be: whole or not at all, resumed, hashed, found again.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use outbound::blobs::{BlobError, Blobs, Folder, Form, HEAD_BYTES, Memory, Name};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use uuid::Uuid;

struct Place {
    blobs: Blobs,
    folder: Option<TempDir>,
}

fn places() -> Vec<Place> {
    let folder = tempfile::tempdir().unwrap();
    vec![
        Place { blobs: Blobs::Folder(Folder::new(folder.path().join("blobs"))), folder: Some(folder) },
        Place { blobs: Blobs::Memory(Memory::default()), folder: None },
    ]
}

fn name() -> Name {
    Name { workspace: Uuid::now_v7(), id: Uuid::now_v7() }
}

/// Bytes that are different everywhere, so that a stretch at the wrong place is noticed.
fn bytes(count: usize) -> Vec<u8> {
    (0..count).map(|place| (place.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

async fn receive(blobs: &Blobs, upload: Uuid, at: usize, parts: &[&[u8]]) -> u64 {
    let mut receiving = blobs.receive(upload, at as u64).await.unwrap();
    for part in parts {
        receiving.write(Bytes::copy_from_slice(part)).await.unwrap();
    }
    receiving.sync().await.unwrap()
}

async fn read(blobs: &Blobs, name: Name, range: std::ops::Range<u64>) -> Vec<u8> {
    blobs.read(name, Form::Whole, range).await.unwrap().all().await.unwrap()
}

#[tokio::test]
async fn what_came_in_pieces_is_put_in_place_whole_and_hashed() {
    for Place { blobs, .. } in places() {
        let (upload, name, all) = (Uuid::now_v7(), name(), bytes(3_000_000));
        let pieces: Vec<&[u8]> = all.chunks(70_001).collect();
        assert_eq!(receive(&blobs, upload, 0, &pieces).await, 3_000_000);
        let placed = blobs.place(upload, 3_000_000, name).await.unwrap();
        assert_eq!((placed.size, placed.hash), (3_000_000, hash(&all)));
        assert_eq!(placed.head, all[..HEAD_BYTES]);
        assert_eq!(blobs.size(name, Form::Whole).await.unwrap(), 3_000_000);
        assert_eq!(read(&blobs, name, 0..3_000_000).await, all);
        assert_eq!(read(&blobs, name, 1_048_570..1_048_590).await, all[1_048_570..1_048_590]);
        assert_eq!(read(&blobs, name, 2_999_999..3_000_000).await, all[2_999_999..]);
        assert!(read(&blobs, name, 5..5).await.is_empty());
        assert!(matches!(blobs.place(upload, 3_000_000, name).await, Err(BlobError::Missing(_))));
    }
}

#[tokio::test]
async fn an_upload_continues_in_a_copy_that_late_writes_to_the_original_do_not_reach() {
    for Place { blobs, .. } in places() {
        let (upload, copy, name, all) = (Uuid::now_v7(), Uuid::now_v7(), name(), bytes(3_000_000));
        let mut stalled = blobs.receive(upload, 0).await.unwrap();
        stalled.write(Bytes::copy_from_slice(&all[..1_500_000])).await.unwrap();
        stalled.sync().await.unwrap();
        assert!(matches!(blobs.copy_staged(upload, copy, 1_500_001).await, Err(BlobError::Missing(_))));
        blobs.copy_staged(upload, copy, 1_200_000).await.unwrap();
        let mut next = blobs.receive(copy, 1_200_000).await.unwrap();
        stalled.write(Bytes::copy_from_slice(&[9; 1_200_000])).await.unwrap();
        blobs.discard(upload).await.unwrap();
        next.write(Bytes::copy_from_slice(&all[1_200_000..2_000_000])).await.unwrap();
        stalled.write(Bytes::copy_from_slice(&[9; 2_000_000])).await.unwrap();
        stalled.sync().await.unwrap();
        next.write(Bytes::copy_from_slice(&all[2_000_000..])).await.unwrap();
        assert_eq!(next.sync().await.unwrap(), 3_000_000);
        assert!(matches!(blobs.place(upload, 4_700_000, name).await, Err(BlobError::Missing(_))));
        let placed = blobs.place(copy, 3_000_000, name).await.unwrap();
        assert_eq!((placed.size, placed.hash), (3_000_000, hash(&all)));
        assert_eq!(read(&blobs, name, 0..3_000_000).await, all);
    }
}

#[tokio::test]
async fn an_upload_without_bytes_is_copied_too() {
    for Place { blobs, .. } in places() {
        let (upload, copy, name) = (Uuid::now_v7(), Uuid::now_v7(), name());
        blobs.copy_staged(upload, copy, 0).await.unwrap();
        assert_eq!(receive(&blobs, copy, 0, &[b"all"]).await, 3);
        assert_eq!(blobs.place(copy, 3, name).await.unwrap().hash, hash(b"all"));
    }
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    for Place { blobs, .. } in places() {
        let (upload, name) = (Uuid::now_v7(), name());
        receive(&blobs, upload, 0, &[]).await;
        let placed = blobs.place(upload, 0, name).await.unwrap();
        assert_eq!((placed.size, placed.hash, placed.head.len()), (0, hash(b""), 0));
        assert!(read(&blobs, name, 0..0).await.is_empty());
    }
}

#[tokio::test]
async fn an_upload_goes_on_where_it_was_and_forgets_what_came_after() {
    for Place { blobs, .. } in places() {
        let (upload, name, all) = (Uuid::now_v7(), name(), bytes(100_000));
        receive(&blobs, upload, 0, &[&all[..60_000]]).await;
        // Nobody was told of the last 10,000: they come again.
        receive(&blobs, upload, 50_000, &[&all[50_000..80_000]]).await;
        receive(&blobs, upload, 80_000, &[&all[80_000..]]).await;
        assert_eq!(blobs.place(upload, 100_000, name).await.unwrap().hash, hash(&all));
        assert_eq!(read(&blobs, name, 0..100_000).await, all);
    }
}

#[tokio::test]
async fn another_number_of_bytes_than_was_said_is_not_put_in_place() {
    for Place { blobs, .. } in places() {
        let (upload, name) = (Uuid::now_v7(), name());
        receive(&blobs, upload, 0, &[b"nine byte"]).await;
        for wrong in [0, 8, 10] {
            assert!(matches!(blobs.place(upload, wrong, name).await, Err(BlobError::Missing(_))));
        }
        assert!(matches!(blobs.receive(upload, 10).await.map(drop), Err(BlobError::Missing(_))));
        assert!(matches!(blobs.size(name, Form::Whole).await, Err(BlobError::Missing(_))));
        assert_eq!(blobs.place(upload, 9, name).await.unwrap().size, 9, "and it is still there");
    }
}

#[tokio::test]
async fn what_is_given_up_is_gone_and_giving_up_twice_is_no_error() {
    for Place { blobs, .. } in places() {
        let (upload, name) = (Uuid::now_v7(), name());
        receive(&blobs, upload, 0, &[b"never to be"]).await;
        blobs.discard(upload).await.unwrap();
        blobs.discard(upload).await.unwrap();
        assert!(matches!(blobs.receive(upload, 3).await.map(drop), Err(BlobError::Missing(_))));
        receive(&blobs, upload, 0, &[b"bytes"]).await;
        blobs.place(upload, 5, name).await.unwrap();
        blobs.put_small(name, Bytes::from_static(b"small")).await.unwrap();
        assert_eq!(blobs.size(name, Form::Small).await.unwrap(), 5);
        blobs.remove(name).await.unwrap();
        blobs.remove(name).await.unwrap();
        for form in [Form::Whole, Form::Small] {
            assert!(matches!(blobs.size(name, form).await, Err(BlobError::Missing(_))));
            assert!(matches!(blobs.read(name, form, 0..5).await.map(drop), Err(BlobError::Missing(_))));
        }
        assert_eq!(blobs.older_than(Duration::ZERO).await.unwrap(), outbound::blobs::Old::default());
    }
}

#[tokio::test]
async fn what_lies_there_is_found_by_its_age() {
    for Place { blobs, folder } in places() {
        let (half, whole, name) = (Uuid::now_v7(), Uuid::now_v7(), name());
        receive(&blobs, half, 0, &[b"half"]).await;
        receive(&blobs, whole, 0, &[b"whole"]).await;
        blobs.place(whole, 5, name).await.unwrap();
        blobs.put_small(name, Bytes::from_static(b"small")).await.unwrap();
        let old = blobs.older_than(Duration::ZERO).await.unwrap();
        assert_eq!((old.staged, old.placed), (vec![half], vec![name]));
        if folder.is_some() {
            let young = blobs.older_than(Duration::from_secs(3600)).await.unwrap();
            assert_eq!(young, outbound::blobs::Old::default());
        }
    }
}

#[tokio::test]
async fn a_restart_in_the_middle_of_an_upload_loses_no_byte_of_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    let (upload, name, all) = (Uuid::now_v7(), name(), bytes(2_500_000));
    let before = Blobs::Folder(Folder::new(folder.path()));
    receive(&before, upload, 0, &[&all[..1_200_000]]).await;
    drop(before);
    let after = Blobs::Folder(Folder::new(folder.path()));
    receive(&after, upload, 1_200_000, &[&all[1_200_000..]]).await;
    assert_eq!(after.place(upload, 2_500_000, name).await.unwrap().hash, hash(&all));
}

#[tokio::test]
async fn a_file_that_is_cut_short_behind_our_back_breaks_off_and_is_not_made_up() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::Folder(Folder::new(folder.path()));
    let (upload, name, all) = (Uuid::now_v7(), name(), bytes(2_500_000));
    receive(&blobs, upload, 0, &[&all]).await;
    blobs.place(upload, 2_500_000, name).await.unwrap();
    let id = name.id.to_string();
    let path = folder.path().join(name.workspace.to_string()).join(&id[34..]).join(&id);
    std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(2_000_000).unwrap();
    let reading = blobs.read(name, Form::Whole, 0..2_500_000).await.unwrap();
    assert!(matches!(reading.all().await, Err(BlobError::Missing(_))));
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_portal_s_own_user_reads_files() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::Folder(Folder::new(folder.path()));
    let upload = Uuid::now_v7();
    receive(&blobs, upload, 0, &[b"secret"]).await;
    let staged = folder.path().join("staged").join(upload.to_string());
    assert_eq!(std::fs::metadata(staged).unwrap().permissions().mode() & 0o077, 0);
}

#[tokio::test]
async fn a_full_store_says_so() {
    let memory = Memory::default();
    let blobs = Blobs::Memory(memory.clone());
    let upload = Uuid::now_v7();
    let mut receiving = blobs.receive(upload, 0).await.unwrap();
    memory.set_full(true);
    assert!(matches!(receiving.write(Bytes::from_static(b"x")).await, Err(BlobError::Full(_))));
}

#[tokio::test]
async fn the_place_can_be_tried_out() {
    for Place { blobs, .. } in places() {
        assert!(!blobs.check().await.unwrap().is_empty());
    }
    let nowhere = Blobs::from_setting("folder:/dev/null/blobs", Path::new("staging")).unwrap();
    assert!(nowhere.check().await.is_err());
    for wrong in ["", "folder:", "blobs", "ftp://x"] {
        assert!(Blobs::from_setting(wrong, Path::new("staging")).is_err(), "{wrong}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn however_it_is_cut_and_broken_off_the_same_bytes_come_out(
        size in 0_usize..2_200_000,
        cuts in prop::collection::vec((0_usize..2_200_000, 0_usize..40_000, any::<bool>()), 0..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let mut blobs = Blobs::Folder(Folder::new(folder.path()));
            let (upload, name, all) = (Uuid::now_v7(), name(), bytes(size));
            let mut at = 0;
            for (end, unsynced, restarts) in cuts {
                let end = end.clamp(at, size);
                let mut receiving = blobs.receive(upload, at as u64).await.unwrap();
                // More is taken while the first half is brought to disk, whether or not somebody waits for that.
                let middle = at.midpoint(end);
                receiving.write(Bytes::copy_from_slice(&all[at..middle])).await.unwrap();
                let first_half = receiving.begin_sync().await.unwrap();
                receiving.write(Bytes::copy_from_slice(&all[middle..end])).await.unwrap();
                if !restarts {
                    assert_eq!(first_half.await.unwrap(), middle as u64);
                }
                at = usize::try_from(receiving.sync().await.unwrap()).unwrap();
                assert_eq!(at, end);
                // More came and was never brought to disk.
                let more = (end + unsynced).min(size);
                receiving.write(Bytes::copy_from_slice(&all[end..more])).await.unwrap();
                let _ = receiving.sync().await;
                drop(receiving);
                if restarts {
                    blobs = Blobs::Folder(Folder::new(folder.path()));
                }
            }
            receive(&blobs, upload, at, &[&all[at..]]).await;
            let placed = blobs.place(upload, size as u64, name).await.unwrap();
            assert_eq!(placed.hash, hash(&all));
            assert_eq!(read(&blobs, name, 0..size as u64).await, all);
        });
    }
}
