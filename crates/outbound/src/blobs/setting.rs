//! The setting that says where blobs lie: `folder:PATH`.

use std::path::PathBuf;

use super::{Blobs, Folder};

/// A place for blobs that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("given was `{given}`; expected is {EXPECTED}")]
pub struct SettingError {
    /// What was given, without what may be a password.
    pub given: String,
}

const EXPECTED: &str = "folder:PATH";

impl Blobs {
    /// The place that a setting names.
    ///
    /// # Errors
    /// Where it names none.
    pub fn from_setting(text: &str) -> Result<Blobs, SettingError> {
        let path = text.strip_prefix("folder:").filter(|path| !path.is_empty() && !path.contains('\0'));
        match path {
            Some(path) => Ok(Blobs::Folder(Folder::new(PathBuf::from(path)))),
            None => Err(SettingError { given: text.to_string() }),
        }
    }
}
