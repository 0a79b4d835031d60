//! The bytes of files in a backup: one entry each, after the tables, streamed both ways. Bytes that are missing from the
//! store are reported, and do not keep the rest from being saved.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use outbound::blobs::{BlobError, Blobs, Form, Name, Reading};
use store::Reader;
use tokio::runtime::Handle;
use uuid::Uuid;

use super::archive::{self, ArchiveWriter, damaged};
use super::format::BLOBS;
use crate::error::{Error, Result};

/// How much is read at once while restoring.
const PIECE_BYTES: usize = 1 << 20;

/// The store of blobs for code that blocks. Must not be used on a thread of the runtime.
#[derive(Clone)]
pub(crate) struct BlockingBlobs {
    blobs: Arc<Blobs>,
    runtime: Handle,
}

/// How many files were written, and how many were missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BlobCount {
    pub(crate) written: u64,
    pub(crate) missing: u64,
}

impl BlockingBlobs {
    /// # Panics
    /// Outside the runtime.
    pub(crate) fn new(blobs: &Arc<Blobs>) -> BlockingBlobs {
        BlockingBlobs { blobs: Arc::clone(blobs), runtime: Handle::current() }
    }

    /// Writes the bytes of every file that the database names.
    pub(super) fn write(&self, reader: &Reader, archive: &mut ArchiveWriter) -> Result<BlobCount> {
        let all = reader.all("SELECT workspace, id, size FROM blobs ORDER BY workspace, id", &[], |row| {
            let name = Name { workspace: row.get(0)?, id: row.get(1)? };
            Ok((name, row.get::<i64>(2)?))
        })?;
        let mut count = BlobCount::default();
        for (name, size) in all {
            let size = u64::try_from(size).expect("a size is a count of bytes");
            match self.open(name, size) {
                Ok(reading) => {
                    let bytes = BlobReader { reading, runtime: self.runtime.clone(), piece: Bytes::new() };
                    archive.stream(&format!("{BLOBS}{}/{}", name.workspace, name.id), size, bytes)?;
                    count.written += 1;
                }
                Err(BlobError::Missing(why)) => {
                    tracing::error!(blob = %name.id, why, "the bytes of a file are missing");
                    count.missing += 1;
                }
                Err(error) => return Err(archive.failed(io::Error::other(error))),
            }
        }
        Ok(count)
    }

    fn open(&self, name: Name, size: u64) -> std::result::Result<Reading, BlobError> {
        self.runtime.block_on(async {
            if self.blobs.size(name, Form::Whole).await? != size {
                return Err(BlobError::Missing("it has another size".to_string()));
            }
            self.blobs.read(name, Form::Whole, 0..size).await
        })
    }

    /// Copies the bytes in a backup into the store and returns their names. On an error none of them are left there.
    pub(crate) fn restore(&self, path: &Path) -> Result<Vec<Name>> {
        let mut restored = Vec::new();
        match self.restore_each(path, &mut restored) {
            Ok(()) => Ok(restored),
            Err(error) => {
                self.remove(&restored);
                Err(error)
            }
        }
    }

    /// Removes restored bytes again, when the database did not accept their rows.
    pub(crate) fn remove(&self, restored: &[Name]) {
        for name in restored {
            if let Err(error) = self.runtime.block_on(self.blobs.remove(*name)) {
                tracing::warn!(%error, blob = %name.id, "bytes of a backup are left for the sweep");
            }
        }
    }

    fn restore_each(&self, path: &Path, restored: &mut Vec<Name>) -> Result<()> {
        let mut archive = archive::open(path)?;
        for entry in archive.entries().map_err(|error| damaged(path, error))? {
            let mut entry = entry.map_err(|error| damaged(path, error))?;
            let Some(entry_name) = archive::name_of(&entry) else { continue };
            let Some(ids) = entry_name.strip_prefix(BLOBS) else { continue };
            let name = ids.split_once('/').and_then(|(workspace, id)| {
                Some(Name { workspace: Uuid::parse_str(workspace).ok()?, id: Uuid::parse_str(id).ok()? })
            });
            let name = name.ok_or_else(|| damaged(path, format!("{entry_name} is not expected there")))?;
            let (upload, size) = (Uuid::now_v7(), entry.size());
            let placed = self.receive(path, &mut entry, upload).and_then(|()| {
                self.runtime.block_on(self.blobs.place(upload, size, name)).map_err(not_restored)
            });
            if let Err(error) = placed {
                // The first error counts; the sweep finds what this leaves.
                let _ = self.runtime.block_on(self.blobs.discard(upload));
                return Err(error);
            }
            restored.push(name);
        }
        Ok(())
    }

    fn receive(&self, path: &Path, entry: &mut impl Read, upload: Uuid) -> Result<()> {
        let mut receiving = self.runtime.block_on(self.blobs.receive(upload, 0)).map_err(not_restored)?;
        loop {
            let mut piece = Vec::with_capacity(PIECE_BYTES);
            let read = entry.by_ref().take(PIECE_BYTES as u64).read_to_end(&mut piece);
            if read.map_err(|error| damaged(path, error))? == 0 {
                break;
            }
            self.runtime.block_on(receiving.write(Bytes::from(piece))).map_err(not_restored)?;
        }
        self.runtime.block_on(receiving.sync()).map_err(not_restored)?;
        Ok(())
    }
}

fn not_restored(error: BlobError) -> Error {
    Error::refused(format!("a file cannot be put back: {error}"))
}

/// A blob as a blocking reader.
struct BlobReader {
    reading: Reading,
    runtime: Handle,
    piece: Bytes,
}

impl Read for BlobReader {
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
