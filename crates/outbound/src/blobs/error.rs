//! Why bytes could not be stored or found.

use std::io;

/// Why bytes could not be stored or found.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is no space left, or the disk may only be read.
    #[error("there is no room left for files: {0}")]
    Full(String),
    /// All bytes, or some of them, do not exist.
    #[error("bytes are missing: {0}")]
    Missing(String),
    /// The store cannot be reached, or refuses.
    #[error("files cannot be stored or read: {0}")]
    Unavailable(String),
}

impl From<io::Error> for BlobError {
    fn from(error: io::Error) -> BlobError {
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
