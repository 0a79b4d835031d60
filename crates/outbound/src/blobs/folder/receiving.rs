//! An upload into a folder: while one buffer is hashed and written, the next one fills; and while bytes are synced, more are
//! written.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::task::{self, JoinHandle};
use uuid::Uuid;

use super::hashes::Hashes;
use crate::blobs::blob::Syncing;
use crate::blobs::blocking::{BUFFER_BYTES, joined};
use crate::blobs::error::{BlobError, Result};

/// What is written and hashed at once. It stays in the processor's cache between the two, and for larger writes Linux
/// looks for larger pieces of free memory, which costs more than the copy itself: decision 43.
const PIECE_BYTES: usize = 32 << 10;

/// Writes bytes at the end of a file and adds them to a hash, if one is kept.
pub(super) fn write_hashed(mut file: &File, mut hash: Option<&mut Sha256>, bytes: &[u8]) -> io::Result<()> {
    for piece in bytes.chunks(PIECE_BYTES) {
        file.write_all(piece)?;
        if let Some(hash) = &mut hash {
            hash.update(piece);
        }
    }
    Ok(())
}

/// The end of an upload that bytes are added to.
#[derive(Debug)]
pub(super) struct Writer {
    file: Arc<File>,
    /// Of everything so far; `None` if the upload began before the program was restarted.
    hash: Option<Sha256>,
    position: u64,
}

impl Writer {
    /// Goes on behind the first `position` bytes.
    pub(super) fn new(file: File, hash: Option<Sha256>, position: u64) -> Writer {
        Writer { file: Arc::new(file), hash, position }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        write_hashed(&self.file, self.hash.as_mut(), bytes)?;
        self.position += bytes.len() as u64;
        Ok(())
    }
}

#[derive(Debug)]
enum Writing {
    Idle(Writer),
    /// With the buffer that is written, to be filled again.
    Busy(JoinHandle<io::Result<(Writer, Vec<u8>)>>),
    /// A write failed: the upload must be resumed.
    Broken,
}

/// An upload that is being received.
#[derive(Debug)]
pub(in crate::blobs) struct Receiving {
    upload: Uuid,
    hashes: Hashes,
    filling: Vec<u8>,
    writing: Writing,
}

impl Receiving {
    pub(super) fn new(upload: Uuid, hashes: Hashes, writer: Writer) -> Receiving {
        Receiving { upload, hashes, filling: Vec::new(), writing: Writing::Idle(writer) }
    }

    pub(in crate::blobs) async fn write(&mut self, bytes: Bytes) -> Result<()> {
        let mut rest = bytes.as_ref();
        while !rest.is_empty() {
            if self.filling.capacity() == 0 {
                self.filling.reserve_exact(BUFFER_BYTES);
            }
            let (now, later) = rest.split_at(rest.len().min(BUFFER_BYTES - self.filling.len()));
            self.filling.extend_from_slice(now);
            rest = later;
            if self.filling.len() == BUFFER_BYTES {
                self.pass_on().await?;
            }
        }
        Ok(())
    }

    /// Waits for the last write and starts the next one with the filled buffer.
    async fn pass_on(&mut self) -> Result<()> {
        let (mut writer, spare) = self.idle().await?;
        let bytes = std::mem::replace(&mut self.filling, spare);
        self.writing = Writing::Busy(task::spawn_blocking(move || {
            writer.write(&bytes)?;
            let mut spare = bytes;
            spare.clear();
            Ok((writer, spare))
        }));
        Ok(())
    }

    async fn idle(&mut self) -> Result<(Writer, Vec<u8>)> {
        match std::mem::replace(&mut self.writing, Writing::Broken) {
            Writing::Idle(writer) => Ok((writer, Vec::new())),
            Writing::Busy(busy) => joined(busy).await,
            Writing::Broken => Err(BlobError::Unavailable("an earlier write failed".to_string())),
        }
    }

    pub(in crate::blobs) async fn begin_sync(&mut self) -> Result<Syncing> {
        if !self.filling.is_empty() {
            self.pass_on().await?;
        }
        let (writer, spare) = self.idle().await?;
        self.filling = spare;
        let (file, position, hash) = (Arc::clone(&writer.file), writer.position, writer.hash.clone());
        self.writing = Writing::Idle(writer);
        let (upload, hashes) = (self.upload, self.hashes.clone());
        let syncing = task::spawn_blocking(move || file.sync_data());
        Ok(Box::pin(async move {
            joined(syncing).await?;
            if let Some(hash) = hash {
                hashes.remember(upload, position, hash);
            }
            Ok(position)
        }))
    }
}
