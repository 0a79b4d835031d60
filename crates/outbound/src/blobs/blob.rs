//! How blobs are named, and what is known of them.

use std::pin::Pin;

use uuid::Uuid;

use super::error::Result;

/// The first bytes that are shown when all have come, to find out what they are.
pub const HEAD_BYTES: usize = 8 * 1024;

/// The name of bytes in the store. An id is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// Whose they are.
    pub workspace: Uuid,
    /// Which.
    pub id: Uuid,
}

/// What lies under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// The bytes as they came.
    Whole,
    /// The small version that was made of them.
    Small,
}

/// Bytes that were put in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// How many.
    pub size: u64,
    /// Their SHA-256.
    pub hash: [u8; 32],
    /// The first of them, at most [`HEAD_BYTES`].
    pub head: Vec<u8>,
}

/// What lies in the store for a while: what no database knows of can go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Old {
    /// Uploads that are not complete.
    pub staged: Vec<Uuid>,
    /// Bytes in place.
    pub placed: Vec<Name>,
}

/// Bytes on their way to disk: ends with how many of the upload are there. It goes on whether or not somebody waits for it.
pub type Syncing = Pin<Box<dyn Future<Output = Result<u64>> + Send>>;
