//! Sends texts.

use std::fmt;

use super::error::TextError;
use super::folder::Folder;
use super::message::{Text, is_number};
use super::twilio::Twilio;

/// Texts kept in memory, for tests.
pub type Memory = crate::memory::Memory<Text, TextError>;

/// Maximum characters of a text: ten parts, as Twilio accepts. The portal's own are far shorter.
const CHARACTERS_MAX: usize = 1_600;

/// Sends texts. Its `Debug` and `Display` show neither account nor token.
#[derive(Debug)]
pub enum Texter {
    /// Through a server with Twilio's Messages call.
    Twilio(Twilio),
    /// Into a folder, one `.json` file a text.
    Folder(Folder),
    /// Kept in memory, for tests.
    Memory(Memory),
}

impl Texter {
    /// Sends one text. `Ok` means that the server has accepted it, or that its file is on disk.
    ///
    /// # Errors
    /// See [`super::TextErrorKind`]. An invalid number or text is a permanent error wherever texts are sent.
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

    /// Checks that texts could be sent: asks the server for its account, or writes and removes a file. Returns a sentence
    /// for the user. The kind of an error means nothing here.
    pub async fn check(&self) -> Result<String, TextError> {
        match self {
            Texter::Twilio(twilio) => twilio.check().await,
            Texter::Folder(folder) => folder.check().await,
            Texter::Memory(_) => Ok("texts are kept in memory".to_owned()),
        }
    }

    /// Whether the provider signed a call of `url` with these fields. Folders and memory sign nothing.
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
