//! The bytes of files in a backup: an entry `blobs/WORKSPACE/ID` each, behind the tables, streamed both ways. Bytes that are
//! missing from the store are said to be so and keep nothing else from being saved.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use outbound::blobs::{BlobError, Blobs, Form, Name, Reading};
use store::Reader;
use tokio::runtime::Handle;
use uuid::Uuid;

use super::Archive;
use crate::error::{Error, Result};

/// What is read at once when bytes are put back.
const PIECE_BYTES: usize = 1 << 20;
/// What the entries of bytes begin with.
const FOLDER: &str = "blobs/";

/// The store of blobs, for code that waits for it. Not to be used on a thread of the runtime.
#[derive(Clone)]
pub(crate) struct Cabinet {
    blobs: Arc<Blobs>,
    runtime: Handle,
}

/// How many files were written, and how many were missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) written: u64,
    pub(crate) missing: u64,
}

impl Cabinet {
    /// Must be made inside the runtime.
    pub(crate) fn of(blobs: &Arc<Blobs>) -> Cabinet {
        Cabinet { blobs: Arc::clone(blobs), runtime: Handle::current() }
    }

    /// Writes the bytes of every file of the database. The outer error is the database's, the inner one the disk's.
    pub(super) fn write(&self, reader: &Reader, archive: &mut Archive) -> store::Result<io::Result<Count>> {
        let all = reader.all("SELECT workspace, id, size FROM blobs ORDER BY workspace, id", &[], |row| {
            let name = Name { workspace: row.get(0)?, id: row.get(1)? };
            Ok((name, row.get::<i64>(2)?))
        })?;
        let mut count = Count::default();
        for (name, size) in all {
            let size = u64::try_from(size).unwrap_or(0);
            match self.write_one(archive, name, size) {
                Ok(true) => count.written += 1,
                Ok(false) => count.missing += 1,
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(count))
    }

    /// False where the bytes are not there, or not all of them.
    fn write_one(&self, archive: &mut Archive, name: Name, size: u64) -> io::Result<bool> {
        let opened = self.runtime.block_on(async {
            if self.blobs.size(name, Form::Whole).await? != size {
                return Err(BlobError::Missing("it has another size".to_string()));
            }
            self.blobs.read(name, Form::Whole, 0..size).await
        });
        let reading = match opened {
            Ok(reading) => reading,
            Err(BlobError::Missing(why)) => {
                tracing::error!(blob = %name.id, why, "the bytes of a file are missing");
                return Ok(false);
            }
            Err(error) => return Err(io::Error::other(error)),
        };
        let entry = format!("{FOLDER}{}/{}", name.workspace, name.id);
        archive.stream(&entry, size, Flow { reading, runtime: self.runtime.clone(), piece: Bytes::new() })?;
        Ok(true)
    }

    /// Puts the bytes of a backup into the store, and answers what was put there.
    ///
    /// # Errors
    /// Where the file or the store fails; then nothing of it is left there.
    pub(crate) fn put_back(&self, path: &Path) -> Result<Vec<Name>> {
        let mut put = Vec::new();
        match self.put_all(path, &mut put) {
            Ok(()) => Ok(put),
            Err(error) => {
                self.take_out(&put);
                Err(error)
            }
        }
    }

    /// Takes bytes out again: the database did not take its rows.
    pub(crate) fn take_out(&self, put: &[Name]) {
        for name in put {
            if let Err(error) = self.runtime.block_on(self.blobs.remove(*name)) {
                tracing::warn!(%error, blob = %name.id, "bytes of a backup are left for the sweep");
            }
        }
    }

    fn put_all(&self, path: &Path, put: &mut Vec<Name>) -> Result<()> {
        let damaged = |why: &str| {
            Error::refused(format!("{} is damaged: {why}; nothing of it was kept", path.display()))
        };
        let mut archive = crate::restore::archive(path)?;
        for entry in archive.entries().map_err(|error| damaged(&error.to_string()))? {
            let mut entry = entry.map_err(|error| damaged(&error.to_string()))?;
            let Some(name) = crate::restore::name_of(&entry) else { continue };
            let Some(place) = name.strip_prefix(FOLDER) else { continue };
            let ids = place.split_once('/').and_then(|(workspace, id)| {
                Some(Name { workspace: Uuid::parse_str(workspace).ok()?, id: Uuid::parse_str(id).ok()? })
            });
            let ids = ids.ok_or_else(|| damaged(&format!("{name} is not expected there")))?;
            let size = entry.size();
            self.put_one(&mut entry, ids, size).map_err(|error| match error {
                Put::File(error) => damaged(&error.to_string()),
                Put::Store(error) => Error::refused(format!("a file cannot be put back: {error}")),
            })?;
            put.push(ids);
        }
        Ok(())
    }

    fn put_one(&self, entry: &mut impl Read, name: Name, size: u64) -> std::result::Result<(), Put> {
        let upload = Uuid::now_v7();
        let come = self.receive(entry, upload);
        let placed = come.and_then(|()| {
            let placed = self.runtime.block_on(self.blobs.place(upload, size, name));
            placed.map(drop).map_err(Put::Store)
        });
        if placed.is_err() {
            // The first error counts; what is left the sweep finds.
            let _ = self.runtime.block_on(self.blobs.discard(upload));
        }
        placed
    }

    fn receive(&self, entry: &mut impl Read, upload: Uuid) -> std::result::Result<(), Put> {
        let mut receiving = self.runtime.block_on(self.blobs.receive(upload, 0)).map_err(Put::Store)?;
        loop {
            let mut piece = Vec::with_capacity(PIECE_BYTES);
            entry.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut piece).map_err(Put::File)?;
            if piece.is_empty() {
                break;
            }
            self.runtime.block_on(receiving.write(Bytes::from(piece))).map_err(Put::Store)?;
        }
        self.runtime.block_on(receiving.sync()).map(drop).map_err(Put::Store)
    }
}

/// What failed: the file or the store.
enum Put {
    File(io::Error),
    Store(BlobError),
}

/// Bytes on their way out of the store, as a reader that waits.
struct Flow {
    reading: Reading,
    runtime: Handle,
    piece: Bytes,
}

impl Read for Flow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() {
            let next = self.runtime.block_on(self.reading.next()).map_err(io::Error::other)?;
            self.piece = next.unwrap_or_default();
        }
        let count = self.piece.len().min(buffer.len());
        self.piece.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}
