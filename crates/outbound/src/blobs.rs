//! The blob store ([`Blobs`]) with the bytes of files: a local folder, an S3 bucket, or memory for tests. Uploads arrive piece by
//! piece ([`Receiving`]), may resume after a lost connection or a restart, are hashed on the way, and appear in place
//! atomically. The caller decides what is kept. Reading a file whole checks that its bytes are still those that arrived.
//!
//! Two receivers of one upload would mix their bytes: callers allow one at a time.

mod blob;
mod blocking;
#[cfg(feature = "cluster")]
mod bucket;
mod checking;
mod error;
mod folder;
mod memory;
mod setting;
mod store;

pub use self::blob::{Content, Form, HEAD_BYTES, Name, Old, Placed, Syncing};
#[cfg(feature = "cluster")]
pub use self::bucket::{Bucket, Place};
pub use self::error::{BlobError, Damage, Result};
pub use self::folder::Folder;
pub use self::memory::Memory;
pub use self::setting::SettingError;
pub use self::store::{Blobs, Reading, Receiving};
