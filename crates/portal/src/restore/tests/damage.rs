//! Damaged files and damaged backups: told by name or refused, and never restored in silence.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::administration::clients::{self, ClientInput};
use domain::administration::set_up::{self, SetUp};
use domain::kernel::access;
use outbound::blobs::{Blobs, Damage, Form, Memory, Name};
use store::Setting;
use tempfile::TempDir;

use super::files::filed;
use super::support::*;
use crate::backup;
use crate::damage::Damaged;
use crate::error::Result;
use crate::restore::{self, Restored, described};

/// A portal with three files, and a backup of it.
struct BackedUp {
    folder: TempDir,
    memory: Memory,
    blobs: Arc<Blobs>,
    names: [Name; 3],
    file: PathBuf,
}

const FILES: [&str; 3] = ["a.bin", "b.bin", "c.bin"];

fn bytes(file: usize) -> Vec<u8> {
    (0..30_000_usize).map(|place| (place.wrapping_mul(2_654_435_761 + file) >> 13) as u8).collect()
}

impl BackedUp {
    async fn new() -> BackedUp {
        let (folder, memory) = (folder(), Memory::default());
        let blobs = Arc::new(Blobs::Memory(memory.clone()));
        let store = furnished(&sqlite(&folder, "from.db")).await;
        let mut names = Vec::new();
        for (number, name) in FILES.into_iter().enumerate() {
            names.push(filed(&store, &blobs, name, &bytes(number)).await);
        }
        store.close();
        let file = folder.path().join("portal.backup");
        let backed_up = BackedUp { folder, memory, blobs, names: names.try_into().unwrap(), file };
        assert_eq!(backed_up.back_up(&backed_up.file).await, Vec::<String>::new());
        backed_up
    }

    /// Writes a backup; returns what it says of damaged files.
    async fn back_up(&self, file: &Path) -> Vec<String> {
        let store = open(&sqlite(&self.folder, "from.db"));
        let written = backup::write(&store, &self.blobs, file).await.unwrap();
        store.close();
        written.damage
    }

    /// Changes the first file, shortens the second and removes the third.
    async fn damage(&self) -> [Damage; 3] {
        let mut changed = bytes(0);
        changed[20_000] ^= 1;
        self.memory.replace(self.names[0], changed);
        self.memory.replace(self.names[1], bytes(1)[..29_000].to_vec());
        self.blobs.remove(self.names[2]).await.unwrap();
        [Damage::Changed, Damage::Shorter { found: 29_000, expected: 30_000 }, Damage::Missing]
    }

    /// Restores into a new database.
    async fn restore(&self, file: &Path, to: &Memory) -> (Setting, Result<Restored>) {
        let setting = sqlite(&self.folder, &format!("{}.db", uuid::Uuid::now_v7()));
        let restored = restored(&setting, to, file).await;
        (setting, restored)
    }
}

async fn restored(setting: &Setting, to: &Memory, file: &Path) -> Result<Restored> {
    let blobs = Arc::new(Blobs::Memory(to.clone()));
    restore::into(setting, &blobs, file, &restore::meta(file)?).await
}

async fn stored(memory: &Memory, name: Name) -> Option<Vec<u8>> {
    let blobs = Blobs::Memory(memory.clone());
    let size = blobs.size(name, Form::Whole).await.ok()?;
    Some(blobs.read(name, Form::Whole, 0..size).await.unwrap().all().await.unwrap())
}

fn damaged(names: [Name; 3], damage: [Damage; 3]) -> Vec<Damaged> {
    names.into_iter().zip(damage).map(|(name, damage)| Damaged { name, damage }).collect()
}

