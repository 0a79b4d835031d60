//! The places for blobs, and what goes in and out.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use super::blob::{Form, Name, Old, Placed, Syncing};
#[cfg(feature = "cluster")]
use super::bucket::{self, Bucket};
use super::error::Result;
use super::folder::{self, Folder};
use super::memory::{self, Memory};

/// A place for bytes. Its `Debug` and `Display` show no secrets.
#[derive(Debug)]
pub enum Blobs {
    /// A folder of the machine.
    Folder(Folder),
    /// A bucket of a store that speaks S3.
    #[cfg(feature = "cluster")]
    Bucket(Box<Bucket>),
    /// Memory, for tests.
    Memory(Memory),
}

impl Blobs {
    /// Goes on receiving an upload after its first `at` bytes; whatever came after them is forgotten.
    ///
    /// # Errors
    /// `Missing` where fewer bytes are there; where the place fails.
    pub async fn receive(&self, upload: Uuid, at: u64) -> Result<Receiving> {
        Ok(Receiving(match self {
            Blobs::Folder(folder) => Way::Folder(Box::new(folder.receive(upload, at).await?)),
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => Way::Folder(Box::new(bucket.staging().receive(upload, at).await?)),
            Blobs::Memory(memory) => Way::Memory(memory.receive(upload, at)?),
        }))
    }

    /// Puts an upload of exactly `size` bytes in place. Afterwards it is on disk under its name, and nothing is staged.
    ///
    /// # Errors
    /// `Missing` where another number of bytes has come; where the place fails. The upload is left as it is then.
    pub async fn place(&self, upload: Uuid, size: u64, name: Name) -> Result<Placed> {
        match self {
            Blobs::Folder(folder) => folder.place(upload, size, name).await,
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.place(upload, size, name).await,
            Blobs::Memory(memory) => memory.place(upload, size, name),
        }
    }

    /// Forgets what has come of an upload.
    ///
    /// # Errors
    /// Where the place fails. What is not there is no error.
    pub async fn discard(&self, upload: Uuid) -> Result<()> {
        match self {
            Blobs::Folder(folder) => folder.discard(upload).await,
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.staging().discard(upload).await,
            Blobs::Memory(memory) => memory.discard(upload),
        }
    }

    /// Puts a small version beside the bytes that it was made of.
    ///
    /// # Errors
    /// Where the place fails.
    pub async fn put_small(&self, name: Name, bytes: Bytes) -> Result<()> {
        match self {
            Blobs::Folder(folder) => folder.put_small(name, bytes).await,
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.put_small(name, bytes).await,
            Blobs::Memory(memory) => memory.put_small(name, bytes),
        }
    }

    /// How many bytes lie under a name.
    ///
    /// # Errors
    /// `Missing` where none do; where the place fails.
    pub async fn size(&self, name: Name, form: Form) -> Result<u64> {
        match self {
            Blobs::Folder(folder) => folder.size(name, form).await,
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.size(name, form).await,
            Blobs::Memory(memory) => memory.size(name, form),
        }
    }

    /// Reads a stretch of bytes.
    ///
    /// # Errors
    /// `Missing` where they are not there; where the place fails.
    pub async fn read(&self, name: Name, form: Form, range: Range<u64>) -> Result<Reading> {
        Ok(Reading(match self {
            Blobs::Folder(folder) => Source::Folder(folder.read(name, form, range).await?),
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => Source::Bucket(bucket.read(name, form, range).await?),
            Blobs::Memory(memory) => Source::Memory(Some(memory.read(name, form, range)?)),
        }))
    }

    /// Removes bytes and their small version.
    ///
    /// # Errors
    /// Where the place fails. What is not there is no error.
    pub async fn remove(&self, name: Name) -> Result<()> {
        match self {
            Blobs::Folder(folder) => folder.remove(name).await,
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.remove(name).await,
            Blobs::Memory(memory) => memory.remove(name),
        }
    }

    /// What has lain there for longer than `age`.
    ///
    /// # Errors
    /// Where the place fails.
    pub async fn older_than(&self, age: Duration) -> Result<Old> {
        match self {
            Blobs::Folder(folder) => folder.older_than(age).await,
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.older_than(age).await,
            Blobs::Memory(memory) => memory.all(),
        }
    }

    /// Tries whether bytes can be put there. Answers with one sentence that says what was found.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn check(&self) -> Result<String> {
        match self {
            Blobs::Folder(folder) => folder.check().await,
            #[cfg(feature = "cluster")]
            Blobs::Bucket(bucket) => bucket.check().await,
            Blobs::Memory(_) => Ok("files are kept in memory".to_string()),
        }
    }

    /// After so many bytes what has come is worth bringing to disk: that much is lost at most when the program dies.
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

/// An upload that is being received. Dropped, it keeps what was brought to disk, and perhaps more.
#[derive(Debug)]
pub struct Receiving(Way);

#[derive(Debug)]
enum Way {
    Folder(Box<folder::Receiving>),
    Memory(memory::Receiving),
}

impl Receiving {
    /// Takes the next bytes. They are not on disk yet.
    ///
    /// # Errors
    /// Where the place fails; then the upload goes on from what was last brought to disk.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        match &mut self.0 {
            Way::Folder(receiving) => receiving.write(bytes).await,
            Way::Memory(receiving) => receiving.write(&bytes),
        }
    }

    /// Brings everything that was taken to disk, and says how many bytes of the upload are there.
    ///
    /// # Errors
    /// As [`Receiving::write`].
    pub async fn sync(&mut self) -> Result<u64> {
        self.begin_sync().await?.await
    }

    /// Begins to bring to disk what was taken until now. More can be taken meanwhile; where this fails nothing of the upload
    /// is certain but what was on disk before, and it is to be received anew.
    ///
    /// # Errors
    /// As [`Receiving::write`].
    pub async fn begin_sync(&mut self) -> Result<Syncing> {
        match &mut self.0 {
            Way::Folder(receiving) => receiving.begin_sync().await,
            Way::Memory(receiving) => {
                let position = receiving.sync()?;
                Ok(Box::pin(std::future::ready(Ok(position))))
            }
        }
    }
}

/// Bytes on their way out.
#[derive(Debug)]
pub struct Reading(Source);

#[derive(Debug)]
enum Source {
    Folder(folder::Reading),
    #[cfg(feature = "cluster")]
    Bucket(bucket::Reading),
    Memory(Option<Bytes>),
}

impl Reading {
    /// The next bytes; nothing after the last.
    ///
    /// # Errors
    /// Where the place fails, or bytes are missing.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        match &mut self.0 {
            Source::Folder(reading) => reading.next().await,
            #[cfg(feature = "cluster")]
            Source::Bucket(reading) => reading.next().await,
            Source::Memory(bytes) => Ok(bytes.take().filter(|bytes| !bytes.is_empty())),
        }
    }

    /// All bytes at once, for what is known to be small.
    ///
    /// # Errors
    /// As [`Reading::next`].
    pub async fn all(mut self) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(bytes) = self.next().await? {
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }
}
