//! Why bytes could not be stored or found, and what is wrong with them.

use std::io;

/// The disk failed to read or write (EIO, the same number on every Unix).
const DISK_FAILED: i32 = 5;

/// What is wrong with the bytes of a blob.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// There are none.
    #[error("missing")]
    Missing,
    /// Some are missing at the end.
    #[error("shorter than it was: {found} of {expected} bytes")]
    Shorter {
        /// Bytes that are there.
        found: u64,
        /// Bytes that arrived.
        expected: u64,
    },
    /// Some were added.
    #[error("longer than it was: {found} bytes instead of {expected}")]
    Longer {
        /// Bytes that are there.
        found: u64,
        /// Bytes that arrived.
        expected: u64,
    },
    /// As many as arrived, but others.
    #[error("changed")]
    Changed,
    /// The disk cannot read them.
    #[error("unreadable: {0}")]
    Unreadable(String),
}

impl Damage {
    /// The damage that a size alone shows.
    pub fn of_size(found: u64, expected: u64) -> Option<Damage> {
        match found.cmp(&expected) {
            std::cmp::Ordering::Less => Some(Damage::Shorter { found, expected }),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(Damage::Longer { found, expected }),
        }
    }
}

/// Why bytes could not be stored or found.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is no space left, or the disk may only be read.
    #[error("there is no room left for files: {0}")]
    Full(String),
    /// All bytes, or some of them, do not exist.
    #[error("bytes are missing: {0}")]
    Missing(String),
    /// They are not the bytes that arrived.
    #[error("bytes are damaged: {0}")]
    Damaged(#[from] Damage),
    /// The store cannot be reached, or refuses.
    #[error("files cannot be stored or read: {0}")]
    Unavailable(String),
}

impl From<io::Error> for BlobError {
    fn from(error: io::Error) -> BlobError {
        if error.raw_os_error() == Some(DISK_FAILED) {
            return BlobError::Damaged(Damage::Unreadable(error.to_string()));
        }
        match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge
            | io::ErrorKind::ReadOnlyFilesystem => BlobError::Full(error.to_string()),
            io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof => BlobError::Missing(error.to_string()),
            _ => BlobError::Unavailable(error.to_string()),
        }
    }
}

/// A result of the store of blobs.
pub type Result<T> = std::result::Result<T, BlobError>;
