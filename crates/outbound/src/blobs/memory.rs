//! Blobs in memory, for tests, with simulated lack of space.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::blob::{Form, HEAD_BYTES, Name, Old, Placed, Stamp};
use super::error::{BlobError, Result};

/// Small, so that tests see several pieces of small files.
const PIECE_BYTES: usize = 64 << 10;

/// Takes the next piece of what is being read.
pub(super) fn next_piece(rest: &mut Bytes) -> Option<Bytes> {
    let piece = rest.split_to(rest.len().min(PIECE_BYTES));
    (!piece.is_empty()).then_some(piece)
}

/// Blobs in memory. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    kept: Mutex<Kept>,
    is_full: AtomicBool,
}

#[derive(Debug, Default)]
struct Kept {
    staged: HashMap<Uuid, Vec<u8>>,
    placed: HashMap<(Name, Form), Bytes>,
}

impl Memory {
    /// Simulates that there is no space, or that there is again.
    pub fn set_full(&self, is_full: bool) {
        self.0.is_full.store(is_full, Ordering::SeqCst);
    }

    /// Simulates damage: the blob has these bytes from now on.
    pub fn replace(&self, name: Name, bytes: impl Into<Bytes>) {
        self.kept().placed.insert((name, Form::Whole), bytes.into());
    }

    /// Number of incomplete uploads.
    pub fn staged(&self) -> usize {
        self.kept().staged.len()
    }

    /// Number of blobs in place, without small versions.
    pub fn placed(&self) -> usize {
        self.kept().placed.keys().filter(|(_, form)| *form == Form::Whole).count()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing panics while the lock is held.
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn room(&self) -> Result<()> {
        if self.0.is_full.load(Ordering::SeqCst) {
            return Err(BlobError::Full("memory was told to be full".to_string()));
        }
        Ok(())
    }

    pub(super) fn receive(&self, upload: Uuid, at: u64) -> Result<Receiving> {
        self.room()?;
        let mut kept = self.kept();
        let bytes = kept.staged.entry(upload).or_default();
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        if bytes.len() < at {
            return Err(BlobError::Missing(format!(
                "of upload {upload} only {} bytes are there",
                bytes.len()
            )));
        }
        bytes.truncate(at);
        Ok(Receiving { memory: self.clone(), upload, position: at as u64 })
    }

    pub(super) fn copy_staged(&self, from: Uuid, to: Uuid, count: u64) -> Result<()> {
        self.room()?;
        let mut kept = self.kept();
        let bytes = kept.staged.get(&from).map_or(&[][..], Vec::as_slice);
        let copied = usize::try_from(count).ok().and_then(|count| bytes.get(..count)).map(<[u8]>::to_vec);
        let copied = copied.ok_or_else(|| {
            BlobError::Missing(format!("of upload {from} only {} bytes are there", bytes.len()))
        })?;
        kept.staged.insert(to, copied);
        Ok(())
    }

    pub(super) fn place(&self, upload: Uuid, size: u64, name: Name) -> Result<Placed> {
        let mut kept = self.kept();
        let come = kept.staged.get(&upload).map(|bytes| bytes.len() as u64);
        if come != Some(size) {
            return Err(BlobError::Missing(format!(
                "of upload {upload} {come:?} bytes are there, not {size}"
            )));
        }
        let bytes = Bytes::from(kept.staged.remove(&upload).unwrap_or_default());
        let head = bytes.slice(..bytes.len().min(HEAD_BYTES)).to_vec();
        let placed = Placed { size, hash: Sha256::digest(&bytes).into(), head };
        kept.placed.insert((name, Form::Whole), bytes);
        Ok(placed)
    }

    pub(super) fn discard(&self, upload: Uuid) -> Result<()> {
        self.kept().staged.remove(&upload);
        Ok(())
    }

    pub(super) fn put_small(&self, name: Name, bytes: Bytes) -> Result<()> {
        self.room()?;
        self.kept().placed.insert((name, Form::Small), bytes);
        Ok(())
    }

    fn found(&self, name: Name, form: Form) -> Result<Bytes> {
        let found = self.kept().placed.get(&(name, form)).cloned();
        found.ok_or_else(|| BlobError::Missing(format!("{}", name.id)))
    }

    pub(super) fn size(&self, name: Name, form: Form) -> Result<u64> {
        Ok(self.found(name, form)?.len() as u64)
    }

    /// Nothing tells when bytes in memory were changed, so no outcome of a check is remembered.
    pub(super) fn stamp(&self, name: Name) -> Result<Stamp> {
        Ok(Stamp { size: self.size(name, Form::Whole)?, changed_at: SystemTime::UNIX_EPOCH })
    }

    pub(super) fn read(&self, name: Name, form: Form, range: Range<u64>) -> Result<Bytes> {
        let bytes = self.found(name, form)?;
        let place = |at: u64| usize::try_from(at).ok().filter(|at| *at <= bytes.len());
        match (place(range.start), place(range.end)) {
            (Some(start), Some(end)) if start <= end => Ok(bytes.slice(start..end)),
            _ => Err(BlobError::Missing(format!("{} has {} bytes", name.id, bytes.len()))),
        }
    }

    pub(super) fn replace_by(&self, name: Name, by: Name) -> Result<()> {
        self.replace(name, self.found(by, Form::Whole)?);
        Ok(())
    }

    pub(super) fn remove(&self, name: Name) -> Result<()> {
        let mut kept = self.kept();
        for form in [Form::Whole, Form::Small] {
            kept.placed.remove(&(name, form));
        }
        Ok(())
    }

    pub(super) fn all(&self) -> Result<Old> {
        let kept = self.kept();
        let mut placed: Vec<Name> = kept.placed.keys().map(|(name, _)| *name).collect();
        placed.sort_unstable();
        placed.dedup();
        Ok(Old { staged: kept.staged.keys().copied().collect(), placed })
    }
}

#[derive(Debug)]
pub(super) struct Receiving {
    memory: Memory,
    upload: Uuid,
    position: u64,
}

impl Receiving {
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.memory.room()?;
        // As with a file: what was removed meanwhile can still be written to.
        if let Some(staged) = self.memory.kept().staged.get_mut(&self.upload) {
            staged.extend_from_slice(bytes);
        }
        self.position += bytes.len() as u64;
        Ok(())
    }

    pub(super) fn sync(&mut self) -> Result<u64> {
        Ok(self.position)
    }
}
