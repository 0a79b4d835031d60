//! Texts as `.json` files in a folder, named after the delivery so that a repeat overwrites. Readers see complete files only.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::TextError;
use super::message::Text;
use crate::folder;

/// A folder for texts, created when first needed.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

/// The content of a file.
#[derive(Serialize)]
struct Written<'a> {
    id: &'a str,
    to: &'a str,
    body: &'a str,
}

impl Folder {
    /// The folder at this path.
    pub fn new(path: impl Into<PathBuf>) -> Folder {
        Folder(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the text of this delivery is, or will be.
    pub fn file_of(&self, id: &str) -> PathBuf {
        self.0.join(folder::file_name(id, ".json"))
    }

    pub(super) async fn send(&self, text: &Text) -> Result<(), TextError> {
        let written = Written { id: &text.id, to: &text.to, body: &text.body };
        let mut bytes = serde_json::to_vec_pretty(&written).expect("three strings can be written as JSON");
        bytes.push(b'\n');
        let name = folder::file_name(&text.id, ".json");
        folder::put(&self.0, name, bytes).await.map_err(|error| self.failed(&error))
    }

    pub(super) async fn check(&self) -> Result<String, TextError> {
        folder::try_out(&self.0).await.map_err(|error| self.failed(&error))?;
        Ok(format!("texts are written into the folder {}, which is writable", self.0.display()))
    }

    fn failed(&self, error: &io::Error) -> TextError {
        TextError::temporary(format!("cannot write into {}: {error}", self.0.display()))
    }
}
