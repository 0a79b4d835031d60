//! The blob store, with its uploads and downloads.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use super::blob::{Content, Form, Name, Old, Placed, Stamp, Syncing};
#[cfg(feature = "cluster")]
use super::bucket::{self, Bucket};
use super::checking::{Check, Checks};
use super::error::{BlobError, Damage, Result};
use super::folder::{self, Folder};
use super::memory::{self, Memory};

/// The blob store. Its `Debug` and `Display` show no secrets.
#[derive(Debug)]
pub enum Blobs {
    /// A local folder.
    Folder(Folder),
    /// A bucket of a store that speaks S3.
    #[cfg(feature = "cluster")]
    Bucket(Box<Bucket>),
    /// Memory, for tests.
    Memory(Memory),
}

impl Blobs {
    /// Resumes an upload after its first `at` bytes; later bytes are discarded.
    ///
    /// # Errors
    /// `Missing` if there are fewer bytes.
    pub async fn receive(&self, upload: Uuid, at: u64) -> Result<Receiving> {
        Ok(Receiving(match self {
            Blobs::Folder(folder) => Medium::Folder(Box::new(folder.receive(upload, at).await?)),
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => Medium::Folder(Box::new(bucket.staging().receive(upload, at).await?)),
            Blobs::Memory(memory) => Medium::Memory(memory.receive(upload, at)?),
        }))
    }

    /// Copies the first `count` bytes of an upload, on disk, to go on with the copy while somebody else may still write to
    /// the original.
    ///
    /// # Errors
    /// `Missing` if there are fewer bytes.
    pub async fn copy_staged(&self, from: Uuid, to: Uuid, count: u64) -> Result<()> {
        match self {
            Blobs::Folder(folder) => folder.copy_staged(from, to, count).await,
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.staging().copy_staged(from, to, count).await,
            Blobs::Memory(memory) => memory.copy_staged(from, to, count),
        }
    }

    /// Puts an upload of exactly `size` bytes in place: afterwards it is on disk under its name, and nothing is staged. After an
    /// error the upload is unchanged.
    ///
    /// # Errors
    /// `Missing` if the size differs.
    pub async fn place(&self, upload: Uuid, size: u64, name: Name) -> Result<Placed> {
        match self {
            Blobs::Folder(folder) => folder.place(upload, size, name).await,
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.place(upload, size, name).await,
            Blobs::Memory(memory) => memory.place(upload, size, name),
        }
    }

    /// Removes the bytes of an upload, if there are any.
    pub async fn discard(&self, upload: Uuid) -> Result<()> {
        match self {
            Blobs::Folder(folder) => folder.discard(upload).await,
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.staging().discard(upload).await,
            Blobs::Memory(memory) => memory.discard(upload),
        }
    }

    /// Stores a small version beside its file.
    pub async fn put_small(&self, name: Name, bytes: Bytes) -> Result<()> {
        match self {
            Blobs::Folder(folder) => folder.put_small(name, bytes).await,
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.put_small(name, bytes).await,
            Blobs::Memory(memory) => memory.put_small(name, bytes),
        }
    }

    /// The size in bytes.
    ///
    /// # Errors
    /// `Missing` if the blob does not exist.
    pub async fn size(&self, name: Name, form: Form) -> Result<u64> {
        match self {
            Blobs::Folder(folder) => folder.size(name, form).await,
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.size(name, form).await,
            Blobs::Memory(memory) => memory.size(name, form),
        }
    }

    /// Reads a range of bytes as they are.
    ///
    /// # Errors
    /// `Missing` if they do not exist.
    pub async fn read(&self, name: Name, form: Form, range: Range<u64>) -> Result<Reading> {
        let source = match self {
            Blobs::Folder(folder) => Source::Folder(folder.read(name, form, range).await?),
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => Source::Bucket(bucket.read(name, form, range).await?),
            Blobs::Memory(memory) => Source::Memory(memory.read(name, form, range)?),
        };
        Ok(Reading { source, check: None })
    }

    /// Reads a whole file and checks it meanwhile: its last piece is handed out only if all of them are right.
    ///
    /// # Errors
    /// `Damaged`, at once if that is known or the size shows it.
    pub async fn read_whole(&self, content: Content) -> Result<Reading> {
        let stamp = self.stamp(content).await?;
        if let Some(Err(damage)) = self.checks().and_then(|checks| checks.outcome(content.name, stamp)) {
            return Err(damage.into());
        }
        self.read_checked(content, stamp).await
    }

    /// Reads a range of a file after checking all of it, unless that was done lately.
    ///
    /// # Errors
    /// `Damaged`, for any range of a damaged file.
    pub async fn read_part(&self, content: Content, range: Range<u64>) -> Result<Reading> {
        let stamp = self.stamp(content).await?;
        if let Some(checks) = self.checks() {
            let _turn = checks.turn(content.name).await;
            match checks.outcome(content.name, stamp) {
                Some(found) => found?,
                None => self.read_checked(content, stamp).await?.drain().await?,
            }
        } else {
            self.verify(content).await?;
        }
        self.read(content.name, Form::Whole, range).await
    }

    /// Checks the size of a file, without reading it.
    ///
    /// # Errors
    /// `Damaged` if another number of bytes arrived.
    pub async fn check_size(&self, content: Content) -> Result<()> {
        self.stamp(content).await.map(|_| ())
    }

    /// Reads a whole file to check it.
    ///
    /// # Errors
    /// `Damaged` if it is not what arrived.
    pub async fn verify(&self, content: Content) -> Result<()> {
        let stamp = self.stamp(content).await?;
        self.read_checked(content, stamp).await?.drain().await
    }

