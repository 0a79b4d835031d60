//! Mail as `.eml` files in a folder, named after the Message-ID so that a repeat overwrites. Readers see complete files only.

use std::io;
use std::path::{Path, PathBuf};

use super::error::MailError;
use crate::folder;

/// A folder for mails, created when first needed.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at this path.
    pub fn new(path: impl Into<PathBuf>) -> Folder {
        Folder(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the mail of this Message-ID is, or will be.
    pub fn file_of(&self, message_id: &str) -> PathBuf {
        self.0.join(folder::file_name(message_id, ".eml"))
    }

    pub(super) async fn send(&self, message_id: &str, bytes: Vec<u8>) -> Result<(), MailError> {
        let name = folder::file_name(message_id, ".eml");
        folder::put(&self.0, name, bytes).await.map_err(|error| self.failed(&error))
    }

    pub(super) async fn check(&self) -> Result<String, MailError> {
        folder::try_out(&self.0).await.map_err(|error| self.failed(&error))?;
        Ok(format!("mail is written into the folder {}, which is writable", self.0.display()))
    }

    fn failed(&self, error: &io::Error) -> MailError {
        MailError::temporary(format!("cannot write into {}: {error}", self.0.display()))
    }
}
