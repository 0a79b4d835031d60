//! Damaged bytes: a file is handed out as whole only if it is what arrived.

use std::path::PathBuf;

use bytes::Bytes;
use outbound::blobs::{BlobError, Blobs, Content, Damage, Folder, Form, Memory, Name, Placed};
use tempfile::TempDir;
use uuid::Uuid;

/// More than two of the pieces in which files are read.
const SIZE: usize = 2_500_000;

struct Place {
    blobs: Blobs,
    content: Content,
    bytes: Vec<u8>,
    memory: Option<Memory>,
    folder: Option<TempDir>,
}

impl Place {
    /// A folder, and memory, each with a file of `size` bytes.
    async fn each(size: usize) -> [Place; 2] {
        let (folder, memory) = (tempfile::tempdir().unwrap(), Memory::default());
        [
            Place::new(size, Blobs::Folder(Folder::new(folder.path())), None, Some(folder)).await,
            Place::new(size, Blobs::Memory(memory.clone()), Some(memory), None).await,
        ]
    }

    async fn new(size: usize, blobs: Blobs, memory: Option<Memory>, folder: Option<TempDir>) -> Place {
        let bytes: Vec<u8> = (0..size).map(|place| (place.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let (upload, name) = (Uuid::now_v7(), Name { workspace: Uuid::now_v7(), id: Uuid::now_v7() });
        let mut receiving = blobs.receive(upload, 0).await.unwrap();
        receiving.write(Bytes::copy_from_slice(&bytes)).await.unwrap();
        receiving.sync().await.unwrap();
        let Placed { size, hash, .. } = blobs.place(upload, size as u64, name).await.unwrap();
        Place { blobs, content: Content { name, size, hash }, bytes, memory, folder }
    }

    fn path(&self) -> PathBuf {
        let Name { workspace, id } = self.content.name;
        let id = id.to_string();
        let folder = self.folder.as_ref().unwrap().path();
        folder.join(workspace.to_string()).join(&id[id.len() - 2..]).join(id)
    }

    fn replace(&self, bytes: &[u8]) {
        match &self.memory {
            Some(memory) => memory.replace(self.content.name, bytes.to_vec()),
            None => std::fs::write(self.path(), bytes).unwrap(),
        }
    }

    async fn whole(&self) -> Result<Vec<u8>, BlobError> {
        self.blobs.read_whole(self.content).await?.all().await
    }

    async fn part(&self) -> Result<Vec<u8>, BlobError> {
        self.blobs.read_part(self.content, 3..9).await?.all().await
    }

    /// What a check, a whole reading and the reading of a part all say.
    async fn damage(&self) -> Damage {
        let checked = damage_of(self.blobs.verify(self.content).await);
        assert_eq!(damage_of(self.part().await), checked);
        assert_eq!(damage_of(self.whole().await), checked);
        checked
    }
}

fn damage_of<T>(result: Result<T, BlobError>) -> Damage {
    match result {
        Err(BlobError::Damaged(damage)) => damage,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was taken for whole"),
    }
}

#[tokio::test]
async fn f16_a_whole_file_is_read_as_it_arrived() {
    for size in [0, 9, 1 << 20, SIZE] {
        for place in Place::each(size).await {
            place.blobs.verify(place.content).await.unwrap();
            assert!(place.whole().await.unwrap() == place.bytes, "{size}");
            if size > 9 {
                assert_eq!(place.part().await.unwrap(), place.bytes[3..9]);
            }
        }
    }
}

#[tokio::test]
async fn f16_changed_shortened_lengthened_and_missing_bytes_are_told_apart() {
    for place in Place::each(SIZE).await {
        let (size, bytes) = (place.content.size, place.bytes.clone());
        for at in [0, 5, SIZE / 2, SIZE - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            place.replace(&changed);
            assert_eq!(place.damage().await, Damage::Changed, "{at}");
        }
        place.replace(&bytes[..SIZE - 1]);
        assert_eq!(place.damage().await, Damage::Shorter { found: size - 1, expected: size });
        place.replace(&[&bytes[..], b"x"].concat());
        assert_eq!(place.damage().await, Damage::Longer { found: size + 1, expected: size });
        place.replace(&bytes);
        place.blobs.verify(place.content).await.unwrap();
        assert_eq!(place.part().await.unwrap(), bytes[3..9]);
        place.blobs.remove(place.content.name).await.unwrap();
        assert_eq!(place.damage().await, Damage::Missing);
    }
}

#[tokio::test]
async fn f16_the_last_piece_of_a_changed_file_is_never_handed_out() {
    for place in Place::each(SIZE).await {
        let mut changed = place.bytes.clone();
        changed[0] ^= 1;
        place.replace(&changed);
        let mut reading = place.blobs.read_whole(place.content).await.unwrap();
        let mut count = 0;
        let end = loop {
            match reading.next().await {
                Ok(Some(bytes)) => count += bytes.len(),
                end => break end,
            }
        };
        assert_eq!(damage_of(end), Damage::Changed);
        assert!(count < SIZE);
    }
}

#[tokio::test]
async fn f16_a_file_found_damaged_is_refused_at_once_until_it_is_replaced() {
    let [place, _] = Place::each(SIZE).await;
    let mut changed = place.bytes.clone();
    changed[0] ^= 1;
    place.replace(&changed);
    assert_eq!(damage_of(place.whole().await), Damage::Changed);
    assert_eq!(
        damage_of(place.blobs.read_whole(place.content).await),
        Damage::Changed,
        "before the first byte"
    );
    std::fs::remove_file(place.path()).unwrap();
    place.replace(&place.bytes);
    assert!(place.whole().await.unwrap() == place.bytes);
}

#[tokio::test(start_paused = true)]
async fn f16_a_check_counts_for_an_hour() {
    let [place, _] = Place::each(SIZE).await;
    assert_eq!(place.part().await.unwrap(), place.bytes[3..9]);
    // Rot: other bytes under the same time.
    let path = place.path();
    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    let mut changed = place.bytes.clone();
    changed[SIZE - 1] ^= 1;
    std::fs::write(&path, changed).unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    assert_eq!(place.part().await.unwrap(), place.bytes[3..9], "as checked a moment ago");
    tokio::time::advance(std::time::Duration::from_secs(3600)).await;
    assert_eq!(damage_of(place.part().await), Damage::Changed);
}

#[tokio::test]
async fn f16_small_versions_are_read_without_a_check() {
    for place in Place::each(9).await {
        place.blobs.put_small(place.content.name, Bytes::from_static(b"small")).await.unwrap();
        let small = place.blobs.read(place.content.name, Form::Small, 0..5).await.unwrap();
        assert_eq!(small.all().await.unwrap(), b"small");
    }
}

#[tokio::test]
async fn f4_a_small_version_that_was_never_finished_is_removed() {
    let [place, _] = Place::each(9).await;
    place.blobs.put_small(place.content.name, Bytes::from_static(b"small")).await.unwrap();
    let unfinished = place.path().with_file_name(".0190.small.7.3.part");
    std::fs::write(&unfinished, "sma").unwrap();
    let hour = std::time::Duration::from_secs(3600);
    assert_eq!(place.blobs.remove_unfinished(hour).await.unwrap(), 0);
    assert_eq!(place.blobs.remove_unfinished(std::time::Duration::ZERO).await.unwrap(), 1);
    assert!(!unfinished.exists() && place.path().exists());
    place.blobs.verify(place.content).await.unwrap();
}