    async fn read_checked(&self, content: Content, stamp: Stamp) -> Result<Reading> {
        let mut reading = self.read(content.name, Form::Whole, 0..content.size).await?;
        reading.check = Some(Check::new(content, self.checks().map(|checks| (Arc::clone(checks), stamp))));
        Ok(reading)
    }

    /// The state of a file whose size is right.
    async fn stamp(&self, content: Content) -> Result<Stamp> {
        let stamp = match self {
            Blobs::Folder(folder) => folder.stamp(content.name).await,
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.stamp(content.name).await,
            Blobs::Memory(memory) => memory.stamp(content.name),
        };
        let stamp = stamp.map_err(|error| match error {
            BlobError::Missing(_) => Damage::Missing.into(),
            other => other,
        })?;
        Damage::of_size(stamp.size, content.size).map_or(Ok(stamp), |damage| Err(damage.into()))
    }

    /// Where outcomes are remembered, if the store can tell that a file has changed.
    fn checks(&self) -> Option<&Arc<Checks>> {
        match self {
            Blobs::Folder(folder) => Some(folder.checks()),
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => Some(bucket.staging().checks()),
            Blobs::Memory(_) => None,
        }
    }

    /// Puts the bytes of one blob in place of another's, which then has other bytes at once or unchanged ones. The first blob may
    /// be gone afterwards.
    pub async fn replace(&self, name: Name, by: Name) -> Result<()> {
        match self {
            Blobs::Folder(folder) => folder.replace(name, by).await,
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.replace(name, by).await,
            Blobs::Memory(memory) => memory.replace_by(name, by),
        }
    }

    /// Removes a blob and its small version, if they exist.
    pub async fn remove(&self, name: Name) -> Result<()> {
        match self {
            Blobs::Folder(folder) => folder.remove(name).await,
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.remove(name).await,
            Blobs::Memory(memory) => memory.remove(name),
        }
    }

    /// Uploads and blobs older than `age`.
    pub async fn older_than(&self, age: Duration) -> Result<Old> {
        match self {
            Blobs::Folder(folder) => folder.older_than(age).await,
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.older_than(age).await,
            Blobs::Memory(memory) => memory.all(),
        }
    }

    /// Removes what was being written beside the blobs and was never finished, if it is older than `age`. Returns how many files.
    pub async fn remove_unfinished(&self, age: Duration) -> Result<usize> {
        match self {
            Blobs::Folder(folder) => folder.remove_unfinished(age).await,
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.staging().remove_unfinished(age).await,
            Blobs::Memory(_) => Ok(0),
        }
    }

    /// Checks that blobs can be stored. Returns a sentence for the user.
    pub async fn check(&self) -> Result<String> {
        match self {
            Blobs::Folder(folder) => folder.check().await,
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.check().await,
            Blobs::Memory(_) => Ok("files are kept in memory".to_string()),
        }
    }

    /// How many bytes of an upload to receive between syncs: at most that much is lost in a crash.
    pub fn sync_every(&self) -> u64 {
        32 << 20
    }
}

impl fmt::Display for Blobs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Blobs::Folder(folder) => write!(formatter, "folder:{}", folder.path().display()),
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.fmt(formatter),
            Blobs::Memory(_) => formatter.write_str("memory"),
        }
    }
}

/// An upload that is being received. When dropped, what was synced is kept, and perhaps more.
#[derive(Debug)]
pub struct Receiving(Medium);

#[derive(Debug)]
enum Medium {
    Folder(Box<folder::Receiving>),
    Memory(memory::Receiving),
}

impl Receiving {
    /// Takes the next bytes, without syncing them. After an error the upload resumes from the last sync.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        match &mut self.0 {
            Medium::Folder(receiving) => receiving.write(bytes).await,
            Medium::Memory(receiving) => receiving.write(&bytes),
        }
    }

    /// Syncs everything that was taken and returns how many bytes of the upload are on disk.
    pub async fn sync(&mut self) -> Result<u64> {
        self.begin_sync().await?.await
    }

    /// Starts to sync what was taken until now; more can be taken meanwhile. If it fails, only what was synced before is
    /// certain, and the upload must be resumed from there.
    pub async fn begin_sync(&mut self) -> Result<Syncing> {
        match &mut self.0 {
            Medium::Folder(receiving) => receiving.begin_sync().await,
            Medium::Memory(receiving) => {
                let position = receiving.sync()?;
                Ok(Box::pin(std::future::ready(Ok(position))))
            }
        }
    }
}

/// A blob that is being read.
#[derive(Debug)]
pub struct Reading {
    source: Source,
    check: Option<Check>,
}

#[derive(Debug)]
enum Source {
    Folder(folder::Reading),
    #[cfg(feature = "cluster")]
    Bucket(bucket::Reading),
    Memory(Bytes),
}

impl Reading {
    /// The next bytes; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let next = match &mut self.source {
            Source::Folder(reading) => reading.next().await,
            #[cfg(feature = "cluster")]
            Source::Bucket(reading) => reading.next().await,
            Source::Memory(bytes) => Ok(memory::next_piece(bytes)),
        };
        match &mut self.check {
            Some(check) => check.pass(next).await,
            None => next,
        }
    }

    async fn drain(mut self) -> Result<()> {
        while self.next().await?.is_some() {}
        Ok(())
    }

    /// All bytes at once, for small blobs.
    pub async fn all(mut self) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(bytes) = self.next().await? {
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }
}
