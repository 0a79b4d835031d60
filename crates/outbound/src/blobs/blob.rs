//! How blobs are named, and what is known of them.

use std::pin::Pin;
use std::time::SystemTime;

use uuid::Uuid;

use super::error::Result;

/// The first bytes are returned once all have arrived, to detect the file's type.
pub const HEAD_BYTES: usize = 8 * 1024;

/// The name of a blob. Ids are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// Its workspace.
    pub workspace: Uuid,
    /// Its id.
    pub id: Uuid,
}

/// Which bytes of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// The file as it was uploaded.
    Whole,
    /// The small version made of it.
    Small,
}

/// The bytes that a blob must have: what was recorded when they arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// The blob.
    pub name: Name,
    /// In bytes.
    pub size: u64,
    /// SHA-256.
    pub hash: [u8; 32],
}

impl Content {
    /// From a row of the database, where sizes have a sign.
    pub fn new(workspace: Uuid, id: Uuid, size: i64, hash: [u8; 32]) -> Content {
        Content { name: Name { workspace, id }, size: u64::try_from(size).unwrap_or(0), hash }
    }
}

/// What a store says of a blob without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) size: u64,
    pub(super) changed_at: SystemTime,
}

/// A blob that was put in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// In bytes.
    pub size: u64,
    /// SHA-256.
    pub hash: [u8; 32],
    /// The first bytes, at most [`HEAD_BYTES`].
    pub head: Vec<u8>,
}

/// Old uploads and blobs, of which those without a row in the database may be removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Old {
    /// Incomplete uploads.
    pub staged: Vec<Uuid>,
    /// Blobs in place.
    pub placed: Vec<Name>,
}

/// A sync to disk. Yields how many bytes of the upload are on disk; it also completes if it is dropped.
pub type Syncing = Pin<Box<dyn Future<Output = Result<u64>> + Send>>;