/// Checks a line for each file.
fn name_the_files(lines: &[String], damage: &[Damage; 3]) {
    assert_eq!(lines.len(), 3, "{lines:#?}");
    for ((line, file), damage) in lines.iter().zip(FILES).zip(damage) {
        assert!(line.starts_with(&format!("\"{file}\" in \"")), "{line}");
        assert!(line.contains(&format!(" of Harbor & Lee: {damage} (blob ")), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_a_backup_and_its_restore_name_damaged_files_and_save_the_rest() {
    let portal = BackedUp::new().await;
    let damage = portal.damage().await;
    let file = portal.folder.path().join("damaged.backup");
    name_the_files(&portal.back_up(&file).await, &damage);

    let to = Memory::default();
    let (setting, restored) = portal.restore(&file, &to).await;
    let mut restored = restored.unwrap();
    restored.damaged.sort_by_key(|damaged| damaged.name);
    assert_eq!(restored.damaged, damaged(portal.names, damage.clone()));
    name_the_files(&described(&setting, &restored.damaged).await.unwrap(), &damage);
    assert_eq!(rows(&setting).await, rows(&sqlite(&portal.folder, "from.db")).await);
    // Something is better than nothing: what was left of the files is there.
    assert!(stored(&to, portal.names[0]).await == stored(&portal.memory, portal.names[0]).await);
    assert!(stored(&to, portal.names[1]).await.unwrap() == bytes(1)[..29_000]);
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_bytes_changed_within_a_backup_are_told_when_it_is_restored() {
    let portal = BackedUp::new().await;
    let mut entries = unpacked(&portal.file);
    let mut blobs = entries.iter_mut().filter(|(name, _)| name.starts_with("blobs/"));
    blobs.next().unwrap().1[20_000] ^= 1;
    blobs.next().unwrap().1.truncate(29_000);
    let gone = blobs.next().unwrap().0.clone();
    entries.retain(|(name, _)| *name != gone);
    pack(&portal.file, &entries);
    let (_, restored) = portal.restore(&portal.file, &Memory::default()).await;
    let mut found = restored.unwrap().damaged;
    found.sort_by_key(|damaged| damaged.name);
    let damage = [Damage::Changed, Damage::Shorter { found: 29_000, expected: 30_000 }, Damage::Missing];
    assert_eq!(found, damaged(portal.names, damage));
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_good_bytes_that_are_there_are_neither_replaced_nor_removed_by_a_restore() {
    let portal = BackedUp::new().await;
    let mut entries = unpacked(&portal.file);
    entries.iter_mut().filter(|(name, _)| name.starts_with("blobs/")).for_each(|(_, bytes)| bytes[7] ^= 1);
    let file = portal.folder.path().join("worse.backup");
    pack(&file, &entries);
    let (_, restored) = portal.restore(&file, &portal.memory).await;
    assert_eq!(restored.unwrap().damaged, Vec::new(), "the store has them all");
    // A backup that is refused leaves them too.
    entries.pop();
    pack(&file, &entries);
    let (_, refused) = portal.restore(&file, &portal.memory).await;
    assert!(refused.unwrap_err().to_string().contains("is damaged: it is cut off"));
    for (number, name) in portal.names.into_iter().enumerate() {
        assert!(stored(&portal.memory, name).await.unwrap() == bytes(number));
    }
    // Damaged ones are replaced by good ones.
    portal.damage().await;
    let (_, restored) = portal.restore(&portal.file, &portal.memory).await;
    assert_eq!(restored.unwrap().damaged, Vec::new());
    for (number, name) in portal.names.into_iter().enumerate() {
        assert!(stored(&portal.memory, name).await.unwrap() == bytes(number));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_rows_that_were_changed_within_a_backup_are_refused() {
    let portal = BackedUp::new().await;
    let entries = unpacked(&portal.file);
    for (table, from, to) in [("people", "Maya", "Mara"), ("workspaces", "Harbor", "Garbor")] {
        let mut changed = entries.clone();
        let (_, rows) =
            changed.iter_mut().find(|(name, _)| name.starts_with(&format!("tables/{table}/"))).unwrap();
        *rows = String::from_utf8(rows.clone()).unwrap().replace(from, to).into_bytes();
        assert_ne!(changed, entries);
        pack(&portal.file, &changed);
        let (_, refused) = portal.restore(&portal.file, &Memory::default()).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("is damaged: its rows are not those that were written"), "{refused}");
    }
    // Backups made before hashes were written can still be restored.
    let mut old = entries.clone();
    let end = &mut old.last_mut().unwrap().1;
    let mut value: serde_json::Value = serde_json::from_slice(end).unwrap();
    value.as_object_mut().unwrap().remove("hashes").unwrap();
    *end = serde_json::to_vec(&value).unwrap();
    pack(&portal.file, &old);
    assert_eq!(portal.restore(&portal.file, &Memory::default()).await.1.unwrap().files, 3);
}

/// A small portal with one file, and everything in it.
struct Small {
    folder: TempDir,
    name: Name,
    file: PathBuf,
    rows: Vec<String>,
}

impl Small {
    async fn new() -> Small {
        let folder = folder();
        let from = sqlite(&folder, "from.db");
        let store = open(&from);
        let maya = SetUp {
            brand: "Harbor & Lee".to_string(),
            given_name: "Maya".to_string(),
            family_name: "Stone".to_string(),
            email: "maya@northwind.example".to_string(),
        };
        let maria = ClientInput {
            given_name: "Maria".to_string().into(),
            email: "maria@client.example".to_string().into(),
            ..ClientInput::default()
        };
        let furnished = store.write(move |tx| {
            let (workspace, maya) = set_up::set_up(tx, None, &maya)?;
            let maya = access::actor(tx, workspace, maya)?.unwrap();
            clients::add_client(tx, &maya, &maria)
        });
        furnished.await.unwrap();
        let blobs = Arc::new(Blobs::Memory(Memory::default()));
        let name = filed(&store, &blobs, "a.bin", &bytes(0)).await;
        let file = folder.path().join("portal.backup");
        backup::write(&store, &blobs, &file).await.unwrap();
        store.close();
        let rows = rows(&from).await;
        Small { folder, name, file, rows }
    }

    /// Restores a damaged backup. Whatever is not refused is either whole or told.
    async fn judge(&self, damaged: &[u8], what: &str) -> Outcome {
        let file = self.folder.path().join("damaged");
        std::fs::write(&file, damaged).unwrap();
        let (to, memory) = (sqlite(&self.folder, "to.db"), Memory::default());
        match restored(&to, &memory, &file).await {
            Err(error) => {
                assert!(!error.to_string().is_empty(), "{what}");
                assert_eq!((memory.staged(), memory.placed()), (0, 0), "{what}: {error}");
                Outcome::Refused
            }
            Ok(restored) => {
                assert_eq!(rows(&to).await, self.rows, "{what}");
                std::fs::remove_file(self.folder.path().join("to.db")).unwrap();
                if restored.damaged.is_empty() {
                    assert!(stored(&memory, self.name).await.unwrap() == bytes(0), "{what}");
                    return Outcome::Harmless;
                }
                assert_eq!(restored.damaged[0].name, self.name, "{what}");
                Outcome::Told
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Refused,
    Told,
    Harmless,
}

/// Places all over a file, and each one near its ends.
fn places(length: usize, count: usize) -> impl Iterator<Item = usize> {
    let middle = (0..count).map(move |number| number.wrapping_mul(0x9e37_79b9) % length);
    (0..12).chain(middle).chain(length - 12..length)
}

#[tokio::test(flavor = "multi_thread")]
async fn f17_any_flipped_byte_and_any_cut_of_a_backup_is_refused_or_harmless() {
    let small = Small::new().await;
    let whole = std::fs::read(&small.file).unwrap();
    assert_eq!(small.judge(&whole, "whole").await, Outcome::Harmless);
    let mut refused = 0;
    for place in places(whole.len(), 40) {
        let mut flipped = whole.clone();
        flipped[place] ^= 0x10;
        let outcome = small.judge(&flipped, &format!("flipped at {place}")).await;
        assert_ne!(outcome, Outcome::Told);
        refused += usize::from(outcome == Outcome::Refused);
        assert_eq!(small.judge(&whole[..place], &format!("cut at {place}")).await, Outcome::Refused);
    }
    // The time and the system in its head may change.
    assert!(refused > 50, "{refused}");
}

/// The archive inside: what memory damages before it is packed and checksummed.
#[tokio::test(flavor = "multi_thread")]
async fn f17_any_byte_flipped_before_a_backup_was_packed_is_refused_told_or_harmless() {
    use std::io::{Read, Write};
    let small = Small::new().await;
    let mut whole = Vec::new();
    let packed = std::fs::File::open(&small.file).unwrap();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut whole).unwrap();
    let mut told = 0;
    for place in places(whole.len(), 60) {
        let mut flipped = whole.clone();
        flipped[place] ^= 0x10;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(&flipped).unwrap();
        let outcome = small.judge(&packer.finish().unwrap(), &format!("flipped at {place}")).await;
        told += usize::from(outcome == Outcome::Told);
    }
    assert!(told > 0, "the bytes of the file were hit too");
}
