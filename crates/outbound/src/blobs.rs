//! The blob store ([`Blobs`]) with the bytes of files: a local folder, an S3 bucket, or memory for tests. Uploads arrive piece by
//! piece ([`Receiving`]), may resume after a lost connection or a restart, are hashed on the way, and appear in place
//! atomically. The caller decides what is kept.
//!
//! Two receivers of one upload would mix their bytes: callers allow one at a time.

mod blob;
mod blocking;
#[cfg(feature = "cluster")]
mod bucket;
mod error;
mod folder;
mod memory;
mod setting;
mod store;

pub use self::blob::{Form, HEAD_BYTES, Name, Old, Placed, Syncing};
#[cfg(feature = "cluster")]
pub use self::bucket::{Bucket, Place};
pub use self::error::{BlobError, Result};
pub use self::folder::Folder;
pub use self::memory::Memory;
pub use self::setting::SettingError;
pub use self::store::{Blobs, Reading, Receiving};
