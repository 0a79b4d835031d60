//! The bytes of files in a backup, put back into the store and compared with their rows. Good bytes that are there already are
//! never replaced. Damaged ones are put back as they are, where there is nothing better; the portal hands them to nobody.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use outbound::blobs::{BlobError, Content, Damage, Name};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::rows::Rows;
use crate::backup::archive::{self, damaged};
use crate::backup::blobs::{BlockingBlobs, Found};
use crate::backup::{BLOBS, Cell};
use crate::damage::Damaged;
use crate::error::{Error, Result};

/// How much is read at once.
const PIECE_BYTES: usize = 1 << 20;
/// The entries with the rows that name the bytes.
const ROWS: &str = "tables/blobs/";

/// How restoring the bytes of a backup went.
#[derive(Debug, Default)]
pub(super) struct RestoredBlobs {
    /// Files that are in the store now.
    pub(super) files: u64,
    pub(super) damaged: Vec<Damaged>,
    /// Those that were not there before.
    added: Vec<Name>,
}

impl RestoredBlobs {
    /// Removes the added bytes again, when the rest of the backup was refused.
    pub(super) fn undo(&self, blobs: &BlockingBlobs) {
        for name in &self.added {
            if let Err(error) = blobs.wait(|blobs| blobs.remove(*name)) {
                tracing::warn!(%error, blob = %name.id, "bytes of a backup are left for the sweep");
            }
        }
    }
}

/// Copies the bytes in a backup into the store. On an error nothing is added.
pub(super) fn restore(blobs: &BlockingBlobs, path: &Path) -> Result<RestoredBlobs> {
    let mut restoring =
        Restoring { blobs, path, expected: HashMap::new(), restored: RestoredBlobs::default() };
    match restoring.all() {
        Ok(()) => Ok(restoring.restored),
        Err(error) => {
            restoring.restored.undo(blobs);
            Err(error)
        }
    }
}

struct Restoring<'a> {
    blobs: &'a BlockingBlobs,
    path: &'a Path,
    /// What the rows name and has not come yet.
    expected: HashMap<Name, Content>,
    restored: RestoredBlobs,
}

impl Restoring<'_> {
    fn all(&mut self) -> Result<()> {
        let mut archive = archive::open(self.path)?;
        for entry in archive.entries().map_err(|error| damaged(self.path, error))? {
            let mut entry = entry.map_err(|error| damaged(self.path, error))?;
            let Some(name) = archive::name_of(&entry) else { continue };
            if name.starts_with(ROWS) {
                archive::limited(self.path, &name, &entry)?;
                self.expect(entry).map_err(|why| damaged(self.path, format!("{name}: {why}")))?;
            } else if let Some(ids) = name.strip_prefix(BLOBS) {
                let content = named(ids).and_then(|name| self.expected.remove(&name));
                let content =
                    content.ok_or_else(|| damaged(self.path, format!("{name} is not expected there")))?;
                self.put(content, &mut entry)?;
            }
        }
        let missing: Vec<Content> = self.expected.values().copied().collect();
        for content in missing {
            match self.present(content)? {
                None => self.restored.files += 1,
                Some(damage) => self.report(content.name, damage),
            }
        }
        Ok(())
    }

    /// Reads rows of blobs.
    fn expect(&mut self, entry: impl Read) -> std::result::Result<(), String> {
        let (columns, rows) = Rows::open(entry)?;
        for cells in rows {
            let content = content(&columns, &cells?).ok_or("a row names no bytes")?;
            self.expected.insert(content.name, content);
        }
        Ok(())
    }

    /// What is wrong with the bytes in the store, if anything is.
    fn present(&self, content: Content) -> Result<Option<Damage>> {
        match self.blobs.wait(|blobs| blobs.verify(content)) {
            Ok(()) => Ok(None),
            Err(BlobError::Damaged(damage)) => Ok(Some(damage)),
            Err(error) => Err(not_restored(error)),
        }
    }

    fn put(&mut self, content: Content, entry: &mut impl Read) -> Result<()> {
        let Some(present) = self.present(content)? else {
            self.restored.files += 1;
            return Ok(());
        };
        let upload = Uuid::now_v7();
        let put = self.receive(entry, upload).and_then(|found| {
            let size = found.size;
            let damage = found.damage(content);
            let is_new = present == Damage::Missing;
            if damage.is_none() || is_new {
                let placed = self.blobs.wait(|blobs| blobs.place(upload, size, content.name));
                placed.map_err(not_restored)?;
            }
            Ok((damage, is_new))
        });
        // The first error counts; the sweep finds what this leaves.
        let _ = self.blobs.wait(|blobs| blobs.discard(upload));
        let (damage, is_new) = put?;
        if is_new {
            self.restored.added.push(content.name);
        }
        match damage {
            None => self.restored.files += 1,
            Some(damage) => self.report(content.name, damage),
        }
        Ok(())
    }

    fn report(&mut self, name: Name, damage: Damage) {
        self.restored.damaged.push(Damaged { name, damage });
    }

    fn receive(&self, entry: &mut impl Read, upload: Uuid) -> Result<Found> {
        let mut receiving = self.blobs.wait(|blobs| blobs.receive(upload, 0)).map_err(not_restored)?;
        let (mut size, mut hash) = (0, Sha256::new());
        loop {
            let mut piece = Vec::with_capacity(PIECE_BYTES);
            let read = entry.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut piece);
            if read.map_err(|error| damaged(self.path, error))? == 0 {
                break;
            }
            size += piece.len() as u64;
            hash.update(&piece);
            self.blobs.wait(|_| receiving.write(Bytes::from(piece))).map_err(not_restored)?;
        }
        self.blobs.wait(|_| receiving.sync()).map_err(not_restored)?;
        Ok(Found { size, hash: hash.finalize().into(), unread: None })
    }
}

fn named(ids: &str) -> Option<Name> {
    let (workspace, id) = ids.split_once('/')?;
    Some(Name { workspace: Uuid::parse_str(workspace).ok()?, id: Uuid::parse_str(id).ok()? })
}

/// The bytes that a row of the table names.
fn content(columns: &[String], cells: &[Cell]) -> Option<Content> {
    let cell = |name: &str| cells.get(columns.iter().position(|column| column == name)?);
    let bytes = |name| match cell(name)? {
        Cell::Bytes { bytes } => Some(bytes.as_slice()),
        _ => None,
    };
    let id = |name| Uuid::from_slice(bytes(name)?).ok();
    let Cell::Integer(size) = cell("size")? else { return None };
    let (workspace, id, hash) = (id("workspace")?, id("id")?, bytes("hash")?.try_into().ok()?);
    (*size >= 0).then(|| Content::new(workspace, id, *size, hash))
}

fn not_restored(error: BlobError) -> Error {
    Error::refused(format!("a file cannot be put back: {error}"))
}
