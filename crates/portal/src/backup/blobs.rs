//! The bytes of files in a backup: one entry each, after the tables. They are checked while they are written. Damaged ones are
//! written as they are, since something is better than nothing, and reported.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use domain::files::blobs;
use outbound::blobs::{BlobError, Blobs, Content, Damage, Form, Name, Reading};
use sha2::{Digest, Sha256};
use store::Reader;
use tokio::runtime::Handle;

use super::archive::ArchiveWriter;
use super::format::BLOBS;
use crate::damage::Damaged;
use crate::error::Result;

/// The store of blobs for code that blocks. Must not be used on a thread of the runtime.
#[derive(Clone)]
pub(crate) struct BlockingBlobs {
    blobs: Arc<Blobs>,
    runtime: Handle,
}

/// How many files were written, and which ones are damaged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct WrittenBlobs {
    pub(crate) written: u64,
    pub(crate) damaged: Vec<Damaged>,
}

impl BlockingBlobs {
    /// # Panics
    /// Outside the runtime.
    pub(crate) fn new(blobs: &Arc<Blobs>) -> BlockingBlobs {
        BlockingBlobs { blobs: Arc::clone(blobs), runtime: Handle::current() }
    }

    /// Waits for work on the store.
    pub(crate) fn wait<'a, T, F: Future<Output = T>>(&'a self, work: impl FnOnce(&'a Blobs) -> F) -> T {
        self.runtime.block_on(work(&self.blobs))
    }

    /// Writes the bytes of every file that the database names.
    pub(super) fn write(&self, reader: &Reader, archive: &mut ArchiveWriter) -> Result<WrittenBlobs> {
        let mut blobs = WrittenBlobs::default();
        for record in blobs::all(reader)? {
            let content = Content::new(record.workspace.0, record.blob.0, record.size, record.hash);
            let reading = match self.open(content.name) {
                Ok((size, reading)) => BlobReader::new(self.clone(), reading, size),
                Err(error) => {
                    let damage = damage_of(error).map_err(|error| archive.failed(error))?;
                    blobs.damaged.push(Damaged { name: content.name, damage });
                    continue;
                }
            };
            let Name { workspace, id } = content.name;
            let found = reading.write(archive, &format!("{BLOBS}{workspace}/{id}"))?;
            blobs.written += 1;
            let damaged = found.damage(content).map(|damage| Damaged { name: content.name, damage });
            blobs.damaged.extend(damaged);
        }
        Ok(blobs)
    }

    /// All bytes that are there, however many.
    fn open(&self, name: Name) -> std::result::Result<(u64, Reading), BlobError> {
        self.wait(async |blobs| {
            let size = blobs.size(name, Form::Whole).await?;
            Ok((size, blobs.read(name, Form::Whole, 0..size).await?))
        })
    }
}

/// What is wrong with a file; other failures keep the backup from being made.
fn damage_of(error: BlobError) -> io::Result<Damage> {
    match error {
        BlobError::Missing(_) => Ok(Damage::Missing),
        BlobError::Damaged(damage) => Ok(damage),
        other => Err(io::Error::other(other)),
    }
}

/// What was read of a blob.
pub(crate) struct Found {
    pub(crate) size: u64,
    pub(crate) hash: [u8; 32],
    /// Why it could not be read to its end.
    pub(crate) unread: Option<Damage>,
}

impl Found {
    pub(crate) fn damage(self, expected: Content) -> Option<Damage> {
        let is_changed = self.hash != expected.hash;
        self.unread
            .or_else(|| Damage::of_size(self.size, expected.size))
            .or_else(|| is_changed.then_some(Damage::Changed))
    }
}

/// A blob as a blocking reader of exactly `size` bytes: what cannot be read is replaced by zeros.
struct BlobReader {
    blobs: BlockingBlobs,
    reading: Reading,
    size: u64,
    left: u64,
    piece: Bytes,
    hash: Sha256,
    unread: Option<Damage>,
}

impl BlobReader {
    fn new(blobs: BlockingBlobs, reading: Reading, size: u64) -> BlobReader {
        let (piece, hash) = (Bytes::new(), Sha256::new());
        BlobReader { blobs, reading, size, left: size, piece, hash, unread: None }
    }

    fn write(mut self, archive: &mut ArchiveWriter, name: &str) -> Result<Found> {
        archive.stream(name, self.size, &mut self)?;
        Ok(Found { size: self.size, hash: self.hash.finalize().into(), unread: self.unread })
    }

    fn advance(&mut self) -> io::Result<()> {
        match self.blobs.runtime.block_on(self.reading.next()) {
            Ok(next) => self.piece = next.unwrap_or_default(),
            Err(error) => self.unread = Some(damage_of(error)?),
        }
        self.hash.update(&self.piece);
        Ok(())
    }
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() && self.unread.is_none() {
            self.advance()?;
        }
        let count = if self.unread.is_some() {
            let count = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            buffer[..count].fill(0);
            count
        } else {
            let count = self.piece.len().min(buffer.len());
            self.piece.copy_to_slice(&mut buffer[..count]);
            count
        };
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}
