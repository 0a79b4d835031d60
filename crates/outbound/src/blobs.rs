//! Blobs: where the bytes of files lie ([`Blobs`]): a folder of the machine, a bucket of an S3 store, or memory for tests. Bytes come in piece by
//! piece under the id of their upload ([`Receiving`]), can go on after a lost connection or a restart, are hashed on the way,
//! and are put in place whole: nobody ever finds half of them. What counts and what may go is the caller's to decide.
//!
//! An upload that is received by two at once ends with bytes that nobody can vouch for: callers let one in at a time.

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
