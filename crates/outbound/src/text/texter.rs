//! The ways in which texts leave.

use std::fmt;

use super::error::TextError;
use super::folder::Folder;
use super::message::{Text, is_number};
use super::twilio::Twilio;

/// Texts kept in memory, for tests.
pub type Memory = crate::memory::Memory<Text, TextError>;

/// Characters of a text at most: ten parts, as Twilio takes them. What the portal writes is far shorter.
const CHARACTERS_MAX: usize = 1_600;

/// A way for texts to leave. Its `Debug` and `Display` show neither account nor token.
#[derive(Debug)]
pub enum Texter {
    /// Through a server that speaks Twilio's Messages call.
    Twilio(Twilio),
    /// Into a folder, one `.json` file a text.
    Folder(Folder),
    /// Kept in memory, for tests.
    Memory(Memory),
}

impl Texter {
    /// Sends one text. `Ok` means that the server has taken it, or that its file is on disk.
    ///
    /// # Errors
    /// See [`TextErrorKind`]. A number or a text that is none is refused alike by every way, and for good.
    pub async fn send(&self, text: &Text) -> Result<(), TextError> {
        if !is_number(&text.to) {
            return Err(TextError::permanent("this is no number that a text can go to"));
        }
        if text.body.is_empty() || text.body.chars().count() > CHARACTERS_MAX {
            return Err(TextError::permanent("this is no text that can be sent"));
        }
        match self {
            Texter::Twilio(twilio) => twilio.send(text).await,
            Texter::Folder(folder) => folder.send(text).await,
            Texter::Memory(memory) => memory.send(text),
        }
    }

    /// Tries the way without sending anything: asks the server for its account, or writes a file and removes it. Answers
    /// with one sentence that says what was found.
    ///
    /// # Errors
    /// What stands in the way; its kind means nothing here.
    pub async fn check(&self) -> Result<String, TextError> {
        match self {
            Texter::Twilio(twilio) => twilio.check().await,
            Texter::Folder(folder) => folder.check().await,
            Texter::Memory(_) => Ok("texts are kept in memory".to_owned()),
        }
    }

    /// Whether a call of `url` with these fields was signed by the provider that texts leave through. Where none has a
    /// token to sign with, nothing is.
    pub fn has_signed(&self, url: &str, fields: &[(String, String)], signature: &str) -> bool {
        match self {
            Texter::Twilio(twilio) => twilio.has_signed(url, fields, signature),
            Texter::Folder(_) | Texter::Memory(_) => false,
        }
    }
}

impl fmt::Display for Texter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Texter::Twilio(twilio) => twilio.fmt(formatter),
            Texter::Folder(folder) => write!(formatter, "folder:{}", folder.path().display()),
            Texter::Memory(_) => formatter.write_str("memory"),
        }
    }
}
